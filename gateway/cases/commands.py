"""Commands to devices: prepared, confirmed by the same person, sent by the edge link, answered.

The order goes into the outbox under the topic "order", in the transaction that confirms it.
"""

import asyncio
import math
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.wire import CommandResult, SignalBirth
from core.actor import Actor
from core.clock import Clock, to_datetime, to_nanoseconds
from core.command import PREPARED, REQUESTED, SENT, Command, CommandState, check_value
from core.errors import DomainError, NotVisible
from core.signal import Signal, SignalKind
from core.text import Text, filled
from gateway.cases.desk import Desk
from gateway.cases.edge_loss import lost_edges
from gateway.cases.meaning import DEVICE_LOST
from gateway.cases.rows import active_key, finite, show_command
from gateway.registry.devices import latest_of, visible_device
from gateway.registry.directory import Directory
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage import outbox
from gateway.storage.case_tables import CaseRow, CommandRow, IncidentRow, TimelineRow
from gateway.storage.database import Database
from gateway.storage.failures import patiently
from gateway.storage.visibility import visible_to

ORDER = "order"
LOOK_EVERY_S = 2.0  # for commands whose time is over

SAYS: dict[CommandState, Text] = {
    CommandState.REQUESTED: {
        "ru": "Команда: {signal} → {value}",
        "en": "Command: {signal} → {value}",
    },
    CommandState.CONFIRMED: {
        "ru": "Команда выполнена, прибор подтвердил: {signal} = {value}",
        "en": "Command done, the device confirms: {signal} = {value}",
    },
    CommandState.REFUSED: {
        "ru": "Команда отклонена: {signal} → {value}. {why}",
        "en": "Command refused: {signal} → {value}. {why}",
    },
    CommandState.EXPIRED: {
        "ru": "Команда не успела дойти: {signal} → {value}",
        "en": "The command came too late: {signal} → {value}",
    },
    CommandState.UNKNOWN: {
        "ru": "Ответа на команду нет: {signal} → {value}. Проверьте прибор, прежде чем повторить.",
        "en": "The command was not answered: {signal} → {value}. Check the device before you "
        "repeat it.",
    },
}
SAME_VALUE: Text = {
    "ru": "Сейчас уже стоит это значение.",
    "en": "The device has this value already.",
}
LOST: Text = {
    "ru": "Устройство не отвечает: команда может не дойти.",
    "en": "The device does not answer: the command may not arrive.",
}
NO_VALUE: Text = {
    "ru": "Текущее значение неизвестно.",
    "en": "The value at present is not known.",
}
OTHER_COMMAND: Text = {
    "ru": "Другая команда этому сигналу ещё не завершена.",
    "en": "Another command to this signal is not finished yet.",
}
FEEDS: Text = {
    "ru": "От этого устройства зависят другие, их {number}.",
    "en": "Others depend on this device: {number}.",
}
"""What to know before confirming."""


class Signals(Protocol):
    """What the edges told of their devices at birth."""

    def signals_of(self, device: str) -> Sequence[SignalBirth]:
        """Give what the device measures."""
        ...


async def prepare(
    desk: Desk,
    actor: Actor,
    directory: Directory,
    *,
    device: str,
    key: str,
    value: float,
    case: int | None,
) -> CommandRow:
    """Check a command and keep it for a minute, with what to know before confirming it."""
    session, registry = desk.session, desk.registry
    known = visible_device(registry, actor, device)
    signal = _signal(directory, device, key)
    check_value(device, signal, value)
    value_now = _value_now(directory, device, key)
    if case is not None and not await _sees_case(session, actor, case):
        raise NotVisible("case", case)
    command = Command.prepared(actor.id, desk.now)
    warnings = await _warnings(desk, device, signal, value, value_now)
    if below := _below(registry, device, desk.now):
        warnings.append(filled(FEEDS, number=below))
    row = CommandRow(
        id=secrets.token_hex(8),
        case_id=case,
        edge=registry.edge_of(device),
        device=device,
        signal=signal.key,
        signal_name=dict(signal.name),
        value=value,
        value_now=value_now,
        unit=signal.unit,
        by_id=actor.id,
        by=actor.name,
        place_path=registry.path_of(known.place),
        warnings=[dict(text) for text in warnings],
        result_text="",
    )
    _keep(command, row)
    session.add(row)
    await _publish(session, row)
    return row


async def confirm(desk: Desk, actor: Actor, born: Signals, identifier: str) -> CommandRow:
    """Send a prepared command. Only who prepared it, within a minute, and once."""
    session = desk.session
    row = await find(session, actor, identifier)
    _keep(_command(row).request(actor.id, desk.now), row)
    order = {
        "edge": row.edge,
        "command": row.id,
        "device": row.device,
        "signal": row.signal,
        "value": row.value,
        "expires_at": to_nanoseconds(row.expires_at),
    }
    await outbox.publish(session, outbox.Change(topic=ORDER, place_path=row.place_path, body=order))
    await _say(session, row, born, desk.now, row.by)
    if row.case_id is not None:
        (await session.get_one(CaseRow, row.case_id)).touched = True
    await _publish(session, row)
    return row


async def find(session: AsyncSession, actor: Actor, identifier: str) -> CommandRow:
    """Give a command that the actor may see. NotVisible otherwise."""
    row = await session.scalar(
        select(CommandRow).where(CommandRow.id == identifier, visible_to(actor, CommandRow))
    )
    if row is None:
        raise NotVisible("command", identifier)
    return row


async def mark_sent(session: AsyncSession, identifier: str) -> None:
    """Take that the broker has the order."""
    row = await session.get(CommandRow, identifier)
    if row is not None and row.state == REQUESTED:
        _keep(_command(row).sent(), row)
        await _publish(session, row)


async def take_result(
    session: AsyncSession, clock: Clock, born: Signals, edge: str, result: CommandResult
) -> None:
    """Take what the edge that got the order says became of it. Twice the same changes nothing."""
    row = await session.get(CommandRow, result.command)
    if row is None or row.edge != edge:
        return
    try:
        answered = _command(row).answered(CommandState(result.state), to_datetime(result.time))
    except DomainError:
        return  # it was answered before
    _keep(answered, row)
    row.result_value, row.result_text = finite(result.value), result.text[:500]
    await _say(session, row, born, clock.now())
    await _publish(session, row)


async def lapse(session: AsyncSession, clock: Clock, born: Signals) -> int:
    """Give up on commands whose time is over, and tell how many those were."""
    rows = await session.scalars(
        select(CommandRow).where(CommandRow.state.in_([PREPARED, REQUESTED, SENT]))
    )
    given_up = 0
    for row in rows.all():
        before = _command(row)
        after = before.lapse(clock.now())
        if after.state is not before.state:
            given_up += 1
            _keep(after, row)
            if before.state is not PREPARED:
                await _say(session, row, born, clock.now())
            await _publish(session, row)
    return given_up


async def watch(database: Database, clock: Clock, born: Signals) -> None:
    """Look for commands whose time is over, for ever."""

    async def look() -> None:
        async with database.reading() as session:
            waiting = await session.scalar(
                select(CommandRow.id)
                .where(CommandRow.state.in_([PREPARED, REQUESTED, SENT]))
                .limit(1)
            )
        if waiting is not None:
            async with database.transaction() as session:
                await lapse(session, clock, born)

    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await patiently(look)


def _command(row: CommandRow) -> Command:
    return Command(
        by=row.by_id,
        state=CommandState(row.state),
        prepared_at=row.prepared_at,
        expires_at=row.expires_at,
        requested_at=row.requested_at,
        result_at=row.result_at,
    )


def _keep(command: Command, row: CommandRow) -> None:
    row.state, row.prepared_at, row.expires_at = (
        command.state,
        command.prepared_at,
        command.expires_at,
    )
    row.requested_at, row.result_at = command.requested_at, command.result_at


def _signal(directory: Directory, device: str, key: str) -> Signal:
    for born in directory.signals_of(device):
        if born.key == key:
            return Signal(
                key=born.key,
                name=born.name,
                unit=born.unit,
                kind=SignalKind(born.kind),
                writable=born.writable,
                minimum=born.minimum,
                maximum=born.maximum,
                states=born.states,
            )
    raise NotVisible("signal", f"{device}: {key}")


def _value_now(directory: Directory, device: str, key: str) -> float | None:
    latest = latest_of(directory, device).get(key)
    return None if latest is None or math.isnan(latest[0]) else latest[0]


def _below(registry: RegistrySnapshot, device: str, at: datetime) -> int:
    asset = registry.asset_of(device, at)
    return len(registry.feeds.downstream(asset.id, at)) if asset else 0


async def _sees_case(session: AsyncSession, actor: Actor, case: int) -> bool:
    found = await session.scalar(
        select(CaseRow.id).where(CaseRow.id == case, visible_to(actor, CaseRow))
    )
    return found is not None


async def _warnings(
    desk: Desk, device: str, signal: Signal, value: float, value_now: float | None
) -> list[Text]:
    session, warnings = desk.session, []
    if value_now is None:
        warnings.append(NO_VALUE)
    elif value_now == value:
        warnings.append(SAME_VALUE)
    reader = desk.registry.edge_of(device)
    if reader in await lost_edges(session) or await session.scalar(
        select(IncidentRow.id).where(IncidentRow.active_key == active_key(device, DEVICE_LOST))
    ):
        warnings.append(LOST)
    pending = select(CommandRow.id).where(
        CommandRow.device == device,
        CommandRow.signal == signal.key,
        CommandRow.state.in_([REQUESTED, SENT]),
    )
    if await session.scalar(pending.limit(1)) is not None:
        warnings.append(OTHER_COMMAND)
    return warnings


async def _say(
    session: AsyncSession, row: CommandRow, born: Signals, at: datetime, by: str = "kvartal"
) -> None:
    if row.case_id is None:
        return
    text = filled(
        SAYS[CommandState(row.state)],
        signal=row.signal_name,
        value=_value_of(row, born),
        why=row.result_text,
    )
    session.add(TimelineRow(case_id=row.case_id, at=at, kind="command", by=by, text=text))


def _value_of(row: CommandRow, born: Signals) -> Text | str:
    """Give the name of the state that is set or read back, or the number with its unit."""
    value = row.value if row.result_value is None else row.result_value
    for signal in born.signals_of(row.device):
        if signal.key == row.signal and value in signal.states:
            return signal.states[int(value)]
    return f"{value:g}" if row.unit == "1" else f"{value:g} {row.unit}"


async def _publish(session: AsyncSession, row: CommandRow) -> None:
    change = outbox.Change(
        topic="command",
        place_path=row.place_path,
        body=show_command(row).model_dump(mode="json"),
        executor=await session.scalar(select(CaseRow.executor).where(CaseRow.id == row.case_id)),
    )
    await outbox.publish(session, change)
