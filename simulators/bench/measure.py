"""What a benchmark says, and how much processor time a process and its children took."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import numpy as np
import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The last line of `kvartal bench NAME --json`.

    ratio: 1 is the ceiling, more is better: ours / ceiling for rates, ceiling / ours for costs.
    lost: points that were sent and never arrived. more: what the benchmark names by itself.
    """

    bench: str
    unit: str
    ours: float
    ceiling: float
    ratio: float
    lost: int
    more: dict[str, float | int | str] = field(default_factory=dict)

    def figures(self) -> dict[str, float | int | str]:
        """Give every figure by name, rounded to what can be believed."""
        figures = asdict(self)
        figures |= figures.pop("more")
        return {
            name: round(figure, 3) if isinstance(figure, float) else figure
            for name, figure in figures.items()
        }

    def as_json(self) -> str:
        return json.dumps(self.figures())


@dataclass(slots=True)
class Processor:
    """Processor time of the product's own processes, user and system, seconds."""

    pids: Iterable[int]

    def seconds(self) -> float:
        total = 0.0
        for pid in self.pids:
            process = psutil.Process(pid)
            for each in (process, *process.children(recursive=True)):
                times = each.cpu_times()
                total += times.user + times.system
        return total


def percentile(milliseconds: Iterable[float], share: float) -> float:
    """Give a percentile of what was measured; NaN where nothing was."""
    values = np.fromiter(milliseconds, np.float64)
    return float(np.percentile(values, share)) if len(values) else float("nan")
