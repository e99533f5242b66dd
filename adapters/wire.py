"""The wire format between an edge and the gateway: docs/wire.md is its contract.

Every message is a zstd frame around a MessagePack map with the key `v`. Unknown keys are ignored,
unknown versions refused. Columns of readings are raw little-endian buffers.
"""

import threading
from typing import Annotated, Literal, TypeAlias, TypeVar

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
# Bounds are checked when a message is decoded, so that no sender can break a store or a process.
Epoch: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
NO_NUL = r"^[^\x00]*\Z"  # PostgreSQL keeps none
Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=NO_NUL)]
Key: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=NO_NUL)]
Code: TypeAlias = Annotated[str, msgspec.Meta(max_length=64, pattern=NO_NUL)]  # may be empty
Unit: TypeAlias = Annotated[str, msgspec.Meta(max_length=40, pattern=NO_NUL)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
MOST_SIGNALS = 2**20  # of one birth, of which a few bytes could name a thousand times as many
MOST_EVENTS = 1000  # of one block, which is taken in one transaction: while it lasts no case moves
MOST_ACTIVE = 2**14  # conditions of one edge at a moment
SignalNumber: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MOST_SIGNALS)]
Moment: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]  # nanoseconds UTC


MOST_TEXT = 2000  # characters; texts for people, which may come from a device, are cut
MOST_LANGUAGE = 20


class WireError(Exception):
    """Tell that a message cannot be understood; the text says what was wanted and found."""


# Topics. An edge writes only below its own up/, and reads only its own down/.
def up(edge: str, kind: str) -> str:
    """Topic of a message from an edge: birth, telemetry, events, death."""
    return f"{ROOT}/{edge}/up/{kind}"


def down(edge: str, kind: str) -> str:
    """Topic of a message to an edge: ack, rebirth, configuration, command, acknowledge."""
    return f"{ROOT}/{edge}/down/{kind}"


def plain(text: str) -> str:
    """Give a text as any store can keep it: without NUL, and not for ever."""
    return text[:MOST_TEXT].replace("\0", "\N{REPLACEMENT CHARACTER}")


def plain_words(words: Words) -> Words:
    """Give words of which each is plain."""
    return {plain(language[:MOST_LANGUAGE]): plain(text) for language, text in words.items()}


class Message(msgspec.Struct, kw_only=True, omit_defaults=True):
    # A factory, because a plain default would be left out of the envelope.
    v: int = msgspec.field(default_factory=lambda: VERSION)


# ---- edge → gateway -------------------------------------------------------------------------


class SignalBirth(msgspec.Struct, kw_only=True, omit_defaults=True):
    """core.signal.Signal, as it goes over the wire."""

    key: Key
    name: Words
    unit: Unit = "1"
    kind: Code = "gauge"
    writable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    rated: float | None = None
    states: dict[int, Words] = {}
    by_hand: list[int] = []  # states that are set at the device alone

    def __post_init__(self) -> None:
        self.name = plain_words(self.name)
        self.states = {code: plain_words(words) for code, words in self.states.items()}


class AlarmBirth(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the gateway must know of an alarm rule: not the test, but its meaning."""

    key: Key
    signal: Code
    severity: Code
    problem: Code
    name: Words
    test: Code = ""
    limit: float = 0.0
    cause: Words = {}
    consequence: Words = {}
    action: Words = {}
    acknowledgeable: bool = False  # kept by the device itself, which wants to hear who has seen it
    latching: bool = False  # stays active until a person resets it at the gateway

    def __post_init__(self) -> None:
        for part in ("name", "cause", "consequence", "action"):
            setattr(self, part, plain_words(getattr(self, part)))


class ProfileBirth(msgspec.Struct, kw_only=True, omit_defaults=True):
    profile: Name
    family: Name
    name: Words
    signals: list[SignalBirth]
    alarms: list[AlarmBirth] = []

    def __post_init__(self) -> None:
        self.name = plain_words(self.name)


class DeviceBirth(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The signals of a device have the numbers first, first + 1, … in the order of its profile."""

    device: Name
    profile: Name
    first: SignalNumber


class Birth(Message, kw_only=True):
    """Sent at every connect, on a rebirth request and whenever the numbering changes.

    epoch: 16 hex digits, made at random with the spool. numbering: grows when numbers change their
    meaning within an epoch. revision: of the configuration in force. sent_at: nanoseconds UTC.
    """

    edge: Name
    epoch: Epoch
    numbering: Count
    revision: Count
    software: str
    sent_at: Moment
    profiles: list[ProfileBirth]
    devices: list[DeviceBirth]

    def __post_init__(self) -> None:
        self.software = plain(self.software)
        signals = {each.profile: len(each.signals) for each in self.profiles}
        named = sum(signals.get(each.profile, 0) for each in self.devices)
        if named > MOST_SIGNALS:
            raise ValueError(f"{named} signals, wanted at most {MOST_SIGNALS}")


class Block(Message, kw_only=True):
    """What both streams have. seq counts from 1 within (edge, epoch, stream); lowest is the lowest
    number that the edge still keeps, so that the gateway does not wait for what is gone."""

    edge: Name
    epoch: Epoch
    seq: Count
    lowest: Count


class TelemetryBlock(Block, kw_only=True):
    """A block of readings; the columns are those of core.readings.Readings."""

    numbering: Count
    read_at: Moment
    signal: bytes
    time: bytes
    value: bytes
    quality: bytes


class Condition(msgspec.Struct, kw_only=True, omit_defaults=True, tag="condition"):
    """A condition of a device was raised or cleared.

    condition: key of an alarm of the device's profile, or of a finding. number: counts the edge's
    transitions within the epoch. time: nanoseconds UTC. value: of the signal; quality: its byte.
    still: a JPEG, where a picture shows it. transient: a finding without duration, raised only.
    acknowledged: what the device itself says of what was raised last, None where it keeps nothing
    of that; by: who did it there.
    """

    device: Name
    condition: Name
    active: bool
    time: Moment
    number: Count
    value: float | None = None
    quality: int = 0
    text: Words = {}
    still: bytes = b""
    transient: bool = False
    acknowledged: bool | None = None
    by: str = ""

    def __post_init__(self) -> None:
        self.text = plain_words(self.text)
        self.by = plain(self.by)


class ActiveCondition(msgspec.Struct, kw_only=True):
    device: Name
    condition: Name
    since: Moment


class ActiveSet(msgspec.Struct, kw_only=True, tag="active_set"):
    """Everything that is active now, sent after each birth: what is not in it has cleared."""

    time: Moment
    conditions: Annotated[list[ActiveCondition], msgspec.Meta(max_length=MOST_ACTIVE)]


class DeviceChange(msgspec.Struct, kw_only=True, omit_defaults=True, tag="device"):
    """A device was lost or came back, or a whole endpoint with it."""

    device: Name
    online: bool
    time: Moment
    reason: str = ""

    def __post_init__(self) -> None:
        self.reason = plain(self.reason)


class CommandResult(msgspec.Struct, kw_only=True, omit_defaults=True, tag="command_result"):
    """What became of a command or of an acknowledgement: confirmed, refused, expired or unknown.
    value: as read back."""

    command: Name
    state: Literal["confirmed", "refused", "expired", "unknown"]
    time: Moment
    value: float | None = None
    text: str = ""

    def __post_init__(self) -> None:
        self.text = plain(self.text)


class ConfigurationResult(msgspec.Struct, kw_only=True, omit_defaults=True, tag="configuration"):
    """Whether a configuration document was taken; the text names what is wrong with it."""

    revision: Count
    accepted: bool
    time: Moment
    text: str = ""

    def __post_init__(self) -> None:
        self.text = plain(self.text)


WireEvent: TypeAlias = Condition | ActiveSet | DeviceChange | CommandResult | ConfigurationResult


class EventBlock(Block, kw_only=True):
    """Events in their order."""

    events: Annotated[list[WireEvent], msgspec.Meta(max_length=MOST_EVENTS)]


class EventHead(Block, kw_only=True):
    """An EventBlock without its events: all that is understood of one whose events are not."""


class Death(Message, kw_only=True):
    """The broker's will: the edge is gone without a word. Sent by itself on an orderly stop too."""

    edge: Name
    epoch: Epoch


# ---- gateway → edge -------------------------------------------------------------------------


class Ack(Message, kw_only=True):
    """Numbers that are committed: closed ranges [first, last]. time: the gateway's, nanoseconds.

    held: numbers that are written where they may yet be forgotten: the edge keeps them and does not
    send them again for now.
    """

    epoch: Epoch
    stream: Stream
    ranges: list[tuple[Count, Count]]
    time: Moment
    held: list[tuple[Count, Count]] = []


class Rebirth(Message, kw_only=True):
    """The gateway does not know this epoch or numbering; send a birth, then what is not acked."""

    reason: str


class Refusal(Message, kw_only=True):
    """A message was not understood. It is not acknowledged; a person must act."""

    reason: str


class ConfigurationOffer(Message, kw_only=True):
    """document: core.configuration.EdgeConfiguration as JSON."""

    revision: Count
    document: bytes


class CommandOrder(Message, kw_only=True):
    """Write a value and read it back, unless it is later than expires_at (nanoseconds UTC)."""

    command: Name
    device: Name
    signal: str
    value: float
    expires_at: Moment


class AcknowledgeOrder(Message, kw_only=True):
    """Tell the device that a person has seen its condition, raised at `raised_at` (nanoseconds UTC,
    cut to microseconds), unless it was raised again since, or it is later than expires_at.

    by: the person, as the device's own console is to show them.
    """

    command: Name
    device: Name
    condition: Name
    raised_at: Moment
    by: str
    comment: str = ""
    expires_at: Moment


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
    # Beside its own errors msgspec lets through those of keys that are no text, and of a depth
    # that only nonsense has.
    except (
        zstandard.ZstdError,
        msgspec.MsgspecError,
        UnicodeDecodeError,
        RecursionError,
    ) as error:
        raise WireError(f"{kind.__name__}: {error}") from error
    return message


def columns(readings: Readings) -> dict[str, bytes]:
    """Give the four columns as raw little-endian buffers, for a TelemetryBlock."""
    return {name: getattr(readings, name).tobytes() for name in COLUMNS}


def rows(block: TelemetryBlock) -> int:
    """Give how many readings a block has. WireError where the columns differ in length."""
    count = len(block.signal) // COLUMNS["signal"].itemsize
    for name, dtype in COLUMNS.items():
        size = len(getattr(block, name))
        if size != count * dtype.itemsize:
            raise WireError(
                f"telemetry {block.seq}: column {name} has {size} bytes, "
                f"wanted {count * dtype.itemsize} for {count} readings"
            )
    return count


def readings(*blocks: TelemetryBlock) -> Readings:
    """Give the readings of blocks, one block behind the other; `read_at` is the earliest.

    WireError where the columns of a block differ in length.
    """
    for block in blocks:
        rows(block)
    arrays = {
        name: np.frombuffer(b"".join([getattr(block, name) for block in blocks]), dtype)
        for name, dtype in COLUMNS.items()
    }
    return Readings(**arrays, read_at=min(block.read_at for block in blocks))
