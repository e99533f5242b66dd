"""The schema of billing: what core.metering says of the registry, and readings by people."""

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.tables import Base, Counted, Identifier, PlacePath


class MeterRow(Base):
    __tablename__ = "meters"
    device: Mapped[str] = mapped_column(Identifier, primary_key=True)
    resource: Mapped[str] = mapped_column(String(20))
    scope: Mapped[str] = mapped_column(String(20))
    verified_until: Mapped[date | None]
    seal: Mapped[str] = mapped_column(String(100))
    sealed_on: Mapped[date | None]
    sealed_by: Mapped[str] = mapped_column(String(100))
    rolls_over_at: Mapped[float | None]


class TariffRow(Base):
    """`id` is the order in the document."""

    __tablename__ = "tariffs"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    place: Mapped[str] = mapped_column(Identifier)
    resource: Mapped[str] = mapped_column(String(20))
    since: Mapped[date]
    price: Mapped[float]
    zone: Mapped[str] = mapped_column(String(4))
    currency: Mapped[str] = mapped_column(String(3))


class BillingAreaRow(Base):
    __tablename__ = "billing_areas"
    place: Mapped[str] = mapped_column(Identifier, primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64))
    close_day: Mapped[int | None]


class MeterReadingRow(Base):
    """What a person read on a meter, in its own unit. Rows are only added.

    zone: T1–T3, empty for a meter with one register. by: name of the person, whose role is `role`.
    confirmed: it was asked about, as too much. photo: SHA-256 of the picture of the dial, in the
    folder of evidence; empty where there is none.
    """

    __tablename__ = "meter_readings"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    asset: Mapped[str] = mapped_column(Identifier, index=True)
    device: Mapped[str] = mapped_column(Identifier)
    zone: Mapped[str] = mapped_column(String(4))
    at: Mapped[datetime]
    value: Mapped[float]
    confirmed: Mapped[bool]
    by: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    recorded_at: Mapped[datetime]
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)
    photo: Mapped[str] = mapped_column(String(64), default="", server_default="")
    photo_type: Mapped[str] = mapped_column(String(30), default="", server_default="")
