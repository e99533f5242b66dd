"""What the edge tells of its link to each device, and what that does not do."""

import asyncio
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.profile import load_profile
from adapters.registry import open_adapter
from core.configuration import EdgeConfiguration
from core.errors import ConfigError
from core.quality import BAD, Reason, quality
from core.readings import Readings
from core.registry import Device, Endpoint
from edge.diagnostics import Diagnostics
from edge.inventory import Inventory
from edge.journal import open_journal
from edge.pipeline import Pipeline
from edge.spool import Spool
from edge.supervisor import Line, Supervisor
from tests.adapters.modbus_server import ModbusServer
from tests.edge.stand import PROFILES, HandClock, SpoolReader, eventually, make_inventory

LIMIT = 64 * 1024 * 1024
REFUSED = quality(BAD, Reason.REFUSED)


class Bench:
    """A pipeline with diagnostics, and what a gateway would hear of them, by device and key."""

    def __init__(self, inventory: Inventory, spool: Spool, pipeline: Pipeline) -> None:
        self.inventory = inventory
        self.spool = spool
        self.pipeline = pipeline

    async def told(self) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        names = {
            number: (device, signal.key)
            for device, born in self.inventory.diagnosed.items()
            for number, signal in enumerate(born.profile.signals, born.first)
        }
        for block in await SpoolReader(self.spool).readings():
            for number, value in zip(block.signal.tolist(), block.value.tolist(), strict=True):
                if number in names:
                    device, key = names[number]
                    found.setdefault(device, {})[key] = value
        return found


async def bench(folder: Path, inventory: Inventory, clock: HandClock) -> Bench:
    def fail(error: BaseException) -> None:
        raise error

    spool = Spool("edge-1", folder, LIMIT, clock, fail)
    journal = await open_journal(spool, clock)
    return Bench(inventory, spool, Pipeline(inventory, spool, journal, clock))


def diagnostics(stand: Bench, lines: Mapping[str, Line], clock: HandClock) -> Diagnostics:
    made = Diagnostics(lines, stand.pipeline, clock)
    made.install(stand.inventory)
    return made


def read(stand: Bench, clock: HandClock, device: str, value: float, code: int = 0) -> None:
    number = stand.inventory.devices[device].first
    stand.pipeline.put_now(Readings.of([number], clock.time_ns(), value, code, clock.time_ns()))
    stand.pipeline.work()


def test_readings_bad_ones_and_the_last_good_one_are_told_by_device(tmp_path: Path) -> None:
    async def test() -> dict[str, dict[str, float]]:
        clock = HandClock()
        stand = await bench(tmp_path, make_inventory("a", "b"), clock)
        teller = diagnostics(stand, {}, clock)
        for value in (20.0, 21.0, 22.0):
            read(stand, clock, "a", value)
        read(stand, clock, "b", 20.0)
        clock.seconds += 60
        read(stand, clock, "b", float("nan"), REFUSED)
        teller.look()
        told = await stand.told()
        await stand.spool.close()
        return told

    told = asyncio.run(test())
    assert told["a"] == {"link_readings": 3.0, "link_bad": 0.0, "link_last_good": 1000.0}
    assert told["b"] == {"link_readings": 2.0, "link_bad": 1.0, "link_last_good": 1000.0}


def test_what_has_not_changed_by_much_is_told_only_once_an_hour(tmp_path: Path) -> None:
    async def test() -> list[int]:
        clock = HandClock()
        stand = await bench(tmp_path, make_inventory("a"), clock)
        teller = diagnostics(stand, {}, clock)
        told = []
        for pause in (60, 60, 60, 3600):
            for _ in range(10 if pause == 60 else 600):
                clock.seconds += pause / 600
                read(stand, clock, "a", 20.0)
            clock.seconds = round(clock.seconds)
            before = len(await SpoolReader(stand.spool).readings())
            teller.look()
            told.append(len(await SpoolReader(stand.spool).readings()) - before)
        await stand.spool.close()
        return told

    assert asyncio.run(test()) == [1, 0, 0, 1]


def test_to_tell_of_a_device_does_not_show_that_it_is_there(tmp_path: Path) -> None:
    async def test() -> tuple[int, list[object]]:
        clock = HandClock()
        stand = await bench(tmp_path, make_inventory("a"), clock)
        teller = diagnostics(stand, {}, clock)
        for _ in range(100):
            clock.seconds += 30
            teller.look()
            stand.pipeline.work()
        events: list[object] = list(await SpoolReader(stand.spool).events())
        await stand.spool.close()
        return stand.pipeline.devices_lost, events

    lost, events = asyncio.run(test())
    assert lost == 1
    assert len(events) == 1  # lost once, and neither back nor alarmed


def test_the_traffic_of_a_modbus_unit_is_told_with_its_errors_by_kind(tmp_path: Path) -> None:
    async def test() -> dict[str, dict[str, float]]:
        clock = HandClock()
        async with ModbusServer() as server:
            for unit in (1, 2, 3):
                server.put(unit, "holding", 0, struct.pack(">3H", 20, 1, 50))
            server.exceptions[2] = 4
            server.silent.add(3)
            inventory = modbus_inventory(server.port)
            stand = await bench(tmp_path, inventory, clock)
            supervisor = Supervisor(stand.pipeline.put, RealTime(), open_adapter)
            teller = diagnostics(stand, supervisor.lines, clock)
            reading = asyncio.create_task(supervisor.run(inventory))

            def all_known() -> bool:
                (line,) = supervisor.lines.values() or [None]
                if line is None:
                    return False
                line.collect()
                seen = line.traffic
                return len(seen) == 3 and seen["unit-3"].timeouts > 1 and seen["unit-1"].answers > 0

            await eventually(all_known)
            clock.seconds += 60
            teller.look()
            told = await stand.told()
            reading.cancel()
            await asyncio.wait([reading])
            await stand.spool.close()
            return told

    told = asyncio.run(test())
    assert told["unit-1"]["link_requests"] > 0
    assert 0 < told["unit-1"]["link_round_trip"] < 10_000
    assert told["unit-2"]["link_refusals"] > 0
    assert told["unit-3"]["link_timeouts"] > 1
    for device, wrong in (("unit-1", ""), ("unit-2", "refusals"), ("unit-3", "timeouts")):
        others = {"refusals", "timeouts", "malformed"} - {wrong}
        assert [told[device][f"link_{each}"] for each in sorted(others)] == [0.0] * len(others)
    assert "link_round_trip" not in told["unit-3"]


def test_the_traffic_of_a_line_that_was_lost_is_not_forgotten() -> None:
    async def test() -> int:
        async with ModbusServer() as server:
            server.silent = {1, 2, 3}
            supervisor = Supervisor(nobody, RealTime(), open_adapter)
            reading = asyncio.create_task(supervisor.run(modbus_inventory(server.port)))
            await eventually(lambda: any(line.error for line in supervisor.lines.values()))
            (line,) = supervisor.lines.values()
            reading.cancel()
            await asyncio.wait([reading])
            return line.traffic["unit-1"].timeouts

    assert asyncio.run(test()) > 0


def test_the_diagnostics_of_a_device_are_born_behind_all_signals() -> None:
    inventory = make_inventory("a", "b", protocol="mqtt")
    birth = inventory.birth("0" * 16, 0)
    born = [(each.device, each.profile, each.first) for each in birth.devices]
    assert born[-2:] == [
        ("a", "kvartal-diagnostics-mqtt", inventory.signals),
        ("b", "kvartal-diagnostics-mqtt", inventory.signals + 4),
    ]


@pytest.mark.parametrize(
    ("protocol", "more"),
    [
        ("modbus", ["requests", "round_trip", "timeouts", "refusals", "malformed"]),
        ("opcua", ["round_trip"]),
        ("mqtt", ["round_trip"]),
        ("camera", []),
    ],
)
def test_what_a_protocol_has_no_notion_of_is_not_born(protocol: str, more: list[str]) -> None:
    birth = make_inventory("a", protocol=protocol).birth("0" * 16, 0)
    (profile,) = [
        each for each in birth.profiles if each.profile == f"kvartal-diagnostics-{protocol}"
    ]
    keys = [signal.key for signal in profile.signals]
    assert keys == [f"link_{each}" for each in ("readings", "last_good", "bad", *more)]


def test_a_model_may_not_take_the_keys_of_diagnostics(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(
        "profile: m\nfamily: gas\nprotocol: modbus\nname: {en: m, ru: m}\nsource: generic\n"
        "signals:\n  - {key: link_bad, name: {en: m, ru: m}, modbus: {address: 1}}\n"
    )
    with pytest.raises(ConfigError, match="keys that begin with link_"):
        load_profile(file)


class RealTime(HandClock):
    """The system's monotonic clock, for what waits on a wire."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


async def nobody(_item: object) -> None: ...


def modbus_inventory(port: int) -> Inventory:
    address = f"modbus+tcp://127.0.0.1:{port}"
    line = Endpoint(id="line", edge="edge-1", protocol="modbus", address=address)
    devices = tuple(
        Device(
            id=f"unit-{unit}", profile="heat", endpoint="line", unit=str(unit), name={}, place="p"
        )
        for unit in (1, 2, 3)
    )
    configuration = EdgeConfiguration(revision=1, edge="edge-1", endpoints=(line,), devices=devices)
    return Inventory(configuration, PROFILES, 1)
