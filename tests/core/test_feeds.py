"""Feeds follow what depends on what, at a date, and never go in a circle."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DomainError
from core.feeds import Feeds
from core.registry import Feed

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EARLIER = datetime(2025, 1, 1, tzinfo=UTC)
assets = st.sampled_from("abcdef")
pairs = st.lists(st.tuples(assets, assets), max_size=12)


def feeds(*pairs: str) -> Feeds:
    return Feeds(Feed(source=pair[0], target=pair[1]) for pair in pairs)


def test_everything_below_is_affected_near_and_far() -> None:
    assert feeds("ab", "bc", "bd", "xy").affected("a", NOW) == {"a", "b", "c", "d"}


def test_everything_above_is_upstream() -> None:
    assert feeds("ab", "bc", "xc").upstream("c", NOW) == {"a", "b", "x"}


def test_a_feed_holds_only_between_its_dates() -> None:
    dated = Feeds([Feed(source="a", target="b", since=EARLIER, until=NOW)])
    assert dated.downstream("a", EARLIER) == {"b"}
    assert dated.downstream("a", NOW) == frozenset()


def test_a_feed_that_is_turned_round_on_a_date_is_no_cycle() -> None:
    turned = Feeds(
        [Feed(source="a", target="b", until=NOW), Feed(source="b", target="a", since=NOW)]
    )
    assert turned.downstream("b", NOW) == {"a"}


def test_a_cycle_is_refused() -> None:
    with pytest.raises(DomainError, match="would feed itself; remove one of them"):
        feeds("ab", "bc", "ca")


def test_a_cycle_that_begins_on_a_date_is_refused() -> None:
    with pytest.raises(DomainError):
        Feeds([Feed(source="a", target="b"), Feed(source="b", target="a", since=NOW)])


@given(pairs)
def test_no_asset_ever_feeds_itself(given_pairs: list[tuple[str, str]]) -> None:
    try:
        built = Feeds(Feed(source=source, target=target) for source, target in given_pairs)
    except DomainError:
        return
    assert not [asset for asset in "abcdef" if asset in built.downstream(asset, NOW)]


@given(pairs)
def test_upstream_is_downstream_the_other_way(given_pairs: list[tuple[str, str]]) -> None:
    ordered = [pair for pair in given_pairs if pair[0] < pair[1]]
    built = Feeds(Feed(source=source, target=target) for source, target in ordered)
    down = {(a, b) for a in "abcdef" for b in built.downstream(a, NOW)}
    up = {(a, b) for b in "abcdef" for a in built.upstream(b, NOW)}
    assert down == up
