"""What a resident says: checked as a whole before anything of it is stored.

The text is plain. Markup is refused rather than cleaned: nobody writes it by hand, and a cleaned
text is not what was said.
"""

import hashlib
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from core.address import AddressBook
from core.category import CATEGORIES, Category
from core.errors import DomainError
from core.evidence import MAX_PHOTOS, media_type
from core.position import Bounds, Position, is_within
from core.text import Text, filled

MIN_DESCRIPTION, MAX_DESCRIPTION = 3, 4000  # characters; the upper one is Open311's
MAX_LETTER = 200_000  # characters of what does not come through a form
MAX_ADDRESS, MAX_NAME, MAX_EMAIL = 300, 100, 254
OUTSIDE_M = 500.0  # so far beyond the outermost place it is still ours
MARKUP = re.compile(r"<\s*[a-z/!?]", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
PHONE = re.compile(r"\+?[\d\s()-]{5,25}")


class Channel(StrEnum):
    WEB = "web"
    SOCIAL = "social"
    CALL = "call"
    EMAIL = "email"
    OPEN311 = "open311"
    WEBHOOK = "webhook"

    @property
    def is_form(self) -> bool:
        """Tell whether the sender sees at once what is wrong, and can mend it.

        What comes otherwise is never refused for its place, its length or its signs: it is taken as
        it is, and a person sees to it.
        """
        return self in (Channel.WEB, Channel.OPEN311, Channel.WEBHOOK)


# What to do about each fault of a draft.
FAULTS: Mapping[str, Text] = {
    "unknown_category": {
        "ru": "Выберите, о чём вы сообщаете, из списка.",
        "en": "Choose what it is about from the list.",
    },
    "too_short": {
        "ru": "Опишите, что случилось, хотя бы одним словом.",
        "en": "Say what happened, in a word at least.",
    },
    "too_long": {
        "ru": "Здесь {found} знаков, можно до {limit}. Сократите текст.",
        "en": "There are {found} characters here, at most {limit} are taken. Shorten the text.",
    },
    "markup": {
        "ru": "Уберите разметку (знаки <…>) и пишите обычным текстом.",
        "en": "Remove the markup (<…>) and write plain text.",
    },
    "no_place": {
        "ru": "Укажите место: точку на карте или адрес.",
        "en": "Say where it is: a point on the map or an address.",
    },
    "unknown_place": {
        "ru": "Такого места нет. Выберите его на карте или напишите адрес.",
        "en": "There is no such place. Choose it on the map or write the address.",
    },
    "unknown_address": {
        "ru": "Такого адреса мы не нашли. Укажите место на карте.",
        "en": "We did not find this address. Show the place on the map.",
    },
    "outside": {
        "ru": "Это место за пределами нашей территории. Выберите другое на карте.",
        "en": "This place is outside our territory. Choose another on the map.",
    },
    "email": {
        "ru": "Проверьте адрес почты: нужен вид имя@сервер.рф.",
        "en": "Check the e-mail address: name@server.example is wanted.",
    },
    "phone": {
        "ru": "Проверьте телефон: нужны цифры, можно с +7.",
        "en": "Check the phone number: digits are wanted, with + or without.",
    },
    "too_many": {
        "ru": "Приложите не больше {limit} фотографий.",
        "en": "Attach at most {limit} photos.",
    },
    "not_a_photo": {
        "ru": "Приложите фотографию JPEG, PNG или WebP.",
        "en": "Attach a JPEG, PNG or WebP photo.",
    },
    "photo_too_large": {
        "ru": "Приложите фотографию до 10 МБ.",
        "en": "Attach a photo of at most 10 MB.",
    },
}

Fault: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a channel knows of an appeal beside its words.

    via, peer, thread: the carrier of answers, whom it reaches, and the message that they answer.
    key: number of the outside system's key; token: by which that asks for the number. attributes:
    {"code", "label", "values"} of its service. links: to photos elsewhere.
    """

    via: str = ""
    peer: str = ""
    thread: str = ""
    key: int | None = None
    token: str | None = None
    attributes: Sequence[Mapping[str, object]] = ()
    links: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An appeal as it came in; everything may be missing or wrong.

    category: empty where the sender names none. outside_id: by which the channel tells messages
    from one another, if it does: the same one is the same message. joins: the
    case of which its sender says that it is the same.
    """

    category: str = ""
    description: str = ""
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    address: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    photos: Sequence[bytes] = ()
    channel: Channel = Channel.WEB
    outside_id: str = ""
    origin: Origin | None = None
    joins: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """A checked appeal. place: the known place it is about, if it says so or its address does.
    category: None where the applicant did not say, or said what there is not."""

    category: Category | None
    description: str
    place: str | None
    position: Position | None
    address: str
    name: str
    email: str
    phone: str
    photos: tuple[tuple[str, bytes], ...]  # media type and content
    channel: Channel
    outside_id: str = ""
    origin: Origin | None = None
    joins: int | None = None

    @property
    def message_key(self) -> str:
        """Give what is the same for the same message of the same sender; empty where nobody can
        say: two who give no name may well write the same."""
        sender = self.email.lower() or re.sub(r"\D", "", self.phone)
        if self.outside_id:
            said = (self.channel, "id", self.outside_id)
        elif sender:
            said = (self.channel, sender, " ".join(self.description.split()))
        else:
            return ""
        return hashlib.sha256("\0".join(said).encode()).hexdigest()

    @property
    def contact(self) -> str:
        """Give the applicant's contact as staff may see it."""
        return masked(self.email, self.phone)


@dataclass(frozen=True, slots=True)
class Territory:
    """What a draft is held against. places: ids of those that exist."""

    bounds: Bounds
    places: Container[str]
    addresses: AddressBook


def check_appeal(draft: Draft, territory: Territory) -> Appeal:
    """Give the appeal if all of it is right. DomainError lists every field that is not."""
    faults: list[Fault] = []
    known = _category(draft, faults)
    description = _description(draft, faults)
    place, position = _where(draft, territory, faults)
    photos = _photos(draft, faults)
    _rest(draft, faults)
    if faults:
        text = " ".join(fault["en"] for fault in faults)
        raise DomainError("appeal_refused", text, tuple(faults))
    return Appeal(
        category=known,
        description=description,
        place=place,
        position=position,
        address=draft.address.strip(),
        name=draft.name.strip(),
        email=draft.email.strip(),
        phone=draft.phone.strip(),
        photos=photos,
        channel=draft.channel,
        outside_id=draft.outside_id.strip(),
        origin=draft.origin,
        joins=draft.joins,
    )


def plain(text: str) -> str:
    """Give the text without control characters and outer blanks; lines end in one character."""
    return CONTROL.sub("", text.replace("\r\n", "\n")).strip()


def masked(email: str, phone: str) -> str:
    """Hide a contact but for what lets a person recognise it: "a***@mail.example, ***4567"."""
    parts = []
    if email:
        name, _, domain = email.partition("@")
        parts.append(f"{name[:1]}***@{domain}")
    if phone:
        digits = re.sub(r"\D", "", phone)
        parts.append(f"***{digits[-4:]}" if len(digits) > 6 else "***")
    return ", ".join(parts)


def _fault(field: str, code: str, **values: int) -> Fault:
    return {"field": field, "code": code, **filled(FAULTS[code], **values)}


def _category(draft: Draft, faults: list[Fault]) -> Category | None:
    known = CATEGORIES.get(draft.category)
    if known is not None and known.offered:
        return known
    if draft.category and draft.channel.is_form:
        faults.append(_fault("category", "unknown_category"))
    return None


def _description(draft: Draft, faults: list[Fault]) -> str:
    text = plain(draft.description)
    if len(text) < MIN_DESCRIPTION:
        faults.append(_fault("description", "too_short"))
    if draft.channel.is_form:
        _text("description", text, MAX_DESCRIPTION, faults)
    elif len(text) > MAX_LETTER:
        faults.append(_fault("description", "too_long", found=len(text), limit=MAX_LETTER))
    return text


def _text(field: str, text: str, limit: int, faults: list[Fault]) -> None:
    if len(text) > limit:
        faults.append(_fault(field, "too_long", found=len(text), limit=limit))
    if MARKUP.search(text):
        faults.append(_fault(field, "markup"))


def _where(
    draft: Draft, territory: Territory, faults: list[Fault]
) -> tuple[str | None, Position | None]:
    given, address = draft.place.strip(), draft.address.strip()
    place = given or territory.addresses.find(address[:MAX_ADDRESS])
    if not draft.channel.is_form:
        return _where_if_any(draft, territory, place)
    if given and given not in territory.places:
        faults.append(_fault("place", "unknown_place"))
    if draft.latitude is None or draft.longitude is None:
        if place is None:
            faults.append(_fault("address", "unknown_address" if address else "no_place"))
        return place, None
    position = (draft.latitude, draft.longitude)
    if not is_within(position, territory.bounds, OUTSIDE_M):
        faults.append(_fault("latitude", "outside"))
    return place, position


def _where_if_any(
    draft: Draft, territory: Territory, place: str | None
) -> tuple[str | None, Position | None]:
    known = place if place in territory.places else None
    if draft.latitude is None or draft.longitude is None:
        return known, None
    position = (draft.latitude, draft.longitude)
    return known, position if is_within(position, territory.bounds, OUTSIDE_M) else None


def _rest(draft: Draft, faults: list[Fault]) -> None:
    _text("address", draft.address, MAX_ADDRESS, faults)
    _text("name", draft.name, MAX_NAME, faults)
    email, phone = draft.email.strip(), draft.phone.strip()
    if email and (len(email) > MAX_EMAIL or not EMAIL.fullmatch(email)):
        faults.append(_fault("email", "email"))
    if phone and not PHONE.fullmatch(phone):
        faults.append(_fault("phone", "phone"))


def _photos(draft: Draft, faults: list[Fault]) -> tuple[tuple[str, bytes], ...]:
    if len(draft.photos) > MAX_PHOTOS:
        faults.append(_fault("photo", "too_many", limit=MAX_PHOTOS))
        return ()
    photos = []
    for content in draft.photos:
        try:
            photos.append((media_type(content), content))
        except DomainError as refusal:
            faults.append(_fault("photo", refusal.code))
    return tuple(photos)
