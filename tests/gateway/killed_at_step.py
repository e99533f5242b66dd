"""Run a gateway process that kills itself with -9 between two of its steps with readings."""

import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

from gateway import command
from gateway.ingest.downlink import Downlink
from gateway.ingest.taken_record import TakenTable
from gateway.ingest.telemetry import TelemetryWriter
from gateway.timeseries.influx_server import InfluxServer

STEPS: dict[str, tuple[type, str, bool]] = {  # what is called, and whether it still happens
    "taken from the broker, not written": (TelemetryWriter, "put", True),
    "about to be written to the server": (InfluxServer, "write", False),
    "written to the server, numbers not recorded": (TakenTable, "add", False),
    "recorded, not acknowledged": (TakenTable, "add", True),
    "acknowledged": (Downlink, "send", True),
}


def run(step: str, times: int, arguments: Sequence[str]) -> int:
    """Run the gateway's command until it has come to this step so many times."""
    owner, name, happens = STEPS[step]
    steps = iter(range(1, times))

    def die() -> None:
        if next(steps, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    wrap = _deadly if owner in {TelemetryWriter, Downlink} else _deadly_coroutine
    setattr(owner, name, wrap(getattr(owner, name), die, happens=happens))
    return command.run(arguments)


def _deadly(function: Callable[..., Any], die: Callable[[], None], *, happens: bool) -> Any:
    def called(*values: Any) -> Any:
        if not happens:
            die()
        result = function(*values)
        if happens:
            die()
        return result

    return called


def _deadly_coroutine(
    function: Callable[..., Any], die: Callable[[], None], *, happens: bool
) -> Any:
    async def called(*values: Any) -> Any:
        if not happens:
            die()
        result = await function(*values)
        if happens:
            die()
        return result

    return called
