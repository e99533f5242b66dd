"""Readings that people sent: who may see them, and the photo of the dial that proves one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.actor import Actor
from core.errors import DomainError, NotVisible
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.pictures import Picture
from gateway.storage.metering_tables import MeterReadingRow
from gateway.storage.visibility import visible_to

PHOTO_WITHIN = timedelta(hours=1)  # of the reading; later somebody else may read the meter


async def sent_readings(
    session: AsyncSession, actor: Actor, assets: Sequence[str], most: int
) -> Sequence[MeterReadingRow]:
    """Give what people read on these assets, the newest first."""
    found = await session.scalars(
        select(MeterReadingRow)
        .where(visible_to(actor, MeterReadingRow), MeterReadingRow.asset.in_(assets))
        .order_by(MeterReadingRow.at.desc(), MeterReadingRow.id.desc())
        .limit(most)
    )
    return found.all()


async def sent_reading(
    session: AsyncSession, actor: Actor, asset: str, number: int
) -> MeterReadingRow:
    """Give one; NotVisible where there is none for this actor."""
    row = await session.scalar(
        select(MeterReadingRow).where(
            visible_to(actor, MeterReadingRow),
            MeterReadingRow.asset == asset,
            MeterReadingRow.id == number,
        )
    )
    if row is None:
        raise NotVisible("reading", str(number))
    return row


async def add_photo(
    row: MeterReadingRow, actor: Actor, files: EvidenceFiles, picture: Picture, now: datetime
) -> None:
    """Keep the photo of a reading. DomainError where it is another's, an old one, or has one."""
    if (row.by, row.role) != (actor.name, actor.role):
        raise DomainError("forbidden", "Only who sent the reading adds its photo. Send your own.")
    if row.photo or now > row.recorded_at + PHOTO_WITHIN:
        raise DomainError(
            "photo_refused", "This reading takes no photo any more. Send another reading with it."
        )
    row.photo, row.photo_type = await files.put(picture.content), picture.media_type
