"""An alarm that an OPC UA server keeps, from its raise to its acknowledgement at the server.

Real processes: broker, gateway, edge; the server runs in a thread of the test.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from asyncua import ua
from asyncua.server.event_generator import EventGenerator

from core.clock import SystemClock
from simulators.bench.plant import PLACE, Plant
from simulators.stage.children import Children
from tests.adapters.opcua_rig import URI, ServerThread
from tests.system.test_kill import until  # type: ignore[import-not-found]

PUMP = {
    "profile": "alarmed-pump",
    "family": "heat_point",
    "protocol": "opcua",
    "name": {"ru": "Насос", "en": "Pump"},
    "source": "generic, for tests",
    "signals": [
        {
            "key": "level",
            "name": {"ru": "Уровень", "en": "Level"},
            "opcua": {"node": f"nsu={URI};s={{unit}}.level"},
        }
    ],
    "findings": [
        {
            "key": "level_high",
            "severity": "high",
            "problem": "heating.low",
            "name": {"ru": "Высокий уровень", "en": "Level is high"},
            "opcua": {"source": f"nsu={URI};s={{unit}}.level", "condition": "LevelHigh"},
        }
    ],
}

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@dataclass
class AlarmServer:
    """A server with one alarm, which it keeps. said: comments that it was told."""

    said: list[str] = field(default_factory=list)
    alarm: EventGenerator = field(init=False)
    thread: ServerThread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = ServerThread(self.build)

    async def build(self, thread: ServerThread) -> None:
        server = thread.server
        number = await server.register_namespace(URI)
        level = await thread.variable(f"ns={number};s=P1.level", 1.0, ua.VariantType.Double)
        self.alarm = await server.get_event_generator(ua.ObjectIds.AlarmConditionType)
        told = self.alarm.event
        told.SourceNode, told.ConditionName, told.Severity = level.nodeid, "LevelHigh", 700
        told.NodeId = level.nodeid  # the condition's own node; any that is there
        told.Retain = True
        acknowledge = server.get_node(ua.ObjectIds.AcknowledgeableConditionType_Acknowledge)
        server.link_method(acknowledge, self.acknowledge)
        await server.iserver.setup_condition_methods()

    def show(self, *, active: bool, acknowledged: bool, by: str = "") -> None:
        """Tell the state of the alarm to whoever listens."""
        self.thread.do(self._show(active=active, acknowledged=acknowledged, by=by))

    async def _show(self, *, active: bool, acknowledged: bool, by: str) -> None:
        setattr(self.alarm.event, "ActiveState/Id", active)
        setattr(self.alarm.event, "AckedState/Id", acknowledged)
        self.alarm.event.ClientUserId = by
        await self.alarm.trigger(message="Level is high")

    async def acknowledge(
        self, _node: ua.NodeId, event: ua.Variant, comment: ua.Variant
    ) -> ua.StatusCode:
        if event.Value != self.alarm.event.EventId.Value:
            return ua.StatusCode(ua.UInt32(ua.StatusCodes.BadEventIdUnknown))
        self.said.append(comment.Value.Text)
        await self._show(active=True, acknowledged=True, by="kvartal")
        return ua.StatusCode()


class AlarmedPlant(Plant):
    """A plant with one pump behind an OPC UA server."""

    address = ""

    def _is_read(self) -> bool:
        signals = self.api.get("/api/v1/devices/pump-1")["signals"]
        return any(each["value"] is not None for each in signals)

    def _registry(self) -> dict[str, object]:
        name = {"en": "Works", "ru": "Полигон"}
        line = {"id": "line", "edge": "edge-1", "protocol": "opcua", "address": self.address}
        here = {"name": name, "place": PLACE}
        device = {"id": "pump-1", "profile": "alarmed-pump", "endpoint": "line", "unit": "P1"}
        return {
            "name": name,
            "places": [{"id": PLACE, "kind": "region", "name": name}],
            "edges": [{"id": "edge-1", **here}],
            "endpoints": [line],
            "assets": [{"id": "point-1", "kind": "heat_point", **here}],
            "devices": [{**device, **here}],
            "bindings": [{"asset": "point-1", "device": "pump-1"}],
        }


@dataclass
class Works:
    """The plant that runs, its server, and what a dispatcher does and sees."""

    plant: Plant
    server: AlarmServer

    def kill(self, name: str) -> None:
        child = next(child for child in self.plant.running if child.name == name)
        assert child.process is not None
        os.killpg(child.process.pid, signal.SIGKILL)

    async def get(self, path: str) -> Any:
        return await asyncio.to_thread(self.plant.api.get, f"/api/v1{path}")

    async def raised(self, count: int = 1) -> dict[str, Any]:
        """Have the alarm raised for the `count`-th time; give its incident."""
        await asyncio.to_thread(self.server.show, active=True, acknowledged=False)

        async def is_there() -> bool:
            return len(await self.incidents()) == count

        await until(is_there)
        newest: dict[str, Any] = (await self.incidents())[0]
        return newest

    async def incidents(self) -> list[dict[str, Any]]:
        """Give the incidents of the alarm, the newest first."""
        every = await self.get("/incidents")
        return [each for each in every if each["condition"] == "level_high"]

    async def acknowledge(self, incident: dict[str, Any], comment: str = "") -> None:
        body = {"incidents": [incident["id"]], "comment": comment}
        await asyncio.to_thread(self.plant.api.post, "/api/v1/incidents/acknowledge", body)

    async def said(self, case: int) -> list[str]:
        """Give what the case's timeline says of acknowledgements."""
        timeline = (await self.get(f"/cases/{case}"))["timeline"]
        return [each["text"]["en"] for each in timeline if each["kind"] == "acknowledged"]

    async def until_said(self, case: int, *texts: str) -> None:
        async def is_said() -> bool:
            return await self.said(case) == list(texts)

        await until(is_said)


@asynccontextmanager
async def works(folder: Path) -> AsyncIterator[Works]:
    (folder / "models").mkdir()
    (folder / "models" / "alarmed-pump.yaml").write_text(yaml.safe_dump(PUMP), encoding="utf-8")
    server = AlarmServer()
    plant = AlarmedPlant(folder, [], 0, [folder / "models"])
    children = Children(folder / "logs", SystemClock(), print)
    with server.thread:
        plant.address = server.thread.address
        try:
            await plant.start_broker(children)
            await plant.start(children)
            yield Works(plant, server)
        finally:
            await children.stop()


def test_an_acknowledgement_outlives_the_edge_and_the_gateway(tmp_path: Path) -> None:
    async def story() -> None:
        async with works(tmp_path) as here:
            incident = await here.raised()
            here.kill("edge")
            await here.acknowledge(incident, "on my way")
            here.kill("gateway")
            await here.until_said(
                incident["case"],
                "Acknowledged: Level is high",
                "The device has taken the acknowledgement: Level is high",
            )
            assert here.server.said == ["Bench: on my way"]

    asyncio.run(story())
