"""Modbus TCP: one line with many units behind it, polled by one worker on a steady schedule."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusIOException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from adapters.cancellation import honour_cancellation
from adapters.contract import DeviceState, Item, Point
from adapters.modbus import codec
from adapters.modbus.answer import RAW_ANSWERS, RawAnswer
from adapters.modbus.plan import Plan, Poll, Request, Table
from adapters.modbus.schedule import Schedule
from adapters.profile import ModbusAddress
from adapters.trouble import Troubles
from core.clock import Clock
from core.errors import Permanent, Retryable
from core.quality import BAD, Reason, quality
from core.readings import Readings
from core.registry import Endpoint

TIMEOUT_S = 0.5  # for one answer; a unit is asked twice before it counts as lost
CONNECT_S = 3.0  # to open a line; on a busy machine dozens are opened at once
GATHER_S = 0.05  # while there is more to read, values wait at most this long for company
PAUSE_S = (2.0, 60.0)  # between two tries of a silent unit: the first, and the longest
PROBE_SHARE = 10  # at most one part in so many of the line's time goes to lost units
NAP_S = 0.1  # how long an idle line sleeps at most while a silent unit waits for its next try

# Modbus Application Protocol V1.1b3, section 7
DEVICE_FAILURE = 4
GATEWAY_NO_PATH = 10
GATEWAY_NO_ANSWER = 11  # how a TCP gateway tells that the unit behind it is silent
WRONG_REQUEST = frozenset({1, 2, 3})  # illegal function, address, value: a part may be right


class Silent(Exception):
    """Tell that a unit did not answer in time."""


class Refused(Exception):
    """Tell that an answer is there and is not the values. reason: what the readings say."""

    def __init__(self, text: str, reason: Reason, *, divisible: bool) -> None:
        super().__init__(text)
        self.reason = reason
        self.divisible = divisible  # a part of the request may do better


class Unit:
    """One device on the line.

    is_alive: None until it has answered or been lost. silences: in a row; after the first the unit
    is put aside: left out of the polls and asked again when the line is idle. The second loses it.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.polls: list[Poll] = []
        self.devices: list[str] = []
        self.is_alive: bool | None = None
        self.silences = 0
        self.pause = 0.0
        self.next_try = 0.0


class ModbusConnection:
    def __init__(
        self,
        client: AsyncModbusTcpClient,
        endpoint: Endpoint,
        points: Sequence[Point],
        clock: Clock,
        timeout_s: float,
    ) -> None:
        self.client = client
        self.endpoint = endpoint
        self.clock = clock
        self.timeout_s = timeout_s
        self.troubles = Troubles(endpoint.id)
        self.plan = Plan(
            [(unit_of(point.device.unit, point), point, at(point)) for point in points]
        )
        self.numbers = np.array([row.point.number for row in self.plan.rows], np.uint32)
        self.memory = bytearray(self.plan.size)
        self.bytes = np.frombuffer(self.memory, np.uint8)
        self.schedule = Schedule(
            [(poll, poll.every_s) for poll in self.plan.polls], clock.monotonic()
        )
        self.all_rows = np.arange(len(self.plan.rows))
        self.units: dict[int, Unit] = {}
        places: list[tuple[ModbusAddress, int]] = []
        for poll in self.plan.polls:
            unit = self.units.setdefault(poll.unit, Unit(poll.unit))
            unit.polls.append(poll)
            for request in poll.requests:
                for row in range(request.first, request.stop):
                    places.append((self.plan.rows[row].address, self.plan.place(row, request)))
                    device = self.plan.rows[row].point.device.id
                    if device not in unit.devices:
                        unit.devices.append(device)
        self.layout = codec.Layout(places)
        # What was read since the last block: the request, when, and why it is bad (0: it is good).
        self.gathered: list[tuple[Request, int, int]] = []
        self.gathered_polls: set[Poll] = set()
        self.gathered_since = 0.0
        self.changes: list[DeviceState] = []
        self.read: dict[Table, Callable[..., Awaitable[ModbusPDU]]] = {
            "holding": client.read_holding_registers,
            "input": client.read_input_registers,
            "coil": client.read_coils,
            "discrete": client.read_discrete_inputs,
        }
        self.aside: list[Unit] = []
        self.silent_in_a_row = 0
        self.next_probe = clock.monotonic()

    async def stream(self) -> AsyncIterator[Item]:
        """Poll for ever. A round of polls that fall due together comes as one block."""
        while True:
            now = self.clock.monotonic()
            moment, poll = self.schedule.next
            wait = moment - now
            is_old = bool(self.gathered) and now - self.gathered_since > GATHER_S
            if wait > 0 or is_old or poll in self.gathered_polls:
                for item in self.flush():
                    yield item
            try:
                if silent := self.silent_unit(now, is_idle=wait > 0):
                    await self.poll(silent, silent.polls[0])
                elif wait > 0:
                    await asyncio.sleep(min(wait, NAP_S) if self.aside else wait)
                else:
                    self.schedule.take(now)
                    if (unit := self.units[poll.unit]) not in self.aside:
                        await self.poll(unit, poll)
            except Retryable:
                for item in self.flush():
                    yield item
                raise

    async def poll(self, unit: Unit, poll: Poll) -> None:
        """Read everything that a poll asks of its unit."""
        if not self.gathered:
            self.gathered_since = self.clock.monotonic()
        self.gathered_polls.add(poll)
        waiting = poll.requests[::-1]
        while waiting:
            request = waiting.pop()
            try:
                payload = await self.ask(request)
            except Silent:
                await self.put_aside(unit)
                return
            except Refused as refusal:
                if refusal.divisible and request.stop - request.first > 1:
                    halves = self.plan.split(request)
                    place = poll.requests.index(request)
                    poll.requests[place : place + 1] = halves
                    waiting.extend(reversed(halves))
                else:
                    self.gather(request, quality(BAD, refusal.reason))
                    self.troubles.begin(self.name_of(request), str(refusal))
            else:
                self.memory[request.base : request.base + len(payload)] = payload
                self.gather(request, 0)
                if self.troubles.known:
                    self.troubles.end(self.name_of(request))
            self.revive(unit)

    def gather(self, request: Request, reason: int) -> None:
        self.gathered.append((request, self.clock.time_ns(), reason))

    def name_of(self, request: Request) -> str:
        first = self.plan.rows[request.first].point
        more = request.stop - request.first - 1
        return f"{first.name} and {more} more" if more else first.name

    def flush(self) -> list[Item]:
        """Give what was gathered as one block, and the units that were lost or are back."""
        items: list[Item] = []
        if self.gathered:
            items.append(self.block())
            self.gathered.clear()
            self.gathered_polls.clear()
        items += self.changes
        self.changes.clear()
        return items

    def block(self) -> Readings:
        """Decode what was gathered, all of it in one go."""
        rows = np.concatenate(
            [self.all_rows[each.first : each.stop] for each, _, _ in self.gathered]
        )
        sizes = [each.stop - each.first for each, _, _ in self.gathered]
        times = np.repeat(np.array([time for _, time, _ in self.gathered], np.int64), sizes)
        codes = np.repeat(np.array([code for _, _, code in self.gathered], np.uint8), sizes)
        values = self.layout.decode(self.bytes, rows)
        values[codes != 0] = np.nan
        codes[np.isnan(values) & (codes == 0)] = quality(BAD, Reason.DEVICE_FAILURE)
        return Readings(self.numbers[rows], times, values, codes, int(times[0]))

    # ---- silence ----------------------------------------------------------------------------

    def silent_unit(self, now: float, *, is_idle: bool) -> Unit | None:
        """Give the unit that is to be tried again now: in idle time, or after a long wait."""
        if not self.aside or not (is_idle or now > self.next_probe + PAUSE_S[1]):
            return None
        for unit in self.aside:
            if unit.silences == 1 or (unit.next_try <= now and self.next_probe <= now):
                return unit
        return None

    def revive(self, unit: Unit) -> None:
        self.silent_in_a_row = 0
        if unit.silences:
            unit.silences = 0
            self.aside.remove(unit)
        if unit.is_alive is not True:
            unit.is_alive = True
            unit.pause = 0.0
            self.tell(unit, "")

    async def put_aside(self, unit: Unit) -> None:
        """Count a silence. Retryable when it is not the unit but the line that is silent."""
        now = self.clock.monotonic()
        unit.silences += 1
        if unit not in self.aside:
            self.aside.append(unit)
        if unit.silences > 1:
            self.next_probe = now + PROBE_SHARE * self.timeout_s
            unit.pause = min(max(2 * unit.pause, PAUSE_S[0]), PAUSE_S[1])
            unit.next_try = now + unit.pause
        if unit.silences == 2:
            self.lose(unit)
        self.silent_in_a_row += 1
        alive = (each for each in self.units.values() if each.is_alive and not each.silences)
        if self.silent_in_a_row > 1 and (witness := next(alive, None)):
            self.silent_in_a_row = 0
            await self.hear(witness)

    def lose(self, unit: Unit) -> None:
        unit.is_alive = False
        self.tell(unit, f"unit {unit.number} does not answer")
        for poll in unit.polls:
            for request in poll.requests:
                self.gather(request, quality(BAD, Reason.LOST_LINE))
        if all(each.is_alive is False for each in self.units.values()):
            raise Retryable(f"{self.endpoint.address}: no unit answers")

    async def hear(self, witness: Unit) -> None:
        """Ask a unit that has answered before, so that a hung line is not taken for lost units."""
        try:
            await self.ask(witness.polls[0].requests[0])
        except Silent as silence:
            raise Retryable(f"{self.endpoint.address}: the line is silent") from silence
        except Refused:
            return

    def tell(self, unit: Unit, reason: str) -> None:
        now = self.clock.time_ns()
        self.changes += [
            DeviceState(device, online=bool(unit.is_alive), time=now, reason=reason)
            for device in unit.devices
        ]

    # ---- the wire ---------------------------------------------------------------------------

    async def ask(self, request: Request) -> bytes:
        """Read registers as bytes. Silent, Refused, or Retryable when the line is closed."""
        answer = await self.answer(
            self.read[request.table], request.start, count=request.count, device_id=request.unit
        )
        registers = answer.as_registers(request.count) if isinstance(answer, RawAnswer) else b""
        if len(registers) != 2 * request.count:
            raise Refused(
                f"wanted {request.count} registers from {request.start}, "
                f"found {len(registers) // 2}",
                Reason.MALFORMED,
                divisible=True,
            )
        return registers

    async def answer(
        self, exchange: Callable[..., Awaitable[ModbusPDU]], *given: Any, **named: int
    ) -> ModbusPDU:
        """Give the answer to a request of pymodbus, if it is not an exception of Modbus."""
        try:
            answer = await exchange(*given, **named)
        except (ConnectionException, ModbusIOException) as error:
            if not self.client.connected:
                raise Retryable(f"{self.endpoint.address}: connection lost") from error
            raise Silent from error
        finally:
            honour_cancellation()
        if not isinstance(answer, ExceptionResponse):
            return answer
        code = answer.exception_code
        if code in {GATEWAY_NO_PATH, GATEWAY_NO_ANSWER}:
            raise Silent
        reason = Reason.DEVICE_FAILURE if code == DEVICE_FAILURE else Reason.REFUSED
        raise Refused(f"exception {code}", reason, divisible=code in WRONG_REQUEST)

    # ---- writing ----------------------------------------------------------------------------

    async def write(self, point: Point, value: float) -> float:
        address, unit = at(point), unit_of(point.device.unit, point)
        if not point.signal.writable or address.table in {"input", "discrete"}:
            raise Permanent(f"{point.name} is read-only")
        try:
            wire = codec.encode(value, address)
        except ValueError as error:
            raise Permanent(f"{point.name}: {error}") from error
        first, count = address.address, len(wire) // 2
        words = [int.from_bytes(wire[i : i + 2], "big") for i in range(0, len(wire), 2)]
        if address.table == "coil" and words[0] > 1:
            raise Permanent(f"{point.name}: a coil takes 0 or 1, found {value:g}")
        try:
            if address.table == "coil":
                await self.answer(self.client.write_coil, first, bool(words[0]), device_id=unit)
            elif count == 1:
                await self.answer(self.client.write_register, first, words[0], device_id=unit)
            else:
                await self.answer(self.client.write_registers, first, words, device_id=unit)
        except Silent as silence:
            raise Retryable(f"{point.name}: unit {unit} does not answer") from silence
        except Refused as refusal:
            raise Permanent(f"{point.name}: the device refuses {value:g}: {refusal}") from refusal
        try:
            found = await self.ask(Request(unit, address.table, first, count, 0, 1, 0))
        except (Silent, Refused) as trouble:
            why = str(trouble) or f"unit {unit} does not answer"
            raise Retryable(
                f"{point.name}: wrote {value:g}, it cannot be read back: {why}"
            ) from trouble
        reported = codec.decode(found, address)
        if found != wire:
            raise Permanent(f"{point.name}: wrote {value:g}, the device reports {reported:g}")
        return reported


def at(point: Point) -> ModbusAddress:
    """Give a point's address. Permanent where its profile speaks another protocol."""
    if point.signal.modbus is None:
        raise Permanent(f"{point.name}: profile {point.profile.profile} has no Modbus address")
    return point.signal.modbus


def unit_of(unit: str, point: Point) -> int:
    """Give the Modbus unit of a device. Permanent where it is not 0-255."""
    if not unit.isdecimal() or int(unit) > 255:
        raise Permanent(f"device {point.device.id}: unit {unit!r} is not a Modbus unit, 0-255")
    return int(unit)


@asynccontextmanager
async def open_modbus(
    endpoint: Endpoint, points: Sequence[Point], clock: Clock
) -> AsyncIterator[ModbusConnection]:
    """Connect to modbus+tcp://host:port. options: timeout_s, for one answer, at most 1."""
    parts = urlsplit(endpoint.address)
    if parts.scheme != "modbus+tcp" or not parts.hostname:
        raise Permanent(f"{endpoint.id}: wanted modbus+tcp://host:port, found {endpoint.address}")
    timeout_s = endpoint.options.get("timeout_s", TIMEOUT_S)
    if not isinstance(timeout_s, (int, float)) or not 0 < timeout_s <= 1:
        raise Permanent(f"{endpoint.id}: options.timeout_s wanted above 0 to 1, found {timeout_s}")
    # pymodbus logs every timeout as an error; who is silent is told by DeviceState.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    client = AsyncModbusTcpClient(
        parts.hostname,
        port=parts.port or 502,
        timeout=CONNECT_S,
        retries=0,
        reconnect_delay=0,
        name=endpoint.id,
    )
    for answer in RAW_ANSWERS:
        client.register(answer)
    client.set_max_no_responses(1_000_000_000)  # a few silent units must not close the line
    connection = ModbusConnection(client, endpoint, points, clock, timeout_s)
    if not await client.connect():
        raise Retryable(f"{endpoint.address}: no connection within {CONNECT_S:g} s")
    # One number in pymodbus; a gateway may take longer to accept a line than a unit to answer.
    client.ctx.comm_params.timeout_connect = timeout_s
    try:
        honour_cancellation()
        yield connection
    finally:
        client.close()
        await asyncio.sleep(0)  # the transport closes its socket in the next turn of the loop
