"""The routing table: read, explained, tried on the past, and replaced by a sheet."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, File, Form, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from core.alarm import Severity
from core.category import category
from core.errors import DomainError, NotVisible
from core.route import Route, Trouble
from core.routing_comparison import compare
from gateway.api.dependencies import CurrentActor, GatewayParts, Reading, TheClock, TheRegistry
from gateway.api.models import Number
from gateway.api.registry import AdministratorOfAll
from gateway.api.routing_models import (
    ExecutorOut,
    Explain,
    Explanation,
    RouteVerdict,
    RoutingRevision,
    RoutingTableOut,
    Trial,
)
from gateway.cases.past_routing import SHOWN, cases_of, past_cases
from gateway.cases.show_routing import show_changes, show_moved, show_moves, show_table
from gateway.registry.rows import newest_registry, replace_routes
from gateway.registry.snapshot import RegistrySnapshot
from gateway.sheets.commissioning import Language
from gateway.sheets.routes import headings, read_routes, rows, said
from gateway.sheets.table_file import as_csv

router = APIRouter(prefix="/routing", tags=["routing"])

LARGEST = 5_000_000  # bytes of a sheet
LONGEST = timedelta(days=366)
Sheet = Annotated[UploadFile, File(description="CSV or XLSX, with the columns of the export")]


@router.get("")
async def routing_table(_actor: CurrentActor, registry: TheRegistry) -> RoutingTableOut:
    """Give the table in force, and which of its rows never match."""
    shown = await run_in_threadpool(show_table, registry.routing.rows, registry)
    return RoutingTableOut(revision=registry.revision, rows=shown)


@router.get("/executors")
async def executors(_actor: CurrentActor, registry: TheRegistry) -> list[ExecutorOut]:
    """Give who does work, by name."""
    found = [ExecutorOut(id=each.id, name=dict(each.name)) for each in registry.executors.values()]
    return sorted(found, key=lambda each: each.name.get("ru", each.id))


@router.get("/table.csv", responses={200: {"content": {"text/csv": {}}}})
async def routing_sheet(
    _actor: CurrentActor, registry: TheRegistry, language: Language = "en"
) -> Response:
    """Give the table in force as a sheet that can be put in force again."""
    return Response(
        as_csv(headings(language), rows(registry, language)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="routing.csv"'},
    )


@router.post("/explain")
async def explain_routing(
    form: Explain, actor: CurrentActor, clock: TheClock, registry: TheRegistry
) -> Explanation:
    """Say to whom such a trouble goes now, and what speaks against every other row."""
    asset = registry.assets.get(form.asset)
    place = form.place or (asset.place if asset else "")
    if place not in registry.places or not actor.can_see(registry.path_of(place)):
        raise NotVisible("place", place)
    trouble = Trouble(
        code=form.category,
        place_path=registry.path_of(place),
        owner=form.owner or (asset.owner if asset else ""),
        severity=Severity(form.severity or category(form.category).severity),
        at=form.at or clock.now(),
    )
    routing = registry.routing.route(trouble)
    verdicts = zip(registry.routing.rows, registry.routing.against(trouble), strict=True)
    return Explanation(
        executor=routing.executor.id,
        executor_name=dict(routing.executor.name),
        reason=dict(routing.reason),
        row=routing.row,
        rows=[
            RouteVerdict(number=number, words=dict(said(row, registry)), against=against)
            for number, (row, against) in enumerate(verdicts, 1)
        ],
    )


@router.post("/trial")
async def try_routing(
    *,
    _actor: AdministratorOfAll,
    sheet: Sheet,
    since: Annotated[date | None, Form(description="first day; by default yesterday")] = None,
    until: Annotated[date | None, Form(description="last day; by default the first")] = None,
    session: Reading,
    clock: TheClock,
    registry: TheRegistry,
) -> Trial:
    """Say what a sheet would change, and what it would have done with the cases of these days."""
    candidate = await _read(sheet, registry)
    begin, end = _span(since, until, clock.now(), registry)
    past = await past_cases(session, registry, begin, end)
    table = registry.routing_by(candidate)
    found = await run_in_threadpool(compare, registry.routing, table, past.troubles, past.executors)
    moved = await cases_of(session, [past.numbers[each] for each in found.moved[:SHOWN]])
    return Trial(
        revision=registry.revision,
        rows=await run_in_threadpool(show_table, candidate, registry),
        changes=list(show_changes(registry.routing.rows, candidate, registry)),
        since=begin,
        until=end,
        cases=found.troubles,
        moved=len(found.moved),
        moves=show_moves(found, registry),
        moved_cases=show_moved(moved, found, past, registry.routing, table),
        matched=list(found.matched),
        ended_before=found.ended_before,
        ended_after=found.ended_after,
    )


@router.put("")
async def put_routing(
    *,
    _actor: AdministratorOfAll,
    sheet: Sheet,
    revision: Annotated[Number, Form(description="of the registry on which it was tried")],
    clock: TheClock,
    parts: GatewayParts,
) -> RoutingRevision:
    """Replace the table by a sheet, whole or not at all. What is routed stays where it is."""
    registry = parts.registry.snapshot
    candidate = await _read(sheet, registry)
    async with parts.database.transaction() as session:
        if revision != registry.revision or revision != await newest_registry(session):
            raise DomainError(
                "registry_changed",
                "The registry has changed since the sheet was tried. Try it again.",
            )
        fresh = await replace_routes(session, clock, registry.name, candidate)
    async with parts.database.reading() as session:
        await parts.registry.reload(session)
    return RoutingRevision(revision=fresh)


async def _read(sheet: UploadFile, registry: RegistrySnapshot) -> list[Route]:
    content = await sheet.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise DomainError("too_large", f"The sheet is larger than {LARGEST // 1_000_000} MB.")
    return await run_in_threadpool(read_routes, content, registry)


def _span(
    since: date | None, until: date | None, now: datetime, registry: RegistrySnapshot
) -> tuple[datetime, datetime]:
    """Give the moments from the midnight before the first day to the one after the last."""
    zone = registry.deadlines.zone
    first = since or now.astimezone(zone).date() - timedelta(days=1)
    last = until or first
    if not first <= last < first + LONGEST:
        raise DomainError(
            "invalid", "Choose a last day not before the first, and at most a year of days."
        )
    return (
        datetime.combine(first, time.min, zone),
        datetime.combine(last + timedelta(days=1), time.min, zone),
    )
