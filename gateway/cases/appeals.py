"""What residents say becomes work: it joins the open case of its problem, or opens one."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hmac import compare_digest

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from core.address import AddressBook
from core.appeal import Appeal, Channel, Territory
from core.case import CaseState
from core.category import UNCLEAR, Category, category
from core.deadline import RESOLVE
from core.deadline_rule import DeadlineRules, Moment
from core.errors import NotVisible
from core.evidence import EvidenceKind, grade
from core.position import Position
from core.text import Text
from gateway.cases.affected import NEAR_M
from gateway.cases.answers import keep_origin
from gateway.cases.appeal_clocks import happened
from gateway.cases.desk import SYSTEM, Desk, Subject
from gateway.cases.joining import Matter, OpenCases, matter_of
from gateway.cases.planned import case_of_works
from gateway.cases.rows import clock_of
from gateway.language.reader import Understanding
from gateway.registry.nearby import nearby
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import AppealRow, CaseRow, EvidenceRow
from gateway.storage.channel_tables import OriginRow
from gateway.storage.delivery_tables import AppealKeyRow
from gateway.storage.planned_tables import PlannedWorkRow

FILED: Text = {"ru": "Обращение {number}: {category}", "en": "Appeal {number}: {category}"}
APPLICANT = "applicant"
LONGEST_ADDRESS = 300
SECRET_ENOUGH = 22  # characters of an id that only its sender knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An appeal with what was read in it. photos: media type and name of each file kept. facts:
    what it states."""

    appeal: Appeal
    understood: Understanding
    facts: Mapping[str, object]
    photos: Sequence[tuple[str, str]]

    @property
    def category(self) -> Category:
        """Give what it is about: as the applicant says, else as it reads, else it is unclear."""
        if self.appeal.category is not None:
            return self.appeal.category
        return category(
            self.understood.suggestions[0].label if self.understood.is_sure else UNCLEAR
        )

    @property
    def category_by(self) -> str:
        return "" if self.appeal.category is not None else SYSTEM


@dataclass(frozen=True, slots=True)
class Receipt:
    """key: the secret with which the applicant follows the appeal; told once, so that it is empty
    where the message was received before. joined: the problem was known already. token: for a
    system that asks for the number later."""

    number: str
    key: str
    joined: bool
    expected_at: datetime | None
    case: int
    token: str | None = None


async def file_appeals(desk: Desk, heard: Sequence[Heard]) -> list[Receipt]:
    """Hang each appeal on a case; those of one trouble come to hang on one."""
    where = [locate(desk.registry, each.appeal) for each in heard]
    matters = [
        matter_of(
            desk.registry, each.category, place, each.appeal.position, each.appeal.description
        )
        for each, (place, _) in zip(heard, where, strict=True)
    ]
    known = await OpenCases.load(desk, matters)
    before = await _received_before(desk.session, heard)
    numbers = await _free_numbers(desk.session, desk.now, len(heard))
    told: list[tuple[AppealRow, str, bool, datetime | None]] = []
    for each, matter, (_, position), number in zip(heard, matters, where, numbers, strict=True):
        message = each.appeal.message_key
        if message and (row := before.get(message)) is not None:
            told.append((row, _key(each.appeal) or "", True, None))
            continue
        works = known.works(matter)
        row, key, joined = _file(
            desk, known, each, number, matter=matter, position=position, works=works
        )
        if message:
            before[message] = row
        told.append((row, key, joined, works.until if works else None))
    await desk.finish()
    tokens = await _tokens(desk.session, [row.id for row, *_ in told])
    return [
        Receipt(
            row.number,
            key,
            joined,
            until or expected(row.case, desk.now, desk.rules),
            row.case_id,
            tokens.get(row.id),
        )
        for row, key, joined, until in told
    ]


def _file(
    desk: Desk,
    known: OpenCases,
    heard: Heard,
    number: str,
    *,
    matter: Matter,
    position: Position | None,
    works: PlannedWorkRow | None,
) -> tuple[AppealRow, str, bool]:
    """Give the appeal, its key, and whether its problem was known already. works: that are why."""
    appeal, registry, now = heard.appeal, desk.registry, desk.now
    is_clear = matter.category.code != UNCLEAR
    case = known.chosen(appeal.joins, matter) or (known.about(matter) if is_clear else None)
    if case is None and works is not None:
        case = case_of_works(desk, works)
    joined = case is not None
    case = case or desk.open_case(_subject(registry, matter, position))
    known.add(case, matter)
    key = _key(appeal) or secrets.token_urlsafe(24)
    row = AppealRow(
        number=number,
        key_hash=hashed(key),
        category=matter.category.code,
        category_by=heard.category_by,
        description=appeal.description,
        address=(appeal.address or registry.address_of(matter.place)["ru"])[:LONGEST_ADDRESS],
        place=matter.place,
        place_path=matter.path,
        latitude=position[0] if position else None,
        longitude=position[1] if position else None,
        filed_at=now,
        channel=appeal.channel,
        regime=registry.deadlines.regime_of(appeal.channel),
        name=appeal.name,
        email=appeal.email,
        phone=appeal.phone,
        suggestions=[
            {"label": each.label, "confidence": each.confidence}
            for each in heard.understood.suggestions
        ],
        facts=dict(heard.facts),
        urgent=list(heard.understood.urgent),
        parts=list(heard.understood.parts),
        message_key=appeal.message_key or None,
        clocks=[],
    )
    # Its number is told at once.
    happened(row, (Moment.RECEIVED, Moment.REGISTERED), now, desk.rules)
    desk.add_appeal(case, row)
    for media, sha256 in heard.photos:
        desk.session.add(
            EvidenceRow(
                case=case,
                appeal=row,
                kind=EvidenceKind.PHOTO,
                grade=grade(EvidenceKind.PHOTO),
                at=now,
                by=APPLICANT,
                by_staff=False,
                text={},
                media_type=media,
                sha256=sha256,
                place_path=row.place_path,
            )
        )
    desk.say(case, "appeal", FILED, number=row.number, category=matter.category.name)
    if (origin := appeal.origin) is not None:
        keep_origin(desk, row, origin)
    return row, key, joined


async def own_appeal(session: AsyncSession, number: str, key: str) -> AppealRow:
    """Give the appeal to whoever has its key, or one that was sent with an answer.

    NotVisible for a wrong key and number alike.
    """
    row = await session.scalar(select(AppealRow).where(AppealRow.number == number))
    sent = await session.get(AppealKeyRow, hashed(key))
    # Compared even where there is no such number, so that the time of the answer tells nothing.
    is_own = compare_digest(row.key_hash if row else hashed(""), hashed(key))
    if row is None or not (is_own or (sent is not None and sent.appeal_id == row.id)):
        raise NotVisible("appeal", number)
    return row


@lru_cache(maxsize=2)
def territory_of(registry: RegistrySnapshot) -> Territory:
    """Give what drafts are held against, made once a revision of the registry."""
    places = [node.place for node in registry.places.values()]
    return Territory(registry.bounds, frozenset(registry.places), AddressBook(places))


def locate(registry: RegistrySnapshot, appeal: Appeal) -> tuple[str, Position | None]:
    """Give the place an appeal is about and its position, each from the other where one lacks.

    Of a letter that names no place it is the whole territory: a person finds out.
    """
    if appeal.place is not None:
        return appeal.place, appeal.position or registry.position_of_place(appeal.place)
    if appeal.position is None:
        return _whole(registry), None
    return place_at(registry, appeal.position), appeal.position


@lru_cache(maxsize=2)
def _whole(registry: RegistrySnapshot) -> str:
    places = registry.places.values()
    return next(node.place.id for node in places if node.place.parent is None)


def place_at(registry: RegistrySnapshot, position: Position) -> str:
    """Give the house at the position, else the street of the nearest house."""
    spots = nearby(registry)
    nearest = spots.houses.nearest(position) or spots.places.nearest(position)
    if nearest is None:
        return _whole(registry)
    is_here = nearest in spots.places.within(position, NEAR_M)
    return nearest if is_here else registry.places[nearest].place.parent or nearest


def _subject(registry: RegistrySnapshot, matter: Matter, position: Position | None) -> Subject:
    return Subject(
        category=matter.category,
        severity=matter.category.severity,
        title=matter.category.name,
        key=f"appeal:{matter.category.code}|{secrets.token_hex(8)}",
        place=matter.place,
        address=registry.address_of(matter.place),
        position=position,
        spot=matter.spot,
    )


def expected(case: CaseRow, now: datetime, rules: DeadlineRules) -> datetime | None:
    """Give when the work is to be done, by its clock."""
    for row in case.clocks:
        if row.name == RESOLVE:
            return clock_of(row, rules).due_at(now)
    return None


async def _received_before(session: AsyncSession, heard: Sequence[Heard]) -> dict[str, AppealRow]:
    """Give by key the messages that came before: by an outside id, or while nobody answered."""
    keys = {each.appeal.message_key: bool(each.appeal.outside_id) for each in heard}
    keys.pop("", None)
    if not keys:
        return {}
    rows = await session.scalars(
        select(AppealRow)
        .join(CaseRow, AppealRow.case_id == CaseRow.id)
        .where(
            AppealRow.message_key.in_(keys),
            or_(
                AppealRow.message_key.in_([key for key, has_id in keys.items() if has_id]),
                CaseRow.state != CaseState.CLOSED,
            ),
        )
        .options(joinedload(AppealRow.case))
    )
    return {row.message_key or "": row for row in rows}


async def _tokens(session: AsyncSession, appeals: Sequence[int]) -> dict[int, str]:
    found = await session.execute(
        select(OriginRow.appeal_id, OriginRow.token).where(
            OriginRow.appeal_id.in_(appeals), OriginRow.token.is_not(None)
        )
    )
    return {appeal: token for appeal, token in found if token}


async def _free_numbers(session: AsyncSession, now: datetime, many: int) -> list[str]:
    """Make numbers that a person can say on the phone: the day and six digits at random."""
    free: list[str] = []
    while missing := many - len(free):
        drawn = [f"{now:%y%m%d}-{secrets.randbelow(1_000_000):06}" for _ in range(missing)]
        taken = set(
            await session.scalars(select(AppealRow.number).where(AppealRow.number.in_(drawn)))
        )
        free += [
            number for number in dict.fromkeys(drawn) if number not in taken and number not in free
        ]
    return free


def _key(appeal: Appeal) -> str | None:
    """Give the key of what a form sends with an id that only it knows: sent again, it is the same.

    None for others, whose ids are no secrets.
    """
    if appeal.channel is not Channel.WEB or len(appeal.outside_id) < SECRET_ENOUGH:
        return None
    return hashed(f"appeal key of {appeal.outside_id}")


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
