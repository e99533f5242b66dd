"""How a host of Sparkplug B says that it is there: the STATE messages of Eclipse Sparkplug 3.0."""

import json
from dataclasses import dataclass

from adapters.mqtt.link import Will
from core.clock import SECOND, Clock

NAMESPACE = "spBv1.0/"


@dataclass(frozen=True, slots=True)
class Presence:
    """Both messages of one session carry the time of its beginning, and are retained."""

    topic: str
    birth: bytes
    will: Will

    def is_denied_by(self, payload: bytes) -> bool:
        """Tell whether a message on our topic says that we are not there."""
        try:
            content = json.loads(payload)
        except ValueError:
            return False
        return isinstance(content, dict) and content.get("online") is False


def presence_of(host: str, clock: Clock) -> Presence | None:
    """Give what to say, where this host has a name; edge nodes may wait for it."""
    if not host:
        return None
    topic = f"{NAMESPACE}STATE/{host}"
    milliseconds = clock.time_ns() * 1000 // SECOND

    def state(is_online: bool) -> bytes:
        return json.dumps({"online": is_online, "timestamp": milliseconds}).encode()

    return Presence(topic, state(True), Will(topic, state(False), retain=True))
