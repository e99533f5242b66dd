"""What every photo among the evidence looks like, in memory, so that one is never used twice."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.picture_hash import same_pictures
from gateway.storage.capture_tables import CaptureRow

MOST = 20  # pictures that look the same and are told of


class Looks:
    """One column of hashes and one of the pieces that they are of, in the order of the numbers.

    A million of them are 16 MB, and are searched in milliseconds. Every process has its own, and
    reads what others have added.
    """

    def __init__(self) -> None:
        self._looks = np.zeros(1024, np.uint64)
        self._pieces = np.zeros(1024, np.int64)
        self._count = 0

    async def catch_up(self, session: AsyncSession) -> None:
        """Take in what was kept since the last time."""
        last = int(self._pieces[self._count - 1]) if self._count else 0
        found = await session.execute(
            select(CaptureRow.evidence_id, CaptureRow.look)
            .where(CaptureRow.evidence_id > last, CaptureRow.look.is_not(None))
            .order_by(CaptureRow.evidence_id)
        )
        rows = found.all()
        if rows:
            pieces, looks = zip(*rows, strict=True)
            self.add(np.array(pieces, np.int64), np.array(looks, np.int64).view(np.uint64))

    def add(self, pieces: NDArray[np.int64], looks: NDArray[np.uint64]) -> None:
        """Add pieces with their looks, which are newer than all that are there."""
        wanted = self._count + len(pieces)
        if wanted > len(self._pieces):
            size = max(wanted, 2 * len(self._pieces))
            self._looks = np.resize(self._looks, size)
            self._pieces = np.resize(self._pieces, size)
        self._pieces[self._count : wanted] = pieces
        self._looks[self._count : wanted] = looks
        self._count = wanted

    def same(self, look: int) -> list[int]:
        """Give the pieces of evidence that show the same picture, the likest first."""
        found = same_pictures(self._looks[: self._count], look)[:MOST]
        return [int(piece) for piece in self._pieces[found]]


async def load_looks(session: AsyncSession) -> Looks:
    """Give what is there at the start."""
    looks = Looks()
    await looks.catch_up(session)
    return looks


def as_stored(look: int | None) -> int | None:
    """Give the 64 bits as a number that stores can hold."""
    return None if look is None else int(np.uint64(look).astype(np.int64))
