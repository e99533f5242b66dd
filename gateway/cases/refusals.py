"""What an edge or a store does not get through, as an incident: once, however much it is."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.category import CATEGORIES
from core.registry import Edge
from core.text import Text, filled
from gateway.cases.desk import Desk
from gateway.cases.edge_loss import missed_at
from gateway.cases.trouble import Trouble, clear_troubles, raise_troubles
from gateway.storage.case_tables import IncidentRow

REFUSED = "data_refused"
STORE = "store"  # stands where an incident of an edge has the edge
PROBLEM = CATEGORIES["device.refused"]

EDGE_NAME: Text = {
    "ru": "Данные узла «{edge}» не приняты",
    "en": "What edge “{edge}” sends is refused",
}
EDGE_CAUSE: Text = {
    "ru": "Узел присылает то, чего сервер не понимает: другая версия программы или ошибка в ней",
    "en": "The edge sends what the gateway does not understand: another version, or a bug of one",
}
EDGE_CONSEQUENCE: Text = {
    "ru": "Часть показаний или тревог узла не видна; непонятые события отложены в файлы",
    "en": "Some of its readings or alarms are not seen; events that make no sense are put aside",
}
EDGE_ACTION: Text = {
    "ru": "Обновите узел или сервер до одной версии. Отложенные файлы лежат в папке parked данных "
    "сервера: разберите их и удалите",
    "en": "Bring edge and gateway to one version. What was put aside lies in the folder parked of "
    "the gateway's data: look at the files and remove them",
}
STORE_NAME: Text = {
    "ru": "Хранилище не приняло часть показаний",
    "en": "The store of readings refused some",
}
STORE_CAUSE: Text = {
    "ru": "Тип поля в хранилище другой, или показания старше, чем оно хранит",
    "en": "A field has another type in the store, or the readings are older than it keeps",
}
STORE_CONSEQUENCE: Text = {
    "ru": "Этих показаний нет на графиках; они отложены в файлы и не потеряны",
    "en": "These readings are on no chart; they are put aside in files, and not lost",
}
STORE_ACTION: Text = {
    "ru": "Причина — в журнале сервера. Устраните её, отправьте файлы из папки refused-readings в "
    "хранилище и удалите их",
    "en": "The gateway's log says why. Mend it, send the files of the folder refused-readings to "
    "the store, and remove them",
}
OVER: Text = {
    "ru": "{name}: больше ничего не отклоняется и не отложено",
    "en": "{name}: nothing is refused any more, and nothing lies aside",
}

IS_REFUSED = and_(IncidentRow.condition == REFUSED, IncidentRow.cleared_at.is_(None))


async def refused_ones(session: AsyncSession) -> set[str]:
    """Give the edges, and the store, of which something counts as refused."""
    return set(await session.scalars(select(IncidentRow.device).where(IS_REFUSED)))


async def raise_refusals(desk: Desk, who: Collection[str]) -> None:
    """Open an incident and a case for each: of an edge, wherever its devices are."""
    registry, now = desk.registry, desk.now
    edges = [edge for one in who if (edge := registry.edges.get(one))]
    refusals = [
        _of_edge(edge, place, now) for edge in edges for place in missed_at(registry, edge, now)
    ]
    if STORE in who:
        refusals.append(_of_store(next(iter(registry.places)), now))
    await raise_troubles(desk, refusals)


async def clear_refusals(desk: Desk, who: Collection[str]) -> None:
    """Take that nothing of these is refused any more."""
    await clear_troubles(desk, and_(IncidentRow.device.in_(who), IS_REFUSED), OVER)


def _of_edge(edge: Edge, place: str, since: datetime) -> Trouble:
    return Trouble(
        who=edge.id,
        edge=edge.id,
        place=place,
        since=since,
        condition=REFUSED,
        problem=PROBLEM,
        name=filled(EDGE_NAME, edge=edge.name),
        cause=EDGE_CAUSE,
        consequence=EDGE_CONSEQUENCE,
        action=EDGE_ACTION,
    )


def _of_store(place: str, since: datetime) -> Trouble:
    return Trouble(
        who=STORE,
        edge="",
        place=place,
        since=since,
        condition=REFUSED,
        problem=PROBLEM,
        name=STORE_NAME,
        cause=STORE_CAUSE,
        consequence=STORE_CONSEQUENCE,
        action=STORE_ACTION,
    )
