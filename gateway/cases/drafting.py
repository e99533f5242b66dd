"""Answers drafted from facts: who did what and when and what proves it, or by when it will be."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.answer import GAP, AnswerKind
from core.category import category
from core.deadline import RESOLVE
from core.deadline_rule import Regime
from core.evidence import EvidenceKind
from core.text import Text, filled
from gateway.cases.appeal_clocks import due_if_extended
from gateway.cases.desk import Desk
from gateway.cases.rows import clock_of
from gateway.storage.case_tables import AppealRow, CaseRow, EvidenceRow

LATER: Text = {"ru": GAP, "en": GAP}  # what a person has to write
PROVED_BY: Mapping[str, Text] = {
    EvidenceKind.PHOTO: {"ru": "фотография сделанной работы", "en": "a photo of the work done"},
    EvidenceKind.ACT: {"ru": "подписанный акт", "en": "a signed act"},
}


async def draft(desk: Desk, case: CaseRow, appeal: AppealRow, kind: AnswerKind) -> Text:
    """Give the answer as its template and the facts have it; "…" stands for what is not known."""
    zone = desk.registry.deadlines.zone
    until = due_if_extended(appeal, desk.now, desk.rules)
    template = desk.registry.answers.templates.text(kind, Regime(appeal.regime))
    return filled(
        template,
        number=appeal.number,
        category=category(appeal.category).name,
        address=desk.registry.address_of(appeal.place)
        if appeal.place in desk.registry.places
        else case.address,
        filed=day(appeal.filed_at, zone),
        executor=case.executor_name or LATER,
        due=_due(desk, case, zone),
        measure=desk.registry.answers.templates.measure(case.category) or LATER,
        done=moment(case.closed_at, zone) if case.closed_at else LATER,
        proof=await _proof(desk.session, case),
        today=day(desk.now, zone),
        until=day(until, zone) if until else LATER,
        reason=LATER,
        link=GAP,
    )


async def has_facts(desk: Desk, case: CaseRow) -> bool:
    """Tell whether a final answer can be drafted without a person."""
    measure = desk.registry.answers.templates.measure(case.category)
    return measure is not None and await _proof(desk.session, case) != LATER


def day(at: datetime, zone: ZoneInfo) -> Text:
    local = at.astimezone(zone)
    return {"ru": f"{local:%d.%m.%Y}", "en": f"{local:%Y-%m-%d}"}


def moment(at: datetime, zone: ZoneInfo) -> Text:
    local = at.astimezone(zone)
    return {"ru": f"{local:%d.%m.%Y %H:%M}", "en": f"{local:%Y-%m-%d %H:%M}"}


def _due(desk: Desk, case: CaseRow, zone: ZoneInfo) -> Text:
    for row in case.clocks:
        if row.name == RESOLVE:
            return moment(clock_of(row, desk.rules).due_at(desk.now), zone)
    return LATER


async def _proof(session: AsyncSession, case: CaseRow) -> Text:
    """Give the newest that devices showed, or that those who did the work brought."""
    await session.flush()
    newest = await session.scalar(
        select(EvidenceRow)
        .where(EvidenceRow.case_id == case.id, EvidenceRow.by_staff)
        .order_by(EvidenceRow.id.desc())
        .limit(1)
    )
    if newest is None:
        return LATER
    return PROVED_BY.get(newest.kind) or newest.text or LATER
