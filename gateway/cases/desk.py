"""The desk on which one transaction works on cases: it loads what the work may touch, keeps it in
memory, and at the end writes everything and says what changed.

Both ways in meet here. An incident and an appeal look for the open case of their problem at their
place, and open and route a new one where there is none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.alarm import Severity
from core.case import Case, CaseState
from core.category import UNCLEAR, Category, category
from core.evidence import EvidenceKind, grade
from core.incident import Suppressed
from core.position import Position
from core.priority import is_worse, people_behind, priority, worse
from core.proof import Proof
from core.registry import Asset
from core.route import Trouble
from core.routing import Routing
from core.suppression import Suppression, suppressed_by
from core.text import Text, filled
from core.urgency import SEVERITY, Urgency
from gateway.cases.affected import Area
from gateway.cases.cells import cell_of
from gateway.cases.changes import Changes
from gateway.cases.reach import Reach
from gateway.cases.rows import case_of, keep_case, suppression_of
from gateway.cases.waiting import reckon
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.case_tables import (
    AppealRow,
    CaseRow,
    EvidenceRow,
    IncidentRow,
    SuppressionRow,
)

SYSTEM = "kvartal"  # who does what no person did
SHORTLY_BEFORE = timedelta(minutes=5)  # a lamp may be missed before its cabinet is
OPEN_TO_ABSORB = frozenset({CaseState.NEW, CaseState.ROUTED})
REPORTED = frozenset({CaseState.RESOLVED, CaseState.VERIFIED})

OPENED: Text = {"ru": "Заявка открыта: {title}", "en": "Opened: {title}"}
RAISED: Text = {"ru": "Сработало: {name}", "en": "Raised: {name}"}
CLEARED: Text = {"ru": "Снова в норме: {name}", "en": "Back to normal: {name}"}
CAME_AGAIN: Text = {"ru": "Снова в работе: опять {name}", "en": "Reopened: {name} again"}
RECOVERED: Text = {
    "ru": "Закрыто: устройства снова отвечают, вмешательство не потребовалось",
    "en": "Closed: the devices answer again, nobody had to do anything",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a case is to be about. asset: None where nothing but a place is known. spot: its
    position where that is exact, so that what is near may be the same. since: when it was opened,
    if not now. routing: whose it is, where the routing table need not say."""

    category: Category
    severity: Severity
    title: Text
    key: str
    place: str
    address: Text
    position: Position | None
    asset: Asset | None = None
    spot: Position | None = None
    since: datetime | None = None
    silent: bool = False
    routing: Routing | None = None


class Desk:
    """Lives for one transaction. Get it from `open_desk`, `load`, work, then `finish`."""

    def __init__(self, session: AsyncSession, now: datetime, registry: RegistrySnapshot) -> None:
        self.session = session
        self.now = now
        self.registry = registry
        self.rules = registry.deadlines.rules
        self._open: dict[str, CaseRow] = {}
        self._by_asset: dict[str | None, dict[str, CaseRow]] = {}
        self._changes = Changes()
        self._suppressions: Sequence[Suppression] = ()

    async def load(self, reach: Reach) -> None:
        """Take the open cases that the work may touch, and what nobody is to be told of."""
        for wanted in reach.queries():
            is_open = select(CaseRow).where(CaseRow.open_key.is_not(None))
            for row in await self.session.scalars(is_open.where(wanted)):
                self.take(row)
        standing = await self.session.scalars(
            select(SuppressionRow).where(SuppressionRow.ended_at.is_(None))
        )
        self._suppressions = [suppression_of(row) for row in standing]

    def suppressed(self, incident: IncidentRow) -> frozenset[Suppressed]:
        """Give why nobody is to be told of an incident now; nothing: it is to be told."""
        return suppressed_by(
            self._suppressions,
            self.now,
            device=incident.device,
            condition=incident.condition,
            severity=Severity(incident.severity),
            asset=incident.asset,
            feeding=self.registry.feeds.upstream(incident.asset, self.now),
        )

    def take(self, row: CaseRow) -> None:
        """Put a loaded open case on the desk."""
        if row.open_key is not None:
            self._open[row.open_key] = row
            self._by_asset.setdefault(row.asset, {})[row.open_key] = row

    def put_away(self, row: CaseRow) -> None:
        """Take a case that is not open any more off the desk."""
        if row.open_key is not None:
            del self._open[row.open_key], self._by_asset[row.asset][row.open_key]
            row.open_key = None

    def open_cases(self, assets: Iterable[str | None]) -> list[CaseRow]:
        """Give the open cases of these assets; None stands for those that only have a place."""
        return [row for asset in assets for row in self._by_asset.get(asset, {}).values()]

    def case_with(self, key: str) -> CaseRow | None:
        """Give the open case with this key."""
        return self._open.get(key)

    def give_asset(self, row: CaseRow, asset: Asset, key: str) -> None:
        """Take that a case which only had a place is about this asset."""
        self.put_away(row)
        row.asset, row.open_key = asset.id, key
        self.take(row)

    def open_case(self, subject: Subject) -> CaseRow:
        """Give the open case with this key, or open and route a new one."""
        if (known := self._open.get(subject.key)) is not None:
            return known
        since = subject.since or self.now
        case = Case.opened(subject.category, self.rules, since)
        row = CaseRow(
            title=dict(subject.title),
            asset=subject.asset.id if subject.asset else None,
            place=subject.place,
            place_path=self.registry.path_of(subject.place),
            address=dict(subject.address),
            latitude=subject.position[0] if subject.position else None,
            longitude=subject.position[1] if subject.position else None,
            severity=subject.severity,
            priority=subject.severity,
            opened_at=since,
            incidents=0,
            active_incidents=0,
            unacknowledged=0,
            appeals=0,
            hands=0,
            repeats=0,
            nuisance="",
            first_out={},
            escalated_to="",
            silent=subject.silent,
            touched=False,
            open_key=subject.key,
            cell=cell_of(subject.spot) if subject.spot else None,
            urgent=[],
            executor_name={},
            reason={},
            clocks=[],
        )
        self.session.add(row)
        self.take(row)
        self.say(row, "opened", OPENED, title=subject.title)
        if subject.routing is not None:
            self.give(case, row, subject.routing)
        elif subject.category.code != UNCLEAR:  # else a person says what it is, and so whose
            self.route(case, row)
        keep_case(case, row)
        return row

    def route(self, case: Case, row: CaseRow) -> None:
        """Give a case to whom the routing table says."""
        asset = self.registry.assets.get(row.asset or "")
        self.give(case, row, self._routing(case, row, asset.owner if asset else ""))

    def give(self, case: Case, row: CaseRow, routing: Routing) -> None:
        """Give a case to an executor; to the one who had it, it is gone."""
        case.route(self.now)
        if row.executor is not None:
            self._changes.goes_from(row, row.executor)
            row.hands += row.executor != routing.executor.id
        row.executor, row.executor_name = routing.executor.id, dict(routing.executor.name)
        row.reason = dict(routing.reason)
        self.say(row, "routed", routing.reason)

    def record(self, incident: IncidentRow) -> None:
        """Keep an incident of which nobody is to be told."""
        self.session.add(incident)
        self.touch_incident(incident)

    def add_incident(self, row: CaseRow, incident: IncidentRow) -> None:
        """Hang an incident on a case, which becomes as bad as it.

        People are told of it unless it only adds to what they know: the cause of the case, active,
        and no better.
        """
        self.record(incident)
        incident.case = row
        incident.first_out = row.incidents == 0
        if incident.first_out:
            row.first_out = dict(incident.name)
        adds = row.active_incidents > 0 and row.state not in REPORTED
        if not adds or is_worse(Severity(incident.severity), Severity(row.severity)):
            incident.annunciated_at = self.now
        row.incidents += 1
        row.silent &= incident.silent
        row.unacknowledged += 1
        row.active_incidents += incident.cleared_at is None
        row.proved_at = None
        severity, found = Severity(incident.severity), category(incident.problem)
        if is_worse(severity, Severity(row.severity)):
            row.title = dict(incident.name)
            case = case_of(row, self.rules)
            case.worsen(found, self.now)
            keep_case(case, row)
        row.severity = worse(severity, Severity(row.severity))
        if row.state in REPORTED:
            self.came_again(row, incident.name)
        self.say(row, "raised", RAISED, name=incident.name)

    def add_appeal(self, row: CaseRow, appeal: AppealRow) -> None:
        """Hang an appeal on a case."""
        appeal.case = row
        self.session.add(appeal)
        row.appeals += 1
        row.urgent = [kind for kind in Urgency if kind in {*row.urgent, *appeal.urgent}]
        self.touch(row)

    def clear_incident(self, incident: IncidentRow, proof: Text, at: datetime) -> None:
        """Take that an incident has returned to normal; the last one of its case proves that.

        Of one that chatters nothing is said each time, and nobody knows that all is well again.
        """
        self.touch_incident(incident)
        row = incident.case
        if row is None:
            return
        row.active_incidents -= 1
        if incident.raises > 1:
            self.touch(row)
            row.proved_at = self.now if row.active_incidents == 0 else None
            return
        self.say(row, "cleared", CLEARED, name=incident.name)
        if category(incident.problem).release is not None:
            case = case_of(row, self.rules)
            case.released(self.now)
            keep_case(case, row)
        if row.active_incidents == 0:
            self.prove(row, proof, at)
            if row.silent and not row.touched and not row.appeals and row.state == CaseState.ROUTED:
                self._close_recovered(row)

    def prove(self, row: CaseRow, text: Text, at: datetime) -> None:
        """Take that telemetry of that time shows the return to normal."""
        row.proved_at = self.now
        self.show(row, text, at)

    def show(self, row: CaseRow, text: Text, at: datetime, **values: Text | str) -> None:
        """Add what telemetry said at that time as evidence of the highest grade."""
        self.session.add(
            EvidenceRow(
                case=row,
                kind=EvidenceKind.TELEMETRY,
                grade=grade(EvidenceKind.TELEMETRY),
                at=at,
                by=SYSTEM,
                by_staff=True,
                text=filled(text, **values) if values else dict(text),
                media_type="",
                sha256="",
                place_path=row.place_path,
            )
        )

    def say(
        self, row: CaseRow, kind: str, text: Text, by: str = SYSTEM, **values: Text | str
    ) -> None:
        """Write a line of the case's timeline."""
        self.touch(row)
        said = {"at": self.now, "kind": kind, "by": by, "text": filled(text, **values)}
        self._changes.said(row, said)

    def has_same_home(self, place_path: str, other: str) -> bool:
        """Tell whether two places are of one municipality, so that the same people see both."""
        home = self.registry.municipality_of
        return home(place_path) == home(other)

    @staticmethod
    def position(row: CaseRow) -> Position | None:
        if row.latitude is None or row.longitude is None:
            return None
        return row.latitude, row.longitude

    @classmethod
    def spot(cls, row: CaseRow) -> Position | None:
        """Give where a case is, if that is exact."""
        return cls.position(row) if row.cell is not None else None

    def touch(self, row: CaseRow) -> None:
        """Remember that the case has changed."""
        self._changes.case(row)

    def moves(self, incident: IncidentRow, former_executor: str | None) -> None:
        """Remember that the incident comes to another case; to who had it, it is gone."""
        self._changes.goes_from(incident, former_executor)
        self.touch_incident(incident)

    def touch_incident(self, incident: IncidentRow) -> None:
        """Remember that the incident has changed."""
        self._changes.incident(incident)

    async def finish(self) -> None:
        """Write everything and publish each changed case and incident once."""
        for row in self._changes.cases:
            row.changed_at = self.now
            row.priority = self._priority(row)
            reckon(self.registry.escalations, row, self.now)
        await self._changes.publish(self.session, self.now)

    def _priority(self, row: CaseRow) -> Severity:
        asset = self.registry.assets.get(row.asset or "")
        kinds = [one.kind for one in Area(self.registry, asset, self.now).assets] if asset else []
        said = [SEVERITY[Urgency(kind)] for kind in row.urgent]
        return reduce(
            worse, said, priority(Severity(row.severity), people_behind(kinds, row.appeals))
        )

    def _routing(self, case: Case, row: CaseRow, owner: str) -> Routing:
        trouble = Trouble(
            code=case.category.code,
            place_path=row.place_path,
            owner=owner,
            severity=Severity(row.severity),
            at=self.now,
        )
        return self.registry.routing.route(trouble)

    def came_again(self, row: CaseRow, name: Text) -> None:
        """Take a case that was reported done back into work."""
        case = case_of(row, self.rules)
        case.reopen(self.now)
        keep_case(case, row)
        self.say(row, "reopened", CAME_AGAIN, name=name)

    def _close_recovered(self, row: CaseRow) -> None:
        """Close what nobody had to do anything about: all of its devices are heard again."""
        case = case_of(row, self.rules)
        case.accept(self.now)
        case.resolve(self.now)
        case.close(self.now, Proof(incidents=row.incidents, returned=True))
        keep_case(case, row)
        self.put_away(row)
        self.say(row, "closed", RECOVERED)


async def open_desk(session: AsyncSession, now: datetime, registry: RegistrySnapshot) -> Desk:
    """Give a desk. Two never open the same case, for a transaction has its turn."""
    return Desk(session, now, registry)
