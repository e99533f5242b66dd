"""A cancellation that a library lost is found again."""

import asyncio


def honour_cancellation() -> None:
    """Raise CancelledError where the current task has been asked to end.

    `asyncio.wait_for` of Python 3.11 forgets a cancellation that comes in the same turn of the
    loop as the answer. pymodbus and asyncua wait that way; call this after their awaits, or a task
    that was told to end once in a while goes on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
