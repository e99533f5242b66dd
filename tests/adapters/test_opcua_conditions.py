"""Events of a server that says what no server should."""

import asyncio
from typing import Any

import pytest
from asyncua import Client, ua

from adapters.contract import Point
from adapters.opcua.conditions import Conditions
from core.errors import Retryable
from core.registry import Device
from tests.adapters.opcua_rig import profile

SOURCE = ua.NodeId(ua.Int32(5), ua.Int16(2))
NOW = 10**18
SOUND: dict[str, Any] = {
    "event": b"1", "kind": ua.NodeId(), "source": SOURCE, "time": None, "message": "high",
    "severity": 500, "name": "High", "is_active": True, "node": ua.NodeId(ua.Int32(6)),
    "branch": ua.NodeId(), "user": None, "acked": None,
}  # fmt: skip


def watched() -> Conditions:
    """Watch two findings of one source."""
    model = profile({"level": "ns=2;i=5"})
    device = Device(
        id="pump", profile="test-pump", endpoint="line", unit="1", name={"en": "p"}, place="here"
    )
    point = Point(0, device, model, model.signals[0])
    conditions = Conditions(Client("opc.tcp://127.0.0.1:1"), [point])
    conditions.wanted = {(SOURCE, "High"): ("pump", "high"), (SOURCE, ""): ("pump", "any")}
    return conditions


def event(**changes: Any) -> ua.EventFieldList:
    fields = [ua.Variant(value) for value in (SOUND | changes).values()]
    return ua.EventFieldList(ClientHandle=ua.UInt32(1), EventFields=fields)


def told(**changes: Any) -> list[tuple[str, bool, int]]:
    """Give what becomes of one event: which finding is active, and since when."""
    found = watched().events([event(**changes)], NOW)
    return [(each.condition, each.active, each.time) for each in found]


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


BRANCH = ua.NodeId(ua.Int32(7))


@pytest.mark.parametrize(
    ("said", "acknowledged"),
    [
        (
            [{"acked": False}, {"acked": True, "user": "anna"}],
            [(True, False, ""), (True, True, "anna")],
        ),
        ([{"acked": None}, {"acked": "yes", "user": 5}], [(True, None, ""), (True, None, "")]),
        # A state that is over and waits is a branch; the condition itself wants nothing any more.
        (
            [
                {"acked": False},
                {"branch": BRANCH, "acked": False},
                {"is_active": False, "acked": True},
                {"branch": BRANCH, "acked": True, "user": "anna"},
            ],
            [(True, False, ""), (False, None, ""), (False, True, "anna")],
        ),
        # Raised again, it is the new state that counts.
        (
            [
                {"branch": BRANCH, "acked": False},
                {"acked": False},
                {"branch": BRANCH, "acked": True, "user": "anna"},
            ],
            [(True, False, "")],
        ),
    ],
    ids=["acknowledged", "not said", "over", "raised again"],
)  # fmt: skip
def test_who_acknowledged_what_stands_now_is_told(
    said: list[dict[str, Any]], acknowledged: list[tuple[bool, bool | None, str]]
) -> None:
    found = watched().events([event(**each) for each in said], NOW)
    assert [(each.active, each.acknowledged, each.by) for each in found] == acknowledged


def test_what_the_server_has_not_told_yet_may_be_acknowledged_later() -> None:
    with pytest.raises(Retryable, match=r"pump\.high: the server has told nothing of it yet"):
        asyncio.run(watched().acknowledge("pump.high", ""))
