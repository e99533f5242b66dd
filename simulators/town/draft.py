"""The registry document while it is being written down."""

from dataclasses import dataclass, field

from core.metering import Meter
from core.registry import Asset, Binding, Device, Endpoint, Feed, Place
from core.text import Text


@dataclass(slots=True)
class Draft:
    """What is being written down. A device of an asset has the asset's id with -d1 behind."""

    places: list[Place] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    feeds: list[Feed] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    meters: list[Meter] = field(default_factory=list)

    def add_asset(
        self, key: str, kind: str, name: Text, *, place: str, owner: str, at: tuple[float, float]
    ) -> None:
        """Write down a thing that people care for. at: longitude, latitude."""
        self.assets.append(
            Asset(
                id=key, kind=kind, name=name, place=place, owner=owner,
                longitude=at[0], latitude=at[1],
            )
        )  # fmt: skip

    def add_device(
        self, profile: str, endpoint: str, unit: str, options: dict[str, object] | None = None
    ) -> None:
        """Install a specimen that serves the asset written down last."""
        asset = self.assets[-1]
        device = Device(
            id=f"{asset.id}-d1", profile=profile, endpoint=endpoint, unit=unit,
            name=asset.name, place=asset.place, options=options or {},
        )  # fmt: skip
        self.devices.append(device)
        self.bindings.append(Binding(asset=asset.id, device=device.id))
