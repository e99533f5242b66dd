"""Devices that somebody has at their own switch: nobody else sets them then."""

from adapters.contract import Point
from edge.pipeline import Pipeline


class LocalMode:
    """Refuse what a device does not take from afar while somebody has it at its own switch."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def holds(self, point: Point) -> bool:
        """Tell whether the point is set at the device alone just now."""
        switch = point.signal.by_hand_while
        if switch is None:
            return False
        keys = [each.key for each in point.profile.signals]
        away = keys.index(switch.signal) - keys.index(point.signal.key)
        return self._pipeline.reported.value(point.number + away) == switch.state

    def __call__(self, point: Point, _value: float) -> str:
        if not self.holds(point):
            return ""
        return (
            f"{point.device.id} is in local mode and takes no orders. "
            "Send somebody to its switch, or wait until they are done."
        )
