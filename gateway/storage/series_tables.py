"""The schema of what edges told: births, permanent series, presence, and event numbers taken.

What was born is dated and never rewritten: a reading is understood by the profile that was in
force at its time, so that a changed unit does not change history.
"""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.tables import Base, Counted, Identifier


class SeriesRunRow(Base):
    """Permanent series of a device that got their numbers together, first to last: what its signals
    measured, whichever edge read it. signals: their keys in that order, a JSON array."""

    __tablename__ = "series_runs"
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
    device: Mapped[str] = mapped_column(Identifier)
    signals: Mapped[str]


class BornProfileRow(Base):
    """A revision of a profile as an edge told it; the newest is in force."""

    __tablename__ = "born_profiles"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    profile: Mapped[str] = mapped_column(String(64), index=True)
    since: Mapped[datetime]
    definition: Mapped[str] = mapped_column(comment="adapters.wire.ProfileBirth as JSON")


class BornDeviceRow(Base):
    """From when on a device was read by an edge as a model; the newest is in force."""

    __tablename__ = "born_devices"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    device: Mapped[str] = mapped_column(Identifier, index=True)
    since: Mapped[datetime]
    edge: Mapped[str] = mapped_column(Identifier)
    profile: Mapped[str] = mapped_column(String(64))


class EdgeSessionRow(Base):
    """What the numbers of a birth mean. series: uint32 little-endian by number, 0 for nobody's."""

    __tablename__ = "edge_sessions"
    edge: Mapped[str] = mapped_column(Identifier, primary_key=True)
    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    numbering: Mapped[int] = mapped_column(primary_key=True)
    born_at: Mapped[datetime]
    series: Mapped[bytes] = mapped_column(LargeBinary)


class EdgeStateRow(Base):
    """What an edge last said of itself."""

    __tablename__ = "edge_states"
    edge: Mapped[str] = mapped_column(Identifier, primary_key=True)
    online: Mapped[bool]
    seen_at: Mapped[datetime]
    software: Mapped[str] = mapped_column(String(100))
    revision: Mapped[int]
    problem: Mapped[str] = mapped_column(String(2000))
    refused: Mapped[int] = mapped_column(BigInteger)
    refusal: Mapped[str] = mapped_column(String(500))


class DevicePresenceRow(Base):
    """Whether a device answers, as its edge said last."""

    __tablename__ = "device_presence"
    device: Mapped[str] = mapped_column(Identifier, primary_key=True)
    online: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(500))
    changed_at: Mapped[datetime]


class TakenEventsRow(Base):
    """Numbers of event blocks that are committed: a closed range of one epoch of an edge."""

    __tablename__ = "taken_events"
    edge: Mapped[str] = mapped_column(Identifier, primary_key=True)
    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    first: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class TakenReadingsRow(Base):
    """Numbers of blocks of readings that a store of another process has: a closed range of one
    epoch of an edge. DuckDB has its own record of them, in the transaction of the readings."""

    __tablename__ = "taken_readings"
    edge: Mapped[str] = mapped_column(Identifier, primary_key=True)
    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    stream: Mapped[str] = mapped_column(String(16), primary_key=True)
    first: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
