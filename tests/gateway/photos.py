"""Photos as phones make them."""

import io
from datetime import UTC, datetime

import numpy as np
from PIL import ExifTags, Image

AT_HOUSE_5 = (55.001, 37.001)  # of tests.gateway.conftest.TOWN


def photo(
    seed: int,
    *,
    size: tuple[int, int] = (320, 240),
    format: str = "JPEG",  # noqa: A002 - as Pillow has it
    quality: int = 90,
    position: tuple[float, float] | None = None,
    at: datetime | None = None,
    turned: int = 1,
) -> bytes:
    """Give a picture of blurred patches, another one for each seed, with what EXIF says of it."""
    patches = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    image = Image.fromarray(patches).resize((320, 240), Image.Resampling.BICUBIC).resize(size)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Somebody's phone"
    exif[ExifTags.Base.Orientation] = turned
    if position is not None:
        when = (at or datetime(2026, 11, 22, 12, tzinfo=UTC)).astimezone(UTC)
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(
            {
                ExifTags.GPS.GPSLatitudeRef: "N",
                ExifTags.GPS.GPSLatitude: _sexagesimal(position[0]),
                ExifTags.GPS.GPSLongitudeRef: "E",
                ExifTags.GPS.GPSLongitude: _sexagesimal(position[1]),
                ExifTags.GPS.GPSDateStamp: f"{when:%Y:%m:%d}",
                ExifTags.GPS.GPSTimeStamp: (when.hour, when.minute, when.second),
            }
        )
    out = io.BytesIO()
    image.save(out, format, quality=quality, exif=exif)
    return out.getvalue()


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    whole = int(degrees)
    minutes = (degrees - whole) * 60
    return whole, int(minutes), (minutes - int(minutes)) * 60
