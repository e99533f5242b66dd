"""Planned works: everybody sees what is announced; those who plan and do them say how it stands."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Response, UploadFile

from core.errors import NotVisible
from core.evidence import MAX_PHOTO
from gateway.api.case_dependencies import TheDesk, TheFiles
from gateway.api.dependencies import CurrentActor, CurrentPerson, Reading, TheClock, TheRegistry
from gateway.api.models import Number
from gateway.api.planned_models import PlanForm, PlannedWorks, Prolong, PublicWorks, Withdraw
from gateway.storage.planned_tables import PlannedWorkRow
from gateway.works import planning
from gateway.works.show import show_public, show_works

router = APIRouter(tags=["planned works"])

Photo = Annotated[UploadFile | None, File(description="JPEG, PNG or WebP of what was done")]


@router.get("/public/works")
async def public_works(
    session: Reading, clock: TheClock, registry: TheRegistry, place: str = ""
) -> list[PublicWorks]:
    """Give what is announced, under way or was done in the last thirty days.

    place: of a house or a flat, only what is noticed there.
    """
    rows = await planning.announced(session, clock.now())
    if place:
        rows = [row for row in rows if planning.is_noticed(registry, row, place, clock.now())]
    return [show_public(row, registry, clock.now()) for row in rows]


@router.get("/public/works/{number}/photo", response_class=Response)
async def photo_of_works(number: Number, session: Reading, files: TheFiles) -> Response:
    """Give the picture that shows the work done."""
    row = await session.get(PlannedWorkRow, number)
    if row is None or not row.photo or row.published_at is None:
        raise NotVisible("photo of planned works", number)
    return Response(
        await files.get(row.photo),
        media_type=row.photo_type,
        headers={"Cache-Control": "public, max-age=3600"},
    )


@router.get("/works/mine")
async def works_at_home(
    person: CurrentPerson, session: Reading, clock: TheClock, registry: TheRegistry
) -> list[PublicWorks]:
    """Give what is noticed where one lives, or in one's territory."""
    rows = await planning.announced(session, clock.now())
    return [
        show_public(row, registry, clock.now())
        for row in rows
        if planning.is_noticed(registry, row, person.place, clock.now())
    ]


@router.get("/works")
async def list_works(
    actor: CurrentActor, session: Reading, clock: TheClock, registry: TheRegistry
) -> list[PlannedWorks]:
    """Give the planned works of one's territory, drafts too; of an executor their own."""
    rows = await planning.list_works(session, actor, clock.now())
    return [show_works(row, registry, clock.now()) for row in rows]


@router.post("/works", status_code=201)
async def draft_works(actor: CurrentActor, form: PlanForm, desk: TheDesk) -> PlannedWorks:
    """Keep a draft, of which nobody is told; its answer says what it would cut off."""
    return _show(desk, await planning.draft(desk, actor, form))


@router.put("/works/{number}")
async def change_works(
    number: Number, actor: CurrentActor, form: PlanForm, desk: TheDesk
) -> PlannedWorks:
    """Change a draft."""
    return _show(desk, await planning.change(desk, actor, number, form))


@router.post("/works/{number}/publish")
async def publish_works(number: Number, actor: CurrentActor, desk: TheDesk) -> PlannedWorks:
    """Announce a draft. For its time nobody is told of what it cuts off, unless it is critical."""
    return _show(desk, await planning.publish(desk, actor, number))


@router.post("/works/{number}/begin")
async def begin_works(number: Number, actor: CurrentActor, desk: TheDesk) -> PlannedWorks:
    """Say that it has begun."""
    return _show(desk, await planning.begin(desk, actor, number))


@router.post("/works/{number}/prolong")
async def prolong_works(
    number: Number, actor: CurrentActor, form: Prolong, desk: TheDesk
) -> PlannedWorks:
    """Announce a later end."""
    return _show(desk, await planning.prolong(desk, actor, number, form.until, form.reason))


@router.post("/works/{number}/finish")
async def finish_works(
    number: Number,
    actor: CurrentActor,
    desk: TheDesk,
    files: TheFiles,
    *,
    result: Annotated[str, Form(max_length=2000)] = "",
    photo: Photo = None,
) -> PlannedWorks:
    """Say that it is done. Refused while something is off, and without a photo where no device
    shows that it is on again."""
    content = await photo.read(MAX_PHOTO + 1) if photo else b""
    row = await planning.finish(desk, files, actor, number, result=result, photo=content)
    return _show(desk, row)


@router.post("/works/{number}/withdraw")
async def withdraw_works(
    number: Number, actor: CurrentActor, form: Withdraw, desk: TheDesk
) -> PlannedWorks:
    """Call it off."""
    return _show(desk, await planning.withdraw(desk, actor, number, form.reason))


def _show(desk: TheDesk, row: PlannedWorkRow) -> PlannedWorks:
    return show_works(row, desk.registry, desk.now)
