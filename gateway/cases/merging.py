"""Two cases that are one trouble become one, and can be told apart again; nothing of them is lost.

What hung on a case hangs on the other one then: its incidents, appeals and evidence. Each appeal
keeps its clocks, its author and its answer. What moved is written down, so that it can go back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from core.case import CaseState
from core.errors import DomainError
from core.text import Text
from core.urgency import Urgency
from gateway.cases.affected import Area
from gateway.cases.changes import Part, hanging
from gateway.cases.desk import OPEN_TO_ABSORB, SHORTLY_BEFORE, SYSTEM, Desk
from gateway.cases.rows import case_of, keep_case
from gateway.storage.case_tables import AppealRow, CaseRow, EvidenceRow, IncidentRow, MergeRow

MERGED: Text = {"ru": "Вошла в заявку {number}", "en": "Merged into case {number}"}
ABSORBED: Text = {"ru": "Вошла заявка {number}: {title}", "en": "Took over case {number}: {title}"}
SEPARATED: Text = {
    "ru": "Снова отдельная заявка, вышла из {number}",
    "en": "On its own again, no longer part of case {number}",
}
GAVE_BACK: Text = {"ru": "Заявка {number} снова отдельная", "en": "Gave case {number} back"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What hangs on cases."""

    incidents: Sequence[IncidentRow]
    appeals: Sequence[AppealRow]
    evidence: Sequence[EvidenceRow]

    def of(self, case: int) -> dict[str, list[int]]:
        """Give the numbers of what hangs on one of the cases."""
        return {
            "incidents": [row.id for row in self.incidents if row.case_id == case],
            "appeals": [row.id for row in self.appeals if row.case_id == case],
            "evidence": [row.id for row in self.evidence if row.case_id == case],
        }


async def absorb(desk: Desk, row: CaseRow, area: Area, *, stops_below: bool) -> None:
    """Let a case take over the untouched cases of what it explains.

    stops_below: not only complaints, but what hangs below and was missed shortly before too.
    """
    below: Iterable[str | None] = (*area.downstream, row.asset, None) if stops_below else (None,)
    victims = [other for other in desk.open_cases(below) if _explains(desk, row, area, other)]
    await merge(desk, victims, row)


async def merge(desk: Desk, victims: Sequence[CaseRow], into: CaseRow, by: str = SYSTEM) -> None:
    """Let a case take over others. DomainError where the state of one forbids."""
    if not victims:
        return
    await desk.session.flush()
    numbers = {victim.id: victim for victim in victims}
    parts = Parts(
        await hanging(desk.session, IncidentRow, numbers),
        await hanging(desk.session, AppealRow, numbers),
        await hanging(desk.session, EvidenceRow, numbers),
    )
    had_any = into.incidents > 0
    for victim in victims:
        _close(desk, victim, into, by, parts.of(victim.id))
    for incident in parts.incidents:
        desk.moves(incident, numbers[incident.case_id or 0].executor)
        incident.case, incident.first_out = into, incident.first_out and not had_any
    for appeal in parts.appeals:
        appeal.case = into
    for piece in parts.evidence:
        piece.case = into


async def separate(desk: Desk, into: CaseRow, number: int, by: str) -> CaseRow:
    """Give the case that the merge of this number took over, as it was, with all that was its own.

    DomainError where there is none, or where it was told apart already.
    """
    row = await desk.session.get(MergeRow, number)
    if row is None or row.into_id != into.id or row.undone_at is not None:
        raise DomainError("no_such_merge", f"Case {into.id} has no such case in it. Look again.")
    if into.merged_into is not None:
        raise DomainError(
            "case_merged",
            f"Case {into.id} is part of case {into.merged_into}. Separate it from that one first.",
        )
    victim = await desk.session.get_one(CaseRow, row.case_id)
    row.undone_at, row.undone_by = desk.now, by
    case = case_of(victim, desk.rules)
    case.separate(desk.now, CaseState(row.state), row.at)
    keep_case(case, victim)
    victim.merged_into, victim.touched, into.touched = None, True, True
    victim.open_key = await _free_key(desk, victim, row.open_key)
    desk.take(victim)
    moved = row.moved
    for incident in await _still(desk, IncidentRow, moved["incidents"], into):
        desk.moves(incident, into.executor)
        incident.case = victim
    for appeal in await _still(desk, AppealRow, moved["appeals"], into):
        appeal.case = victim
    for piece in await _still(desk, EvidenceRow, moved["evidence"], into):
        piece.case = victim
    await recount(desk, into, victim)
    victim.proved_at = into.proved_at if victim.incidents else row.proved_at
    desk.say(victim, "separated", SEPARATED, by=by, number=str(into.id))
    desk.say(into, "gave_back", GAVE_BACK, by=by, number=str(victim.id))
    return victim


async def recount(desk: Desk, *rows: CaseRow) -> None:
    """Count anew what hangs on cases after something of it has moved."""
    await desk.session.flush()
    for row in rows:
        incidents = select(
            func.count(IncidentRow.id),
            func.count(IncidentRow.id).filter(IncidentRow.cleared_at.is_(None)),
            func.count(IncidentRow.id).filter(IncidentRow.acknowledged_at.is_(None)),
            func.coalesce(func.sum(IncidentRow.raises - 1), 0),
        ).where(IncidentRow.case_id == row.id)
        counted = (await desk.session.execute(incidents)).one()
        row.incidents, row.active_incidents, row.unacknowledged, row.repeats = counted
        urgent = await desk.session.scalars(
            select(AppealRow.urgent).where(AppealRow.case_id == row.id)
        )
        said = urgent.all()
        row.appeals = len(said)
        row.urgent = [kind for kind in Urgency if any(kind in kinds for kinds in said)]
        desk.touch(row)


def _close(
    desk: Desk, victim: CaseRow, into: CaseRow, by: str, moved: dict[str, list[int]]
) -> None:
    state, proved_at, key = victim.state, victim.proved_at, victim.open_key
    case = case_of(victim, desk.rules)
    case.absorb(desk.now)
    keep_case(case, victim)
    desk.session.add(
        MergeRow(
            case_id=victim.id,
            into_id=into.id,
            at=desk.now,
            by=by,
            state=state,
            open_key=key,
            proved_at=proved_at,
            moved=moved,
        )
    )
    into.incidents += victim.incidents
    into.active_incidents += victim.active_incidents
    into.unacknowledged += victim.unacknowledged
    into.repeats += victim.repeats
    into.nuisance = into.nuisance or victim.nuisance
    into.first_out = into.first_out or victim.first_out
    into.appeals += victim.appeals
    into.urgent = [kind for kind in Urgency if kind in {*into.urgent, *victim.urgent}]
    if victim.active_incidents:
        into.proved_at = None
    victim.incidents = victim.active_incidents = victim.unacknowledged = victim.appeals = 0
    victim.repeats = 0
    victim.urgent = []
    desk.put_away(victim)
    victim.merged_into = into.id
    desk.say(victim, "merged", MERGED, by=by, number=str(into.id))
    desk.say(into, "absorbed", ABSORBED, by=by, number=str(victim.id), title=victim.title)


def _explains(desk: Desk, row: CaseRow, area: Area, other: CaseRow) -> bool:
    if other is row or other.touched or other.state not in OPEN_TO_ABSORB:
        return False
    if not desk.has_same_home(other.place_path, row.place_path):
        return False
    if other.asset is None:
        return (
            other.appeals > 0
            and other.group == row.group
            and area.touches(other.place, desk.spot(other))
        )
    return (
        other.silent or other.group == row.group
    ) and other.opened_at >= desk.now - SHORTLY_BEFORE


async def _still(
    desk: Desk, kind: type[Part], numbers: Iterable[int], case: CaseRow
) -> Sequence[Part]:
    """Give those of what moved that hang on the case yet."""
    found = select(kind).where(kind.id.in_(numbers), kind.case_id == case.id)
    return (await desk.session.scalars(found)).all()


async def _free_key(desk: Desk, row: CaseRow, former: str | None) -> str:
    """Give the case its key back, unless a newer case of the same problem has it."""
    taken = await desk.session.scalar(select(CaseRow.id).where(CaseRow.open_key == former))
    return former if former and taken is None else f"case:{row.id}"
