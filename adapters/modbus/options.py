"""What a person may set for a Modbus line."""

from typing import Annotated

from pydantic import Field

from adapters.options import Options

TIMEOUT_S = 0.5  # a unit is asked twice before it counts as lost
LONGEST_TIMEOUT_S = 10.0  # a meter behind a modem takes some seconds
LONGEST_PAUSE_S = 1.0


class ModbusOptions(Options):
    """Options of a Modbus endpoint."""

    timeout_s: Annotated[
        float,
        Field(
            gt=0, le=LONGEST_TIMEOUT_S, strict=True, allow_inf_nan=False,
            description="seconds to wait for one answer",
        ),
    ] = TIMEOUT_S  # fmt: skip
    pause_s: Annotated[
        float,
        Field(
            ge=0, le=LONGEST_PAUSE_S, strict=True, allow_inf_nan=False,
            description="seconds of silence between an answer and the next request; a serial line "
            "keeps at least what the standard wants",
        ),
    ] = 0.0  # fmt: skip
