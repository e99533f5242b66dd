"""How fast the spool makes blocks durable; `kvartal bench spool` runs it as a process.

    python -m edge.spool_trial FOLDER --blocks N --at-once N --bytes N

Says one JSON object: seconds until all blocks were on disk, and until all were read and deleted.
"""

import argparse
import asyncio
import json
import os
from pathlib import Path

from core.clock import SystemClock
from edge.spool import Spool

LIMIT = 4 * 1024**3  # bytes, more than any trial keeps
READ_BYTES = 2 * 1024 * 1024


async def try_out(folder: Path, blocks: int, at_once: int, size: int) -> dict[str, float]:
    """Append blocks, so many to a commit, then read and acknowledge them."""
    clock = SystemClock()
    ended: list[BaseException] = []
    spool = Spool("trial", folder, LIMIT, clock, ended.append)
    payload = os.urandom(size)
    began = clock.monotonic()
    for first in range(0, blocks, at_once):
        for _ in range(min(at_once, blocks - first)):
            await spool.room()
            spool.append("telemetry", lambda _seq, _lowest: payload)
        await spool.ask(lambda _file: None)
    kept = clock.monotonic()
    number = 1
    while rows := await spool.read("telemetry", number, READ_BYTES):
        number = rows[-1].seq + 1
        spool.acknowledge("telemetry", [(rows[0].seq, rows[-1].seq)])
    emptied = clock.monotonic()
    await spool.close()
    if ended:
        raise ended[0]
    return {"kept_s": kept - began, "emptied_s": emptied - kept}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--blocks", type=int, required=True)
    parser.add_argument("--at-once", type=int, required=True, help="blocks in a commit")
    parser.add_argument("--bytes", type=int, required=True, help="of a block")
    given = parser.parse_args()
    told = asyncio.run(try_out(given.folder, given.blocks, given.at_once, given.bytes))
    print(json.dumps(told), flush=True)  # noqa: T201 - its only output
