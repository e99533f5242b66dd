"""An installation of stamping devices: its registry, its processes, and a way into its API."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from core.clock import SystemClock
from simulators.bench.stamping_server import StampingServer
from simulators.people.api import Api
from simulators.stage.children import CannotStart, Child, Children
from simulators.stage.hub import Hub, Person, token
from simulators.stage.ports import free_port

FAMILY = "electricity_meter"  # of stamping-device.yaml
BORN_S = 60.0
PLACE = "works"
MICROSECONDS = 1_000_000
MARGIN_S = 2.0  # between the sending of a stamp and the time of its reading


@dataclass(slots=True)
class Plant:
    """ports: of the Modbus lines; on each line the units 1 … units. models: folders of profiles."""

    state: Path
    ports: list[int]
    units: int
    models: Sequence[Path] = (Path(__file__).parent,)
    hub: Hub = field(init=False)
    api: Api = field(init=False)
    running: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hub = Hub(
            state=self.state,
            broker_port=free_port(),
            port=free_port(),
            edge="edge-1",
            profiles=self.models,
        )
        self.api = Api(self.hub.address)

    @property
    def devices(self) -> list[tuple[int, int]]:
        """Every device as (port, unit)."""
        return [(port, unit) for port in self.ports for unit in range(1, self.units + 1)]

    async def start_broker(self, children: Children) -> None:
        self.hub.write_secrets()
        await self._start(children, self.hub.broker())

    async def start(self, children: Children) -> None:
        """Start gateway and edge, and wait until every device was born and read."""
        registry = self.state / "registry.json"
        registry.write_text(json.dumps(self._registry()), encoding="utf-8")
        (link,) = await self.hub.prepare(registry, [Person("administrator", PLACE, "Bench")])
        await self._start(children, self.hub.gateway())
        self.api.sign_in(token(link))
        await self._start(children, self.hub.edge_process())
        clock = SystemClock()
        deadline = clock.monotonic() + BORN_S
        while not await asyncio.to_thread(self._is_read):
            if clock.monotonic() > deadline:
                raise CannotStart(f"the devices are not read after {BORN_S:.0f} s")
            await asyncio.sleep(0.2)

    def lost(self, server: StampingServer, began: float, ended: float) -> tuple[int, int]:
        """Give how many of the stamps sent in a window are not stored, and how many were sent.

        began, ended: seconds UTC. Blocking.
        """
        lost = sent = 0
        for each in self.devices:
            wanted = {
                stamp
                for stamp in server.sent.get(each, [])
                if began * MICROSECONDS <= stamp < ended * MICROSECONDS
            }
            lost += len(wanted - self._stored(device(*each), began, ended))
            sent += len(wanted)
        return lost, sent

    def _stored(self, name: str, began: float, ended: float) -> set[float]:
        window = {
            "start": datetime.fromtimestamp(began - MARGIN_S, UTC).isoformat(),
            "end": datetime.fromtimestamp(ended + MARGIN_S, UTC).isoformat(),
            "points": 5000,
        }
        series = self.api.get(f"/api/v1/devices/{name}/signals/sent_at/series?{urlencode(window)}")
        return {float(value) for value in series["value"] if value is not None}

    async def _start(self, children: Children, child: Child) -> None:
        await children.start(child)
        await children.wait_ready(child)
        self.running.append(child)

    def pids(self) -> list[int]:
        """Give the processes of the product itself; the broker is not ours."""
        ours = [child for child in self.running if child.name != "broker"]
        return [child.process.pid for child in ours if child.process]

    def _is_read(self) -> bool:
        last = device(*self.devices[-1])
        signals = self.api.get(f"/api/v1/devices/{last}")["signals"]
        return any(signal["value"] is not None for signal in signals)

    def _registry(self) -> dict[str, object]:
        name = {"en": "Works", "ru": "Полигон"}
        return {
            "name": name,
            "places": [{"id": PLACE, "kind": "region", "name": name}],
            "edges": [{"id": "edge-1", "name": name, "place": PLACE}],
            "endpoints": [
                {
                    "id": f"line-{port}",
                    "edge": "edge-1",
                    "protocol": "modbus",
                    "address": f"modbus+tcp://127.0.0.1:{port}",
                }
                for port in self.ports
            ],
            "assets": [
                {"id": device(*each), "kind": FAMILY, "name": name, "place": PLACE}
                for each in self.devices
            ],
            "devices": [
                {
                    "id": device(port, unit),
                    "profile": "stamping-device",
                    "endpoint": f"line-{port}",
                    "unit": str(unit),
                    "name": name,
                    "place": PLACE,
                }
                for port, unit in self.devices
            ],
            "bindings": [
                {"asset": device(*each), "device": device(*each)} for each in self.devices
            ],
        }


def device(port: int, unit: int) -> str:
    """Give the id of the device behind a line."""
    return f"stamp-{port}-{unit}"
