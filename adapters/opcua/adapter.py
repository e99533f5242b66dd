"""OPC UA: one client and one subscription for a server with many devices behind it."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import (
    BadCertificateInvalid,
    BadCertificateUntrusted,
    BadIdentityTokenInvalid,
    BadIdentityTokenRejected,
    BadSecurityChecksFailed,
    BadSecurityPolicyRejected,
    BadUserAccessDenied,
    UaError,
)

from adapters.cancellation import honour_cancellation
from adapters.contract import DeviceState, Item, Point
from adapters.opcua.block import columns
from adapters.trouble import Troubles
from core.clock import Clock
from core.errors import EndpointError, Permanent, Retryable
from core.quality import BAD, Reason, is_bad, quality
from core.readings import Readings
from core.registry import Endpoint

ANSWER_S = 2.0  # for one service call
WRITE_S = 5.0  # for a write and its read-back
READ_BACK_S = 0.1  # between two looks at a value that was written
KEEPALIVE_S = 2.0  # a server with nothing to say says so at least that often
PATIENCE = 3  # keep-alives that may be missed before the line counts as lost
LIFETIME = 10  # publishing cycles that the server waits for us, in keep-alives; at least 3
FASTEST_S = 0.05  # publishing interval
SAMPLES = 10  # values of one item that the server keeps between two publish responses
BATCH = 1000  # monitored items in one request
WAITING = 100  # publish responses that may wait; then the publish loop waits, then the server
REFRESH = 3  # an unchanged value is repeated so many times within its `silent_after_s`

WRONG_IDENTITY = (
    BadUserAccessDenied,
    BadIdentityTokenInvalid,
    BadIdentityTokenRejected,
    BadSecurityChecksFailed,
    BadSecurityPolicyRejected,
    BadCertificateInvalid,
    BadCertificateUntrusted,
)


class OpcUaConnection:
    def __init__(
        self, client: Client, endpoint: Endpoint, points: Sequence[Point], clock: Clock
    ) -> None:
        self.client = client
        self.endpoint = endpoint
        self.points = points
        self.clock = clock
        self.troubles = Troubles(endpoint.id)
        self.notifications: asyncio.Queue[list[ua.MonitoredItemNotification]] = asyncio.Queue(
            WAITING
        )
        self.lost: EndpointError | None = None
        self.patience_s = PATIENCE * KEEPALIVE_S
        count = len(points)
        self.numbers = np.array([point.number for point in points], np.uint32)
        # The last reading of each row, for what does not change is not sent again.
        self.values = np.full(count, np.nan)
        self.codes = np.zeros(count, np.uint8)
        self.given_at = np.full(count, np.inf)  # by the monotonic clock; nothing to repeat yet
        self.repeat_after = np.array([point.signal.silent_after_s / REFRESH for point in points])
        self.devices = list(dict.fromkeys(point.device.id for point in points))
        order = {device: place for place, device in enumerate(self.devices)}
        self.device_of = np.array([order[point.device.id] for point in points], np.intp)
        self.signals_of = np.bincount(self.device_of, minlength=len(self.devices))
        self.online = np.zeros(len(self.devices), np.bool_)
        self.told = np.zeros(len(self.devices), np.bool_)  # whether `online` has been given yet

    async def stream(self) -> AsyncIterator[Item]:
        """Give what the subscription brings; a publish response comes as one block."""
        refused = await self.subscribe()
        honour_cancellation()
        for item in refused:
            yield item
        while True:
            try:
                async with asyncio.timeout(self.patience_s):
                    items = await self.notifications.get()
            except TimeoutError as error:
                raise Retryable(
                    f"{self.endpoint.address}: nothing for {self.patience_s:g} s"
                ) from error
            while not self.notifications.empty():
                items = items + self.notifications.get_nowait()
            if items:
                for item in self.block(*columns(items, self.clock.time_ns())):
                    yield item
            if self.lost is not None:
                raise self.lost
            for item in self.unchanged():
                yield item

    async def subscribe(self) -> list[Item]:
        """Create the subscription; give the readings of the nodes that the server refuses."""
        interval_s = max(min(point.signal.poll_s for point in self.points), FASTEST_S)
        keepalive = max(1, round(KEEPALIVE_S / interval_s))
        wanted = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=1000 * interval_s,
            RequestedMaxKeepAliveCount=keepalive,
            RequestedLifetimeCount=LIFETIME * keepalive,
        )
        session = self.client.uaclient.session
        refused: list[int] = []
        try:
            given = await session.create_subscription(wanted, self.published)
            longest_s = given.RevisedPublishingInterval * given.RevisedMaxKeepAliveCount / 1000
            self.patience_s = PATIENCE * max(longest_s, KEEPALIVE_S)
            requests = [
                request for row in range(len(self.points)) if (request := self.item(row, refused))
            ]
            for first in range(0, len(requests), BATCH):
                batch = requests[first : first + BATCH]
                results = await session.create_monitored_items(
                    ua.CreateMonitoredItemsParameters(
                        SubscriptionId=given.SubscriptionId,
                        TimestampsToReturn=ua.TimestampsToReturn.Both,
                        ItemsToCreate=batch,
                    )
                )
                for request, result in zip(batch, results, strict=True):
                    if not result.StatusCode.is_good():
                        row = request.RequestedParameters.ClientHandle
                        refused.append(row)
                        self.troubles.begin(self.points[row].name, result.StatusCode.name)
        except (OSError, TimeoutError, UaError) as error:
            raise Retryable(f"{self.endpoint.address}: no subscription: {error!r}") from error
        if not refused:
            return []
        rows = np.array(refused, np.intp)
        now = np.full(len(rows), self.clock.time_ns(), np.int64)
        codes = np.full(len(rows), quality(BAD, Reason.REFUSED), np.uint8)
        return self.block(rows, now, np.full(len(rows), np.nan), codes)

    def item(self, row: int, refused: list[int]) -> ua.MonitoredItemCreateRequest | None:
        """Ask for one point's node; a row whose node id cannot be read is refused at once."""
        point = self.points[row]
        try:
            node = ua.NodeId.from_string(node_of(point))
        except UaError as error:
            refused.append(row)
            self.troubles.begin(point.name, str(error))
            return None
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=row,
                SamplingInterval=1000 * point.signal.poll_s,
                QueueSize=SAMPLES,
                DiscardOldest=True,
            ),
        )

    async def published(self, result: ua.PublishResult) -> None:
        """Take a publish response; one without values is a keep-alive and says that all is well."""
        items: list[ua.MonitoredItemNotification] = []
        for notification in result.NotificationMessage.NotificationData or ():
            if isinstance(notification, ua.DataChangeNotification):
                items += notification.MonitoredItems
            elif isinstance(notification, ua.StatusChangeNotification):
                await self.lose(f"subscription ended: {notification.Status.name}")
        await self.notifications.put(items)

    async def connection_lost(self, error: Exception) -> None:
        await self.lose(f"connection lost: {error!r}")
        await self.notifications.put([])

    async def lose(self, reason: str) -> None:
        self.lost = Retryable(f"{self.endpoint.address}: {reason}")

    def block(self, rows: Any, times: Any, values: Any, codes: Any) -> list[Item]:
        """Make readings of columns, remember them, and tell which devices are lost or back."""
        now = self.clock.time_ns()
        self.values[rows] = values
        self.codes[rows] = codes
        self.given_at[rows] = self.clock.monotonic()
        block = Readings(self.numbers[rows], times, values, codes, now)
        return [block, *self.changes(np.unique(self.device_of[rows]), now)]

    def changes(self, devices: Any, now: int) -> list[DeviceState]:
        """A device is online with its first good signal, and lost when every signal is bad."""
        known = np.isfinite(self.given_at)
        bad = is_bad(self.codes)
        size = len(self.devices)
        good_of = np.bincount(self.device_of[known & ~bad], minlength=size)
        bad_of = np.bincount(self.device_of[known & bad], minlength=size)
        found: list[DeviceState] = []
        for place in devices:
            online = bool(good_of[place])
            if not online and bad_of[place] < self.signals_of[place]:
                continue
            if online != self.online[place] or not self.told[place]:
                self.online[place] = online
                self.told[place] = True
                reason = "" if online else "every signal is bad"
                found.append(DeviceState(self.devices[place], online, now, reason))
        return found

    def unchanged(self) -> list[Item]:
        """Repeat what has not changed for long: the server is there, so the value still holds."""
        is_due = self.given_at < self.clock.monotonic() - self.repeat_after
        rows = np.flatnonzero(is_due & self.online[self.device_of])
        if not len(rows):
            return []
        times = np.full(len(rows), self.clock.time_ns(), np.int64)
        return self.block(rows, times, self.values[rows], self.codes[rows])

    # ---- writing ----------------------------------------------------------------------------

    async def write(self, point: Point, value: float) -> float:
        if not point.signal.writable:
            raise Permanent(f"{point.name} is read-only")
        try:
            async with asyncio.timeout(WRITE_S):
                return await self.set_node(point, value)
        except (OSError, TimeoutError) as error:
            raise Retryable(f"{point.name}: no answer within {WRITE_S:g} s") from error
        except UaError as error:
            raise Permanent(f"{point.name}: the server refuses {value:g}: {error}") from error

    async def set_node(self, point: Point, value: float) -> float:
        node = self.client.get_node(node_of(point))
        before = await node.read_data_value(raise_on_bad_status=False)
        if before.Value is None or before.Value.VariantType is ua.VariantType.Null:
            kind = await node.read_data_type_as_variant_type()
        else:
            kind = before.Value.VariantType
        wanted = as_kind(point, value, kind)
        await node.write_value(ua.DataValue(ua.Variant(wanted, kind)))
        deadline = self.clock.monotonic() + WRITE_S / 2
        while True:
            found = await node.read_value()
            honour_cancellation()
            if is_same(found, wanted):
                return float(found)
            if self.clock.monotonic() > deadline:
                raise Permanent(f"{point.name}: wrote {value:g}, the device reports {found}")
            await asyncio.sleep(READ_BACK_S)


def as_kind(point: Point, value: float, kind: ua.VariantType) -> bool | int | float:
    """Turn a number into what a node of this type takes."""
    if not math.isfinite(value):
        raise Permanent(f"{point.name}: {value} is not a number")
    if kind is ua.VariantType.Boolean:
        return bool(value)
    if kind in {ua.VariantType.Float, ua.VariantType.Double}:
        return float(value)
    if ua.VariantType.SByte.value <= kind.value <= ua.VariantType.UInt64.value:
        return round(value)
    raise Permanent(f"{point.name}: its node is a {kind.name}, not a number")


def is_same(found: object, wanted: float) -> bool:
    """Compare a value with what was read back; a node of 32 bits keeps seven digits."""
    return isinstance(found, (int, float)) and math.isclose(found, wanted, rel_tol=1e-6)


def node_of(point: Point) -> str:
    """Give a point's node id. Permanent where its profile speaks another protocol."""
    if point.signal.opcua is None:
        raise Permanent(f"{point.name}: profile {point.profile.profile} has no OPC UA address")
    return point.signal.opcua.node.replace("{unit}", point.device.unit)


@asynccontextmanager
async def open_opcua(
    endpoint: Endpoint, points: Sequence[Point], clock: Clock
) -> AsyncIterator[OpcUaConnection]:
    """Connect to opc.tcp://host:port, without security."""
    if not endpoint.address.startswith("opc.tcp://"):
        raise Permanent(f"{endpoint.id}: wanted opc.tcp://host:port, found {endpoint.address}")
    # asyncua logs every lost connection with a traceback; that is told by what we raise.
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    client = Client(endpoint.address, timeout=ANSWER_S, watchdog_intervall=PATIENCE * KEEPALIVE_S)
    connection = OpcUaConnection(client, endpoint, points, clock)
    client.connection_lost_callback = connection.connection_lost
    try:
        try:
            await client.connect()
        except (AssertionError, *WRONG_IDENTITY) as error:  # an assertion is a refused channel
            raise Permanent(f"{endpoint.address}: refused: {error!r}") from error
        except (OSError, TimeoutError, UaError) as error:
            raise Retryable(f"{endpoint.address}: no connection: {error!r}") from error
        honour_cancellation()
        yield connection
    finally:
        await client.disconnect()
        await asyncio.sleep(0)  # the cancelled publish loop ends in the next turn
