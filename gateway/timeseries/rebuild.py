"""Makes roll-ups and the database anew from the day files; the gateway must not run meanwhile."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from core.errors import ConfigError
from gateway.timeseries.day_files import RAW, DayFiles
from gateway.timeseries.duckdb import DATABASE, SCHEMA, SERIES

TABLES = ("readings", "late", "taken")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """days: with roll-ups made anew. rows: readings of days that are not sealed, kept.

    put_aside: where a database lies now that could not be read.
    """

    days: int
    rows: int
    put_aside: Path | None


def rebuild(folder: Path) -> Rebuilt:
    """Make everything anew that the day files tell, and keep the rest of a readable database.

    ConfigError where a gateway has the database open, or a day file cannot be read.
    """
    path = folder / DATABASE
    rows, put_aside = _renew(path)
    files = DayFiles(folder / SERIES)
    files.open()
    for day in sorted(files.days[RAW]):
        try:
            files.write(day, files.batches(day))
        except (OSError, ValueError) as error:  # pyarrow's errors are both
            files.drop_new(day)
            raise ConfigError(f"{files.path(RAW, day)}: cannot be read: {error}") from error
        files.put_in_force(day)
    return Rebuilt(len(files.days[RAW]), rows, put_aside)


def _renew(path: Path) -> tuple[int, Path | None]:
    """Copy the database into a new file; one that cannot be read is put aside."""
    fresh = path.with_suffix(".fresh")
    fresh.unlink(missing_ok=True)
    rows: int | None
    with duckdb.connect(str(fresh)) as new:
        new.execute(SCHEMA)
        try:
            rows = _copy(new, path) if path.exists() else 0
        except duckdb.Error as error:
            if "lock" in str(error):
                raise ConfigError(f"{path}: is in use; stop the gateway first") from error
            rows = None
    if rows is not None:
        fresh.replace(path)
        return rows, None
    fresh.unlink()
    put_aside = _free_name(path)
    for file in (path, _log_of(path)):
        if file.exists():
            file.rename(put_aside if file == path else _log_of(put_aside))
    return 0, put_aside


def _copy(new: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Copy all tables; give how many readings there were. What the log still holds is read, too."""
    quoted = str(path).replace("'", "''")
    new.execute(f"ATTACH '{quoted}' AS old")
    rows = 0
    for table in TABLES:
        ((count,),) = new.execute(f"INSERT INTO {table} SELECT * FROM old.{table}").fetchall()
        rows += count if table != "taken" else 0
    new.execute("DETACH old")
    return rows


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _free_name(path: Path) -> Path:
    number = 1
    while (name := path.with_suffix(f".broken-{number}")).exists():
        number += 1
    return name
