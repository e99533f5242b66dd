"""Brings what is owed to people and systems outside, until they have it or refuse it.

Each delivery is a row from the transaction that owes it until it was sent or parked, so that
neither a crash nor a long silence of the other side loses one. It may be brought twice: after a
crash nobody knows whether it came.
"""

import asyncio
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.answer import AnswerState
from core.clock import Clock
from gateway.cases.answers import LINK, is_withdrawn, settle
from gateway.cases.appeals import hashed
from gateway.cases.desk import open_desk
from gateway.channels.carrier import Carrier, NotTaken, Parcel, Refused
from gateway.channels.given_up import settle_webhook
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.case_tables import AppealRow
from gateway.storage.database import Database
from gateway.storage.delivery_tables import AppealKeyRow, DeliveryRow
from gateway.storage.failures import patiently

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
AT_ONCE = 50  # deliveries of a look
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
LONGEST_TROUBLE = 500


OUR_ID = re.compile(r"<kvartal-(\d{1,18})-\d+@")


class NoCarrier:
    """Stands where an account was taken out of the file of channels."""

    async def bring(self, _parcel: Parcel) -> None:
        raise Refused("there is no account for this channel any more")


class Courier:
    """One at a time for each address, in the order in which they were owed."""

    def __init__(
        self,
        clock: Clock,
        database: Database,
        registry: CurrentRegistry,
        carriers: Mapping[str, Carrier],
        *,
        origin: str,
    ) -> None:
        self._clock = clock
        self._database = database
        self._registry = registry
        self._carriers = carriers
        self._origin = origin
        self._busy: set[str] = set()

    async def run(self) -> None:
        """Look every second, for as long as the gateway runs."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for row in await patiently(self._due):
                    if row.address not in self._busy:
                        self._busy.add(row.address)
                        tasks.create_task(self._bring_one(row))
                await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> int:
        """Bring what is due now; give how many there were."""
        rows = await self._due()
        for row in rows:
            await self._bring(row)
        return len(rows)

    async def _due(self) -> list[DeliveryRow]:
        async with self._database.reading() as session:
            found = await session.scalars(
                select(DeliveryRow)
                .where(
                    DeliveryRow.state == AnswerState.WAITING,
                    DeliveryRow.next_at <= self._clock.now(),
                    DeliveryRow.address.not_in(self._busy),
                )
                .order_by(DeliveryRow.next_at, DeliveryRow.id)
                .limit(AT_ONCE)
            )
            return list(found)

    async def _bring_one(self, row: DeliveryRow) -> None:
        try:
            await self._bring(row)
        finally:
            self._busy.discard(row.address)

    async def _bring(self, row: DeliveryRow) -> None:
        body = await patiently(partial(self._begin, row))
        if body is None:
            return
        carrier = self._carriers.get(row.via, NoCarrier())
        trouble, is_final = "", False
        try:
            await carrier.bring(Parcel(id=parcel_id(row), address=row.address, body=body))
        except NotTaken as error:
            trouble = str(error)
        except Refused as error:
            trouble, is_final = str(error), True
        await patiently(partial(self._end, row.id, trouble, is_final=is_final))

    async def _begin(self, row: DeliveryRow) -> dict[str, object] | None:
        """Give what is to be brought, with a link of its own; None where it was withdrawn."""
        async with self._database.transaction() as session:
            if await is_withdrawn(session, row):
                (await session.get_one(DeliveryRow, row.id)).state = AnswerState.PARKED
                return None
            text = row.body.get("text", "")
            if LINK not in text:
                return dict(row.body)
            link = f"{self._origin}/follow"
            if not row.body["is_public"]:  # else everybody could answer for them
                link = await self._link(session, str(row.body["number"]))
            return row.body | {"text": text.replace(LINK, link)}

    async def _link(self, session: AsyncSession, number: str) -> str:
        appeal = await session.scalar(select(AppealRow.id).where(AppealRow.number == number))
        key = secrets.token_urlsafe(24)
        session.add(AppealKeyRow(key_hash=hashed(key), appeal_id=appeal, made_at=self._clock.now()))
        return f"{self._origin}/follow?{urlencode({'number': number, 'key': key})}"

    async def _end(self, number: int, trouble: str, *, is_final: bool) -> None:
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await session.get_one(DeliveryRow, number)
            row.tries += 1
            row.trouble = trouble[:LONGEST_TROUBLE]
            row.next_at = now + pause_after(row.tries)
            if trouble and not is_final and row.next_at <= row.made_at + GIVEN_UP_AFTER:
                log.info("not delivered, tried again later", via=row.via, delivery=row.id)
                return
            row.state = AnswerState.PARKED if trouble else AnswerState.SENT
            row.ended_at = now
            desk = await open_desk(session, now, self._registry.snapshot)
            await settle(desk, row)
            await settle_webhook(desk, row)
            await desk.finish()
        if trouble:
            log.warning("delivery given up", via=row.via, delivery=row.id)


def parcel_id(row: DeliveryRow) -> str:
    """Give by what the other side knows it again."""
    return f"kvartal-{row.id}-{int(row.made_at.timestamp())}"


def delivery_of(reference: str) -> int | None:
    """Give the number of the delivery that a Message-ID names, if it is one of ours."""
    found = OUR_ID.match(reference)
    return int(found[1]) if found else None


def pause_after(tries: int) -> timedelta:
    """Give how long to wait: twice as long each time."""
    return min(FIRST_PAUSE * (1 << min(tries - 1, 12)), LONGEST_PAUSE)
