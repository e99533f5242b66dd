"""Blocks of events that nobody can make sense of, each a file, for a person to look at."""

import asyncio
import os
from collections import Counter
from pathlib import Path

SUFFIX = ".kvartal"
MOST_OF_EDGE = 100  # files; what is wrong with the next thousand, these tell already
MOST_BYTES = 1_000_000_000  # of all edges together


class Parked:
    """A folder of payloads as they came, named <edge>-<epoch>-<seq>.kvartal.

    Whoever has looked at a file removes it; from the next look on it does not count any more. There
    is room for so many: the first ones are kept, and what comes when it is full is dropped.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.look()

    def look(self) -> None:
        """Count the files that are there."""
        files = list(self._folder.glob(f"*-*-*{SUFFIX}"))
        self._count = Counter(file.stem.rsplit("-", 2)[0] for file in files)
        self._bytes = sum(_size(file) for file in files)

    def of(self, edge: str) -> int:
        """Give how many blocks of the edge were put aside."""
        return self._count[edge]

    def has(self, edge: str, epoch: str, seq: int) -> bool:
        """Tell whether this block is kept."""
        return self._file(edge, epoch, seq).exists()

    async def keep(self, edge: str, epoch: str, seq: int, payload: bytes) -> Path | None:
        """Keep a block durably and give its file; None where there is no room: it is lost."""
        if self._count[edge] >= MOST_OF_EDGE or self._bytes + len(payload) > MOST_BYTES:
            return None
        file = self._file(edge, epoch, seq)
        await asyncio.to_thread(self._write, file, payload)
        self._count[edge] += 1
        self._bytes += len(payload)
        return file

    def _file(self, edge: str, epoch: str, seq: int) -> Path:
        return self._folder / f"{edge}-{epoch}-{seq}{SUFFIX}"

    def _write(self, file: Path, payload: bytes) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        # Another name first: a crash must not leave half a block under the name of a whole one.
        half = file.with_suffix(".half")
        with half.open("wb") as out:
            out.write(payload)
            out.flush()
            os.fsync(out.fileno())
        half.replace(file)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # or the name may be lost though the content is not
        finally:
            os.close(folder)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0  # somebody removes it just now
