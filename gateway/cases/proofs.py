"""What there is to show that a case is done, and the closing that needs nobody."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.case import CaseState
from core.clock import Clock
from core.evidence import EvidenceKind, Grade
from core.proof import ASKED, MINUTE, Judged, Proof, Verdict, missing_proof
from core.text import Text
from gateway.cases.answers import answer_all
from gateway.cases.desk import Desk, open_desk
from gateway.cases.rows import case_of, keep_case
from gateway.cases.witness import Witness
from gateway.registry.directory import Directory, History
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.case_tables import AppealRow, CaseRow, EvidenceRow, IncidentRow, TimelineRow
from gateway.storage.database import Database
from gateway.storage.failures import patiently

log = structlog.get_logger()

LOOK_EVERY_S = 10.0
AT_ONCE = 200  # cases a look; the others have their turn at the next ones
FEW = 20  # names of what is still active: more than that nobody reads
BROUGHT = tuple(ASKED)

SHOWN: Text = {
    "ru": "{label}: {value}, так уже {held} мин",
    "en": "{label}: {value}, for {held} min by now",
}
CLOSED: Text = {
    "ru": "Проверено и закрыто без участия людей: доказательств достаточно",
    "en": "Verified and closed by itself: the proof is sufficient",
}


async def proof_of(
    session: AsyncSession, row: CaseRow, witness: Witness, signs: tuple[Judged, ...]
) -> Proof:
    """Gather what there is. What was brought before the work was sent back counts no more."""
    active = await session.scalars(
        select(IncidentRow.name)
        .where(IncidentRow.case_id == row.id, IncidentRow.cleared_at.is_(None))
        .order_by(IncidentRow.id)
        .limit(FEW)
    )
    brought = (
        select(EvidenceRow.kind, func.min(EvidenceRow.grade))
        .where(EvidenceRow.case_id == row.id, EvidenceRow.by_staff, EvidenceRow.kind.in_(BROUGHT))
        .group_by(EvidenceRow.kind)
    )
    if (since := await sent_back(session, row)) is not None:
        brought = brought.where(EvidenceRow.at >= since)
    return Proof(
        rule=witness.rule_of(row),
        incidents=row.incidents,
        active=tuple(active),
        returned=row.proved_at is not None,
        signs=signs,
        brought={
            EvidenceKind(kind): Grade(grade) for kind, grade in await session.execute(brought)
        },
    )


async def sent_back(session: AsyncSession, row: CaseRow) -> datetime | None:
    """Give when the work was last sent back, if it was."""
    found: datetime | None = await session.scalar(
        select(func.max(TimelineRow.at)).where(
            TimelineRow.case_id == row.id, TimelineRow.kind.in_(("reopen", "reopened"))
        )
    )
    return found


def joined(texts: Sequence[Text]) -> Text:
    """Give the sentences as one text."""
    return {language: " ".join(text[language] for text in texts) for language in ("ru", "en")}


def keep_signs(desk: Desk, row: CaseRow, signs: Sequence[Judged]) -> None:
    """Put what devices showed among the evidence of the case."""
    for each in signs:
        if each.verdict is Verdict.HOLDS and each.value is not None:
            value = f"{each.value:g} {each.unit}".strip()
            held = f"{each.sign.held_for / MINUTE:g}"
            desk.show(row, SHOWN, desk.now, label=each.sign.label, value=value, held=held)


class Verification:
    """Closes what was reported done and is proved, without a person."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        registry: CurrentRegistry,
        *,
        directory: Directory,
        history: History,
    ) -> None:
        self._database = database
        self._clock = clock
        self._registry = registry
        self._directory = directory
        self._history = history
        self._after = 0  # the case that was looked at last

    async def run(self) -> None:
        """Look every ten seconds, for as long as the gateway runs."""
        while True:
            await patiently(self.look)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Close those of the next cases that are proved."""
        # Where an applicant has said that it is not fixed, a person closes it.
        doubted = exists().where(AppealRow.case_id == CaseRow.id, AppealRow.fixed.is_(False))
        async with self._database.reading() as session:
            found = await session.scalars(
                select(CaseRow)
                .where(
                    CaseRow.state == CaseState.RESOLVED,
                    CaseRow.active_incidents == 0,
                    CaseRow.id > self._after,
                    ~doubted,
                )
                .order_by(CaseRow.id)
                .limit(AT_ONCE)
            )
            rows = found.all()
        self._after = rows[-1].id if len(rows) == AT_ONCE else 0
        for row in rows:
            await self._look_at(row)

    async def _look_at(self, seen: CaseRow) -> None:
        witness = self._witness()
        signs = await witness.signs_of(seen)
        async with self._database.reading() as session:
            if not _suffices(seen, await proof_of(session, seen, witness, signs), witness.now):
                return
        async with self._database.transaction() as session:
            desk = await open_desk(session, self._clock.now(), self._registry.snapshot)
            row = await session.get_one(CaseRow, seen.id)
            proof = await proof_of(session, row, witness, signs)
            if row.version != seen.version or not _suffices(row, proof, desk.now):
                return  # somebody was faster
            case = case_of(row, desk.rules)
            case.close(desk.now, proof)
            keep_case(case, row)
            row.open_key = None
            keep_signs(desk, row, signs)
            desk.say(row, "close", CLOSED)
            await answer_all(desk, row, proved=True)
            await desk.finish()
        log.info("case closed by its proof", case=row.id)

    def _witness(self) -> Witness:
        return Witness(
            self._registry.snapshot,
            self._directory,
            self._history,
            self._clock.now(),
        )


def _suffices(row: CaseRow, proof: Proof, now: datetime) -> bool:
    """Tell whether nobody has to look at it: a file from a gallery is for a person to judge."""
    if missing_proof(proof):
        return False
    if proof.by_devices:
        quiet = now - row.proved_at if row.proved_at is not None else timedelta.max
        return quiet >= proof.rule.returned_for
    return any(proof.brought[kind] <= Grade.B for kind in proof.rule.accepts & set(proof.brought))
