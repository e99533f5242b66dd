"""Webhooks: systems outside that are told of changes, each at its own pace, until it has them."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.answer import AnswerState
from core.clock import Clock
from gateway.channels.carrier import NotTaken, Parcel, Refused
from gateway.channels.outside import Outside
from gateway.channels.signed import signed
from gateway.storage.database import Database
from gateway.storage.delivery_tables import DeliveryRow
from gateway.storage.failures import patiently
from gateway.storage.outbox import last_seq
from gateway.storage.tables import OutboxRow
from gateway.storage.webhook_tables import WebhookRow

WEBHOOK = "webhook"
TOPICS = ("case", "incident")
LOOK_EVERY_S = 1.0
AT_ONCE = 200  # changes of a look
GONE = 410  # RFC 9110: it will not come back


class WebhookCarrier:
    """Signs each message with the secret of its webhook."""

    def __init__(self, clock: Clock, database: Database, outside: Outside) -> None:
        self._clock = clock
        self._database = database
        self._outside = outside

    async def bring(self, parcel: Parcel) -> None:
        """Return once it was answered with 2xx."""
        async with self._database.reading() as session:
            hook = await session.get(WebhookRow, parcel.body["webhook"])
        if hook is None or hook.ended_at is not None:
            raise Refused("the webhook was ended")
        content: str = parcel.body["content"]
        headers = signed(hook.secret, parcel.id, self._clock.now(), content)
        answer = await self._outside.post(hook.url, content.encode(), headers)
        if answer.status == GONE:
            raise Refused("410 Gone")
        if answer.status // 100 != 2:
            raise NotTaken(f"answered with {answer.status}")


async def subscribe(session: AsyncSession, now: datetime, hook: WebhookRow) -> None:
    """Tell it of what changes from now on."""
    hook.made_at, hook.seq = now, await last_seq(session)
    session.add(hook)
    await session.flush()


async def watch(database: Database, clock: Clock, keep: timedelta) -> None:
    """Owe every webhook what changes, for as long as the gateway runs. keep: what was taken."""
    while True:
        while await patiently(partial(owe, database, clock)) == AT_ONCE:
            pass
        await patiently(partial(forget, database, clock.now() - keep))
        await asyncio.sleep(LOOK_EVERY_S)


async def owe(database: Database, clock: Clock) -> int:
    """Owe what changed since the last look; give of how many changes the slowest was told."""
    async with database.reading() as session:
        newest = await last_seq(session)
        behind = await session.scalar(
            select(func.count()).where(WebhookRow.ended_at.is_(None), WebhookRow.seq < newest)
        )
    if not behind:
        return 0
    most = 0
    async with database.transaction() as session:
        hooks = await session.scalars(select(WebhookRow).where(WebhookRow.ended_at.is_(None)))
        for hook in hooks:
            rows = await _changes(session, hook)
            session.add_all(_owed(hook, row, clock.now()) for row in rows)
            hook.seq = rows[-1].seq if len(rows) == AT_ONCE else max(hook.seq, newest)
            most = max(most, len(rows))
    return most


async def _changes(session: AsyncSession, hook: WebhookRow) -> Sequence[OutboxRow]:
    found = await session.scalars(
        select(OutboxRow)
        .where(
            OutboxRow.seq > hook.seq,
            OutboxRow.topic.in_(hook.topics),
            OutboxRow.place_path.startswith(hook.place_path, autoescape=True),
        )
        .order_by(OutboxRow.seq)
        .limit(AT_ONCE)
    )
    return found.all()


def _owed(hook: WebhookRow, row: OutboxRow, now: datetime) -> DeliveryRow:
    message = {"type": f"{row.topic}.changed", "timestamp": row.at.isoformat(), "data": row.body}
    return DeliveryRow(
        via=WEBHOOK,
        address=hook.url,
        webhook_id=hook.id,
        body={"webhook": hook.id, "content": json.dumps(message, ensure_ascii=False)},
        state=AnswerState.WAITING,
        tries=0,
        made_at=now,
        next_at=now,
        trouble="",
    )


async def forget(database: Database, before: datetime) -> None:
    """Delete what webhooks took before a moment."""
    old = (
        DeliveryRow.webhook_id.is_not(None),
        DeliveryRow.state == AnswerState.SENT,
        DeliveryRow.ended_at < before,
    )
    async with database.reading() as session:
        if await session.scalar(select(DeliveryRow.id).where(*old).limit(1)) is None:
            return
    async with database.transaction() as session:
        await session.execute(delete(DeliveryRow).where(*old))


async def try_again(session: AsyncSession, now: datetime, hook: WebhookRow) -> None:
    """Owe anew what was given up."""
    await session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.webhook_id == hook.id, DeliveryRow.state == AnswerState.PARKED)
        .values(state=AnswerState.WAITING, tries=0, made_at=now, next_at=now, ended_at=None)
    )


async def standing_of(session: AsyncSession) -> dict[tuple[int, str], int]:
    """Give how many deliveries there are, by webhook and state."""
    found = await session.execute(
        select(DeliveryRow.webhook_id, DeliveryRow.state, func.count())
        .where(DeliveryRow.webhook_id.is_not(None))
        .group_by(DeliveryRow.webhook_id, DeliveryRow.state)
    )
    return {(hook, state): count for hook, state, count in found if hook is not None}
