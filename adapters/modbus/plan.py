"""What to ask for: neighbouring registers of a unit merged into few requests, made once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from adapters.contract import Point
from adapters.modbus.address import ModbusAddress, ModbusManners
from adapters.modbus.codec import HEAD

Table = Literal["holding", "input", "coil", "discrete"]

MOST = {"holding": 125, "input": 125, "coil": 2000, "discrete": 2000}  # V1.1b3, sections 6.1-6.4


@dataclass(frozen=True, slots=True)
class Row:
    """A signal in the plan; its number is its place in `Plan.rows`."""

    point: Point
    address: ModbusAddress

    @property
    def start(self) -> int:
        return self.point.profile.modbus_address(self.address)

    @property
    def end(self) -> int:
        return self.start + self.address.registers

    @property
    def manners(self) -> ModbusManners:
        return self.point.profile.modbus


@dataclass(frozen=True, slots=True)
class Request:
    """Read `count` registers from `start` into the memory at `base`, for rows [first, stop).

    pause_s: what the device needs before it.
    """

    unit: int
    table: Table
    start: int
    count: int
    first: int
    stop: int
    base: int
    pause_s: float = 0.0


@dataclass(slots=True, eq=False)
class Poll:
    """What one unit is asked for every `every_s`. requests: changes when one had to be split."""

    unit: int
    every_s: float
    requests: list[Request]


class Plan:
    """Every signal of a line in the order in which they are read.

    size: bytes of memory that the registers of all requests take, with the head.
    """

    def __init__(self, points: Sequence[tuple[int, Point, ModbusAddress]]) -> None:
        """points: with the Modbus unit and the address of each."""
        ordered = sorted(
            points,
            key=lambda p: (
                p[0], p[1].signal.poll_s, p[2].table, p[1].profile.modbus_address(p[2])
            ),
        )  # fmt: skip
        self.rows = [Row(point, address) for _, point, address in ordered]
        self.polls: list[Poll] = []
        self.size = HEAD
        first = 0
        for (unit, every_s), group in groupby(ordered, lambda p: (p[0], p[1].signal.poll_s)):
            stop = first + len(list(group))
            self.polls.append(Poll(unit, every_s, self._requests(unit, first, stop)))
            first = stop

    def _requests(self, unit: int, first: int, stop: int) -> list[Request]:
        requests = []
        while first < stop:
            head = self.rows[first]
            end = head.end
            after = first + 1
            while after < stop and self._joins(head, end, self.rows[after]):
                end = max(end, self.rows[after].end)
                after += 1
            count = end - head.start
            requests.append(
                Request(
                    unit, head.address.table, head.start, count, first, after, self.size,
                    head.manners.pause_s,
                )
            )  # fmt: skip
            self.size += 2 * count
            first = after
        return requests

    def _joins(self, head: Row, end: int, row: Row) -> bool:
        """Tell whether a row is read with those from `head` on, which reach to `end`."""
        manners = head.manners
        if manners.one_by_one or row.manners != manners or row.address.table != head.address.table:
            return False
        most = MOST[head.address.table]
        if head.address.table in {"holding", "input"}:
            most = manners.most_registers
        return row.start <= end + manners.gap and max(end, row.end) - head.start <= most

    def place(self, row: int, request: Request) -> int:
        """Give the place in the memory of a row's first byte."""
        return request.base + 2 * (self.rows[row].start - request.start)

    def split(self, request: Request) -> tuple[Request, Request]:
        """Halve a request of two signals or more at its widest gap, else nearest the middle."""
        middle = (request.first + request.stop) / 2

        def gap(row: int) -> tuple[int, float]:
            end = max(each.end for each in self.rows[request.first : row])
            return self.rows[row].start - end, -abs(row - middle)

        cut = max(range(request.first + 1, request.stop), key=gap)
        return self._part(request, request.first, cut), self._part(request, cut, request.stop)

    def _part(self, request: Request, first: int, stop: int) -> Request:
        start = self.rows[first].start
        end = max(row.end for row in self.rows[first:stop])
        base = self.place(first, request)
        return replace(request, start=start, count=end - start, first=first, stop=stop, base=base)
