"""What is in the gateway's store of readings, row by row, once nobody has it open."""

from collections import Counter
from pathlib import Path

import duckdb


def stored(folder: Path) -> Counter[float]:
    """Count the rows of each value, those that wait to be sorted in, too."""
    with duckdb.connect(str(folder / "readings.duckdb"), read_only=True) as connection:
        query = "SELECT value FROM readings UNION ALL SELECT value FROM late"
        return Counter(value for (value,) in connection.execute(query).fetchall())
