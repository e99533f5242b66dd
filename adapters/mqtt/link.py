"""A connection to an MQTT 5 broker for asyncio: paho's network thread and a deque between them.

The link knows nothing of what it carries. paho reconnects by itself; this class renews what was
subscribed, tells when the link is up or lost, and never keeps messages for a broker that is not
there: whoever publishes owns the queue.
"""

import asyncio
import socket
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import structlog
from paho.mqtt.client import (
    Client,
    ConnectFlags,
    DisconnectFlags,
)
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from adapters.mqtt.intake import LARGEST_PACKET, Delivery, PassingClient
from adapters.mqtt.tls import alerted, open_connection, refusal, tls_context
from core.errors import ConfigError, KvartalError, Permanent, Retryable

KEEPALIVE_S = 10  # a broker that says nothing is asked after so long, and must answer within that
# While the inbox is full no ping goes out, and the broker hangs up after one and a half times the
# keepalive (MQTT 5.0, section 3.1.2.10).
PAUSE_S = 3.0
PACE_S = 0.005  # batches closer than this are joined …
MANY, MANY_PACE_S = 8, 0.02  # … and after so many messages at once those closer than that
IN_FLIGHT = 20  # unacknowledged at once: 34,700 messages/s; 1,000 are slower (12,600)
WAITING = 1000  # accepted and not yet in flight
RECONNECT_S = (0.2, 5.0)
PORTS = {"mqtt": 1883, "mqtts": 8883}
REFUSED = 0x80  # MQTT 5.0, section 2.4: reason codes from here on are refusals
# MQTT 5.0, section 3.2.2.2: client id, user or password, not authorized, banned, method.
WRONG_IDENTITY = frozenset({0x85, 0x86, 0x87, 0x8A, 0x8C})


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes for a client that is gone without a word."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


def _nothing(*_reason: str) -> None:
    """Stand in for a callback that nobody gave."""


class MqttLink:
    """An MQTT 5 link with a clean session. Use it as `async with`; it need not be up to enter.

    url: mqtt://host:port, or mqtts://host:port. tls: gives whom to trust and who we are, asked at
    each connect, so that files which were replaced count from then on; what it raises ends the
    link. Without it the authorities of the system are trusted. subscriptions: topic filters, QoS 1,
    renewed at each connect. on_connected runs in the event loop as soon as every subscription is
    granted; on_lost, with the reason, when that ends. inbox: bytes of payload that may wait for
    `messages`. When it is full the socket is not read for up to 3 s, so that the broker holds
    back; after that messages are dropped and counted in `dropped`.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        username: str = "",
        password: str = "",
        *,
        tls: Callable[[], ssl.SSLContext] | None = None,
        will: Will | None = None,
        subscriptions: Sequence[str] = (),
        on_connected: Callable[[], None] = _nothing,
        on_lost: Callable[[str], None] = _nothing,
        inbox: int = 64 * 1024 * 1024,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ConfigError(f"broker {url!r}: wanted mqtt://host:port or mqtts://host:port")
        self.url = url
        self.dropped = 0
        self._log = structlog.get_logger().bind(broker=url, client=client_id)
        self._address = (parts.hostname, parts.port or PORTS[parts.scheme])
        self._tls = tls or tls_context if parts.scheme == "mqtts" else None
        self._subscriptions = list(subscriptions)
        self._on_connected = on_connected
        self._on_lost = on_lost
        self._inbox: deque[Delivery] = deque()
        self._inbox_limit = inbox
        self._came = 0  # bytes of payload; only the network thread writes it
        self._went = 0  # only the event loop writes it
        self._room = threading.Condition()  # taken only when the inbox is full, and by the consumer
        self._signalled = False  # a wake-up is under way; the consumer clears it
        self._full = False  # messages are being dropped now
        self._arrived = asyncio.Event()
        self._up = asyncio.Event()
        self._failure: KvartalError | None = None
        self._published = self._settled = 0
        self._settled_at = 0.0
        self._recent: deque[tuple[int, str]] = deque(maxlen=256)
        self._closing = False
        self._down_told = False
        self._client = client = PassingClient(
            client_id,
            self._open,
            self._received,
            self._alerted,
        )
        client.max_inflight_messages_set(IN_FLIGHT)
        client.max_queued_messages_set(WAITING)
        # Typed int, but only compared and multiplied.
        client.reconnect_delay_set(*RECONNECT_S)  # type: ignore[arg-type]
        if username:
            client.username_pw_set(username, password)
        if will is not None:
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        client.on_connect = self._connected
        client.on_connect_fail = self._unanswered
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_publish = self._acknowledged

    # ---- the event loop's side --------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        limits.MaximumPacketSize = LARGEST_PACKET
        self._client.connect_async(
            *self._address, keepalive=KEEPALIVE_S, clean_start=True, properties=limits
        )
        self._client.loop_start()
        self._thread = self._client._thread  # loop_start gives no handle to what it starts
        self._watch = asyncio.create_task(self._watch_thread())
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: Any
    ) -> None:
        try:
            if _error is None:
                await self.flush(1.0)
        finally:
            self._closing = True
            self._watch.cancel()
            with self._room:
                self._room.notify_all()
            self._client.disconnect()
            self._client.drop_out_messages()  # paho would wait for their acknowledgement
            # At most a pause between two tries of paho (1 s) or a connect that hangs (5 s).
            await asyncio.shield(asyncio.to_thread(self._stop))

    def _stop(self) -> None:
        with suppress(AttributeError):  # paho forgets its thread while it waits for it
            self._client.loop_stop()
        self._client.close()

    @property
    def is_up(self) -> bool:
        """Tell whether the broker has accepted the client and all its subscriptions."""
        return self._up.is_set() and self._failure is None

    async def until_up(self, timeout_s: float) -> None:
        """Wait for the link. Retryable when it is not up in time, Permanent when refused."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._up.wait()
        except TimeoutError:
            if self._failure is not None:
                raise self._failure from None
            raise Retryable(f"{self.url} did not answer within {timeout_s:g} s") from None
        if self._failure is not None:
            raise self._failure

    def publish(self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False) -> None:
        """Hand a message to the network thread, or raise.

        What the broker then does with it is not known: a link that is lost takes with it what was
        accepted and not delivered. Retryable: not up, or 1,000 messages wait already.
        """
        if self._failure is not None:
            raise self._failure
        if not self._up.is_set():
            raise Retryable(f"{self.url} is not connected")
        self._published += 1
        done = self._client.publish(topic, payload, qos, retain)
        if done.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._published -= 1
            raise Retryable(f"{self.url} takes no more messages: {done.rc.name}")
        self._recent.append((done.mid, topic))

    @property
    def published(self) -> int:
        """Tell how many messages were accepted so far: the number of the last one."""
        return self._published

    @property
    def settled(self) -> tuple[int, float]:
        """Tell up to which number the broker has answered, and when (monotonic) it did last."""
        return self._settled, self._settled_at

    async def flush(self, timeout_s: float) -> bool:
        """Wait until the broker has answered all that was published; False if it has not."""
        try:
            async with asyncio.timeout(timeout_s):
                while self._settled < self._published and self._up.is_set():  # noqa: ASYNC110 - see below
                    await asyncio.sleep(PACE_S)  # an event would cost a wake-up a message
        except TimeoutError:
            return False
        return self._settled >= self._published

    async def messages(self) -> AsyncIterator[list[tuple[str, bytes]]]:
        """Give what arrives as (topic, payload), as `deliveries` does."""
        async for batch in self.deliveries():
            yield [(topic, payload) for topic, payload, _ in batch]

    async def deliveries(self) -> AsyncIterator[list[Delivery]]:
        """Give what arrives, in order, in batches that grow under load.

        Goes on over reconnects. Raises Permanent when the broker refuses the client or a
        subscription, Retryable when the network thread has died: open a new link then.
        """
        given_at, pace = -PACE_S, PACE_S
        while True:
            await self._arrived.wait()
            if (pause := given_at + pace - self._loop.time()) > 0:
                await asyncio.sleep(pause)
            given_at = self._loop.time()
            self._arrived.clear()
            self._signalled = False  # before the deque is emptied, so that nothing is overlooked
            if batch := self._take():
                pace = MANY_PACE_S if len(batch) >= MANY else PACE_S
                yield batch
            if self._failure is not None:
                raise self._failure

    def _take(self) -> list[Delivery]:
        batch = [self._inbox.popleft() for _ in range(len(self._inbox))]
        with self._room:
            self._went += sum([len(payload) for _, payload, _ in batch])
            self._room.notify_all()
        return batch

    @property
    def waiting(self) -> int:
        """Tell how many bytes of payload wait for the consumer."""
        return self._came - self._went

    def take_round_trips(self) -> list[float]:
        """Give the seconds that the broker took to answer each ping since this was asked last."""
        trips = self._client.round_trips
        return [trips.popleft() for _ in range(len(trips))]

    async def _watch_thread(self) -> None:
        while self._thread is not None and self._thread.is_alive():  # noqa: ASYNC110 - no event
            await asyncio.sleep(1.0)
        self._fail(Retryable(f"{self.url}: the network thread has ended"))

    def _fail(self, error: KvartalError) -> None:
        self._set_down(str(error))
        if self._failure is None:
            self._failure = error
        self._up.set()  # wakes until_up; publish looks at the failure first
        self._arrived.set()

    def _set_up(self) -> None:
        if not self._up.is_set():
            self._up.set()
            self._down_told = False
            self._log.info("broker connected")
            self._on_connected()

    def _set_down(self, reason: str) -> None:
        # paho may tell of one disconnect twice.
        if self._up.is_set() and self._failure is None:
            self._up.clear()
            self._down_told = True
            if not self._closing:
                self._log.warning("broker lost", reason=reason)
            self._on_lost(reason)

    def _tell_unanswered(self) -> None:
        if not (self._down_told or self._closing or self._failure):
            self._down_told = True
            self._log.warning("broker does not answer; it is tried again")

    def _tell_refusal(self, mid: int, reason: str) -> None:
        topic = next((topic for known, topic in reversed(self._recent) if known == mid), "")
        self._log.error("broker refused a message", topic=topic, reason=reason)

    # ---- the network thread's side ----------------------------------------------------------

    def _in_loop(self, function: Callable[..., None], *values: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *values)

    def _open(self) -> socket.socket | ssl.SSLSocket:
        try:
            tls = self._tls() if self._tls else None
        except KvartalError as error:
            self._in_loop(self._fail, error)
            raise ConnectionAbortedError(str(error)) from error  # paho would die of another kind
        return open_connection(self._address, tls)

    def _connected(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _props: Any
    ) -> None:
        if reason.value in WRONG_IDENTITY:
            self._in_loop(self._fail, Permanent(f"{self.url} refuses the client: {reason}"))
        elif reason.value >= REFUSED:
            self._log.warning("broker refuses for now", reason=str(reason))
        elif self._subscriptions:
            client.subscribe([(topic, 1) for topic in self._subscriptions])
        else:
            self._in_loop(self._set_up)

    def _unanswered(self, _client: Client, _data: Any) -> None:
        error = sys.exception()  # paho calls this while it handles what went wrong
        if isinstance(error, ssl.SSLCertVerificationError):
            self._in_loop(self._fail, refusal(self.url, error, self._address))
        elif isinstance(error, ssl.SSLError):
            self._alerted(error)
        else:
            self._in_loop(self._tell_unanswered)

    def _alerted(self, error: ssl.SSLError) -> None:
        """Take it as refused when TLS does not come about: that does not heal by itself."""
        if not self._up.is_set() and "ALERT" in str(error.reason):
            self._in_loop(self._fail, Permanent(f"{self.url} refuses the client: {alerted(error)}"))
        else:
            self._in_loop(self._tell_unanswered)

    def _subscribed(
        self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Any
    ) -> None:
        for topic, reason in zip(self._subscriptions, reasons, strict=False):
            if reason.value >= REFUSED:
                refusal = f"{self.url} refuses the subscription to {topic}: {reason}"
                self._in_loop(self._fail, Permanent(refusal))
                return
        self._in_loop(self._set_up)

    def _disconnected(
        self, client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _props: Any
    ) -> None:
        # What was not delivered belongs to whoever published it; sent again by paho it would
        # arrive before the birth of the next session.
        client.drop_out_messages()
        self._settled = self._published
        self._in_loop(self._set_down, str(reason))

    def _acknowledged(
        self, _client: Client, _data: Any, mid: int, reason: ReasonCode, _props: Any
    ) -> None:
        self._settled_at = time.monotonic()
        self._settled += 1
        if reason.value >= REFUSED:
            self._in_loop(self._tell_refusal, mid, str(reason))

    def _received(self, arrived: list[Delivery]) -> None:
        size = sum([len(payload) for _, payload, _ in arrived])
        if self.waiting + size <= self._inbox_limit:
            self._came += size
            self._inbox.extend(arrived)
        else:
            self._squeeze_in(arrived)
        if not self._signalled:
            self._signalled = True
            self._in_loop(self._arrived.set)

    def _squeeze_in(self, arrived: list[Delivery]) -> None:
        """Take one by one what there is room for; the consumer must know before we wait for it."""
        for delivery in arrived:
            size = len(delivery[1])
            if self.waiting + size > self._inbox_limit:
                if not self._signalled:
                    self._signalled = True
                    self._in_loop(self._arrived.set)
                if not self._has_room():
                    self.dropped += 1
                    continue
            self._came += size
            self._inbox.append(delivery)

    def _has_room(self) -> bool:
        """Wait for the consumer; once a wait was in vain, do not wait again until it moves."""
        with self._room:
            free = self._room.wait_for(
                lambda: self._closing or self.waiting <= self._inbox_limit // 2,
                timeout=0 if self._full else PAUSE_S,
            )
        if free == self._full:  # changed
            self._full = not free
            event = "inbox has room again" if free else "inbox is full, messages are dropped"
            self._log.warning(event, dropped=self.dropped)
        return free and not self._closing
