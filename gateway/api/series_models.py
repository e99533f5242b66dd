"""What the API says of readings: a series, and sums over many."""

from pydantic import Field

from gateway.api.models import Model


class Series(Model):
    """Readings of one signal, oldest first. Downsampled ones keep the lowest and the highest."""

    device: str
    signal: str
    unit: str
    time_ms: list[int]
    value: list[float | None]
    quality: list[int]
    downsampled: bool


class Totals(Model):
    """What the devices measured together, in columns, one step after the other.

    sum: of the means that the devices had in the step. mean: of all readings. devices: how many
    measured.
    """

    signal: str
    unit: str
    time_ms: list[int] = Field(description="when the step begins")
    devices: list[int]
    sum: list[float]
    mean: list[float]
    minimum: list[float]
    maximum: list[float]
