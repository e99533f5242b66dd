"""`kvartal doctor`: look at this machine and say what is missing and how to get it."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from adapters.mqtt.broker import find_mosquitto
from core.finding import GIB, Finding, free_disk
from simulators.stage.ports import taken
from simulators.stage.town import Stage
from simulators.town.addresses import Ports
from simulators.town.registry import build_registry

NEEDED_MEMORY = 1 * GIB
PYTHON, NODE = (3, 11), 20
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGES = Path(__file__).resolve().parent.parent / "gateway" / "web" / "dist" / "index.html"


def run(argv: list[str]) -> int:
    """Print what was found; 1 when something that is needed is missing."""
    parser = argparse.ArgumentParser(
        prog="kvartal doctor",
        description="Look at this machine and say what is missing.",
        epilog="`kvartal gateway doctor` looks at the stores and the broker of a gateway.",
    )
    parser.add_argument("--port", type=int, default=8080, help="of the pages (default: 8080)")
    options = parser.parse_args(argv)
    findings = list(look(options.port))
    for finding in findings:
        print(finding.line())
    return int(any(finding.is_missed for finding in findings))


def look(port: int) -> Iterator[Finding]:
    """Give one finding after another."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", version, sys.version_info[:2] >= PYTHON, advice="Python 3.11 or newer")
    for extra, module in (("edge", "asyncua"), ("gateway", "fastapi")):
        there = find_spec(module) is not None
        found = "installed" if there else "not installed"
        yield Finding(f"[{extra}]", found, there, advice=f"pip install 'kvartal[{extra}]'")
    yield _broker()
    yield _pages()
    yield _node()
    yield _browser()
    yield from _ports(port)
    yield free_disk(shutil.disk_usage(".").free, "here")
    yield _memory()


def _broker() -> Finding:
    if mosquitto := find_mosquitto():
        return Finding("broker", mosquitto, True)
    if find_spec("iotcore") is None:
        advice = "apt install mosquitto, or pip install iotcore"
        return Finding("broker", "none", False, advice=advice)
    found = "iotcore (a wheel), which has no topic access lists: edges are not kept apart"
    return Finding("broker", found, False, needed=False, advice="apt install mosquitto")


def _pages() -> Finding:
    built = PAGES.exists()
    found = "built" if built else f"not built: {PAGES.parent}"
    return Finding("pages", found, built, needed=False, advice="make web")


def _node() -> Finding:
    path = shutil.which("node")
    advice = f"node {NODE} or newer; `make web` takes one from a wheel where there is none"
    if path is None:
        return Finding("node", "not on the PATH", False, needed=False, advice=advice)
    command = [path, "--version"]
    # S603: no shell, and the path is one that we found ourselves.
    version = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    major = version.stdout.strip().lstrip("v").partition(".")[0]
    good = major.isdigit() and int(major) >= NODE
    return Finding("node", f"{path} {version.stdout.strip()}", good, needed=False, advice=advice)


def _browser() -> Finding:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    advice = "for the browser tests: apt install chromium, or playwright install chromium"
    return Finding("chromium", path or "not on the PATH", bool(path), needed=False, advice=advice)


def _ports(port: int) -> Iterator[Finding]:
    ports = Ports()
    wanted = Stage.ports(build_registry(1, ports), ports, port)
    busy = taken(wanted)
    if not busy:
        yield Finding("ports", f"all {len(wanted)} are free on 127.0.0.1", True)
    for each in busy:
        yield Finding("ports", each, False, advice="end that process; for 8080 there is --port")


def _memory() -> Finding:
    available = _measured(lambda: os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemAvailable:"):
            available = int(line.split()[1]) * 1024
    return Finding(
        "memory", f"{available / GIB:.1f} GiB available", available >= NEEDED_MEMORY,
        advice=f"{NEEDED_MEMORY // GIB} GiB is wanted",
    )  # fmt: skip


def _measured(measure: Callable[[], int]) -> int:
    try:
        return measure()
    except (OSError, ValueError):
        return 0


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
