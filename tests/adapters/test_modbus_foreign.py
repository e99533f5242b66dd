"""The Modbus adapter against a server that we did not write: pymodbus' own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from adapters.contract import Point
from adapters.modbus.adapter import open_modbus
from adapters.profile import Profile
from core.clock import SystemClock
from core.registry import Device, Endpoint
from tests.adapters.conformance import Line, run
from tests.ports import free_port

# Between `count` and `power` there are registers that the device does not have.
PROFILE = Profile.model_validate(
    {
        "profile": "foreign", "family": "electricity_meter", "protocol": "modbus",
        "name": {"ru": "Чужой", "en": "Foreign"}, "source": "generic, a gap in the map",
        "signals": [
            {
                "key": key, "name": {"ru": key, "en": key}, "poll_s": 0.1, "writable": True,
                "modbus": {"address": address, "type": kind},
            }
            for key, address, kind in [("count", 0, "u16"), ("power", 4, "f32"), ("none", 9, "u16")]
        ],
    }
)  # fmt: skip


@asynccontextmanager
async def connected() -> AsyncIterator[Line]:
    port = free_port()
    registers = [
        SimData(0, values=[7], datatype=DataType.REGISTERS),
        SimData(4, values=[2.5], datatype=DataType.FLOAT32),
    ]
    server = ModbusTcpServer(SimDevice(1, simdata=registers), address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    endpoint = Endpoint(
        id="line", edge="edge-1", protocol="modbus", address=f"modbus+tcp://127.0.0.1:{port}"
    )
    device = Device(
        id="meter", profile="foreign", endpoint="line", unit="1", name={"en": "m"}, place="here"
    )
    points = [Point(i, device, PROFILE, each) for i, each in enumerate(PROFILE.signals)]
    try:
        async with open_modbus(endpoint, points, SystemClock()) as connection:
            yield Line(connection, points)
    finally:
        await server.shutdown()


def test_a_gap_that_cannot_be_read_costs_nothing_but_itself() -> None:
    async def test() -> tuple[dict[str, float], Any]:
        async with connected() as line:
            await line.until_read()
            bad = [name for name in line.values if line.is_bad(name)]
            return {name: line.values[name] for name in ("meter.count", "meter.power")}, bad

    assert run(test()) == ({"meter.count": 7, "meter.power": 2.5}, ["meter.none"])


def test_values_of_one_and_two_registers_are_written() -> None:
    async def test() -> tuple[float, float]:
        async with connected() as line:
            count = await line.connection.write(line.points["meter.count"], 9)  # type: ignore[attr-defined]
            power = await line.connection.write(line.points["meter.power"], -1.5)  # type: ignore[attr-defined]
            return count, power

    assert run(test()) == (9, -1.5)
