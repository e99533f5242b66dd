"""What an edge refuses to set, whoever wants it."""

import pytest

from core.configuration import EdgeConfiguration
from core.registry import Device, Endpoint
from edge.interlocks import by_hand
from edge.inventory import Inventory
from edge.writing import Refused, Writer
from tests.edge.stand import BOTH, PROFILES

LIFT = Inventory(
    EdgeConfiguration(
        revision=1, edge="edge-1",
        endpoints=(Endpoint(id="house", edge="edge-1", protocol="opcua", address=""),),
        devices=(Device(id="lift-7", profile="generic-lift", endpoint="house", unit="L7",
                        name=BOTH, place=""),),
    ),
    PROFILES,
)  # fmt: skip


def test_a_lift_is_taken_out_of_service_from_afar() -> None:
    point = Writer(LIFT, {}, [by_hand]).checked("lift-7", "out_of_service", 1)
    assert point.name == "lift-7.out_of_service"


def test_a_lift_is_put_back_in_service_only_by_hand() -> None:
    with pytest.raises(Refused) as refused:
        Writer(LIFT, {}, [by_hand]).checked("lift-7", "out_of_service", 0)
    assert str(refused.value) == (
        'lift-7.out_of_service is set to "in service" only by hand at the device. '
        "Send somebody there."
    )
