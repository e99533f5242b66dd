"""The relational schema of planned works."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.storage.case_tables import CaseRow
from gateway.storage.tables import Base, Counted, Identifier, PlacePath


class PlannedWorkRow(Base):
    """A core.planned_work.PlannedWork.

    suppressions: numbers of those by which what it cuts off is quiet. overrun_at: since when it is
    known to be late. case_id: of those who complain, or of the overrun. photo: SHA-256 of the
    picture that shows the work done. place_path: of what is above all its assets.
    """

    __tablename__ = "planned_works"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    words: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(64))
    assets: Mapped[list[str]]
    executor: Mapped[str] = mapped_column(Identifier)
    since: Mapped[datetime] = mapped_column(index=True)
    until: Mapped[datetime]
    first_until: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
    published_at: Mapped[datetime | None]
    published_by: Mapped[str] = mapped_column(String(200), default="")
    begun_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    withdrawn_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(500), default="")
    result: Mapped[str] = mapped_column(String(2000), default="")
    photo: Mapped[str] = mapped_column(String(64), default="")
    photo_type: Mapped[str] = mapped_column(String(30), default="")
    suppressions: Mapped[list[int]] = mapped_column(JSON, default=list)
    overrun_at: Mapped[datetime | None]
    case_id: Mapped[int | None] = mapped_column(Counted, ForeignKey("cases.id"))
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)

    case: Mapped[CaseRow | None] = relationship(lazy="raise")
