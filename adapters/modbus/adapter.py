"""Modbus: one line with many units behind it, polled by one worker on a steady schedule."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np

from adapters.cancellation import honour_cancellation
from adapters.contract import DeviceState, Item, Point
from adapters.modbus import codec
from adapters.modbus.address import ModbusAddress
from adapters.modbus.answer import RAW_ANSWERS
from adapters.modbus.exchange import Exchange, Refused, Silent
from adapters.modbus.line import CONNECT_S, line_of
from adapters.modbus.plan import Plan, Poll, Request
from adapters.modbus.schedule import Schedule
from adapters.modbus.units import Aside, Unit, all_lost
from adapters.modbus.write import write
from adapters.trouble import Troubles
from core.clock import Clock
from core.errors import Permanent, Retryable
from core.quality import BAD, Reason, quality
from core.readings import Readings
from core.registry import Endpoint

GATHER_S = 0.05  # while there is more to read, values wait at most this long for company


class ModbusConnection:
    def __init__(
        self,
        exchange: Exchange,
        endpoint: Endpoint,
        points: Sequence[Point],
        clock: Clock,
    ) -> None:
        self.exchange = exchange
        self.endpoint = endpoint
        self.clock = clock
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
        line = exchange.line
        self.aside = Aside(line.timeout_s, 0.0 if line.is_numbered else line.timeout_s)
        self.silent_in_a_row = 0

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
                if silent := self.aside.due(now, wait):
                    await self.poll(silent, silent.polls[0])
                elif wait > 0:
                    await asyncio.sleep(self.aside.wait_s(now, wait))
                else:
                    self.schedule.take(now)
                    if (unit := self.units[poll.unit]) not in self.aside:
                        await self.poll(unit, poll)
                    else:
                        await asyncio.sleep(0)  # where nobody on the line answers, others may run
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
                payload = await self.exchange.ask(request)
            except Silent:
                await self.put_aside(unit)
                return
            except Refused as refusal:
                if refusal.is_divisible and request.stop - request.first > 1:
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
        no_number = ~np.isfinite(values)
        values[no_number] = np.nan
        codes[no_number & (codes == 0)] = quality(BAD, Reason.DEVICE_FAILURE)
        return Readings(self.numbers[rows], times, values, codes, int(times[0]))

    # ---- silence ----------------------------------------------------------------------------

    def revive(self, unit: Unit) -> None:
        self.silent_in_a_row = 0
        self.aside.remove(unit)
        if unit.is_alive is not True:
            unit.is_alive = True
            unit.pause_s = 0.0
            self.tell(unit, "")

    async def put_aside(self, unit: Unit) -> None:
        """Count a silence. Retryable when it is not the unit but the line that is silent."""
        self.aside.add(unit, self.clock.monotonic())
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
        if all_lost([*self.units.values()]):
            raise Retryable(f"{self.endpoint.address}: no unit answers")

    async def hear(self, witness: Unit) -> None:
        """Ask a unit that has answered before, so that a hung line is not taken for lost units."""
        try:
            await self.exchange.ask(witness.polls[0].requests[0])
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

    async def write(self, point: Point, value: float) -> float:
        return await write(
            self.exchange, unit_of(point.device.unit, point), point, at(point), value
        )


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
    """Connect to what `line.WANTED` says. options: timeout_s for one answer, pause_s before each
    request."""
    line = line_of(endpoint)
    # pymodbus logs every timeout as an error; who is silent is told by DeviceState.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    client = line.client(endpoint.id)
    for answer in RAW_ANSWERS:
        client.register(answer)
    client.set_max_no_responses(1_000_000_000)  # a few silent units must not close the line
    exchange = Exchange(client, line, endpoint.address, clock)
    connection = ModbusConnection(exchange, endpoint, points, clock)
    if not await client.connect():
        raise Retryable(f"{endpoint.address}: no connection within {CONNECT_S:g} s")
    # One number in pymodbus; a gateway may take longer to accept a line than a unit to answer.
    client.ctx.comm_params.timeout_connect = line.timeout_s
    try:
        honour_cancellation()
        yield connection
    finally:
        client.close()
        await asyncio.sleep(0)  # the transport closes its socket in the next turn of the loop
