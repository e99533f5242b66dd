"""`kvartal demo`: a town, its edge, its gateway and its pages on this machine, by one command."""

import argparse
import asyncio
import fcntl
import shutil
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.clock import SystemClock
from simulators.command import SEED, coming_dusk, write_registry
from simulators.stage.children import CannotStart, Children
from simulators.stage.hub import Person
from simulators.stage.ports import taken
from simulators.stage.town import Stage
from simulators.town.addresses import Ports
from simulators.town.billing import RESIDENT, flat_of
from simulators.town.plan import houses
from simulators.town.registry import build_registry

STATE = Path(".kvartal")
PARTS = ("broker", "edge", "gateway", "logs", "secrets")  # what --fresh forgets
OK, IN_THE_WAY = 0, 1

# Who works in the town, and gets a sign-in link.
PEOPLE = {
    "dispatcher": Person("dispatcher", "prirechye", "Вера Соколова"),
    "dispatcher of the left bank": Person("dispatcher", "left-bank", "Олег Левин"),
    "dispatcher of the right bank": Person("dispatcher", "right-bank", "Нина Правдина"),
    "executor (City Light)": Person("executor", "prirechye", "Бригада Горсвета", "city-light"),
    "administrator": Person("administrator", "prirechye", "Администратор"),
}


def run(argv: list[str]) -> int:
    """Run the demo until Ctrl+C; 1 when something is in the way, which is said."""
    options = _parser().parse_args(argv)
    STATE.mkdir(mode=0o700, exist_ok=True)
    with _alone() as alone:
        if not alone:
            print(f"kvartal demo: another one runs in this folder ({STATE.resolve()})")
            return IN_THE_WAY
        ports = Ports()
        registry = build_registry(options.seed, ports, coming_dusk())
        wanted = Stage.ports(registry, ports, options.port)
        if busy := taken(wanted):
            print("kvartal demo cannot start:", *busy, sep="\n  ")
            print("End that process, or choose another port for the pages with --port.")
            return IN_THE_WAY
        if options.fresh:
            for part in PARTS:
                shutil.rmtree(STATE / part, ignore_errors=True)
        write_registry(registry, STATE / "registry.json")
        stage = Stage(STATE.resolve(), ports, options.port, options.seed, not options.no_scenario)
        with asyncio.Runner() as runner:
            return runner.run(_play(stage, options.minutes))


async def _play(stage: Stage, minutes: float | None) -> int:
    clock = SystemClock()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    children = Children(stage.hub.logs, clock, _say)
    began = clock.monotonic()
    try:
        await _until(stop, _open(stage, children))
        if not stop.is_set():
            _say(f"the town is live after {clock.monotonic() - began:.0f} s; Ctrl+C ends it")
            await _until(stop, children.failed.wait(), minutes)
    except CannotStart as error:
        _say(str(error))
        return IN_THE_WAY
    finally:
        _say("ending every process")
        await children.stop()
    return IN_THE_WAY if children.failed.is_set() else OK


async def _open(stage: Stage, children: Children) -> None:
    """Start everything in order, say what comes up, and print where to go."""
    _say("the gateway takes the town's registry")
    people = _people(stage.seed)
    links = await stage.prepare(tuple(people.values()))
    hub = stage.hub
    broker, gateway, town, edge = hub.broker(), hub.gateway(), stage.town(), hub.edge_process()
    await children.start(broker)
    await children.wait_ready(broker)
    for child in (gateway, town):
        await children.start(child)
    for child in (gateway, town):
        await children.wait_ready(child)
        _say(f"{child.name} is ready")
    await children.start(edge)  # after the devices, or it would report them lost
    await children.wait_ready(edge)
    _say("edge is ready")
    print(f"\n  residents' portal   {stage.hub.address}/")
    print(f"  control room        {stage.hub.address}/control")
    print(f"  tester's page       {stage.tester_address}/\n")
    print("  Sign in with one of these links, which are good for a day:")
    for title, link in zip(people, links, strict=True):
        print(f"  {title:30} {link}")
    print(f"\n  logs: {stage.hub.logs}\n", flush=True)


def _people(seed: int) -> dict[str, Person]:
    """Give who gets a sign-in link; the resident is one of the house whose meters are billed."""
    flat = flat_of(houses(seed)[0].id, RESIDENT)
    return PEOPLE | {f"resident of flat {RESIDENT}": Person("resident", flat, "Анна Белова")}


async def _until(
    stop: asyncio.Event, work: Coroutine[Any, Any, object], minutes: float | None = None
) -> None:
    """Work until it is done, the time is over, or somebody wants to stop."""
    tasks = [asyncio.create_task(work), asyncio.create_task(stop.wait())]
    timeout = None if minutes is None else minutes * 60
    done, rest = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for task in done:
        task.result()


@contextmanager
def _alone() -> Iterator[bool]:
    """Hold the state folder for this process alone."""
    with (STATE / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _say(text: str) -> None:
    print(f"kvartal demo: {text}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kvartal demo",
        description=f"The whole town on this machine. Its state lies below {STATE}/.",
    )
    parser.add_argument("--port", type=int, default=8080, help="of the pages (default: 8080)")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier demos stored")
    parser.add_argument("--no-scenario", action="store_true", help="break nothing by itself")
    parser.add_argument("--minutes", type=float, help="end by itself after so long")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed, another town")
    return parser
