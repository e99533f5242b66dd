"""How many appeals a second become work that is durable, beside the bare driver of the store.

Filed in words alone by two hundred people at a time, read, classified, joined, routed, with their
clocks and their place in the outbox. The ceiling writes the very rows that came of it, in as many
transactions. On SQLite, and on a PostgreSQL of its own where one is installed.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from simulators.bench.measure import Result
from simulators.bench.stand import say
from simulators.stage.children import CannotStart
from simulators.stage.postgresql import binaries, postgresql

STANDING = 100_000  # cases that are open already


async def measure(state: Path, appeals: int, standing: int = STANDING) -> Result:
    """File so many appeals on each store, among so many open cases."""
    told = await _filed(state / "sqlite", "", appeals, standing)
    ours, ceiling = appeals / told["seconds"], appeals / told["bare_s"]
    say(f"SQLite: {ours:,.0f} appeals/s, {1e3 * told['processor_s'] / appeals:.1f} ms of processor")
    other = await _on_postgresql(state, appeals, standing)
    return Result(
        bench="core",
        unit="appeals/s",
        ours=ours,
        ceiling=ceiling,
        ratio=ours / ceiling,
        lost=int(told["lost"] + other.pop("lost", 0)),
        more={**_figures("", told, appeals), **other},
    )


async def _on_postgresql(state: Path, appeals: int, standing: int) -> dict[str, float]:
    if binaries() is None:
        say("PostgreSQL is not installed; `make servers` installs it")
        return {}
    async with postgresql() as url:
        told = await _filed(state / "postgresql", url, appeals, standing)
    ours, ceiling = appeals / told["seconds"], appeals / told["bare_s"]
    say(f"PostgreSQL: {ours:,.0f} appeals/s")
    return {
        "postgresql_per_s": ours,
        "postgresql_ceiling_per_s": ceiling,
        "lost": told["lost"],
        **_figures("postgresql_", told, appeals),
    }


def _figures(store: str, told: dict[str, float], appeals: int) -> dict[str, float]:
    return {
        f"{store}processor_ms": 1e3 * told["processor_s"] / appeals,
        f"{store}joined": told["joined"],
        f"{store}routed": told["routed"],
        f"{store}deadlines_s": told["deadlines_s"],
    }


async def _filed(folder: Path, url: str, appeals: int, standing: int) -> dict[str, float]:
    numbers = ["--url", url, "--appeals", str(appeals), "--standing", str(standing)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway.trial.filing",
        str(folder),
        *numbers,
        stdout=PIPE,
        stderr=PIPE,
    )
    told, errors = await process.communicate()
    if process.returncode:
        raise CannotStart(errors.decode(errors="replace").strip())
    seconds: dict[str, float] = json.loads(told)
    return seconds
