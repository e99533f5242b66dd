"""Run a `kvartal` command whose clock is off by as many seconds as a file says, at any moment:
`python jumping_clock.py FILE COMMAND …`.

`core.clock` is the only place that asks what time it is; the monotonic clock goes on, as it does
when a person or a server sets the time of a machine.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from core.clock import SECOND, SystemClock
from core.command_line import run


def jump_with(file: Path) -> None:
    """Have every clock of this process off by what the file says."""
    now, time_ns = SystemClock.now, SystemClock.time_ns

    def off_s() -> int:
        return int(file.read_text())

    def jumped_now(self: SystemClock) -> datetime:
        return now(self) + timedelta(seconds=off_s())

    def jumped_time_ns(self: SystemClock) -> int:
        return time_ns(self) + off_s() * SECOND

    SystemClock.now, SystemClock.time_ns = jumped_now, jumped_time_ns  # type: ignore[method-assign]


if __name__ == "__main__":
    jump_with(Path(sys.argv[1]))
    sys.exit(run(sys.argv[2:]))
