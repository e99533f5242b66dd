"""What residents say becomes work: it joins the open case of its problem, or opens one."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hmac import compare_digest

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.address import AddressBook
from core.appeal import Appeal, Draft, Territory, check_appeal
from core.case import CaseState
from core.category import category
from core.deadline import RESOLVE
from core.deadline_rule import DeadlineRules, Moment
from core.errors import DomainError, NotVisible
from core.evidence import EvidenceKind, grade
from core.position import Position, distance_m, distances_m
from core.registry import PlaceKind
from core.text import Text
from gateway.api import appeal_models
from gateway.cases.affected import NEAR_M, Area
from gateway.cases.appeal_clocks import happened
from gateway.cases.desk import Desk, Subject
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.rows import clock_of
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import AppealRow, CaseRow, EvidenceRow

FILED: Text = {"ru": "Обращение {number}: {category}", "en": "Appeal {number}: {category}"}
APPLICANT = "applicant"
DONE: Text = {"ru": "Работы завершены и проверены.", "en": "The work is done and verified."}


@dataclass(frozen=True, slots=True)
class Receipt:
    """key: the secret with which the applicant follows the appeal; told once. joined: the problem
    was known already."""

    number: str
    key: str
    joined: bool
    expected_at: datetime | None
    case: int


async def file_appeal(desk: Desk, evidence: EvidenceFiles, draft: Draft) -> Receipt:
    """Check a draft as a whole and hang it on a case. DomainError lists every wrong field."""
    registry, now = desk.registry, desk.now
    appeal = check_appeal(draft, territory_of(registry))
    place, position = _where(registry, appeal)
    number = await _free_number(desk.session, now)
    await desk.load((), appeal.category.group)
    case = _known_case(desk, appeal, place, position)
    joined = case is not None
    case = case or desk.open_case(_subject(registry, appeal, place, position))
    key = secrets.token_urlsafe(24)
    row = AppealRow(
        number=number,
        key_hash=_hashed(key),
        category=appeal.category.code,
        description=appeal.description,
        address=appeal.address or registry.address_of(place)["ru"],
        place=place,
        place_path=registry.path_of(place),
        latitude=position[0] if position else None,
        longitude=position[1] if position else None,
        filed_at=now,
        channel=appeal.channel,
        regime=registry.deadlines.regime_of(appeal.channel),
        name=appeal.name,
        email=appeal.email,
        phone=appeal.phone,
        clocks=[],
    )
    for moment in (Moment.RECEIVED, Moment.REGISTERED):  # its number is told at once
        happened(row, moment, now, desk.rules)
    desk.add_appeal(case, row)
    for media, content in appeal.photos:
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
                sha256=await evidence.put(content),
                place_path=row.place_path,
            )
        )
    desk.say(case, "appeal", FILED, number=row.number, category=appeal.category.name)
    await desk.finish()
    return Receipt(row.number, key, joined, _expected(case, now, desk.rules), case.id)


async def status_of(
    session: AsyncSession, now: datetime, number: str, key: str, rules: DeadlineRules
) -> appeal_models.AppealStatus:
    """Give what the applicant may see. NotVisible for a wrong key and a wrong number alike."""
    row = await session.scalar(select(AppealRow).where(AppealRow.number == number))
    # Compared even where there is no such number, so that the time of the answer tells nothing.
    if not compare_digest(row.key_hash if row else _hashed(""), _hashed(key)) or row is None:
        raise NotVisible("appeal", number)
    case = await session.get_one(CaseRow, row.case_id)
    closed = case.state == CaseState.CLOSED
    return appeal_models.AppealStatus(
        number=row.number,
        state="closed" if closed else "open",
        category_name=dict(category(row.category).name),
        filed_at=row.filed_at,
        expected_at=None if closed else _expected(case, now, rules),
        executor_name=case.executor_name,
        answer=dict(DONE) if closed else {},
    )


@lru_cache(maxsize=2)
def territory_of(registry: RegistrySnapshot) -> Territory:
    """Give what drafts are held against, made once a revision of the registry."""
    places = [node.place for node in registry.places.values()]
    return Territory(registry.bounds, frozenset(registry.places), AddressBook(places))


def _where(registry: RegistrySnapshot, appeal: Appeal) -> tuple[str, Position | None]:
    """Give the place an appeal is about and its position, each from the other where one lacks."""
    if appeal.place is not None:
        return appeal.place, appeal.position or registry.position_of_place(appeal.place)
    if appeal.position is None:  # check_appeal lets none of these through
        raise DomainError("no_place", "the appeal has no place")
    return _place_at(registry, appeal.position), appeal.position


def _place_at(registry: RegistrySnapshot, position: Position) -> str:
    """Give the house at the position, else the street of the nearest house."""
    kinds = (PlaceKind.BUILDING, *PlaceKind)
    for kind in kinds:
        spots = [
            (node.place, node.place.latitude, node.place.longitude)
            for node in registry.places.values()
            if node.place.kind is kind and node.place.latitude is not None
        ]
        if spots:
            break
    else:
        return next(iter(registry.places))
    metres = distances_m(position, np.array([spot[1:] for spot in spots], np.float64))
    nearest = spots[int(metres.argmin())][0]
    return nearest.id if metres.min() <= NEAR_M else nearest.parent or nearest.id


def _known_case(
    desk: Desk, appeal: Appeal, place: str, position: Position | None
) -> CaseRow | None:
    """Find the open case of the same trouble: by what incidents affect, else by other appeals.

    Never one of another municipality: those who answer this appeal could not see it.
    """
    path = desk.registry.path_of(place)
    same = [
        row
        for row in desk.all_open
        if row.group == appeal.category.group and desk.has_same_home(row.place_path, path)
    ]
    for row in same:
        asset = desk.registry.assets.get(row.asset or "")
        if asset is not None and Area(desk.registry, asset, desk.now).touches(place, position):
            return row
    for row in same:
        if (
            row.asset is None
            and row.category == appeal.category.code
            and _near(row, place, position)
        ):
            return row
    return None


def _near(row: CaseRow, place: str, position: Position | None) -> bool:
    there = Desk.position(row)
    if position is None or there is None:
        return row.place == place
    return distance_m(position, there) <= NEAR_M


def _subject(
    registry: RegistrySnapshot, appeal: Appeal, place: str, position: Position | None
) -> Subject:
    return Subject(
        category=appeal.category,
        severity=appeal.category.severity,
        title=appeal.category.name,
        key=f"appeal:{appeal.category.code}|{secrets.token_hex(8)}",
        place=place,
        address=registry.address_of(place),
        position=position,
    )


def _expected(case: CaseRow, now: datetime, rules: DeadlineRules) -> datetime | None:
    """Give when the work is to be done, by its clock."""
    for row in case.clocks:
        if row.name == RESOLVE:
            return clock_of(row, rules).due_at(now)
    return None


async def _free_number(session: AsyncSession, now: datetime) -> str:
    """Make a number that a person can say on the phone: the day and six digits at random."""
    while True:
        number = f"{now:%y%m%d}-{secrets.randbelow(1_000_000):06}"
        same = select(AppealRow.id).where(AppealRow.number == number)
        if await session.scalar(same) is None:
            return number


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
