"""Photos of the work: numbers to take them with, tags to scan beside them, and their grades."""

import io
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

import segno
from fastapi import APIRouter, Form, Request, Response

from gateway.api.capture_models import NonceOut, NoncesForm, TagOut
from gateway.api.case_dependencies import TheDesk, TheFiles, TheLooks, ThePhoto
from gateway.api.case_models import EvidenceOut
from gateway.api.dependencies import Administrator, CurrentActor, Reading, TheClock, TheRegistry
from gateway.api.models import Number
from gateway.cases.captures import Taken, attach_photo
from gateway.cases.rows import show_evidence
from gateway.cases.signatures import signatures_of
from gateway.cases.work import find_case
from gateway.registry.devices import visible_asset

router = APIRouter(tags=["captures"])


@router.post("/cases/{number}/nonces")
async def give_nonces(
    number: Number, actor: CurrentActor, form: NoncesForm, session: Reading, clock: TheClock
) -> list[NonceOut]:
    """Give numbers, each for one photo of this case by this person. One that comes back at once
    shows that its photo is of now; those for later are taken along where there is no network."""
    row = await find_case(session, actor, number)
    signatures = await signatures_of(session)
    given = [signatures.give(row.id, actor, clock.now()) for _ in range(form.count)]
    return [
        NonceOut(nonce=each.nonce, given_at=each.given_at, expires_at=each.expires_at)
        for each in given
    ]


@router.post("/cases/{number}/captures")
async def take_photo(
    *,
    number: Number,
    actor: CurrentActor,
    photo: ThePhoto,
    id: Annotated[  # noqa: A002 - the name of the field
        str,
        Form(min_length=8, max_length=64, description="made by the phone; sent twice, it is one"),
    ],
    item: Annotated[str, Form(max_length=40, description="of the checklist")] = "",
    nonce: Annotated[str, Form(max_length=300)] = "",
    tag: Annotated[str, Form(max_length=200, description="as scanned at the asset")] = "",
    taken_at: Annotated[datetime | None, Form(description="by the phone's clock")] = None,
    latitude: Annotated[float | None, Form(ge=-90, le=90)] = None,
    longitude: Annotated[float | None, Form(ge=-180, le=180)] = None,
    accuracy_m: Annotated[float | None, Form(ge=0, description="metres")] = None,
    desk: TheDesk,
    files: TheFiles,
    looks: TheLooks,
) -> EvidenceOut:
    """Attach a photo that was taken in the application; the answer tells its grade, and why."""
    position = None
    if latitude is not None and longitude is not None:
        position = latitude, longitude
    taken = Taken(
        id=id,
        item=item,
        nonce=nonce,
        tag=tag,
        taken_at=taken_at if taken_at is None or taken_at.tzinfo else None,
        position=position,
        accuracy_m=accuracy_m,
    )
    piece = await attach_photo(
        desk, files, looks, actor, number, content=photo.content, picture=photo.picture, taken=taken
    )
    return show_evidence(piece)


@router.get("/assets/{identifier}/tag")
async def read_tag(
    identifier: str, actor: Administrator, request: Request, session: Reading, registry: TheRegistry
) -> TagOut:
    """Give the tag of an asset, to be fixed at it."""
    asset = visible_asset(registry, actor, identifier)
    tag = (await signatures_of(session)).tag(asset.id)
    link = f"{request.base_url}field?tag={quote(tag)}"
    return TagOut(asset=asset.id, tag=tag, link=link)


@router.get("/assets/{identifier}/tag.svg", response_class=Response)
async def draw_tag(
    identifier: str, actor: Administrator, request: Request, session: Reading, registry: TheRegistry
) -> Response:
    """Give the tag of an asset as a QR code, to be printed."""
    found = await read_tag(identifier, actor, request, session, registry)
    drawing = io.BytesIO()
    segno.make_qr(found.link, error="q").save(drawing, kind="svg", scale=6, border=4)
    return Response(drawing.getvalue(), media_type="image/svg+xml")
