"""The intake between a socket and paho: bytes made by hand from the MQTT 5 standard."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.intake import LARGEST_PACKET, Delivery, Intake, Malformed

PINGRESP = b"\xd0\x00"


def number(value: int) -> bytes:
    """Variable byte integer, MQTT 5.0, section 1.5.5."""
    coded = bytearray()
    while True:
        value, low = divmod(value, 128)
        coded.append(low | (128 if value else 0))
        if not value:
            return bytes(coded)


def published(
    topic: str, payload: bytes, qos: int = 0, retained: bool = False, properties: bytes = b""
) -> bytes:
    """PUBLISH, MQTT 5.0, section 3.3; the packet identifier is 7."""
    name = topic.encode()
    body = struct.pack(">H", len(name)) + name + (b"\x00\x07" if qos else b"")
    body += number(len(properties)) + properties + payload
    return bytes([0x30 | qos << 1 | retained]) + number(len(body)) + body


class Rig:
    """An intake with the broker's end of its socket."""

    def __init__(self) -> None:
        self.broker, connection = socket.socketpair()
        connection.setblocking(False)
        self.broker.setblocking(False)
        self.taken: list[Delivery] = []
        self.intake = Intake(connection, self.taken.extend, lambda _error: None, lambda: None)
        self.left = b""

    def read(self) -> None:
        """Read as paho does, until there is nothing."""
        with contextlib.suppress(BlockingIOError):
            while found := self.intake.recv(1):
                self.left += found

    def feed(self, *parts: bytes) -> None:
        for part in parts:
            self.broker.sendall(part)
            self.read()

    def acknowledged(self) -> bytes:
        with contextlib.suppress(BlockingIOError):
            return self.broker.recv(1000)
        return b""


@contextlib.contextmanager
def running() -> Iterator[Rig]:
    rig = Rig()
    try:
        yield rig
    finally:
        rig.broker.close()
        rig.intake.close()


# MQTT 5.0, section 3.3.2.3.7; longer than 127 bytes.
USER_PROPERTY = b"\x26" + b"\x00\x40" + b"n" * 64 + b"\x00\x50" + b"v" * 80
Messages = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20),
        st.binary(max_size=400),
        st.integers(0, 1),
        st.booleans(),
        st.sampled_from(
            [b"", b"\x01\x01", b"\x26" + b"\x00\x40" + b"n" * 64 + b"\x00\x50" + b"v" * 80]
        ),
    ),
    max_size=12,
)


@given(messages=Messages, cuts=st.lists(st.integers(0, 3000), max_size=20))
def test_messages_come_out_whole_however_the_bytes_are_cut(
    messages: list[tuple[str, bytes, int, bool, bytes]], cuts: list[int]
) -> None:
    stream = PINGRESP + b"".join(published(*each) + PINGRESP for each in messages)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    parts = [stream[a:b] for a, b in pairwise(places)]
    with running() as rig:
        rig.feed(*parts)
        found, left, acknowledged = rig.taken, rig.left, rig.acknowledged()
    assert found == [(topic, payload, kept) for topic, payload, _, kept, _ in messages]
    assert left == PINGRESP * (len(messages) + 1)
    assert acknowledged == b"\x40\x02\x00\x07" * sum(qos for _, _, qos, _, _ in messages)


def test_qos_2_is_left_to_paho() -> None:
    packet = published("a", b"x", qos=2)
    with running() as rig:
        rig.feed(packet)
        assert (rig.taken, rig.left) == ([], packet)


def test_an_acknowledgement_never_comes_between_the_parts_of_another_packet() -> None:
    packet = b"\x30" + number(3_000_000) + bytes(3_000_000)
    with running() as rig:
        sent = rig.intake.send(packet)  # as much as the socket takes
        rig.feed(published("a", b"x", qos=1))
        received = bytearray()
        while sent < len(packet) or len(received) < len(packet) + 4:
            with contextlib.suppress(BlockingIOError):
                received += rig.broker.recv(1_000_000)
            with contextlib.suppress(BlockingIOError):
                sent += rig.intake.send(packet[sent:] or PINGRESP)
    assert bytes(received[: len(packet)]) == packet
    assert bytes(received[len(packet) : len(packet) + 4]) in (b"\x40\x02\x00\x07", PINGRESP * 2)


@pytest.mark.parametrize(
    "packet",
    [
        b"\x30\x00",  # no topic
        b"\x30\x03\x00\x09a",  # a topic longer than its packet
        b"\x30\x03\x00\x01a",  # no properties
        b"\x30\x04\x00\x01a\x05",  # properties that go on
        b"\x30\x05\x00\x01a\xff\xff",  # a length of properties that goes on
        b"\x32\x04\x00\x01a\x00",  # half a packet identifier
        b"\xd0\xff\xff\xff\xff\x01",  # a length of five bytes
        b"\x30" + number(LARGEST_PACKET + 1),
    ],
)
def test_what_is_not_mqtt_ends_the_connection(packet: bytes) -> None:
    with running() as rig, pytest.raises(Malformed):
        rig.feed(packet)


@given(garbage=st.binary(max_size=300))
def test_garbage_ends_in_an_error_of_the_connection_or_waits_for_more(garbage: bytes) -> None:
    with running() as rig, contextlib.suppress(ConnectionError):
        rig.feed(garbage)


def test_a_closed_connection_reads_as_empty() -> None:
    with running() as rig:
        rig.broker.close()
        assert rig.intake.recv(1) == b""
