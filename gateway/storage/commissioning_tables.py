"""The schema of sign-offs of devices."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.tables import Base, Counted, Identifier, PlacePath


class SignOffRow(Base):
    """That a device was signed off as it was installed then, or that this was taken back.

    Rows are only added; the newest of a device counts. line: id of its endpoint. by: name of the
    person. without_reading: though it had never given a good reading.
    """

    __tablename__ = "sign_offs"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    device: Mapped[str] = mapped_column(Identifier, index=True)
    withdrawn: Mapped[bool]
    profile: Mapped[str] = mapped_column(String(64))
    serial: Mapped[str] = mapped_column(String(100))
    line: Mapped[str] = mapped_column(Identifier)
    unit: Mapped[str] = mapped_column(String(200))
    assets: Mapped[list[str]]
    remark: Mapped[str] = mapped_column(String(2000))
    without_reading: Mapped[bool]
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)
