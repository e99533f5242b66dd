"""A disk under SQLite that a test can cut the power of, fill up, or let fail.

It knows what was synced: after a power cut each write since then is there, not there, or torn, by
chance. SQLite itself is that of apsw, whose files may be written in Python; whoever uses the
connection sees the errors of the standard library's sqlite3.
"""

import itertools
import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512
NUMBERS = itertools.count(1)


@dataclass
class Content:
    """One file. synced: what is sure to be there. since: writes (place, bytes) and sizes."""

    synced: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes] | int] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.since:
            _apply(self.synced, change)
        self.since.clear()

    def after_a_cut(self, chance: random.Random) -> bytes:
        found = bytearray(self.synced)
        for change in self.since:
            match change, chance.randrange(4):
                case _, 0:
                    pass
                case (int(place), bytes(written)), 1:
                    torn = written[: SECTOR * chance.randrange(1 + len(written) // SECTOR)]
                    _apply(found, (place, torn))
                case _:
                    _apply(found, change)
        return bytes(found)


class Disk:
    """before_write: called before each write, sync or truncation of a file by its name; what it
    raises is the answer. apsw raises it even where SQLite itself goes on, as after a checkpoint."""

    def __init__(self, *, is_synced: bool = True) -> None:
        self.files: dict[str, Content] = {}
        self.before_write: Callable[[str], None] = lambda _name: None
        self._is_synced = is_synced
        self.name = f"frail-{next(NUMBERS)}"
        self._vfs = Vfs(self)

    def connect(self, path: Path, **_options: object) -> "Connection":
        """Stand in for sqlite3.connect."""
        return Connection(apsw.Connection(str(path), vfs=self.name), is_synced=self._is_synced)

    def after_a_cut(self, chance: random.Random) -> dict[str, bytes]:
        """Give the files as they might be found after a power cut now, by their names."""
        return {Path(name).name: each.after_a_cut(chance) for name, each in self.files.items()}


class Vfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__(disk.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> "File":  # noqa: N802 - SQLite's word
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        return File(path, self.disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's word
        super().xDelete(filename, syncdir)
        self.disk.files.pop(filename, None)


class File(apsw.VFSFile):
    def __init__(self, path: str, disk: Disk, name: Any, flags: list[int]) -> None:
        self.name = path
        self.disk = disk
        self.content = disk.files.setdefault(path, Content())
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's word
        self.disk.before_write(self.name)
        super().xWrite(data, offset)
        self.content.since.append((offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802 - SQLite's word
        self.disk.before_write(self.name)
        super().xTruncate(size)
        self.content.since.append(size)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's word
        self.disk.before_write(self.name)
        super().xSync(flags)
        self.content.sync()


class Rows:
    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def fetchall(self) -> list[Any]:
        return self._rows

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None


class Connection:
    """A connection of apsw in the clothes of sqlite3. is_synced: false loses synchronous=FULL."""

    def __init__(self, connection: apsw.Connection, *, is_synced: bool) -> None:
        self._connection = connection
        self._is_synced = is_synced

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, query: str, values: Sequence[Any] = ()) -> Rows:
        with _known_errors():
            return Rows(list(self._connection.execute(query, tuple(values))))

    def executemany(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        with _known_errors():
            list(self._connection.executemany(query, map(tuple, rows)))

    def executescript(self, script: str) -> None:
        wanted = script if self._is_synced else script.replace("= FULL", "= NORMAL")
        with _known_errors():
            list(self._connection.execute(wanted))

    def close(self) -> None:
        self._connection.close()


def _apply(content: bytearray, change: tuple[int, bytes] | int) -> None:
    if isinstance(change, int):
        del content[change:]
        return
    place, written = change
    content.extend(bytes(max(0, place - len(content))))
    content[place : place + len(written)] = written


@contextmanager
def _known_errors() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        known = sqlite3.OperationalError(str(error))
        known.sqlite_errorcode = error.result
        raise known from error
