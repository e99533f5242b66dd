"""The relational schema of the gateway's own parts: registry, people, outbox.

`Base` is the root of every table of the gateway. Only portable types are used, so that SQLite and
PostgreSQL hold the same. Every row that somebody can list has a `place_path`
("prirechye/left-bank/lesnaya/"): visibility is a prefix of it, see storage/visibility.py.
There are no foreign keys into the registry: a case outlives the asset that it was about.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware UTC in Python, and a zone that SQLite forgets is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; aware UTC is wanted")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as it is
        datetime: UtcTime,
        dict[str, str]: JSON,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


Identifier = String(64)
PlacePath = String(500)
# What the store counts by itself. SQLite counts nothing but INTEGER, which has 64 bits there.
Counted = BigInteger().with_variant(Integer, "sqlite")


# ---- the registry: what core.registry says, place_path and address computed at the import --------


class RegistryRevisionRow(Base):
    """One row an import; the one with the highest number is in force."""

    __tablename__ = "registry_revisions"
    revision: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    name: Mapped[dict[str, str]]


class PlaceRow(Base):
    __tablename__ = "places"
    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[dict[str, str]]
    parent: Mapped[str | None] = mapped_column(Identifier)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    outline: Mapped[dict[str, Any] | None]
    outside: Mapped[dict[str, str]]
    place_path: Mapped[str] = mapped_column(PlacePath, unique=True)


class AssetRow(Base):
    __tablename__ = "assets"
    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[dict[str, str]]
    place: Mapped[str] = mapped_column(Identifier)
    owner: Mapped[str] = mapped_column(String(64))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)


class FeedRow(Base):
    __tablename__ = "feeds"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    source: Mapped[str] = mapped_column(Identifier, index=True)
    target: Mapped[str] = mapped_column(Identifier, index=True)
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]


class EdgeRow(Base):
    __tablename__ = "edges"
    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    name: Mapped[dict[str, str]]
    place: Mapped[str] = mapped_column(Identifier)
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)


class EndpointRow(Base):
    __tablename__ = "endpoints"
    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    edge: Mapped[str] = mapped_column(Identifier, index=True)
    protocol: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(500))
    options: Mapped[dict[str, Any]]
    secret: Mapped[str] = mapped_column(String(100))


class DeviceRow(Base):
    __tablename__ = "devices"
    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    profile: Mapped[str] = mapped_column(String(64))
    endpoint: Mapped[str] = mapped_column(Identifier)
    unit: Mapped[str] = mapped_column(String(200))
    name: Mapped[dict[str, str]]
    place: Mapped[str] = mapped_column(Identifier)
    options: Mapped[dict[str, Any]]
    serial: Mapped[str] = mapped_column(String(100), server_default="")
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)


class BindingRow(Base):
    __tablename__ = "bindings"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    asset: Mapped[str] = mapped_column(Identifier, index=True)
    device: Mapped[str] = mapped_column(Identifier, index=True)
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]


class ReplacementRow(Base):
    """That a device took another's place. last, first: what the former one showed last and the new
    one first, as somebody read it. by: name of the person who recorded it."""

    __tablename__ = "replacements"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    asset: Mapped[str] = mapped_column(Identifier, index=True)
    former: Mapped[str] = mapped_column(Identifier)
    device: Mapped[str] = mapped_column(Identifier)
    at: Mapped[datetime]
    last: Mapped[float | None]
    first: Mapped[float | None]
    note: Mapped[str] = mapped_column(String(2000))
    by: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime]
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)


class ExecutorRow(Base):
    __tablename__ = "executors"
    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    name: Mapped[dict[str, str]]
    place: Mapped[str] = mapped_column(Identifier)
    phone: Mapped[str] = mapped_column(String(40))
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)


class RouteRow(Base):
    """`id` is the order in which the routing table is read."""

    __tablename__ = "routes"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    executor: Mapped[str] = mapped_column(Identifier)
    category: Mapped[str] = mapped_column(String(64))
    place: Mapped[str] = mapped_column(Identifier)
    owner: Mapped[str] = mapped_column(String(64))
    days: Mapped[str] = mapped_column(String(20), server_default="")
    hours: Mapped[str] = mapped_column(String(20), server_default="")
    severity: Mapped[str] = mapped_column(String(30), server_default="")


class OverrideRow(Base):
    """`id` is the order in the document."""

    __tablename__ = "overrides"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    rule: Mapped[str] = mapped_column(String(64))
    set: Mapped[dict[str, Any]]
    device: Mapped[str] = mapped_column(Identifier)
    profile: Mapped[str] = mapped_column(String(64))


class ProgramRow(Base):
    """devices, spans, calendar: as core.program.Program has them."""

    __tablename__ = "programs"
    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    devices: Mapped[list[str]]
    signal: Mapped[str] = mapped_column(String(40))
    zone: Mapped[str] = mapped_column(String(64))
    name: Mapped[dict[str, str]]
    place: Mapped[str] = mapped_column(Identifier)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    elevation: Mapped[float]
    spans: Mapped[list[dict[str, Any]]]
    otherwise: Mapped[float]
    calendar: Mapped[list[dict[str, Any]]]
    override_s: Mapped[float]
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)


class EdgeConfigurationRow(Base):
    """The configuration document of an edge; a new revision only where its content changed."""

    __tablename__ = "edge_configurations"
    edge: Mapped[str] = mapped_column(Identifier, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    document: Mapped[str] = mapped_column(comment="core.configuration.EdgeConfiguration as JSON")


# ---- people --------------------------------------------------------------------------------------


class UserRow(Base):
    """Somebody who signs in. executor: the organisation that an executor works for,
    empty for the other roles."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(Identifier)
    executor: Mapped[str] = mapped_column(Identifier)
    created_at: Mapped[datetime]


class SignInLinkRow(Base):
    """A link that signs in; only the hash of its token is kept."""

    __tablename__ = "sign_in_links"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(Identifier)
    reusable: Mapped[bool]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SessionRow(Base):
    """A signed-in browser; only the hash of its cookie is kept."""

    __tablename__ = "sessions"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(Identifier, index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


# ---- the outbox ----------------------------------------------------------------------------------


class OutboxRow(Base):
    """What was committed and must be shown or sent, in the order of the commits.

    executor: to whom the case is routed that it is about; None where there is no case.
    former_executor: to whom it was routed before this change, if to somebody else.
    """

    __tablename__ = "outbox"
    seq: Mapped[int] = mapped_column(Counted, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    topic: Mapped[str] = mapped_column(String(20))
    place_path: Mapped[str] = mapped_column(PlacePath)
    executor: Mapped[str | None] = mapped_column(Identifier)
    former_executor: Mapped[str | None] = mapped_column(Identifier)
    body: Mapped[dict[str, Any]]

    # A number that was trimmed away is never given again: clients remember where they were.
    __table_args__ = (Index("ix_outbox_topic_seq", "topic", "seq"), {"sqlite_autoincrement": True})


class OutboxReaderRow(Base):
    """How far a reader that sends things out has come."""

    __tablename__ = "outbox_readers"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int] = mapped_column(Counted)
