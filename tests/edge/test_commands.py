import asyncio
from collections.abc import Callable

import pytest

from adapters import wire
from adapters.contract import Point
from core.errors import Permanent, Retryable
from edge.commands import Commands
from edge.journal import open_journal
from edge.spool import Spool
from edge.supervisor import Line
from edge.writing import Interlock, Writer
from tests.edge.stand import FedLine, HandClock, SpoolReader, make_inventory


def order(
    command: str = "c-1", signal: str = "setpoint", value: float = 60.0, device: str = "heat-1"
) -> wire.CommandOrder:
    expires_at = 1030 * 10**9  # the clock by hand says 1000 s
    return wire.CommandOrder(
        command=command, device=device, signal=signal, value=value, expires_at=expires_at
    )


async def told(spool: Spool, count: int) -> list[wire.WireEvent]:
    """Wait until so many events are kept, and give them."""
    async with asyncio.timeout(10):
        while len(found := await SpoolReader(spool).events()) < count:
            await spool.ask(lambda _: None)
    return found


@pytest.fixture
def obey(
    open_spool: Callable[..., Spool], clock: HandClock
) -> Callable[..., list[wire.CommandResult]]:
    """Give orders to an edge with one heat point and return what it tells of them."""

    def run(
        line: FedLine | None, *orders: wire.CommandOrder, interlocks: tuple[Interlock, ...] = ()
    ) -> list[wire.CommandResult]:
        async def main() -> list[wire.CommandResult]:
            spool = open_spool(clock)
            inventory = make_inventory("heat-1")
            endpoint = inventory.configuration.endpoints[0]
            state = Line(endpoint, inventory.points(endpoint), connection=line)
            commands = Commands(
                Writer(inventory, {endpoint.id: state}, interlocks),
                spool=spool,
                journal=await open_journal(spool, clock),
                clock=clock,
                gateway_time=clock.time_ns,
            )
            running = asyncio.create_task(commands.run())
            for number, each in enumerate(orders, 1):
                commands.take(each)
                await told(spool, number)
            found = await told(spool, max(1, len(orders)))
            running.cancel()
            await asyncio.wait([running])
            await spool.close()
            return [event for event in found if isinstance(event, wire.CommandResult)]

        return asyncio.run(main())

    return run


Obey = Callable[..., list[wire.CommandResult]]


def test_a_command_is_written_and_confirmed_with_what_was_read_back(obey: Obey) -> None:
    line = FedLine(answer=lambda value: value + 0.25)
    (result,) = obey(line, order())
    assert (result.state, result.value) == ("confirmed", 60.25)
    assert line.written == [("heat-1.setpoint", 60.0)]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (order(device="heat-9"), "This edge has no heat-9.setpoint"),
        (order(signal="colour"), "This edge has no heat-1.colour"),
        (order(signal="temperature"), "heat-1.temperature is read-only"),
        (order(value=95.0), "95 is out of range: heat-1.setpoint takes 20 to 90"),
        (order(value=float("nan")), "nan is out of range"),
        (order(signal="pump", value=2.0), "heat-1.pump has no state 2; it has 0, 1"),
    ],
)
def test_what_cannot_be_done_is_refused_unwritten(
    obey: Obey, wrong: wire.CommandOrder, text: str
) -> None:
    line = FedLine()
    (result,) = obey(line, wrong)
    assert result.state == "refused"
    assert result.text.startswith(text)
    assert line.written == []


def test_an_order_that_comes_too_late_expires(obey: Obey, clock: HandClock) -> None:
    clock.seconds += 30
    line = FedLine()
    assert [result.state for result in obey(line, order())] == ["expired"]
    assert line.written == []


def test_an_interlock_stops_a_command(obey: Obey) -> None:
    def pump_runs(point: Point, value: float) -> str:
        return f"Stop the pump before {point.name} is set to {value:g}."

    line = FedLine()
    (result,) = obey(line, order(), interlocks=(pump_runs,))
    assert result.text == "Stop the pump before heat-1.setpoint is set to 60."
    assert line.written == []


def test_without_a_line_nothing_is_sent(obey: Obey) -> None:
    (result,) = obey(None, order())
    assert (result.state, result.text) == (
        "refused",
        "The line to heat-1 is lost; nothing was sent.",
    )


def raising(error: Exception) -> Callable[[float], float]:
    def answer(_value: float) -> float:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "state"),
    [(Permanent("no"), "refused"), (Retryable("?"), "unknown"), (ValueError("bug"), "unknown")],
)
def test_each_failure_has_its_name(obey: Obey, error: Exception, state: str) -> None:
    (result,) = obey(FedLine(answer=raising(error)), order())
    assert result.state == state


def test_a_command_delivered_twice_is_obeyed_once_and_answered_twice(obey: Obey) -> None:
    line = FedLine()
    first, second = obey(line, order(), order())
    assert first == second
    assert len(line.written) == 1


def test_a_command_is_not_repeated_after_a_restart(obey: Obey) -> None:
    line = FedLine()
    obey(line, order())
    obey(line, order("c-1"), order("c-2"))
    assert [value for _, value in line.written] == [60.0, 60.0]  # c-1 and c-2


def test_a_command_that_a_killed_edge_had_begun_is_unknown(
    obey: Obey, open_spool: Callable[..., Spool], clock: HandClock
) -> None:
    async def begin() -> None:
        spool = open_spool(clock)
        await spool.ask(lambda each: each.execute("INSERT INTO commands (id) VALUES ('c-7')"))
        await spool.close()

    asyncio.run(begin())
    (result,) = obey(FedLine())
    assert (result.command, result.state) == ("c-7", "unknown")
