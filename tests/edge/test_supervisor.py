import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

import edge.supervisor
from adapters.contract import DeviceState, Item, Point
from core.clock import SystemClock
from core.errors import Permanent, Retryable
from core.readings import Readings
from edge.supervisor import LineState, Supervisor
from tests.edge.stand import FedLine, eventually, make_inventory


@dataclass
class KeepingLine(FedLine):
    """A line whose device kept what was not read. told: how it answers, an error or None; it hangs
    where there is nothing. asked: the moments between which it was asked for."""

    told: "asyncio.Queue[Exception | None]" = field(default_factory=asyncio.Queue)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)

    async def history(
        self, _points: Sequence[Point], start: datetime, end: datetime
    ) -> AsyncIterator[Readings]:
        self.asked.append((start, end))
        if error := await self.told.get():
            raise error
        yield BLOCK


BLOCK = Readings.of(0, 0, 0.0, 0, 0)


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge.supervisor, "FIRST_PAUSE_S", 0.02)


def supervised(
    lines: dict[str, FedLine],
    test: Callable[[Supervisor, list[Item]], Awaitable[None]],
) -> None:
    """Run a test with one line a device; give it what came through."""

    async def main() -> None:
        got: list[Item] = []

        async def put(item: Item) -> None:
            got.append(item)

        supervisor = Supervisor(put, SystemClock(), lambda name: lines[name].open(name))
        running = asyncio.create_task(supervisor.run(make_inventory(*lines)))
        await test(supervisor, got)
        running.cancel()
        await asyncio.wait([running])
        assert all(line.opened == line.closed for line in lines.values())

    asyncio.run(main())


def test_a_lost_line_is_told_once_and_opened_again() -> None:
    line = FedLine()

    async def test(supervisor: Supervisor, got: list[Item]) -> None:
        line.queue.put_nowait(BLOCK)
        await eventually(lambda: got == [BLOCK])
        line.queue.put_nowait(Retryable("cut"))
        await eventually(lambda: line.opened == 2)
        line.queue.put_nowait(Retryable("cut again, before anything came"))
        await eventually(lambda: line.opened == 3)
        told = [(item.device, item.online, item.reason) for item in got if item is not BLOCK]
        assert told == [("heat-1", False, "cut")]
        line.queue.put_nowait(BLOCK)
        await eventually(lambda: supervisor.lines["line-heat-1"].state is LineState.UP)
        assert supervisor.lines["line-heat-1"].error == ""

    supervised({"heat-1": line}, test)


def test_what_a_line_dropped_before_it_was_lost_still_counts() -> None:
    line = FedLine(dropped=3)

    async def test(supervisor: Supervisor, _got: list[Item]) -> None:
        line.queue.put_nowait(Retryable("cut"))
        await eventually(lambda: line.opened == 2)
        line.dropped = 4  # on the new connection
        assert supervisor.lines["line-heat-1"].dropped == 7

    supervised({"heat-1": line}, test)


def test_a_refused_line_is_left_alone_while_a_lost_one_is_tried_again() -> None:
    refused, lost = FedLine(refusal=Permanent("wrong password")), FedLine()

    async def test(supervisor: Supervisor, got: list[Item]) -> None:
        state = supervisor.lines
        await eventually(lambda: state and state["line-heat-1"].state is LineState.REFUSED)
        refused.refusal = None
        lost.queue.put_nowait(Retryable("cut"))
        lost.queue.put_nowait(Retryable("cut"))
        lost.queue.put_nowait(Retryable("cut"))
        await eventually(lambda: lost.opened == 4)
        assert refused.opened == 0
        assert [item.reason for item in got if isinstance(item, DeviceState)] == [
            "wrong password",
            "cut",
        ]

    supervised({"heat-1": refused, "heat-2": lost}, test)


def test_a_bug_in_one_adapter_leaves_the_other_lines_alone() -> None:
    broken, sound = FedLine(), FedLine()

    async def test(supervisor: Supervisor, got: list[Item]) -> None:
        broken.queue.put_nowait(ZeroDivisionError("a bug"))
        await eventually(lambda: broken.opened == 2)
        sound.queue.put_nowait(BLOCK)
        await eventually(lambda: BLOCK in got)
        assert sound.opened == 1
        assert supervisor.lines["line-heat-1"].error == "ZeroDivisionError: a bug"

    supervised({"heat-1": broken, "heat-2": sound}, test)


def test_a_stream_that_just_ends_is_a_lost_line() -> None:
    line = FedLine()

    async def test(supervisor: Supervisor, got: list[Item]) -> None:
        line.queue.put_nowait(None)
        await eventually(lambda: line.opened == 2)
        assert supervisor.lines["line-heat-1"].state is LineState.LOST
        assert len(got) == 1

    supervised({"heat-1": line}, test)


def test_a_gap_whose_filling_was_cut_is_asked_for_again() -> None:
    line = KeepingLine()
    asked_again(line)
    assert line.asked[0] == line.asked[1]
    assert line.asked[1][1] <= line.asked[2][0]


def test_a_gap_whose_filling_failed_with_the_line_is_asked_for_again() -> None:
    line = KeepingLine()
    line.told.put_nowait(Retryable("cut"))
    asked_again(line)
    assert line.asked[0] == line.asked[1]


def asked_again(line: KeepingLine) -> None:
    """Cut a line twice, the second time while its first gap is being filled."""

    async def test(supervisor: Supervisor, _got: list[Item]) -> None:
        line.queue.put_nowait(BLOCK)
        line.queue.put_nowait(Retryable("cut"))
        await eventually(lambda: line.opened == 2)
        line.queue.put_nowait(BLOCK)
        await eventually(lambda: line.asked)
        line.queue.put_nowait(Retryable("cut again"))
        await eventually(lambda: line.opened == 3)
        line.told.put_nowait(None)
        line.told.put_nowait(None)
        line.queue.put_nowait(BLOCK)
        await eventually(lambda: len(line.asked) == 3)
        await eventually(lambda: not supervisor.lines["line-heat-1"].missed.gaps)

    supervised({"heat-1": line}, test)
