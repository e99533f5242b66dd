"""How photos were taken and what they look like; and what the gateway signs with."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.tables import Base, Counted, Identifier


class CaptureRow(Base):
    """What is known of a photo among the evidence, and not shown to others.

    id: made by who sent it, so that it is taken once however often it comes. sha256: of the file as
    it came. look: core.picture_hash's 64 bits, as a signed number. nonce: counts once. taken_at:
    by the phone's clock. asset: whose tag was scanned.
    """

    __tablename__ = "captures"
    evidence_id: Mapped[int] = mapped_column(Counted, ForeignKey("evidence.id"), primary_key=True)
    id: Mapped[str | None] = mapped_column(String(64), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    look: Mapped[int | None] = mapped_column(BigInteger)
    nonce: Mapped[str | None] = mapped_column(String(32), unique=True)
    taken_at: Mapped[datetime | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    distance_m: Mapped[float | None]
    asset: Mapped[str] = mapped_column(Identifier, default="")


class SigningKeyRow(Base):
    """The secret of this installation, made when its tables were."""

    __tablename__ = "signing_keys"
    name: Mapped[str] = mapped_column(Identifier, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)
