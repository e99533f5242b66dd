"""A place is put into operation: its devices are seen, give readings, and are signed off."""

import csv
import dataclasses
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from adapters.wire import SignalBirth
from core.readings import Readings
from tests.gateway.edge_by_hand import play as play_with_edge
from tests.gateway.nothing_born import NothingBorn

LIST = "/api/v1/places/lesnaya/commissioning"
LAMP = "lamp-1-head"
KEYS = ("voltage", "mode", "power")


async def listed(browser: Any, path: str = LIST) -> dict[str, Any]:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def signed(browser: Any, **form: Any) -> Any:
    revision = (await listed(browser))["revision"]
    return await browser.post(
        f"{LIST}/sign-off", json={"devices": [LAMP], "revision": revision, **form}
    )


def test_a_device_is_signed_off_after_its_first_good_reading(tmp_path: Path, broker: str) -> None:
    async def story(gateway: Any, edge: Any) -> None:
        async with gateway.signed_in("administrator", "left") as browser:
            [before] = (await listed(browser))["devices"]
            refused = await signed(browser)
            edge.be_born()
            edge.say(1, 41.5)
            edge.say(2, 43.0)
            await edge.until_acknowledged("telemetry", 1, 2)
            [after] = (await listed(browser))["devices"]
            answer = await signed(browser, remark="meter box sealed")
            twice = await signed(browser)
        assert (before["seen"], before["plausible"], before["signed"]) == (False, "unknown", None)
        assert refused.status_code == 409
        assert "Не дали ни одного хорошего показания: lamp-1-head" in refused.text
        assert (after["seen"], after["edge_online"]) == (True, True)
        assert (after["first_good"]["key"], after["first_good"]["value"]) == ("power", 41.5)
        [kept] = answer.json()["devices"]
        assert kept["signed"] == kept["history"][0]
        said = {key: kept["signed"][key] for key in ("by", "remark", "without_reading")}
        assert said == {"by": "Anna", "remark": "meter box sealed", "without_reading": False}
        assert twice.status_code == 409

    play_with_edge(tmp_path, broker, story)


def test_without_a_reading_a_remark_must_say_why(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "left") as browser:
            silent = await signed(browser, without_reading=True)
            unnamed = await signed(browser, remark="it is dark")
            named = await signed(browser, without_reading=True, remark="no power until May")
        assert [each.status_code for each in (silent, unnamed, named)] == [409, 409, 200]
        assert named.json()["devices"][0]["signed"]["without_reading"] is True

    play(scene)


def test_what_is_taken_back_stays_in_the_history(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "left") as browser:
            form = {"devices": [LAMP], "remark": "wrong lamp"}
            early = await browser.post(f"{LIST}/withdrawal", json=form)
            await signed(browser, without_reading=True, remark="new")
            answer = await browser.post(f"{LIST}/withdrawal", json=form)
        assert early.status_code == 409
        [device] = answer.json()["devices"]
        assert device["signed"] is None
        assert [(e["withdrawn"], e["remark"]) for e in device["history"]] == [
            (True, "wrong lamp"),
            (False, "new"),
        ]

    play(scene)


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("serial", {"serial": "26-2"}),
        ("profile", {"profile": "generic-motion-sensor"}),
        ("unit", {"unit": "lamp-9"}),
    ],
)
def test_a_device_that_was_changed_asks_for_a_new_sign_off(
    play: Any, town: dict[str, Any], what: str, changes: dict[str, str]
) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "left") as browser:
            seen = (await listed(browser))["revision"]
            await signed(browser, without_reading=True, remark="new")
            town["devices"][0] |= changes
            await gateway.import_registry(town)
            await gateway.until_shown()
            [device] = (await listed(browser))["devices"]
            late = await signed(browser, revision=seen, without_reading=True, remark="new")
            again = await signed(browser, without_reading=True, remark="new")
        assert (device["signed"], device["changed"]) == (None, [what])
        assert late.status_code == 409
        assert again.json()["devices"][0]["changed"] == []

    play(scene)


def test_a_replacement_asks_for_a_sign_off_of_the_new_device(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "left") as browser:
            await signed(browser, without_reading=True, remark="new")
            await browser.post("/api/v1/assets/lamp-1/replacement", json={"serial": "26-2"})
            devices = (await listed(browser))["devices"]
        assert [(each["device"], each["signed"]) for each in devices] == [("lamp-1-d2", None)]

    play(scene)


def test_only_an_administrator_of_the_place_signs(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            forbidden = await signed(browser)
        async with gateway.signed_in("administrator", "right") as browser:
            hidden = await browser.get(LIST)
            other = "/api/v1/places/beregovaya/commissioning"
            form = {"devices": [LAMP], "revision": (await listed(browser, other))["revision"]}
            foreign = await browser.post(f"{other}/sign-off", json=form)
        assert [each.status_code for each in (forbidden, hidden, foreign)] == [403, 404, 404]

    play(scene)


class Measured(NothingBorn):
    """A directory in which one device has given these readings, by signal."""

    def __init__(self, **readings: tuple[float, int]) -> None:
        self._readings = {1 + KEYS.index(key): each for key, each in readings.items()}

    def series_of(self, _device: str) -> Mapping[str, int]:
        return {key: number for number, key in enumerate(KEYS, 1)}

    def signals_of(self, _device: str) -> Sequence[SignalBirth]:
        states = {0: {"en": "off"}, 1: {"en": "on"}}
        return [
            SignalBirth(key="voltage", name={"en": "Voltage"}, unit="V", minimum=207, maximum=253),
            SignalBirth(key="mode", name={"en": "Mode"}, kind="state", states=states),
            SignalBirth(key="power", name={"en": "=Power"}, unit="W"),
        ]

    def latest(self, series: NDArray[np.uint32]) -> Readings:
        known = {number: each for number, each in self._readings.items() if number in series}
        values, codes = zip(*known.values(), strict=True)
        return Readings.of(list(known), [1] * len(known), values, codes, 0)


@pytest.mark.parametrize(
    ("readings", "verdict", "wrong"),
    [
        ({"voltage": (230, 0), "mode": (1, 0), "power": (5, 0)}, "yes", []),
        ({"voltage": (199, 0), "mode": (1, 0), "power": (5, 0)}, "no", [("voltage", "below")]),
        ({"voltage": (260, 0), "mode": (7, 0), "power": (5, 0)}, "no",
         [("voltage", "above"), ("mode", "state")]),
        ({"voltage": (230, 0), "mode": (1, 64)}, "no",
         [("mode", "uncertain"), ("power", "nothing")]),
        ({"voltage": (math.nan, 130), "mode": (1, 0), "power": (5, 0)}, "no", [("voltage", "bad")]),
    ],
)  # fmt: skip
def test_a_reading_is_judged_by_the_profile(
    play: Any, readings: dict[str, tuple[float, int]], verdict: str, wrong: list[tuple[str, str]]
) -> None:
    async def scene(gateway: Any) -> None:
        parts = gateway.parts
        gateway.app.state.parts = dataclasses.replace(parts, directory=Measured(**readings))
        async with gateway.signed_in("dispatcher", "left") as browser:
            [device] = (await listed(browser))["devices"]
        assert device["plausible"] == verdict
        assert [(each["key"], each["wrong"]) for each in device["implausible"]] == wrong

    play(scene)


def test_the_table_runs_no_formula(play: Any, town: dict[str, Any]) -> None:
    town["devices"][0]["serial"] = "=1+1"

    async def scene(gateway: Any) -> None:
        parts = gateway.parts
        gateway.app.state.parts = dataclasses.replace(
            parts, directory=Measured(voltage=(260, 0), mode=(1, 0), power=(5, 0))
        )
        async with gateway.signed_in("dispatcher", "left") as browser:
            answer = await browser.get(f"{LIST}.csv", params={"language": "ru"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        shown = [row[name] for name in ("прибор", "заводской номер", "недостоверно")]
        assert shown == [LAMP, "'=1+1", "Voltage: 260 V, выше 253"]

    play(scene)
