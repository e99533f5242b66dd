"""What to ask for: neighbouring registers of a unit merged into few requests, made once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from adapters.contract import Point
from adapters.modbus.codec import HEAD, WIDTH
from adapters.profile import ModbusAddress

Table = Literal["holding", "input", "coil", "discrete"]

MOST = {"holding": 125, "input": 125, "coil": 2000, "discrete": 2000}  # V1.1b3, sections 6.1-6.4
GAP = 8  # registers read for nothing rather than asked around: a request costs more than they do


@dataclass(frozen=True, slots=True)
class Row:
    """A signal in the plan; its number is its place in `Plan.rows`."""

    point: Point
    address: ModbusAddress

    @property
    def end(self) -> int:
        return self.address.address + WIDTH[self.address.type]


@dataclass(frozen=True, slots=True)
class Request:
    """Read `count` registers from `start` into the memory at `base`, for rows [first, stop)."""

    unit: int
    table: Table
    start: int
    count: int
    first: int
    stop: int
    base: int


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
        ordered = sorted(points, key=lambda p: (p[0], p[1].signal.poll_s, p[2].table, p[2].address))
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
            table, start, end = self._span(first)
            after = first + 1
            while after < stop:
                row = self.rows[after]
                too_far = row.address.address > end + GAP
                too_long = max(end, row.end) - start > MOST[table]
                if row.address.table != table or too_far or too_long:
                    break
                end = max(end, row.end)
                after += 1
            requests.append(Request(unit, table, start, end - start, first, after, self.size))
            self.size += 2 * (end - start)
            first = after
        return requests

    def _span(self, row: int) -> tuple[Table, int, int]:
        address = self.rows[row].address
        return address.table, address.address, self.rows[row].end

    def place(self, row: int, request: Request) -> int:
        """Give the place in the memory of a row's first byte."""
        return request.base + 2 * (self.rows[row].address.address - request.start)

    def split(self, request: Request) -> tuple[Request, Request]:
        """Halve a request of two signals or more at its widest gap, else nearest the middle."""
        middle = (request.first + request.stop) / 2

        def gap(row: int) -> tuple[int, float]:
            end = max(each.end for each in self.rows[request.first : row])
            return self.rows[row].address.address - end, -abs(row - middle)

        cut = max(range(request.first + 1, request.stop), key=gap)
        return self._part(request, request.first, cut), self._part(request, cut, request.stop)

    def _part(self, request: Request, first: int, stop: int) -> Request:
        start = self.rows[first].address.address
        end = max(row.end for row in self.rows[first:stop])
        base = self.place(first, request)
        return Request(request.unit, request.table, start, end - start, first, stop, base)
