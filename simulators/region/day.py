"""How often devices report over the day. A report carries all signals of its device."""

from simulators.region.plan import CONTROLLER, LIFT, LIGHT, METER, Kind

DUSK, DAWN = 18.0, 6.5  # o'clock
SWITCHING_H = 2 / 60  # within which all lamps of the region tell that they burn


def reports_a_second(kind: Kind, hour: float) -> float:
    """Give how many reports a device of this kind makes in a second. hour: 0 to 24."""
    match kind.name:
        case METER.name:
            return 1 / 900
        case LIGHT.name:
            return _of_a_light(hour)
        case LIFT.name:
            return _of_a_lift(hour)
        case CONTROLLER.name:
            return 1 / 10
    raise ValueError(f"no device is a {kind.name}")


def _of_a_light(hour: float) -> float:
    if any(0 <= hour - switched < SWITCHING_H for switched in (DUSK, DAWN)):
        return 1 / (SWITCHING_H * 3600)
    return 1 / 3600 if DAWN < hour < DUSK else 1 / 600


def _of_a_lift(hour: float) -> float:
    """Silent at night, busiest when people leave and come home."""
    if hour < 5:
        return 0.002
    return 0.06 if 7 <= hour < 9 or 17 <= hour < 20 else 0.02
