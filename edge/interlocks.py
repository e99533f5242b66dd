"""Why a point must not get a value, whoever wants it."""

import math

from adapters.contract import Point
from adapters.profile import SignalProfile
from core.text import in_language


def wrong_value(name: str, signal: SignalProfile, value: float) -> str:
    """Say why a signal cannot take this value; nothing where it can."""
    if not signal.writable:
        return f"{name} is read-only."
    low = -math.inf if signal.minimum is None else signal.minimum
    high = math.inf if signal.maximum is None else signal.maximum
    if not (math.isfinite(value) and low <= value <= high):
        return f"{value:g} is out of range: {name} takes {low:g} to {high:g}."
    if signal.states and value not in signal.states:
        states = ", ".join(map(str, signal.states))
        return f"{name} has no state {value:g}; it has {states}."
    return ""


def by_hand(point: Point, value: float) -> str:
    """Refuse what the model lets be set by hand only, where somebody sees that it is safe."""
    if value not in point.signal.by_hand:
        return ""
    state = in_language(point.signal.states[int(value)], "en")
    return f'{point.name} is set to "{state}" only by hand at the device. Send somebody there.'
