"""What depends on what: the dated, directed relation between assets (cabinet → lamp)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.errors import DomainError
from core.registry import Feed


class Feeds:
    """An index of feeds that can be asked for any moment. DomainError if they ever form a cycle."""

    def __init__(self, feeds: Iterable[Feed]) -> None:
        self._below: dict[str, list[Feed]] = {}
        self._above: dict[str, list[Feed]] = {}
        starts: set[datetime | None] = {None}
        for feed in feeds:
            self._below.setdefault(feed.source, []).append(feed)
            self._above.setdefault(feed.target, []).append(feed)
            starts.add(feed.since)
        _refuse_cycle(self._below, starts)

    def downstream(self, asset: str, at: datetime) -> frozenset[str]:
        """Give every asset that does not work without this one, near and far."""
        return _reach(self._below, asset, at, forward=True)

    def upstream(self, asset: str, at: datetime) -> frozenset[str]:
        """Give every asset without which this one does not work, near and far."""
        return _reach(self._above, asset, at, forward=False)

    def affected(self, asset: str, at: datetime) -> frozenset[str]:
        """Give the asset with everything below it."""
        return self.downstream(asset, at) | {asset}


def _in_force(feed: Feed, at: datetime | None) -> bool:
    """Tell whether the feed holds at the moment; None stands for the beginning of time."""
    if at is None:
        return feed.since is None
    return (feed.since is None or feed.since <= at) and (feed.until is None or at < feed.until)


def _reach(
    index: Mapping[str, list[Feed]], asset: str, at: datetime, *, forward: bool
) -> frozenset[str]:
    found: set[str] = set()
    waiting = [asset]
    while waiting:
        for feed in index.get(waiting.pop(), ()):
            neighbour = feed.target if forward else feed.source
            if neighbour not in found and _in_force(feed, at):
                found.add(neighbour)
                waiting.append(neighbour)
    return frozenset(found)


def _refuse_cycle(below: Mapping[str, list[Feed]], starts: set[datetime | None]) -> None:
    """Look at each date on which a feed starts: one that is turned round then is no cycle."""
    edges = {asset: [feed.target for feed in feeds] for asset, feeds in below.items()}
    if _cycle(edges) is None:
        return
    for start in starts:
        then = {
            asset: [feed.target for feed in feeds if _in_force(feed, start)]
            for asset, feeds in below.items()
        }
        if (asset := _cycle(then)) is not None:
            raise DomainError(
                "feeds_cycle", f"feeds: {asset} would feed itself; remove one of them"
            )


def _cycle(edges: Mapping[str, list[str]]) -> str | None:
    """Take away what nothing feeds until nothing is left (Kahn 1962); give an asset that stays."""
    fed: dict[str, int] = dict.fromkeys(edges, 0)
    for targets in edges.values():
        for target in targets:
            fed[target] = fed.get(target, 0) + 1
    free = [asset for asset, count in fed.items() if count == 0]
    while free:
        for target in edges.get(free.pop(), ()):
            fed[target] -= 1
            if fed[target] == 0:
                free.append(target)
    return next((asset for asset, count in fed.items() if count > 0), None)
