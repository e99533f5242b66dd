"""Readings that people sent, for those who check them, and the photos of the dials."""

from fastapi import APIRouter, Response

from core.errors import NotVisible
from core.metering import Zone
from gateway.api.case_dependencies import TheFiles, ThePhoto
from gateway.api.dependencies import (
    CurrentActor,
    CurrentPerson,
    GatewayParts,
    Reading,
    TheClock,
    TheRegistry,
    Writing,
)
from gateway.api.metering_models import SentReading
from gateway.metering.registers import metered_asset, metered_assets, registers_of
from gateway.metering.sent import add_photo, sent_reading, sent_readings

router = APIRouter(tags=["meters"])

SHOWN = 200


@router.get("/places/{place}/meter-readings")
async def readings_of_place(
    place: str, actor: CurrentActor, parts: GatewayParts, session: Reading
) -> list[SentReading]:
    """Give what people read on the meters of a place and below it, the newest first."""
    assets = {each.asset.id: each for each in metered_assets(parts.registry.snapshot, actor, place)}
    units = {
        (register.device, register.zone): register.unit
        for each in assets.values()
        for register in registers_of(parts.directory, each.meter)
    }
    return [
        SentReading(
            id=row.id,
            asset=row.asset,
            name=dict(assets[row.asset].asset.name),
            zone=Zone(row.zone),
            value=row.value,
            unit=units.get((row.device, Zone(row.zone)), ""),
            at=row.at,
            by=row.by,
            role=row.role,
            confirmed=row.confirmed,
            has_photo=bool(row.photo),
        )
        for row in await sent_readings(session, actor, list(assets), SHOWN)
    ]


@router.post("/meters/{asset}/readings/{number}/photo", status_code=204)
async def attach_photo_to_reading(
    *,
    asset: str,
    number: int,
    actor: CurrentPerson,
    photo: ThePhoto,
    registry: TheRegistry,
    clock: TheClock,
    files: TheFiles,
    session: Writing,
) -> None:
    """Add a photo of the dial to a reading that one has just sent; what it says of where it was
    taken is not kept."""
    metered_asset(registry, actor, asset)
    row = await sent_reading(session, actor, asset, number)
    await add_photo(row, actor, files, photo.picture, clock.now())


@router.get("/meters/{asset}/readings/{number}/photo", response_class=Response)
async def photo_of_reading(
    asset: str, number: int, actor: CurrentPerson, session: Reading, files: TheFiles
) -> Response:
    """Give the photo of a reading. It never changes."""
    row = await sent_reading(session, actor, asset, number)
    if not row.photo:
        raise NotVisible("photo of reading", str(number))
    # By the cookie too, so that the next person at the same browser gets nothing out of its cache.
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "Vary": "Cookie"}
    return Response(await files.get(row.photo), media_type=row.photo_type, headers=headers)
