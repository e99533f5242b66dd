"""Topic filters: which are needed, and which of them a message belongs to."""

from collections.abc import Iterable

from paho.mqtt.client import topic_matches_sub

from adapters.contract import Point
from core.errors import Permanent


def is_pattern(topic: str) -> bool:
    return topic.endswith("#") or "+" in topic.split("/")


def covers(wide: str, narrow: str) -> bool:
    """Tell whether everything that the narrow filter matches is matched by the wide one."""
    if wide == narrow or (narrow.endswith("#") and not wide.endswith("#")):
        return wide == narrow
    return bool(topic_matches_sub(wide, narrow))


def needed(filters: Iterable[str]) -> list[str]:
    """Leave out filters that others cover: brokers deliver once for each that matches."""
    every = list(dict.fromkeys(filters))
    wide = [each for each in every if is_pattern(each)]
    return [
        each for each in every if not any(covers(other, each) for other in wide if other != each)
    ]


def filled(template: str, point: Point) -> str:
    """Put the device's unit and options in the places of {unit} and {option}."""
    words = {"unit": point.device.unit, **point.device.options}
    for name, word in words.items():
        place = "{" + name + "}"
        if place in template:
            template = template.replace(place, str(word))
    return template


def topic_of(template: str, point: Point) -> str:
    """Give the topic of a device. Permanent where its unit or an option does not fit into it."""
    for name, word in {"unit": point.device.unit, **point.device.options}.items():
        if "{" + name + "}" in template and any(sign in str(word) for sign in "+#\0"):
            raise Permanent(f"device {point.device.id}: {name} {word!r} cannot be part of a topic")
    topic = filled(template, point)
    if "{" in topic:
        raise Permanent(f"device {point.device.id}: topic {topic} names an option it does not have")
    return topic
