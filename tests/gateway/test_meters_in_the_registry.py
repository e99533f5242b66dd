"""The registry keeps what billing must know: meters, prices, and when periods are closed."""

import json
from typing import Any

import pytest

from gateway.registry.document import BrokenRegistry, decode_registry

METER = {"device": "lamp-1-head", "resource": "electricity", "scope": "flat",
         "verified_until": "2026-12-31", "seal": "A-17", "sealed_on": "2022-12-31",
         "sealed_by": "P. Ivanov", "rolls_over_at": 100000.0}  # fmt: skip
TARIFF = {"place": "left", "resource": "electricity", "since": "2026-07-01", "price": 5.5,
          "zone": "T1", "currency": "RUB"}  # fmt: skip
AREA = {"place": "left", "time_zone": "Europe/Moscow", "close_day": 25}


def test_a_document_comes_back_as_it_was_put(play: Any, town: dict[str, Any]) -> None:
    town |= {"meters": [METER], "tariffs": [TARIFF], "billing": [AREA]}

    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "prirechye") as browser:
            document = (await browser.get("/api/v1/registry")).json()
        assert [document[part] for part in ("meters", "tariffs", "billing")] == [
            [METER],
            [TARIFF],
            [AREA],
        ]

    play(scene)


@pytest.mark.parametrize(
    ("part", "entry", "wrong", "where"),
    [
        ("meters", METER, {"device": "nobody"}, "meters[0].device"),
        ("meters", METER, {"rolls_over_at": 0}, "meters[0].rolls_over_at"),
        ("tariffs", TARIFF, {"price": -1}, "tariffs[0].price"),
        ("tariffs", TARIFF, {"currency": "roubles"}, "tariffs[0].currency"),
        ("tariffs", TARIFF, {"place": "moon"}, "tariffs[0].place"),
        ("billing", AREA, {"time_zone": "Mars/Base"}, "billing[0].time_zone"),
        ("billing", AREA, {"close_day": 31}, "billing[0].close_day"),
    ],
)
def test_what_cannot_be_is_refused(
    town: dict[str, Any], part: str, entry: dict[str, Any], wrong: dict[str, Any], where: str
) -> None:
    with pytest.raises(BrokenRegistry) as refused:
        decode_registry(json.dumps(town | {part: [entry | wrong]}).encode())
    assert [each for each, _ in refused.value.problems] == [where]


@pytest.mark.parametrize(
    ("part", "entry"), [("meters", METER), ("tariffs", TARIFF), ("billing", AREA)]
)
def test_an_entry_is_there_once(town: dict[str, Any], part: str, entry: dict[str, Any]) -> None:
    with pytest.raises(BrokenRegistry) as refused:
        decode_registry(json.dumps(town | {part: [entry, entry]}).encode())
    assert ["2 times" in what for _, what in refused.value.problems] == [True]


def test_a_new_meter_measures_the_same_and_has_no_seal_yet(play: Any, town: dict[str, Any]) -> None:
    town["meters"] = [METER]

    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "prirechye") as browser:
            await browser.post("/api/v1/assets/lamp-1/replacement", json={"serial": "26-2"})
            await gateway.until_shown()
            meters = (await browser.get("/api/v1/registry")).json()["meters"]
        assert [(each["device"], each["resource"], each["seal"]) for each in meters] == [
            ("lamp-1-d2", "electricity", ""),
            ("lamp-1-head", "electricity", "A-17"),
        ]

    play(scene)


def test_prices_and_periods_are_those_of_the_nearest_place(play: Any, town: dict[str, Any]) -> None:
    town |= {
        "tariffs": [TARIFF, TARIFF | {"place": "prirechye", "price": 9.0}],
        "billing": [AREA, AREA | {"place": "prirechye", "time_zone": "Asia/Omsk"}],
    }

    async def scene(gateway: Any) -> None:
        known = gateway.parts.registry.snapshot
        kind = decode_registry(json.dumps(town).encode()).tariffs[0]

        def found(place: str) -> tuple[float, str]:
            [row] = known.tariffs_of(place, kind.resource, kind.zone)
            return row.price, known.billing_of(place).time_zone

        assert found("lesnaya-5") == (5.5, "Europe/Moscow")
        assert found("beregovaya") == (9.0, "Asia/Omsk")

    play(scene)
