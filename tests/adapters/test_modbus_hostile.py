"""What comes from a device that is broken, or is none: nothing of it may become a value."""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

import pytest

from adapters.contract import Point
from adapters.modbus.adapter import open_modbus
from adapters.profile import Profile
from core.clock import SystemClock
from core.errors import Permanent, Retryable
from core.quality import BAD, Reason, quality
from core.registry import Device, Endpoint
from tests.adapters.conformance import Line, run
from tests.adapters.modbus_server import ModbusServer

T = TypeVar("T")


def profile(poll_s: float, more: Sequence[int]) -> Profile:
    return Profile.model_validate(
        {
            "profile": "odd", "family": "electricity_meter", "protocol": "modbus",
            "name": {"ru": "Прибор", "en": "Device"}, "source": "generic, four registers in a row",
            "signals": [
                {
                    "key": f"r{address}", "name": {"ru": "р", "en": "r"}, "poll_s": poll_s,
                    "writable": True, "modbus": {"address": address},
                }
                for address in (*range(4), *more)
            ],
        }
    )  # fmt: skip


class Spoiler(ModbusServer):
    """spoil: what becomes of an answer before it is sent, in pieces; nothing where it hangs up."""

    spoil: Callable[[bytes], Iterable[bytes]] = staticmethod(lambda frame: [frame])  # type: ignore[assignment]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head, unit, pdu = await self.take(reader)
                answer = self.answer(unit, pdu)
                if answer is None:
                    continue
                pieces = list(self.spoil(self.framed(head, unit, answer)))
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(0.001)
                if not pieces:
                    writer.transport.abort()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def talk(
    test: Callable[[Spoiler, Line], Awaitable[T]],
    units: Sequence[str] = ("1",),
    poll_s: float = 0.1,
    more: Sequence[int] = (),
) -> T:
    """Serve units with the registers 11, 12, 13, 14, open a line, and give what the test gives.

    more: addresses of further registers, which are zero.
    """

    async def whole() -> T:
        async with Spoiler() as server:
            model = profile(poll_s, more)
            address = f"modbus+tcp://127.0.0.1:{server.port}"
            endpoint = Endpoint(id="line", edge="edge-1", protocol="modbus", address=address)
            points = []
            for unit in units:
                server.put(int(unit), "holding", 0, struct.pack(">4H", 11, 12, 13, 14))
                device = Device(
                    id=f"unit-{unit}", profile="odd", endpoint="line", unit=unit,
                    name={"en": "odd"}, place="here",
                )  # fmt: skip
                points += [Point(0, device, model, each) for each in model.signals]
            points = [replace(point, number=number) for number, point in enumerate(points)]
            async with open_modbus(endpoint, points, SystemClock()) as connection:
                line = Line(connection, points)
                async with aclosing(line.stream):  # type: ignore[type-var]
                    return await test(server, line)

    return run(whole())


def of_another_request(frame: bytes) -> Iterable[bytes]:
    (number,) = struct.unpack_from(">H", frame)
    return [struct.pack(">H", (number + 1) % 65536) + frame[2:]]


WORTHLESS: dict[str, Callable[[bytes], Iterable[bytes]]] = {
    "the number of another request": of_another_request,
    "no Modbus at all": lambda _: [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
    "another protocol": lambda frame: [frame[:2] + b"\x00\x01" + frame[4:]],
    "an unknown function": lambda frame: [frame[:7] + b"\x63" + frame[8:]],
    "another function": lambda frame: [frame[:7] + b"\x04" + frame[8:]],
    "another unit": lambda frame: [frame[:6] + b"\x07" + frame[7:]],
    "a length that never comes": lambda frame: [frame[:4] + b"\x00\xff" + frame[6:]],
    "half of it": lambda frame: [frame[: len(frame) // 2]],
    "nothing": lambda _: [b""],
    "a reset": lambda _: [],
}


@pytest.mark.parametrize("spoil", WORTHLESS.values(), ids=WORTHLESS)
def test_an_answer_that_is_worth_nothing_gives_no_value_and_ends_the_line(
    spoil: Callable[[bytes], Iterable[bytes]],
) -> None:
    async def test(server: Spoiler, line: Line) -> None:
        server.spoil = spoil  # type: ignore[method-assign]
        try:
            async with asyncio.timeout(10):
                await line.drain()
        finally:
            good = [name for name in line.values if not line.is_bad(name)]
            assert good == []

    with pytest.raises(Retryable, match=r"127\.0\.0\.1"):
        talk(test)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda frame: [bytes([byte]) for byte in frame],
        lambda frame: [frame, frame],
        lambda frame: [*of_another_request(frame), frame],
    ],
    ids=["byte by byte", "twice", "after one of another request"],
)
def test_an_answer_that_is_only_odd_is_understood(
    spoil: Callable[[bytes], Iterable[bytes]],
) -> None:
    async def test(server: Spoiler, line: Line) -> dict[str, float]:
        server.spoil = spoil  # type: ignore[method-assign]
        await line.until(lambda: line.counts.get("unit-1.r3", 0) >= 3)
        return line.values

    assert talk(test) == {"unit-1.r0": 11, "unit-1.r1": 12, "unit-1.r2": 13, "unit-1.r3": 14}


def test_an_answer_without_content_is_malformed() -> None:
    async def test(server: Spoiler, line: Line) -> set[int]:
        server.spoil = lambda frame: [frame[:4] + b"\x00\x02" + frame[6:8]]  # type: ignore[method-assign]
        await line.until_read()
        return set(line.qualities.values())

    assert talk(test) == {quality(BAD, Reason.MALFORMED)}


def test_a_unit_is_lost_even_where_the_line_is_never_idle() -> None:
    async def test(server: Spoiler, line: Line) -> dict[str, bool]:
        server.silent.add(2)
        await line.until(lambda: len(line.online) == 2)
        await line.until(lambda: line.online["unit-1"])
        return line.online

    assert talk(test, units=("1", "2"), poll_s=0.0001) == {"unit-1": True, "unit-2": False}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1, Reason.REFUSED), (2, Reason.REFUSED), (3, Reason.REFUSED), (4, Reason.DEVICE_FAILURE),
        (6, Reason.REFUSED), (8, Reason.REFUSED),
    ],
)  # fmt: skip
def test_an_exception_is_told_as_the_reason(code: int, reason: Reason) -> None:
    async def test(server: Spoiler, line: Line) -> set[int]:
        server.exceptions[1] = code
        await line.until_read()
        return set(line.qualities.values())

    assert talk(test) == {quality(BAD, reason)}


def test_a_register_that_is_never_answered_spoils_itself_and_holds_nobody_up() -> None:
    """Some devices do not refuse an address that they do not have: they say nothing."""

    async def test(server: Spoiler, line: Line) -> tuple[set[str], dict[str, bool]]:
        server.mute.add((1, 2))
        await line.until(lambda: "unit-1.r2" in line.values)
        read = line.counts["unit-2.r0"]
        await line.until(lambda: line.counts["unit-2.r0"] >= read + 10)
        assert line.counts["unit-1.r2"] == 1  # it is tried again after as many as 80
        return {name for name in line.values if line.is_bad(name)}, line.online

    online = {"unit-1": True, "unit-2": True}
    assert talk(test, units=("1", "2"), more=(50,)) == ({"unit-1.r2"}, online)


def test_a_block_that_was_answered_once_is_not_divided_because_answers_get_lost() -> None:
    async def test(server: Spoiler, line: Line) -> list[tuple[int, int]]:
        await line.until_read()
        server.mute.add((1, 2))
        await line.until(lambda: line.is_bad("unit-1.r0"))
        server.mute.clear()
        server.requests.clear()
        await line.until(lambda: not line.is_bad("unit-1.r0"))
        return sorted({(address, count) for _, _, address, count in server.requests})

    assert talk(test, more=(50,)) == [(0, 4), (50, 1)]


def test_a_block_that_was_refused_is_not_asked_for_again() -> None:
    async def test(server: Spoiler, line: Line) -> list[tuple[int, int]]:
        server.illegal.add((1, 2))
        await line.until_read()
        server.requests.clear()
        await line.until(lambda: line.counts["unit-1.r3"] >= 4)
        return sorted({(address, count) for _, _, address, count in server.requests})

    assert talk(test) == [(0, 2), (2, 1), (3, 1)]


# ---- writing --------------------------------------------------------------------------------


def test_a_value_that_the_device_takes_over_a_moment_later_is_confirmed() -> None:
    async def test(server: Spoiler, line: Line) -> float:
        registers = server.words(1, "holding")

        def late(frame: bytes) -> Iterable[bytes]:
            if frame[7] == 6:
                registers[1] = 12
                asyncio.get_running_loop().call_later(0.3, registers.__setitem__, 1, 40)
            return [frame]

        server.spoil = late  # type: ignore[method-assign]
        return await line.connection.write(line.points["unit-1.r1"], 40)  # type: ignore[attr-defined, no-any-return]

    assert talk(test) == 40


def test_a_value_that_the_device_does_not_take_over_is_refused() -> None:
    async def test(server: Spoiler, line: Line) -> None:
        registers = server.words(1, "holding")

        def kept(frame: bytes) -> Iterable[bytes]:
            registers[1] = 12
            return [frame]

        server.spoil = kept  # type: ignore[method-assign]
        await line.connection.write(line.points["unit-1.r1"], 40)  # type: ignore[attr-defined]

    with pytest.raises(Permanent, match=r"unit-1\.r1: wrote 40, the device reports 12"):
        talk(test)


def test_a_write_that_the_device_says_will_last_is_read_back() -> None:
    async def test(server: Spoiler, line: Line) -> float:
        def lasts(frame: bytes) -> Iterable[bytes]:
            return (
                [frame[:4] + b"\x00\x03" + frame[6:7] + b"\x86\x05"] if frame[7] == 6 else [frame]
            )

        server.spoil = lasts  # type: ignore[method-assign]
        return await line.connection.write(line.points["unit-1.r1"], 40)  # type: ignore[attr-defined, no-any-return]

    assert talk(test) == 40


@pytest.mark.parametrize(
    "spoil",
    [
        lambda frame: [] if frame[7] == 6 else [frame],
        lambda frame: [b""] if frame[7] == 6 else [frame],
        lambda frame: [] if frame[7] == 3 else [frame],
        lambda frame: [frame[:7] + b"\x10" + frame[8:]] if frame[7] == 6 else [frame],
    ],
    ids=["reset", "silence", "reset at the read-back", "another function"],
)
def test_a_write_of_which_nobody_knows_what_became_is_retryable(
    spoil: Callable[[bytes], Iterable[bytes]],
) -> None:
    """The edge tells such a command as unknown, not as refused."""

    async def test(server: Spoiler, line: Line) -> None:
        server.spoil = spoil  # type: ignore[method-assign]
        try:
            await line.connection.write(line.points["unit-1.r1"], 40)  # type: ignore[attr-defined]
        finally:
            assert server.words(1, "holding")[1] == 40

    with pytest.raises(Retryable):
        talk(test)
