"""A whole edge that is given another configuration while it runs."""

import json
from dataclasses import replace
from pathlib import Path

from adapters import wire
from core.configuration import RuleOverride
from tests.edge.running import RunEdge, Running, offer, own
from tests.edge.stand import eventually, make_inventory


def test_a_new_configuration_is_installed_while_it_runs(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.send(
            "configuration",
            offer(make_inventory("heat-1", "heat-2", revision=2, protocol="modbus").configuration),
        )
        await eventually(lambda: len(edge.gateway.births) == 2)
        birth = edge.gateway.births[-1]
        assert (birth.revision, birth.numbering) == (2, 2)
        assert [each.device for each in own(birth)] == ["edge-1-health", "heat-1", "heat-2"]
        await eventually(lambda: edge.gateway.of(wire.ConfigurationResult))
        assert edge.gateway.of(wire.ConfigurationResult)[0].accepted
        edge.measure(61.0)
        await eventually(lambda: edge.gateway.temperatures() == [61.0])
        await edge.stop()
        edge.start()  # from the copy on disk
        await eventually(lambda: len(edge.gateway.births) == 3)
        assert edge.gateway.births[-1].revision == 2

    with_edge(test)


def test_a_wrong_configuration_is_refused_with_its_reasons(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        device = {"id": "a", "profile": "b", "endpoint": "c", "unit": 1}
        document = json.dumps({"revision": 3, "devices": [device]}).encode()
        edge.gateway.send("configuration", wire.ConfigurationOffer(revision=3, document=document))
        await eventually(lambda: edge.gateway.of(wire.ConfigurationResult))
        (result,) = edge.gateway.of(wire.ConfigurationResult)
        assert not result.accepted
        assert result.text.splitlines() == [
            "configuration 3: devices[0].endpoint: a is on c, which is not there",
            "configuration 3: devices[0].profile: b is not known",
        ]
        assert len(edge.gateway.births) == 1

    with_edge(test)


def override(rule: str, revision: int) -> wire.ConfigurationOffer:
    """Offer the edge's own devices, with another limit for a rule of its heat point."""
    configuration = make_inventory("heat-1", revision=revision, protocol="modbus").configuration
    changed = RuleOverride(device="heat-1", rule=rule, set={"limit": 70.0})
    return offer(replace(configuration, overrides=(changed,)))


def test_a_limit_that_the_gateway_changes_is_obeyed_at_once_and_after_a_restart(
    with_edge: RunEdge,
) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.send("configuration", override("hot", 2))
        await eventually(lambda: edge.gateway.of(wire.ConfigurationResult))
        edge.measure(75.0)  # the profile says 80
        await eventually(lambda: edge.gateway.of(wire.Condition))
        await edge.stop()
        edge.start()
        await eventually(lambda: len(edge.gateway.births) == 3)
        edge.measure(60.0, 75.0)
        await eventually(lambda: len(edge.gateway.of(wire.Condition)) == 3)
        raised = [each.active for each in edge.gateway.of(wire.Condition)]
        assert raised == [True, False, True]

    with_edge(test)


def test_a_change_of_a_rule_that_the_profile_has_not_is_refused(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.send("configuration", override("hott", 2))
        await eventually(lambda: edge.gateway.of(wire.ConfigurationResult))
        (result,) = edge.gateway.of(wire.ConfigurationResult)
        assert not result.accepted
        assert result.text.startswith("configuration 2: overrides[0].rule: heat has no alarm hott")

    with_edge(test)


def test_readings_of_a_former_numbering_come_with_their_birth(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.acks = False
        edge.measure(60.0)
        await eventually(lambda: edge.gateway.temperatures() == [60.0])
        edge.gateway.send(
            "configuration",
            offer(make_inventory("heat-0", "heat-1", revision=2, protocol="modbus").configuration),
        )
        await eventually(lambda: [each.numbering for each in edge.gateway.births] == [1, 1, 2])

    with_edge(test)


def test_a_copy_that_cannot_be_used_is_replaced_by_the_gateways(
    with_edge: RunEdge, tmp_path: Path
) -> None:
    async def test(edge: Running) -> None:
        await edge.stop()
        (tmp_path / "data" / "configuration.json").write_text('{"devices": [')
        edge.start()
        await eventually(lambda: [each.revision for each in edge.gateway.births] == [1, 0])
        configuration = make_inventory("heat-1", revision=2, protocol="modbus").configuration
        edge.gateway.send("configuration", offer(configuration))
        await eventually(lambda: edge.gateway.births[-1].revision == 2)

    with_edge(test)


def test_conditions_of_a_device_that_is_taken_away_are_not_active_any_more(
    with_edge: RunEdge,
) -> None:
    async def test(edge: Running) -> None:
        edge.measure(90.0)
        await eventually(lambda: edge.gateway.of(wire.Condition))
        edge.gateway.send(
            "configuration",
            offer(make_inventory("heat-2", revision=2, protocol="modbus").configuration),
        )
        await eventually(lambda: len(edge.gateway.of(wire.ActiveSet)) == 2)
        assert edge.gateway.of(wire.ActiveSet)[-1].conditions == []

    with_edge(test)
