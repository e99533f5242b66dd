"""Totals of a place and exports, through HTTP, from a real store."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from adapters.wire import SignalBirth
from core.quality import BAD, UNCERTAIN, Reason, quality
from core.readings import Readings
from tests.gateway.test_values import Lamps

SECOND = 1_000_000_000
MIDNIGHT = 1_777_593_600  # 2026-05-01T00:00:00Z
DAY = {"start": "2026-05-01T00:00:00Z", "end": "2026-05-02T00:00:00Z"}
LOST = quality(BAD, Reason.LOST_LINE)
REPLACED = quality(UNCERTAIN, Reason.SUBSTITUTED)
READINGS = Readings.of(
    [12, 22, 12, 12, 22, 12],
    [(MIDNIGHT + after) * SECOND for after in (0, 0, 1800, 2000, 3600, 7200)],
    [40.0, 60.0, 50.0, np.nan, 70.0, -1.5],
    [0, 0, 0, LOST, 0, REPLACED],
    0,
)


async def fill(gateway: Any, directory: Any = None) -> None:
    """Power of lamp 1, on the left bank, is series 12; that of lamp 2, on the right, is 22."""
    await gateway.parts.history.append([READINGS], [])
    gateway.app.state.parts = replace(gateway.parts, directory=directory or Lamps())


async def totals(gateway: Any, territory: str, **asked: Any) -> Any:
    async with gateway.signed_in(place=territory) as browser:
        return await browser.get("/api/v1/series/totals", params={"signal": "power", **asked})


async def export(gateway: Any, territory: str, **asked: Any) -> Any:
    async with gateway.signed_in(place=territory) as browser:
        return await browser.get("/api/v1/series/export", params={**DAY, **asked})


def test_a_signal_is_summed_up_over_all_devices_of_a_place(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        await fill(gateway)
        assert (await totals(gateway, "prirechye", **DAY)).json() == {
            "signal": "power",
            "unit": "W",
            "time_ms": [MIDNIGHT * 1000, (MIDNIGHT + 3600) * 1000, (MIDNIGHT + 7200) * 1000],
            "devices": [2, 1, 1],
            "sum": [105.0, 70.0, -1.5],
            "mean": [50.0, 70.0, -1.5],
            "minimum": [40.0, 70.0, -1.5],
            "maximum": [60.0, 70.0, -1.5],
        }

    play(scene)


def test_totals_and_exports_end_at_the_territory(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        await fill(gateway)
        assert (await totals(gateway, "left", **DAY)).json()["sum"] == [45.0, -1.5]
        assert (await totals(gateway, "left", place="right", **DAY)).status_code == 404
        assert (await export(gateway, "left", device="lamp-2-head")).status_code == 404
        assert "lamp-2" not in (await export(gateway, "left")).text

    play(scene)


def test_totals_are_of_one_kind_of_asset(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        await fill(gateway)
        lights = await totals(gateway, "left", kind="street_light", **DAY)
        lifts = await totals(gateway, "left", kind="lift", **DAY)
        assert lights.json()["sum"] == [45.0, -1.5]
        assert lifts.json()["sum"] == []

    play(scene)


def test_ten_years_of_seconds_are_refused_with_what_to_ask_for(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        await fill(gateway)
        years = {"start": "2016-05-01T00:00:00Z", "end": "2026-05-01T00:00:00Z"}
        answer = await totals(gateway, "left", step_s=1, **years)
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("too_much")
        assert "steps of at least 86400 s" in answer.json()["detail"]
        assert (await totals(gateway, "left", step_s=86_400, **years)).status_code == 200

    play(scene)


class TwoUnits(Lamps):
    def signals_of(self, device: str) -> Sequence[SignalBirth]:
        unit = "W" if device == "lamp-1-head" else "kW"
        return (SignalBirth(key="power", name={"en": "Power"}, unit=unit),)


def test_watts_and_kilowatts_are_not_added(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        await fill(gateway, TwoUnits())
        answer = await totals(gateway, "prirechye", **DAY)
        assert answer.status_code == 422
        assert "W, kW" in answer.json()["detail"]

    play(scene)


def test_readings_are_exported_as_csv(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        await fill(gateway)
        answer = await export(gateway, "left", signal="power")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert "readings-20260501-20260502.csv" in answer.headers["content-disposition"]
        assert answer.content.decode("utf-8-sig").splitlines() == [
            "time,device,signal,value,unit,quality,reason",
            '2026-05-01 00:00:00.000000000Z,"lamp-1-head","power",40,"W","good",""',
            '2026-05-01 00:30:00.000000000Z,"lamp-1-head","power",50,"W","good",""',
            '2026-05-01 00:33:20.000000000Z,"lamp-1-head","power",,"W","bad","lost_line"',
            '2026-05-01 02:00:00.000000000Z,"lamp-1-head","power",-1.5,"W","uncertain",'
            '"substituted"',
        ]

    play(scene)


class Formulas(Lamps):
    def signals_of(self, device: str) -> Sequence[SignalBirth]:
        return (SignalBirth(key="power", name={"en": "Power"}, unit="=1+1"),)


def test_a_formula_in_an_export_is_text(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        await fill(gateway, Formulas())
        assert ',"\'=1+1",' in (await export(gateway, "left", signal="power")).text

    play(scene)


def test_readings_are_exported_as_parquet(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        await fill(gateway)
        count = 300_000
        time = (MIDNIGHT + 10_000) * SECOND + np.arange(count) * 1000
        many = Readings.of(np.full(count, 11), time, np.arange(count), 0, 0)
        await gateway.parts.history.append([many], [])
        answer = await export(gateway, "prirechye", format="parquet")
        table = pq.read_table(io.BytesIO(answer.content))
        assert len(table) == len(READINGS) + count
        power = table.filter(pq.filters_to_expression([("signal", "=", "power")]))
        assert power["value"].null_count == 1
        assert set(power["device"].to_pylist()) == {"lamp-1-head", "lamp-2-head"}

    play(scene)


def test_an_export_without_readings_is_a_file_without_rows(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        parquet = await export(gateway, "left", format="parquet")
        assert len(pq.read_table(io.BytesIO(parquet.content))) == 0
        assert len((await export(gateway, "left")).text.splitlines()) == 1

    play(scene)
