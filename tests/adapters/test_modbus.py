"""The Modbus adapter against a server that encodes by itself."""

import asyncio
import struct
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.profile import Profile
from core.errors import Permanent, Retryable
from core.quality import BAD, Reason, quality
from simulators.bench.relay import Relay
from tests.adapters.conformance import UNITS, Line, UnitConformance
from tests.adapters.modbus_server import ModbusServer, RtuServer

WIRE = {  # key: table, address, type, order, bytes on the wire, value
    "setpoint": ("holding", 0, "u16", "big", b"\x00\x15", 21),
    "negative": ("holding", 1, "i16", "big", b"\xff\xfe", -2),
    "abcd": ("holding", 2, "u32", "big", b"\x01\x02\x03\x04", 0x01020304),
    "dcba": ("holding", 4, "u32", "little", b"\x04\x03\x02\x01", 0x01020304),
    "badc": ("holding", 6, "u32", "big_swapped", b"\x02\x01\x04\x03", 0x01020304),
    "cdab": ("holding", 8, "u32", "little_swapped", b"\x03\x04\x01\x02", 0x01020304),
    "signed": ("holding", 10, "i32", "little_swapped", b"\xff\xff\x80\x00", -(2**31) + 65535),
    "power": ("input", 100, "f32", "big", struct.pack(">f", 1234.5), 1234.5),
    "swapped": ("input", 102, "f32", "little_swapped", b"\x00\x00\xbf\x00", -0.5),
    "exact": ("input", 104, "f64", "big", struct.pack(">d", 0.1), 0.1),
    "energy": ("input", 108, "u64", "big", struct.pack(">Q", 2**40 + 1), 2**40 + 1),
    "balance": ("input", 112, "i64", "little", struct.pack("<q", -5), -5),
    "far": ("input", 60000, "u16", "big", b"\x00\x2a", 42),
    "date": ("input", 116, "bcd16", "big", b"\x12\x34", 1234),
    "volume": ("input", 117, "bcd32", "little_swapped", b"\x56\x78\x12\x34", 12345678),
    "serial": ("input", 119, "bcd64", "big", bytes.fromhex("0000123456789012"), 123456789012),
    "relay": ("coil", 5, "bit", "big", b"\x00\x01", 1),
    "other": ("coil", 17, "bit", "big", b"\x00\x00", 0),
    "door": ("discrete", 3, "bit", "big", b"\x00\x01", 1),
}  # fmt: skip


def signal(key: str) -> dict[str, Any]:
    table, address, kind, order, _, _ = WIRE[key]
    return {
        "key": key, "name": {"ru": key, "en": key}, "poll_s": 0.1,
        "writable": key in {"setpoint", "cdab", "relay", "power"},
        "modbus": {"table": table, "address": address, "type": kind, "order": order},
    }  # fmt: skip


PROFILE = Profile.model_validate(
    {
        "profile": "test-meter", "family": "electricity_meter", "protocol": "modbus",
        "name": {"ru": "Счётчик", "en": "Meter"}, "source": "generic, every type and order",
        "signals": [signal(key) for key in WIRE],
    }
)  # fmt: skip


class ModbusRig(ModbusServer):
    def __init__(self) -> None:
        super().__init__()
        for unit in UNITS:
            for table, address, _, _, wire, _ in WIRE.values():
                self.put(int(unit), table, address, wire)

    async def set(self, unit: str, key: str, value: float) -> None:
        table, address, *_ = WIRE[key]
        self.put(int(unit), table, address, struct.pack(">H", int(value)))

    async def get(self, unit: str, key: str) -> float:
        table, address, *_ = WIRE[key]
        return self.words(int(unit), table)[address]

    async def spoil(self, unit: str, key: str) -> None:
        self.illegal.add((int(unit), WIRE[key][1]))

    async def silence(self, unit: str) -> None:
        self.silent.add(int(unit))

    async def revive(self, unit: str) -> None:
        self.silent.discard(int(unit))


class RtuRig(ModbusRig, RtuServer):
    """The same device in RTU frames."""


class TestRtuOverTcp(UnitConformance):
    profile = PROFILE
    scheme = "modbus+rtutcp"
    expected = {key: float(row[5]) for key, row in WIRE.items()}  # noqa: RUF012 - never changed
    settable = "setpoint"

    def rig(self) -> AbstractAsyncContextManager[RtuRig]:
        return RtuRig()  # type: ignore[return-value]

    def test_a_late_answer_is_not_taken_for_the_next_one(self) -> None:
        """Frames of RTU carry no number; unit 2 answers after the time-out, each time."""

        async def test(rig: RtuRig, relay: Relay) -> dict[str, float]:
            async with self.opened(relay.port) as line:
                await line.until_read()
                rig.slow_s[2] = 0.7
                await line.until(lambda: line.online.get("unit-2") is False)
                rig.slow_s.clear()
                await line.until(lambda: line.online["unit-2"])
                line.values.clear()
                await line.until_read()
                return {key: line.values[f"unit-2.{key}"] for key in self.expected}

        assert self.with_rig(test) == pytest.approx(self.expected, rel=1e-6)


class TestModbus(UnitConformance):
    profile = PROFILE
    scheme = "modbus+tcp"
    expected = {key: float(row[5]) for key, row in WIRE.items()}  # noqa: RUF012 - never changed
    settable = "setpoint"

    def rig(self) -> AbstractAsyncContextManager[ModbusRig]:
        return ModbusRig()  # type: ignore[return-value]

    def test_neighbouring_registers_are_read_in_one_request(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> set[tuple[int, int, int]]:
            async with self.opened(relay.port) as line:
                await line.until_read()
                return {request[1:] for request in rig.requests}

        assert self.with_rig(test) == {
            (3, 0, 12), (4, 100, 23), (4, 60000, 1), (1, 5, 1), (1, 17, 1), (2, 3, 1),
        }  # fmt: skip

    def test_a_short_answer_is_malformed_and_costs_one_signal(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> dict[str, int]:
            rig.short.add((2, 115))
            async with self.opened(relay.port) as line:
                await line.until_read()
                return {name: code for name, code in line.qualities.items() if code}

        assert self.with_rig(test) == {"unit-2.balance": quality(BAD, Reason.MALFORMED)}

    def test_trouble_is_logged_once_when_it_begins_and_once_when_it_is_over(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> None:
            await rig.spoil("2", "setpoint")
            async with self.opened(relay.port) as line:
                await line.until(lambda: line.counts.get("unit-2.setpoint", 0) >= 3)
                rig.illegal.clear()
                await line.until(lambda: line.values["unit-2.setpoint"] == 21)

        with capture_logs() as logs:
            self.with_rig(test)
        assert [(each["event"], each["at"]) for each in logs] == [
            ("trouble begins", "unit-2.setpoint"),
            ("trouble is over", "unit-2.setpoint"),
        ]

    def test_a_gateway_that_reports_a_silent_unit_is_believed(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> None:
            async with self.opened(relay.port) as line:
                await line.until_read()
                rig.exceptions[2] = 11
                await line.until(lambda: line.online.get("unit-2") is False)

        self.with_rig(test)

    def test_a_dead_unit_does_not_slow_the_others(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> int:
            await rig.silence("2")
            async with self.opened(relay.port) as line:
                await line.until(lambda: line.online.get("unit-2") is False)
                first = line.counts["unit-1.setpoint"]
                await collect_for(line, 2.0)
                return line.counts["unit-1.setpoint"] - first

        assert self.with_rig(test) >= 12  # 20 without the dead unit, each try of it costs 5

    def test_polls_keep_their_schedule(self) -> None:
        async def test(_rig: ModbusRig, relay: Relay) -> int:
            async with self.opened(relay.port) as line:
                await line.until_read()
                await collect_for(line, 1.0)
                return line.counts["unit-1.setpoint"]

        assert 9 <= self.with_rig(test) <= 12

    def test_a_cancellation_in_the_turn_of_an_answer_is_not_lost(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> None:
            for _ in range(40):
                async with self.opened(rig.port) as line:
                    reading = asyncio.create_task(line.drain())
                    await until_asked(rig)
                    reading.cancel()
                    await asyncio.wait([reading], timeout=1)
                    assert reading.cancelled()

        self.with_rig(test)

    def test_a_value_of_several_registers_is_written_in_their_order(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> tuple[float, list[int]]:
            async with self.opened(relay.port) as line:
                reported = await line.write("unit-3.cdab", 0x0A0B0C0D)
                words = rig.words(3, "holding")
                return reported, [words[8], words[9]]

        assert self.with_rig(test) == (0x0A0B0C0D, [0x0C0D, 0x0A0B])

    def test_a_coil_is_switched(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> tuple[float, int]:
            async with self.opened(relay.port) as line:
                return await line.write("unit-3.relay", 0), rig.words(3, "coil")[5]

        assert self.with_rig(test) == (0, 0)

    def test_a_value_too_large_for_its_registers_is_refused(self) -> None:
        async def test(_rig: ModbusRig, relay: Relay) -> None:
            async with self.opened(relay.port) as line:
                await line.write("unit-3.setpoint", 65536)

        with pytest.raises(Permanent, match=r"unit-3\.setpoint: 65536 does not fit into u16"):
            self.with_rig(test)

    def test_a_silent_device_leaves_a_write_retryable(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> None:
            await rig.silence("3")
            async with self.opened(relay.port) as line:
                await line.write("unit-3.setpoint", 5)

        with pytest.raises(Retryable, match="unit 3 does not answer"):
            self.with_rig(test)

    def test_a_write_that_the_device_refuses_is_permanent(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> None:
            rig.exceptions[3] = 3
            async with self.opened(relay.port) as line:
                await line.write("unit-3.setpoint", 5)

        with pytest.raises(Permanent, match="the device refuses 5: exception 3"):
            self.with_rig(test)

    def test_a_write_that_cannot_be_read_back_is_retryable(self) -> None:
        async def test(rig: ModbusRig, relay: Relay) -> float:
            await rig.spoil("3", "setpoint")
            async with self.opened(relay.port) as line:
                with pytest.raises(Retryable, match="wrote 5, it cannot be read back: exception 2"):
                    await line.write("unit-3.setpoint", 5)
                return await rig.get("3", "setpoint")

        assert self.with_rig(test) == 5


async def until_asked(rig: ModbusRig) -> None:
    """Wait for the turn of the loop in which the server answers the next request."""
    rig.requests.clear()
    async with asyncio.timeout(5):
        while not rig.requests:
            await asyncio.sleep(0)


async def collect_for(line: Line, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await line.drain()
    except TimeoutError:
        return
