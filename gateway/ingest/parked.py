"""Blocks of events that nobody can make sense of, each a file, for a person to look at."""

import asyncio
import os
from collections import Counter
from pathlib import Path

SUFFIX = ".kvartal"


class Parked:
    """A folder of payloads as they came, named <edge>-<epoch>-<seq>.kvartal.

    Whoever has looked at a file removes it; from the next look on it does not count any more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.look()

    def look(self) -> None:
        """Count the files that are there."""
        files = self._folder.glob(f"*-*-*{SUFFIX}")
        self._count = Counter(file.stem.rsplit("-", 2)[0] for file in files)

    def of(self, edge: str) -> int:
        """Give how many blocks of the edge were put aside."""
        return self._count[edge]

    async def keep(self, edge: str, epoch: str, seq: int, payload: bytes) -> Path | None:
        """Keep a block durably and give its file; None where it was kept before."""
        file = self._folder / f"{edge}-{epoch}-{seq}{SUFFIX}"
        if file.exists():
            return None
        await asyncio.to_thread(self._write, file, payload)
        self._count[edge] += 1
        return file

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
