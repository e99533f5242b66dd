"""What the API says of places, assets, devices and edges."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.api.models import Model, Text


class PlaceOut(Model):
    id: str
    kind: str
    name: Text
    parent: str | None
    latitude: float | None
    longitude: float | None


class AssetOut(Model):
    id: str
    kind: str
    name: Text
    place: str
    address: Text = Field(description="the place and what is above it, in words")
    latitude: float | None
    longitude: float | None


class SignalOut(Model):
    """A signal with its latest reading. time: of the source; quality: the byte of the reading."""

    key: str
    name: Text
    unit: str
    kind: Literal["gauge", "counter", "state"]
    writable: bool
    minimum: float | None
    maximum: float | None
    states: dict[str, Text]
    by_hand: list[int] = Field([], description="states that are set at the device alone")
    value: float | None = None
    quality: int | None = None
    time: datetime | None = None


class DeviceOut(Model):
    id: str
    name: Text
    profile: str
    family: str
    edge: str
    place: str
    online: bool | None = Field(description="None until the edge has said, and while it is away")
    reason: str = ""
    edge_online: bool = Field(description="whether the edge that reads the device is there")
    signals: list[SignalOut] = Field([])
    last_good: datetime | None = Field(
        None, description="when a good reading came last, as far as it is known"
    )
    diagnostics: list[SignalOut] = Field([], description="what its edge tells of the link to it")


class FeedOut(Model):
    source: str
    target: str


class ServedBy(Model):
    """A device that serves an asset or served it. since, until: None where nobody said."""

    device: str
    serial: str
    since: datetime | None
    until: datetime | None


class ReplacementForm(Model):
    """What somebody did at an asset: another device in the place of the present one."""

    serial: str = Field(min_length=1, max_length=100, description="on the plate of the new one")
    device: str = Field("", max_length=64, description="id of the new one; empty: made here")
    unit: str = Field("", max_length=200, description="on its line; empty: that of the former one")
    former: str = Field("", max_length=64, description="wanted where several serve the asset")
    at: datetime | None = Field(None, description="when it was done; none: now")
    last: float | None = Field(None, description="what the former one showed last")
    first: float | None = Field(None, description="what the new one showed first")
    note: str = Field("", max_length=2000)


class ReplacementOut(Model):
    former: str
    device: str
    at: datetime
    last: float | None
    first: float | None
    note: str
    by: str
    recorded_at: datetime


class DeviceDetail(DeviceOut):
    replaces: ReplacementOut | None = Field(description="how it came into the place of another one")
    replaced_by: ReplacementOut | None = Field(description="how another one came into its place")


class AssetDetail(AssetOut):
    devices: list[DeviceOut]
    served_by: list[ServedBy] = Field(description="now and formerly, the newest first")
    replacements: list[ReplacementOut] = Field(description="the newest first")
    fed_by: list[AssetOut]
    feeds: list[AssetOut]
    cameras: list[AssetOut] = Field(description="cameras at the same place")


class MapAsset(Model):
    """An asset as a dot: the map shows its state from incidents, and `on` for a street light."""

    id: str
    kind: str
    name: Text
    place: str
    latitude: float
    longitude: float
    devices: list[str]


class MapOut(Model):
    """features: GeoJSON of streets and buildings, properties {id, kind, name, address}.

    bounds: west, south, east, north.
    """

    name: Text
    bounds: tuple[float, float, float, float]
    features: list[dict[str, object]]
    assets: list[MapAsset]


class EdgeOut(Model):
    id: str
    name: Text
    place: str
    online: bool
    seen_at: datetime | None
    software: str = ""
    revision_in_force: int | None
    revision_offered: int
    problem: str = Field("", description="why the offered configuration was not taken")
    refused: int = Field(description="messages that were not understood, and not acknowledged")
    refusal: str = Field("", description="why the last of them was not")
    parked: int = Field(description="blocks of events that make no sense and were put aside")
    devices: int
    devices_lost: int
