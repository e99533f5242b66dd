"""`kvartal simulate region`: the traffic of a region from the uplink on, and the proof of it."""

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from adapters.mqtt.broker import read_users
from core.clock import SystemClock
from simulators.region.ledger import Proof, prove
from simulators.region.plan import EdgePlan, plan_region, write_registry
from simulators.region.run import Figures, Pace, Region
from simulators.stage.children import CannotStart, Children
from simulators.stage.hub import Hub
from simulators.stage.ports import free_port

START_S = 1800.0  # for a gateway that reads millions of devices


def run(argv: list[str]) -> int:
    """Play a region; 1 where the ledger and the store differ."""
    options = _parser().parse_args(argv)
    if options.prove:
        return _show(Figures(), prove(options.state / "ledger", options.prove), options.json)
    plans = plan_region(options.scale)
    if options.write_registry:
        print(f"{options.write_registry}: {write_registry(plans, options.write_registry)} devices")
        return 0
    pace = Pace(
        scale=options.scale, speed=options.speed, seconds=options.seconds, hour=options.hour
    )
    try:
        if options.broker:
            figures = asyncio.run(_elsewhere(options, plans, pace))
            return _show(figures, None, options.json)
        if options.state:
            figures, proof = asyncio.run(play(options.state.resolve(), plans, pace))
        else:
            with tempfile.TemporaryDirectory(prefix="kvartal-region-") as folder:
                figures, proof = asyncio.run(play(Path(folder), plans, pace))
    except CannotStart as error:
        _say(f"kvartal simulate: {error}")
        return 1
    return _show(figures, proof, options.json)


async def play(state: Path, plans: list[EdgePlan], pace: Pace) -> tuple[Figures, Proof]:
    """Run an installation of its own for a region, and prove what it stored."""
    first, *others = [plan.id for plan in plans]
    hub = Hub(state=state, broker_port=free_port(), port=free_port(), edge=first, more_edges=others)
    clock = SystemClock()
    children = Children(state / "logs", clock, _say)
    broker, gateway = hub.broker(), hub.gateway()
    try:
        await asyncio.to_thread(hub.write_secrets)
        if not (state / "gateway").exists():
            registry = state / "registry.json"
            devices = await asyncio.to_thread(write_registry, plans, registry)
            began = clock.monotonic()
            await hub.prepare(registry, [])
            _say(f"{devices:,} devices are imported after {clock.monotonic() - began:.0f} s")
        began = clock.monotonic()
        for child in (broker, gateway):
            await children.start(child)
            await children.wait_ready(child, within=START_S)
        _say(f"the gateway is ready after {clock.monotonic() - began:.0f} s")
        pids = {
            child.name: child.process.pid
            for child in (broker, gateway)
            if child.process is not None
        }
        passwords = read_users(hub.users)
        region = Region(
            plans, hub.broker_url, passwords, state / "ledger", clock, say=_say, pids=pids
        )
        figures = await region.run(pace)
    finally:
        await children.stop()
    return figures, await asyncio.to_thread(prove, state / "ledger", state / "gateway")


async def _elsewhere(options: argparse.Namespace, plans: list[EdgePlan], pace: Pace) -> Figures:
    passwords = read_users(options.users)
    folder = options.state / "ledger"
    region = Region(plans, options.broker, passwords, folder, SystemClock(), say=_say)
    return await region.run(pace)


def _show(figures: Figures, proof: Proof | None, as_json: bool) -> int:
    told = asdict(figures)
    rates = told.pop("rates")
    told["points_per_s"] = figures.acknowledged / figures.took_s if figures.took_s else 0.0
    told["most_points_per_s"] = max(rates, default=0.0)
    told |= {} if proof is None else asdict(proof)
    rounded = {k: round(v, 1) if isinstance(v, float) else v for k, v in told.items()}
    if as_json:
        print(json.dumps(rounded))
    else:
        for name, figure in rounded.items():
            print(f"{name:18} {figure:>14,}")
    return 1 if proof is not None and not proof.holds else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kvartal simulate region",
        description="Play the traffic of a region (3,000,000 meters, 500,000 street lights, 30,000 "
        "lifts, 2,500 traffic controllers) from the uplink on, and prove that what was "
        "sent is stored. Starts a broker and a gateway of its own unless --broker is given.",
    )
    add = parser.add_argument
    add("--scale", type=float, default=0.01, help="of the region (default: 0.01)")
    add("--speed", type=float, default=1.0, help="seconds of the region in a second (default: 1)")
    add("--seconds", type=float, default=60.0, help="to play (default: 60)")
    add("--hour", type=float, default=17.95, help="o'clock at the start; dusk is at 18")
    add(
        "--state", type=Path, metavar="DIR",
        help="keeps everything, and is used again (default: a folder that is removed)",
    )  # fmt: skip
    add("--broker", metavar="URL", help="of an installation that runs; needs --users and --state")
    add("--users", type=Path, metavar="FILE", help="lines name:password, one for each edge")
    add("--write-registry", type=Path, metavar="FILE", help="write the region's registry and end")
    add(
        "--prove", type=Path, metavar="DIR",
        help="compare the ledger of --state with the data folder of a gateway that is stopped",
    )  # fmt: skip
    add("--json", action="store_true", help="one JSON object on the last line")
    return parser
