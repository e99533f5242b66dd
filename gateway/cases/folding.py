"""Which case an incident belongs to: one cause is one case, however many devices complain of it.

Of a cascade the incident that opened the case is marked as the first-out. Where lamps were missed
before their cabinet was, the mark goes to the cabinet: what feeds the others is the cause.
"""

from dataclasses import dataclass

from core.alarm import Severity
from core.category import category, group_of
from core.priority import is_worse
from core.registry import Asset
from core.text import Text, filled
from gateway.cases.affected import Area
from gateway.cases.desk import Desk, Subject
from gateway.cases.meaning import SILENT
from gateway.cases.merging import absorb
from gateway.storage.case_tables import CaseRow, IncidentRow

LINE_SILENT: Text = {"ru": "Молчит линия {line}", "en": "The line {line} is silent"}


@dataclass(frozen=True, slots=True)
class Line:
    """The devices of one endpoint in one municipality: many lost at once are one trouble."""

    endpoint: str
    place: str

    @property
    def key(self) -> str:
        return f"line:{self.endpoint}|{self.place}"


def case_for(
    desk: Desk,
    incident: IncidentRow,
    asset: Asset | None,
    place: str,
    line: Line | None = None,
) -> CaseRow:
    """Give the case of this asset's problem, of what feeds it, of its line, or a new one."""
    found = category(incident.problem)
    group = found.group
    if asset is not None:
        if (own := desk.case_with(asset_key(asset.id, group))) is not None:
            return own
        if (cause := _cause(desk, asset, incident)) is not None:
            return cause
    if line is not None:
        return _case_of_line(desk, line)
    if asset is not None and (waiting := _complaint(desk, asset, group)) is not None:
        desk.give_asset(waiting, asset, asset_key(asset.id, group))
        return waiting
    registry = desk.registry
    return desk.open_case(
        Subject(
            category=found,
            severity=Severity(incident.severity),
            title=incident.name,
            key=asset_key(asset.id, group) if asset else device_key(incident.device, group),
            place=place,
            address=registry.address_of(place),
            position=registry.position_of(asset) if asset else registry.position_of_place(place),
            asset=asset,
            silent=incident.silent,
        )
    )


def _case_of_line(desk: Desk, line: Line) -> CaseRow:
    return desk.open_case(
        Subject(
            category=SILENT.category,
            severity=SILENT.severity,
            title=filled(LINE_SILENT, line=line.endpoint),
            key=line.key,
            place=line.place,
            address=desk.registry.address_of(line.place),
            position=None,
            silent=True,
        )
    )


async def fold_below(desk: Desk, case: CaseRow, incident: IncidentRow, asset: Asset | None) -> None:
    """Let the case take over what the incident explains: untouched cases below, and complaints."""
    if asset is None or case.asset != asset.id:
        return
    area = Area(desk.registry, asset, desk.now)
    await absorb(desk, case, area, stops_below=_stops_below(incident.severity))


def asset_key(asset: str, group: str) -> str:
    return f"asset:{asset}|{group}"


def device_key(device: str, group: str) -> str:
    return f"device:{device}|{group}"


def _stops_below(severity: str) -> bool:
    """Tell whether a condition can be why what hangs below does not work: an open door is not."""
    return is_worse(Severity(severity), Severity.LOW)


def _cause(desk: Desk, asset: Asset, incident: IncidentRow) -> CaseRow | None:
    """Find the active case of what feeds the asset, or of an asset that now went silent too.

    Never one of another municipality: those who watch this asset could not see it.
    """
    above = desk.registry.feeds.upstream(asset.id, desk.now)
    path = desk.registry.path_of(asset.place)
    group = group_of(incident.problem)
    found = [
        row
        for row in desk.open_cases((*above, asset.id))
        if row.active_incidents
        and desk.has_same_home(row.place_path, path)
        and _stops_below(row.severity)
        and (incident.silent or (group == row.group and row.asset != asset.id))
    ]
    # The root: what has the fewest things above itself.
    return min(
        found,
        key=lambda row: len(desk.registry.feeds.upstream(row.asset or "", desk.now)),
        default=None,
    )


def _complaint(desk: Desk, asset: Asset, group: str) -> CaseRow | None:
    """Find a case that somebody works on because of complaints about this very thing."""
    area: Area | None = None
    path = desk.registry.path_of(asset.place)
    for row in desk.open_cases((None,)):
        is_theirs = desk.has_same_home(row.place_path, path)
        if is_theirs and row.group == group and row.touched and row.appeals:
            area = area or Area(desk.registry, asset, desk.now)
            if area.touches(row.place, desk.spot(row)):
                return row
    return None
