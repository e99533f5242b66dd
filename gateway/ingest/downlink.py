"""Messages to edges: sent if the broker is there now, otherwise not at all."""

from adapters import wire
from adapters.mqtt.link import MqttLink
from core.errors import Retryable


class Downlink:
    """Sends over whatever link there is. Nothing waits here: edges ask again by sending again."""

    def __init__(self) -> None:
        self.link: MqttLink | None = None

    @property
    def is_up(self) -> bool:
        """Tell whether the broker is there."""
        return self.link is not None and self.link.is_up

    def send(self, edge: str, kind: str, message: wire.Message) -> bool:
        """Send a message to an edge; tell whether the link took it."""
        if self.link is None or not self.link.is_up:
            return False
        try:
            self.link.publish(wire.down(edge, kind), wire.encode(message))
        except Retryable:
            return False
        return True
