"""The OPC UA adapter against a real server."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from asyncua import Server, ua
from asyncua.common.node import Node
from asyncua.ua.status_codes import StatusCodes
from structlog.testing import capture_logs

from adapters.profile import Profile
from core.errors import Permanent
from core.quality import BAD, UNCERTAIN, Reason, quality
from simulators.bench.relay import Relay
from tests.adapters.conformance import UNITS, UnitConformance
from tests.ports import free_port

START = {
    "setpoint": (21, ua.VariantType.Int16),
    "temperature": (65.5, ua.VariantType.Float),
    "exact": (0.1, ua.VariantType.Double),
    "trips": (2**40 + 1, ua.VariantType.UInt64),
    "pump": (True, ua.VariantType.Boolean),
}


def signal(key: str) -> dict[str, Any]:
    return {
        "key": key, "name": {"ru": key, "en": key}, "poll_s": 0.05, "silent_after_s": 3,
        "writable": key in {"setpoint", "temperature", "pump"},
        "opcua": {"node": f"ns=2;s={{unit}}.{key}"},
    }  # fmt: skip


PROFILE = Profile.model_validate(
    {
        "profile": "test-lift", "family": "lift", "protocol": "opcua",
        "name": {"ru": "Лифт", "en": "Lift"}, "source": "generic, every type of number",
        "signals": [signal(key) for key in START],
    }
)  # fmt: skip


class OpcUaRig:
    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port
        self.nodes: dict[tuple[str, str], Node] = {}

    async def build(self) -> None:
        space = await self.server.register_namespace("urn:test")
        assert space == 2
        for unit in UNITS:
            for key, (value, kind) in START.items():
                node = await self.server.nodes.objects.add_variable(
                    f"ns=2;s={unit}.{key}", key, value, kind
                )
                await node.set_writable()
                self.nodes[unit, key] = node

    async def give(self, unit: str, key: str, value: Any, status: int, **more: Any) -> None:
        kind = START[key][1]
        await self.nodes[unit, key].write_value(
            ua.DataValue(
                ua.Variant(value, kind), StatusCode=ua.StatusCode(ua.UInt32(status)), **more
            )
        )

    async def set(self, unit: str, key: str, value: float) -> None:
        await self.give(unit, key, int(value), StatusCodes.Good)

    async def get(self, unit: str, key: str) -> float:
        value: float = await self.nodes[unit, key].read_value()
        return value

    async def spoil(self, unit: str, key: str) -> None:
        await self.server.delete_nodes([self.nodes[unit, key]])

    async def silence(self, unit: str) -> None:
        for key, (value, _) in START.items():
            await self.give(unit, key, value, StatusCodes.BadNoCommunication)

    async def revive(self, unit: str) -> None:
        for key, (value, _) in START.items():
            await self.give(unit, key, value, StatusCodes.Good)


class TestOpcUa(UnitConformance):
    profile = PROFILE
    scheme = "opc.tcp"
    expected = {key: float(value) for key, (value, _) in START.items()}  # noqa: RUF012 - constant
    settable = "setpoint"

    def rig(self) -> AbstractAsyncContextManager[OpcUaRig]:
        return serving()

    def test_an_unknown_node_is_refused_and_logged_once(self) -> None:
        async def test(rig: OpcUaRig, relay: Relay) -> dict[str, int]:
            await rig.spoil("2", "exact")
            async with self.opened(relay.port) as line:
                await line.until_read()
                await line.until(lambda: line.counts["unit-1.pump"] > 1)
                return {name: code for name, code in line.qualities.items() if code}

        with capture_logs() as logs:
            found = self.with_rig(test)
        assert found == {"unit-2.exact": quality(BAD, Reason.REFUSED)}
        assert [(each["event"], each["at"]) for each in logs] == [
            ("trouble begins", "unit-2.exact")
        ]

    def test_the_servers_time_and_doubt_are_kept(self) -> None:
        then = datetime(2026, 3, 1, 12, 0, 0, 123456)  # noqa: DTZ001 - OPC UA time is naive UTC

        async def test(rig: OpcUaRig, relay: Relay) -> tuple[float, int, int]:
            await rig.give(
                "1", "exact", 0.5, StatusCodes.UncertainLastUsableValue, SourceTimestamp=then
            )
            async with self.opened(relay.port) as line:
                await line.until_read()
                name = "unit-1.exact"
                return line.values[name], line.qualities[name], line.times[name]

        seconds = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())
        doubt = quality(UNCERTAIN, Reason.STALE)
        assert self.with_rig(test) == (0.5, doubt, seconds * 10**9 + 123_456_000)

    def test_what_does_not_change_is_repeated_before_it_is_stale(self) -> None:
        async def test(_rig: OpcUaRig, relay: Relay) -> None:
            async with self.opened(relay.port) as line:
                await line.until_read()
                await line.until(lambda: min(line.counts.values()) >= 2)

        self.with_rig(test)

    def test_several_values_between_two_publishes_all_arrive(self) -> None:
        async def test(rig: OpcUaRig, relay: Relay) -> int:
            async with self.opened(relay.port) as line:
                await line.until_read()
                before = line.counts["unit-1.setpoint"]
                for value in (1, 2, 3, 4):
                    await rig.set("1", "setpoint", value)
                await line.until(lambda: line.values["unit-1.setpoint"] == 4)
                return line.counts["unit-1.setpoint"] - before

        assert self.with_rig(test) == 4

    def test_a_node_of_another_type_is_written_in_its_own(self) -> None:
        async def test(rig: OpcUaRig, relay: Relay) -> tuple[float, Any]:
            async with self.opened(relay.port) as line:
                reported = await line.write("unit-3.pump", 0)
                return reported, await rig.get("3", "pump")

        assert self.with_rig(test) == (0, False)

    def test_a_write_that_the_server_refuses_is_permanent(self) -> None:
        async def test(rig: OpcUaRig, relay: Relay) -> None:
            await rig.nodes["3", "setpoint"].set_read_only()
            async with self.opened(relay.port) as line:
                await line.write("unit-3.setpoint", 5)

        with pytest.raises(Permanent, match=r"unit-3\.setpoint: the server refuses 5"):
            self.with_rig(test)


@asynccontextmanager
async def serving() -> AsyncIterator[OpcUaRig]:
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    server = Server()
    await server.init()
    port = free_port()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}")
    rig = OpcUaRig(server, port)
    await rig.build()
    async with server:
        yield rig
