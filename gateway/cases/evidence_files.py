"""Pictures on disk, each under the SHA-256 of its bytes: the same picture is there once."""

import asyncio
import hashlib
import os
from pathlib import Path

from core.errors import NotVisible


class EvidenceFiles:
    """A folder of files that are written once and never change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, content: bytes) -> str:
        """Keep the bytes durably and give their SHA-256 in hex."""
        name = hashlib.sha256(content).hexdigest()
        await asyncio.to_thread(self._write, name, content)
        return name

    async def get(self, name: str) -> bytes:
        """Give the bytes back. NotVisible where the file is gone."""
        try:
            return await asyncio.to_thread(self._path(name).read_bytes)
        except FileNotFoundError as error:
            raise NotVisible("picture", name) from error

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _write(self, name: str, content: bytes) -> None:
        path = self._path(name)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # Another name first: a crash must not leave half a picture under the name of a whole one.
        half = path.with_suffix(f".{os.urandom(4).hex()}")
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
