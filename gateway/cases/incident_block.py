"""The incidents that one block of events raises, clears and acknowledges."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from adapters.wire import ActiveSet, Condition
from core.clock import to_datetime
from core.incident import Incident
from core.registry import Asset
from core.repetition import CHATTERS_WITHIN, Repetition
from core.text import Text, filled
from gateway.cases import acknowledgements, latching, repetitions
from gateway.cases.desk import SYSTEM, Desk
from gateway.cases.facts import OWN, Fact
from gateway.cases.folding import Line, case_for, device_key, fold_below
from gateway.cases.meaning import DEVICE_LOST, Births, Meaning, meaning_of
from gateway.cases.reach import Reach
from gateway.cases.rows import active_key, incident_of, keep_incident, keep_repetition
from gateway.storage.case_tables import CaseRow, EvidenceRow, IncidentRow
from gateway.storage.series_tables import BornDeviceRow

log = structlog.get_logger()

MANY_LOST = 5  # devices of one line in one block: it is the line that is lost
MOST_NAME = 100  # characters of a name that a device tells
MUNICIPALITY = 2  # levels of a place's path, the region being the first

PROVED: Text = {
    "ru": "{name}: снова в норме{value}",
    "en": "{name}: back to normal{value}",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a device stands for at a moment."""

    asset: Asset | None
    place: str


class Block:
    """The incidents that one block of events is about, on a desk of cases."""

    def __init__(self, desk: Desk, edge: str, births: Births) -> None:
        self.desk = desk
        self._session = desk.session
        self._now = desk.now
        self._registry = desk.registry
        self._edge = edge
        self._births = births
        self._active: dict[str, IncidentRow] = {}
        self._lately: dict[str, list[IncidentRow]] = {}  # returned to normal, in their order
        self._raised: set[tuple[str, datetime]] = set()
        self._lost: Counter[Line] = Counter()
        self._once_read: dict[str, bool] = {}  # devices that another edge reads now
        self._meanings: dict[tuple[str, str, str], Meaning] = {}

    async def load(self, about: Sequence[Fact], *, full: bool = False) -> None:
        """Read what is known of the devices of these facts, and the cases that they may touch.

        full: of every device.
        """
        if not about and not full:
            return
        await self.desk.load(await self._reach(about))
        times = {fact.at for fact in about if fact.restated or fact.transient}
        came = [fact.at for fact in about if fact.active and not fact.transient]
        theirs = and_(
            IncidentRow.device.in_({fact.device for fact in about}),
            or_(
                IncidentRow.active_key.is_not(None),
                IncidentRow.raised_at.in_(times),
                IncidentRow.again_at.in_(times),
                IncidentRow.cleared_at >= min(came, default=self._now) - CHATTERS_WITHIN,
            ),
        )
        wanted = or_(theirs, IncidentRow.active_key.is_not(None)) if full else theirs
        for row in await self._session.scalars(
            select(IncidentRow)
            .where(wanted)
            .options(joinedload(IncidentRow.case))
            .order_by(IncidentRow.id)
        ):
            self._know(row)

    async def _reach(self, about: Sequence[Fact]) -> Reach:
        reach = Reach(self._registry, self._now)
        for fact in about:
            asset = self.subject(fact).asset
            if fact.active and asset is not None:
                reach.add(asset)
            elif fact.active:
                meaning = await self.meaning(fact, "")
                reach.keys.add(device_key(fact.device, meaning.category.group))
            if line := self._line(fact):
                self._lost[line] += 1
        reach.keys |= {line.key for line in self._lost}
        return reach

    def _line(self, fact: Fact) -> Line | None:
        """Give the line on which a device was lost."""
        device = self._registry.devices.get(fact.device)
        if device is None or not fact.active or fact.condition != DEVICE_LOST:
            return None
        above = self._registry.path_of(device.place).split("/")[:-1]
        return Line(device.endpoint, above[:MUNICIPALITY][-1])

    def _line_of(self, fact: Fact) -> Line | None:
        """Give the line where it, not the device, seems to be in trouble."""
        line = self._line(fact)
        if line is None:
            return None
        is_lost = self._lost[line] >= MANY_LOST or self.desk.case_with(line.key) is not None
        return line if is_lost else None

    def _know(self, row: IncidentRow) -> None:
        key = active_key(row.device, row.condition)
        self._raised |= {(key, row.raised_at), (key, row.again_at or row.raised_at)}
        if row.cleared_at is None:
            self._active[key] = row
        elif row.cleared_at > row.raised_at:  # a finding without duration cannot chatter
            self._lately.setdefault(key, []).append(row)
        if row.case is not None:
            self.desk.take(row.case)

    def subject(self, fact: Fact) -> Subject:
        """Give the asset that the device served then; a device that is gone counts for its edge,
        one of an edge that is gone for the whole region."""
        asset = self._registry.asset_of(fact.device, fact.at)
        if asset is not None:
            return Subject(asset, asset.place)
        known = self._registry.devices.get(fact.device) or self._registry.edges.get(self._edge)
        return Subject(None, known.place if known else next(iter(self._registry.places)))

    def is_news(self, fact: Fact) -> bool:
        """Tell whether a raise is not known yet. What is restated, or has no duration, is known by
        its time: a killed edge may restate what it had cleared, and see the same finding again."""
        key = active_key(fact.device, fact.condition)
        if (row := self._active.get(key)) is not None:
            row.edge = self._edge
            if row.returned_at is not None:
                latching.come_again(self.desk, row)
            return False
        return not (fact.restated or fact.transient) or (key, fact.at) not in self._raised

    def adds(self, fact: Fact) -> bool:
        """Tell whether a raise only adds to an incident that chatters, and count it there."""
        key = active_key(fact.device, fact.condition)
        near = [
            row
            for row in self._lately.get(key, ())
            if row.cleared_at is not None and abs(fact.at - row.cleared_at) <= CHATTERS_WITHIN
        ]
        row = None if fact.transient else repetitions.adds_to(self.desk, near, fact.at)
        if row is None:
            return False
        repetitions.come_again(self.desk, row, fact.at, fact.value)
        self._lately[key].remove(row)
        self._know(row)
        return True

    async def meaning(self, fact: Fact, asset_kind: str) -> Meaning:
        """Give what the condition means, asked once a block for all devices of a profile."""
        device = self._registry.devices.get(fact.device)
        key = (device.profile if device else fact.device, fact.condition, asset_kind)
        if key not in self._meanings:
            self._meanings[key] = await meaning_of(
                self._session, self._births, fact.device, fact.condition, asset_kind
            )
        return self._meanings[key]

    async def raise_(self, fact: Fact, subject: Subject, meaning: Meaning, still: str) -> None:
        """Open an incident and hang it on the case of its problem."""
        asset = subject.asset
        incident = IncidentRow(
            edge=self._edge,
            device=fact.device,
            asset=asset.id if asset else "",
            condition=fact.condition,
            problem=meaning.category.code,
            name=dict(meaning.name),
            text=dict(fact.text),
            severity=meaning.severity,
            place_path=self._registry.path_of(subject.place),
            raised_at=fact.at,
            seen_at=self._now,
            value=fact.value,
            unit=meaning.unit,
            cause=dict(meaning.cause),
            consequence=dict(meaning.consequence),
            action=dict(meaning.action),
            silent=meaning.silent,
            acknowledgeable=meaning.acknowledgeable,
        )
        raised = Incident.raised(
            fact.at,
            self._now,
            transient=fact.transient,
            latching=meaning.latching and not fact.transient,
            suppressed=self.desk.suppressed(incident),
        )
        keep_incident(raised, incident)
        keep_repetition(Repetition().saw(fact.value), incident)
        if raised.suppressed:
            incident.case = None  # asked for, so that nobody loads it
            self.desk.record(incident)
            self._know(incident)
            return
        case = case_for(self.desk, incident, asset, subject.place, self._line_of(fact))
        self.desk.add_incident(case, incident)
        if still:
            incident.still = self._still(case, incident, fact.at, still)
        await fold_below(self.desk, case, incident, asset)
        self._know(incident)
        if fact.transient and case.active_incidents == 0:
            self.desk.prove(case, _proof(incident, fact), fact.at)

    def clear(self, fact: Fact) -> None:
        """Take that the condition is over, unless it is known."""
        key = active_key(fact.device, fact.condition)
        row = self._active.get(key)
        if row is None or row.returned_at is not None:
            return
        keep_incident(incident_of(row).cleared(fact.at), row)
        if row.cleared_at is None:
            latching.say_returned(self.desk, row)
            return
        repetitions.go(row, row.cleared_at, fact.value)
        del self._active[key]
        self._know(row)
        self.desk.clear_incident(row, _proof(row, fact), fact.at)

    async def acknowledge(self, event: Condition) -> None:
        """Take that somebody has acknowledged at the device itself what it raised last."""
        row = self._active.get(active_key(event.device, event.condition))
        row = row or await self._session.scalar(
            select(IncidentRow)
            .where(IncidentRow.device == event.device, IncidentRow.condition == event.condition)
            .options(joinedload(IncidentRow.case))
            .order_by(IncidentRow.id.desc())
            .limit(1)
        )
        if row is None or row.acknowledged_at is not None:
            return  # mostly by ourselves
        by = f"{event.by[:MOST_NAME]} ({event.device})" if event.by else event.device
        acknowledgements.acknowledge(self.desk, row, by, acknowledgements.AT_DEVICE)

    def clear_others(self, event: ActiveSet) -> None:
        """Clear what this edge does not report as active: its clear was lost."""
        reported = {active_key(one.device, one.condition) for one in event.conditions}
        for key, row in list(self._active.items()):
            told_by_us = row.condition in OWN
            if key not in reported and self._is_mine(row) and not told_by_us:
                self.clear(
                    Fact(
                        device=row.device,
                        condition=row.condition,
                        active=False,
                        at=to_datetime(event.time),
                    )
                )

    async def may_tell_of(self, device: str) -> bool:
        """Tell whether this edge reads the device, or has read it: its spool may be long.

        What the registry does not have is nobody else's.
        """
        registry = self._registry
        if device not in registry.devices or registry.edge_of(device) == self._edge:
            return True
        if device not in self._once_read:
            born = BornDeviceRow.device == device, BornDeviceRow.edge == self._edge
            found = await self._session.scalar(select(BornDeviceRow.id).where(*born).limit(1))
            self._once_read[device] = found is not None
            if found is None:
                log.warning("edge tells of another's device", edge=self._edge, device=device)
        return self._once_read[device]

    def _is_mine(self, row: IncidentRow) -> bool:
        """Tell whether this edge speaks for the device: it reads it now, or nobody else does."""
        if row.device in self._registry.devices:
            return self._registry.edge_of(row.device) == self._edge
        return row.edge == self._edge

    def _still(
        self, case: CaseRow, incident: IncidentRow, at: datetime, sha256: str
    ) -> EvidenceRow:
        return EvidenceRow(
            case=case,
            kind="still",
            grade="A",
            at=at,
            by=SYSTEM,
            by_staff=False,
            text=dict(incident.name),
            media_type="image/jpeg",
            sha256=sha256,
            place_path=incident.place_path,
        )


def _proof(incident: IncidentRow, fact: Fact) -> Text:
    told = fact.value is not None and incident.unit != "1"  # "1": a state, whose code says nothing
    value = f", {fact.value:g} {incident.unit}".rstrip() if told else ""
    return filled(PROVED, name=incident.name, value=value)
