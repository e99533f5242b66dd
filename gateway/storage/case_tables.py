"""The relational schema of incidents, cases, appeals, deadlines, evidence and commands.

What a worklist shows of a case (its counts, its next deadline, its address) is kept in its row, so
that a page of thousands is one query.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Interval, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.storage.tables import Base, Counted, Identifier, PlacePath

Code = String(64)
State = String(30)


class CaseRow(Base):
    """open_key: says what the case is about while it is open, and can be there only once.

    silent: all that is known is that devices do not answer.
    touched: a person has done something about it. hands: how often it went to another executor.
    proved_at: since when telemetry shows that all its incidents are back to normal. merged_into:
    the case that took over everything. cell: where on the map it is, for what only has a place.
    urgent: core.urgency's kinds, of its appeals. repeats: how often its incidents came again
    without being new ones. nuisance: "chattering" or "fleeting" where one of them was so.
    first_out: name of the alarm that came first of them. waits_since: since when an alarm of it
    waits for an acknowledgement; escalates_at: when the next level is told of that; escalated_to:
    the highest that was, last time.
    """

    __tablename__ = "cases"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(State, index=True)
    category: Mapped[str] = mapped_column(Code)
    group: Mapped[str] = mapped_column(Code)
    severity: Mapped[str] = mapped_column(State)
    priority: Mapped[str] = mapped_column(State)
    title: Mapped[dict[str, str]]
    asset: Mapped[str | None] = mapped_column(Identifier)
    place: Mapped[str] = mapped_column(Identifier)
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)
    address: Mapped[dict[str, str]]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    executor: Mapped[str | None] = mapped_column(Identifier)
    executor_name: Mapped[dict[str, str]]
    reason: Mapped[dict[str, str]]
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    closed_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    due_name: Mapped[str] = mapped_column(Code, default="")
    incidents: Mapped[int] = mapped_column(default=0)
    active_incidents: Mapped[int] = mapped_column(default=0)
    repeats: Mapped[int] = mapped_column(default=0, server_default="0")
    nuisance: Mapped[str] = mapped_column(State, default="", server_default="")
    unacknowledged: Mapped[int] = mapped_column(default=0)
    first_out: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    waits_since: Mapped[datetime | None]
    escalates_at: Mapped[datetime | None] = mapped_column(index=True)
    escalated_to: Mapped[str] = mapped_column(State, default="", server_default="")
    appeals: Mapped[int] = mapped_column(default=0)
    silent: Mapped[bool] = mapped_column(default=False)
    touched: Mapped[bool] = mapped_column(default=False)
    hands: Mapped[int] = mapped_column(default=0, server_default="0")
    proved_at: Mapped[datetime | None]
    merged_into: Mapped[int | None] = mapped_column(Counted, ForeignKey("cases.id"))
    open_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    cell: Mapped[int | None] = mapped_column(BigInteger, index=True)
    urgent: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")

    clocks: Mapped[list["CaseClockRow"]] = relationship(
        lazy="selectin", order_by="CaseClockRow.position"
    )

    __table_args__ = (Index("ix_cases_asset_closed_at", "asset", "closed_at"),)


class ContestRow(Base):
    """A core.contest.Contest; the key lets a case have one."""

    __tablename__ = "contests"
    case_id: Mapped[int] = mapped_column(Counted, ForeignKey("cases.id"), primary_key=True)
    executor: Mapped[str] = mapped_column(Identifier)
    proposed: Mapped[str] = mapped_column(Identifier)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
    granted: Mapped[bool | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(200), default="")


class ClockColumns:
    """A core.deadline.Deadline. position: the order in which the clocks were started. told_at: when
    there is something to tell of it, a warning or its breach."""

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Code)
    started_at: Mapped[datetime]
    limit: Mapped[timedelta] = mapped_column(Interval)
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str] = mapped_column(Code, default="", server_default="")
    paused_for: Mapped[timedelta] = mapped_column(Interval)
    extended_by: Mapped[timedelta | None] = mapped_column(Interval)
    halted_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]
    warned: Mapped[int] = mapped_column(default=0, server_default="0")
    told_at: Mapped[datetime | None] = mapped_column(index=True)


class CaseClockRow(ClockColumns, Base):
    __tablename__ = "case_clocks"
    case_id: Mapped[int] = mapped_column(Counted, ForeignKey("cases.id"), primary_key=True)


class AppealClockRow(ClockColumns, Base):
    __tablename__ = "appeal_clocks"
    appeal_id: Mapped[int] = mapped_column(Counted, ForeignKey("appeals.id"), primary_key=True)


class BreachRow(Base):
    """A deadline that was passed. It stays as it was, whatever becomes of the case or the rules.

    appeal_id: whose clock it was, if not the case's. executor: who had the case then.
    """

    __tablename__ = "breaches"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    case_id: Mapped[int] = mapped_column(Counted, ForeignKey("cases.id"), index=True)
    appeal_id: Mapped[int | None] = mapped_column(Counted, ForeignKey("appeals.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(Code)
    label: Mapped[dict[str, str]]
    category: Mapped[str] = mapped_column(Code)
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    executor: Mapped[str | None] = mapped_column(Identifier)
    executor_name: Mapped[dict[str, str]]
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)


class IncidentRow(Base):
    """active_key: device and condition while it is active, and can be there only once.

    case_id: none while nobody is to be told of it: it is shelved, suppressed or out_of_service.
    annunciated_at: when people were told of it; never of what came under a cause that they knew.
    silent: it only says that nothing is heard. acknowledgeable: its device wants to hear that it
    was acknowledged. returned_at: its source is normal, although a latching one is still active.
    raises: how often it came; more than once where it chattered, the last time at again_at.
    repetition: the rest of a core.repetition.Repetition. fleeting: it was active for seconds.
    """

    __tablename__ = "incidents"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    case_id: Mapped[int | None] = mapped_column(Counted, ForeignKey("cases.id"), index=True)
    edge: Mapped[str] = mapped_column(Identifier)
    device: Mapped[str] = mapped_column(Identifier)
    asset: Mapped[str] = mapped_column(Identifier, index=True)
    condition: Mapped[str] = mapped_column(Code)
    problem: Mapped[str] = mapped_column(Code)
    name: Mapped[dict[str, str]]
    text: Mapped[dict[str, str]]
    severity: Mapped[str] = mapped_column(State)
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)
    raised_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    annunciated_at: Mapped[datetime | None] = mapped_column(index=True)
    returned_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(200))
    acknowledgeable: Mapped[bool] = mapped_column(default=False, server_default=false())
    latching: Mapped[bool] = mapped_column(default=False, server_default=false())
    silent: Mapped[bool] = mapped_column(default=False, server_default=false())
    shelved: Mapped[bool] = mapped_column(default=False, server_default=false())
    suppressed: Mapped[bool] = mapped_column(default=False, server_default=false())
    out_of_service: Mapped[bool] = mapped_column(default=False, server_default=false())
    first_out: Mapped[bool] = mapped_column(default=False)
    raises: Mapped[int] = mapped_column(default=1, server_default="1")
    again_at: Mapped[datetime | None]
    fleeting: Mapped[bool] = mapped_column(default=False, server_default=false())
    repetition: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    value: Mapped[float | None]
    unit: Mapped[str] = mapped_column(String(40))
    cause: Mapped[dict[str, str]]
    consequence: Mapped[dict[str, str]]
    action: Mapped[dict[str, str]]
    still_id: Mapped[int | None] = mapped_column(Counted, ForeignKey("evidence.id"))
    active_key: Mapped[str | None] = mapped_column(String(150), unique=True)

    case: Mapped[CaseRow | None] = relationship(lazy="raise")
    still: Mapped["EvidenceRow | None"] = relationship(lazy="raise")

    __table_args__ = (Index("ix_incidents_device_raised_at", "device", "raised_at"),)


class SuppressionRow(Base):
    """A core.suppression.Suppression. begun: its conditions know of it. asked_by: id of a user."""

    __tablename__ = "suppressions"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    why: Mapped[str] = mapped_column(State)
    device: Mapped[str] = mapped_column(Identifier)
    condition: Mapped[str] = mapped_column(Code)
    asset: Mapped[str] = mapped_column(Identifier)
    below: Mapped[bool]
    name: Mapped[dict[str, str]]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(500))
    order: Mapped[str] = mapped_column(String(100))
    by: Mapped[str] = mapped_column(String(200))
    asked_by: Mapped[str] = mapped_column(Identifier, default="", server_default="")
    confirm_until: Mapped[datetime | None] = mapped_column(index=True)
    confirmed_by: Mapped[str] = mapped_column(String(200), default="", server_default="")
    begun: Mapped[bool]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    ended_by: Mapped[str] = mapped_column(String(200))
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)


class AppealRow(Base):
    """What a resident said. number: told to everybody; of the key only the hash is stored.

    category_by: who said what it is about: empty for the applicant, "kvartal", or a person's name.
    suggestions: categories with the chance of each, the likeliest first. facts: what the message
    states, as in gateway.language.facts. parts: the troubles that it seems to tell of, if several.
    message_key: the same for the same message. part_of: the appeal from which it was taken apart.
    fixed: what the applicant answered at fixed_at, after a closing.
    """

    __tablename__ = "appeals"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[int] = mapped_column(Counted, ForeignKey("cases.id"), index=True)
    category: Mapped[str] = mapped_column(Code)
    description: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(String(300))
    place: Mapped[str] = mapped_column(Identifier)
    place_path: Mapped[str] = mapped_column(PlacePath, index=True)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    filed_at: Mapped[datetime]
    channel: Mapped[str] = mapped_column(State)
    regime: Mapped[str] = mapped_column(State, default="none", server_default="none")
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(40))
    category_by: Mapped[str] = mapped_column(String(200), default="", server_default="")
    suggestions: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list, server_default="[]"
    )
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    urgent: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    parts: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    message_key: Mapped[str | None] = mapped_column(String(70), index=True)
    part_of: Mapped[int | None] = mapped_column(Counted, ForeignKey("appeals.id"))
    fixed: Mapped[bool | None]
    fixed_at: Mapped[datetime | None]

    case: Mapped[CaseRow] = relationship(lazy="raise")
    clocks: Mapped[list[AppealClockRow]] = relationship(
        lazy="selectin", order_by=AppealClockRow.position
    )


class MergeRow(Base):
    """That one case took over another one, so that it can be undone.

    state, open_key, proved_at: of the case before. moved: numbers of its incidents, appeals and
    evidence. undone_at: since when it stands on its own again.
    """

    __tablename__ = "merges"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    case_id: Mapped[int] = mapped_column(Counted, ForeignKey("cases.id"), index=True)
    into_id: Mapped[int] = mapped_column(Counted, ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(State)
    open_key: Mapped[str | None] = mapped_column(String(200))
    proved_at: Mapped[datetime | None]
    moved: Mapped[dict[str, list[int]]] = mapped_column(JSON)
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str] = mapped_column(String(200), default="", server_default="")


class EvidenceRow(Base):
    """sha256: names the file below data_dir/evidence; empty where there is none.

    by_staff: by those who do the work, not by the applicant. reasons: for its grade. item: of the
    checklist. used_in: the case of which the same picture was evidence before.
    """

    __tablename__ = "evidence"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    case_id: Mapped[int] = mapped_column(Counted, ForeignKey("cases.id"), index=True)
    appeal_id: Mapped[int | None] = mapped_column(Counted, ForeignKey("appeals.id"), index=True)
    kind: Mapped[str] = mapped_column(State)
    grade: Mapped[str] = mapped_column(String(1))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
    by_staff: Mapped[bool]
    text: Mapped[dict[str, str]]
    media_type: Mapped[str] = mapped_column(State)
    sha256: Mapped[str] = mapped_column(String(64))
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")
    item: Mapped[str] = mapped_column(Code, default="", server_default="")
    used_in: Mapped[int | None] = mapped_column(Counted)
    place_path: Mapped[str] = mapped_column(PlacePath)

    case: Mapped[CaseRow] = relationship(lazy="raise")
    appeal: Mapped[AppealRow | None] = relationship(lazy="raise")


class TimelineRow(Base):
    """What happened to a case, in words."""

    __tablename__ = "timeline"
    id: Mapped[int] = mapped_column(Counted, primary_key=True)
    case_id: Mapped[int] = mapped_column(Counted, ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(State)
    by: Mapped[str] = mapped_column(String(200))
    text: Mapped[dict[str, str]]


class CommandRow(Base):
    """A core.command.Command with what it is about. by_id: who alone can confirm it."""

    __tablename__ = "commands"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[int | None] = mapped_column(Counted, ForeignKey("cases.id"), index=True)
    edge: Mapped[str] = mapped_column(Identifier)
    device: Mapped[str] = mapped_column(Identifier)
    signal: Mapped[str] = mapped_column(Code)
    signal_name: Mapped[dict[str, str]]
    value: Mapped[float]
    value_now: Mapped[float | None]
    unit: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(State, index=True)
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    by_id: Mapped[str] = mapped_column(Identifier)
    by: Mapped[str] = mapped_column(String(200))
    place_path: Mapped[str] = mapped_column(PlacePath)
    prepared_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    requested_at: Mapped[datetime | None]
    result_at: Mapped[datetime | None]
    result_value: Mapped[float | None]
    result_text: Mapped[str] = mapped_column(String(500), default="")


class AcknowledgementRow(Base):
    """An acknowledgement that is to be told to the device. state: a core.command.CommandState."""

    __tablename__ = "acknowledgements"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    incident_id: Mapped[int] = mapped_column(Counted, ForeignKey("incidents.id"), index=True)
    edge: Mapped[str] = mapped_column(Identifier)
    state: Mapped[str] = mapped_column(State, index=True)
    by: Mapped[str] = mapped_column(String(200))
    comment: Mapped[str] = mapped_column(String(500))
    expires_at: Mapped[datetime]

    incident: Mapped[IncidentRow] = relationship(lazy="raise")
