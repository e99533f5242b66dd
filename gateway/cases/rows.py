"""Between the rows of the store, the rules of core and what the API shows."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TypeVar

from core.alarm import Severity
from core.appeal import masked
from core.case import Case, CaseState
from core.category import CATEGORIES, category
from core.deadline import Deadline
from core.deadline_rule import DeadlineRules
from core.incident import Incident, Suppressed
from core.repetition import Repetition
from core.suppression import NEED_TWO, SHELVED_AT_MOST, Suppression
from core.text import Text
from gateway.api import appeal_models, case_models, deadline_models, suppression_models
from gateway.api.command_models import CommandOut
from gateway.storage.case_tables import (
    AppealRow,
    BreachRow,
    CaseClockRow,
    CaseRow,
    ClockColumns,
    CommandRow,
    EvidenceRow,
    IncidentRow,
    MergeRow,
    SuppressionRow,
    TimelineRow,
)

ClockRow = TypeVar("ClockRow", bound=ClockColumns)

HOUR = timedelta(hours=1)


def case_of(row: CaseRow, rules: DeadlineRules) -> Case:
    """Give the case with its rules."""
    return Case(
        category=category(row.category),
        rules=rules,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        state=CaseState(row.state),
        version=row.version,
        closed_at=row.closed_at,
        clocks=[clock_of(clock, rules) for clock in row.clocks],
    )


def keep_case(case: Case, row: CaseRow) -> None:
    """Put what changed into the row."""
    row.category, row.group = case.category.code, case.category.group
    row.state, row.version = case.state, case.version
    row.changed_at, row.closed_at = case.changed_at, case.closed_at
    keep_clocks(case.clocks, row.clocks, CaseClockRow)
    due = case.next_clock()
    row.due_at = due.due_at(case.changed_at) if due else None
    row.due_name = due.name if due else ""


def clock_of(row: ClockColumns, rules: DeadlineRules) -> Deadline:
    """Give the clock with its rule."""
    return Deadline(
        rule=rules.rule(row.name),
        started_at=row.started_at,
        limit=row.limit,
        paused_at=row.paused_at,
        pause_reason=row.pause_reason,
        paused_for=row.paused_for,
        extended_by=row.extended_by or timedelta(),
        halted_at=row.halted_at,
        met_at=row.met_at,
        warned=row.warned,
    )


def keep_clocks(
    clocks: Sequence[Deadline], rows: list[ClockRow], new: Callable[..., ClockRow]
) -> None:
    """Put what changed into the rows, and add a row for each clock that was started."""
    for position, clock in enumerate(clocks):
        if position == len(rows):
            rows.append(new(position=position))
        keep_clock(clock, rows[position])


def keep_clock(clock: Deadline, row: ClockColumns) -> None:
    """Put what changed into the row."""
    row.name, row.started_at, row.limit = clock.name, clock.started_at, clock.limit
    row.paused_at, row.paused_for = clock.paused_at, clock.paused_for
    row.pause_reason, row.extended_by = clock.pause_reason, clock.extended_by or None
    row.halted_at, row.met_at, row.warned = clock.halted_at, clock.met_at, clock.warned
    row.told_at = clock.next_news_at()


def incident_of(row: IncidentRow) -> Incident:
    """Give the incident with its rules."""
    return Incident(
        raised_at=row.raised_at,
        seen_at=row.seen_at,
        latching=row.latching,
        returned_at=row.returned_at,
        cleared_at=row.cleared_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        suppressed=suppressed_of(row),
    )


def suppressed_of(row: IncidentRow) -> frozenset[Suppressed]:
    """Give why nobody is told of the incident; nothing: they are."""
    return frozenset(why for why in Suppressed if getattr(row, why))


def keep_incident(incident: Incident, row: IncidentRow) -> None:
    """Put what changed into the row."""
    row.latching, row.returned_at = incident.latching, incident.returned_at
    row.cleared_at = incident.cleared_at
    row.acknowledged_at = incident.acknowledged_at
    row.acknowledged_by = incident.acknowledged_by
    for why in Suppressed:
        setattr(row, why, why in incident.suppressed)
    key = row.active_key or active_key(row.device, row.condition)
    row.active_key = key if incident.active else None


def finite(value: float | None) -> float | None:
    """Give the value, None for what JSON cannot say: a device may report NaN."""
    return value if value is not None and math.isfinite(value) else None


def active_key(device: str, condition: str, place: str = "") -> str:
    """Give what can be active only once. place: for a condition that may be so at several."""
    return f"{device}|{condition}|{place}" if place else f"{device}|{condition}"


# ---- what the API shows ---------------------------------------------------------------------


def show_case(row: CaseRow, now: datetime) -> case_models.CaseRow:
    """Give a line of the worklist."""
    return case_models.CaseRow.model_validate(_case_fields(row, now))


def show_case_detail(
    row: CaseRow,
    now: datetime,
    *,
    allowed: list[str],
    missing_proof: Iterable[dict[str, str]],
    rules: DeadlineRules,
    pause_reasons: Mapping[str, Text],
    contest: case_models.ContestOut | None,
    may_contest: bool,
    breaches: Iterable[BreachRow],
    incidents: Iterable[IncidentRow],
    appeals: Iterable[appeal_models.AppealOut],
    evidence: Iterable[EvidenceRow],
    timeline: Iterable[TimelineRow],
    merges: Iterable[tuple[MergeRow, CaseRow]],
    sortable: bool,
) -> case_models.CaseDetail:
    """Give all that is known of a case."""
    return case_models.CaseDetail.model_validate(
        _case_fields(row, now)
        | {
            "reason": row.reason,
            "allowed": allowed,
            "missing_proof": list(missing_proof),
            "deadlines": _show_clocks(row, rules, now),
            "breaches": [show_breach(breach) for breach in breaches],
            "pause_reasons": pause_reasons,
            "contest": contest,
            "may_contest": may_contest,
            "incident_list": [show_incident(incident) for incident in incidents],
            "appeal_list": list(appeals),
            "sortable": sortable,
            "merges": [
                case_models.MergeOut(
                    id=merge.id, case=case.id, title=case.title, at=merge.at, by=merge.by
                )
                for merge, case in merges
            ],
            "evidence": [show_evidence(piece) for piece in evidence],
            "timeline": [
                case_models.TimelineEntry(
                    at=entry.at, kind=entry.kind, by=entry.by, text=entry.text
                )
                for entry in timeline
            ],
        }
    )


SAME = (
    "id", "version", "state", "priority", "category", "title", "asset", "place", "address",
    "latitude", "longitude", "executor", "executor_name", "opened_at", "changed_at", "closed_at",
    "incidents", "active_incidents", "unacknowledged", "appeals", "hands", "due_at", "due_name",
    "urgent", "repeats", "nuisance", "first_out", "waits_since", "escalates_at", "escalated_to",
)  # fmt: skip

SAME_OF_INCIDENT = (
    "id", "device", "asset", "condition", "name", "text", "severity", "first_out", "raised_at",
    "raises", "fleeting", "cleared_at", "acknowledged_at", "acknowledged_by", "value", "unit",
    "cause", "consequence", "action",
)  # fmt: skip
ROOMS = ("entrance", "floor", "flat")
SAME_OF_EVIDENCE = (
    "id", "kind", "grade", "reasons", "item", "used_in", "at", "by", "text", "media_type",
)  # fmt: skip


def _case_fields(row: CaseRow, now: datetime) -> dict[str, object]:
    overdue = row.due_at is not None and now > row.due_at
    return {name: getattr(row, name) for name in SAME} | {"overdue": overdue}


def show_clock(clock: Deadline, now: datetime) -> deadline_models.DeadlineOut:
    return deadline_models.DeadlineOut(
        name=clock.name,
        label=dict(clock.rule.label),
        started_at=clock.started_at,
        due_at=clock.due_at(now),
        met_at=clock.met_at,
        halted_at=clock.halted_at,
        paused_at=clock.paused_at,
        extended=bool(clock.extended_by),
        pauses=sorted(clock.rule.pauses) if clock.is_running else [],
        source=clock.rule.source,
        breached=clock.is_breached(now),
    )


def _show_clocks(
    row: CaseRow | AppealRow, rules: DeadlineRules, now: datetime
) -> list[deadline_models.DeadlineOut]:
    return [show_clock(clock_of(clock, rules), now) for clock in row.clocks]


def show_breach(row: BreachRow) -> deadline_models.BreachOut:
    return deadline_models.BreachOut(
        name=row.name, label=row.label, due_at=row.due_at, executor_name=row.executor_name
    )


def show_incident(row: IncidentRow) -> case_models.IncidentOut:
    incident = incident_of(row)
    return case_models.IncidentOut.model_validate(
        {name: getattr(row, name) for name in SAME_OF_INCIDENT}
        | {
            "case": row.case_id,
            "still": row.still_id,
            "state": incident.state,
            "active": incident.active,
            "acknowledged": incident.acknowledged,
            "latched": incident.is_latched,
            "advice": _advice(row),
            "shelved_at_most_h": SHELVED_AT_MOST[Severity(row.severity)] / HOUR,
            "shelving_needs_two": Severity(row.severity) in NEED_TWO,
        }
    )


def repetition_of(row: IncidentRow) -> Repetition:
    """Give how the incident came and went."""
    return Repetition(raises=row.raises, **row.repetition)


def keep_repetition(repetition: Repetition, row: IncidentRow) -> None:
    """Put what changed into the row."""
    row.raises = repetition.raises
    row.repetition = {name: value for name, value in asdict(repetition).items() if name != "raises"}


def _advice(row: IncidentRow) -> case_models.AdviceOut | None:
    if row.raises == 1 and not row.fleeting:
        return None
    advice = repetition_of(row).advice
    return case_models.AdviceOut(
        on_delay_s=advice.on_delay_s,
        off_delay_s=advice.off_delay_s,
        deadband=advice.deadband if row.unit not in {"", "1"} else None,
    )


def suppression_of(row: SuppressionRow) -> Suppression:
    """Give the suppression with its rules."""
    return Suppression(
        why=Suppressed(row.why),
        device=row.device,
        condition=row.condition,
        asset=row.asset,
        below=row.below,
        since=row.since,
        until=row.until,
        reason=row.reason,
        order=row.order,
        by=row.by,
        asked_by=row.asked_by,
        confirm_until=row.confirm_until,
        confirmed_by=row.confirmed_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )


def show_suppression(row: SuppressionRow) -> suppression_models.SuppressionOut:
    return suppression_models.SuppressionOut.model_validate(
        {name: getattr(row, name) for name in suppression_models.SuppressionOut.model_fields}
    )


def show_appeal(
    row: AppealRow, photos: Iterable[int], now: datetime, rules: DeadlineRules
) -> appeal_models.AppealOut:
    """Give the appeal as staff see it."""
    return appeal_models.AppealOut(
        number=row.number,
        case=row.case_id,
        category=row.category,
        category_name=dict(category(row.category).name),
        description=row.description,
        address=row.address,
        latitude=row.latitude,
        longitude=row.longitude,
        filed_at=row.filed_at,
        channel=row.channel,
        contact=masked(row.email, row.phone),
        photos=list(photos),
        category_by=row.category_by,
        suggestions=[
            appeal_models.SuggestionOut(
                category=each["label"],
                name=dict(CATEGORIES[each["label"]].name),
                confidence=each["confidence"],
            )
            for each in row.suggestions
            if each["label"] in CATEGORIES
        ],
        # Telephones and plates stay in the words: what stands alone is easier to carry away.
        facts={name: str(row.facts[name]) for name in ROOMS if name in row.facts},
        urgent=row.urgent,
        parts=row.parts,
        fixed=row.fixed,
        deadlines=_show_clocks(row, rules, now),
    )


def show_evidence(row: EvidenceRow) -> case_models.EvidenceOut:
    return case_models.EvidenceOut.model_validate(
        {name: getattr(row, name) for name in SAME_OF_EVIDENCE}
    )


def show_command(row: CommandRow) -> CommandOut:
    return CommandOut.model_validate(
        {name: getattr(row, name) for name in CommandOut.model_fields if name != "case"}
        | {"case": row.case_id}
    )
