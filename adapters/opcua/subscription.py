"""A subscription, and the publish requests that are under way for it.

asyncua's own loop would parse each value into objects, swallow what goes wrong and try again for
ever. Here a response is taken when the one before it has been worked on, and whatever ends the
subscription is raised.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import BadTooManyPublishRequests, UaError

from adapters.opcua.publish import Published, read_published

UNDER_WAY = 2  # while one response travels, the server has a request for the next
BATCH = 1000  # monitored items in one request


class Subscription:
    """Use `create`, then `next` again and again; `close` ends what is under way."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.longest_s = 0.0  # between two responses, also when nothing changes
        self.id = 0
        self._requests: deque[asyncio.Task[Buffer]] = deque()
        self._wanted = UNDER_WAY
        self._unacknowledged: list[ua.SubscriptionAcknowledgement] = []

    async def create(self, wanted: ua.CreateSubscriptionParameters) -> None:
        """Create it; `longest_s` then is what the server made of the wish."""
        request = ua.CreateSubscriptionRequest()
        request.Parameters = wanted
        protocol = self.client.uaclient.protocol
        if protocol is None:
            raise ConnectionError("no connection")
        answer = struct_from_binary(
            ua.CreateSubscriptionResponse, await protocol.send_request(request)
        )
        answer.ResponseHeader.ServiceResult.check()
        given = answer.Parameters
        self.id = given.SubscriptionId
        self.longest_s = given.RevisedPublishingInterval * given.RevisedMaxKeepAliveCount / 1000

    async def watch(
        self, items: Sequence[ua.MonitoredItemCreateRequest]
    ) -> list[ua.MonitoredItemCreateResult]:
        """Add items; give the server's result for each."""
        results: list[ua.MonitoredItemCreateResult] = []
        for first in range(0, len(items), BATCH):
            results += await self.client.uaclient.session.create_monitored_items(
                ua.CreateMonitoredItemsParameters(
                    SubscriptionId=self.id,
                    TimestampsToReturn=ua.TimestampsToReturn.Both,
                    ItemsToCreate=list(items[first : first + BATCH]),
                )
            )
        return results

    async def next(self, patience_s: float) -> Published:
        """Give the next response. TimeoutError when none comes; OSError or UaError when it ends.

        What was given before is acknowledged by that.
        """
        while True:
            self._ask()
            oldest = self._requests[0]
            done, _ = await asyncio.wait([oldest], timeout=patience_s)
            if not done:
                raise TimeoutError
            self._requests.popleft()
            try:
                found = read_published(oldest.result())
            except BadTooManyPublishRequests:
                if self._wanted == 1:
                    raise
                self._wanted = 1
                continue
            if found.sequence:
                self._unacknowledged.append(ua.SubscriptionAcknowledgement(self.id, found.sequence))
            if found.ended is not None:
                raise UaError(f"subscription ended: {ua.StatusCode(ua.UInt32(found.ended)).name}")
            return found

    def _ask(self) -> None:
        """Let as many publish requests be under way as are wanted."""
        protocol = self.client.uaclient.protocol
        if protocol is None:
            raise ConnectionError("connection lost")
        while len(self._requests) < self._wanted:
            request = ua.PublishRequest()
            request.Parameters.SubscriptionAcknowledgements = self._unacknowledged
            self._unacknowledged = []
            # Without a timeout: the server answers when it has something to say.
            self._requests.append(asyncio.create_task(protocol.send_request(request, timeout=0)))

    async def close(self) -> None:
        """End the requests that are under way."""
        while self._requests:
            # Again and again: asyncua's wait loses a cancellation that comes with the answer.
            for request in self._requests:
                request.cancel()
            done, _ = await asyncio.wait(self._requests, timeout=0.1)
            self._requests = deque(each for each in self._requests if each not in done)
