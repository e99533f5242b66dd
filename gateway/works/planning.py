"""Planned works: drafted, announced, quiet for their time, and done on proof."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.actor import Actor, Role
from core.category import category
from core.errors import NotVisible, refused
from core.evidence import media_type
from core.incident import Suppressed
from core.registry import Asset
from core.suppression import Suppression
from core.text import Text
from gateway.api.planned_models import PlanForm
from gateway.cases.affected import Area
from gateway.cases.desk import Desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.pictures import fit_to_show
from gateway.cases.planned import plan_of
from gateway.cases.reach import portions
from gateway.cases.suppressions import begin_one, end_one
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import CaseRow, IncidentRow, SuppressionRow
from gateway.storage.planned_tables import PlannedWorkRow
from gateway.storage.visibility import visible_to

SHOWN_FOR = timedelta(days=30)  # of works that are over
FEW = 5  # names of what is still off: more than that nobody reads
PLANNERS = frozenset({Role.DISPATCHER, Role.ADMINISTRATOR})

NOT_YOURS: Text = {
    "ru": "Планировать работы может диспетчер или администратор.",
    "en": "Works are planned by a dispatcher or an administrator.",
}
NO_EXECUTOR: Text = {
    "ru": "Исполнителя «{executor}» нет.",
    "en": "There is no executor {executor}.",
}
NO_CATEGORY: Text = {
    "ru": "Выберите, что заметят люди, из списка категорий.",
    "en": "Choose what people will notice, from the list of categories.",
}
SEVERAL_HOMES: Text = {
    "ru": "Объекты в разных муниципалитетах: составьте план для каждого.",
    "en": "The assets are of several municipalities: plan for each of them.",
}
PUBLISHED: Text = {
    "ru": "Запись сохранена раньше: «{title}» уже объявлены, меняйте их кнопками.",
    "en": "“{title}” is announced already: use the buttons to change it.",
}
DONE: Text = {"ru": "Плановые работы закончены: {title}", "en": "Planned works are done: {title}"}
WITHDRAWN: Text = {
    "ru": "Плановые работы отменены: {title}. {reason}",
    "en": "Planned works are withdrawn: {title}. {reason}",
}
PROLONGED: Text = {
    "ru": "Плановые работы продлены до {until}: {title}. {reason}",
    "en": "Planned works last until {until}: {title}. {reason}",
}


@dataclass(frozen=True, slots=True)
class Affected:
    """What works cut off. assets: with all below them. houses: ids of places."""

    assets: Collection[str]
    houses: Collection[str]


def affected(registry: RegistrySnapshot, assets: Sequence[str], at: datetime) -> Affected:
    """Give what does not work without these assets, and whose houses."""
    found: dict[str, None] = {}
    houses: dict[str, None] = {}
    for identifier in assets:
        if (asset := registry.assets.get(identifier)) is None:
            continue  # it has left the registry since
        area = Area(registry, asset, at)
        found |= dict.fromkeys(each.id for each in area.assets)
        houses |= dict.fromkeys(path.rstrip("/").rpartition("/")[2] for path in area.houses)
    return Affected(tuple(found), tuple(sorted(houses)))


def is_noticed(registry: RegistrySnapshot, row: PlannedWorkRow, place: str, at: datetime) -> bool:
    """Tell whether works are noticed at a place: in its house, or somewhere below it."""
    path = registry.path_of(place)
    houses = (registry.path_of(house) for house in affected(registry, row.assets, at).houses)
    return any(path.startswith(house) or house.startswith(path) for house in houses)


async def list_works(
    session: AsyncSession, actor: Actor, now: datetime
) -> Sequence[PlannedWorkRow]:
    """Give the works that one may see, but those long over; what begins first comes first."""
    rows = await session.scalars(
        select(PlannedWorkRow)
        .where(visible_to(actor, PlannedWorkRow), _is_recent(now))
        .order_by(PlannedWorkRow.since, PlannedWorkRow.id)
    )
    return rows.all()


async def announced(session: AsyncSession, now: datetime) -> Sequence[PlannedWorkRow]:
    """Give what everybody may know of."""
    rows = await session.scalars(
        select(PlannedWorkRow)
        .where(PlannedWorkRow.published_at.is_not(None), _is_recent(now))
        .order_by(PlannedWorkRow.since, PlannedWorkRow.id)
    )
    return rows.all()


async def find(session: AsyncSession, actor: Actor, number: int) -> PlannedWorkRow:
    """Give works that one may see."""
    row = await session.scalar(
        select(PlannedWorkRow).where(PlannedWorkRow.id == number, visible_to(actor, PlannedWorkRow))
    )
    if row is None:
        raise NotVisible("planned works", number)
    return row


async def draft(desk: Desk, actor: Actor, form: PlanForm) -> PlannedWorkRow:
    """Keep a plan that nobody is told of yet."""
    row = PlannedWorkRow(by=actor.name, suppressions=[])
    _fill(desk, actor, row, form)
    desk.session.add(row)
    await desk.session.flush()
    return row


async def change(desk: Desk, actor: Actor, number: int, form: PlanForm) -> PlannedWorkRow:
    """Change a draft."""
    row = await find(desk.session, actor, number)
    if row.published_at is not None:
        raise refused("wrong_state", PUBLISHED, title=row.title)
    _fill(desk, actor, row, form)
    return row


async def publish(desk: Desk, actor: Actor, number: int) -> PlannedWorkRow:
    """Announce a draft: from its beginning to its end nobody is told of what it cuts off."""
    row = await _to_plan(desk, actor, number)
    plan = plan_of(row).publish(desk.now)
    row.published_at, row.published_by = plan.published_at, actor.name
    row.first_until = plan.first_until
    await _make_quiet(desk, row)
    await desk.finish()
    return row


async def begin(desk: Desk, actor: Actor, number: int) -> PlannedWorkRow:
    """Take that the work has begun."""
    row = await _to_do(desk, actor, number)
    row.begun_at = plan_of(row).begin(desk.now).begun_at
    return row


async def prolong(
    desk: Desk, actor: Actor, number: int, until: datetime, reason: str
) -> PlannedWorkRow:
    """Announce a later end; what is cut off stays quiet until then."""
    row = await _to_plan(desk, actor, number)
    row.until = plan_of(row).prolong(until, desk.now).until
    row.reason, row.overrun_at = reason.strip(), None
    await _make_quiet(desk, row)
    local = row.until.astimezone(desk.registry.deadlines.zone)
    words = {"ru": f"{local:%d.%m.%Y %H:%M}", "en": f"{local:%Y-%m-%d %H:%M}"}
    await _say(desk, row, PROLONGED, until=words, reason=row.reason)
    await desk.finish()
    return row


async def finish(
    desk: Desk, files: EvidenceFiles, actor: Actor, number: int, *, result: str, photo: bytes
) -> PlannedWorkRow:
    """Take that it is done: nothing is off any more, and a photo or devices show it."""
    row = await _to_do(desk, actor, number)
    media = media_type(photo) if photo else ""
    found = affected(desk.registry, row.assets, desk.now)
    plan = plan_of(row).finish(
        desk.now,
        active=await _still_off(desk.session, row, found.assets),
        is_proved=bool(photo) or await _came_back(desk.session, row, found.assets),
    )
    if photo:
        row.photo_type = media
        row.photo = await files.put(await asyncio.to_thread(fit_to_show, photo))
    row.begun_at, row.done_at, row.result = plan.begun_at, plan.done_at, result.strip()
    await _let_speak(desk, row, actor.name)
    await _say(desk, row, DONE)
    await desk.finish()
    return row


async def withdraw(desk: Desk, actor: Actor, number: int, reason: str) -> PlannedWorkRow:
    """Call it off; what it would have cut off is heard again."""
    row = await _to_plan(desk, actor, number)
    row.withdrawn_at = plan_of(row).withdraw(desk.now, reason).withdrawn_at
    row.reason = reason.strip()
    await _let_speak(desk, row, actor.name)
    await _say(desk, row, WITHDRAWN, reason=row.reason)
    await desk.finish()
    return row


def _is_recent(now: datetime) -> ColumnElement[bool]:
    is_open = PlannedWorkRow.done_at.is_(None) & PlannedWorkRow.withdrawn_at.is_(None)
    return or_(
        is_open,
        PlannedWorkRow.done_at > now - SHOWN_FOR,
        PlannedWorkRow.withdrawn_at > now - SHOWN_FOR,
    )


def _fill(desk: Desk, actor: Actor, row: PlannedWorkRow, form: PlanForm) -> None:
    """Take what a person filled in. DomainError: says what is wrong with it."""
    if actor.role not in PLANNERS:
        raise refused("forbidden", NOT_YOURS)
    registry = desk.registry
    assets = [_asset(registry, actor, identifier) for identifier in dict.fromkeys(form.assets)]
    if form.executor not in registry.executors:
        raise refused("invalid", NO_EXECUTOR, executor=form.executor)
    if not category(form.category).offered:
        raise refused("invalid", NO_CATEGORY)
    paths = [registry.path_of(asset.place) for asset in assets]
    if len({registry.municipality_of(path) for path in paths}) > 1:
        raise refused("invalid", SEVERAL_HOMES)
    row.title, row.words = form.title.strip(), form.words.strip()
    row.category, row.executor = form.category, form.executor
    row.assets = [asset.id for asset in assets]
    row.since, row.until, row.first_until = form.since, form.until, form.until
    plan_of(row)  # refuses what is no plan
    row.place_path = _above(paths)


def _asset(registry: RegistrySnapshot, actor: Actor, identifier: str) -> Asset:
    asset = registry.assets.get(identifier)
    if asset is None or not actor.can_see(registry.path_of(asset.place)):
        raise NotVisible("asset", identifier)
    return asset


def _above(paths: Sequence[str]) -> str:
    """Give the path of what is above all of these."""
    common: list[str] = []
    for parts in zip(*(path.rstrip("/").split("/") for path in paths), strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return "/".join(common) + "/"


async def _to_plan(desk: Desk, actor: Actor, number: int) -> PlannedWorkRow:
    row = await find(desk.session, actor, number)
    if actor.role not in PLANNERS:
        raise refused("forbidden", NOT_YOURS)
    return row


async def _to_do(desk: Desk, actor: Actor, number: int) -> PlannedWorkRow:
    """Give works that one may begin and finish: the planners, and whose they are."""
    row = await find(desk.session, actor, number)
    if actor.role not in PLANNERS and actor.executor != row.executor:
        raise refused("forbidden", NOT_YOURS)
    return row


async def _suppressions(desk: Desk, row: PlannedWorkRow) -> dict[str, SuppressionRow]:
    """Give by asset what of the works is in force or to come."""
    rows = await desk.session.scalars(
        select(SuppressionRow).where(
            SuppressionRow.id.in_(row.suppressions), SuppressionRow.ended_at.is_(None)
        )
    )
    return {each.asset: each for each in rows}


async def _make_quiet(desk: Desk, row: PlannedWorkRow) -> None:
    """Suppress by design what is cut off, until the end that counts."""
    standing = await _suppressions(desk, row)
    numbers = list(row.suppressions)
    for identifier in row.assets:
        if (known := standing.get(identifier)) is not None:
            known.until = row.until
            continue
        wanted = Suppression(
            why=Suppressed.BY_DESIGN,
            asset=identifier,
            below=True,
            since=row.since,
            until=row.until,
            reason=row.title,
            by=row.published_by,
        )
        asset = desk.registry.assets[identifier]
        path = desk.registry.path_of(asset.place)
        numbers.append((await begin_one(desk, wanted, asset.name, path)).id)
    row.suppressions = numbers


async def _let_speak(desk: Desk, row: PlannedWorkRow, by: str) -> None:
    for suppression in (await _suppressions(desk, row)).values():
        await end_one(desk, suppression, by)


async def _say(
    desk: Desk, row: PlannedWorkRow, text: Text, reason: str = "", until: Text | str = ""
) -> None:
    """Write on the timeline of the case, if there is one."""
    if row.case_id is not None:
        case = await desk.session.get_one(CaseRow, row.case_id)
        desk.say(case, "planned", text, title=row.title, reason=reason, until=until)


async def _still_off(
    session: AsyncSession, row: PlannedWorkRow, assets: Collection[str]
) -> list[Text]:
    """Give the names of what is of the works' group and not back to normal."""
    group = f"{category(row.category).group}."
    found: list[Text] = []
    for some in portions(set(assets)):
        rows = await session.scalars(
            select(IncidentRow.name)
            .where(
                IncidentRow.active_key.is_not(None),
                IncidentRow.asset.in_(some),
                IncidentRow.problem.startswith(group),
            )
            .limit(FEW)
        )
        found += rows
    return found[:FEW]


async def _came_back(session: AsyncSession, row: PlannedWorkRow, assets: Collection[str]) -> bool:
    """Tell whether something that was cut off in the works' time has returned to normal."""
    group = f"{category(row.category).group}."
    since = min(row.since, row.begun_at or row.since)
    for some in portions(set(assets)):
        many = await session.scalar(
            select(func.count()).where(
                IncidentRow.asset.in_(some),
                IncidentRow.problem.startswith(group),
                IncidentRow.raised_at >= since,
                IncidentRow.cleared_at.is_not(None),
            )
        )
        if many:
            return True
    return False
