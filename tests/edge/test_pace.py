"""How much an edge hands to its link, on links of any speed."""

from collections import deque

from edge.pace import MOST_BYTES, Pace

BLOCK = 10_000  # bytes


def longest_queue(rate: float, round_trip: float, seconds: float) -> tuple[float, float]:
    """Send blocks without end over a link that takes them one after another.

    Gives the longest time that a block waited after the first two seconds, beyond the round trip,
    and the share of its time in which the link was busy.
    """
    pace = Pace()
    under_way: deque[tuple[float, float]] = deque()  # handed, answered
    now = free_at = 0.0
    handed = settled = 0
    settled_at = waited = busy = 0.0
    while now < seconds:
        while under_way and under_way[0][1] <= now:
            at, settled_at = under_way.popleft()
            settled += 1
            waited = max(waited, settled_at - at - round_trip if at > 2.0 else 0.0)
        pace.learn(settled, settled_at)
        while pace.has_room(BLOCK):
            handed += 1
            pace.hand(handed, BLOCK, now)
            free_at = max(free_at, now) + BLOCK / rate
            busy += BLOCK / rate
            under_way.append((now, free_at + round_trip))
        now += 0.001
    return waited, busy / seconds


def test_on_a_slow_link_nothing_waits_long_and_the_link_is_never_idle() -> None:
    waited, busy = longest_queue(rate=32_000, round_trip=0.2, seconds=20.0)
    assert waited < 1.2
    assert busy > 0.95


def test_a_link_over_a_satellite_is_filled_too() -> None:
    waited, busy = longest_queue(rate=250_000, round_trip=0.6, seconds=20.0)
    assert waited < 1.2
    assert busy > 0.8


def test_a_fast_link_takes_as_much_as_ever() -> None:
    pace = Pace()
    sent = 0
    for round_ in range(5):
        while pace.has_room(BLOCK):
            sent += 1
            pace.hand(sent, BLOCK, float(round_))
        pace.learn(sent, round_ + 0.001)
    assert pace.limit == MOST_BYTES


def test_an_edge_that_has_little_to_say_learns_nothing_bad_of_its_link() -> None:
    pace = Pace()
    before = pace.limit
    for number in range(1, 50):
        assert pace.has_room(100)
        pace.hand(number, 100, float(number))
        pace.learn(number, number + 0.9)
    assert pace.limit == before


def test_a_block_larger_than_all_that_may_be_under_way_goes_alone() -> None:
    pace = Pace()
    assert pace.has_room(MOST_BYTES * 2)
    pace.hand(1, MOST_BYTES * 2, 0.0)
    assert not pace.has_room(1)
