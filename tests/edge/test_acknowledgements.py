"""What devices keep of their conditions themselves: told to them, and told by them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from adapters import wire
from adapters.contract import Event
from core.errors import Permanent, Retryable
from edge import acknowledgements
from edge.acknowledgements import Acknowledgements
from edge.journal import Journal, open_journal
from edge.pipeline import Pipeline
from edge.spool import Spool
from edge.supervisor import Line
from tests.edge.stand import FedLine, HandClock, SpoolReader, eventually, make_inventory

OpenSpool = Callable[..., Spool]
RAISED = 990 * 10**9
EXPIRES = 1030 * 10**9  # the clock by hand says 1000 s


@dataclass
class KeepingLine(FedLine):
    """A line to a device that keeps its conditions. errors: in their order, before it takes one."""

    taken: list[tuple[str, str]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    async def acknowledge(self, condition: str, comment: str) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append((condition, comment))


def order(
    command: str = "a-1", raised_at: int = RAISED, comment: str = ""
) -> wire.AcknowledgeOrder:
    return wire.AcknowledgeOrder(
        command=command, device="heat-1", condition="dry", raised_at=raised_at, by="Anna",
        comment=comment, expires_at=EXPIRES,
    )  # fmt: skip


@dataclass
class Stand:
    """The part of an edge that acknowledges, with one line."""

    spool: Spool
    journal: Journal
    clock: HandClock
    line: Line
    acknowledgements: Acknowledgements
    pipeline: Pipeline

    def tell(
        self, *, active: bool, acknowledged: bool | None, at: int = RAISED, by: str = ""
    ) -> None:
        """Let the device tell its condition."""
        self.pipeline.put_now(Event("heat-1", "dry", active, at, acknowledged=acknowledged, by=by))
        self.pipeline.work()

    async def results(self, count: int = 1) -> list[tuple[str, str]]:
        """Wait for so many results, and give state and text."""
        async with asyncio.timeout(10):
            while len(found := await self.found()) < count:
                await asyncio.sleep(0.01)
        return found

    async def found(self) -> list[tuple[str, str]]:
        events = await SpoolReader(self.spool).events()
        return [(each.state, each.text) for each in events if isinstance(each, wire.CommandResult)]

    async def conditions(self) -> list[tuple[bool, bool | None, str]]:
        events = await SpoolReader(self.spool).events()
        return [
            (each.active, each.acknowledged, each.by)
            for each in events
            if isinstance(each, wire.Condition)
        ]


Play = Callable[[Callable[[Stand], Awaitable[None]]], None]


@pytest.fixture
def play(open_spool: OpenSpool, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Run a test; what is on the disk stays for the next."""
    monkeypatch.setattr(acknowledgements, "AGAIN_S", 0.01)

    def run(test: Callable[[Stand], Awaitable[None]]) -> None:
        async def main() -> None:
            spool = open_spool(clock)
            inventory = make_inventory("heat-1")
            endpoint = inventory.configuration.endpoints[0]
            line = Line(endpoint, inventory.points(endpoint), connection=KeepingLine())
            journal = await open_journal(spool, clock)
            part = Acknowledgements(
                {endpoint.id: line}, journal=journal, clock=clock, gateway_time=clock.time_ns
            )
            pipeline = Pipeline(inventory, spool, journal, clock)
            running = asyncio.create_task(part.run())
            await test(Stand(spool, journal, clock, line, part, pipeline))
            running.cancel()
            await asyncio.wait([running])
            await spool.close()

        asyncio.run(main())

    return run


@pytest.mark.parametrize(("comment", "said"), [("", "Anna"), ("on my way", "Anna: on my way")])
def test_the_device_is_told_who_it_was_and_what_they_say(
    play: Play, comment: str, said: str
) -> None:
    async def test(here: Stand) -> None:
        here.tell(active=True, acknowledged=False)
        here.acknowledgements.take(order(comment=comment))
        assert await here.results() == [("confirmed", "")]
        assert here.line.connection.taken == [("heat-1.dry", said)]  # type: ignore[union-attr]

    play(test)


def test_what_was_raised_again_since_is_not_acknowledged(play: Play) -> None:
    async def test(here: Stand) -> None:
        here.tell(active=True, acknowledged=False, at=RAISED + 1000)
        here.acknowledgements.take(order())
        assert await here.results() == [("refused", "It was raised again since; look at it anew.")]
        assert here.line.connection.taken == []  # type: ignore[union-attr]

    play(test)


def test_a_raise_is_known_by_its_microsecond(play: Play) -> None:
    async def test(here: Stand) -> None:
        here.tell(active=True, acknowledged=False, at=RAISED + 900)
        here.acknowledgements.take(order())
        assert await here.results() == [("confirmed", "")]

    play(test)


def test_a_device_that_is_away_is_told_when_it_is_back(play: Play) -> None:
    async def test(here: Stand) -> None:
        line, here.line.connection = here.line.connection, None
        here.acknowledgements.take(order())
        await asyncio.sleep(0)
        here.line.connection = line
        assert await here.results() == [("confirmed", "")]

    play(test)


def test_a_device_that_stays_away_is_told_of_when_the_time_is_over(play: Play) -> None:
    async def test(here: Stand) -> None:
        line = KeepingLine(errors=[Retryable("no answer")])
        here.line.connection = line
        here.acknowledgements.take(order())
        await eventually(lambda: not line.errors)
        here.line.connection = None
        here.clock.seconds += 30
        ((state, text),) = await here.results()
        assert (state, text) in {
            ("expired", "no answer."),
            ("expired", "The line to heat-1 is lost."),
        }

    play(test)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Permanent("user may not"), "user may not"),
        (ValueError("bug"), "The edge failed: ValueError."),
    ],
)
def test_a_refusal_is_told_with_its_reason(play: Play, error: Exception, text: str) -> None:
    async def test(here: Stand) -> None:
        here.line.connection = KeepingLine(errors=[error])
        here.acknowledgements.take(order())
        assert await here.results() == [("refused", text)]

    play(test)


def test_a_protocol_without_acknowledgement_is_refused(play: Play) -> None:
    async def test(here: Stand) -> None:
        here.line.connection = FedLine()
        here.acknowledgements.take(order())
        assert await here.results() == [("refused", "heat-1 cannot be told over its protocol.")]

    play(test)


def test_an_order_that_comes_twice_is_under_way_once(play: Play) -> None:
    async def test(here: Stand) -> None:
        here.acknowledgements.take(order())
        here.acknowledgements.take(order())
        here.acknowledgements.take(order("a-2"))
        assert await here.results(2) == [("confirmed", "")] * 2

    play(test)


def test_an_acknowledgement_at_the_device_is_told_once(play: Play) -> None:
    async def test(here: Stand) -> None:
        here.tell(active=True, acknowledged=False)
        here.tell(active=True, acknowledged=True, by="boris")
        here.tell(active=True, acknowledged=True, by="boris")
        assert await here.conditions() == [(True, False, ""), (True, True, "boris")]

    play(test)


def test_an_acknowledgement_is_told_after_a_restart_and_after_the_alarm_is_over(play: Play) -> None:
    async def raised(here: Stand) -> None:
        here.tell(active=True, acknowledged=False)
        here.tell(active=False, acknowledged=None)

    async def acknowledged(here: Stand) -> None:
        assert here.journal.unacknowledged == {("heat-1", "dry"): RAISED}
        here.tell(active=False, acknowledged=True, by="boris")
        assert (await here.conditions())[-1] == (False, True, "boris")

    async def nothing_waits(here: Stand) -> None:
        assert here.journal.unacknowledged == {}

    play(raised)
    play(acknowledged)
    play(nothing_waits)


@pytest.mark.parametrize("active", [True, False])
def test_what_a_server_acknowledges_by_itself_nobody_has_seen(play: Play, active: bool) -> None:
    async def test(here: Stand) -> None:
        here.tell(active=not active, acknowledged=False)
        here.tell(active=active, acknowledged=True)
        assert True not in [acknowledged for _, acknowledged, _ in await here.conditions()]
        assert here.journal.unacknowledged == {}

    play(test)
