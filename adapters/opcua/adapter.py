"""OPC UA: one client and one subscription for a server with many devices behind it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from adapters.cancellation import honour_cancellation
from adapters.contract import DeviceState, FoundPoint, Item, Point, Traffic
from adapters.opcua.answer import answered
from adapters.opcua.block import columns
from adapters.opcua.browse import browse_variables
from adapters.opcua.conditions import Conditions
from adapters.opcua.history import read_history
from adapters.opcua.method import Method
from adapters.opcua.namespaces import Namespaces, NoSuchNode
from adapters.opcua.opening import close, connected
from adapters.opcua.read_times import ReadTimes
from adapters.opcua.subscription import Subscription
from adapters.opcua.writing import write_node
from adapters.profile import OpcUaAddress
from adapters.trouble import Troubles
from core.clock import Clock
from core.errors import EndpointError, Permanent, Retryable
from core.quality import BAD, Reason, is_bad, quality
from core.readings import Readings
from core.registry import Endpoint

WRITE_S = 7.0  # for a write and its read-back, within the edge's limit for a command
KEEPALIVE_S = 2.0  # a server with nothing to say says so at least that often
PATIENCE = 3  # keep-alives that may be missed before the line counts as lost
LIFETIME = 10  # publishing cycles that the server waits for us, in keep-alives; at least 3
FASTEST_S = 0.05  # publishing interval
REFRESH = 3  # an unchanged value is repeated so many times within its `silent_after_s`
# The server cannot keep small changes of this node to itself.
NO_FILTER = {
    StatusCodes.BadFilterNotAllowed,
    StatusCodes.BadDeadbandFilterInvalid,
    StatusCodes.BadMonitoredItemFilterInvalid,
    StatusCodes.BadMonitoredItemFilterUnsupported,
}


class OpcUaConnection:
    def __init__(
        self, client: Client, endpoint: Endpoint, points: Sequence[Point], clock: Clock
    ) -> None:
        self.client = client
        self.read_times = client.uaclient.observer = ReadTimes()
        self.endpoint = endpoint
        self.points = points
        self.clock = clock
        self.troubles = Troubles(endpoint.id)
        self.names = Namespaces([])
        self.subscription = Subscription(client)
        self.conditions = Conditions(client, points)
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
        await self.learn_namespaces()
        for item in await self.subscribe():
            yield item
        while True:
            try:
                found = await self.subscription.next(self.patience_s)
            except TimeoutError as error:
                raise self.lose(f"nothing for {self.patience_s:g} s") from error
            except (OSError, UaError) as error:
                raise self.lose(f"connection lost: {error!r}") from error
            honour_cancellation()
            if len(found.changes):
                for item in self.block(*columns(found.changes, self.clock.time_ns())):
                    yield item
            for event in self.conditions.events(found.events, self.clock.time_ns()):
                yield event
            for item in self.unchanged():
                yield item

    def take_traffic(self) -> Mapping[str, Traffic]:
        """Give to every device how soon the server answers."""
        return dict.fromkeys(self.devices, self.read_times.take())

    async def learn_namespaces(self) -> None:
        """Ask how the server numbers its namespaces now; it may be otherwise after its restart."""
        with answered(self.endpoint.address, "no namespaces"):
            self.names = Namespaces(await self.client.get_namespace_array())

    async def subscribe(self) -> list[Item]:
        """Create the subscription; give the readings of the nodes that the server refuses."""
        interval_s = max(min((sampling_of(point) for point in self.points), default=1), FASTEST_S)
        keepalive = max(1, round(KEEPALIVE_S / interval_s))
        wanted = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=1000 * interval_s,
            RequestedMaxKeepAliveCount=keepalive,
            RequestedLifetimeCount=LIFETIME * keepalive,
        )
        refused: list[int] = []
        with answered(self.endpoint.address, "no subscription"):
            await self.subscription.create(wanted)
            self.patience_s = PATIENCE * max(self.subscription.longest_s, KEEPALIVE_S)
            items = [item for row in range(len(self.points)) if (item := self.item(row, refused))]
            refused += await self.watch(items)
            await self.watch_conditions()
        honour_cancellation()
        if not refused:
            return []
        rows = np.array(refused, np.intp)
        now = np.full(len(rows), self.clock.time_ns(), np.int64)
        codes = np.full(len(rows), quality(BAD, Reason.REFUSED), np.uint8)
        return self.block(rows, now, np.full(len(rows), np.nan), codes)

    async def watch(self, items: Sequence[ua.MonitoredItemCreateRequest]) -> list[int]:
        """Add items to the subscription; give the rows that the server refuses."""
        refused: list[int] = []
        plain: list[ua.MonitoredItemCreateRequest] = []
        for item, result in zip(items, await self.subscription.watch(items), strict=True):
            wanted = item.RequestedParameters
            if result.StatusCode.is_good():
                continue
            name = self.points[wanted.ClientHandle].name
            self.troubles.begin(name, result.StatusCode.name)
            if wanted.Filter is not None and result.StatusCode.value in NO_FILTER:
                wanted.Filter = None  # all changes then; the edge has a deadband of its own
                plain.append(item)
            else:
                refused.append(wanted.ClientHandle)
        return refused + (await self.watch(plain) if plain else [])

    async def watch_conditions(self) -> None:
        """Have the server tell its own conditions, where a profile knows of any."""
        for name, error in self.conditions.resolve(self.names):
            self.troubles.begin(name, error)
        if not self.conditions.wanted:
            return
        name = f"{self.endpoint.id}: conditions"
        (result,) = await self.subscription.watch([self.conditions.item(len(self.points))])
        if not result.StatusCode.is_good():
            self.troubles.begin(name, result.StatusCode.name)
            return
        try:
            await self.conditions.refresh(self.subscription.id)
        except UaStatusCodeError as error:  # the values come nevertheless
            why = f"those that stand now are not told: {type(error).__name__}"
            self.troubles.begin(name, why)

    def item(self, row: int, refused: list[int]) -> ua.MonitoredItemCreateRequest | None:
        """Ask for one point's node; a row whose node id cannot be read is refused at once."""
        point = self.points[row]
        try:
            node = self.names.node(node_of(point))
        except NoSuchNode as error:
            refused.append(row)
            self.troubles.begin(point.name, str(error))
            return None
        address = address_of(point)
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=row,
                SamplingInterval=1000 * sampling_of(point),
                Filter=filter_of(address),
                QueueSize=address.queue,
                DiscardOldest=True,
            ),
        )

    def lose(self, reason: str) -> Retryable:
        """Note that the line is lost, and why."""
        self.lost = Retryable(f"{self.endpoint.address}: {reason}")
        return self.lost

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
                node = self.client.get_node(self.names.node(node_of(point)))
                return await write_node(node, point, value, self.clock, self.method_of(point))
        except NoSuchNode as error:
            raise Permanent(f"{point.name}: {error}") from error
        except TimeoutError as error:
            raise Retryable(f"{point.name}: no answer within {WRITE_S:g} s") from error

    def method_of(self, point: Point) -> Method | None:
        """Give the method through which a point is set, where its node cannot be written."""
        address, unit = address_of(point), point.device.unit
        if not address.method:
            return None
        owner, method = (
            self.client.get_node(self.names.node(text.replace("{unit}", unit)))
            for text in (address.method_of, address.method)
        )
        return Method(owner, method)

    async def acknowledge(self, condition: str, comment: str) -> None:
        """Acknowledge a condition that the server keeps, named `device.finding`."""
        await self.conditions.acknowledge(condition, comment)

    # ---- browsing ---------------------------------------------------------------------------

    async def browse(self) -> AsyncIterator[FoundPoint]:
        """Give every variable that the server shows, level by level."""
        await self.learn_namespaces()
        with answered(self.endpoint.address, "browsing"):
            async for found in browse_variables(self.client, self.names):
                yield found

    # ---- history ----------------------------------------------------------------------------

    async def history(
        self, points: Sequence[Point], start: datetime, end: datetime
    ) -> AsyncIterator[Readings]:
        """Give what the server kept of these points; nothing where it keeps no history."""
        known: list[tuple[ua.NodeId, int]] = []
        for point in points:
            with suppress(NoSuchNode):  # told when the subscription was made
                known.append((self.names.node(node_of(point)), point.number))
        nodes, numbers = [node for node, _ in known], [number for _, number in known]
        now = self.clock.time_ns()
        with answered(self.endpoint.address, "reading history"):
            async for block in read_history(self.client, nodes, numbers, (start, end), now):
                honour_cancellation()
                yield block


def address_of(point: Point) -> OpcUaAddress:
    """Give a point's address. Permanent where its profile speaks another protocol."""
    if point.signal.opcua is None:
        raise Permanent(f"{point.name}: profile {point.profile.profile} has no OPC UA address")
    return point.signal.opcua


def node_of(point: Point) -> str:
    return address_of(point).node.replace("{unit}", point.device.unit)


def sampling_of(point: Point) -> float:
    """Give how often the server shall look at the value, seconds."""
    return address_of(point).sampling_s or point.signal.poll_s


def filter_of(address: OpcUaAddress) -> ua.DataChangeFilter | None:
    """Ask the server to keep small changes to itself."""
    if not address.deadband:
        return None
    kind = ua.DeadbandType.Percent if address.deadband_percent else ua.DeadbandType.Absolute
    return ua.DataChangeFilter(
        Trigger=ua.DataChangeTrigger.StatusValue,
        DeadbandType=kind.value,
        DeadbandValue=address.deadband,
    )


@asynccontextmanager
async def open_opcua(
    endpoint: Endpoint, points: Sequence[Point], clock: Clock
) -> AsyncIterator[OpcUaConnection]:
    """Connect to opc.tcp://host:port. options: see `adapters.opcua.options`."""
    if not endpoint.address.startswith("opc.tcp://"):
        raise Permanent(f"{endpoint.id}: wanted opc.tcp://host:port, found {endpoint.address}")
    # asyncua logs every lost connection with a traceback; that is told by what we raise.
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    client = await connected(endpoint, clock)
    connection = OpcUaConnection(client, endpoint, points, clock)
    try:
        honour_cancellation()
        yield connection
    finally:
        await connection.subscription.close()
        await close(client, is_lost=connection.lost is not None)
