"""The WebSocket of live updates: hello, what was missed, then everything as it happens."""

import asyncio
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.status import WS_1006_ABNORMAL_CLOSURE as GONE
from starlette.status import WS_1008_POLICY_VIOLATION

from core.actor import Actor, Role
from core.errors import DomainError
from gateway.api.dependencies import COOKIE, GatewayParts
from gateway.api.guards import is_same_origin
from gateway.api.live_models import Hello, Subscribe
from gateway.api.models import LARGEST
from gateway.live import SIGNED_OUT, TRY_AGAIN, Client, change
from gateway.parts import Parts
from gateway.sign_in import actor_of, hashed
from gateway.storage.failures import StoreAway
from gateway.storage.outbox import REGISTRY, SHOWN
from gateway.storage.tables import OutboxRow
from gateway.storage.visibility import visible_to

log = structlog.get_logger()

router = APIRouter()

After = Annotated[int | None, Query(ge=0, le=LARGEST)]
MISSED = 2000  # changes that are sent again; a client that missed more loads anew


@router.websocket("/live")
async def live(websocket: WebSocket, parts: GatewayParts, after: After = None) -> None:
    """Send messages to a signed-in page until one side goes."""
    if not is_same_origin(websocket.headers):
        await websocket.close(WS_1008_POLICY_VIOLATION)
        return
    await websocket.accept()
    try:
        await _attend(websocket, parts, after)
    except WebSocketDisconnect:
        return
    except StoreAway:
        await websocket.close(TRY_AGAIN, "the store of cases does not answer; connect again")


async def _attend(websocket: WebSocket, parts: Parts, after: int | None) -> None:
    token = websocket.cookies.get(COOKIE, "")
    try:
        async with parts.database.reading() as session:
            actor = await actor_of(session, parts.clock, parts.registry.snapshot, token)
    except DomainError as error:
        # A browser shows its page no status of a refused handshake, but a close code it does.
        await websocket.close(SIGNED_OUT, str(error))
        return
    if actor.role is Role.RESIDENT:
        await websocket.close(WS_1008_POLICY_VIOLATION)
        return
    client = Client(actor, hashed(token), parts.clock)
    seq = parts.hub.seq
    parts.hub.clients.add(client)  # before what was missed is read, so that nothing falls between
    try:
        await _welcome(websocket, parts, actor, seq, after)
        await _serve(websocket, parts, client)
    finally:
        parts.hub.clients.discard(client)


async def _welcome(
    websocket: WebSocket, parts: Parts, actor: Actor, seq: int, after: int | None
) -> None:
    """Say where the client stands and send what it missed up to `seq`."""
    async with parts.database.reading() as session:
        missed = await _missed(session, actor, after, seq)
    hello = Hello(
        seq=seq if missed is None or after is None else after,
        resumed=missed is not None,
        server_time=parts.clock.now(),
    )
    await websocket.send_text(hello.model_dump_json())
    for row in missed or ():
        if message := change(row, actor):
            await websocket.send_text(message)


async def _missed(
    session: AsyncSession, actor: Actor, after: int | None, seq: int
) -> list[OutboxRow] | None:
    """Give the rows that the client has not seen; None where they are not all there any more."""
    if after is None or after > seq:
        return None
    lowest = await session.scalar(select(func.min(OutboxRow.seq)))
    if after < seq and (lowest is None or lowest > after + 1):
        return None
    imported = select(OutboxRow.seq).where(OutboxRow.seq > after, OutboxRow.topic == REGISTRY)
    if await session.scalar(imported.limit(1)) is not None:
        return None  # what they loaded was of another registry
    found = await session.scalars(
        select(OutboxRow)
        .where(
            OutboxRow.seq > after,
            OutboxRow.seq <= seq,
            OutboxRow.topic.in_(SHOWN),
            visible_to(actor, OutboxRow),
        )
        .order_by(OutboxRow.seq)
        .limit(MISSED + 1)
    )
    rows = list(found)
    return rows if len(rows) <= MISSED else None


async def _serve(websocket: WebSocket, parts: Parts, client: Client) -> None:
    """Send what the client gets and take what it subscribes, until one side goes."""
    receiving = asyncio.create_task(_receive(websocket, parts, client))
    try:
        async for message in client.messages(parts.hub.coalesce_s):
            await websocket.send_text(message)
    finally:
        receiving.cancel()
    if client.close_code != GONE:
        await websocket.close(client.close_code, client.close_reason)


async def _receive(websocket: WebSocket, parts: Parts, client: Client) -> None:
    while True:
        try:
            wanted = Subscribe.model_validate_json(await websocket.receive_text())
        except WebSocketDisconnect:
            return client.close(GONE)
        except (ValidationError, KeyError) as error:  # KeyError: a binary message
            log.info("live client refused", actor=client.actor.id, error=str(error))
            return client.close(WS_1008_POLICY_VIOLATION, "wanted a subscribe message")
        parts.hub.subscribe(client, wanted)
