"""A whole edge with a real broker and a small gateway, spoken to over the wire format only."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest

from adapters import wire
from adapters.mqtt.broker import find_mosquitto
from adapters.mqtt.link import MqttLink
from core.clock import SystemClock
from core.configuration import EdgeConfiguration, RuleOverride
from core.readings import Readings
from edge import uplink
from edge.inventory import Inventory
from edge.node import Edge
from edge.settings import EdgeSettings
from tests.adapters.conftest import running_broker
from tests.edge.stand import PROFILES, FedLine, eventually, make_inventory

T = TypeVar("T", bound=wire.WireEvent)
HEALTH_SIGNALS = len(PROFILES["kvartal-edge"].signals)
TEMPERATURE = HEALTH_SIGNALS  # the first signal of the first device


@dataclass
class Gateway:
    """Takes what an edge sends, and acknowledges it while `acks` is set; events in their order.

    missed: numbers of telemetry that it cannot take. next_event: the number that it waits for.
    """

    link: MqttLink
    acks: bool = True
    births: list[wire.Birth] = field(default_factory=list)
    deaths: int = 0
    kinds: list[str] = field(default_factory=list)  # as they came
    events: dict[int, wire.EventBlock] = field(default_factory=dict)
    telemetry: dict[int, Readings] = field(default_factory=dict)
    again: list[int] = field(default_factory=list)  # telemetry that came once more
    missed: set[int] = field(default_factory=set)
    misses: list[int] = field(default_factory=list)  # the same, as often as they came
    next_event: int = 1

    async def run(self) -> None:
        async for batch in self.link.messages():
            for topic, payload in batch:
                self.take(topic.rpartition("/")[2], payload)

    def take(self, kind: str, payload: bytes) -> None:
        self.kinds.append(kind)
        match kind:
            case "birth":
                self.births.append(wire.decode(payload, wire.Birth))
            case "death":
                self.deaths += 1
            case "events":
                events = wire.decode(payload, wire.EventBlock)
                self.events[events.seq] = events
                self.take_in_order(events)
            case _:
                block = wire.decode(payload, wire.TelemetryBlock)
                if block.seq in self.missed:
                    self.misses.append(block.seq)
                    return
                if block.seq in self.telemetry:
                    self.again.append(block.seq)
                self.telemetry[block.seq] = wire.readings(block)
                self.acknowledge(block, "telemetry")

    def take_in_order(self, events: wire.EventBlock) -> None:
        """Wait behind a gap, unless the edge says that it keeps nothing there."""
        if not self.acks:
            return
        self.next_event = max(self.next_event, events.lowest)
        if events.seq < self.next_event:
            self.acknowledge(events, "events")
        while self.next_event in self.events:
            self.acknowledge(self.events[self.next_event], "events")
            self.next_event += 1

    def acknowledge(self, block: wire.Block, stream: wire.Stream) -> None:
        if self.acks:
            ranges = [(block.seq, block.seq)]
            time = SystemClock().time_ns()
            self.send("ack", wire.Ack(epoch=block.epoch, stream=stream, ranges=ranges, time=time))

    def send(self, kind: str, message: wire.Message) -> None:
        self.link.publish(wire.down("edge-1", kind), wire.encode(message))

    def of(self, kind: type[T]) -> list[T]:
        """Give the events of one kind, in the order of their blocks."""
        blocks = [self.events[seq] for seq in sorted(self.events)]
        return [event for block in blocks for event in block.events if isinstance(event, kind)]

    def temperatures(self) -> list[float]:
        """Give what was measured, in the order of the blocks."""
        return [
            value
            for seq in sorted(self.telemetry)
            for number, value in zip(
                self.telemetry[seq].signal.tolist(), self.telemetry[seq].value.tolist(), strict=True
            )
            if number == TEMPERATURE
        ]


@dataclass
class Running:
    """An edge with one line, and its gateway."""

    gateway: Gateway
    line: FedLine
    start: Callable[[], None]
    stop: Callable[[], Awaitable[None]]

    def measure(self, *values: float) -> None:
        for value in values:
            self.line.queue.put_nowait(Readings.of(TEMPERATURE, 1, value, 0, 1))


RunEdge = Callable[[Callable[[Running], Awaitable[None]]], None]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    if find_mosquitto() is None:
        pytest.fail("mosquitto is not installed; .ci/servers installs it")
    with ExitStack() as stack:
        yield stack.enter_context(running_broker(tmp_path, "mosquitto"))[0]


@pytest.fixture
def with_edge(broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunEdge:
    """Run a test with a running edge that reads one heat point."""
    monkeypatch.setattr(uplink, "RESEND_AFTER_S", 0.5)
    monkeypatch.setattr(uplink, "WATCH_EVERY_S", 0.1)
    monkeypatch.setattr(uplink, "REBIRTH_EVERY_S", 0.1)
    settings = EdgeSettings(id="edge-1", broker=broker, data_dir=tmp_path / "data")
    (tmp_path / "data").mkdir()
    line = FedLine()
    edges: list[tuple[asyncio.Event, asyncio.Task[None]]] = []

    def start() -> None:
        first = make_inventory("heat-1", protocol="modbus").configuration
        copy = tmp_path / "data" / "configuration.json"
        if not copy.exists():
            copy.write_text(json.dumps(asdict(first)))
        # The document must name a protocol that exists; the line stands for it.
        node = Edge(settings, PROFILES, SystemClock(), opener=line.open)
        stop = asyncio.Event()
        edges.append((stop, asyncio.create_task(node.run(stop, _ignore))))

    async def stop() -> None:
        wish, task = edges[-1]
        wish.set()
        async with asyncio.timeout(5):
            await task

    def run(test: Callable[[Running], Awaitable[None]]) -> None:
        async def main() -> None:
            async with MqttLink(broker, "gateway", subscriptions=["kvartal/1/+/up/#"]) as link:
                await link.until_up(10)
                gateway = Gateway(link)
                taking = asyncio.create_task(gateway.run())
                start()
                await eventually(lambda: gateway.births)
                await test(Running(gateway, line, start, stop))
                if not edges[-1][1].done():
                    await stop()
                taking.cancel()

        asyncio.run(main())

    return run


def own(birth: wire.Birth) -> list[wire.DeviceBirth]:
    """Give what devices were born with, without what the edge tells of its link to each."""
    return [each for each in birth.devices if each.profile != "kvartal-diagnostics"]


def _ignore(_inventory: Inventory) -> None:
    """Nobody waits for the ready line here."""


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


def test_what_nobody_acknowledges_is_sent_again_until_somebody_does(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.acks = False
        edge.measure(60.0)
        await eventually(lambda: edge.gateway.temperatures() == [60.0])
        await eventually(lambda: len(edge.gateway.again) >= 2)
        edge.gateway.acks = True
        for value in range(30, 60):
            edge.measure(float(value))
        await eventually(lambda: edge.gateway.temperatures() == [60.0, *map(float, range(30, 60))])

    with_edge(test)


def test_a_block_that_is_missed_comes_again_while_others_are_acknowledged(
    with_edge: RunEdge,
) -> None:
    async def test(edge: Running) -> None:
        gateway = edge.gateway
        edge.measure(30.0)
        await eventually(lambda: gateway.temperatures() == [30.0])
        missed = max(gateway.telemetry) + 1
        gateway.missed = {missed}
        measured = [30.0]
        while gateway.misses.count(missed) < 3:
            measured.append(61.0 - measured[-1])
            before = len(gateway.telemetry) + len(gateway.misses)
            edge.measure(measured[-1])
            await eventually(lambda: len(gateway.telemetry) + len(gateway.misses) > before)  # noqa: B023 - awaited at once
        gateway.missed.clear()
        await eventually(lambda: missed in gateway.telemetry)
        await eventually(lambda: gateway.temperatures() == measured)

    with_edge(test)


def test_blocks_that_the_gateway_cannot_take_do_not_hold_up_the_others(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        gateway = edge.gateway
        gateway.acks = False
        for value in (30.0, 31.0, 32.0):
            edge.measure(value)
            await eventually(lambda: gateway.temperatures()[-1:] == [value])  # noqa: B023 - awaited at once
        await eventually(lambda: len(gateway.again) >= 2)  # nobody is there
        poison = set(gateway.telemetry)
        assert len(poison) >= 3
        gateway.telemetry.clear()
        gateway.missed, gateway.acks = poison, True
        edge.measure(33.0, 34.0)
        await eventually(lambda: gateway.temperatures() == [33.0, 34.0])
        gateway.misses.clear()
        await eventually(lambda: set(gateway.misses) == poison)
        gateway.missed = set()
        await eventually(lambda: poison <= set(gateway.telemetry))

    with_edge(test)


def test_an_alarm_does_not_wait_behind_the_gap_that_a_kill_leaves(
    with_edge: RunEdge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.acks = False
        edge.measure(90.0)
        await eventually(lambda: edge.gateway.of(wire.Condition))
        await edge.stop()
        with closing(sqlite3.connect(tmp_path / "data" / "spool.db")) as file, file:
            file.execute("UPDATE meta SET value = value + 4096 WHERE key = 'events.reserved'")
        monkeypatch.setattr(uplink, "RESEND_AFTER_S", 600.0)
        edge.gateway.acks = True
        edge.start()
        await eventually(lambda: edge.gateway.next_event > 4096)
        edge.measure(60.0)
        await eventually(
            lambda: [each.active for each in edge.gateway.of(wire.Condition)][-1:] == [False]
        )
        await eventually(lambda: edge.gateway.next_event == max(edge.gateway.events) + 1)

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


def test_a_rebirth_brings_birth_active_set_and_everything_unacknowledged(
    with_edge: RunEdge,
) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.acks = False
        edge.measure(60.0)
        await eventually(lambda: edge.gateway.temperatures() == [60.0])
        edge.gateway.acks = True
        edge.gateway.telemetry.clear()
        edge.gateway.kinds.clear()
        for _ in range(3):  # one birth answers them all
            edge.gateway.send("rebirth", wire.Rebirth(reason="who are you"))
        await eventually(lambda: edge.gateway.temperatures() == [60.0])
        await eventually(lambda: len(edge.gateway.of(wire.ActiveSet)) == 2)
        assert len(edge.gateway.births) == 2
        assert "birth" in edge.gateway.kinds

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


def offer(configuration: EdgeConfiguration) -> wire.ConfigurationOffer:
    document = json.dumps(asdict(configuration)).encode()
    return wire.ConfigurationOffer(revision=configuration.revision, document=document)


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
