"""The latest picture of each camera: one row a device, replaced by the next picture."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.tables import Base, Identifier, PlacePath


class StillRow(Base):
    __tablename__ = "stills"
    device: Mapped[str] = mapped_column(Identifier, primary_key=True)
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)
    at: Mapped[datetime]
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)
