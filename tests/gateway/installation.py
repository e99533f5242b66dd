"""An installation of several gateway processes on a broker, a PostgreSQL and an InfluxDB."""

import asyncio
import json
import multiprocessing
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import yaml

from core.actor import Role
from core.readings import Readings
from gateway import command
from gateway.registry.document import decode_registry
from gateway.registry.rows import replace_registry
from gateway.registry.snapshot import CurrentRegistry
from gateway.settings import ROLES
from gateway.sign_in import make_link
from gateway.timeseries.influx_server import Account
from tests.adapters.conftest import running_broker  # type: ignore[import-not-found]
from tests.gateway.conftest import TOWN, Gateway  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import CLOCK, Edge
from tests.gateway.hall import database_url, store
from tests.gateway.series_servers import InfluxDb, running
from tests.ports import free_port

WITHIN_S = 120.0
# A fork of a process that has imported everything: a start costs no seconds of imports.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["gateway.command", "gateway.timeseries.influxql"])


@dataclass
class Process:
    """A gateway process, which may be killed, frozen and started again on its port.

    run: what takes its command line, by a name that another process can import.
    """

    config: Path
    roles: str
    port: int
    run: Callable[[Sequence[str]], int] = command.run
    process: ForkServerProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        options = ["--roles", self.roles, "--listen", f"127.0.0.1:{self.port}"]
        arguments = ["run", "--config", str(self.config), *options]
        self.process = FORKS.Process(target=self.run, args=(arguments,))
        self.process.start()

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()

    async def until(self, **wanted: object) -> None:
        """Wait until it says this of itself in /readyz."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                found = await asyncio.to_thread(self._readyz)
                if found and wanted.items() <= found.items():
                    return
                await asyncio.sleep(0.05)

    async def until_ended(self) -> None:
        """Wait until it has ended by itself."""
        async with asyncio.timeout(WITHIN_S):
            while self.is_alive:
                await asyncio.sleep(0.05)

    def _readyz(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return {}


class Page(Gateway):  # type: ignore[misc]
    """Pages of a process, for people whose links are made beside it."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(None, url)
        self._folder = folder

    async def link(
        self,
        role: str = "dispatcher",
        place: str = "left",
        *,
        executor: str = "",
        reusable: bool = False,
    ) -> str:
        registry = CurrentRegistry()
        async with store(self._folder) as database, database.transaction() as session:
            await registry.reload(session)
            return await make_link(
                session,
                CLOCK,
                registry.snapshot,
                name="Anna",
                role=Role(role),
                place=place,
                executor="",
                valid=timedelta(hours=1),
                reusable=reusable,
            )


@dataclass
class Installation:
    folder: Path
    broker: str
    influxdb: InfluxDb
    bucket: Account
    processes: dict[str, Process] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        return {
            "data_dir": str(self.folder / "data"),
            "broker": self.broker,
            "database_url": database_url(self.folder),
            "series_store": "influxql",
            "series_url": self.influxdb.url,
            "series_bucket": self.bucket.bucket,
        }

    def start(self, name: str, roles: str = ",".join(ROLES)) -> Process:
        process = self.add(name, roles)
        process.start()
        return process

    def add(self, name: str, roles: str) -> Process:
        """Write the settings of a process that is started later."""
        config = self.folder / f"{name}.yaml"
        config.write_text(yaml.safe_dump(self.settings()))
        process = Process(config, roles, free_port())
        self.processes[name] = process
        return process

    async def import_town(self) -> None:
        document = decode_registry(json.dumps(TOWN).encode())
        async with store(self.folder) as database, database.transaction() as session:
            await replace_registry(session, CLOCK, document)

    def page(self, name: str) -> Page:
        return Page(self.folder, self.processes[name].url)

    def stored(self) -> list[tuple[int, float]]:
        """Give every reading of the power of lamp 1: time and value, in the order of times."""
        query = 'SELECT v FROM "kvartal" WHERE q = 0 AND v >= 1000'
        query = query.replace("kvartal", self.bucket.bucket)
        form = {"q": query, "db": self.bucket.bucket, "epoch": "ns"}
        found = json.loads(self.influxdb.ask("/query", form))["results"][0].get("series", [])
        return [(time, value) for each in found for time, value in each["values"]]


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """Run what the processes stand on. The folder says which PostgreSQL."""
    with ExitStack() as stack:
        broker, _ = stack.enter_context(running_broker(folder, "mosquitto"))
        influxdb = InfluxDb(folder / "influxdb")
        stack.enter_context(running(influxdb))
        found = Installation(folder, broker, influxdb, influxdb.account("readings"))
        try:
            yield found
        finally:
            for process in found.processes.values():
                process.kill()


class Spool:
    """What an edge has sent and keeps until it is acknowledged; an oracle file has all of it."""

    def __init__(self, edge: Edge, oracle: Path) -> None:
        self._edge = edge
        self._oracle = oracle
        self._blocks: dict[int, Readings] = {}
        self._started_at = CLOCK.time_ns()

    @property
    def waiting(self) -> list[int]:
        told = self._edge.acknowledged("telemetry")
        return [number for number in self._blocks if number not in told]

    def read(self, count: int) -> None:
        """Take `count` readings of the power of lamp 1, and send them as one block."""
        number = len(self._blocks) + 1
        first = number * 1000
        values = [float(first + each) for each in range(count)]
        times = [self._started_at + (first + each) * 1000 for each in range(count)]
        block = Readings.of([1] * count, times, values, 0, CLOCK.time_ns())
        with self._oracle.open("a") as oracle:
            oracle.writelines(f"{at} {value}\n" for at, value in zip(times, values, strict=True))
        self._blocks[number] = block
        self._send(number)

    def _send(self, number: int) -> None:
        self._edge.send_readings(number, self._blocks[number], lowest=min(self.waiting))

    async def until_empty(self) -> None:
        """Send again what is not acknowledged, until everything is."""
        async with asyncio.timeout(WITHIN_S):
            while waiting := self.waiting:
                await asyncio.sleep(0.5)
                for number in set(waiting) & set(self.waiting):
                    self._send(number)

    def told(self) -> list[tuple[int, float]]:
        """Read the oracle file."""
        lines = [line.split() for line in self._oracle.read_text().splitlines()]
        return [(int(at), float(value)) for at, value in lines]
