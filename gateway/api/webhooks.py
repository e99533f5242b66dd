"""Webhooks: who is told of changes, and who files appeals by signed messages."""

import secrets

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.actor import Actor
from core.answer import AnswerState
from core.appeal import Channel, Draft
from core.errors import DomainError, NotVisible
from gateway.api.dependencies import (
    Administrator,
    GatewayParts,
    Reading,
    TheClock,
    TheRegistry,
    TheSettings,
    Writing,
)
from gateway.api.models import Number
from gateway.api.webhook_models import (
    Made,
    SignedAppeal,
    SignedReceipt,
    SourceForm,
    SourceOut,
    WebhookForm,
    WebhookOut,
)
from gateway.channels import carrier
from gateway.channels.open311 import Refused, must_be_inside
from gateway.channels.outside import Outside
from gateway.channels.signed import ID, is_genuine, make_secret
from gateway.channels.webhooks import standing_of, subscribe, try_again
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.webhook_tables import SourceRow, WebhookRow

router = APIRouter(tags=["webhooks"])
HOOKS = "/api/v1/hooks"
MAX_ID = 256


@router.get("/webhooks")
async def list_webhooks(session: Reading, actor: Administrator) -> list[WebhookOut]:
    """Give who is told of changes, and how that goes."""
    counts = await standing_of(session)
    rows = await session.scalars(
        select(WebhookRow)
        .where(
            WebhookRow.ended_at.is_(None),
            WebhookRow.place_path.startswith(actor.place_path, autoescape=True),
        )
        .order_by(WebhookRow.id)
    )
    return [
        WebhookOut(
            id=row.id,
            name=row.name,
            url=row.url,
            topics=row.topics,
            place=_last(row.place_path),
            made_at=row.made_at,
            by=row.by,
            **{
                state: counts.get((row.id, state), 0)
                for state in (AnswerState.WAITING, AnswerState.SENT, AnswerState.PARKED)
            },
        )
        for row in rows
    ]


@router.post("/webhooks", status_code=201)
async def make_webhook(
    actor: Administrator,
    form: WebhookForm,
    *,
    settings: TheSettings,
    session: Writing,
    clock: TheClock,
    registry: TheRegistry,
) -> Made:
    """Tell a system of changes from now on. Its secret is told this one time."""
    try:
        await Outside(settings.outside_networks).address_of(form.url)
    except carrier.NotTaken as error:
        raise DomainError("invalid", f"The address does not answer: {error}.") from error
    except carrier.Refused as error:
        raise DomainError("invalid", f"{error}.") from error
    row = WebhookRow(
        name=form.name,
        url=form.url,
        secret=make_secret(),
        topics=list(form.topics),
        place_path=_path(registry, actor, form.place),
        by=actor.name,
    )
    await subscribe(session, clock.now(), row)
    return Made(id=row.id, url=row.url, secret=row.secret)


@router.post("/webhooks/{number}/end")
async def end_webhook(
    number: Number, actor: Administrator, session: Writing, clock: TheClock
) -> None:
    """Tell it nothing any more; what it has not taken is given up."""
    (await _webhook(session, actor, number)).ended_at = clock.now()


@router.post("/webhooks/{number}/again")
async def repeat_webhook(
    number: Number, actor: Administrator, session: Writing, clock: TheClock
) -> None:
    """Try once more what was given up."""
    await try_again(session, clock.now(), await _webhook(session, actor, number))


@router.get("/webhook-sources")
async def list_sources(
    session: Reading, actor: Administrator, settings: TheSettings
) -> list[SourceOut]:
    """Give who files appeals by signed messages."""
    rows = await session.scalars(
        select(SourceRow)
        .where(
            SourceRow.ended_at.is_(None),
            SourceRow.place_path.startswith(actor.place_path, autoescape=True),
        )
        .order_by(SourceRow.id)
    )
    return [
        SourceOut(
            id=row.id,
            name=row.name,
            url=f"{settings.origin}{HOOKS}/{row.code}/appeals",
            place=_last(row.place_path),
            per_minute=row.per_minute,
            made_at=row.made_at,
            by=row.by,
        )
        for row in rows
    ]


@router.post("/webhook-sources", status_code=201)
async def make_source(
    actor: Administrator,
    form: SourceForm,
    *,
    settings: TheSettings,
    session: Writing,
    clock: TheClock,
    registry: TheRegistry,
) -> Made:
    """Let a system file appeals. Its secret is told this one time."""
    row = SourceRow(
        code=secrets.token_urlsafe(16),
        name=form.name,
        secret=make_secret(),
        place_path=_path(registry, actor, form.place),
        per_minute=form.per_minute,
        made_at=clock.now(),
        by=actor.name,
    )
    session.add(row)
    await session.flush()
    url = f"{settings.origin}{HOOKS}/{row.code}/appeals"
    return Made(id=row.id, url=url, secret=row.secret)


@router.post("/webhook-sources/{number}/end")
async def end_source(
    number: Number, actor: Administrator, session: Writing, clock: TheClock
) -> None:
    """Take nothing from it any more."""
    row = await session.get(SourceRow, number)
    if row is None or not row.place_path.startswith(actor.place_path):
        raise NotVisible("source", number)
    row.ended_at = clock.now()


@router.post("/hooks/{code}/appeals")
async def take_signed_appeal(
    code: str, request: Request, parts: GatewayParts, registry: TheRegistry
) -> SignedReceipt:
    """File an appeal from a message signed as Standard Webhooks has it. The same id is the same
    appeal, however often it comes."""
    content = await request.body()
    async with parts.database.reading() as session:
        source = await session.scalar(
            select(SourceRow).where(SourceRow.code == code, SourceRow.ended_at.is_(None))
        )
    if source is None or not is_genuine(source.secret, request.headers, content):
        raise DomainError("forbidden", "The signature is not that of a known source.")
    identifier = request.headers[ID]
    if len(identifier) > MAX_ID:
        raise DomainError("invalid", f"webhook-id has more than {MAX_ID} characters.")
    if not parts.source_rates.lets(source, parts.clock):
        raise DomainError("too_many_requests", f"At most {source.per_minute} a minute are taken.")
    try:
        form = SignedAppeal.model_validate_json(content)
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"]))
        raise DomainError("invalid", f"{where or 'body'}: {wrong['msg']}.") from error
    draft = Draft(
        channel=Channel.WEBHOOK, outside_id=f"{source.id} {identifier}", **form.model_dump()
    )
    try:
        must_be_inside(registry, draft, "", source.place_path)
    except Refused as refusal:
        raise DomainError("forbidden", f"{refusal}.") from refusal
    receipt = await parts.filing.file(draft)
    return SignedReceipt(
        number=receipt.number, joined=receipt.joined, expected_at=receipt.expected_at
    )


async def _webhook(session: AsyncSession, actor: Actor, number: int) -> WebhookRow:
    row = await session.get(WebhookRow, number)
    if row is None or not row.place_path.startswith(actor.place_path):
        raise NotVisible("webhook", number)
    return row


def _path(registry: RegistrySnapshot, actor: Actor, place: str) -> str:
    node = registry.places.get(place)
    if node is None or not node.path.startswith(actor.place_path):
        raise NotVisible("place", place)
    return node.path


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
