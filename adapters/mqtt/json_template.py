"""Values in messages of JSON or text: found by topic and JSON pointer, as profiles say."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
from paho.mqtt.client import topic_matches_sub

from adapters.contract import Point
from adapters.mqtt.address import MqttAddress
from adapters.mqtt.columns import Columns
from adapters.mqtt.intake import Delivery
from adapters.mqtt.pointer import MISSING, Pointer, found_at, pointer_of
from adapters.mqtt.stamp import NANOSECONDS, StampForm
from adapters.mqtt.topics import filled, is_pattern, topic_of
from adapters.trouble import Troubles
from core.clock import SECOND
from core.quality import BAD, GOOD, UNCERTAIN, Reason, quality

LARGEST_PAYLOAD = 1024 * 1024  # bytes; the largest message of a device that is decoded
KNOWN_TOPICS = 10_000  # concrete topics whose templates are remembered
LARGEST = sys.float_info.max  # JSON knows no largest number

NO_CLOCK = quality(UNCERTAIN, Reason.CLOCK_UNSYNCHRONISED)
OLD = quality(UNCERTAIN, Reason.STALE)
NO_VALUE = quality(BAD, Reason.DEVICE_FAILURE)


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

Reader: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signal is within a document.

    row: of its point. where: what must stand beside it. read: makes a value of what is there.
    """

    row: int
    pointer: Pointer
    codes: Mapping[str, float]
    where: tuple[tuple[Pointer, Any], ...]
    read: Reader | None


@dataclass(frozen=True, slots=True)
class Group:
    """Signals of one document that share a time stamp. fresh: seconds that a value stands.

    plain: those of the places that are a key of the document and nothing more.
    """

    time: Pointer
    form: StampForm
    fresh_s: float
    places: list[Place] = field(default_factory=list)
    plain: list[tuple[str, Place]] = field(default_factory=list)

    def add(self, place: Place) -> None:
        if len(place.pointer) == 1 and not place.where and place.read is None:
            self.plain.append((place.pointer[0], place))
        else:
            self.places.append(place)

    def rows(self) -> Iterator[int]:
        yield from (place.row for place in self.places)
        yield from (place.row for _, place in self.plain)


@dataclass(frozen=True, slots=True)
class Template:
    """What is taken from the messages of one topic filter: groups by unit.

    Where the topic names the device, or the pointers do, all groups stand under the unit "".
    """

    is_text: bool
    each: Pointer | None
    unit: Pointer | None
    groups: dict[str, list[Group]] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        return not self.is_text and self.each is None and self.unit is None

    def documents(self, document: Any) -> Iterable[tuple[str, Any]]:
        """Give the single documents within a message, with the unit each speaks of."""
        elements = [document]
        if self.each is not None:
            found = found_at(document, self.each)
            elements = found if isinstance(found, list) else []
        if self.unit is None:
            return [("", element) for element in elements]
        return [(str(found_at(element, self.unit)), element) for element in elements]

    def rows(self) -> Iterator[int]:
        for groups in self.groups.values():
            for group in groups:
                yield from group.rows()


@dataclass(frozen=True, slots=True)
class Known:
    """What is taken from the messages of one topic. only: where that is one group, and JSON."""

    templates: list[Template]
    only: Group | None


class JsonTemplates:
    """All templates of one endpoint. `filters` is what must be subscribed."""

    def __init__(
        self, points: Sequence[tuple[int, Point, MqttAddress, Reader | None]], troubles: Troubles
    ) -> None:
        """points: with their rows, addresses, and what makes values of what is found there."""
        self._points = {row: point for row, point, *_ in points}
        self._troubles = troubles
        self._templates: dict[str, list[Template]] = {}
        self._known: dict[str, Known] = {}
        self._decode = msgspec.json.Decoder().decode
        for each in points:
            self._add(*each)

    @property
    def filters(self) -> list[str]:
        return list(self._templates)

    def _add(self, row: int, point: Point, address: MqttAddress, read: Reader | None) -> None:
        is_text = address.payload == "text"
        each = None if address.each is None else pointer_of(address.each)
        unit = None if address.unit is None else pointer_of(address.unit)
        templates = self._templates.setdefault(topic_of(address.topic, point), [])
        template = next(
            (t for t in templates if (t.is_text, t.each, t.unit) == (is_text, each, unit)), None
        )
        if template is None:
            templates.append(template := Template(is_text, each, unit))
        groups = template.groups.setdefault("" if unit is None else point.device.unit, [])
        zone = ZoneInfo(address.zone) if address.zone else None
        form = StampForm(NANOSECONDS[address.time_unit], zone)
        time, fresh_s = _pointer(address.time, point), point.signal.silent_after_s
        group = next(
            (g for g in groups if (g.time, g.form, g.fresh_s) == (time, form, fresh_s)), None
        )
        if group is None:
            groups.append(group := Group(time, form, fresh_s))
        where = tuple((_pointer(at, point), wish) for at, wish in address.where.items())
        group.add(Place(row, _pointer(address.field, point), address.codes, where, read))

    def _knowledge(self, topic: str) -> Known:
        """Look up, and remember, what is to be taken from the messages of a topic."""
        templates = list(self._templates.get(topic, ())) if not is_pattern(topic) else []
        for pattern, others in self._templates.items():
            if is_pattern(pattern) and topic_matches_sub(pattern, topic):
                templates += others
        only = None
        if len(templates) == 1 and templates[0].is_plain and len(templates[0].groups[""]) == 1:
            only = templates[0].groups[""][0]
        if len(self._known) >= KNOWN_TOPICS:
            self._known.clear()
        known = self._known[topic] = Known(templates, only)
        return known

    def take(self, message: Delivery, now: int, found: Columns) -> None:
        """Collect the values of a message. A field that it does not have gives nothing."""
        topic, payload, is_retained = message
        known = self._known.get(topic) or self._knowledge(topic)
        if known.only is None or len(payload) > LARGEST_PAYLOAD:
            self._take_from(known.templates, message, now, found)
            return
        try:
            document = self._decode(payload)
        except UNREADABLE as error:
            self._refuse(topic, known.templates, f"not JSON: {error}", now, found)
            return
        self._tell(topic, _take(document, known.only, is_retained, now, found))

    def _take_from(
        self, templates: list[Template], message: Delivery, now: int, found: Columns
    ) -> None:
        """Collect the values of a message in whichever forms its topic may have them."""
        topic, payload, is_retained = message
        if not templates:
            return
        if len(payload) > LARGEST_PAYLOAD:
            why = f"{len(payload)} bytes are above {LARGEST_PAYLOAD}"
            self._refuse(topic, templates, why, now, found)
            return
        wrong: list[int] = []
        is_refused = False
        document: Any = MISSING
        for template in templates:
            try:
                if template.is_text:
                    document = payload.decode().strip()
                elif document is MISSING or isinstance(document, str):
                    document = self._decode(payload)
            except UNREADABLE as error:
                kind = "text" if template.is_text else "JSON"
                self._refuse(topic, [template], f"not {kind}: {error}", now, found)
                is_refused = True
                continue
            for unit, element in template.documents(document):
                for group in template.groups.get(unit, ()):
                    wrong += _take(element, group, is_retained, now, found)
        if not is_refused:
            self._tell(topic, wrong)

    def _tell(self, topic: str, wrong: Sequence[int]) -> None:
        """Tell which rows of a message were no numbers, or that all is well again."""
        if wrong:
            self._troubles.begin(topic, f"{self._points[wrong[0]].name} is not a number")
        elif self._troubles.known:
            self._troubles.end(topic)

    def _refuse(
        self, topic: str, templates: list[Template], why: str, now: int, found: Columns
    ) -> None:
        self._troubles.begin(topic, why)
        began = len(found.rows)
        for template in templates:
            for row in template.rows():
                found.spoil(row)
        found.close(began, now)


def _pointer(text: str, point: Point) -> Pointer:
    return (
        pointer_of(text)
        if "{" not in text
        else tuple(filled(part, point) for part in pointer_of(text))
    )


def _take(element: Any, group: Group, is_retained: bool, now: int, found: Columns) -> Sequence[int]:
    """Collect the values of one document. Gives the rows whose value is there and is no number."""
    wrong: list[int] = []
    rows, values = found.rows, found.values
    began = len(rows)
    is_object = type(element) is dict
    for key, place in group.plain:
        value = element.get(key, MISSING) if is_object else found_at(element, place.pointer)
        kind = type(value)
        if (kind is float or kind is int) and -LARGEST <= value <= LARGEST:  # most of all values
            rows.append(place.row)
            values.append(value)
        elif value is not MISSING:
            _put(value, place, found, wrong)
    for place in group.places:
        if place.where and any(found_at(element, at) != wish for at, wish in place.where):
            continue
        value = found_at(element, place.pointer)
        if place.read is not None:
            value = place.read(value)
        if value is not MISSING:
            _put(value, place, found, wrong)
    if len(rows) == began:
        return wrong
    if group.time:
        time, code, once = _time_and_code(element, group, is_retained, now)
        found.close(began, time, code, once=once)
    else:
        found.close(began, now, OLD if is_retained else GOOD)
    return wrong


def _put(value: Any, place: Place, found: Columns, wrong: list[int]) -> None:
    """Collect a value, whatever the document has there."""
    if isinstance(value, str):
        value = number_of(value, place.codes)
    if isinstance(value, (int, float)) and abs(value) <= LARGEST:
        found.add(place.row, float(value))
    elif value is None:
        found.spoil(place.row, NO_VALUE)  # JSON's null: the device itself has no value
    else:
        found.spoil(place.row)
        wrong.append(place.row)


def _time_and_code(
    element: Any, group: Group, is_retained: bool, now: int
) -> tuple[int, int, bool]:
    """Tell when a value was taken, how far it can be trusted, and whether that is its own time.

    Retained is what the broker kept: it is as old as its stamp says, or nobody knows how old.
    """
    time = group.form.read(found_at(element, group.time), now)
    if time is None:
        return now, OLD if is_retained else NO_CLOCK, False
    is_old = is_retained and now - time > group.fresh_s * SECOND
    return time, OLD if is_old else GOOD, True


def number_of(word: str, codes: Mapping[str, float]) -> float | str:
    """Give the code of a state, or the number that is written as a text, or the word as it is."""
    if word in codes:
        return codes[word]
    try:
        return float(word)
    except ValueError:
        return word
