"""The folder of one edge: one process at a time keeps its spool and its configuration there."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.clock import Clock
from core.errors import ConfigError
from edge.spool_file import SpoolFile


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Make the folder where it is not there, and keep other edges out until the end.

    ConfigError where it cannot be written, or another edge has it. The lock ends with the process,
    however that ends.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "edge.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigError(
            f"data_dir {folder}: wanted a folder to write into, found a file"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"data_dir {folder}: wanted a folder to write into, found: {error.strerror}"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise ConfigError(
            f"data_dir {folder}: another edge keeps its spool there; stop it, or give this one a "
            "folder of its own"
        ) from error
    try:
        yield
    finally:
        os.close(lock)


def open_spool_file(path: Path, limit: int, keep_s: float, clock: Clock) -> SpoolFile:
    """Open or create the spool; on a full disk with the help of its reserve.

    ConfigError where there is no room at all, or the file is not a spool.
    """
    reserve = path.with_suffix(".reserve")
    try:
        return SpoolFile(path, limit, keep_s, clock)
    except sqlite3.OperationalError as error:
        if not reserve.exists():
            raise unusable(path, error) from error
    except (OSError, sqlite3.Error) as error:
        raise unusable(path, error) from error
    reserve.unlink()
    try:
        return SpoolFile(path, limit, keep_s, clock)
    except (OSError, sqlite3.Error) as error:
        raise unusable(path, error) from error


def unusable(path: Path, error: OSError | sqlite3.Error) -> ConfigError:
    """Give what whoever starts the edge must know of a spool that cannot be kept."""
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return ConfigError(f"{path}: wanted a spool, found: {error}; move the file away")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return ConfigError(f"data_dir {path.parent}: the spool cannot be kept there: {reason}")
