"""Devices that announce themselves as Home Assistant has them do, made into found points.

Source: the MQTT discovery of Home Assistant's documentation: one retained message an entity below
homeassistant/, or one a device with all its components, with long or abbreviated keys.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from adapters.contract import FoundPoint

CONFIG = re.compile(r"homeassistant/(?P<component>\w+)/[^/]+(/[^/]+)?/config")
LARGEST = 64 * 1024  # bytes of an announcement
LONG = {
    "stat_t": "state_topic", "val_tpl": "value_template", "unit_of_meas": "unit_of_measurement",
    "dev": "device", "dev_cla": "device_class", "cmd_t": "command_topic", "pl_on": "payload_on",
    "pl_off": "payload_off", "stat_on": "state_on", "stat_off": "state_off", "cmps": "components",
    "p": "platform", "mf": "manufacturer", "mdl": "model", "ids": "identifiers",
}  # fmt: skip
TWO_STATES = frozenset({"binary_sensor", "switch", "light", "siren", "fan"})
# {{ value_json.a.b }}, {{ value_json['a'][0] | float }}: a path, and filters that keep the number.
TEMPLATE = re.compile(
    r"\{\{-?\s*value_json(?P<path>(\.\w+|\[\s*('[^']*'|\"[^\"]*\"|\d+)\s*\])*)"
    r"(\s*\|\s*(float|int|round|is_defined)(\([^()]*\))?)*\s*-?\}\}"
)
STEP = re.compile(r"\.(\w+)|\[\s*'([^']*)'\s*\]|\[\s*\"([^\"]*)\"\s*\]|\[\s*(\d+)\s*\]")
WHOLE = re.compile(r"(\{\{-?\s*value(\s*\|\s*(float|int|round)(\([^()]*\))?)*\s*-?\}\})?")


def announced(topic: str, payload: bytes) -> list[FoundPoint] | None:
    """Give what an announcement offers; None where the message is none."""
    match = CONFIG.fullmatch(topic)
    if match is None:
        return None
    content = _content(payload)
    if match["component"] != "device":
        return list(_points(match["component"], content))
    components = content.pop("components", {})
    if not isinstance(components, Mapping):
        return []
    return [
        point
        for component in map(_spelled_out, components.values())
        for point in _points(str(component.get("platform", "")), content | component)
    ]


def _content(payload: bytes) -> dict[str, Any]:
    if len(payload) > LARGEST:
        return {}
    try:
        return _spelled_out(msgspec.json.decode(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _spelled_out(content: object) -> dict[str, Any]:
    """Give a mapping with its keys written out and its topics complete."""
    if not isinstance(content, Mapping):
        return {}
    whole = {LONG.get(str(key), str(key)): value for key, value in content.items()}
    base = whole.get("~")
    for key in ("state_topic", "command_topic"):
        topic = whole.get(key)
        if isinstance(base, str) and isinstance(topic, str):
            whole[key] = re.sub(r"^~|~$", lambda _: base, topic)
    return whole


def _points(component: str, content: Mapping[str, Any]) -> Iterator[FoundPoint]:
    topic = content.get("state_topic")
    if not isinstance(topic, str) or not topic:
        return  # a button, or something that only takes orders
    address: dict[str, Any] = {"topic": topic}
    template = str(content.get("value_template") or "").strip()
    kind = " ".join(filter(None, (component, str(content.get("device_class") or ""))))
    if WHOLE.fullmatch(template):
        address["payload"] = "text"
    elif (path := pointer_in(template)) is not None:
        address["field"] = path
    else:
        kind += "; its value_template is not a simple one"
    if component in TWO_STATES:
        address["codes"] = _codes(content)
    yield FoundPoint(
        address=json.dumps(address, ensure_ascii=False),
        name=_name(content, topic),
        kind=kind,
        writable=bool(content.get("command_topic")),
        unit=str(content.get("unit_of_measurement") or ""),
    )


def pointer_in(template: str) -> str | None:
    """Give the JSON pointer of a simple value_template; None where it is none."""
    match = TEMPLATE.fullmatch(template)
    if match is None:
        return None
    steps = [next(filter(None, found), "") for found in STEP.findall(match["path"])]
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def _codes(content: Mapping[str, Any]) -> dict[str, int]:
    on, off = content.get("payload_on", "ON"), content.get("payload_off", "OFF")
    on, off = content.get("state_on", on), content.get("state_off", off)
    return {str(on): 1, str(off): 0}


def _name(content: Mapping[str, Any], topic: str) -> str:
    device = _spelled_out(content.get("device"))
    words = (device.get("name") or device.get("model"), content.get("name"))
    return " ".join(str(word) for word in words if word) or topic
