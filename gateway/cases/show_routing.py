"""What the API shows of routing tables and of what another one would have done."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from core.route import Route, shadowed
from core.routing import RoutingTable
from core.routing_comparison import Comparison
from gateway.api.routing_models import Move, MovedCase, RouteChange, RouteOut
from gateway.cases.past_routing import Past
from gateway.registry.snapshot import RegistrySnapshot
from gateway.sheets.routes import said
from gateway.storage.case_tables import CaseRow


def show_table(table: Sequence[Route], registry: RegistrySnapshot) -> list[RouteOut]:
    """Give the rows of a table, each with the one that leaves it nothing."""
    root = next((node.path for node in registry.places.values() if not node.place.parent), "")
    named = {row.place for row in table if row.place in registry.places}
    paths = {"": root} | {place: registry.path_of(place) for place in named}
    above = dict(shadowed(table, paths))
    return [
        RouteOut(
            number=index + 1,
            category=row.category,
            place=row.place,
            owner=row.owner,
            days=row.days.value,
            hours=row.hours,
            severity=row.severity,
            executor=row.executor,
            words=dict(said(row, registry)),
            shadowed_by=above[index] + 1 if index in above else None,
        )
        for index, row in enumerate(table)
    ]


def show_changes(
    before: Sequence[Route], after: Sequence[Route], registry: RegistrySnapshot
) -> Iterator[RouteChange]:
    """Give the rows that are in one of two tables alone."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            continue
        for index in range(i, j):
            words = dict(said(before[index], registry))
            yield RouteChange(change="removed", number=index + 1, words=words)
        for index in range(k, m):
            words = dict(said(after[index], registry))
            yield RouteChange(change="added", number=index + 1, words=words)


def show_moves(found: Comparison, registry: RegistrySnapshot) -> list[Move]:
    """Give how many cases would go from whom to whom, the most first."""
    ordered = sorted(found.matrix.items(), key=lambda item: -item[1])
    return [
        Move(from_name=registry.executor_name(old), to_name=registry.executor_name(new), cases=n)
        for (old, new), n in ordered
    ]


def show_moved(
    cases: Sequence[CaseRow],
    found: Comparison,
    past: Past,
    table: RoutingTable,
    candidate: RoutingTable,
) -> list[MovedCase]:
    """Give cases that would go elsewhere. cases: the first of those that moved."""
    shown = []
    for row, place in zip(cases, found.moved, strict=False):
        trouble = past.troubles[place]
        before, after = (each.route(trouble).executor for each in (table, candidate))
        shown.append(
            MovedCase(
                case=row.id,
                title=row.title,
                address=row.address,
                opened_at=row.opened_at,
                from_name=dict(before.name),
                to_name=dict(after.name),
            )
        )
    return shown
