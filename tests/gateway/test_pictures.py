"""Photos of every kind: what is read in them, what others do not see, and what is refused."""

import io
import struct
import zlib
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import ExifTags, Image

from core.errors import DomainError
from core.picture_hash import SAME_BITS
from gateway.cases.pictures import fit_to_show, read_picture
from tests.gateway.photos import AT_HOUSE_5, photo

AT = datetime(2026, 11, 22, 9, 30, 15, tzinfo=UTC)


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def look(content: bytes) -> int:
    found = read_picture(content).look
    assert found is not None
    return found


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_place_and_time_are_read_and_taken_out(format: str) -> None:  # noqa: A002
    taken = photo(1, format=format, position=AT_HOUSE_5, at=AT)
    found = read_picture(taken)
    assert found.position == pytest.approx(AT_HOUSE_5, abs=1e-5)
    assert found.taken_at == AT
    shown = opened(found.content)
    assert (shown.getexif().get_ifd(ExifTags.IFD.GPSInfo), shown.info.get("exif")) == ({}, None)
    assert b"Somebody" not in found.content
    assert np.array_equal(np.asarray(shown), np.asarray(opened(taken)))


def test_a_turned_photo_stays_turned() -> None:
    found = read_picture(photo(1, turned=6, position=AT_HOUSE_5))
    exif = opened(found.content).getexif()
    assert dict(exif) == {ExifTags.Base.Orientation: 6}


def test_the_time_of_a_clock_counts_where_it_tells_its_zone() -> None:
    exif = Image.Exif()
    said = exif.get_ifd(ExifTags.IFD.Exif)
    said[ExifTags.Base.DateTimeOriginal] = "2026:11:22 12:30:15"
    said[ExifTags.Base.OffsetTimeOriginal] = "+03:00"
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)
    assert read_picture(out.getvalue()).taken_at == AT


def test_a_copy_that_was_saved_smaller_and_coarser_looks_the_same() -> None:
    copy = photo(1, size=(160, 120), quality=30)
    assert (look(photo(1)) ^ look(copy)).bit_count() <= SAME_BITS
    assert (look(photo(1)) ^ look(photo(2))).bit_count() > SAME_BITS


def test_a_photo_turned_by_its_header_looks_as_it_is_seen() -> None:
    upright = io.BytesIO()
    opened(photo(1)).transpose(Image.Transpose.ROTATE_270).save(upright, "JPEG")
    assert (look(photo(1, turned=6)) ^ look(upright.getvalue())).bit_count() <= SAME_BITS


def test_what_residents_send_is_shown_without_its_place_and_a_broken_file_as_it_is() -> None:
    shown = fit_to_show(photo(1, position=AT_HOUSE_5, turned=6))
    assert dict(opened(shown).getexif()) == {ExifTags.Base.Orientation: 6}
    broken = b"\xff\xd8\xff\xe0" + bytes(100)
    assert fit_to_show(broken) == broken


def png(width: int, height: int) -> bytes:
    """Give a PNG of this size by its header, and nothing of its pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(header))
    pixels = struct.pack(">I", 8) + b"IDAT" + bytes(12)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + crc + pixels


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "not_a_photo", "is empty"),
        (b"hello", "not_a_photo", "not a JPEG, PNG or WebP"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(40), "not_a_photo", "HEIC"),
        (photo(1)[:600], "not_a_photo", "damaged"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "not_a_photo", "damaged"),
        (b"\xff\xd8\xff" + bytes(40_000_000), "photo_too_large", "at most 10485760"),
        (png(20_000, 20_000), "photo_too_large", "pixels"),
        (png(12_000, 11_000), "photo_too_large", "120,000,000"),
    ],
    ids=["empty", "text", "heic", "cut", "zeros", "40 MB", "bomb", "large"],
)
def test_what_is_no_photo_is_refused_with_what_to_do(content: bytes, code: str, words: str) -> None:
    with pytest.raises(DomainError, match=words) as refusal:
        read_picture(content)
    assert refusal.value.code == code
