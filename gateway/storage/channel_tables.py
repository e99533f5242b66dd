"""The schema of where words come from: keys of outside systems, and what a channel adds to one."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.storage.case_tables import AppealRow
from gateway.storage.tables import Base, Counted, Identifier, PlacePath


class ApiKeyRow(Base):
    """A key of an outside system; of the key itself only the hash is stored.

    place_path: of what it may file appeals for. per_minute: how many of them. wants_tokens: it gets
    a token for each and asks for the number later.
    """

    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    place_path: Mapped[str] = mapped_column(PlacePath)
    per_minute: Mapped[int]
    wants_tokens: Mapped[bool] = mapped_column(default=False, server_default=false())
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ReceivedRow(Base):
    """A message that was taken and is no appeal, so that it is not taken twice."""

    __tablename__ = "received_messages"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


class OriginRow(Base):
    """A core.appeal.Origin. links: to photos elsewhere, which were not fetched."""

    __tablename__ = "appeal_origins"
    appeal_id: Mapped[int] = mapped_column(Counted, ForeignKey("appeals.id"), primary_key=True)
    key_id: Mapped[int | None] = mapped_column(Counted, ForeignKey("api_keys.id"))
    token: Mapped[str | None] = mapped_column(Identifier, unique=True)
    attributes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    links: Mapped[list[str]] = mapped_column(JSON)
    via: Mapped[str] = mapped_column(String(30), default="", server_default="")
    peer: Mapped[str] = mapped_column(String(320), default="", server_default="")
    thread: Mapped[str] = mapped_column(String(500), default="", server_default="")

    appeal: Mapped[AppealRow] = relationship(lazy="raise")
