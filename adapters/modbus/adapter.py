"""Modbus: one line with many units behind it, polled by one worker on a steady schedule."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from math import ceil

from adapters.contract import DeviceState, Item, Point, Traffic
from adapters.modbus.address import ModbusAddress
from adapters.modbus.exchange import Exchange, Refused, Silent
from adapters.modbus.line import line_of
from adapters.modbus.plan import Plan, Poll, Request
from adapters.modbus.schedule import Schedule
from adapters.modbus.units import Aside, Mute, Unit, all_lost
from adapters.modbus.write import write
from adapters.raw import Raw
from adapters.trouble import Troubles
from core.clock import Clock
from core.errors import Permanent, Retryable
from core.quality import BAD, Reason, quality
from core.registry import Endpoint

GRID_S = 0.05  # polls of all lines begin at common moments, so that the edge wakes for many at once


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
        self.schedule = Schedule(
            [(poll, poll.every_s) for poll in self.plan.polls],
            ceil(clock.monotonic() / GRID_S) * GRID_S,
        )
        self.units: dict[int, Unit] = {}
        for poll in self.plan.polls:
            unit = self.units.setdefault(poll.unit, Unit(poll.unit))
            unit.polls.append(poll)
            for row in self.plan.rows[poll.requests[0].first : poll.requests[-1].stop]:
                if row.point.device.id not in unit.devices:
                    unit.devices.append(row.point.device.id)
        self.gathered: list[Item] = []
        line = exchange.line
        self.aside = Aside(line.timeout_s, 0.0 if line.is_numbered else line.timeout_s)
        self.mute = Mute()
        self.silent_in_a_row = 0

    async def stream(self) -> AsyncIterator[Item]:
        """Poll for ever."""
        while True:
            now = self.clock.monotonic()
            moment, poll = self.schedule.next
            wait = moment - now
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
                for item in self.gathered:
                    yield item
                raise
            if self.gathered:
                gathered, self.gathered = self.gathered, []
                for item in gathered:
                    yield item

    async def poll(self, unit: Unit, poll: Poll) -> None:
        """Read everything that a poll asks of its unit."""
        waiting = unit.in_order(poll)
        while waiting:
            request = waiting.pop()
            is_mute = bool(self.mute.blamed) and request in self.mute
            if is_mute and self.mute.is_resting(request, self.clock.monotonic()):
                continue
            is_single = request.stop - request.first == 1
            if is_mute and not is_single and request not in self.mute.answered:
                waiting += self.halves(unit, poll, request)
                continue
            began = self.clock.monotonic()
            unit.traffic.requests += 1
            try:
                payload = await self.exchange.ask(request.span)
            except Silent:
                unit.traffic.timeouts += 1
                if is_mute:
                    self.mute.rest(request, self.clock.monotonic())
                    self.spoil(request, Reason.REFUSED, "no answer")
                    continue
                unit.suspect = request
                await self.put_aside(unit)
                return
            except Refused as refusal:
                if refusal.reason is Reason.MALFORMED:
                    unit.traffic.malformed += 1
                else:
                    unit.traffic.refusals += 1
                if refusal.is_divisible and not is_single:
                    waiting += self.halves(unit, poll, request)
                    continue
                self.spoil(request, refusal.reason, str(refusal))
            else:
                unit.traffic.answers += 1
                unit.traffic.waited_s += self.clock.monotonic() - began
                self.gather(request, payload, 0)
                if self.troubles.known:
                    self.troubles.end(self.name_of(request))
            self.hear_from(unit, request)

    def halves(self, unit: Unit, poll: Poll, request: Request) -> list[Request]:
        """Put two halves in the place of a request from now on; give them, the last first."""
        self.mute.forget(request)
        if unit.suspect is request:
            unit.suspect = None
        halves = self.plan.split(request)
        place = poll.requests.index(request)
        poll.requests[place : place + 1] = halves
        return [*reversed(halves)]

    def spoil(self, request: Request, reason: Reason, error: str) -> None:
        """Give readings that are bad, and say why when it begins."""
        self.gather(request, _blank(request), quality(BAD, reason))
        self.troubles.begin(self.name_of(request), error)

    def hear_from(self, unit: Unit, request: Request) -> None:
        """Note that a unit has answered; if it was silent at something else, that is to blame."""
        self.mute.hear(request)
        if unit.suspect is not None:
            if unit.suspect is not request:
                self.mute.blame(unit.suspect)
            unit.suspect = None
        self.revive(unit)

    def gather(self, request: Request, payload: bytes, code: int) -> None:
        self.gathered.append(
            Raw(request.layout, request.signal, payload, self.clock.time_ns(), code)
        )

    def name_of(self, request: Request) -> str:
        first = self.plan.rows[request.first].point
        more = request.stop - request.first - 1
        return f"{first.name} and {more} more" if more else first.name

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
        for poll in unit.polls:
            for request in poll.requests:
                self.gather(request, _blank(request), quality(BAD, Reason.LOST_LINE))
        self.tell(unit, f"unit {unit.number} does not answer")
        if all_lost([*self.units.values()]):
            raise Retryable(f"{self.endpoint.address}: no unit answers")

    async def hear(self, witness: Unit) -> None:
        """Ask a unit that has answered before, so that a hung line is not taken for lost units."""
        requests = [request for poll in witness.polls for request in poll.requests]
        speaking = next(request for request in requests if request not in self.mute)
        try:
            await self.exchange.ask(speaking.span)
        except Silent as silence:
            raise Retryable(f"{self.endpoint.address}: the line is silent") from silence
        except Refused:
            return

    def tell(self, unit: Unit, reason: str) -> None:
        now = self.clock.time_ns()
        self.gathered += [
            DeviceState(device, online=bool(unit.is_alive), time=now, reason=reason)
            for device in unit.devices
        ]

    def take_traffic(self) -> Mapping[str, Traffic]:
        """Give the traffic of each unit to the first device on it; seldom are there two."""
        taken = {unit.devices[0]: unit.traffic for unit in self.units.values()}
        for unit in self.units.values():
            unit.traffic = Traffic()
        return taken

    async def write(self, point: Point, value: float) -> float:
        return await write(
            self.exchange, unit_of(point.device.unit, point), point, at(point), value
        )


def _blank(request: Request) -> bytes:
    return bytes(2 * request.span.count)


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
    """Connect to what `line.WANTED` says. options: see `adapters.modbus.options`."""
    line = line_of(endpoint)
    # pymodbus logs every timeout as an error; who is silent is told by DeviceState.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    try:
        link = await line.open(endpoint.id)
    except ConnectionError as error:
        raise Retryable(f"{endpoint.address}: {error}") from error
    try:
        yield ModbusConnection(
            Exchange(link, line, endpoint.address, clock), endpoint, points, clock
        )
    finally:
        link.close()
        await asyncio.sleep(0)  # the transport closes its socket in the next turn of the loop
