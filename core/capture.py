"""How a photo of the work came to be, and how much it therefore proves."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.evidence import Grade
from core.text import Text, filled

SHARP_M, NEAR_M, FAR_M = 30.0, 50.0, 100.0  # of a position's accuracy, and from the asset
ONLINE_FOR = timedelta(minutes=15)  # a nonce that comes back so soon was not kept for later
KEPT_FOR = timedelta(days=3)  # a nonce that was given in advance


class Nonce(StrEnum):
    """What became of the number that the gateway gave for a photo of this task."""

    NONE = "none"
    FRESH = "fresh"
    KEPT = "kept"  # given in advance, for where there is no connection
    SPENT = "spent"
    EXPIRED = "expired"
    FOREIGN = "foreign"  # of another task or person, or not ours


class Tag(StrEnum):
    """Which asset's tag was scanned."""

    NONE = "none"
    THIS = "this"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What the gateway could check of a photo.

    accuracy_m, distance_m: of its position, and from the asset; None where one is not known.
    indoors: positions are worth little there. in_time: taken since the task was opened.
    exif_agrees: position and time in the file fit the task. used_in: case of which it is evidence
    already.
    """

    nonce: Nonce = Nonce.NONE
    tag: Tag = Tag.NONE
    accuracy_m: float | None = None
    distance_m: float | None = None
    indoors: bool = False
    in_time: bool = True
    exif_agrees: bool = False
    used_in: int | None = None


@dataclass(frozen=True, slots=True)
class Grading:
    """A grade, and in words what keeps it from being a better one."""

    grade: Grade
    reasons: tuple[Text, ...]


def grade_capture(capture: Capture) -> Grading:
    """Grade a photo: A to D by the worst that is found, as core.evidence.Grade has it."""
    found = _found(capture)
    if not found:
        return Grading(Grade.A, (ON_THE_SPOT,))
    return Grading(max(best for best, _ in found), tuple(words for _, words in found))


def _found(capture: Capture) -> list[tuple[Grade, Text]]:
    """Give all that stands against a photo, each with the best grade that it leaves."""
    found: list[tuple[Grade, Text]] = []
    if capture.used_in is not None:
        found.append((Grade.D, filled(USED, case=str(capture.used_in))))
    if capture.tag is Tag.OTHER:
        found.append((Grade.D, OTHER_TAG))
    if not capture.in_time:
        found.append((Grade.D, NOT_IN_TIME))
    if capture.nonce not in (Nonce.FRESH, Nonce.KEPT):
        found.append((Grade.C, EXIF) if capture.exif_agrees else (Grade.D, WITHOUT[capture.nonce]))
        return found
    if capture.nonce is Nonce.KEPT:
        found.append((Grade.B, OFFLINE))
    if capture.tag is Tag.NONE:
        found.extend(_of_position(capture))
    return found


def _of_position(capture: Capture) -> list[tuple[Grade, Text]]:
    accuracy, distance = capture.accuracy_m, capture.distance_m
    if accuracy is None or distance is None:
        return [(Grade.C, EXIF) if capture.exif_agrees else (Grade.D, NOWHERE)]
    if max(accuracy, distance) > FAR_M:
        return [(Grade.D, _far(accuracy, distance))]
    found: list[tuple[Grade, Text]] = []
    if distance > NEAR_M or accuracy > SHARP_M:
        found.append((Grade.B, _far(accuracy, distance)))
    if capture.indoors:
        found.append((Grade.B, SCAN))
    return found


def _far(accuracy: float, distance: float) -> Text:
    return filled(FAR, distance=f"{distance:.0f}", accuracy=f"{accuracy:.0f}")


ON_THE_SPOT: Text = {
    "ru": "Снято в приложении, на месте и во время работы.",
    "en": "Taken in the application, on the spot, during the work.",
}
USED: Text = {
    "ru": "Этот же снимок уже приложен к заявке {case}.",
    "en": "The same picture is evidence of case {case} already.",
}
OTHER_TAG: Text = {
    "ru": "Отсканирована метка другого объекта.",
    "en": "The tag that was scanned is of another asset.",
}
NOT_IN_TIME: Text = {
    "ru": "По часам телефона снято раньше, чем открыта заявка, или в будущем.",
    "en": "By the phone's clock it was taken before the case was opened, or in the future.",
}
OFFLINE: Text = {
    "ru": "Снято без связи и передано позже.",
    "en": "Taken without a connection and sent later.",
}
NOWHERE: Text = {
    "ru": "Где снято, не известно: нет координат снимка или объекта, и метка не отсканирована.",
    "en": "It is not known where: a position, of it or of the asset, is missing, and so is a tag.",
}
FAR: Text = {
    "ru": "Снято в {distance} м от объекта, точность {accuracy} м.",
    "en": "Taken {distance} m from the asset, to within {accuracy} m.",
}
SCAN: Text = {
    "ru": "В помещении для оценки A нужна метка объекта.",
    "en": "Indoors grade A needs the tag of the asset.",
}
EXIF: Text = {
    "ru": "Файл из галереи; место и время в нём подходят.",
    "en": "A file of a gallery, in which place and time agree.",
}
WITHOUT: dict[Nonce, Text] = {
    Nonce.NONE: {
        "ru": "Файл, который не показывает, где и когда он снят.",
        "en": "A file that does not show where and when it was taken.",
    },
    Nonce.SPENT: {
        "ru": "С этим номером уже передан другой снимок.",
        "en": "Another photo came with this number before.",
    },
    Nonce.EXPIRED: {
        "ru": "Передано слишком поздно: номер снимка больше не действует.",
        "en": "It came too late: its number does not count any more.",
    },
    Nonce.FOREIGN: {
        "ru": "Номер снимка выдан не для этой задачи или не этому человеку.",
        "en": "Its number was not given for this task, or not to this person.",
    },
}
