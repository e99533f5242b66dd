"""The benchmark of filing runs as a whole, on both stores; how fast, is not a test."""

import asyncio
from pathlib import Path

from simulators.bench import core


def test_appeals_become_durable_work_on_both_stores(tmp_path: Path) -> None:
    result = asyncio.run(core.measure(tmp_path, 100, standing=300))
    assert result.lost == 0
    assert result.ours > 0
    assert result.ceiling > 0
    assert float(result.more["postgresql_per_s"]) > 0
    assert int(result.more["joined"]) > 0
    assert int(result.more["routed"]) > 50
