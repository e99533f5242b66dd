"""Modbus RTU on a serial line: a pair of pseudo-terminals, with pymodbus' own server at its end."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.contract import Point
from adapters.modbus.adapter import open_modbus
from adapters.profile import Profile
from core.clock import SystemClock
from core.errors import Permanent, Retryable
from core.registry import Device, Endpoint
from tests.adapters.conformance import Line, run

SERVER = """
import asyncio, sys
from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

async def main():
    registers = [
        SimData(0, values=[7], datatype=DataType.REGISTERS),
        SimData(4, values=[2.5], datatype=DataType.FLOAT32),
    ]
    units = [SimDevice(unit, simdata=registers) for unit in (1, 3)]
    server = ModbusSerialServer(units, framer=FramerType.RTU, port=sys.argv[1], baudrate=19200)
    await server.serve_forever(background=True)
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
PROFILE = Profile.model_validate(
    {
        "profile": "foreign", "family": "electricity_meter", "protocol": "modbus",
        "name": {"ru": "Чужой", "en": "Foreign"}, "source": "generic, a gap in the map",
        "signals": [
            {
                "key": key, "name": {"ru": key, "en": key}, "poll_s": 0.2, "writable": True,
                "modbus": {"address": address, "type": kind},
            }
            for key, address, kind in [("count", 0, "u16"), ("power", 4, "f32"), ("none", 9, "u16")]
        ],
    }
)  # fmt: skip


@contextmanager
def running(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@dataclass
class Wire:
    """A serial line with the units 1 and 3 at its other end. address: of ours."""

    address: str
    pair: "subprocess.Popen[str]"

    def unplug(self) -> None:
        self.pair.kill()
        self.pair.wait()


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    pair = ["socat", f"pty,raw,echo=0,link={ours}", f"pty,raw,echo=0,link={theirs}"]
    with running(pair) as line:
        while not theirs.exists():
            assert line.poll() is None, "socat has ended; .ci/servers installs it"
        with running([sys.executable, "-c", SERVER, str(theirs)]) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            yield Wire(f"modbus+rtu://{ours}?baud=19200", line)


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Line]:
    endpoint = Endpoint(id="line", edge="edge-1", protocol="modbus", address=address)
    devices = [
        Device(
            id=f"unit-{unit}", profile="foreign", endpoint="line", unit=str(unit),
            name={"en": "m"}, place="here",
        )
        for unit in (1, 3)
    ]  # fmt: skip
    pairs = [(device, signal) for device in devices for signal in PROFILE.signals]
    points = [Point(i, device, PROFILE, each) for i, (device, each) in enumerate(pairs)]
    async with open_modbus(endpoint, points, SystemClock()) as connection:
        line = Line(connection, points)
        async with aclosing(line.stream):  # type: ignore[type-var]
            yield line


def test_every_unit_on_a_serial_line_is_read_and_a_register_that_is_not_there_is_bad(
    wire: Wire,
) -> None:
    async def test() -> tuple[dict[str, float], set[str]]:
        async with connected(wire.address) as line:
            await line.until_read()
            bad = {name for name in line.values if line.is_bad(name)}
            return {name: line.values[name] for name in line.values.keys() - bad}, bad

    assert run(test()) == (
        {"unit-1.count": 7, "unit-1.power": 2.5, "unit-3.count": 7, "unit-3.power": 2.5},
        {"unit-1.none", "unit-3.none"},
    )


def test_values_of_one_and_two_registers_are_written_over_a_serial_line(wire: Wire) -> None:
    async def test() -> tuple[float, float]:
        async with connected(f"{wire.address}&parity=N&stop=1") as line:
            return await line.write("unit-3.count", 9), await line.write("unit-3.power", -1.5)

    assert run(test()) == (9, -1.5)


def test_a_serial_line_that_goes_away_raises_retryable(wire: Wire) -> None:
    async def test() -> None:
        async with connected(wire.address) as line:
            await line.until(lambda: "unit-1.count" in line.values)
            wire.unplug()
            async with asyncio.timeout(10):
                await line.drain()

    with pytest.raises(Retryable, match="modbus\\+rtu://"):
        run(test())


def test_a_serial_port_that_is_not_there_is_retryable() -> None:
    async def test() -> None:
        async with connected("modbus+rtu:///dev/no-such-port"):
            pass

    with pytest.raises(Retryable, match="no-such-port: no connection"):
        run(test())


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("modbus+rtu:///dev/ttyUSB0?baud=96oo", "baud wanted 300 to 1000000, found 96oo"),
        ("modbus+rtu:///dev/ttyUSB0?parity=X", "parity wanted N, E or O, found X"),
        ("modbus+rtu:///dev/ttyUSB0?stop=3", "stop wanted 1 or 2, found 3"),
        ("modbus+rtu:///dev/ttyUSB0?bits=7", "has baud, parity and stop, found bits"),
        (
            "modbus+rtu://ttyUSB0",
            "wanted .*modbus\\+rtu:///dev/ttyUSB0.*, found modbus\\+rtu://tty",
        ),
    ],
)
def test_an_address_of_a_serial_line_that_makes_no_sense_is_refused(
    address: str, complaint: str
) -> None:
    async def test() -> None:
        async with connected(address):
            pass

    with pytest.raises(Permanent, match=complaint):
        run(test())
