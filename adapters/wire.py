"""The wire format between an edge and the gateway: docs/wire.md is its contract.

Every message is a zstd frame around a MessagePack map with the key `v`. Unknown keys are ignored,
unknown versions refused. Columns of readings are raw little-endian buffers.
"""

import threading
from typing import Literal, TypeAlias, TypeVar

import msgspec
import numpy as np
import zstandard

from core.readings import COLUMNS, Readings

VERSION = 1
ACCEPTED = frozenset({1})
MAX_MESSAGE = 8 * 1024 * 1024  # bytes, uncompressed; a larger frame is refused unread
ROOT = "kvartal/1"
STILL = "still"  # key of a transient condition that is no finding: the latest picture of a camera

Words: TypeAlias = dict[str, str]
Stream: TypeAlias = Literal["telemetry", "events"]


class WireError(Exception):
    """Tell that a message cannot be understood; the text says what was wanted and found."""


# Topics. An edge writes only below its own up/, and reads only its own down/.
def up(edge: str, kind: str) -> str:
    """Topic of a message from an edge: birth, telemetry, events, death."""
    return f"{ROOT}/{edge}/up/{kind}"


def down(edge: str, kind: str) -> str:
    """Topic of a message to an edge: ack, rebirth, configuration, command."""
    return f"{ROOT}/{edge}/down/{kind}"


class Message(msgspec.Struct, kw_only=True, omit_defaults=True):
    # A factory, because a plain default would be left out of the envelope.
    v: int = msgspec.field(default_factory=lambda: VERSION)


# ---- edge → gateway -------------------------------------------------------------------------


class SignalBirth(msgspec.Struct, kw_only=True, omit_defaults=True):
    """core.signal.Signal, as it goes over the wire."""

    key: str
    name: Words
    unit: str = "1"
    kind: str = "gauge"
    writable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    states: dict[int, Words] = {}


class AlarmBirth(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the gateway must know of an alarm rule: not the test, but its meaning."""

    key: str
    signal: str
    severity: str
    problem: str
    name: Words
    test: str = ""
    limit: float = 0.0
    cause: Words = {}
    consequence: Words = {}
    action: Words = {}


class ProfileBirth(msgspec.Struct, kw_only=True, omit_defaults=True):
    profile: str
    family: str
    name: Words
    signals: list[SignalBirth]
    alarms: list[AlarmBirth] = []


class DeviceBirth(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The signals of a device have the numbers first, first + 1, … in the order of its profile."""

    device: str
    profile: str
    first: int


class Birth(Message, kw_only=True):
    """Sent at every connect, on a rebirth request and whenever the numbering changes.

    epoch: 16 hex digits, made at random with the spool. numbering: grows when numbers change their
    meaning within an epoch. revision: of the configuration in force. sent_at: nanoseconds UTC.
    """

    edge: str
    epoch: str
    numbering: int
    revision: int
    software: str
    sent_at: int
    profiles: list[ProfileBirth]
    devices: list[DeviceBirth]


class Block(Message, kw_only=True):
    """What both streams have. seq counts from 1 within (edge, epoch, stream); lowest is the lowest
    number that the edge still keeps, so that the gateway does not wait for what is gone."""

    edge: str
    epoch: str
    seq: int
    lowest: int


class TelemetryBlock(Block, kw_only=True):
    """A block of readings; the columns are those of core.readings.Readings."""

    numbering: int
    read_at: int
    signal: bytes
    time: bytes
    value: bytes
    quality: bytes


class Condition(msgspec.Struct, kw_only=True, omit_defaults=True, tag="condition"):
    """A condition of a device was raised or cleared.

    condition: key of an alarm of the device's profile, or of a finding. number: counts the edge's
    transitions within the epoch. time: nanoseconds UTC. value: of the signal; quality: its byte.
    still: a JPEG, where a picture shows it. transient: a finding without duration, raised only.
    """

    device: str
    condition: str
    active: bool
    time: int
    number: int
    value: float | None = None
    quality: int = 0
    text: Words = {}
    still: bytes = b""
    transient: bool = False


class ActiveCondition(msgspec.Struct, kw_only=True):
    device: str
    condition: str
    since: int


class ActiveSet(msgspec.Struct, kw_only=True, tag="active_set"):
    """Everything that is active now, sent after each birth: what is not in it has cleared."""

    time: int
    conditions: list[ActiveCondition]


class DeviceChange(msgspec.Struct, kw_only=True, omit_defaults=True, tag="device"):
    """A device was lost or came back, or a whole endpoint with it."""

    device: str
    online: bool
    time: int
    reason: str = ""


class CommandResult(msgspec.Struct, kw_only=True, omit_defaults=True, tag="command_result"):
    """What became of a command: confirmed, refused, expired or unknown. value: as read back."""

    command: str
    state: Literal["confirmed", "refused", "expired", "unknown"]
    time: int
    value: float | None = None
    text: str = ""


class ConfigurationResult(msgspec.Struct, kw_only=True, omit_defaults=True, tag="configuration"):
    """Whether a configuration document was taken; the text names what is wrong with it."""

    revision: int
    accepted: bool
    time: int
    text: str = ""


WireEvent: TypeAlias = Condition | ActiveSet | DeviceChange | CommandResult | ConfigurationResult


class EventBlock(Block, kw_only=True):
    """Events in their order."""

    events: list[WireEvent]


class Death(Message, kw_only=True):
    """The broker's will: the edge is gone without a word. Sent by itself on an orderly stop too."""

    edge: str
    epoch: str


# ---- gateway → edge -------------------------------------------------------------------------


class Ack(Message, kw_only=True):
    """Numbers that are committed: closed ranges [first, last]. time: the gateway's, nanoseconds."""

    epoch: str
    stream: Stream
    ranges: list[tuple[int, int]]
    time: int


class Rebirth(Message, kw_only=True):
    """The gateway does not know this epoch or numbering; send a birth, then what is not acked."""

    reason: str


class Refusal(Message, kw_only=True):
    """A message was not understood. It is not acknowledged; a person must act."""

    reason: str


class ConfigurationOffer(Message, kw_only=True):
    """document: core.configuration.EdgeConfiguration as JSON."""

    revision: int
    document: bytes


class CommandOrder(Message, kw_only=True):
    """Write a value and read it back, unless it is later than expires_at (nanoseconds UTC)."""

    command: str
    device: str
    signal: str
    value: float
    expires_at: int


T = TypeVar("T", bound=Message)

_local = threading.local()  # zstandard objects must not be shared between threads


def encode(message: Message) -> bytes:
    """Give the bytes of a message as they go over the wire."""
    if not hasattr(_local, "compressor"):
        _local.compressor = zstandard.ZstdCompressor(level=1)
    return bytes(_local.compressor.compress(msgspec.msgpack.encode(message)))


class _Version(msgspec.Struct):
    v: int


_decoders: dict[type, msgspec.msgpack.Decoder] = {}  # type: ignore[type-arg]
_version_decoder = msgspec.msgpack.Decoder(_Version)


def decode(payload: bytes, kind: type[T]) -> T:
    """Read a message of this kind. WireError: damaged, too large, another version."""
    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    try:
        size = zstandard.frame_content_size(payload)
        if size < 0 or size > MAX_MESSAGE:
            raise WireError(f"{kind.__name__}: {size} bytes, wanted 0 to {MAX_MESSAGE}")
        raw = _local.decompressor.decompress(payload)
        version = _version_decoder.decode(raw).v
        if version not in ACCEPTED:
            accepted = ", ".join(map(str, sorted(ACCEPTED)))
            raise WireError(f"{kind.__name__}: version {version}, accepted are {accepted}")
        if kind not in _decoders:
            _decoders[kind] = msgspec.msgpack.Decoder(kind)
        message: T = _decoders[kind].decode(raw)
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise WireError(f"{kind.__name__}: {error}") from error
    return message


def columns(readings: Readings) -> dict[str, bytes]:
    """Give the four columns as raw little-endian buffers, for a TelemetryBlock."""
    return {name: getattr(readings, name).tobytes() for name in COLUMNS}


def readings(block: TelemetryBlock) -> Readings:
    """Give the readings of a block. WireError where the columns differ in length."""
    try:
        arrays = {
            name: np.frombuffer(getattr(block, name), dtype) for name, dtype in COLUMNS.items()
        }
        return Readings(**arrays, read_at=block.read_at)
    except ValueError as error:
        raise WireError(f"telemetry {block.seq}: {error}") from error
