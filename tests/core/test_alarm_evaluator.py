import math
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.alarm import AlarmRule, AlarmTest, Severity
from core.alarm_evaluator import AlarmEvaluator, Transitions
from core.quality import BAD, GOOD, UNCERTAIN
from core.readings import Readings

RULE = AlarmRule(
    key="high",
    signal="voltage",
    test=AlarmTest.ABOVE,
    limit=253.0,
    severity=Severity.HIGH,
    problem="electricity.quality",
    name={"en": "High", "ru": "Высокое"},
)
above_253 = partial(replace, RULE, limit=253.0)


def block(*samples: tuple[int, float, int]) -> Readings:
    """samples: (signal, value, quality); the time stamp is the row."""
    signals, values, codes = zip(*samples, strict=True) if samples else ((), (), ())
    return Readings.of(signals, np.arange(len(samples)), values, codes, 0)


def states(rule: AlarmRule, values: list[float]) -> list[bool]:
    evaluator = AlarmEvaluator([(0, rule)], 0.0)
    seen = []
    for value in values:
        evaluator.evaluate(block((0, value, GOOD)), 0.0)
        seen.append(bool(evaluator.raised[0]))
    return seen


def as_list(transitions: Transitions) -> list[tuple[int, bool, int]]:
    return list(
        zip(
            transitions.rule.tolist(),
            transitions.raised.tolist(),
            transitions.time.tolist(),
            strict=True,
        )
    )


def test_an_alarm_inside_its_deadband_stays_raised() -> None:
    assert states(above_253(deadband=3.0), [254, 251, 250, 252, 254]) == [
        True, True, False, False, True,
    ]  # fmt: skip


def test_without_a_deadband_the_limit_itself_clears() -> None:
    assert states(above_253(), [254, 253]) == [True, False]


def test_below_is_the_mirror_of_above() -> None:
    rule = replace(RULE, test=AlarmTest.BELOW, limit=5.0, deadband=1.0)
    assert states(rule, [5, 4.9, 5.9, 6]) == [False, True, True, False]


def test_a_state_is_raised_when_equal_and_cleared_by_any_other() -> None:
    rule = replace(RULE, test=AlarmTest.EQUALS, limit=2.0)
    assert states(rule, [1, 2, 2, 3]) == [False, True, True, False]


def test_a_state_that_differs_is_raised_until_equal_again() -> None:
    rule = replace(RULE, test=AlarmTest.DIFFERS, limit=0.0)
    assert states(rule, [0, 1, 2, 0]) == [False, True, True, False]


def test_a_value_that_is_not_good_neither_raises_nor_clears() -> None:
    evaluator = AlarmEvaluator([(0, RULE)], 0.0)
    assert len(evaluator.evaluate(block((0, 300, BAD)), 0.0)) == 0
    assert len(evaluator.evaluate(block((0, 300, GOOD)), 0.0)) == 1
    assert len(evaluator.evaluate(block((0, 0, UNCERTAIN), (0, math.nan, BAD)), 0.0)) == 0


def test_several_samples_of_one_signal_are_judged_in_their_order() -> None:
    evaluator = AlarmEvaluator([(0, RULE), (7, RULE)], 0.0)
    found = evaluator.evaluate(
        block((7, 254, GOOD), (0, 254, GOOD), (7, 0, GOOD), (7, 260, GOOD)), 0.0
    )
    assert as_list(found) == [(1, True, 0), (0, True, 1), (1, False, 2), (1, True, 3)]


def test_an_alarm_waits_for_its_delay_and_is_raised_between_readings() -> None:
    evaluator = AlarmEvaluator([(0, above_253(on_delay_s=10.0))], 0.0)
    evaluator.evaluate(block((0, 254, GOOD)), 1.0)
    assert as_list(evaluator.tick(10.9, 5)) == []
    assert as_list(evaluator.tick(11.0, 6)) == [(0, True, 6)]


def test_a_value_that_comes_back_starts_the_delay_anew() -> None:
    evaluator = AlarmEvaluator([(0, above_253(on_delay_s=10.0))], 0.0)
    evaluator.evaluate(block((0, 254, GOOD), (0, 250, GOOD), (0, 254, GOOD)), 1.0)
    evaluator.evaluate(block((0, 250, GOOD), (0, 254, GOOD)), 5.0)
    assert as_list(evaluator.tick(14.9, 0)) == []
    assert as_list(evaluator.tick(15.0, 0)) == [(0, True, 0)]


def test_a_delay_does_not_run_out_on_a_value_that_is_no_longer_known() -> None:
    evaluator = AlarmEvaluator([(0, above_253(on_delay_s=10.0))], 0.0)
    evaluator.evaluate(block((0, 254, GOOD)), 0.0)
    evaluator.evaluate(block((0, math.nan, BAD)), 5.0)
    assert len(evaluator.tick(60.0, 0)) == 0
    assert len(evaluator.evaluate(block((0, 254, GOOD)), 61.0)) == 1


def test_a_silent_signal_is_raised_by_time_and_cleared_by_a_good_value_only() -> None:
    evaluator = AlarmEvaluator([(0, replace(RULE, test=AlarmTest.SILENT, limit=30.0))], 100.0)
    evaluator.evaluate(block((0, 1, GOOD)), 110.0)
    evaluator.evaluate(block((0, 1, BAD)), 130.0)
    assert as_list(evaluator.tick(139.9, 1)) == []
    assert as_list(evaluator.tick(140.0, 2)) == [(0, True, 2)]
    assert as_list(evaluator.evaluate(block((0, 1, BAD), (0, 1, GOOD)), 150.0)) == [(0, False, 1)]


def test_a_value_that_stands_still_is_raised_by_time_and_cleared_by_a_change() -> None:
    rule = replace(RULE, test=AlarmTest.UNCHANGED, limit=60.0, deadband=0.5)
    evaluator = AlarmEvaluator([(0, rule)], 0.0)
    evaluator.evaluate(block((0, 7.0, GOOD)), 10.0)
    evaluator.evaluate(block((0, 7.4, GOOD)), 50.0)
    assert as_list(evaluator.tick(70.0, 3)) == [(0, True, 3)]
    assert as_list(evaluator.evaluate(block((0, 7.5, GOOD)), 80.0)) == []
    assert as_list(evaluator.evaluate(block((0, 7.6, GOOD)), 81.0)) == [(0, False, 0)]


def test_time_without_good_values_does_not_count_as_standing_still() -> None:
    rule = replace(RULE, test=AlarmTest.UNCHANGED, limit=60.0)
    evaluator = AlarmEvaluator([(0, rule)], 0.0)
    evaluator.evaluate(block((0, 7, GOOD)), 0.0)
    evaluator.evaluate(block((0, 0, BAD)), 50.0)
    assert len(evaluator.tick(500.0, 0)) == 0
    evaluator.evaluate(block((0, 7, GOOD)), 510.0)
    assert len(evaluator.tick(569.0, 0)) == 0
    assert len(evaluator.tick(570.0, 0)) == 1


def test_what_was_raised_before_a_restart_clears_without_being_raised_again() -> None:
    evaluator = AlarmEvaluator([(0, above_253(deadband=3.0))], 0.0)
    evaluator.restore([0])
    found = evaluator.evaluate(block((0, 252, GOOD), (0, 240, GOOD)), 0.0)
    assert as_list(found) == [(0, False, 1)]


def test_signals_without_a_rule_are_passed_over() -> None:
    evaluator = AlarmEvaluator([(3, RULE)], 0.0)
    assert len(evaluator.evaluate(block((0, 300, GOOD), (4_000_000_000, 300, GOOD)), 0.0)) == 0
    assert len(AlarmEvaluator([], 0.0).evaluate(block((0, 300, GOOD)), 0.0)) == 0
    assert len(AlarmEvaluator([], 0.0).tick(1.0, 0)) == 0


# ---- against a slow reference --------------------------------------------------------------


@dataclass
class Slow:
    """One rule, one reading at a time, as the words of core.alarm say it."""

    rule: AlarmRule
    since: float
    raised: bool = False
    pending: float | None = None
    known: bool = False
    anchor: float | None = None

    def read(self, value: float, is_good: bool, now: float) -> bool:
        """Tell whether the reading made a transition."""
        self.known = is_good
        if not is_good:
            if self.rule.test is AlarmTest.UNCHANGED:
                self.since = math.inf
            return False
        wanted = self.wants_by_time(value, now) if self.timed else self.wants_by_value(value)
        if wanted is None:
            return False
        self.pending = (now if self.pending is None else self.pending) if wanted else None
        return self.fire_when_due(now)

    def wants_by_value(self, value: float) -> bool:
        limit, band = self.rule.limit, self.rule.deadband
        return {
            (AlarmTest.ABOVE, False): value > limit,
            (AlarmTest.ABOVE, True): value <= limit - band,
            (AlarmTest.BELOW, False): value < limit,
            (AlarmTest.BELOW, True): value >= limit + band,
            (AlarmTest.EQUALS, False): value == limit,
            (AlarmTest.EQUALS, True): abs(value - limit) > band,
            (AlarmTest.DIFFERS, False): abs(value - limit) > band,
            (AlarmTest.DIFFERS, True): value == limit,
        }[self.rule.test, self.raised]

    def wants_by_time(self, value: float, now: float) -> bool | None:
        first = self.anchor is None
        changed = first or abs(value - (self.anchor or 0.0)) > self.rule.deadband
        if changed:
            self.anchor = value
        silent = self.rule.test is AlarmTest.SILENT
        if changed or silent or self.since == math.inf:
            self.since = now
        return True if self.raised and (silent or (changed and not first)) else None

    @property
    def timed(self) -> bool:
        return self.rule.test in {AlarmTest.UNCHANGED, AlarmTest.SILENT}

    def fire_when_due(self, now: float) -> bool:
        delay = self.rule.off_delay_s if self.raised else self.rule.on_delay_s
        if self.pending is None or now - self.pending < delay:
            return False
        self.raised, self.pending = not self.raised, None
        return True

    def tick(self, now: float) -> bool:
        if not self.timed:
            return self.known and self.fire_when_due(now)
        holds = now - self.since >= self.rule.limit
        if self.raised and holds:
            self.pending = None
        if self.rule.test is AlarmTest.UNCHANGED and not self.known:
            return False
        if self.raised:
            return self.fire_when_due(now)
        self.raised = now - self.since >= self.rule.limit + self.rule.on_delay_s
        return self.raised


SIGNALS = 4
Rules = list[tuple[int, AlarmRule]]
Sample = tuple[int, float, int]
small = st.integers(-4, 4).map(float)
rules = st.lists(
    st.tuples(
        st.integers(0, SIGNALS - 1),
        st.builds(
            partial(replace, RULE),
            test=st.sampled_from(AlarmTest),
            limit=small,
            deadband=st.integers(0, 3).map(float),
            on_delay_s=st.sampled_from([0.0, 0.0, 2.0, 5.0]),
            off_delay_s=st.sampled_from([0.0, 0.0, 2.0, 5.0]),
        ),
    ),
    max_size=6,
)
samples = st.lists(
    st.tuples(st.integers(0, SIGNALS), small, st.sampled_from([GOOD, GOOD, GOOD, UNCERTAIN, BAD])),
    max_size=12,
)
steps = st.lists(st.tuples(st.integers(0, 4), samples), max_size=8)


@given(rules, steps)
def test_it_says_what_a_slow_reference_says(
    rules: Rules, steps: list[tuple[int, list[Sample]]]
) -> None:
    fast = AlarmEvaluator(rules, 0.0)
    slow = [Slow(rule, 0.0) for _, rule in rules]
    now = 0.0
    for seconds, taken in steps:
        now += seconds
        ticked = [(number, one.raised, 99) for number, one in enumerate(slow) if one.tick(now)]
        assert as_list(fast.tick(now, 99)) == ticked
        wanted = [
            (number, one.raised, row)
            for row, (signal, value, code) in enumerate(taken)
            for number, one in enumerate(slow)
            if rules[number][0] == signal and one.read(value, code == GOOD, now)
        ]
        assert as_list(fast.evaluate(block(*taken), now)) == wanted


@given(rules, samples, st.integers(0, 12))
def test_it_does_not_matter_where_a_block_is_cut(
    rules: Rules, taken: list[Sample], cut: int
) -> None:
    whole, parts = AlarmEvaluator(rules, 0.0), AlarmEvaluator(rules, 0.0)
    taken_whole = block(*taken)
    rows = np.arange(len(taken))
    found = [
        *as_list(parts.evaluate(taken_whole.take(rows[:cut]), 1.0)),
        *as_list(parts.evaluate(taken_whole.take(rows[cut:]), 1.0)),
    ]
    assert as_list(whole.evaluate(taken_whole, 1.0)) == found


@given(
    st.lists(st.floats(0.0, 0.999), min_size=2, max_size=50), st.sampled_from(["above", "below"])
)
def test_it_never_chatters_inside_its_deadband(noise: list[float], test: str) -> None:
    rule = replace(RULE, test=AlarmTest(test), limit=100.0, deadband=2.0)
    middle = 99.0 if test == "above" else 101.0
    seen = states(rule, [middle + wobble * 2 - 0.999 for wobble in noise])
    assert sum(before != after for before, after in pairwise(seen)) <= 1
