"""The one way in for what people say, whatever the channel: checked, read, joined, kept.

What comes while others are being kept is kept together with what came by then, in one transaction:
so a storm of complaints costs little more than a few of them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import lru_cache
from typing import TypeAlias

from core.appeal import Appeal, Draft, check_appeal
from core.clock import Clock
from core.registry import PlaceKind
from core.text import in_language
from gateway.cases.appeals import Heard, Receipt, file_appeals, territory_of
from gateway.cases.desk import open_desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.pictures import fit_to_show
from gateway.language.facts import FactFinder
from gateway.language.gazetteer import Entry
from gateway.language.reader import Reader, Understanding, address_of
from gateway.registry.snapshot import CurrentRegistry, RegistrySnapshot
from gateway.storage.database import Database

AT_ONCE = 100  # appeals of one transaction
WAITING = 1000  # appeals that wait for one; who comes then waits until there is room

Checked: TypeAlias = tuple[Appeal, dict[str, object]]  # with what its words state


class Filing:
    """Files what people say. `file` needs `run` beside it; `file_all` does without."""

    def __init__(
        self,
        clock: Clock,
        database: Database,
        registry: CurrentRegistry,
        *,
        reader: Reader,
        evidence: EvidenceFiles,
    ) -> None:
        self._clock = clock
        self._database = database
        self._registry = registry
        self._reader = reader
        self._evidence = evidence
        self._waiting = asyncio.Queue[tuple[Checked, asyncio.Future[Receipt]]](WAITING)

    async def file(self, draft: Draft) -> Receipt:
        """Check a draft as a whole and hang it on a case. DomainError lists every wrong field."""
        checked = self._check(draft)
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        await self._waiting.put((checked, answer))
        return await answer

    async def read(self, text: str) -> Understanding:
        """Say what words read like, without filing them."""
        (understood,) = await asyncio.to_thread(self._reader.understand, [text])
        return understood

    async def run(self) -> None:
        """File what waits, for ever."""
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            # Who has gone away meanwhile is not filed: they were told of nothing.
            batch = [(checked, answer) for checked, answer in batch if not answer.done()]
            await self._answer(batch)

    async def _answer(self, batch: Sequence[tuple[Checked, asyncio.Future[Receipt]]]) -> None:
        try:
            receipts = await self._keep([checked for checked, _ in batch])
        except Exception as error:  # noqa: BLE001 - told to those who wait, as if they had called
            if len(batch) > 1:  # one of them must not spoil the others
                for one in batch:
                    await self._answer([one])
            elif batch and not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, answer), receipt in zip(batch, receipts, strict=True):
            if not answer.done():
                answer.set_result(receipt)

    async def file_all(self, drafts: Sequence[Draft]) -> list[Receipt]:
        """File drafts in one transaction."""
        return await self._keep([self._check(draft) for draft in drafts])

    async def _keep(self, checked: Sequence[Checked]) -> list[Receipt]:
        understood = await asyncio.to_thread(
            self._reader.understand, [appeal.description for appeal, _ in checked]
        )
        heard = [
            Heard(
                appeal=appeal,
                understood=understanding,
                facts=facts,
                photos=[
                    (media, await self._evidence.put(await asyncio.to_thread(fit_to_show, content)))
                    for media, content in appeal.photos
                ],
            )
            for (appeal, facts), understanding in zip(checked, understood, strict=True)
        ]
        async with self._database.transaction() as session:
            desk = await open_desk(session, self._clock.now(), self._registry.snapshot)
            return await file_appeals(desk, heard)

    def _check(self, draft: Draft) -> Checked:
        """Give the appeal and what it states; a place that only its words tell is taken."""
        registry = self._registry.snapshot
        territory = territory_of(registry)
        facts = _finder(registry).facts(draft.description)
        has_place = draft.place or draft.address.strip() or draft.latitude is not None
        if not has_place and (place := territory.addresses.find(address_of(facts))):
            draft = replace(draft, place=place)
        stated = {
            field.name: value for field in fields(facts) if (value := getattr(facts, field.name))
        }
        return check_appeal(draft, territory), stated


@lru_cache(maxsize=2)
def _finder(registry: RegistrySnapshot) -> FactFinder:
    """Give what finds facts with the streets of a registry, made once a revision."""
    streets = [
        (node.place, registry.places[node.place.parent].place)
        for node in registry.places.values()
        if node.place.kind is PlaceKind.STREET and node.place.parent
    ]
    return FactFinder(
        Entry(in_language(above.name, language), in_language(street.name, language))
        for street, above in streets
        for language in ("ru", "en")
    )
