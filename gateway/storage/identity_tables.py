"""The schema of who an edge is: tokens by which it gets a certificate, and those it got."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.tables import Base, Identifier


class EnrolmentRow(Base):
    """The newest token of an edge. public_key: hex digits; the token alone holds the private one.
    key_hash: SHA-256 of the edge's own key that was certified with it."""

    __tablename__ = "enrolments"
    edge: Mapped[str] = mapped_column(Identifier, primary_key=True)
    public_key: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(200))
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    key_hash: Mapped[str | None] = mapped_column(String(64))


class EdgeCertificateRow(Base):
    """A certificate that an edge was given. serial: hex digits."""

    __tablename__ = "edge_certificates"
    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    edge: Mapped[str] = mapped_column(Identifier, index=True)
    issued_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
