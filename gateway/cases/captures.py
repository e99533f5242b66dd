"""Photos of the work as evidence: each is graded by how it was taken, and is used once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.actor import Actor
from core.capture import FAR_M, Capture, Nonce, Tag, grade_capture
from core.errors import DomainError
from core.evidence import EvidenceKind
from core.position import Position, distance_m
from core.proof import covering
from core.text import Text
from gateway.cases.desk import Desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.looks import Looks, as_stored
from gateway.cases.pictures import Picture
from gateway.cases.signatures import signatures_of
from gateway.cases.work import find_case
from gateway.storage.capture_tables import CaptureRow
from gateway.storage.case_tables import CaseRow, EvidenceRow

CLOCKS_DIFFER = timedelta(minutes=10)  # of phones, from ours

ATTACHED: Text = {
    "ru": "Приложена фотография, оценка {grade}",
    "en": "A photo was attached, grade {grade}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a phone says of a photo, beside the file itself.

    id: made by the phone, so that sending it again changes nothing. item: of the checklist.
    taken_at: by the phone's clock.
    """

    id: str = ""
    item: str = ""
    nonce: str = ""
    tag: str = ""
    taken_at: datetime | None = None
    position: Position | None = None
    accuracy_m: float | None = None


FROM_A_GALLERY = Taken()


async def attach_photo(
    desk: Desk,
    files: EvidenceFiles,
    looks: Looks,
    actor: Actor,
    number: int,
    *,
    content: bytes,
    picture: Picture,
    taken: Taken = FROM_A_GALLERY,
) -> EvidenceRow:
    """Keep a photo of the work, graded. content: the file as it came; picture: what was read in
    it. Sent again with the same id it is the piece that is there."""
    row = await find_case(desk.session, actor, number)
    if taken.id and (known := await _known(desk.session, row, taken.id)) is not None:
        return known
    await looks.catch_up(desk.session)
    capture, kept = await _checked(
        desk, looks, actor, row, content=content, picture=picture, taken=taken
    )
    grading = grade_capture(capture)
    piece = EvidenceRow(
        case=row,
        kind=EvidenceKind.PHOTO,
        grade=grading.grade,
        reasons=[dict(reason) for reason in grading.reasons],
        item=taken.item,
        used_in=capture.used_in,
        at=desk.now,
        by=actor.name,
        by_staff=True,
        text={},
        media_type=picture.media_type,
        sha256=await files.put(picture.content),
        place_path=row.place_path,
    )
    desk.session.add(piece)
    await desk.session.flush()
    kept.evidence_id = piece.id
    desk.session.add(kept)
    row.touched = True
    desk.say(row, "evidence", ATTACHED, by=actor.name, grade=grading.grade.value)
    await desk.finish()
    return piece


async def _checked(
    desk: Desk,
    looks: Looks,
    actor: Actor,
    row: CaseRow,
    *,
    content: bytes,
    picture: Picture,
    taken: Taken,
) -> tuple[Capture, CaptureRow]:
    """Give what can be said of a photo, and what is kept of it."""
    sha256 = hashlib.sha256(content).hexdigest()
    signatures = await signatures_of(desk.session)
    nonce, once = signatures.read(taken.nonce, row.id, actor, desk.now)
    if once and await _is_spent(desk.session, once):
        nonce, once = Nonce.SPENT, ""
    scanned = signatures.asset_of(taken.tag) if taken.tag else None
    spot = _spot(desk, row)
    away = distance_m(spot, taken.position) if spot and taken.position else None
    latitude, longitude = taken.position or picture.position or (None, None)
    capture = Capture(
        nonce=nonce,
        tag=_tag(desk, row, taken.tag, scanned),
        accuracy_m=taken.accuracy_m,
        distance_m=away,
        indoors=covering(desk.registry.proofs, row.category).indoors,
        in_time=nonce is not Nonce.KEPT or _is_in_time(row, taken.taken_at, desk.now),
        exif_agrees=_exif_agrees(row, picture, spot, desk.now),
        used_in=await _used_in(desk.session, looks, row, sha256, picture.look),
    )
    kept = CaptureRow(
        id=taken.id or None,
        sha256=sha256,
        look=as_stored(picture.look),
        nonce=once or None,
        taken_at=taken.taken_at or picture.taken_at,
        latitude=latitude,
        longitude=longitude,
        accuracy_m=taken.accuracy_m,
        distance_m=away,
        asset=scanned or "",
    )
    return capture, kept


async def _known(session: AsyncSession, row: CaseRow, identifier: str) -> EvidenceRow | None:
    piece: EvidenceRow | None = await session.scalar(
        select(EvidenceRow)
        .join(CaptureRow, CaptureRow.evidence_id == EvidenceRow.id)
        .where(CaptureRow.id == identifier)
    )
    if piece is not None and piece.case_id != row.id:
        raise DomainError("id_used", "This photo was sent to another case before.")
    return piece


async def _used_in(
    session: AsyncSession, looks: Looks, row: CaseRow, sha256: str, look: int | None
) -> int | None:
    """Give the case of which the same file is evidence, or what looks the same is.

    Two photos of one work may look alike: within a case only the same file is the same photo.
    """
    pieces = select(EvidenceRow.case_id).order_by(EvidenceRow.id).limit(1)
    same_file = pieces.join(CaptureRow).where(CaptureRow.sha256 == sha256)
    found: int | None = await session.scalar(same_file)
    if found is not None or look is None:
        return found
    alike = pieces.where(EvidenceRow.id.in_(looks.same(look)), EvidenceRow.case_id != row.id)
    return await session.scalar(alike)


async def _is_spent(session: AsyncSession, nonce: str) -> bool:
    found = await session.scalar(select(CaptureRow.evidence_id).where(CaptureRow.nonce == nonce))
    return found is not None


def _spot(desk: Desk, row: CaseRow) -> Position | None:
    """Give where the photo is to be taken, where that is known exactly."""
    asset = desk.registry.assets.get(row.asset or "")
    return desk.registry.spot_of(asset) if asset else desk.spot(row)


def _tag(desk: Desk, row: CaseRow, tag: str, scanned: str | None) -> Tag:
    """Tell whose tag it is; a case without an asset takes that of any asset at its place."""
    if not tag:
        return Tag.NONE
    asset = desk.registry.assets.get(scanned or "")
    if asset is None:
        return Tag.OTHER
    is_it = asset.id == row.asset if row.asset else asset.place == row.place
    return Tag.THIS if is_it else Tag.OTHER


def _is_in_time(row: CaseRow, at: datetime | None, now: datetime) -> bool:
    return at is not None and row.opened_at - CLOCKS_DIFFER <= at <= now + CLOCKS_DIFFER


def _exif_agrees(row: CaseRow, picture: Picture, spot: Position | None, now: datetime) -> bool:
    if spot is None or picture.position is None:
        return False
    near = distance_m(spot, picture.position) <= FAR_M
    return near and _is_in_time(row, picture.taken_at, now)
