"""What one edge spends on an OPC UA subscription, beside asyncua alone.

Five hundred variables change ten times a second in a server in another process. The whole edge
runs: adapter, pipeline, spool and uplink, with a broker and a sink that acknowledges.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import numpy as np

from adapters.profile import bundled_profiles
from core.clock import SystemClock
from simulators.bench.bare_opcua import QUEUE
from simulators.bench.measure import Processor, Result
from simulators.bench.sink import Sink, listening
from simulators.bench.variables_server import NAMESPACE, PERIOD_S, VARIABLES, name_of
from simulators.stage.children import CannotStart, Child, Children
from simulators.stage.hub import Hub
from simulators.stage.ports import free_port, is_open

EDGE = "edge-1"
WARM_UP_S = 2.0
START_S = 60.0


async def measure(state: Path, seconds: float) -> Result:
    """Measure asyncua alone, then the edge, for so many seconds each. state: an empty folder."""
    clock = SystemClock()
    hub = Hub(
        state=state, broker_port=free_port(), port=free_port(), edge=EDGE,
        profiles=[state / "models"],
    )  # fmt: skip
    hub.write_secrets()
    password = hub.password_file("gateway").read_text(encoding="utf-8").strip()
    port = free_port()
    children = Children(state / "logs", clock, _say)
    try:
        for child in (_variables(port), hub.broker()):
            await children.start(child)
            await children.wait_ready(child, within=START_S)
        bare = await _bare(port, seconds)
        ceiling = bare["cpu_s"] / bare["points"] * 100_000
        _say(f"asyncua alone: {ceiling:.3f} CPU s per 100,000 of {bare['points']:,.0f} points")
        async with listening(hub.broker_url, EDGE, password) as sink:
            edge = await _edge(hub, children, sink, port)
            processor = Processor([edge])
            sink.watch(_numbers())
            points, spent, began = sink.points, processor.seconds(), clock.monotonic()
            await asyncio.sleep(seconds)
            points, spent = sink.points - points, processor.seconds() - spent
            took = clock.monotonic() - began
    finally:
        await children.stop()
    ours = spent / points * 100_000
    return Result(
        bench="opcua",
        unit="CPU s per 100,000 points",
        ours=ours,
        ceiling=ceiling,
        ratio=ceiling / ours,
        lost=sink.missing,
        more={
            "cpu_s_per_100k": ours,
            "ceiling_cpu_s_per_100k": ceiling,
            "points_per_s": points / took,
            "ceiling_points_per_s": bare["points"] / bare["seconds"],
        },
    )


def _variables(port: int) -> Child:
    return Child(
        name="variables",
        command=[sys.executable, "-m", "simulators.bench.variables_server", str(port)],
        ready=lambda _child: is_open(port),
    )


async def _edge(hub: Hub, children: Children, sink: Sink, port: int) -> int:
    """Start the edge and wait until every variable has come; give its process."""
    models = hub.state / "models"
    models.mkdir(exist_ok=True)
    (models / "variables.yaml").write_text(json.dumps(_profile()), encoding="utf-8")
    devices = hub.state / "devices.yaml"
    devices.write_text(json.dumps(_document(port)), encoding="utf-8")
    edge = hub.edge_process()
    edge.command = [*edge.command, "--devices", str(devices)]
    await children.start(edge)
    await children.wait_ready(edge)
    clock = SystemClock()
    deadline = clock.monotonic() + START_S
    while sink.points < VARIABLES:
        if clock.monotonic() > deadline:
            raise CannotStart(f"the variables are not read after {START_S:.0f} s")
        await asyncio.sleep(0.1)
    await asyncio.sleep(WARM_UP_S)
    if edge.process is None:
        raise CannotStart("the edge has ended")
    return edge.process.pid


def _numbers() -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """Give the numbers of the variables. The edge's own signals come before all others."""
    own = len(bundled_profiles()["kvartal-edge"].signals)
    return np.arange(VARIABLES) + own


def _document(port: int) -> dict[str, object]:
    address = f"opc.tcp://127.0.0.1:{port}"
    return {
        "endpoints": [{"id": "line", "protocol": "opcua", "address": address}],
        "devices": [{"id": "plant", "profile": "variables", "endpoint": "line", "unit": "plant"}],
    }


def _profile() -> dict[str, object]:
    return {
        "profile": "variables",
        "family": "heat_point",
        "protocol": "opcua",
        "name": {"en": "Variables", "ru": "Переменные"},
        "source": "generic, what simulators/bench/variables_server.py serves",
        "signals": [
            {
                "key": name_of(number),
                "name": {"en": f"Count {number}", "ru": f"Счёт {number}"},
                "poll_s": PERIOD_S,
                "opcua": {"node": f"nsu={NAMESPACE};s={name_of(number)}", "queue": QUEUE},
            }
            for number in range(VARIABLES)
        ],
    }


async def _bare(port: int, seconds: float) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.bench.bare_opcua", "--port", str(port),
        "--seconds", str(seconds), stdout=PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    return result


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
