"""The schema of webhooks: who is told of changes, and who may tell us of troubles."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.tables import Base, Counted, PlacePath

Secret = String(100)


class WebhookRow(Base):
    """An address that is told of changes. topics: of the outbox. seq: how far in that it has come.

    secret: signs what it is told, so that it has to lie here as it is.
    """

    __tablename__ = "webhooks"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(Secret)
    topics: Mapped[list[str]]
    place_path: Mapped[str] = mapped_column(PlacePath)
    seq: Mapped[int] = mapped_column(Counted)
    made_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]


class SourceRow(Base):
    """An outside system that signs what it sends. code: stands in the address that it calls."""

    __tablename__ = "webhook_sources"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    secret: Mapped[str] = mapped_column(Secret)
    place_path: Mapped[str] = mapped_column(PlacePath)
    per_minute: Mapped[int]
    made_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]
