"""Meters for billing: what was taken, what it costs, and what nobody knows."""

import csv
import io
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters import wire
from core.clock import to_nanoseconds
from core.quality import GOOD, Reason, quality
from core.readings import Readings
from tests.gateway.conftest import TOWN, words  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import EPOCH, Edge, play

# 12:00 at the place; ahead, so that no browser takes the cookie for expired.
NOW = datetime(2036, 11, 10, 9, tzinfo=UTC)
ARCHIVE = quality(GOOD, Reason.ARCHIVE)  # so that no reading is too old
HOUSE, METERS = "lesnaya-5", "/api/v1/meters"
FLATS = ("flat-1", "flat-2")
ENERGY = wire.ProfileBirth(
    profile="meter",
    family="electricity_meter",
    name=words("Meter", "Счётчик"),
    signals=[wire.SignalBirth(key="energy", name=words("Energy", "Энергия"), unit="W.h",
                              kind="counter", maximum=1e6)],
)  # fmt: skip
ZONED = wire.ProfileBirth(
    profile="zoned",
    family="electricity_meter",
    name=words("Meter", "Счётчик"),
    signals=[
        wire.SignalBirth(key=key, name=words(key, key), unit="kW.h", kind="counter")
        for key in ("energy", "energy_t1", "energy_t2")
    ],
)


class Clock:
    """Time that stands."""

    def now(self) -> datetime:
        return NOW

    def time_ns(self) -> int:
        return to_nanoseconds(NOW)

    def monotonic(self) -> float:
        return NOW.timestamp()


def town(**parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Give a house with its meter and one in each of two flats; readings are in W.h."""
    where = {"m-house": HOUSE, "m-1": "flat-1", "m-2": "flat-2"}
    return TOWN | {
        "places": [
            *TOWN["places"],
            *(
                {"id": flat, "kind": "flat", "parent": HOUSE, "name": words(flat, flat)}
                for flat in FLATS
            ),
        ],
        "assets": [
            *TOWN["assets"],
            *(
                {"id": asset, "kind": "electricity_meter", "place": place,
                 "name": words(asset, asset)}
                for asset, place in where.items()
            ),
        ],
        "devices": [
            *TOWN["devices"],
            *(
                {"id": f"{asset}-d1", "profile": "meter", "endpoint": "broker", "unit": asset,
                 "name": words(asset, asset), "place": place, "serial": f"S-{asset}"}
                for asset, place in where.items()
            ),
        ],
        "bindings": [
            *TOWN["bindings"], *({"asset": asset, "device": f"{asset}-d1"} for asset in where)
        ],
        "meters": [
            {"device": "m-house-d1", "resource": "electricity", "scope": "house",
             "verified_until": "2036-10-31"},
            {"device": "m-1-d1", "resource": "electricity", "verified_until": "2036-12-01"},
            {"device": "m-2-d1", "resource": "electricity"},
        ],
        "tariffs": [
            {"place": "left", "resource": "electricity", "since": "2036-01-01", "price": 5.0},
            {"place": "left", "resource": "electricity", "since": "2036-11-03", "price": 6.0},
        ],
        "billing": [{"place": "left", "time_zone": "Europe/Moscow"}],
        **parts,
    }  # fmt: skip


def at(day: int, hour: float = 0, month: int = 11) -> int:
    """Give a moment of the place, three hours ahead of UTC."""
    moment = datetime(2036, month, day, tzinfo=UTC) + timedelta(hours=hour - 3)
    return to_nanoseconds(moment)


Scene = Callable[[Any], Awaitable[None]]
Shown = Mapping[int, float]


def meters_show(
    folder: Path,
    broker: str,
    scene: Scene,
    *shown: Shown,
    profile: wire.ProfileBirth = ENERGY,
    registry: dict[str, Any] | None = None,
) -> None:
    """Let the meters of the house, flat 1 and flat 2 show values at moments, then play.

    With several signals the values are those of the house's, one after the other.
    """

    async def story(gateway: Any, edge: Edge) -> None:
        devices = ("m-house-d1", "m-1-d1", "m-2-d1")
        step = len(profile.signals)
        edge.send(
            "birth",
            wire.Birth(
                edge="edge-1", epoch=EPOCH, numbering=1, revision=1, software="test",
                sent_at=to_nanoseconds(NOW), profiles=[profile],
                devices=[wire.DeviceBirth(device=each, profile=profile.profile, first=n * step)
                         for n, each in enumerate(devices)],
            ),
        )  # fmt: skip
        seqs = []
        for number, values in enumerate(shown):
            if not values:
                continue
            seqs.append(number + 1)
            edge.send_readings(
                number + 1,
                Readings.of(
                    [number] * len(values), list(values), list(values.values()), ARCHIVE,
                    to_nanoseconds(NOW),
                ),
            )  # fmt: skip
        await edge.until_acknowledged("telemetry", *seqs)
        await scene(gateway)

    play(folder, broker, story, town=registry or town(), clock=Clock())


async def got(browser: Any, path: str, **query: Any) -> Any:
    answer = await browser.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def every_hour(first: int, last: int, start: float, rate: float) -> Shown:
    """Give a reading an hour of November, in W.h, growing evenly."""
    return {at(first, hour): start + rate * hour for hour in range((last - first) * 24 + 1)}


def test_days_are_those_of_the_place_and_cost_what_was_in_force(
    tmp_path: Path, broker: str
) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            path = f"{METERS}/m-1/consumption"
            found = await got(browser, path, start="2036-11-02", end="2036-11-04")
            total = found["total"]
        assert (found["unit"], found["currency"], found["time_zone"]) == (
            "kW.h", "RUB", "Europe/Moscow",
        )  # fmt: skip
        assert [each["amount"] for each in found["steps"]] == pytest.approx([24.0, 24.0])
        assert [each["cost"] for each in found["steps"]] == [120.0, 144.0]
        assert (total["amount"], total["cost"]) == (pytest.approx(48.0), 264.0)
        assert (total["estimated"], total["manual"], total["is_whole"]) == (0, 0, True)

    meters_show(tmp_path, broker, scene, {}, every_hour(1, 5, 1000, 1000))


def test_a_resident_sees_the_meters_of_the_own_flat_and_nothing_else(
    tmp_path: Path, broker: str
) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("resident", "flat-1") as browser:
            mine = [each["asset"] for each in await got(browser, METERS)]
            refused = {
                path: (await browser.get(f"/api/v1{path}")).status_code
                for path in ("/meters/m-2/consumption", "/cases", "/devices",
                             f"/places/{HOUSE}/balance")
            }  # fmt: skip
            form = {"value": 5}
            foreign = await browser.post(f"{METERS}/m-2/readings", json=form)
        assert mine == ["m-1"]
        assert list(refused.values()) == [404, 403, 403, 403]
        assert foreign.status_code == 404

    meters_show(tmp_path, broker, scene)


def test_what_was_lost_in_a_house_is_told_when_all_is_known(tmp_path: Path, broker: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            path = f"/api/v1/places/{HOUSE}/balance"
            found = await got(browser, path, start="2036-11-02", end="2036-11-05")
            [row] = found["resources"]
            early = await got(browser, path, start="2036-10-20", end="2036-11-05")
            [unknown] = early["resources"]
        assert (row["house"], row["flats"], row["loss"], row["loss_percent"]) == pytest.approx(
            (72.0, 54.0, 18.0, 25.0)
        )
        assert row["missing"] == []
        assert (unknown["house"], unknown["loss"], unknown["loss_percent"]) == (None, None, None)
        assert sorted(unknown["missing"]) == ["m-1", "m-2", "m-house"]

    meters_show(
        tmp_path, broker, scene,
        every_hour(1, 6, 0, 1000), every_hour(1, 6, 0, 500), every_hour(1, 6, 0, 250),
    )  # fmt: skip


def test_a_new_meter_goes_on_where_the_old_one_ended(tmp_path: Path, broker: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "left") as browser:
            form = {"serial": "26-2", "at": "2036-11-06T00:00:00+03:00", "last": 6000, "first": 100}
            await browser.post("/api/v1/assets/m-1/replacement", json=form)
            await gateway.until_shown()
            entered = await browser.post(
                f"{METERS}/m-1/readings", json={"value": 1.1, "at": "2036-11-07T00:00:00+03:00"}
            )
            assert entered.status_code == 409  # the new one was never born: it counts in kW.h
            found = await got(
                browser, f"{METERS}/m-1/consumption", start="2036-11-04", end="2036-11-07"
            )
        assert [each["amount"] for each in found["steps"]] == pytest.approx([1.0, 1.0, None])
        assert [each["kind"] for each in found["breaks"]] == ["replacement"]

    shown = {at(day): 1000.0 * day for day in range(1, 6)}
    meters_show(tmp_path, broker, scene, {}, shown)


def test_a_resident_enters_a_reading_and_the_cost_follows(tmp_path: Path, broker: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("resident", "flat-1") as browser:
            path = f"{METERS}/m-1/readings"
            low = await browser.post(path, json={"value": 900})
            much = await browser.post(path, json={"value": 990_000})
            ahead = await browser.post(path, json={"value": 1100, "at": "2036-12-01T00:00:00Z"})
            good = await browser.post(path, json={"value": 21_000})
            shown = await got(browser, path)
            found = await got(browser, f"{METERS}/m-1/consumption", step="month")
        assert [each.json()["type"].rpartition(":")[2] for each in (low, much, ahead)] == [
            "reading_too_low", "reading_unusual", "reading_refused",
        ]  # fmt: skip
        assert "Раньше счётчик показывал 1000" in low.text
        assert good.status_code == 200
        assert [(each["value"], each["how"]) for each in shown["shown"]] == [(21_000, "manual")]
        [kept] = shown["by_people"]
        assert (kept["value"], kept["by"], kept["unit"]) == (21_000, "Anna", "W.h")
        assert found["total"]["amount"] == pytest.approx(20.0, abs=0.1)
        assert found["total"]["manual"] == pytest.approx(found["total"]["amount"])

    meters_show(tmp_path, broker, scene, {}, {at(1): 1000.0})


def test_a_persons_reading_never_stands_over_what_the_meter_said(
    tmp_path: Path, broker: str
) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            path = f"{METERS}/m-1"
            day = {"start": "2036-11-02", "end": "2036-11-03"}
            before = await got(browser, f"{path}/consumption", **day)
            form = {"value": 13_400, "at": "2036-11-02T12:30:00+03:00"}
            answer = await browser.post(f"{path}/readings", json=form)
            after = await got(browser, f"{path}/consumption", **day)
        assert answer.status_code == 200
        assert before["total"] == after["total"]

    meters_show(tmp_path, broker, scene, {}, every_hour(2, 4, 1000, 1000))


def test_a_reading_over_the_end_of_the_dial_is_taken(tmp_path: Path, broker: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            answer = await browser.post(f"{METERS}/m-1/readings", json={"value": 5000})
            found = await got(browser, f"{METERS}/m-1/consumption", step="month")
        assert answer.status_code == 200
        assert [each["kind"] for each in found["breaks"]] == ["roll_over"]
        assert found["total"]["amount"] == pytest.approx(10.0, abs=0.1)

    meters_show(tmp_path, broker, scene, {}, {at(1): 995_000.0})


def test_tariff_registers_are_billed_each_at_its_price(tmp_path: Path, broker: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            day = {"start": "2036-11-02", "end": "2036-11-03"}
            found = await got(browser, f"{METERS}/m-house/consumption", **day)
        [step] = found["steps"]
        assert [(each["zone"], each["amount"], each["cost"]) for each in step["zones"]] == [
            ("T1", pytest.approx(48.0), 480.0),
            ("T2", pytest.approx(24.0), 72.0),
        ]
        assert (step["amount"], step["cost"]) == (pytest.approx(72.0), 552.0)

    prices = [
        {"place": "left", "resource": "electricity", "since": "2036-01-01", "price": price,
         "zone": zone}
        for zone, price in (("T1", 10.0), ("T2", 3.0))
    ]  # fmt: skip
    meters_show(
        tmp_path, broker, scene,
        every_hour(1, 4, 0, 3), every_hour(1, 4, 0, 2), every_hour(1, 4, 0, 1),
        profile=ZONED, registry=town(tariffs=prices),
    )  # fmt: skip


def test_what_was_never_measured_is_not_known_and_costs_nothing_known(
    tmp_path: Path, broker: str
) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            found = await got(browser, f"{METERS}/m-2/consumption", start="2036-11-01")
        assert (found["total"]["amount"], found["total"]["cost"]) == (None, None)
        assert found["total"]["is_whole"] is False

    meters_show(tmp_path, broker, scene)


def test_verifications_that_end_are_found(tmp_path: Path, broker: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            found = await got(browser, METERS, place=HOUSE)
            overdue = await got(browser, METERS, verification="overdue")
        assert {each["asset"]: each["verification"] for each in found} == {
            "m-house": "overdue", "m-1": "due", "m-2": "unknown",
        }  # fmt: skip
        assert [each["asset"] for each in overdue] == ["m-house"]

    meters_show(tmp_path, broker, scene)


def test_a_closed_period_is_a_sheet_for_billing(tmp_path: Path, broker: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            path = f"{METERS}/closed-period.csv"
            answer = await browser.get(path, params={"month": "2036-10", "place": "flat-1"})
            early = await browser.get(path, params={"month": "2036-11"})
        [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        told = ("from", "to", "reading before", "reading after", "amount", "cost", "complete",
                "how known")  # fmt: skip
        assert [row[each] for each in told] == [
            "2036-10-01", "2036-10-31", "1000", "32000", "31", "155.00", "yes", "read",
        ]  # fmt: skip
        assert early.status_code == 422

    shown = {at(1, 24 * day, month=10): 1000.0 * (day + 1) for day in range(33)}
    meters_show(tmp_path, broker, scene, {}, shown)


def test_another_bank_sees_nothing_of_it(tmp_path: Path, broker: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "right") as browser:
            hidden = [
                (await browser.get(path)).status_code
                for path in (
                    f"{METERS}?place={HOUSE}",
                    f"{METERS}/m-1/consumption",
                    f"{METERS}/m-1/readings",
                    f"/api/v1/places/{HOUSE}/balance",
                )
            ]
            nothing = await got(browser, METERS)
        assert hidden == [404, 404, 404, 404]
        assert nothing == []

    meters_show(tmp_path, broker, scene)
