"""What proves that the work was done, and how much each piece proves."""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import DomainError

MAX_PHOTO = 10 * 1024 * 1024  # bytes
PDF = "application/pdf"
MAX_PHOTOS = 5  # of one appeal


class EvidenceKind(StrEnum):
    PHOTO = "photo"  # a person uploaded it
    STILL = "still"  # a camera's picture of an event
    TELEMETRY = "telemetry"  # what the devices themselves said
    ACT = "act"  # a paper that both sides signed, as a picture or a PDF


class Grade(StrEnum):
    """A proves by itself; B was taken offline or 30–100 m away; C is a gallery file whose EXIF
    agrees; D is a file and nothing more."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True)
class Capture:
    """How a photo was taken, as far as it was proved.

    nonce_valid: taken in the application for this task. accuracy_m, distance_m: of the position,
    and from the asset, metres. exif_agrees: time and place in the file fit the task.
    """

    nonce_valid: bool = False
    offline: bool = False
    accuracy_m: float | None = None
    distance_m: float | None = None
    exif_agrees: bool = False


def grade(kind: EvidenceKind, capture: Capture | None = None) -> Grade:
    """Say how much a piece proves. Without a capture a photo is a gallery file."""
    if kind in (EvidenceKind.TELEMETRY, EvidenceKind.STILL):
        return Grade.A
    if kind is EvidenceKind.ACT:
        return Grade.B  # a person answers for it
    taken = capture or Capture()
    near = taken.distance_m is not None and taken.distance_m <= 50
    sharp = taken.accuracy_m is not None and taken.accuracy_m <= 30
    if taken.nonce_valid and near and sharp and not taken.offline:
        return Grade.A
    if taken.nonce_valid and taken.distance_m is not None and taken.distance_m <= 100:
        return Grade.B
    return Grade.C if taken.exif_agrees else Grade.D


def paper_type(content: bytes) -> str:
    """Tell what a signed paper is from its first bytes: a picture or a PDF. DomainError else."""
    if content.startswith(b"%PDF-") and len(content) <= MAX_PHOTO:
        return PDF
    return media_type(content)


def media_type(content: bytes) -> str:
    """Tell what a picture is from its first bytes; its name does not count.

    DomainError for anything but JPEG, PNG and WebP, and for one above 10 MB.
    """
    if len(content) > MAX_PHOTO:
        raise DomainError(
            "photo_too_large",
            f"the photo has {len(content)} bytes; send one of at most {MAX_PHOTO}",
        )
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    raise DomainError(
        "not_a_photo", "the file is not a JPEG, PNG or WebP picture; attach a photo or nothing"
    )
