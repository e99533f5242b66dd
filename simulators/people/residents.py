"""Residents: they complain about what is broken near them, and only through the public form."""

import asyncio
import math
import random
from collections.abc import Mapping

import structlog

from core.registry import Asset, PlaceKind, Registry
from simulators.people.api import Api, ApiError
from simulators.people.complaints import COMPLAINTS, NAMES
from simulators.town.plan import METRES_A_DEGREE

NEAR = 25.0  # metres between a resident and what is broken

# What people make of a fault; what they cannot notice is not here.
NOTICED = {
    "lift_stopped": "lift.stopped",
    "lift_trapped": "lift.trapped",
    "heating_drop": "heating.none",
    "gas": "gas.leak",
    "voltage": "electricity.quality",
    "conflict": "traffic.signal",
    "leak": "water.leak",
}

log = structlog.get_logger()


class Residents:
    """Each complaint is another person somewhere near the thing."""

    def __init__(self, registry: Registry, api: Api, seed: int) -> None:
        self._api = api
        self._chance = random.Random(f"residents {seed}")
        self._places = {place.id: place for place in registry.places}
        self._assets = {asset.id: asset for asset in registry.assets}
        self._asset_of = {binding.device: binding.asset for binding in registry.bindings}
        self._fed: dict[str, list[str]] = {}
        for feed in registry.feeds:
            self._fed.setdefault(feed.source, []).append(feed.target)

    async def complain(self, device: str, category: str) -> None:
        """Let one resident complain; the gateway's refusal is a line in the log."""
        form = self.form(device, category)
        try:
            receipt = await asyncio.to_thread(self._api.post_form, "/api/v1/public/appeals", form)
        except ApiError as error:
            log.warning("complaint refused", category=category, error=str(error))
            return
        log.info(
            "resident complained", category=category, address=form["address"],
            number=receipt["number"], joined=receipt["joined"],
        )  # fmt: skip

    def form(self, device: str, category: str) -> Mapping[str, str]:
        """Fill the public form about a device, or about what it feeds."""
        asset = self._somewhere_below(self._asset_of[device])
        latitude, longitude = self._near(asset)
        place = asset.place
        words = self._chance.choice(COMPLAINTS[category])
        language = "en" if words.isascii() or words.startswith(("The", "No", "There")) else "ru"
        address = self._address(place, language)
        name = self._chance.choice(NAMES)
        return {
            "category": category,
            "description": words.format(address=address),
            "place": place,
            "latitude": f"{latitude:.6f}",
            "longitude": f"{longitude:.6f}",
            "address": address,
            "name": name,
            "email": f"resident{self._chance.randint(1, 999)}@example.org",
        }

    def _somewhere_below(self, asset: str) -> Asset:
        """People see the lamp, not the cabinet; the cold flat's house, not the heat point."""
        fed = self._fed.get(asset, [])
        return self._assets[self._chance.choice(fed) if fed else asset]

    def _near(self, asset: Asset) -> tuple[float, float]:
        way, angle = self._chance.uniform(0, NEAR), self._chance.uniform(0, 2 * math.pi)
        latitude, longitude = asset.latitude or 0.0, asset.longitude or 0.0
        metres_east = METRES_A_DEGREE * math.cos(math.radians(latitude))
        return (
            latitude + way * math.sin(angle) / METRES_A_DEGREE,
            longitude + way * math.cos(angle) / metres_east,
        )

    def _address(self, place: str, language: str) -> str:
        """Give street and house, as people write them."""
        names = []
        at: str | None = place
        while at is not None and self._places[at].kind is not PlaceKind.MUNICIPALITY:
            names.append(self._places[at].name[language])
            at = self._places[at].parent
        return ", ".join(reversed(names))
