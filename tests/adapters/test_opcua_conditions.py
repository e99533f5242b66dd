"""Events of a server that says what no server should."""

from typing import Any

import pytest
from asyncua import Client, ua

from adapters.contract import Point
from adapters.opcua.conditions import Conditions
from core.registry import Device
from tests.adapters.opcua_rig import profile

SOURCE = ua.NodeId(ua.Int32(5), ua.Int16(2))
NOW = 10**18
SOUND: dict[str, Any] = {
    "event": b"1", "kind": ua.NodeId(), "source": SOURCE, "time": None, "message": "high",
    "severity": 500, "name": "High", "is_active": True, "node": ua.NodeId(ua.Int32(6)),
}  # fmt: skip


def told(**changes: Any) -> list[tuple[str, bool, int]]:
    """Give what becomes of one event: which finding is active, and since when."""
    model = profile({"level": "ns=2;i=5"})
    device = Device(
        id="pump", profile="test-pump", endpoint="line", unit="1", name={"en": "p"}, place="here"
    )
    point = Point(0, device, model, model.signals[0])
    conditions = Conditions(Client("opc.tcp://127.0.0.1:1"), [point])
    conditions.wanted = {(SOURCE, "High"): ("pump", "high"), (SOURCE, ""): ("pump", "any")}
    fields = [ua.Variant(value) for value in (SOUND | changes).values()]
    event = ua.EventFieldList(ClientHandle=ua.UInt32(1), EventFields=fields)
    return [(each.condition, each.active, each.time) for each in conditions.events([event], NOW)]


def test_a_sound_event_is_told() -> None:
    assert told() == [("high", True, NOW)]


@pytest.mark.parametrize("name", [["High"], [["High"]], b"High", 5, None])
def test_a_name_that_is_none_is_any_condition_of_the_source(name: object) -> None:
    assert told(name=name) == [("any", True, NOW)]


@pytest.mark.parametrize("source", [[SOURCE], "ns=2;i=5", None])
def test_a_source_that_is_none_is_nobodys(source: object) -> None:
    assert told(source=source) == []


@pytest.mark.parametrize(
    "change", [{"time": "yesterday"}, {"event": 5}, {"message": ["a", "b"]}, {"severity": None}]
)
def test_other_fields_that_make_no_sense_do_not_hide_the_condition(change: dict[str, Any]) -> None:
    assert told(**change) == [("high", True, NOW)]
