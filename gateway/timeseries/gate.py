"""Lets readers in together, and whoever changes files alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Of one event loop, with one task that ever wants to be alone; it keeps new readers out."""

    def __init__(self) -> None:
        self._readers = 0
        self._is_open = asyncio.Event()
        self._is_empty = asyncio.Event()
        self._is_open.set()
        self._is_empty.set()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        while not self._is_open.is_set():
            await self._is_open.wait()
        self._readers += 1
        self._is_empty.clear()
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers:
                self._is_empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        self._is_open.clear()
        try:
            await self._is_empty.wait()
            yield
        finally:
            self._is_open.set()
