"""What proves that the work was done, and how much each piece proves."""

from enum import StrEnum

from core.errors import DomainError

MAX_PHOTO = 10 * 1024 * 1024  # bytes
PDF = "application/pdf"
HEIC = frozenset({b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc", b"ftypmsf1", b"ftypavif"})
MAX_PHOTOS = 5  # of one appeal


class EvidenceKind(StrEnum):
    PHOTO = "photo"  # a person uploaded it
    STILL = "still"  # a camera's picture of an event
    TELEMETRY = "telemetry"  # what the devices themselves said
    MEASUREMENT = "measurement"  # a person read it off an instrument
    ANSWER = "answer"  # to a question, which asks for no other work
    ACT = "act"  # a paper that both sides signed, as a picture or a PDF


class Grade(StrEnum):
    """A proves by itself; B was taken offline or 30–100 m away; C is a gallery file whose EXIF
    agrees; D is a file and nothing more."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


def grade(kind: EvidenceKind) -> Grade:
    """Say how much a piece proves by its kind alone: a photo then is a file and nothing more."""
    if kind in (EvidenceKind.TELEMETRY, EvidenceKind.STILL):
        return Grade.A
    if kind is EvidenceKind.PHOTO:
        return Grade.D
    return Grade.B  # a person answers for it


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
    if not content:
        raise DomainError("not_a_photo", "the file is empty; take the photo again")
    if content[4:12] in HEIC:
        raise DomainError(
            "not_a_photo",
            "the photo is HEIC or AVIF, which most browsers do not show; set the camera to JPEG "
            "(on an iPhone: Settings, Camera, Formats, Most compatible), or take the photo in the "
            "application",
        )
    raise DomainError(
        "not_a_photo", "the file is not a JPEG, PNG or WebP picture; attach a photo or nothing"
    )
