"""How fast appeals become durable work; `kvartal bench core` runs it as a process.

    python -m gateway.trial.filing FOLDER [--url URL] --appeals N --standing N

A made-up town, in whose store so many cases stand open, gets appeals in words alone, from as many
people at a time as would wait in a storm. Says one JSON object: seconds of wall and of processor
time of this process, of the bare driver for the same rows, and of a look at all deadlines.
"""

import argparse
import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import func, insert, select, text

from core.appeal import Draft
from core.clock import SystemClock
from gateway.cases import deadline_watch
from gateway.cases.appeals import Receipt
from gateway.cases.cells import cell_of
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.filing import AT_ONCE, Filing
from gateway.language.reader import Reader
from gateway.registry.snapshot import CurrentRegistry, RegistrySnapshot
from gateway.settings import load_settings
from gateway.storage.case_tables import AppealRow, CaseRow, TimelineRow
from gateway.storage.database import POSTGRESQL, Database
from gateway.storage.opened import opened
from gateway.storage.tables import Base, OutboxRow
from gateway.trial import bare
from gateway.trial.town import drafts, somewhere, town

WARM_UP = 200  # appeals
PEOPLE = 200  # who file at the same time
SOME = 5000  # rows written at once
COUNTED = {
    CaseRow: CaseRow.id,
    AppealRow: AppealRow.id,
    TimelineRow: TimelineRow.id,
    OutboxRow: OutboxRow.seq,
}
NOT_YET = timedelta(days=1)


@dataclass(slots=True)
class Trial:
    """A gateway's filing, without HTTP, on a store of its own."""

    database: Database
    registry: CurrentRegistry
    filing: Filing
    clock: SystemClock

    async def file(self, said: Sequence[Draft]) -> list[Receipt]:
        """File as many people do at the same time."""
        waiting = iter(said)

        async def people() -> list[Receipt]:
            return [await self.filing.file(draft) for draft in waiting]

        told = await asyncio.gather(*(people() for _ in range(min(PEOPLE, len(said)))))
        return [receipt for some in told for receipt in some]


async def try_out(folder: Path, url: str, appeals: int, standing: int) -> dict[str, float]:
    """File so many appeals while so many cases stand open."""
    async with _trial(folder, url) as trial:
        said = drafts(seed=7)
        await trial.file(list(islice(said, WARM_UP)))
        await _stand(trial.database, trial.registry.snapshot, standing)
        before = await _counts(trial.database)
        batch, clock = list(islice(said, appeals)), trial.clock
        began, spent = clock.monotonic(), time.process_time()
        receipts = await trial.file(batch)
        took, processor = clock.monotonic() - began, time.process_time() - spent
        began = clock.monotonic()
        told = await deadline_watch.tell(trial.database, clock, trial.registry)
        looked = clock.monotonic() - began
        kept = await _counts(trial.database)
        routed = await _routed(trial.database, before["appeals"])
    return {
        "seconds": took,
        "processor_s": processor,
        "lost": appeals - (kept["appeals"] - before["appeals"]),
        "joined": sum(receipt.joined for receipt in receipts),
        "routed": routed,
        "bare_s": await _bare(folder, url, before, appeals),
        "deadlines_s": looked,
        "deadlines_told": told,
    }


@asynccontextmanager
async def _trial(folder: Path, url: str) -> AsyncIterator[Trial]:
    clock, registry = SystemClock(), CurrentRegistry()
    registry.snapshot = RegistrySnapshot(town(), 1)
    settings = load_settings(data_dir=folder, database_url=url)
    reader = Reader(None, settings.classify_from)
    files = EvidenceFiles(folder / "evidence")
    async with opened(settings) as database:
        filing = Filing(clock, database, registry, reader=reader, evidence=files)
        running = asyncio.create_task(filing.run())
        try:
            yield Trial(database, registry, filing, clock)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _stand(database: Database, registry: RegistrySnapshot, many: int) -> None:
    """Let so many cases stand open: copies of those of the warm-up, all over the town."""
    chance = random.Random(1)  # noqa: S311 - made-up cases
    cases, clocks = Base.metadata.tables["cases"], Base.metadata.tables["case_clocks"]
    async with database.transaction() as session:
        known = [dict(row) for row in (await session.execute(select(cases))).mappings()]
        ticking = [dict(row) for row in (await session.execute(select(clocks))).mappings()]
        last = max(row["id"] for row in known)
        of = {
            row["id"]: [each for each in ticking if each["case_id"] == row["id"]] for row in known
        }
        for first in range(0, many, SOME):
            copies, their = [], []
            for number in range(last + 1 + first, last + 1 + min(many, first + SOME)):
                row = chance.choice(known)
                house, spot = somewhere(chance)
                copies.append(
                    row
                    | {"id": number, "open_key": f"standing:{number}", "cell": cell_of(spot)}
                    | {"latitude": spot[0], "longitude": spot[1]}
                    | {"place": house, "place_path": registry.path_of(house)}
                )
                their += [
                    each
                    | {"case_id": number, "told_at": each["told_at"] and each["told_at"] + NOT_YET}
                    for each in of[row["id"]]
                ]
            await session.execute(insert(cases), copies)
            await session.execute(insert(clocks), their)
        if database.name == POSTGRESQL:
            await session.execute(
                text("SELECT setval('cases_id_seq', (SELECT max(id) FROM cases))")
            )
    async with database.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


async def _counts(database: Database) -> dict[str, int]:
    """Give the highest number in each table that counts."""
    async with database.reading() as session:
        return {
            kind.__tablename__: await session.scalar(select(func.max(key))) or 0
            for kind, key in COUNTED.items()
        }


async def _routed(database: Database, after: int) -> int:
    async with database.reading() as session:
        found = await session.scalar(
            select(func.count(AppealRow.id))
            .join(CaseRow, AppealRow.case_id == CaseRow.id)
            .where(AppealRow.id > after, CaseRow.executor.is_not(None))
        )
        return found or 0


async def _bare(folder: Path, url: str, before: dict[str, int], appeals: int) -> float:
    since = {
        "cases": f"id > {before['cases']}",
        "case_clocks": f"case_id > {before['cases']}",
        "appeals": f"id > {before['appeals']}",
        "appeal_clocks": f"appeal_id > {before['appeals']}",
        "timeline": f"id > {before['timeline']}",
        "outbox": f"seq > {before['outbox']}",
    }
    commits = -(-appeals // AT_ONCE)
    if url:
        return await bare.on_postgresql(url, since, commits)
    kept = folder / "kvartal.sqlite"
    return await asyncio.to_thread(bare.on_sqlite, kept, folder / "bare.sqlite", since, commits)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", default="", help="of a PostgreSQL; without it SQLite is used")
    parser.add_argument("--appeals", type=int, required=True)
    parser.add_argument("--standing", type=int, required=True, help="cases that stand open")
    given = parser.parse_args()
    told = asyncio.run(try_out(given.folder, given.url, given.appeals, given.standing))
    print(json.dumps(told), flush=True)  # noqa: T201 - its only output
