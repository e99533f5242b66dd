"""Values that were set over a broker and are not seen yet in what the devices publish."""

import asyncio
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from core.errors import Retryable


@dataclass(slots=True, eq=False)
class Wish:
    """A value that was set. seen: what the device reported instead."""

    value: float
    timeout_s: float
    answer: asyncio.Future[float]
    seen: float | None = None

    async def granted(self, name: str) -> float:
        """Wait until the device reports the value. Retryable where it does not in time."""
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self.answer
        except TimeoutError as error:
            # A state message may be older than the order: another value is no refusal.
            if self.seen is not None:
                raise Retryable(
                    f"{name}: wrote {self.value:g}, after {self.timeout_s:g} s the device "
                    f"still reports {self.seen:g}"
                ) from error
            raise Retryable(f"{name}: no state within {self.timeout_s:g} s") from error


class Wishes:
    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._waiting: dict[int, list[Wish]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @contextmanager
    def wish(self, row: int, value: float) -> Iterator[Wish]:
        """Note a wish before it is sent, for as long as somebody waits for it."""
        wish = Wish(value, self._timeout_s, asyncio.get_running_loop().create_future())
        waiting = self._waiting.setdefault(row, [])
        waiting.append(wish)
        try:
            yield wish
        finally:
            waiting.remove(wish)
            if not waiting:
                del self._waiting[row]

    def compare(self, rows: Sequence[int], values: Sequence[float]) -> None:
        """Look whether what was just reported is what was wished."""
        for row, value in zip(rows, values, strict=True):
            for wish in self._waiting.get(row, ()):
                if not math.isclose(value, wish.value, rel_tol=1e-6):
                    wish.seen = value
                elif not wish.answer.done():
                    wish.answer.set_result(value)
