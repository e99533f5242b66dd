"""A socket for paho that keeps the published messages for itself, a whole chunk of them at a time.

paho reads a message with three system calls and builds half a dozen objects for it, which costs
more than everything behind it. The intake reads 64 KiB at once, cuts PUBLISH packets of QoS 0 and
1 out of them, acknowledges them together, and leaves every other packet to paho.
"""

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

Delivery: TypeAlias = tuple[str, bytes, bool]
"""topic, payload, and whether the broker had kept it for whoever subscribes."""
Connection: TypeAlias = socket.socket | ssl.SSLSocket

CHUNK = 64 * 1024
LARGEST_CHUNK = 1024 * 1024
LARGEST_PACKET = 9 * 1024 * 1024  # bytes; the wire's limit of 8 MiB and what stands around it
TOPICS = 20_000  # decoded names that are remembered
ROUND_TRIPS = 100  # of pings that are remembered; beyond that the oldest are forgotten
# MQTT 5.0, sections 2.1.2, 3.3 and 3.4.
KIND, PUBLISH, QOS_1, QOS_2, RETAIN = 0xF0, 0x30, 0x02, 0x04, 0x01
PUBACK = b"\x40\x02"


class Malformed(ConnectionError):
    """Tell that the broker does not speak MQTT 5; paho then gives the connection up."""


class Intake:
    """Stands for the socket within paho's network thread.

    take: gets what was published; it may block, and the socket is not read meanwhile.
    refused: gets what TLS says when the broker ends the connection by an alert.
    heard: is called whenever anything has come.
    """

    def __init__(
        self,
        connection: Connection,
        take: Callable[[list[Delivery]], None],
        refused: Callable[[ssl.SSLError], None],
        heard: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._take = take
        self._refused = refused
        self._heard = heard
        self._chunks: list[bytes] = []  # of a packet that is not complete
        self._size = 0
        self._wanted = 2  # bytes without which nothing can be cut out
        self._for_paho = bytearray()
        self._acknowledgements = bytearray()
        self._midway = False  # paho has sent a part of a packet
        self._topics: dict[bytes, str] = {}

    def recv(self, size: int) -> bytes:
        """Give bytes of packets that are not published messages. BlockingIOError: none now."""
        if not self._for_paho and not self._read():
            return b""
        if not self._for_paho:
            raise BlockingIOError
        found = bytes(self._for_paho[:size])
        del self._for_paho[:size]
        return found

    def pending(self) -> int:
        """Tell how many bytes can be had although the socket shows nothing to read."""
        inner = self._connection.pending() if isinstance(self._connection, ssl.SSLSocket) else 0
        return len(self._for_paho) + inner

    def _read(self) -> bool:
        """Read a chunk and take what is complete; False when the broker has closed."""
        try:
            chunk = self._connection.recv(min(max(CHUNK, self._wanted), LARGEST_CHUNK))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self._refused(error)
            raise
        if not chunk:
            return False
        self._heard()
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size >= self._wanted:
            data = b"".join(self._chunks)
            rest = data[self._cut(data) :]
            self._chunks, self._size = ([rest] if rest else []), len(rest)
        return True

    def _cut(self, data: bytes) -> int:
        """Take every complete packet; give where the first incomplete one begins."""
        found: list[Delivery] = []
        at, end = 0, len(data)
        self._wanted = 2
        while end - at >= 2:
            first, length, body = data[at], data[at + 1], at + 2
            if length > 127:
                length, body = _number(data, at + 1, end)
                if body == 0:  # its length is cut off
                    self._wanted = end - at + 1
                    break
            stop = body + length
            if stop > end:
                self._wanted = stop - at
                if self._wanted > LARGEST_PACKET:
                    raise Malformed(f"a packet of {self._wanted} bytes is above {LARGEST_PACKET}")
                break
            if first & KIND == PUBLISH and not first & QOS_2:
                found.append(self._published(data, first, body, stop))
            else:
                self._for_paho += data[at:stop]
            at = stop
        if found:
            self._take(found)
        if self._acknowledgements:
            self._acknowledge()
        return at

    def _published(self, data: bytes, first: int, body: int, stop: int) -> Delivery:
        if stop - body < 3:
            raise Malformed("a published message without a topic")
        at = body + 2 + (data[body] << 8 | data[body + 1])
        name = data[body + 2 : at]
        if first & QOS_1:
            self._acknowledgements += PUBACK + data[at : at + 2]
            at += 2
        if at >= stop:
            raise Malformed("a published message without properties")
        if data[at]:
            length, at = _number(data, at, stop)
            if at == 0 or at + length > stop:
                raise Malformed("properties that go beyond their message")
            at += length
        else:
            at += 1
        topic = self._topics.get(name)
        if topic is None:
            if len(self._topics) >= TOPICS:
                self._topics.clear()
            topic = self._topics[name] = name.decode(errors="replace")
        return topic, data[at:stop], bool(first & RETAIN)

    def send(self, data: bytes | bytearray) -> int:
        """Send a packet of paho, never between the parts of an acknowledgement."""
        if self._acknowledgements and not self._midway:
            self._acknowledge()
            if self._acknowledgements:
                raise BlockingIOError
        self._midway = True  # until it is known that all of it went
        sent = self._connection.send(data)
        self._midway = sent < len(data)
        return sent

    def _acknowledge(self) -> None:
        """Send what is to be acknowledged; what does not fit goes with the next chunk or ping."""
        if self._midway:
            return
        try:
            sent = self._connection.send(self._acknowledgements)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        del self._acknowledgements[:sent]

    def fileno(self) -> int:
        return self._connection.fileno()

    def close(self) -> None:
        self._connection.close()

    def shutdown(self, how: int) -> None:
        self._connection.shutdown(how)

    def setblocking(self, flag: bool) -> None:
        self._connection.setblocking(flag)


def _number(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Read a variable byte integer (MQTT 5.0, section 1.5.5) and give where it ends.

    0 as the end: there is not all of it yet.
    """
    value = 0
    for place in range(4):
        if at + place >= end:
            return 0, 0
        byte = data[at + place]
        value |= (byte & 127) << (7 * place)
        if byte < 128:
            return value, at + place + 1
    raise Malformed("a length of more than four bytes")


class PassingClient(Client):
    """paho, but for its socket: published messages go past it.

    round_trips: seconds from each ping to its answer; taken by whoever wants to know.
    """

    def __init__(
        self,
        client_id: str,
        open_connection: Callable[[], Connection],
        take: Callable[[list[Delivery]], None],
        refused: Callable[[ssl.SSLError], None],
    ) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTv5)
        self._open_connection = open_connection
        self._take = take
        self._refused = refused
        self._pinged_at = 0.0  # monotonic seconds; 0: no ping is under way
        self.round_trips: deque[float] = deque(maxlen=ROUND_TRIPS)

    def _create_socket(self) -> Any:
        return Intake(self._open_connection(), self._take, self._refused, self._heard)

    def _loop(self, timeout: float = 1.0) -> MQTTErrorCode:
        """Wait for the socket and take a turn, as paho's own does by select(), which knows no
        descriptor above 1023: that is the end after 340 links of a process."""
        broker, waker = self._sock, self._sockpairR
        if not isinstance(broker, Intake) or waker is None:
            return super()._loop(timeout)
        is_pending, wait = broker.pending() > 0, select.poll()
        try:
            wait.register(broker, select.POLLIN | (select.POLLOUT if self.want_write() else 0))
            wait.register(waker, select.POLLIN)
        except ValueError:  # it was closed just now
            return super()._loop(timeout)
        happened = dict(wait.poll(0 if is_pending else timeout * 1000))
        events, is_woken = happened.get(broker.fileno(), 0), waker.fileno() in happened
        if is_pending or events & ~select.POLLOUT:  # also what tells that the line is broken
            code = self.loop_read()
            if code or self._sock is None:
                return code
        if is_woken:  # there is something to send
            with suppress(BlockingIOError):
                waker.recv(CHUNK)
        if is_woken or events & select.POLLOUT:
            code = self.loop_write()
            if code or self._sock is None:
                return code
        return self.loop_misc()

    def _heard(self) -> None:
        """Wait no longer for the answer to a ping: it may stand behind a storm of messages."""
        self._ping_t = 0.0

    def _send_pingreq(self) -> MQTTErrorCode:
        self._pinged_at = time.monotonic()
        return super()._send_pingreq()

    def _handle_pingresp(self) -> MQTTErrorCode:
        if self._pinged_at:
            self.round_trips.append(time.monotonic() - self._pinged_at)
            self._pinged_at = 0.0
        return super()._handle_pingresp()

    def close(self) -> None:
        """Close every socket now, not when the object is collected, as paho itself does."""
        self._reset_sockets()
