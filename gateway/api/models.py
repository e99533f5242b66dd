"""What goes in and out of the HTTP API, as JSON. The OpenAPI document is made from these."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[dict[str, str], Field(description="words by language, e.g. en and ru")]
Severity = Literal["low", "medium", "high", "critical"]
Priority = Severity
Role = Literal["dispatcher", "executor", "administrator", "resident"]
IncidentState = Literal["unacknowledged", "acknowledged", "returned_unacknowledged", "normal"]
CaseState = Literal["new", "routed", "accepted", "resolved", "verified", "closed"]
CommandState = Literal[
    "prepared", "requested", "sent", "confirmed", "refused", "expired", "unknown"
]


LARGEST = 2**63 - 1  # SQLite and PostgreSQL hold no larger integer
Number = Annotated[int, Field(ge=1, le=LARGEST)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(Model):
    """An error (RFC 9457). `type` ends in a stable code; `detail` says what to do."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []


# ---- who ------------------------------------------------------------------------------------


class SignIn(Model):
    token: str = Field(max_length=200)


class Me(Model):
    name: str
    role: Role
    place: str = Field(description="id of the territory; everything below it is visible")
    place_name: Text
    executor: str = Field("", description="id of the organisation that an executor works for")


# ---- the registry ---------------------------------------------------------------------------


class PlaceOut(Model):
    id: str
    kind: str
    name: Text
    parent: str | None
    latitude: float | None
    longitude: float | None


class AssetOut(Model):
    id: str
    kind: str
    name: Text
    place: str
    address: Text = Field(description="the place and what is above it, in words")
    latitude: float | None
    longitude: float | None


class SignalOut(Model):
    """A signal with its latest reading. time: of the source; quality: the byte of the reading."""

    key: str
    name: Text
    unit: str
    kind: Literal["gauge", "counter", "state"]
    writable: bool
    minimum: float | None
    maximum: float | None
    states: dict[str, Text]
    by_hand: list[int] = Field([], description="states that are set at the device alone")
    value: float | None = None
    quality: int | None = None
    time: datetime | None = None


class DeviceOut(Model):
    id: str
    name: Text
    profile: str
    family: str
    edge: str
    place: str
    online: bool | None = Field(description="None until the edge has said, and while it is away")
    reason: str = ""
    edge_online: bool = Field(description="whether the edge that reads the device is there")
    signals: list[SignalOut] = []
    last_good: datetime | None = Field(
        None, description="when a good reading came last, as far as it is known"
    )
    diagnostics: list[SignalOut] = Field([], description="what its edge tells of the link to it")


class FeedOut(Model):
    source: str
    target: str


class ServedBy(Model):
    """A device that serves an asset or served it. since, until: None where nobody said."""

    device: str
    serial: str
    since: datetime | None
    until: datetime | None


class ReplacementForm(Model):
    """What somebody did at an asset: another device in the place of the present one."""

    serial: str = Field(min_length=1, max_length=100, description="on the plate of the new one")
    device: str = Field("", max_length=64, description="id of the new one; empty: made here")
    unit: str = Field("", max_length=200, description="on its line; empty: that of the former one")
    former: str = Field("", max_length=64, description="wanted where several serve the asset")
    at: datetime | None = Field(None, description="when it was done; none: now")
    last: float | None = Field(None, description="what the former one showed last")
    first: float | None = Field(None, description="what the new one showed first")
    note: str = Field("", max_length=2000)


class ReplacementOut(Model):
    former: str
    device: str
    at: datetime
    last: float | None
    first: float | None
    note: str
    by: str
    recorded_at: datetime


class DeviceDetail(DeviceOut):
    replaces: ReplacementOut | None = Field(description="how it came into the place of another one")
    replaced_by: ReplacementOut | None = Field(description="how another one came into its place")


class AssetDetail(AssetOut):
    devices: list[DeviceOut]
    served_by: list[ServedBy] = Field(description="now and formerly, the newest first")
    replacements: list[ReplacementOut] = Field(description="the newest first")
    fed_by: list[AssetOut]
    feeds: list[AssetOut]
    cameras: list[AssetOut] = Field(description="cameras at the same place")


class MapAsset(Model):
    """An asset as a dot: the map shows its state from incidents, and `on` for a street light."""

    id: str
    kind: str
    name: Text
    place: str
    latitude: float
    longitude: float
    devices: list[str]


class MapOut(Model):
    """features: GeoJSON of streets and buildings, properties {id, kind, name, address}.

    bounds: west, south, east, north.
    """

    name: Text
    bounds: tuple[float, float, float, float]
    features: list[dict[str, object]]
    assets: list[MapAsset]


class EdgeOut(Model):
    id: str
    name: Text
    place: str
    online: bool
    seen_at: datetime | None
    software: str = ""
    revision_in_force: int | None
    revision_offered: int
    problem: str = Field("", description="why the offered configuration was not taken")
    refused: int = Field(description="messages that were not understood, and not acknowledged")
    refusal: str = Field("", description="why the last of them was not")
    parked: int = Field(description="blocks of events that make no sense and were put aside")
    devices: int
    devices_lost: int


class EnrolmentToken(Model):
    edge: str
    token: str = Field(description="good once; what `kvartal edge enrol` takes")
    ends_at: datetime


class Revoked(Model):
    edge: str
    certificates: int = Field(description="that were called back")


class AskedCertificate(Model):
    """What an edge asks with its token."""

    edge: str = Field(min_length=1, max_length=64)
    request: str = Field(max_length=10_000, description="PKCS #10 in PEM, key on P-256")
    signature: str = Field(max_length=200, description="base64; see adapters/enrolment.py")


class AskedRenewal(AskedCertificate):
    certificate: str = Field(max_length=10_000, description="the present one in PEM")


class Certified(Model):
    edge: str
    certificate: str = Field(description="PEM")
    authority: str = Field(description="PEM; signs for the broker too")
    broker: str = Field(description="URL")
    now: datetime


class Series(Model):
    """Readings of one signal, oldest first. Downsampled ones keep the lowest and the highest."""

    device: str
    signal: str
    unit: str
    time_ms: list[int]
    value: list[float | None]
    quality: list[int]
    downsampled: bool


class Totals(Model):
    """What the devices measured together, in columns, one step after the other.

    sum: of the means that the devices had in the step. mean: of all readings. devices: how many
    measured.
    """

    signal: str
    unit: str
    time_ms: list[int] = Field(description="when the step begins")
    devices: list[int]
    sum: list[float]
    mean: list[float]
    minimum: list[float]
    maximum: list[float]


# ---- incidents, appeals, cases --------------------------------------------------------------


class IncidentOut(Model):
    id: int
    case: int | None
    device: str
    asset: str
    condition: str
    name: Text
    text: Text = {}
    severity: Severity
    state: IncidentState
    active: bool
    acknowledged: bool
    first_out: bool
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    value: float | None
    unit: str = ""
    cause: Text
    consequence: Text
    action: Text
    still: int | None = Field(None, description="id of the evidence that holds the picture")


class DeadlineOut(Model):
    """A named clock: due_at moves while it is paused.

    halted_at: the work was reported done. source: the law or programme that sets the limit.
    pauses: reasons for which it may stand now.
    """

    name: str
    label: Text
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    halted_at: datetime | None
    paused_at: datetime | None
    extended: bool
    pauses: list[str]
    source: str
    breached: bool


class AppealOut(Model):
    """An appeal as staff see it: the applicant's contact is masked."""

    number: str
    case: int | None
    category: str
    category_name: Text
    description: str
    address: str
    latitude: float | None
    longitude: float | None
    filed_at: datetime
    channel: str
    contact: str = Field(description="masked")
    photos: list[int] = []
    deadlines: list[DeadlineOut] = []


class BreachOut(Model):
    """A deadline that was passed, and who had the case then; it stays whatever comes after."""

    name: str
    label: Text
    due_at: datetime
    executor_name: Text


class EvidenceOut(Model):
    id: int
    kind: Literal["photo", "still", "telemetry"]
    grade: Literal["A", "B", "C", "D"]
    at: datetime
    by: str
    text: Text = {}
    media_type: str = ""


class TimelineEntry(Model):
    at: datetime
    kind: str
    by: str
    text: Text


class CaseRow(Model):
    """A line of the worklist."""

    id: int
    version: int
    state: CaseState
    priority: Priority
    category: str
    title: Text
    asset: str | None
    place: str
    address: Text
    latitude: float | None
    longitude: float | None
    executor: str | None
    executor_name: Text = {}
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    incidents: int
    active_incidents: int
    unacknowledged: int
    appeals: int
    due_at: datetime | None
    due_name: str
    overdue: bool


class CaseDetail(CaseRow):
    reason: Text = Field(description="why it was routed there")
    allowed: list[str] = Field(description="verbs that this actor may use now")
    missing_proof: list[Text] = Field(description="what must be there before it can be closed")
    deadlines: list[DeadlineOut]
    breaches: list[BreachOut]
    pause_reasons: dict[str, Text] = Field(
        description="for which this actor may let a clock stand; none: they may not"
    )
    incident_list: list[IncidentOut]
    appeal_list: list[AppealOut]
    evidence: list[EvidenceOut]
    timeline: list[TimelineEntry]


class CaseVerb(Model):
    """version: as last seen; a case that has changed since is refused with 409."""

    version: Number
    note: str = Field("", max_length=2000)


class ClockVerb(CaseVerb):
    """What to do with one of the case's clocks. reason: one for which its rule lets it stand."""

    deadline: str = Field(max_length=40)
    reason: str = Field("", max_length=40)


class CaseNote(Model):
    note: str = Field(min_length=1, max_length=2000)


class Acknowledge(Model):
    incidents: list[Number] = Field(
        min_length=1, max_length=1000, description="those that were on the screen at the press"
    )
    comment: str = Field(
        "", max_length=500, description="for the timeline, and for the device where it keeps one"
    )


class Acknowledged(Model):
    acknowledged: list[int]


# ---- commands -------------------------------------------------------------------------------


class CommandIn(Model):
    device: str
    signal: str
    value: float
    case: Number | None = None


class CommandOut(Model):
    """A command is prepared first; it is sent only when the same person confirms it."""

    id: str
    device: str
    signal: str
    value: float
    value_now: float | None
    unit: str
    case: int | None
    state: CommandState
    warnings: list[Text] = Field(description="what to know before confirming")
    by: str
    prepared_at: datetime
    expires_at: datetime
    result_at: datetime | None = None
    result_value: float | None = None
    result_text: str = ""


# ---- the public -----------------------------------------------------------------------------


class CategoryOut(Model):
    code: str
    name: Text
    group: Text


class AppealReceipt(Model):
    number: str
    key: str = Field(description="secret with which the applicant follows the appeal")
    joined: bool = Field(description="the problem was known already")
    expected_at: datetime | None


class AppealStatus(Model):
    """What the applicant sees."""

    number: str
    state: Literal["open", "closed"]
    category_name: Text
    filed_at: datetime
    expected_at: datetime | None
    executor_name: Text = {}
    answer: Text = {}


# ---- live updates ---------------------------------------------------------------------------
# The WebSocket /api/v1/live?after=SEQ sends JSON objects told apart by `kind`.


class Hello(Model):
    """First message, and again when another revision of the registry is in force.

    resumed: everything after SEQ follows; else the client must load anew.
    """

    kind: Literal["hello"] = "hello"
    seq: int
    resumed: bool
    server_time: datetime


class Gone(Model):
    """The number of a case, with all that hangs on it, or of an incident that went to others.

    Whoever gets this could see it until now.
    """

    case: int | None = None
    incident: int | None = None


class Change(Model):
    """Something was committed. Exactly the one field named by `topic` is there."""

    kind: Literal["change"] = "change"
    seq: int
    at: datetime
    topic: Literal["case", "incident", "command", "edge", "device", "gone"]
    case: CaseRow | None = None
    incident: IncidentOut | None = None
    command: CommandOut | None = None
    edge: EdgeOut | None = None
    device: DeviceOut | None = None
    gone: Gone | None = None


class Values(Model):
    """Live readings of what was subscribed, columns of equal length; time_ms is of the source."""

    kind: Literal["values"] = "values"
    device: list[str]
    signal: list[str]
    time_ms: list[int]
    value: list[float | None]
    quality: list[int]


class Pulse(Model):
    """Every two seconds. data_age_s: since the last reading of any device reached the gateway."""

    kind: Literal["pulse"] = "pulse"
    seq: int
    server_time: datetime
    data_age_s: float | None


class Subscribe(Model):
    """Sent by the client; replaces what was subscribed before. Latest values follow at once.

    devices: all signals of these. families: one signal of all devices of a family, e.g.
    {"street_light": "on"}.
    """

    kind: Literal["subscribe"] = "subscribe"
    devices: list[str] = Field([], max_length=200)
    families: dict[str, str] = {}
