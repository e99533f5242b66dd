"""The schema of what leaves the gateway for people and systems outside: answers and deliveries."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.storage.case_tables import AppealRow, State
from gateway.storage.tables import Base, Counted


class DeliveryRow(Base):
    """What is owed to an address outside until it has it.

    via: by which carrier. webhook_id: to which webhook, if to one. body: what that needs. state:
    waiting, sent or parked. tries: how often it was tried. next_at: when it is tried next. trouble:
    why it was not taken.
    """

    __tablename__ = "deliveries"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    via: Mapped[str] = mapped_column(State)
    address: Mapped[str] = mapped_column(String(500))
    webhook_id: Mapped[int | None] = mapped_column(Counted, ForeignKey("webhooks.id"), index=True)
    body: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(State)
    tries: Mapped[int]
    made_at: Mapped[datetime]
    next_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(String(500))

    __table_args__ = (Index("ix_deliveries_state_next_at", "state", "next_at"),)


class AnswerRow(Base):
    """A core.answer answer to an appeal. via: the carrier, or page or phone. by: who wrote it.
    despite: what the check found missing when a person sent it all the same."""

    __tablename__ = "answers"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(Counted, ForeignKey("appeals.id"), index=True)
    delivery_id: Mapped[int | None] = mapped_column(
        Counted, ForeignKey("deliveries.id"), index=True
    )
    kind: Mapped[str] = mapped_column(State)
    state: Mapped[str] = mapped_column(State)
    via: Mapped[str] = mapped_column(State)
    language: Mapped[str] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    despite: Mapped[list[dict[str, Any]]]

    appeal: Mapped[AppealRow] = relationship(lazy="raise")
    delivery: Mapped[DeliveryRow | None] = relationship(lazy="raise")


class AppealKeyRow(Base):
    """A further key of an appeal, which was sent with an answer; of the key only the hash."""

    __tablename__ = "appeal_keys"
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    appeal_id: Mapped[int] = mapped_column(Counted, ForeignKey("appeals.id"), index=True)
    made_at: Mapped[datetime]
