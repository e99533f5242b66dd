"""Work orders: who does the work on a case, how far they are, and what they entered."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.case_tables import Code, State
from gateway.storage.tables import Base, Counted, Identifier


class WorkOrderRow(Base):
    """The work of one executor on a case, from the offer to the report. hands: of the case, when it
    was made, so that an executor who gets the case again begins anew."""

    __tablename__ = "work_orders"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    case_id: Mapped[int] = mapped_column(Counted, ForeignKey("cases.id"), index=True)
    executor: Mapped[str] = mapped_column(Identifier)
    hands: Mapped[int]
    state: Mapped[str] = mapped_column(State)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(200))


class WorkStepRow(Base):
    """A step of those who do the work. id: made by their phone. told_at: when they pressed, by the
    phone's clock; at: when it came here."""

    __tablename__ = "work_steps"
    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    order_id: Mapped[int] = mapped_column(Counted, ForeignKey("work_orders.id"), index=True)
    verb: Mapped[str] = mapped_column(State)
    state: Mapped[str] = mapped_column(State)
    reason: Mapped[str] = mapped_column(String(500))
    told_at: Mapped[datetime | None]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))


class WorkAnswerRow(Base):
    """What was entered at a point of the checklist; the newest of a point counts.

    number: position in the order of arrival. body: a core.checklist.Answer. evidence_id: where it
    is proof as well.
    """

    __tablename__ = "work_answers"
    number: Mapped[int] = mapped_column(Counted, primary_key=True)
    id: Mapped[str] = mapped_column(Identifier, unique=True)
    order_id: Mapped[int] = mapped_column(Counted, ForeignKey("work_orders.id"), index=True)
    item: Mapped[str] = mapped_column(Code)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    evidence_id: Mapped[int | None] = mapped_column(Counted, ForeignKey("evidence.id"))
    told_at: Mapped[datetime | None]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
