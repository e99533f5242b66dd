"""What comes from the edges becomes incidents, and incidents become work.

An edge owns whether a condition is active; everything after that is decided here, once a block of
events, within the transaction that also records the block as taken.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.wire import STILL, ActiveSet, CommandResult, Condition, WireEvent
from core.clock import Clock
from core.errors import DomainError
from gateway.cases import acknowledgements, commands
from gateway.cases.desk import open_desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.facts import Fact, facts
from gateway.cases.incident_block import Block
from gateway.cases.meaning import Births
from gateway.cases.stills import keep_still
from gateway.registry.snapshot import CurrentRegistry


class Intake:
    """Takes blocks of events. One instance serves the process."""

    def __init__(
        self, clock: Clock, registry: CurrentRegistry, births: Births, evidence: EvidenceFiles
    ) -> None:
        self._clock = clock
        self._registry = registry
        self._births = births
        self._evidence = evidence

    async def take_events(
        self, session: AsyncSession, edge: str, events: Sequence[WireEvent]
    ) -> None:
        """Turn the events of one block into incidents, cases and results of commands.

        The caller gives each block once, by its number, and in order; times of sources decide
        nothing, for a meter's minute may hold two changes. All of it is in the caller's
        transaction.
        """
        if not self._registry.snapshot.places:
            raise DomainError("no_registry", "nothing can happen anywhere before the first import")
        desk = await open_desk(session, self._clock.now(), self._registry.snapshot)
        block = Block(desk, edge, self._births)
        about = [
            fact
            for event in events
            for fact in facts(event)
            if await block.may_tell_of(fact.device)
        ]
        await block.load(about, full=any(isinstance(event, ActiveSet) for event in events))
        for event in events:
            for fact in facts(event):
                if await block.may_tell_of(fact.device):
                    await self._take(block, fact)
            if (
                isinstance(event, Condition)
                and event.condition == STILL
                and await block.may_tell_of(event.device)
            ):
                await keep_still(session, self._registry.snapshot, event)
            if (
                isinstance(event, Condition)
                and event.acknowledged
                and await block.may_tell_of(event.device)
            ):
                await block.acknowledge(event)
            if isinstance(event, ActiveSet):
                block.clear_others(event)
            if isinstance(event, CommandResult):
                await commands.take_result(session, self._clock, self._births, edge, event)
                await acknowledgements.take_result(desk, edge, event)
        await block.desk.finish()

    async def take_own(self, session: AsyncSession, edge: str, own: Sequence[Fact]) -> None:
        """Take what the gateway itself has found out about devices of one edge.

        All of it is in the caller's transaction.
        """
        desk = await open_desk(session, self._clock.now(), self._registry.snapshot)
        block = Block(desk, edge, self._births)
        await block.load(own)
        for fact in own:
            await self._take(block, fact)
        await block.desk.finish()

    async def _take(self, block: Block, fact: Fact) -> None:
        if not fact.active:
            block.clear(fact)
            return
        if not block.is_news(fact) or block.adds(fact):
            return
        subject = block.subject(fact)
        kind = subject.asset.kind if subject.asset else ""
        meaning = await block.meaning(fact, kind)
        still = await self._evidence.put(fact.still) if fact.still else ""
        await block.raise_(fact, subject, meaning, still)
