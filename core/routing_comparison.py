"""What another routing table would have done with the troubles of a time that is over."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.route import Trouble
from core.routing import RoutingTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """moved: places in the sequence of troubles, of those that would go elsewhere. matrix: how many
    of these, by the executors from whom and to whom. matched: how often each row of the candidate
    matched, in its order. ended_before, ended_after: how many would have gone at once to the one
    who had them at last.
    """

    troubles: int
    moved: Sequence[int]
    matrix: Mapping[tuple[str, str], int]
    matched: Sequence[int]
    ended_before: int
    ended_after: int


def compare(
    table: RoutingTable,
    candidate: RoutingTable,
    troubles: Sequence[Trouble],
    last: Sequence[str | None],
) -> Comparison:
    """Route each trouble by both tables. last: id of the executor who had it at last."""
    moved: list[int] = []
    matrix: Counter[tuple[str, str]] = Counter()
    rows: Counter[int | None] = Counter()
    ended_before = ended_after = 0
    for place, (trouble, executor) in enumerate(zip(troubles, last, strict=True)):
        row = candidate.match(trouble)
        rows[row] += 1
        before = table.executor_at(table.match(trouble)).id
        after = candidate.executor_at(row).id
        ended_before += before == executor
        ended_after += after == executor
        if before != after:
            moved.append(place)
            matrix[before, after] += 1
    return Comparison(
        troubles=len(troubles),
        moved=moved,
        matrix=matrix,
        matched=[rows[index] for index in range(len(candidate.rows))],
        ended_before=ended_before,
        ended_after=ended_after,
    )
