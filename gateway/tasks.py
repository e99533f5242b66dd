"""The background tasks of the process: when one of them ends by itself, the process must end."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

import structlog

log = structlog.get_logger()


class Tasks:
    """Owns tasks that run until the end. `on_failure` is called when one does not."""

    def __init__(self, on_failure: Callable[[], None]) -> None:
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()
        self._may_end: set[asyncio.Task[Any]] = set()

    def start(self, name: str, work: Coroutine[Any, Any, Any], *, may_end: bool = False) -> None:
        """Run something that never ends by itself. may_end: unless its work is done."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        if may_end:
            self._may_end.add(task)
        task.add_done_callback(self._ended)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        done = task in self._may_end and not task.cancelled() and task.exception() is None
        self._may_end.discard(task)
        if task.cancelled() or done:
            return
        log.error("task ended, the gateway stops", task=task.get_name(), exc_info=task.exception())
        self._on_failure()
