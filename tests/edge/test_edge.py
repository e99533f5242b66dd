"""A whole edge: what it says when it starts and stops, and that a command goes through it."""

from adapters import wire
from core.clock import SystemClock
from tests.edge.running import HEALTH_SIGNALS, RunEdge, Running, own
from tests.edge.stand import eventually


def test_a_birth_comes_first_then_the_active_set_then_readings(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        edge.measure(60.0)
        await eventually(lambda: edge.gateway.temperatures() == [60.0])
        assert edge.gateway.kinds[:2] == ["birth", "events"]
        assert edge.gateway.of(wire.ActiveSet)[0].conditions == []
        (birth,) = edge.gateway.births
        assert [(each.device, each.first) for each in own(birth)] == [
            ("edge-1-health", 0),
            ("heat-1", HEALTH_SIGNALS),
        ]

    with_edge(test)


def test_an_orderly_stop_says_goodbye(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        await edge.stop()
        await eventually(lambda: edge.gateway.deaths == 1)

    with_edge(test)


def test_a_restart_goes_on_where_it_was(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.acks = False
        edge.measure(90.0)
        await eventually(lambda: edge.gateway.of(wire.Condition))
        await edge.stop()
        edge.gateway.telemetry.clear()
        edge.gateway.acks = True
        edge.start()
        await eventually(lambda: edge.gateway.temperatures()[:1] == [90.0])
        await eventually(lambda: len(edge.gateway.of(wire.ActiveSet)) == 2)
        (condition,) = edge.gateway.of(wire.ActiveSet)[-1].conditions
        assert (condition.device, condition.condition) == ("heat-1", "hot")
        first, second = edge.gateway.births
        assert (first.epoch, first.numbering) == (second.epoch, second.numbering)

    with_edge(test)


def test_a_command_reaches_the_line_and_its_result_the_gateway(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        edge.measure(60.0)
        await eventually(edge.gateway.temperatures)
        expires_at = SystemClock().time_ns() + 30 * 10**9
        order = wire.CommandOrder(
            command="c-1", device="heat-1", signal="setpoint", value=55, expires_at=expires_at
        )
        edge.gateway.send("command", order)
        await eventually(lambda: edge.gateway.of(wire.CommandResult))
        (result,) = edge.gateway.of(wire.CommandResult)
        assert (result.command, result.state, result.value) == ("c-1", "confirmed", 55)

    with_edge(test)
