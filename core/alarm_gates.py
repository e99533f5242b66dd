"""Conditions of alarm rules on other signals: which rules mean anything just now."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.alarm import AlarmRule
from core.alarm_score import score_form
from core.by_signal import BySignal
from core.quality import is_good
from core.readings import Readings

UNKNOWN, FAILS, HOLDS = -1, 0, 1


class Gates:
    """The conditions of all rules as columns.

    open, shut: bool[rules]. A rule is open where all of its conditions hold, shut where one does
    not. It is neither where one is not known, for its signal has no good value: then nothing is
    raised, and what is raised stays.
    """

    def __init__(self, rules: Sequence[AlarmRule], signals: Sequence[Sequence[int]]) -> None:
        """signals: by rule, the number of the signal of each condition, in their order."""
        conditions = [
            (place, number, condition)
            for place, rule in enumerate(rules)
            if rule.when
            for number, condition in zip(signals[place], rule.when, strict=True)
        ]
        forms = [score_form(each.test, each.limit) for _, _, each in conditions]
        self._rule = np.array([place for place, _, _ in conditions], np.intp)
        self._sign = np.array([form[0] for form in forms], np.float64)
        self._centre = np.array([form[1] for form in forms], np.float64)
        self._absolute = np.array([form[2] for form in forms], np.bool_)
        self._holds_above = np.array([form[3] for form in forms], np.float64)
        self._state = np.full(len(conditions), UNKNOWN, np.int8)
        self._by_signal = BySignal(
            np.array([number for _, number, _ in conditions], np.int64),
            np.arange(len(conditions)),
        )
        self.open = np.ones(len(rules), np.bool_)
        self.shut = np.zeros(len(rules), np.bool_)
        self._settle()

    def take(self, readings: Readings) -> NDArray[np.intp]:
        """Look at a block, of each signal at its last value; give the rules that now stand
        otherwise."""
        rows = self._by_signal.rows(readings.signal)
        if not len(rows):
            return rows
        at, condition = self._by_signal.spread(readings.signal, rows)
        score = readings.value[at] - self._centre[condition]
        np.abs(score, out=score, where=self._absolute[condition])
        holds = score * self._sign[condition] > self._holds_above[condition]
        # Where a condition appears more than once, numpy keeps the last.
        self._state[condition] = np.where(is_good(readings.quality[at]), holds, UNKNOWN)
        before = self.open.copy(), self.shut.copy()
        self._settle()
        return np.flatnonzero((self.open != before[0]) | (self.shut != before[1]))

    def _settle(self) -> None:
        self.open[:] = True
        self.shut[:] = False
        self.open[self._rule[self._state != HOLDS]] = False
        self.shut[self._rule[self._state == FAILS]] = True
