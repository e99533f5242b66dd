"""What dispatchers do where the machine does not know, or was wrong: say what an appeal is about,
put cases together, tell them apart, take a message of several troubles apart."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from core.actor import Actor, Role
from core.appeal import MARKUP, plain
from core.case import CaseState
from core.category import CATEGORIES, UNCLEAR, Category
from core.deadline_rule import Moment
from core.errors import DomainError
from core.text import Text
from gateway.cases.appeal_clocks import happened
from gateway.cases.changes import hanging
from gateway.cases.desk import SYSTEM, Desk, Subject
from gateway.cases.joining import Matter, OpenCases
from gateway.cases.merging import merge, recount, separate
from gateway.cases.rows import case_of, keep_case
from gateway.cases.work import find_case, refuse_stale, write_note
from gateway.storage.case_tables import AppealRow, CaseRow, EvidenceRow

CLASSIFIED: Text = {"ru": "Вид обращения: {category}", "en": "It is about: {category}"}
SPLIT: Text = {
    "ru": "Обращения {numbers} вынесены в заявку {case}",
    "en": "Appeals {numbers} went to case {case}",
}
TAKEN_APART: Text = {
    "ru": "Из обращения {number} выделено {part}",
    "en": "{part} was taken out of appeal {number}",
}
MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class Trouble:
    """One of several that a message tells of: its words and its category."""

    text: str
    category: str


async def classify(
    desk: Desk, actor: Actor, number: int, code: str, *, version: int, note: str
) -> int:
    """Say what a case's appeals are about: it is routed by that, and joins what is known of it.

    Give the number of the case in which they are then."""
    row = await _found(desk, actor, number, version)
    case = case_of(row, desk.rules)
    chosen, former = _offered(code), row.category
    case.classify(chosen, desk.now)
    keep_case(case, row)
    appeals = await hanging(desk.session, AppealRow, [row.id])
    for appeal in appeals:
        if appeal.category in (former, UNCLEAR):
            appeal.category, appeal.category_by = chosen.code, actor.name
    row.title, row.touched = dict(chosen.name), True
    if not row.incidents:
        row.severity = chosen.severity
    desk.say(row, "classified", CLASSIFIED, by=actor.name, category=chosen.name)
    desk.route(case, row)
    keep_case(case, row)
    write_note(desk, row, actor, note)
    into = await _join(desk, row, appeals) if appeals and not row.incidents else row
    await desk.finish()
    return into.id


async def put_together(
    desk: Desk, actor: Actor, number: int, into: int, *, version: int, note: str
) -> None:
    """Let the case `into` take over another one."""
    row = await _found(desk, actor, number, version)
    other = await find_case(desk.session, actor, into)
    if row is other:
        raise DomainError("invalid", f"Case {number} is already one. Name another case.")
    _refuse_merged(other)
    if CaseState.CLOSED in (row.state, other.state):
        raise DomainError("case_state", "A closed case cannot be merged. Reopen it first.")
    if not desk.has_same_home(row.place_path, other.place_path):
        raise DomainError(
            "other_municipality",
            "The cases are of two municipalities: whose people could not see it.",
        )
    desk.take(row)
    await merge(desk, [row], other, by=actor.name)
    other.touched = True
    write_note(desk, other, actor, note)
    await desk.finish()


async def tell_apart(
    desk: Desk, actor: Actor, number: int, merge_number: int, *, version: int, note: str
) -> None:
    """Let a case give back what it took over."""
    row = await _found(desk, actor, number, version)
    victim = await separate(desk, row, merge_number, actor.name)
    write_note(desk, victim, actor, note)
    await desk.finish()


async def split(
    desk: Desk, actor: Actor, number: int, appeals: Sequence[str], *, version: int, note: str
) -> int:
    """Give the number of a new case with these appeals of a case. Put together, it is undone."""
    row = await _found(desk, actor, number, version)
    found = await desk.session.scalars(
        select(AppealRow)
        .where(AppealRow.case_id == row.id, AppealRow.number.in_(appeals))
        .order_by(AppealRow.filed_at, AppealRow.id)
    )
    moved = found.all()
    if len(moved) != len(set(appeals)):
        raise DomainError(
            "no_such_appeal", f"Case {number} does not have all of these. Look again."
        )
    if len(moved) == row.appeals and not row.incidents:
        raise DomainError("invalid", f"Then nothing would be left of case {number}.")
    fresh = _open_for(desk, moved[0], CATEGORIES[moved[0].category])
    for appeal in moved:
        appeal.case = fresh
    pieces = await desk.session.scalars(
        select(EvidenceRow).where(EvidenceRow.appeal_id.in_([appeal.id for appeal in moved]))
    )
    for piece in pieces:
        piece.case = fresh
    await recount(desk, row, fresh)
    row.touched = fresh.touched = True
    numbers = ", ".join(appeal.number for appeal in moved)
    for case in (row, fresh):
        desk.say(case, "split", SPLIT, by=actor.name, numbers=numbers, case=str(fresh.id))
    write_note(desk, fresh, actor, note)
    await desk.finish()
    return fresh.id


async def take_apart(
    desk: Desk,
    actor: Actor,
    number: int,
    appeal_number: str,
    troubles: Sequence[Trouble],
    *,
    version: int,
) -> list[int]:
    """Make an appeal of its own of each trouble that a message tells of, beside the whole one.

    Each has the author, the regime, the clocks and the key of the whole message, and its case. Give
    the numbers of their cases.
    """
    row = await _found(desk, actor, number, version)
    whole = await desk.session.scalar(
        select(AppealRow).where(AppealRow.case_id == row.id, AppealRow.number == appeal_number)
    )
    if whole is None:
        raise DomainError("no_such_appeal", f"Case {number} has no appeal {appeal_number}.")
    if whole.part_of is not None:
        raise DomainError("invalid", f"{appeal_number} is a part. Take the whole message apart.")
    parts = select(func.count()).where(AppealRow.part_of == whole.id)
    taken = await desk.session.scalar(parts) or 0
    if taken + len(troubles) > MOST_PARTS:
        raise DomainError("too_many", f"An appeal has at most {MOST_PARTS} parts.")
    wanted = [(_words(trouble.text), _offered(trouble.category)) for trouble in troubles]
    matters = [_matter(desk, whole, category, text) for text, category in wanted]
    known = await OpenCases.load(desk, matters)
    cases = []
    for at, ((text, category), matter) in enumerate(zip(wanted, matters, strict=True), taken + 2):
        part = _part(desk, whole, f"{whole.number}/{at}", text, category, by=actor.name)
        case = known.about(matter) or _open_for(desk, part, category)
        known.add(case, matter)
        desk.add_appeal(case, part)
        desk.say(row, "split", TAKEN_APART, by=actor.name, number=whole.number, part=part.number)
        cases.append(case)
    whole.parts, row.touched = [], True
    await desk.finish()
    return [case.id for case in cases]


async def _found(desk: Desk, actor: Actor, number: int, version: int) -> CaseRow:
    row = await find_case(desk.session, actor, number)
    if actor.role not in (Role.DISPATCHER, Role.ADMINISTRATOR):
        raise DomainError("forbidden", "Cases are sorted by dispatchers. Ask yours to do it.")
    refuse_stale(row, version)
    _refuse_merged(row)
    return row


def _refuse_merged(row: CaseRow) -> None:
    if row.merged_into is not None:
        raise DomainError("case_merged", f"Case {row.id} is now part of case {row.merged_into}.")


def _offered(code: str) -> Category:
    known = CATEGORIES.get(code)
    if known is None or not known.offered:
        raise DomainError("unknown_category", f"{code!r} is not a category; choose one of the list")
    return known


def _words(text: str) -> str:
    words = plain(text)
    if not words or MARKUP.search(words):
        raise DomainError("invalid", "Say in plain words what the part is about.")
    return words


async def _join(desk: Desk, row: CaseRow, appeals: Sequence[AppealRow]) -> CaseRow:
    """Let the open case of the same trouble take it over, and give the one that remains."""
    matter = Matter(
        CATEGORIES[row.category], row.place, row.place_path, desk.spot(row), appeals[0].description
    )
    await desk.session.flush()
    known = await OpenCases.load(desk, [matter])
    other = known.about(matter, but=row)
    if other is None:
        return row
    desk.take(row)
    await merge(desk, [row], other, by=SYSTEM)
    return other


def _matter(desk: Desk, appeal: AppealRow, category: Category, text: str) -> Matter:
    spot = desk.registry.spot_of_place(appeal.place) or _position(appeal)
    return Matter(category, appeal.place, appeal.place_path, spot, text)


def _position(appeal: AppealRow) -> tuple[float, float] | None:
    if appeal.latitude is None or appeal.longitude is None:
        return None
    return appeal.latitude, appeal.longitude


def _open_for(desk: Desk, appeal: AppealRow, category: Category) -> CaseRow:
    """Open a case for an appeal that came earlier: its clocks run since then."""
    return desk.open_case(
        Subject(
            category=category,
            severity=category.severity,
            title=category.name,
            key=f"appeal:{category.code}|{secrets.token_hex(8)}",
            place=appeal.place,
            address=desk.registry.address_of(appeal.place),
            position=_position(appeal),
            spot=desk.registry.spot_of_place(appeal.place) or _position(appeal),
            since=appeal.filed_at,
        )
    )


def _part(
    desk: Desk, whole: AppealRow, number: str, text: str, category: Category, *, by: str
) -> AppealRow:
    same = (
        "key_hash", "address", "place", "place_path", "latitude", "longitude", "filed_at",
        "channel", "regime", "name", "email", "phone",
    )  # fmt: skip
    row = AppealRow(
        **{name: getattr(whole, name) for name in same},
        number=number,
        part_of=whole.id,
        description=text,
        category=category.code,
        category_by=by,
        suggestions=[],
        facts={},
        urgent=[],
        parts=[],
        clocks=[],
    )
    happened(row, (Moment.RECEIVED, Moment.REGISTERED), whole.filed_at, desk.rules)
    return row
