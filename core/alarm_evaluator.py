"""Decide which alarms are raised, for a whole block of readings at a time.

Rules are columns, so that a thousand readings cost some tens of microseconds. An alarm of a value
is raised or cleared by a good value that has held for the delay; between readings `tick` lets
delays run out and finds what is silent or stuck. A value that is not good raises and clears
nothing, and does not start a delay anew: while the last value of a signal is not good, its delays
wait for the next good one.

Delays run on the clock of whoever takes the readings in, not on their time stamps: a meter whose
clock is wrong by an hour must not hold its alarms back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.alarm import AlarmRule, AlarmTest
from core.alarm_gates import Gates
from core.alarm_score import score_form
from core.by_signal import BySignal
from core.quality import is_good
from core.readings import Readings
from core.rounds import rounds

TIMED = (AlarmTest.UNCHANGED, AlarmTest.SILENT)
NEVER = np.inf  # as a moment on the monotonic clock: nothing is pending


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """Alarms that were raised or cleared, in the order of the readings that did it.

    rule: intp[n], position in the rules given to the evaluator. raised: bool[n]. time: int64[n],
    nanoseconds UTC. value: float64[n], that decided; NaN where a silence did. quality: uint8[n].
    """

    rule: NDArray[np.intp]
    raised: NDArray[np.bool_]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.rule)


NOTHING = Transitions(
    np.empty(0, np.intp),
    np.empty(0, np.bool_),
    np.empty(0, np.int64),
    np.empty(0, np.float64),
    np.empty(0, np.uint8),
)


class AlarmEvaluator:
    """The rules of all signals of one numbering, and what is raised.

    Every test on values is brought to one form: a score that raises above `raise_above` and clears
    at or below `clear_at`; between them, in the deadband, everything stays as it is. Moments
    (`now`) are seconds on the monotonic clock.
    """

    def __init__(
        self,
        rules: Sequence[tuple[int, AlarmRule]],
        now: float,
        when: Sequence[Sequence[int]] = (),
    ) -> None:
        """rules: (number of the signal, rule). Nothing is raised; silences count from `now`.

        when: by rule, the numbers of the signals that its conditions look at, in their order.
        """
        count = len(rules)
        self._gates = Gates([rule for _, rule in rules], when)
        self.raised = np.zeros(count, np.bool_)
        self._signal = np.array([signal for signal, _ in rules], np.int64)
        self._on_delay = np.array([rule.on_delay_s for _, rule in rules], np.float64)
        self._off_delay = np.array([rule.off_delay_s for _, rule in rules], np.float64)
        self._pending = np.full(count, NEVER)  # since when the next transition is wanted
        self._known = np.zeros(count, np.bool_)  # the last value is good
        self._last = np.full(count, np.nan)  # good value, for the text of a delayed transition

        forms = [score_form(rule.test, rule.limit, rule.deadband) for _, rule in rules]
        self._sign = np.array([form[0] for form in forms], np.float64)
        self._centre = np.array([form[1] for form in forms], np.float64)
        self._absolute = np.array([form[2] for form in forms], np.bool_)
        self._raise_above = np.array([form[3] for form in forms], np.float64)
        self._clear_at = np.array([form[4] for form in forms], np.float64)

        tests = [rule.test for _, rule in rules]
        timed = np.array([test in TIMED for test in tests], np.bool_)
        self._timed = np.flatnonzero(timed)
        self._silent = np.array([test is AlarmTest.SILENT for test in tests], np.bool_)
        self._limit = np.array([rule.limit for _, rule in rules], np.float64)
        self._band = np.array([rule.deadband for _, rule in rules], np.float64)
        self._anchor = np.full(count, np.nan)  # the value from which a change is counted
        self._since = np.full(count, now)  # last change, or last good value

        self._values = BySignal(self._signal, np.flatnonzero(~timed))
        self._times = BySignal(self._signal, self._timed)

    def restore(self, raised: Iterable[int]) -> None:
        """Take rules as raised, because they were so before a restart. No transition comes."""
        self.raised[list(raised)] = True

    def evaluate(self, readings: Readings, now: float) -> Transitions:
        """Judge a block and give the transitions that it brought.

        What a condition brings comes with the next `tick`.
        """
        self._await(self._gates.take(readings), now)
        found: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]] = []
        good = is_good(readings.quality)
        for by, judge in ((self._values, self._judge_values), (self._times, self._see_signs)):
            rows = by.rows(readings.signal)
            if not len(rows):
                continue
            for turn in rounds(readings.signal[rows]):
                at, rule = by.spread(readings.signal, rows[turn])
                is_known = good[at]
                self._known[rule] = is_known
                if not is_known.all():
                    self._lose_count(rule[~is_known])
                    at, rule = at[is_known], rule[is_known]
                values = readings.value[at]
                self._last[rule] = values
                fired = judge(rule, values, now)
                if len(fired):
                    found.append((at[fired], rule[fired], self.raised[rule[fired]]))
        if not found:
            return NOTHING
        row = np.concatenate([rows for rows, _, _ in found])
        rule = np.concatenate([rules for _, rules, _ in found])
        raised = np.concatenate([states for _, _, states in found])
        order = np.lexsort((rule, row))
        row, rule, raised = row[order], rule[order], raised[order]
        return Transitions(
            rule, raised, readings.time[row], readings.value[row], readings.quality[row]
        )

    def tick(self, now: float, time: int) -> Transitions:
        """Let time pass and give what it brought; their time stamp is `time`, nanoseconds UTC."""
        delay = np.where(self.raised, self._off_delay, self._on_delay)
        fired = self._known & (now - self._pending >= delay)
        timed = self._timed
        if len(timed):
            quiet = now - self._since[timed]
            holds = quiet >= self._limit[timed]
            raised = self.raised[timed]
            self._pending[timed[holds & raised]] = NEVER
            clears = raised & ~holds & (now - self._pending[timed] >= self._off_delay[timed])
            raises = ~raised & (quiet >= self._limit[timed] + self._on_delay[timed])
            fired[timed] = (clears | raises) & (self._silent[timed] | self._known[timed])
        rule = np.flatnonzero(fired)
        if not len(rule):
            return NOTHING
        self._flip(rule)
        return Transitions(
            rule,
            self.raised[rule],
            np.full(len(rule), time, np.int64),
            np.where(self._silent[rule] & self.raised[rule], np.nan, self._last[rule]),
            np.zeros(len(rule), np.uint8),
        )

    def _judge_values(
        self, rule: NDArray[np.intp], values: NDArray[np.float64], now: float
    ) -> NDArray[np.intp]:
        """Give the positions within `rule` that fire. Each rule appears once."""
        raised, wanted = self.raised[rule], self._wanted(rule, values)
        since = self._pending[rule]
        if not wanted.any():
            if (since != NEVER).any():
                self._pending[rule] = NEVER
            return np.empty(0, np.intp)
        since = np.where(wanted, np.minimum(since, now), NEVER)
        self._pending[rule] = since
        delay = np.where(raised, self._off_delay[rule], self._on_delay[rule])
        fired = np.flatnonzero(now - since >= delay)
        self._flip(rule[fired])
        return fired

    def _wanted(self, rule: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell of which rules a transition is wanted at these values. bool[n]."""
        score = values - self._centre[rule]
        np.abs(score, out=score, where=self._absolute[rule])
        score *= self._sign[rule]
        wanted: NDArray[np.bool_] = np.where(
            self.raised[rule],
            (score <= self._clear_at[rule]) | self._gates.shut[rule],
            (score > self._raise_above[rule]) & self._gates.open[rule],
        )
        return wanted

    def _await(self, rule: NDArray[np.intp], now: float) -> None:
        """Begin or give up the delay of rules whose conditions have changed."""
        rule = rule[self._known[rule]]
        if len(rule):
            wanted = self._wanted(rule, self._last[rule])
            since = np.minimum(self._pending[rule], now)
            self._pending[rule] = np.where(wanted, since, NEVER)

    def _see_signs(
        self, rule: NDArray[np.intp], values: NDArray[np.float64], now: float
    ) -> NDArray[np.intp]:
        """Note good values and changes; they clear what is raised for silence or standing still."""
        anchor, silent = self._anchor[rule], self._silent[rule]
        changed = ~(np.abs(values - anchor) <= self._band[rule])
        self._anchor[rule[changed]] = values[changed]
        resumes = self._since[rule] == NEVER  # good again: standing still counts from here
        self._since[rule[changed | silent | resumes]] = now
        # The first value after a start is no change of what was restored as standing still.
        wanted = (silent | (changed & ~np.isnan(anchor))) & self.raised[rule]
        self._pending[rule[wanted]] = np.minimum(self._pending[rule[wanted]], now)
        fired = np.flatnonzero(wanted & (now - self._pending[rule] >= self._off_delay[rule]))
        self._flip(rule[fired])
        return fired

    def _lose_count(self, rule: NDArray[np.intp]) -> None:
        """Stop counting how long a value stands still: nobody sees it now."""
        stuck = rule[np.isin(rule, self._timed) & ~self._silent[rule]]
        self._since[stuck] = NEVER

    def _flip(self, rule: NDArray[np.intp]) -> None:
        self.raised[rule] = ~self.raised[rule]
        self._pending[rule] = NEVER
