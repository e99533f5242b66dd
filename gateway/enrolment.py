"""Gives edges their certificates: a token, enrolment by it, renewal, and calling back."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.enrolment import Token, is_signed, key_hash, statement
from core.errors import DomainError
from gateway.authority import Authority
from gateway.storage.identity_tables import EdgeCertificateRow, EnrolmentRow

# Accounts with other rights at the broker: deploy/mosquitto/kvartal.acl, adapters/mqtt/broker.py.
NO_EDGES = frozenset({"gateway", "town"})

log = structlog.get_logger()


class Refused(DomainError):
    """Tell an edge why it gets no certificate, and its installer what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an edge sends: a request that its new key signed, and a signature over it."""

    edge: str
    request: x509.CertificateSigningRequest
    signature: bytes

    @property
    def key(self) -> ec.EllipticCurvePublicKey:
        """Give the key to certify. Refused where it is not on P-256, or the request is forged."""
        key = self.request.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
            key.curve, ec.SECP256R1
        ):
            raise Refused("bad_request", "The request's key must be one on the curve P-256.")
        if not self.request.is_signature_valid:
            raise Refused("bad_request", "The request is not signed by its own key.")
        return key


async def make_token(
    session: AsyncSession,
    authority: Authority,
    *,
    gateway: str,
    edge: str,
    by: str,
    now: datetime,
    good_for: timedelta,
) -> Token:
    """Make a token for an edge; the one before it is good no more."""
    if edge in NO_EDGES:
        raise Refused("reserved", f"No edge can be called {edge!r}: it is an account of the broker")
    token = Token(
        gateway=gateway, edge=edge, seed=secrets.token_bytes(32), authority=authority.fingerprint
    )
    await session.merge(
        EnrolmentRow(
            edge=edge,
            public_key=token.public_key.hex(),
            made_at=now,
            made_by=by,
            ends_at=now + good_for,
            used_at=None,
            key_hash=None,
        )
    )
    return token


async def enrol(
    session: AsyncSession, authority: Authority, asked: Asked, *, now: datetime, good_for: timedelta
) -> x509.Certificate:
    """Give an edge its certificate by its token, and call its former ones back.

    The same key may ask again while the token is good: its answer may have been lost.
    """
    row = await session.get(EnrolmentRow, asked.edge)
    if row is None or not is_signed(
        bytes.fromhex(row.public_key), asked.signature, asked.edge, asked.request
    ):
        raise Refused(
            "token_unknown",
            "This token is not known here: a newer one was made since, or its edge was revoked. "
            "Ask for a new one.",
        )
    if row.ends_at <= now:
        raise Refused(
            "token_expired",
            f"This token ended at {row.ends_at:%Y-%m-%d %H:%M} UTC. Ask for a new one.",
        )
    wanted = key_hash(asked.request)
    # One statement takes the token, so that of two at once only one succeeds.
    taken = await session.scalar(
        update(EnrolmentRow)
        .where(
            EnrolmentRow.edge == asked.edge,
            EnrolmentRow.public_key == row.public_key,
            or_(EnrolmentRow.used_at.is_(None), EnrolmentRow.key_hash == wanted),
        )
        .values(used_at=now, key_hash=wanted)
        .returning(EnrolmentRow.edge)
    )
    if taken is None:
        raise Refused(
            "token_used",
            f"This token was used at {row.used_at:%Y-%m-%d %H:%M} UTC. If that was not you, revoke "
            "the edge; then ask for a new token.",
        )
    await call_back(session, asked.edge, now)
    return await _certify(session, authority, asked, now=now, good_for=good_for)


async def renew(
    session: AsyncSession,
    authority: Authority,
    asked: Asked,
    present: x509.Certificate,
    *,
    now: datetime,
    good_for: timedelta,
) -> x509.Certificate:
    """Give an edge another certificate by its present one, which stays good until its end."""
    serial = f"{present.serial_number:x}"
    row = await session.get(EdgeCertificateRow, serial) if authority.has_signed(present) else None
    if row is None or row.edge != asked.edge:
        raise Refused("certificate_unknown", "This certificate is none of this edge's. Enrol it.")
    if row.revoked_at is not None:
        raise Refused("certificate_revoked", "This edge was revoked. Enrol it with a new token.")
    if row.ends_at <= now:
        raise Refused(
            "certificate_expired",
            f"This certificate ended at {row.ends_at:%Y-%m-%d %H:%M} UTC. Enrol the edge with a "
            "new token.",
        )
    holder = present.public_key()
    assert isinstance(holder, ec.EllipticCurvePublicKey)  # noqa: S101 - we sign no others
    try:
        said = statement("renewal", asked.edge, asked.request)
        holder.verify(asked.signature, said, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Refused(
            "certificate_unknown", "The request is not signed by the key of its certificate."
        ) from error
    return await _certify(session, authority, asked, now=now, good_for=good_for)


async def _certify(
    session: AsyncSession,
    authority: Authority,
    asked: Asked,
    *,
    now: datetime,
    good_for: timedelta,
) -> x509.Certificate:
    edge = asked.edge
    certificate = authority.sign_client(edge, asked.key, now, good_for)
    await session.execute(
        delete(EdgeCertificateRow).where(EdgeCertificateRow.ends_at <= now)  # nobody takes those
    )
    session.add(
        EdgeCertificateRow(
            serial=f"{certificate.serial_number:x}",
            edge=edge,
            issued_at=now,
            ends_at=certificate.not_valid_after_utc,
            revoked_at=None,
        )
    )
    log.info("edge certified", edge=edge, until=certificate.not_valid_after_utc.isoformat())
    return certificate


async def revoke(session: AsyncSession, edge: str, now: datetime) -> int:
    """Call back all that an edge was given, its token too; give how many certificates."""
    await session.execute(delete(EnrolmentRow).where(EnrolmentRow.edge == edge))
    count = await call_back(session, edge, now)
    log.warning("edge revoked", edge=edge, certificates=count)
    return count


async def call_back(session: AsyncSession, edge: str, now: datetime) -> int:
    """Call back the certificates of an edge; `write_list` tells the broker after the commit."""
    called = await session.scalars(
        update(EdgeCertificateRow)
        .where(EdgeCertificateRow.edge == edge, EdgeCertificateRow.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(EdgeCertificateRow.serial)
    )
    return len(called.all())


async def revoked_ones(session: AsyncSession) -> Sequence[tuple[int, datetime]]:
    """Give the serial numbers that are called back, with since when."""
    rows = await session.scalars(
        select(EdgeCertificateRow).where(EdgeCertificateRow.revoked_at.is_not(None))
    )
    return [(int(row.serial, 16), row.revoked_at) for row in rows if row.revoked_at is not None]
