"""What single Modbus devices need beside the protocol, and values of a few bits."""

import re
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from adapters.contract import Point
from adapters.modbus.adapter import open_modbus
from adapters.profile import Profile
from core.clock import SystemClock
from core.errors import Permanent
from core.registry import Device, Endpoint
from tests.adapters.conformance import Line, run
from tests.adapters.modbus_server import ModbusServer

T = TypeVar("T")


def profile(manners: dict[str, Any], **addresses: dict[str, Any]) -> Profile:
    return Profile.model_validate(
        {
            "profile": "odd", "family": "electricity_meter", "protocol": "modbus",
            "name": {"ru": "Прибор", "en": "Device"}, "source": "generic, one quirk at a time",
            "modbus": manners,
            "signals": [
                {
                    "key": key, "name": {"ru": key, "en": key}, "poll_s": 0.1, "writable": True,
                    "modbus": address,
                }
                for key, address in addresses.items()
            ],
        }
    )  # fmt: skip


def talk(model: Profile, test: Callable[[ModbusServer, Line], Awaitable[T]]) -> T:
    """Serve unit 1, open a line to it, and give what the test gives."""

    async def whole() -> T:
        async with ModbusServer() as server:
            endpoint = Endpoint(
                id="line", edge="edge-1", protocol="modbus",
                address=f"modbus+tcp://127.0.0.1:{server.port}",
            )  # fmt: skip
            device = Device(
                id="odd", profile="odd", endpoint="line", unit="1", name={"en": "odd"}, place="here"
            )
            points = [Point(i, device, model, each) for i, each in enumerate(model.signals)]
            async with open_modbus(endpoint, points, SystemClock()) as connection:
                line = Line(connection, points)
                async with aclosing(line.stream):  # type: ignore[type-var]
                    return await test(server, line)

    return run(whole())


def requests(model: Profile) -> list[tuple[int, int, int]]:
    """Give function, address and count of what is asked to read every signal once."""

    async def test(server: ModbusServer, line: Line) -> list[tuple[int, int, int]]:
        await line.until_read()
        return [request[1:] for request in server.requests]

    return sorted(set(talk(model, test)))


@pytest.mark.parametrize(
    ("manners", "addresses", "asked"),
    [
        ({}, [0, 1, 9], [(3, 0, 10)]),
        ({"gap": 6}, [0, 1, 9], [(3, 0, 2), (3, 9, 1)]),
        ({"gap": 0}, [0, 1, 3], [(3, 0, 2), (3, 3, 1)]),
        ({"most_registers": 2}, [0, 1, 2], [(3, 0, 2), (3, 2, 1)]),
        ({"one_by_one": True}, [0, 1, 2], [(3, 0, 1), (3, 1, 1), (3, 2, 1)]),
        ({"first_register": 1}, [1, 2, 65536 - 1], [(3, 0, 2), (3, 65534, 1)]),
    ],
)
def test_a_device_is_asked_as_its_profile_says(
    manners: dict[str, Any], addresses: list[int], asked: list[tuple[int, int, int]]
) -> None:
    signals = {f"r{address}": {"address": address} for address in addresses}
    assert requests(profile(manners, **signals)) == asked


def test_coils_may_count_from_zero_where_registers_count_from_one() -> None:
    model = profile(
        {"first_register": 1},
        register={"address": 40},
        coil={"table": "coil", "address": 40, "type": "bit"},
    )
    assert requests(model) == [(1, 40, 1), (3, 39, 1)]


def shortest_pause(server: ModbusServer) -> float:
    return min(began - ended for (_, _, ended), (_, began, _) in pairwise(server.at))


def test_between_two_requests_there_is_the_pause_of_the_device() -> None:
    async def test(server: ModbusServer, line: Line) -> float:
        await line.until(lambda: line.counts.get("odd.b", 0) >= 5)
        return shortest_pause(server)

    model = profile({"pause_s": 0.03, "one_by_one": True}, a={"address": 0}, b={"address": 1})
    assert talk(model, test) >= 0.03


def test_a_write_among_the_polls_keeps_the_pause_too() -> None:
    async def test(server: ModbusServer, line: Line) -> float:
        for value in range(5):
            await line.write("odd.a", value)
        return shortest_pause(server)

    model = profile({"pause_s": 0.03, "one_by_one": True}, a={"address": 0}, b={"address": 1})
    assert talk(model, test) >= 0.03


def test_a_device_that_knows_no_single_writes_is_written_with_15_and_16() -> None:
    model = profile(
        {"write_several": True},
        setpoint={"address": 3},
        relay={"table": "coil", "address": 5, "type": "bit"},
    )

    async def test(server: ModbusServer, line: Line) -> tuple[float, float, set[int]]:
        server.only_several = True
        setpoint = await line.write("odd.setpoint", 9)
        relay = await line.write("odd.relay", 1)
        return setpoint, relay, {request[1] for request in server.requests} - {1, 3}

    assert talk(model, test) == (9, 1, {15, 16})


BITS = profile(
    {},
    mode={"address": 7, "bit": 4, "width": 3},
    door={"address": 7, "bit": 15},
    high={"address": 8, "type": "u32", "order": "little_swapped", "bit": 24, "width": 8},
    half={"address": 10, "bit": 0, "width": 8, "scale": 0.5, "offset": -40},
)


def test_bits_of_registers_are_values() -> None:
    async def test(server: ModbusServer, line: Line) -> dict[str, float]:
        server.put(1, "holding", 7, b"\x80\x5f")  # 1000 0000 0101 1111
        server.put(1, "holding", 8, b"\x00\x01\xab\x00")  # words swapped: AB 00 00 01
        server.put(1, "holding", 10, b"\xff\x90")
        await line.until_read()
        return line.values

    assert talk(BITS, test) == {"odd.mode": 5, "odd.door": 1, "odd.high": 0xAB, "odd.half": 32}


def test_bits_are_set_and_their_neighbours_stay() -> None:
    async def test(server: ModbusServer, line: Line) -> tuple[float, int]:
        server.put(1, "holding", 7, b"\x80\x5f")
        reported = await line.write("odd.mode", 2)
        return reported, server.words(1, "holding")[7]

    assert talk(BITS, test) == (2, 0x802F)


def test_a_value_that_its_bits_cannot_hold_is_refused() -> None:
    async def test(_server: ModbusServer, line: Line) -> None:
        await line.write("odd.mode", 8)

    with pytest.raises(Permanent, match=r"odd\.mode: 8 does not fit into 3 bits"):
        talk(BITS, test)


def test_a_decimal_number_is_written_digit_by_digit() -> None:
    async def test(server: ModbusServer, line: Line) -> tuple[float, list[int]]:
        reported = await line.write("odd.limit", 1234.56)
        words = server.words(1, "holding")
        return reported, [words[0], words[1]]

    model = profile({}, limit={"address": 0, "type": "bcd32", "scale": 0.01})
    assert talk(model, test) == (pytest.approx(1234.56), [0x0012, 0x3456])


def test_what_is_no_decimal_number_is_bad() -> None:
    async def test(server: ModbusServer, line: Line) -> bool:
        server.put(1, "holding", 0, b"\x12\x3a")
        await line.until_read()
        return line.is_bad("odd.count")

    assert talk(profile({}, count={"address": 0, "type": "bcd16"}), test)


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ({"type": "f32"}, "7fc00000"),  # IEEE 754: a quiet NaN
        ({"type": "f32"}, "7f800000"),  # infinity
        ({"type": "f32", "order": "little_swapped"}, "0000ff80"),  # minus infinity
        ({"type": "f64"}, "7ff0000000000000"),
    ],
)
def test_what_is_no_finite_number_is_bad(address: dict[str, Any], wire: str) -> None:
    async def test(server: ModbusServer, line: Line) -> bool:
        server.put(1, "holding", 0, bytes.fromhex(wire))
        await line.until_read()
        return line.is_bad("odd.level")

    assert talk(profile({}, level={"address": 0, **address}), test)


@pytest.mark.parametrize(
    ("manners", "address", "complaint"),
    [
        ({}, {"address": 65535, "type": "f32"}, "ends above 65535"),
        ({"first_register": 1}, {"address": 0}, "address 0 is below the first, which is 1"),
        ({"most_registers": 1}, {"address": 0, "type": "u32"}, "most_registers is 1"),
        ({}, {"address": 0, "bit": 16}, "bits 16 to 16 want a type that holds them"),
        ({}, {"address": 0, "type": "f32", "bit": 1}, "u16, u32 or u64, found f32"),
        ({}, {"address": 0, "width": 2}, "width wants a bit to count from"),
        ({}, {"address": 0, "scale": 0}, "scale 0 makes every value the same"),
        ({}, {"address": 0, "table": "coil", "type": "u32"}, "a coil is a single bit, found u32"),
    ],
)
def test_a_profile_that_cannot_be_served_is_refused(
    manners: dict[str, Any], address: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        profile(manners, wrong=address)


README = (Path(__file__).parents[2] / "adapters" / "README.md").read_text(encoding="utf-8")


def test_the_example_of_the_readme_reads_as_it_says() -> None:
    section = README.partition("### A device that speaks Modbus")[2]
    model = Profile.model_validate(yaml.safe_load(section.split("```yaml")[1].split("```")[0]))
    rows = re.findall(r"^\| (\w+) \| (\d+) \| `([0-9a-f ]+)` \| (.+) \|$", section, re.MULTILINE)
    promised = re.findall(r"(\w+) (\d+)", ", ".join(row[3] for row in rows))

    async def test(server: ModbusServer, line: Line) -> tuple[dict[str, float], float]:
        for table, first, wire, _ in rows:
            server.put(1, table, int(first), bytes.fromhex(wire))
        await line.until_read()
        return dict(line.values), await line.write("odd.mode", 1)

    values = {f"odd.{key}": pytest.approx(float(value)) for key, value in promised}
    assert len(values) == len(model.signals)
    assert talk(model, test) == (values, 1)


def test_a_request_that_was_split_is_not_blamed_any_more() -> None:
    """A unit falls silent at its only request, and then refuses it for one of its addresses."""
    model = profile({}, a={"address": 0}, b={"address": 1})

    async def test(server: ModbusServer, line: Line) -> tuple[bool, set[int]]:
        await line.until_read()
        answer = server.answer

        def fall_silent(_unit: int, _pdu: bytes) -> None:
            server.answer = answer  # type: ignore[method-assign]
            server.illegal.add((1, 1))

        server.answer = fall_silent  # type: ignore[assignment, method-assign]
        await line.until(lambda: line.is_bad("odd.b") and not line.is_bad("odd.a"))
        mute = line.connection.mute  # type: ignore[attr-defined]
        return bool(mute.blamed), {each.stop - each.first for each in mute.answered}

    assert talk(model, test) == (False, {1})
