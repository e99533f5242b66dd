"""Tells devices which of their own conditions a person has acknowledged at the gateway.

Unlike a command it may be said twice: so it is tried until the device has taken it, and the gateway
says it again to an edge that was restarted. Nothing of it is on the disk, nor who the person is.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal

import structlog

from adapters import wire
from adapters.contract import Acknowledging
from core.clock import Clock
from core.errors import Permanent, Retryable
from edge.journal import Journal
from edge.supervisor import Line
from edge.writing import Refused

AT_ONCE = 1000  # conditions; the gateway says again later what is beyond
ANSWER_S = 15.0
AGAIN_S = 1.0
EXACT = 1000  # nanoseconds; what an order says of the raise is cut to microseconds

log = structlog.get_logger()


class Acknowledgements:
    """lines: the supervisor's, by endpoint. gateway_time: nanoseconds UTC by the gateway's clock,
    for it is the gateway that says when an order expires."""

    def __init__(
        self,
        lines: Mapping[str, Line],
        *,
        journal: Journal,
        clock: Clock,
        gateway_time: Callable[[], int],
    ) -> None:
        self._lines = lines
        self._journal = journal
        self._clock = clock
        self._gateway_time = gateway_time
        self._orders: asyncio.Queue[wire.AcknowledgeOrder] = asyncio.Queue(AT_ONCE)
        self._pending: set[str] = set()

    def take(self, order: wire.AcknowledgeOrder) -> None:
        """Take an order, unless it is under way already or a thousand are."""
        if order.command in self._pending or len(self._pending) >= AT_ONCE:
            return
        self._pending.add(order.command)
        self._orders.put_nowait(order)

    async def run(self) -> None:
        """Carry out orders until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                order = await self._orders.get()
                group.create_task(self._settle(order), name=f"acknowledgement {order.command}")

    async def _settle(self, order: wire.AcknowledgeOrder) -> None:
        """Try until the device takes it or refuses, or the time is over; then tell."""
        why = "It came too late."
        try:
            while self._gateway_time() < order.expires_at:
                try:
                    await self._say(order)
                except (Retryable, TimeoutError) as error:
                    why = f"{error or 'no answer in time'}."
                else:
                    self._tell(order, "confirmed")
                    return
                await asyncio.sleep(AGAIN_S)
            self._tell(order, "expired", why)
        except (Refused, Permanent) as reason:
            self._tell(order, "refused", str(reason))
        except Exception as error:  # an adapter's bug must not stop those of others
            log.exception("acknowledgement failed", command=order.command)
            self._tell(order, "refused", f"The edge failed: {type(error).__name__}.")
        finally:
            self._pending.discard(order.command)

    async def _say(self, order: wire.AcknowledgeOrder) -> None:
        raised_at = self._journal.unacknowledged.get((order.device, order.condition), 0)
        if raised_at - order.raised_at >= EXACT:
            raise Refused("It was raised again since; look at it anew.")
        line = next((each for each in self._lines.values() if order.device in each.devices), None)
        connection = None if line is None else line.connection
        if connection is None:
            raise Retryable(f"The line to {order.device} is lost")
        if not isinstance(connection, Acknowledging):
            raise Refused(f"{order.device} cannot be told over its protocol.")
        comment = f"{order.by}: {order.comment}" if order.comment else order.by
        async with asyncio.timeout(ANSWER_S):
            await connection.acknowledge(f"{order.device}.{order.condition}", comment)

    def _tell(
        self,
        order: wire.AcknowledgeOrder,
        state: Literal["confirmed", "refused", "expired"],
        text: str = "",
    ) -> None:
        log.info("acknowledgement", device=order.device, condition=order.condition, state=state)
        time = self._clock.time_ns()
        result = wire.CommandResult(command=order.command, state=state, time=time, text=text)
        self._journal.record([result])
