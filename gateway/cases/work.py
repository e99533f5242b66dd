"""What people do with cases and incidents, and what they see of them.

Every function takes the actor; what they may not see does not exist for them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeVar

from sqlalchemy import case as when
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, raiseload

from core.actor import Actor, Role
from core.appeal import MARKUP, plain
from core.case import OPEN_TO_CLASSIFY, PERMITTED, Case, CaseState, Verb, allowed_verbs
from core.deadline_rule import Moment
from core.errors import DomainError, NotVisible
from core.escalation import LEVELS as LEVELS_UP
from core.escalation import Level
from core.priority import LEVELS
from core.proof import Proof, missing_proof
from core.text import Text
from gateway.api import case_models
from gateway.cases import acknowledgements
from gateway.cases.answers import answer_all
from gateway.cases.appeal_clocks import happened_to_case
from gateway.cases.checklists import refuse_unfinished
from gateway.cases.contests import may_contest, show_contest
from gateway.cases.desk import Desk
from gateway.cases.folding import asset_key
from gateway.cases.proofs import joined, keep_signs, proof_of
from gateway.cases.rows import (
    case_of,
    keep_case,
    show_appeal,
    show_case,
    show_case_detail,
    show_incident,
)
from gateway.cases.witness import Witness
from gateway.storage.case_tables import (
    AppealRow,
    BreachRow,
    CaseRow,
    EvidenceRow,
    IncidentRow,
    MergeRow,
    TimelineRow,
)
from gateway.storage.visibility import visible_to

Shown = Literal["open", "closed", "all"]
AT_MOST = 5000  # rows of a list: a page that shows more helps nobody

DID: dict[Verb, Text] = {
    Verb.ACCEPT: {"ru": "Принято в работу", "en": "Accepted"},
    Verb.RESOLVE: {"ru": "Сообщено о выполнении", "en": "Reported done"},
    Verb.CLOSE: {"ru": "Проверено и закрыто", "en": "Verified and closed"},
    Verb.REOPEN: {"ru": "Возвращено в работу", "en": "Reopened"},
}
NEED_PROOF = frozenset({Verb.RESOLVE, Verb.CLOSE})
WANTED: Text = {
    "ru": "Чтобы закрыть, ещё нужно: {missing}",
    "en": "Before it can be closed: {missing}",
}
NOTED: Text = {"ru": "{note}", "en": "{note}"}
TOLD = ~or_(IncidentRow.shelved, IncidentRow.suppressed, IncidentRow.out_of_service)

Part = TypeVar("Part", IncidentRow, AppealRow, EvidenceRow)


# ---- what they see --------------------------------------------------------------------------


async def list_cases(
    session: AsyncSession,
    now: datetime,
    actor: Actor,
    shown: Shown,
    told: Level | None = None,
) -> list[case_models.CaseRow]:
    """Give the worklist: the most urgent first, of equal ones the oldest.

    told: only what this level, or one above it, was told of.
    """
    states = {
        "open": CaseRow.state != CaseState.CLOSED,
        "closed": CaseRow.state == CaseState.CLOSED,
    }
    urgency = when(
        {level.value: place for place, level in enumerate(LEVELS)}, value=CaseRow.priority
    )
    query = (
        select(CaseRow)
        .where(visible_to(actor, CaseRow), CaseRow.merged_into.is_(None))
        .options(raiseload(CaseRow.clocks))
        .order_by(urgency.desc(), CaseRow.opened_at)
        .limit(AT_MOST)
    )
    if shown in states:
        query = query.where(states[shown])
    if told is not None:
        query = query.where(CaseRow.escalated_to.in_(LEVELS_UP[LEVELS_UP.index(told) :]))
    return [show_case(row, now) for row in await session.scalars(query)]


async def find_case(session: AsyncSession, actor: Actor, number: int) -> CaseRow:
    """Give a case that the actor may see. NotVisible otherwise."""
    row = await session.scalar(
        select(CaseRow).where(CaseRow.id == number, visible_to(actor, CaseRow))
    )
    if row is None:
        raise NotVisible("case", number)
    return row


async def case_detail(
    session: AsyncSession, actor: Actor, number: int, witness: Witness
) -> case_models.CaseDetail:
    """Give all that is known of a case."""
    row = await find_case(session, actor, number)
    now, deadlines = witness.now, witness.registry.deadlines
    proof = await proof_of(session, row, witness, await witness.signs_of(row))
    missing = missing_proof(proof)
    timeline = select(TimelineRow).where(TimelineRow.case_id == row.id).order_by(TimelineRow.id)
    incidents = await _hanging(session, actor, IncidentRow, row)
    evidence = await _hanging(session, actor, EvidenceRow, row)
    contest = await show_contest(session, witness.registry, row)
    photos: dict[int, list[int]] = {}
    for piece in evidence:
        if piece.appeal_id is not None:
            photos.setdefault(piece.appeal_id, []).append(piece.id)
    return show_case_detail(
        row,
        now,
        allowed=_allowed(row, actor, is_proved=not missing),
        missing_proof=[dict(text) for text in missing],
        rules=deadlines.rules,
        pause_reasons=deadlines.pauses if Verb.CLOSE in PERMITTED[actor.role] else {},
        contest=contest,
        may_contest=may_contest(actor, row, contest),
        breaches=await _breaches(session, row),
        incidents=incidents,
        appeals=[
            show_appeal(appeal, photos.get(appeal.id, ()), now, deadlines.rules)
            for appeal in await _hanging(session, actor, AppealRow, row)
        ],
        evidence=evidence,
        timeline=(await session.scalars(timeline)).all(),
        merges=await _merges(session, row),
        sortable=_is_sortable(row, actor),
    )


async def list_incidents(
    session: AsyncSession,
    actor: Actor,
    *,
    active: bool | None,
    unacknowledged: bool,
    asset: str | None,
) -> list[case_models.IncidentOut]:
    """Give incidents, the newest first."""
    query = (
        select(IncidentRow)
        .where(visible_to(actor, IncidentRow))
        .order_by(IncidentRow.id.desc())
        .limit(AT_MOST)
    )
    if active is not None:
        is_active = IncidentRow.cleared_at.is_(None)
        query = query.where(is_active if active else ~is_active)
    if unacknowledged:
        query = query.where(IncidentRow.acknowledged_at.is_(None), TOLD)
    if asset is not None:
        query = query.where(IncidentRow.asset == asset)
    return [show_incident(row) for row in await session.scalars(query)]


async def find_evidence(session: AsyncSession, actor: Actor, number: int) -> EvidenceRow:
    """Give a piece of evidence that the actor may see. NotVisible otherwise."""
    row = await session.scalar(
        select(EvidenceRow).where(EvidenceRow.id == number, visible_to(actor, EvidenceRow))
    )
    if row is None:
        raise NotVisible("evidence", number)
    return row


# ---- what they do ---------------------------------------------------------------------------


async def act(
    desk: Desk,
    actor: Actor,
    number: int,
    verb: Verb,
    *,
    version: int,
    note: str,
    witness: Witness,
) -> None:
    """Take a case one step further. DomainError where the state, the role or the proof forbids, or
    an executor reports done what is not."""
    row = await find_case(desk.session, actor, number)
    refuse_stale(row, version)
    if verb is Verb.RESOLVE and actor.role is Role.EXECUTOR:
        await refuse_unfinished(desk.session, desk.registry, row)
    await move(desk, actor, row, verb, witness)
    write_note(desk, row, actor, note)
    await desk.finish()


async def move(desk: Desk, actor: Actor, row: CaseRow, verb: Verb, witness: Witness) -> None:
    """Take a case that is on the desk one step further, and say so."""
    if verb not in PERMITTED[actor.role]:
        raise DomainError("forbidden", f"Case {row.id} is not for you to {verb}.")
    if row.merged_into is not None:
        raise DomainError("case_merged", f"Case {row.id} is now part of case {row.merged_into}.")
    case = case_of(row, desk.rules)
    proof = Proof()
    if verb in NEED_PROOF:
        proof = await proof_of(desk.session, row, witness, await witness.signs_of(row))
    await _step(desk, row, case, verb, proof)
    keep_case(case, row)
    row.touched = True
    if case.state is CaseState.CLOSED:
        row.open_key = None
    elif verb is Verb.REOPEN and row.open_key is None:
        row.open_key = await free_key(desk.session, row)
    desk.say(row, verb, DID[verb], by=actor.name)
    if verb is Verb.CLOSE:
        keep_signs(desk, row, proof.signs)
        await answer_all(desk, row, proved=True)
    elif verb is Verb.RESOLVE and (missing := missing_proof(proof)):
        desk.say(row, "proof", WANTED, missing=joined(missing))


def write_note(desk: Desk, row: CaseRow, actor: Actor, note: str) -> None:
    """Put a note on the timeline, if there is anything in it."""
    if text := checked(note):
        desk.say(row, "note", NOTED, by=actor.name, note=text)


async def add_note(desk: Desk, actor: Actor, number: int, note: str) -> None:
    """Write a note on the case's timeline."""
    row = await find_case(desk.session, actor, number)
    text = checked(note)
    if not text:
        raise DomainError("invalid", "The note is empty. Write something.")
    row.touched = True
    desk.say(row, "note", NOTED, by=actor.name, note=text)
    await desk.finish()


async def acknowledge(
    desk: Desk, actor: Actor, numbers: Sequence[int], comment: str = ""
) -> list[int]:
    """Acknowledge these incidents, and give the numbers of those for which it was news.

    Each raise has a number of its own, so that nothing is covered that was not on the screen.
    """
    comment = checked(comment)
    rows = await desk.session.scalars(
        select(IncidentRow)
        .where(IncidentRow.id.in_(numbers), visible_to(actor, IncidentRow))
        .options(joinedload(IncidentRow.case))
        .order_by(IncidentRow.id)
    )
    found = rows.all()
    if missing := set(numbers) - {row.id for row in found}:
        raise NotVisible("incident", min(missing))
    fresh = [row for row in found if row.acknowledged_at is None]
    for row in fresh:
        acknowledgements.acknowledge(desk, row, actor.name)
    if comment:
        for case in {row.case_id: row.case for row in fresh if row.case}.values():
            desk.say(case, "note", NOTED, by=actor.name, note=comment)
    await acknowledgements.tell_devices(desk, fresh, comment)
    await desk.finish()
    return [row.id for row in fresh]


async def _hanging(
    session: AsyncSession, actor: Actor, kind: type[Part], row: CaseRow
) -> Sequence[Part]:
    """Give what hangs on a case and the actor may see, in the order in which it came."""
    found = await session.scalars(
        select(kind).where(kind.case_id == row.id, visible_to(actor, kind)).order_by(kind.id)
    )
    return found.all()


async def _breaches(session: AsyncSession, row: CaseRow) -> Sequence[BreachRow]:
    """Give the deadlines that were passed, of the case and of those that it took over."""
    merged = select(CaseRow.id).where(CaseRow.merged_into == row.id)
    found = await session.scalars(
        select(BreachRow)
        .where(or_(BreachRow.case_id == row.id, BreachRow.case_id.in_(merged)))
        .order_by(BreachRow.due_at)
    )
    return found.all()


async def _merges(session: AsyncSession, row: CaseRow) -> Sequence[tuple[MergeRow, CaseRow]]:
    """Give the cases that it took over and has not given back."""
    found = await session.execute(
        select(MergeRow, CaseRow)
        .join(CaseRow, MergeRow.case_id == CaseRow.id)
        .where(MergeRow.into_id == row.id, MergeRow.undone_at.is_(None))
        .order_by(MergeRow.id)
    )
    return [(merge, case) for merge, case in found]


def _is_sortable(row: CaseRow, actor: Actor) -> bool:
    is_open = row.merged_into is None and row.state in OPEN_TO_CLASSIFY
    return is_open and Verb.CLOSE in PERMITTED[actor.role]


async def _step(desk: Desk, row: CaseRow, case: Case, verb: Verb, proof: Proof) -> None:
    match verb:
        case Verb.ACCEPT:
            case.accept(desk.now)
            await happened_to_case(desk, row, Moment.ACCEPTED)
        case Verb.RESOLVE:
            case.resolve(desk.now)
        case Verb.CLOSE:
            case.close(desk.now, proof)
        case Verb.REOPEN:
            case.reopen(desk.now)
        case _:
            raise DomainError("case_state", f"{verb} has a door of its own")


def _allowed(row: CaseRow, actor: Actor, *, is_proved: bool) -> list[str]:
    """Give what this person may do now; nobody overrules a proof that is there."""
    if row.merged_into is not None:
        return []
    return [
        verb.value
        for verb in allowed_verbs(CaseState(row.state), actor.role)
        if not (verb is Verb.OVERRULE and is_proved)
    ]


def refuse_stale(row: CaseRow, version: int) -> None:
    if row.version != version:
        raise DomainError(
            "case_changed",
            f"Case {row.id} has changed since you looked (version {row.version}, yours is "
            f"{version}). Look again and repeat.",
        )


def checked(note: str) -> str:
    """Give what a person wrote, without spaces around it. DomainError where there is markup."""
    text = plain(note)
    if MARKUP.search(text):
        raise DomainError("invalid", "Remove the markup (<…>) and write plain text.")
    return text


async def free_key(session: AsyncSession, row: CaseRow) -> str:
    """Give the reopened case its key, unless a newer case of the same problem has it."""
    key = asset_key(row.asset, row.group) if row.asset else f"case:{row.id}"
    taken = await session.scalar(select(CaseRow.id).where(CaseRow.open_key == key))
    return key if taken is None else f"case:{row.id}"
