"""What a person may set for a camera: nothing of its line, and where a road lies in its picture."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapters.options import Options


class CameraOptions(Options):
    """Options of a camera's endpoint: there are none; an account stands in its address."""


class Calibration(BaseModel):
    """What a person measured once: `approach` in the options of a road camera."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    corners: tuple[tuple[float, float], ...] = Field(
        min_length=4,
        max_length=4,
        description="pixels of a rectangle on the road: near left, near right, far right, far left",
    )
    width_m: float = Field(gt=1, le=60)
    length_m: float = Field(ge=10, le=200)
    line_m: float = Field(gt=5, description="the stop line, from the near edge; metres")
    lanes: int = Field(1, ge=1, le=8)


class CameraDeviceOptions(Options):
    """Options of a camera's device. The last three name the traffic head that it witnesses."""

    approach: Annotated[
        Calibration | None, Field(description="where the road lies, to count its cars")
    ] = None
    controller: Annotated[str, Field(description="id of the controller's device")] = ""
    signal: Annotated[str, Field(description="key of the signal that tells the head's state")] = ""
    red: Annotated[tuple[float, ...], Field(description="its values while the head is red")] = ()

    @model_validator(mode="after")
    def names_a_whole_head(self) -> Self:
        if len({bool(self.controller), bool(self.signal), bool(self.red)}) > 1:
            raise ValueError("controller, signal and red are wanted together")
        return self
