"""An outage is played as a whole; how fast it is taken, is not a test."""

import asyncio
from pathlib import Path

from simulators.bench import outage


def test_an_outage_folds_to_its_causes_and_loses_no_alarm(tmp_path: Path) -> None:
    result = asyncio.run(outage.measure(tmp_path / "state", 200))

    assert (result.lost, result.more["alarms"], result.more["cases"]) == (0, 200, 2)
    assert float(result.more["worklist_p99_ms"]) > 0
