"""What a look at a machine or an installation found, as `kvartal doctor` tells it."""

from dataclasses import dataclass

GIB = 1024**3
NEEDED_DISK = 2 * GIB


@dataclass(frozen=True, slots=True)
class Finding:
    """needed: nothing runs without it. advice: what to do where it is not good."""

    what: str
    found: str
    good: bool
    needed: bool = True
    advice: str = ""

    @property
    def is_missed(self) -> bool:
        return self.needed and not self.good

    def line(self) -> str:
        mark = "ok  " if self.good else ("MISS" if self.needed else "warn")
        advice = "" if self.good or not self.advice else f"\n       {self.advice}"
        return f"{mark}  {self.what:10} {self.found}{advice}"


def free_disk(free: int, where: str) -> Finding:
    """Tell whether so many free bytes are enough."""
    found = f"{free / GIB:.1f} GiB free {where}"
    advice = f"{NEEDED_DISK // GIB} GiB are wanted"
    return Finding("disk", found, free >= NEEDED_DISK, advice=advice)
