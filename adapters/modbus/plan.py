"""What to ask for: neighbouring registers of a unit merged into few requests, made once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from adapters.contract import Point
from adapters.modbus.address import ModbusAddress, ModbusManners
from adapters.modbus.codec import Layout, layout_of

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
class Span:
    """`count` registers of a unit from `start`. pause_s: what the device needs before a request."""

    unit: int
    table: Table
    start: int
    count: int
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """Read a span for the rows [first, stop). layout, signal: what its answer is decoded with."""

    span: Span
    first: int
    stop: int
    layout: Layout
    signal: NDArray[np.uint32]


@dataclass(slots=True, eq=False)
class Poll:
    """What one unit is asked for every `every_s`. requests: changes when one had to be split."""

    unit: int
    every_s: float
    requests: list[Request]


class Plan:
    """Every signal of a line in the order in which they are read."""

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
            requests.append(self._request(unit, first, after))
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

    def _request(self, unit: int, first: int, stop: int) -> Request:
        rows = self.rows[first:stop]
        start = rows[0].start
        count = max(row.end for row in rows) - start
        span = Span(unit, rows[0].address.table, start, count, rows[0].manners.pause_s)
        layout = layout_of(tuple((row.address, 2 * (row.start - start)) for row in rows))
        signal = np.array([row.point.number for row in rows], np.uint32)
        return Request(span, first, stop, layout, signal)

    def split(self, request: Request) -> tuple[Request, Request]:
        """Halve a request of two signals or more at its widest gap, else nearest the middle."""
        middle = (request.first + request.stop) / 2

        def gap(row: int) -> tuple[int, float]:
            end = max(each.end for each in self.rows[request.first : row])
            return self.rows[row].start - end, -abs(row - middle)

        unit = request.span.unit
        cut = max(range(request.first + 1, request.stop), key=gap)
        return self._request(unit, request.first, cut), self._request(unit, cut, request.stop)
