"""Reads photos: what they look like, where they say that they were taken; and takes that out."""

import io
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from core.errors import DomainError
from core.evidence import media_type
from core.picture_hash import SIDE, picture_hash
from core.position import Position

MOST_PIXELS = 120_000_000  # of the largest cameras of phones; a small file may unpack to far more
FORMATS = ("JPEG", "PNG", "WEBP")
TOLD_BY = frozenset({0xE1, 0xED, 0xFE})  # segments of a JPEG: EXIF and XMP, IPTC, comment
CHUNKS = frozenset({b"eXIf", b"tEXt", b"iTXt", b"zTXt"})  # of a PNG
PARTS = frozenset({b"EXIF", b"XMP "})  # of a WebP
START_OF_SCAN = 0xDA
EXIF_IS_THERE, XMP_IS_THERE = 0x08, 0x04  # flags of a WebP's VP8X header


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A photo that can be looked at.

    content: without what tells of its owner. look: core.picture_hash's bits. taken_at, position:
    what the file said of itself, where it said it beyond doubt.
    """

    media_type: str
    content: bytes
    look: int | None
    taken_at: datetime | None
    position: Position | None


def read_picture(content: bytes) -> Picture:
    """Read a photo. DomainError where it is none, and where it cannot be read whole."""
    media = media_type(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd EXIF data, which is no harm
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise _too_many_pixels()
            exif = image.getexif()
            taken_at, position = _taken_at(exif), _position(exif)
            look = _look(image)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise DomainError(
            "not_a_photo", "the photo is damaged and cannot be shown; take it again"
        ) from error
    turned = exif.get(ExifTags.Base.Orientation, 1)
    return Picture(
        media_type=media,
        content=without_traces(content, turned if isinstance(turned, int) else 1),
        look=look,
        taken_at=taken_at,
        position=position,
    )


def _too_many_pixels() -> DomainError:
    words = f"the photo has too many pixels; at most {MOST_PIXELS:,} are taken"
    return DomainError("photo_too_large", words)


def _look(image: Image.Image) -> int | None:
    image.draft("L", (8 * SIDE, 8 * SIDE))  # a JPEG is then decoded at a fraction of its size
    grey = ImageOps.exif_transpose(image).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return picture_hash(np.asarray(grey))


def _taken_at(exif: Image.Exif) -> datetime | None:
    """Give when it was taken: by the satellites, else by a clock that tells its zone."""
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    day, time = place.get(ExifTags.GPS.GPSDateStamp), place.get(ExifTags.GPS.GPSTimeStamp)
    try:
        if day and time:
            hours, minutes, seconds = (int(part) for part in time)
            clock = f"{day} {hours:02}:{minutes:02}:{seconds:02}"
            return datetime.strptime(clock, "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
        said = exif.get_ifd(ExifTags.IFD.Exif)
        local = said.get(ExifTags.Base.DateTimeOriginal)
        zone = said.get(ExifTags.Base.OffsetTimeOriginal)
        if local and zone:
            return datetime.strptime(f"{local}{zone}", "%Y:%m:%d %H:%M:%S%z").astimezone(UTC)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        return None  # cameras write all sorts of things there
    return None


def _position(exif: Image.Exif) -> Position | None:
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        latitude = _degrees(place[ExifTags.GPS.GPSLatitude])
        longitude = _degrees(place[ExifTags.GPS.GPSLongitude])
    except (KeyError, ValueError, TypeError, ZeroDivisionError):
        return None
    south = place.get(ExifTags.GPS.GPSLatitudeRef) == "S"
    west = place.get(ExifTags.GPS.GPSLongitudeRef) == "W"
    position = (-latitude if south else latitude, -longitude if west else longitude)
    return position if abs(position[0]) <= 90 and abs(position[1]) <= 180 else None


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


# ---- what others do not see -----------------------------------------------------------------


def without_traces(content: bytes, turned: int = 1) -> bytes:
    """Give the picture without what it tells beside itself: position, camera, owner, comments.

    turned: the EXIF orientation, which is kept. Not a pixel changes; what is damaged stays as it is
    from there on.
    """
    if content.startswith(b"\xff\xd8"):
        return _jpeg_without(content, turned)
    if content.startswith(b"\x89PNG"):
        return _png_without(content)
    return _webp_without(content)


def fit_to_show(content: bytes) -> bytes:
    """Give a photo that somebody sent without what it tells beside itself; one that cannot be read
    is not refused for that."""
    try:
        return read_picture(content).content
    except DomainError:
        return without_traces(content)


def _jpeg_without(content: bytes, turned: int) -> bytes:
    kept = [content[:2]]
    if turned != 1:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = turned
        block = exif.tobytes()
        kept.append(b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block)
    at = 2
    while content[at : at + 1] == b"\xff" and content[at + 1 : at + 2] != bytes([START_OF_SCAN]):
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 2:
            break
        if content[at + 1] not in TOLD_BY:
            kept.append(content[at : at + 2 + length])
        at += 2 + length
    return b"".join([*kept, content[at:]])


def _png_without(content: bytes) -> bytes:
    kept, at = [content[:8]], 8
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] not in CHUNKS:
            kept.append(content[at:end])
        at = end
    return b"".join(kept)


def _webp_without(content: bytes) -> bytes:
    kept, at = [], 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2
        name, chunk = content[at : at + 4], bytearray(content[at:end])
        if name == b"VP8X" and len(chunk) > 8:
            chunk[8] &= ~(EXIF_IS_THERE | XMP_IS_THERE)
        if name not in PARTS:
            kept.append(bytes(chunk))
        at = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
