"""The benchmark of the spool runs as a whole; how fast, is not a test."""

import asyncio
from pathlib import Path

from simulators.bench import spool


def test_blocks_go_through_the_spool_and_through_sqlite_alone(tmp_path: Path) -> None:
    result = asyncio.run(spool.measure(tmp_path, 500))
    assert result.ours > 0
    assert result.ceiling > 0
    assert float(result.more["emptied_per_s"]) > 0
