"""What the gateway finds out about an edge or a store, not about a device, as incidents of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from sqlalchemy.sql import ColumnElement

from core.category import Category
from core.incident import Incident
from core.text import Text, filled
from gateway.cases.desk import Desk, Subject
from gateway.cases.reach import Reach
from gateway.cases.rows import active_key, incident_of, keep_incident
from gateway.storage.case_tables import IncidentRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """who: the edge, or the store, that has it. edge: empty where it is of none. name: of the
    incident and of its case."""

    who: str
    edge: str
    place: str
    since: datetime
    condition: str
    problem: Category
    name: Text
    cause: Text
    consequence: Text
    action: Text

    @property
    def key(self) -> str:
        """Of its open case."""
        return f"{self.condition}:{self.who}:{self.place}"


async def raise_troubles(desk: Desk, troubles: Sequence[Trouble]) -> None:
    """Open an incident of each, and a case for it."""
    reach = Reach(desk.registry, desk.now)
    reach.keys |= {trouble.key for trouble in troubles}
    await desk.load(reach)
    for trouble in troubles:
        _raise(desk, trouble)


def _raise(desk: Desk, trouble: Trouble) -> None:
    registry, place = desk.registry, trouble.place
    incident = IncidentRow(
        edge=trouble.edge,
        device=trouble.who,
        asset="",
        condition=trouble.condition,
        problem=trouble.problem.code,
        name=dict(trouble.name),
        text={},
        severity=trouble.problem.severity,
        place_path=registry.path_of(place),
        raised_at=trouble.since,
        seen_at=desk.now,
        unit="",
        silent=True,
        cause=dict(trouble.cause),
        consequence=dict(trouble.consequence),
        action=dict(trouble.action),
        active_key=active_key(trouble.who, trouble.condition, place),
    )
    raised = Incident.raised(trouble.since, desk.now, suppressed=desk.suppressed(incident))
    keep_incident(raised, incident)
    if raised.suppressed:
        incident.case = None  # asked for, so that nobody loads it
        desk.record(incident)
        return
    case = desk.open_case(
        Subject(
            category=trouble.problem,
            severity=trouble.problem.severity,
            title=incident.name,
            key=trouble.key,
            place=place,
            address=registry.address_of(place),
            position=registry.position_of_place(place),
            silent=True,
        )
    )
    desk.add_incident(case, incident)


async def clear_troubles(desk: Desk, which: ColumnElement[bool], proof: Text) -> None:
    """Take that these incidents are over. proof: what shows it, with a {name}."""
    query = select(IncidentRow).where(which).options(joinedload(IncidentRow.case))
    for row in await desk.session.scalars(query):
        if row.case is not None:
            desk.take(row.case)
        keep_incident(incident_of(row).cleared(desk.now), row)
        desk.clear_incident(row, filled(proof, name=row.name), desk.now)
