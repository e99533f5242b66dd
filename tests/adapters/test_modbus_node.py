"""The Modbus adapter against a server of another make: modbus-serial, of npm."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from adapters.contract import Point
from adapters.modbus.adapter import open_modbus
from adapters.profile import Profile
from core.clock import SystemClock
from core.errors import Permanent
from core.registry import Device, Endpoint
from tests.adapters.conformance import Line, run
from tests.ports import free_port

FOLDER = Path(__file__).parent / "foreign"
SIGNALS = {
    "count": {"address": 0},
    "power": {"address": 4, "type": "f32"},
    "none": {"address": 9},
    "relay": {"table": "coil", "address": 3, "type": "bit"},
}
PROFILE = Profile.model_validate(
    {
        "profile": "foreign", "family": "electricity_meter", "protocol": "modbus",
        "name": {"ru": "Чужой", "en": "Foreign"}, "source": "generic, a gap in the map",
        "signals": [
            {
                "key": key, "name": {"ru": key, "en": key}, "poll_s": 0.2, "writable": True,
                "modbus": address,
            }
            for key, address in SIGNALS.items()
        ],
    }
)  # fmt: skip


@pytest.fixture
def port() -> Iterator[int]:
    """Give the port of a server that runs; the folder's packages are installed by .ci/foreign."""
    free = free_port()
    command = ["node", str(FOLDER / "modbus_server.js"), str(free)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield free
    finally:
        process.kill()
        process.communicate()


@asynccontextmanager
async def connected(port: int, unit: str = "1") -> AsyncIterator[Line]:
    address = f"modbus+tcp://127.0.0.1:{port}"
    endpoint = Endpoint(id="line", edge="edge-1", protocol="modbus", address=address)
    device = Device(
        id="meter", profile="foreign", endpoint="line", unit=unit, name={"en": "m"}, place="here"
    )
    points = [Point(i, device, PROFILE, each) for i, each in enumerate(PROFILE.signals)]
    async with open_modbus(endpoint, points, SystemClock()) as connection:
        line = Line(connection, points)
        async with aclosing(line.stream):  # type: ignore[type-var]
            yield line


def test_every_signal_is_read_and_the_one_that_is_not_there_is_bad(port: int) -> None:
    async def test() -> tuple[dict[str, float], list[str]]:
        async with connected(port) as line:
            await line.until_read()
            bad = [name for name in line.values if line.is_bad(name)]
            return {name: line.values[name] for name in line.values if name not in bad}, bad

    values = {"meter.count": 7, "meter.power": 2.5, "meter.relay": 1}
    assert run(test()) == (values, ["meter.none"])


def test_registers_and_coils_are_written(port: int) -> None:
    async def test() -> tuple[float, float, float]:
        async with connected(port) as line:
            return (
                await line.write("meter.count", 9),
                await line.write("meter.power", -1.5),
                await line.write("meter.relay", 0),
            )

    assert run(test()) == (9, -1.5, 0)


def test_a_write_to_what_is_not_there_is_refused(port: int) -> None:
    async def test() -> None:
        async with connected(port) as line:
            await line.write("meter.none", 1)

    with pytest.raises(Permanent, match="the device refuses 1: exception 2"):
        run(test())
