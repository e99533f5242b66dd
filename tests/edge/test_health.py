"""What the edge tells of itself."""

import pytest

from adapters import wire
from edge import health
from tests.edge.running import RunEdge, Running
from tests.edge.stand import eventually


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "EVERY_S", 0.05)


def test_messages_that_a_line_drops_raise_an_alarm_of_the_edge(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        edge.measure(60.0)
        await eventually(edge.gateway.temperatures)
        assert edge.gateway.of(wire.Condition) == []
        edge.line.dropped = 500
        await eventually(lambda: edge.gateway.of(wire.Condition))
        (raised,) = edge.gateway.of(wire.Condition)
        assert (raised.device, raised.condition) == ("edge-1-health", "messages_lost")
        assert raised.active

    with_edge(test)
