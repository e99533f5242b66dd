"""What a server kept while the line to it was lost is asked for when it is back."""

import asyncio
from pathlib import Path

import pytest

import edge.supervisor
from adapters.contract import Item
from adapters.registry import open_adapter
from core.clock import SystemClock
from core.configuration import EdgeConfiguration
from core.quality import GOOD, Reason, quality
from core.readings import Readings
from core.registry import Device, Endpoint
from edge.inventory import Inventory
from edge.supervisor import Supervisor
from tests.adapters.foreign_opcua import ForeignServer, foreign_server
from tests.adapters.opcua_rig import profile
from tests.adapters.relay import Relay
from tests.edge.stand import PROFILES, eventually

ARCHIVE = quality(GOOD, Reason.ARCHIVE)
MODEL = profile({"level": "nsu=urn:foreign:plant;s={unit}.Level"})
DEVICE = Device(
    id="pump", profile="test-pump", endpoint="line", unit="T1", name={"en": "p"}, place="here"
)


def inventory(port: int) -> Inventory:
    line = Endpoint(
        id="line", edge="edge-1", protocol="opcua", address=f"opc.tcp://127.0.0.1:{port}"
    )
    configuration = EdgeConfiguration(
        revision=1, edge="edge-1", endpoints=(line,), devices=(DEVICE,)
    )
    return Inventory(configuration, {**PROFILES, MODEL.profile: MODEL})


def values(got: list[Item], code: int) -> list[float]:
    return [
        value
        for block in got
        if isinstance(block, Readings)
        for value, quality in zip(block.value.tolist(), block.quality.tolist(), strict=True)
        if quality == code
    ]


async def cut_and_heal(server: ForeignServer) -> list[Item]:
    got: list[Item] = []

    async def put(item: Item) -> None:
        got.append(item)

    async with Relay(int(server.address.rpartition(":")[2])) as relay:
        supervisor = Supervisor(put, SystemClock(), open_adapter)
        running = asyncio.create_task(supervisor.run(inventory(relay.port)))
        await eventually(lambda: 50 in values(got, GOOD), within_s=20)
        relay.hang()
        server.tell("level 71")
        server.tell("level 72")
        server.hear("set 72")
        await eventually(lambda: supervisor.lines["line"].error, within_s=20)
        relay.passes.set()
        await eventually(lambda: 72 in values(got, ARCHIVE), within_s=20)
        running.cancel()
        await asyncio.wait([running])
    return got


def test_a_gap_is_filled_from_the_servers_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge.supervisor, "FIRST_PAUSE_S", 0.05)
    with foreign_server(tmp_path) as server:
        got = asyncio.run(cut_and_heal(server))
    assert values(got, ARCHIVE) == [71, 72]
    assert values(got, GOOD)[-1] == 72
