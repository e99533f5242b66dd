"""The town as the document that the gateway imports: places, assets, feeds, devices, routes."""

from datetime import datetime

from core.registry import (
    Edge,
    Endpoint,
    Place,
    PlaceKind,
    Registry,
)
from simulators.town import billing, housing, streets
from simulators.town.addresses import Ports
from simulators.town.draft import Draft
from simulators.town.organisations import BANKS, EXECUTORS, REGION, ROUTES
from simulators.town.plan import MIDDLE, STREETS, bank_outline, houses
from simulators.town.programs import build_programs

EDGE = "edge-1"
BROKER_SECRET = "town-broker"  # noqa: S105 - the name under which the edge finds its account
BANK_NAMES = {
    "left-bank": {"ru": "Левобережный", "en": "Left Bank"},
    "right-bank": {"ru": "Правобережный", "en": "Right Bank"},
}


def build_registry(seed: int, ports: Ports | None = None, dusk: datetime | None = None) -> Registry:
    """Give the whole town. The same seed gives the same town.

    dusk: when the town's sun goes down; without it no programs are there.
    """
    ports = ports or Ports()
    draft = Draft()
    _add_territory(draft)
    draft.endpoints += [
        Endpoint(
            id="town-broker", edge=EDGE, protocol="mqtt", address=ports.broker,
            secret=BROKER_SECRET,
        ),
        Endpoint(
            id="town-opcua", edge=EDGE, protocol="opcua",
            address=f"opc.tcp://127.0.0.1:{ports.opcua}",
        ),
    ]  # fmt: skip
    built = houses(seed)
    housing.add_houses(draft, built, ports, EDGE)
    billing.bill(draft, built[0])
    streets.add_lighting(draft)
    streets.add_traffic(draft, ports, EDGE)
    streets.add_air_sensors(draft)
    streets.add_cameras(draft, built, ports, EDGE)
    return Registry(
        name={"ru": "Город Приреченск", "en": "Town of Prirechensk"},
        places=tuple(draft.places),
        assets=tuple(draft.assets),
        feeds=tuple(draft.feeds),
        edges=(Edge(id=EDGE, place=REGION, name={"ru": "Узел связи города", "en": "Town edge"}),),
        endpoints=tuple(draft.endpoints),
        devices=tuple(draft.devices),
        bindings=tuple(draft.bindings),
        executors=EXECUTORS,
        routes=ROUTES,
        meters=tuple(draft.meters),
        tariffs=billing.TARIFFS,
        billing=billing.BILLING,
        programs=() if dusk is None else build_programs(dusk),
    )


def _add_territory(draft: Draft) -> None:
    draft.places.append(
        Place(
            id=REGION, kind=PlaceKind.REGION,
            name={"ru": "Приреченская область", "en": "Prirechye Region"},
            latitude=MIDDLE[0], longitude=MIDDLE[1],
        )
    )  # fmt: skip
    for bank in BANKS:
        draft.places.append(
            Place(
                id=bank, kind=PlaceKind.MUNICIPALITY, name=BANK_NAMES[bank], parent=REGION,
                outline=bank_outline(bank),
            )
        )  # fmt: skip
    for street in STREETS:
        longitude, latitude = street.middle
        draft.places.append(
            Place(
                id=street.id, kind=PlaceKind.STREET, parent=street.bank, outline=street.line(),
                name={"ru": street.ru, "en": street.en}, latitude=latitude, longitude=longitude,
            )
        )  # fmt: skip
