"""Appeals as service requests of Open311 GeoReport v2: what strangers may read, and file."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import raiseload

from core.appeal import MAX_DESCRIPTION, Channel, Draft, Origin, check_appeal
from core.case import CaseState
from core.category import category
from core.deadline import RESOLVE
from core.errors import KvartalError
from core.registry import PlaceKind
from core.text import Text, in_language
from gateway.cases.appeals import locate, territory_of
from gateway.cases.rows import clock_of
from gateway.channels.open311_document import Row
from gateway.channels.services import Service
from gateway.language.marks import masked_text
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import AppealRow, CaseRow
from gateway.storage.channel_tables import ApiKeyRow, OriginRow

MOST = 1000  # requests of one answer
LONGEST = timedelta(days=90)  # of what one question may be about
MAX_LINKS, MAX_LINK = 5, 500
LINK = re.compile(r"https?://[^\s<>\"]+")
JURISDICTIONS = frozenset({PlaceKind.REGION, PlaceKind.MUNICIPALITY})
INDOORS = frozenset({PlaceKind.ENTRANCE, PlaceKind.FLAT})
OPEN, CLOSED = "open", "closed"
NOTES: Mapping[CaseState, Text] = {
    CaseState.NEW: {"ru": "Принято, определяем исполнителя.", "en": "Received, being routed."},
    CaseState.ROUTED: {"ru": "Передано исполнителю.", "en": "Given to those who will do it."},
    CaseState.ACCEPTED: {"ru": "В работе.", "en": "In progress."},
    CaseState.RESOLVED: {"ru": "Сделано, проверяем.", "en": "Reported done, being verified."},
    CaseState.VERIFIED: {"ru": "Сделано и проверено.", "en": "Done and verified."},
    CaseState.CLOSED: {"ru": "Закрыто.", "en": "Closed."},
}


class Refused(KvartalError):
    """Tell a client what is wrong, in lines, with the status of the answer."""

    def __init__(self, status: int, *lines: str) -> None:
        super().__init__(" ".join(lines))
        self.status = status
        self.lines = lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which requests are asked for. numbers: they alone, whatever else is said."""

    numbers: Sequence[str] = ()
    services: Sequence[str] = ()
    statuses: Sequence[str] = ()
    start: datetime
    end: datetime
    updated_after: datetime | None = None
    page: int = 1
    page_size: int = MOST


def span_of(
    start: datetime | None, end: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    """Give the time that is asked for: without a start, the days before the end."""
    if start is not None and end is not None:
        if end - start > LONGEST:
            raise Refused(400, f"start_date and end_date are more than {LONGEST.days} days apart")
        return start, end
    if start is not None:
        return start, min(start + LONGEST, now)
    end = end or now
    return end - LONGEST, end


def moment(name: str, value: str) -> datetime | None:
    """Read a W3C datetime; one without a zone is UTC."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise Refused(400, f"{name}: wanted a time like 2026-11-26T12:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def jurisdiction_path(registry: RegistrySnapshot, identifier: str) -> str:
    """Give what begins the paths of a jurisdiction's places; without one, of all places."""
    if not identifier:
        return ""
    node = registry.places.get(identifier)
    if node is None or node.place.kind not in JURISDICTIONS:
        raise Refused(404, f"jurisdiction_id {identifier[:64]} was not found")
    return registry.path_of(identifier)


def list_services(services: Mapping[str, Service], language: str) -> list[Row]:
    return [
        {
            "service_code": code,
            "service_name": in_language(each.category.name, language),
            "description": in_language(each.category.name, language),
            "metadata": bool(each.attributes),
            "type": "realtime",
            "keywords": ",".join(each.keywords.get(language, ())),
            "group": in_language(each.category.group_name, language),
        }
        for code, each in services.items()
    ]


def define(service: Service, language: str) -> Row:
    """Give what is asked about a service, in order."""
    return {
        "service_code": service.category.code,
        "attributes": [
            {
                "variable": True,
                "code": each.code,
                "datatype": each.datatype.value,
                "required": each.required,
                "datatype_description": in_language(each.help, language),
                "order": order,
                "description": in_language(each.label, language),
                "values": [
                    {"key": key, "name": in_language(words, language)}
                    for key, words in each.values.items()
                ],
            }
            for order, each in enumerate(service.attributes, 1)
        ],
    }


def answers_of(
    service: Service, given: Mapping[str, Sequence[str]], language: str
) -> list[dict[str, object]]:
    """Check what was answered to a service's questions. Refused tells all that is wrong."""
    known = {each.code for each in service.attributes}
    wrong = [
        f"{service.category.code} has no attribute {code[:40]}" for code in given.keys() - known
    ]
    wrong += filter(
        None, (each.wrong_with(given.get(each.code, ())) for each in service.attributes)
    )
    if wrong:
        raise Refused(400, *wrong)
    return [
        {
            "code": each.code,
            "label": in_language(each.label, language),
            "values": each.said(given[each.code], language),
        }
        for each in service.attributes
        if each.code in given
    ]


def links_of(given: Sequence[str]) -> list[str]:
    """Check links to photos. They are kept as they are, and never fetched from here."""
    if len(given) > MAX_LINKS:
        raise Refused(400, f"media_url: at most {MAX_LINKS} are taken, found {len(given)}")
    if any(len(link) > MAX_LINK or not LINK.fullmatch(link) for link in given):
        raise Refused(400, f"media_url: wanted http(s) links of at most {MAX_LINK} characters")
    return list(given)


def must_be_inside(registry: RegistrySnapshot, draft: Draft, path: str, key_path: str) -> None:
    """Refuse what is not of the jurisdiction, or not of what the key is for, at key_path.

    DomainError lists every wrong field of the draft.
    """
    place, _ = locate(registry, check_appeal(draft, territory_of(registry)))
    where = registry.path_of(place)
    if not where.startswith(path):
        raise Refused(400, "the place is not in the jurisdiction that jurisdiction_id names")
    if not where.startswith(key_path):
        raise Refused(403, "this api_key is not for the place; ask for one that is")


def origin_of(key: ApiKeyRow, attributes: list[dict[str, object]], links: list[str]) -> Origin:
    """Give what comes with an appeal; a token, if its sender wants one."""
    token = secrets.token_urlsafe(24) if key.wants_tokens else None
    return Origin(key=key.id, token=token, attributes=attributes, links=links)


async def number_of(session: AsyncSession, token: str) -> str:
    """Give the number behind a token."""
    number = await session.scalar(
        select(AppealRow.number)
        .join(OriginRow, OriginRow.appeal_id == AppealRow.id)
        .where(OriginRow.token == token)
    )
    if number is None:
        raise Refused(404, "token was not found")
    return number


async def list_requests(
    session: AsyncSession,
    registry: RegistrySnapshot,
    now: datetime,
    wanted: Wanted,
    *,
    path: str,
    language: str,
    extended: bool,
) -> list[Row]:
    """Give requests, the newest first, without anything personal."""
    query = (
        select(AppealRow, CaseRow, OriginRow)
        .join(CaseRow, AppealRow.case_id == CaseRow.id)
        .outerjoin(OriginRow, OriginRow.appeal_id == AppealRow.id)
        .where(AppealRow.place_path.startswith(path, autoescape=True))
        .options(raiseload(AppealRow.clocks))
        .order_by(AppealRow.filed_at.desc(), AppealRow.id.desc())
        .limit(wanted.page_size)
    )
    if wanted.numbers:
        query = query.where(AppealRow.number.in_(wanted.numbers))
    else:
        query = query.where(AppealRow.filed_at >= wanted.start, AppealRow.filed_at <= wanted.end)
        query = query.offset((wanted.page - 1) * wanted.page_size)
        if wanted.services:
            query = query.where(AppealRow.category.in_(wanted.services))
        if len(set(wanted.statuses)) == 1:
            is_closed = CaseRow.state == CaseState.CLOSED
            query = query.where(is_closed if CLOSED in wanted.statuses else ~is_closed)
        if wanted.updated_after is not None:
            since = wanted.updated_after
            query = query.where(or_(AppealRow.filed_at >= since, CaseRow.changed_at >= since))
    found = await session.execute(query)
    return [
        _shown(appeal, case, registry, now, language)
        | (_extension(appeal, origin) if extended else {})
        | {"media_url": origin.links[0] if origin and origin.links else None}
        for appeal, case, origin in found
    ]


def _shown(
    appeal: AppealRow, case: CaseRow, registry: RegistrySnapshot, now: datetime, language: str
) -> dict[str, object]:
    closed = case.state == CaseState.CLOSED
    clock = next((each for each in case.clocks if each.name == RESOLVE), None)
    expected = clock_of(clock, registry.deadlines.rules).due_at(now) if clock else None
    place = _outdoors(registry, appeal.place)
    is_public = Channel(appeal.channel).is_form  # a letter is not written for everybody
    return {
        "service_request_id": appeal.number,
        "status": CLOSED if closed else OPEN,
        "status_notes": in_language(NOTES[CaseState(case.state)], language),
        "service_name": in_language(category(appeal.category).name, language),
        "service_code": appeal.category,
        "description": masked_text(appeal.description)[:MAX_DESCRIPTION] if is_public else None,
        "agency_responsible": in_language(case.executor_name, language) or None,
        "service_notice": None,
        "requested_datetime": _w3c(appeal.filed_at),
        "updated_datetime": _w3c(case.closed_at or max(case.changed_at, appeal.filed_at)),
        "expected_datetime": _w3c(expected) if expected and not closed else None,
        "address": in_language(registry.address_of(place), language),
        "address_id": place,
        "zipcode": None,
        "lat": appeal.latitude,
        "long": appeal.longitude,
    }


def _extension(appeal: AppealRow, origin: OriginRow | None) -> dict[str, object]:
    links = origin.links if origin else []
    filed_at = _w3c(appeal.filed_at)
    return {
        "notes": [],
        "attributes": [
            {
                "label": each["label"],
                "name": each["label"],
                "code": each["code"],
                "value": masked_text(", ".join(each["values"])),
            }
            for each in (origin.attributes if origin else ())
        ],
        "extended_attributes": {
            "channel": appeal.channel,
            "photos": [
                {"media_url": link, "title": None, "created_at": filed_at} for link in links
            ],
        },
    }


def _outdoors(registry: RegistrySnapshot, place: str) -> str:
    """Give the house of a flat: strangers need not know which it is."""
    node = registry.places.get(place)
    while node is not None and node.place.kind in INDOORS and node.place.parent:
        place = node.place.parent
        node = registry.places.get(place)
    return place


def _w3c(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
