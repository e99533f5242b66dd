"""Real servers that take InfluxDB's protocol, each with a folder and a port of the test's own."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.timeseries.influx_server import Account
from tests.ports import free_port

INFLUX_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{other_port}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
auth-enabled = {auth}
[monitor]
store-enabled = false
"""


@dataclass
class SeriesServer:
    """A server that may be killed and started again, on the same port and with the same data."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        raise NotImplementedError

    def ready_path(self) -> str:
        raise NotImplementedError

    def account(self, bucket: str) -> Account:
        """Give access to a bucket of this name, which is there."""
        return Account(self.url, bucket)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, f"{self.url} does not answer"
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            self.ask(self.ready_path())
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def kill(self) -> None:
        """End it as a power cut of the process would: nothing is flushed."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def ask(self, path: str, form: dict[str, str] | None = None) -> bytes:
        body = None if form is None else urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(self.url + path, body, timeout=10) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content


@dataclass
class InfluxDb(SeriesServer):
    asks_for_accounts: bool = False

    def command(self) -> list[str]:
        file = self.folder / "influxdb.conf"
        other_port = free_port()
        file.write_text(
            INFLUX_CONFIG.format(
                folder=self.folder,
                port=self.port,
                other_port=other_port,
                auth=str(self.asks_for_accounts).lower(),
            )
        )
        return [found("influxd"), "-config", str(file)]

    def ready_path(self) -> str:
        return "/ping"

    def account(self, bucket: str) -> Account:
        self.ask("/query", {"q": f"CREATE DATABASE {bucket}"})
        return Account(self.url, bucket)


@dataclass
class VictoriaMetrics(SeriesServer):
    options: tuple[str, ...] = ()

    def command(self) -> list[str]:
        return [
            found("victoria-metrics"),
            f"-httpListenAddr=127.0.0.1:{self.port}",
            f"-storageDataPath={self.folder / 'data'}",
            "-retentionPeriod=100y",
            "-dedup.minScrapeInterval=1ms",
            "-search.latencyOffset=0s",
            *self.options,
        ]

    def ready_path(self) -> str:
        return "/health"

    def show_all(self) -> None:
        """Let queries see what was written in the last seconds."""
        self.ask("/internal/force_flush")


def found(program: str) -> str:
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    assert path, f"{program} is not installed; .ci/servers installs it"
    return path


@contextmanager
def running(server: SeriesServer) -> Iterator[SeriesServer]:
    server.start()
    try:
        yield server
    finally:
        server.kill()
