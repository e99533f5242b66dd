"""The demo as a process, and what a tester does to its town."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from simulators.people.api import Api
from simulators.stage.hub import kvartal

TESTER = "http://127.0.0.1:8090"
LIVE = "Ctrl+C ends it"
LINK = re.compile(r"^ {2}(\S.*?)\s+(http://\S+/sign-in#\S+)$", re.MULTILINE)
START_S = 180.0  # on a machine that does much beside
STOP_S = 20.0


@dataclass
class Town:
    """A demo that is live. links: of each person, by the title that the demo prints."""

    process: subprocess.Popen[bytes]
    links: Mapping[str, str]
    tester: Api = field(default_factory=lambda: Api(TESTER))

    @property
    def address(self) -> str:
        return self.links["administrator"].partition("/sign-in")[0]

    @property
    def gateway(self) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        return next(each for each in children if "gateway" in each.cmdline())

    def set_fault(self, name: str, device: str, on: bool) -> None:
        self.tester.post("/fault", {"name": name, "device": device, "on": on})

    @contextmanager
    def fault(self, name: str, device: str) -> Iterator[None]:
        """Break something for as long as the block lasts."""
        self.set_fault(name, device, True)
        try:
            yield
        finally:
            self.set_fault(name, device, False)

    def has_fault(self, name: str, family: str, device: str) -> bool:
        devices = self.tester.get(f"/state?family={family}")["devices"]
        return any(each["id"] == device and name in each["faults"] for each in devices)


@contextmanager
def running_town(folder: Path) -> Iterator[Town]:
    """Start the demo in a folder of its own. Fail with its own words when it cannot start."""
    output = folder / "demo.log"
    with (
        output.open("wb") as log,
        subprocess.Popen(
            kvartal("demo", "--no-scenario", "--fresh"),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            until(lambda: LIVE in output.read_text() or process.poll() is not None, START_S)
            said = output.read_text()
            if LIVE not in said:
                pytest.fail(f"the demo did not start:\n{said}", pytrace=False)
            yield Town(process, dict(LINK.findall(said)))
        finally:
            process.terminate()
            process.wait(STOP_S)


def until(claim: Callable[[], bool], within_s: float) -> None:
    """Wait until a claim holds."""
    deadline = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline, f"not so within {within_s:.0f} s"
        time.sleep(0.1)
