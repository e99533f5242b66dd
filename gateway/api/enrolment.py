"""How edges get certificates: tokens for installers, and what edges themselves ask for."""

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.enrolment import wrong_with_gateway
from core.actor import Actor
from core.errors import DomainError, NotVisible
from gateway.api.dependencies import Administrator, GatewayParts
from gateway.api.identity_models import (
    AskedCertificate,
    AskedRenewal,
    Certified,
    EnrolmentToken,
    Revoked,
)
from gateway.enrolment import Asked, Refused, enrol, make_token, renew, revoke, revoked_ones
from gateway.parts import Parts

router = APIRouter(tags=["enrolment"])

log = structlog.get_logger()


@router.post("/edges/{edge}/enrolment")
async def make_enrolment_token(
    edge: str, actor: Administrator, parts: GatewayParts
) -> EnrolmentToken:
    """Make a token by which an edge gets its certificate once. It is shown this one time."""
    _must_see(parts, actor, edge)
    settings = parts.settings
    if wrong := wrong_with_gateway(settings.origin):
        raise DomainError("no_public_url", f"Set public_url of the gateway: {wrong}.")
    good_for = timedelta(hours=settings.enrolment_hours)
    async with parts.database.transaction() as session:
        token = await make_token(
            session,
            parts.authority,
            gateway=settings.origin,
            edge=edge,
            by=actor.name,
            now=parts.clock.now(),
            good_for=good_for,
        )
    return EnrolmentToken(edge=edge, token=token.text(), ends_at=parts.clock.now() + good_for)


@router.post("/edges/{edge}/revocation")
async def revoke_edge(edge: str, actor: Administrator, parts: GatewayParts) -> Revoked:
    """Call back all certificates of an edge, and its token: the broker lets it in no more."""
    _must_see(parts, actor, edge)
    async with _and_tell_the_broker(parts) as session:
        return Revoked(edge=edge, certificates=await revoke(session, edge, parts.clock.now()))


@router.post("/enrolment")
async def enrol_edge(form: AskedCertificate, request: Request, parts: GatewayParts) -> Certified:
    """Certify an edge, which signs its request with its token."""
    asked = _asked(form, request, parts)
    good_for = timedelta(days=parts.settings.certificate_days)
    async with _and_tell_the_broker(parts) as session:
        certificate = await enrol(
            session, parts.authority, asked, now=parts.clock.now(), good_for=good_for
        )
    return _certified(parts, asked.edge, certificate)


@router.post("/renewal")
async def renew_certificate(form: AskedRenewal, request: Request, parts: GatewayParts) -> Certified:
    """Certify an edge again, which signs its request with the key of its present certificate."""
    asked = _asked(form, request, parts)
    try:
        present = x509.load_pem_x509_certificate(form.certificate.encode())
    except ValueError as error:
        raise Refused("bad_request", "certificate: wanted one in PEM.") from error
    good_for = timedelta(days=parts.settings.certificate_days)
    async with parts.database.transaction() as session:
        certificate = await renew(
            session, parts.authority, asked, present, now=parts.clock.now(), good_for=good_for
        )
    return _certified(parts, asked.edge, certificate)


def _must_see(parts: Parts, actor: Actor, edge: str) -> None:
    registry = parts.registry.snapshot
    known = registry.edges.get(edge)
    if known is None or not actor.can_see(registry.path_of(known.place)):
        raise NotVisible("edge", edge)


def _asked(form: AskedCertificate, request: Request, parts: Parts) -> Asked:
    """Read what an edge asks for; not too often from one address."""
    address = request.client.host if request.client else ""
    if not parts.enrolment_rate.lets(address, parts.clock):
        raise DomainError("too_many_requests", "Too many requests. Try again in a minute.")
    if form.edge not in parts.registry.snapshot.edges:
        raise Refused(
            "token_unknown", f"The registry has no edge {form.edge!r} any more. Ask who keeps it."
        )
    try:
        return Asked(
            edge=form.edge,
            request=x509.load_pem_x509_csr(form.request.encode()),
            signature=base64.b64decode(form.signature, validate=True),
        )
    except (ValueError, binascii.Error) as error:
        raise Refused(
            "bad_request", "Wanted a request in PEM and a signature in base64."
        ) from error


def _certified(parts: Parts, edge: str, certificate: x509.Certificate) -> Certified:
    return Certified(
        edge=edge,
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
        authority=parts.authority.pem,
        broker=parts.settings.broker_of_edges,
        now=parts.clock.now(),
    )


@asynccontextmanager
async def _and_tell_the_broker(parts: Parts) -> AsyncIterator[AsyncSession]:
    """Give a transaction; once it is committed the broker's list of revoked ones is written."""
    async with parts.database.transaction() as session:
        yield session
    async with parts.database.reading() as session:
        revoked = await revoked_ones(session)
    try:
        parts.authority.write_list(revoked, parts.clock.now())
    except OSError as error:
        # It stays true in the store, and the next start of the gateway writes it again.
        log.error("list of revoked certificates cannot be written", error=str(error))  # noqa: TRY400
