"""One form for every test on a value: raised above one score, cleared at or below another."""

import numpy as np

from core.alarm import AlarmTest

TINY = float(np.nextafter(0.0, 1.0))


def score_form(
    test: AlarmTest, limit: float, band: float = 0.0
) -> tuple[float, float, bool, float, float]:
    """Give sign, centre, absolute, raise_above, clear_at of `sign × (value − centre)`.

    Equal is told from near by the next number that a float can hold.
    """
    match test:
        case AlarmTest.ABOVE:
            return 1.0, 0.0, False, limit, limit - band
        case AlarmTest.BELOW:
            return -1.0, 0.0, False, -limit, -(limit + band)
        case AlarmTest.EQUALS:
            return -1.0, limit, True, -TINY, float(np.nextafter(-band, -np.inf))
        case AlarmTest.DIFFERS:
            return 1.0, limit, True, band, 0.0
        case AlarmTest.UNCHANGED | AlarmTest.SILENT:
            return 1.0, 0.0, False, np.inf, -np.inf  # judged by time
