"""A rule that means something only while other signals say so."""

from dataclasses import replace

import pytest

from core.alarm import AlarmRule, AlarmTest, Condition, Severity
from core.alarm_evaluator import AlarmEvaluator
from core.quality import BAD, GOOD
from core.readings import Readings

CONTACTOR, TWILIGHT, MAINS = 0, 1, 2
OFF, ON = 0.0, 1.0
LIGHT, DARK = 0.0, 1.0
RULE = AlarmRule(
    key="off_in_the_dark",
    signal="contactor",
    test=AlarmTest.EQUALS,
    limit=OFF,
    severity=Severity.HIGH,
    problem="lighting.cabinet",
    name={"en": "Off in the dark", "ru": "Темно"},
    when=(
        Condition(signal="twilight", test=AlarmTest.EQUALS, limit=DARK),
        Condition(signal="mains", test=AlarmTest.EQUALS, limit=ON),
    ),
)


class Cabinet:
    def __init__(self, rule: AlarmRule = RULE) -> None:
        self.evaluator = AlarmEvaluator([(CONTACTOR, rule)], 0.0, [(TWILIGHT, MAINS)])
        self.now = 0.0

    def say(self, *samples: tuple[int, float], quality: int = GOOD) -> bool:
        """Take a block and tell whether the alarm is raised then."""
        signals, values = zip(*samples, strict=True)
        self.evaluator.evaluate(Readings.of(signals, 0, values, quality, 0), self.now)
        return self.after(0.0)

    def after(self, seconds: float) -> bool:
        self.now += seconds
        self.evaluator.tick(self.now, 0)
        return bool(self.evaluator.raised[0])


def test_it_is_raised_only_while_every_condition_holds() -> None:
    cabinet = Cabinet()
    assert [
        cabinet.say((CONTACTOR, OFF), (TWILIGHT, LIGHT), (MAINS, ON)),
        cabinet.say((TWILIGHT, DARK)),
        cabinet.say((MAINS, OFF)),
        cabinet.say((MAINS, ON)),
        cabinet.say((CONTACTOR, ON)),
    ] == [False, True, False, True, False]


def test_one_block_with_everything_is_enough() -> None:
    assert Cabinet().say((CONTACTOR, OFF), (TWILIGHT, DARK), (MAINS, ON))


def test_dawn_clears_it() -> None:
    cabinet = Cabinet()
    cabinet.say((CONTACTOR, OFF), (TWILIGHT, DARK), (MAINS, ON))
    assert not cabinet.say((TWILIGHT, LIGHT))


def test_what_is_not_known_raises_nothing() -> None:
    cabinet = Cabinet()
    assert not cabinet.say((CONTACTOR, OFF), (TWILIGHT, DARK))
    assert not cabinet.after(1000.0)


def test_what_is_not_known_any_more_clears_nothing() -> None:
    cabinet = Cabinet()
    cabinet.say((CONTACTOR, OFF), (TWILIGHT, DARK), (MAINS, ON))
    assert cabinet.say((TWILIGHT, DARK), quality=BAD)
    assert not cabinet.say((CONTACTOR, ON))


def test_the_delay_counts_from_when_all_of_it_holds() -> None:
    cabinet = Cabinet(replace(RULE, on_delay_s=120.0))
    cabinet.say((CONTACTOR, OFF), (TWILIGHT, LIGHT), (MAINS, ON))
    assert [
        cabinet.after(500.0),
        cabinet.say((TWILIGHT, DARK)),
        cabinet.after(119.0),
        cabinet.after(1.0),
    ] == [False, False, False, True]


def test_a_contactor_that_follows_in_time_raises_nothing() -> None:
    cabinet = Cabinet(replace(RULE, on_delay_s=120.0))
    cabinet.say((CONTACTOR, OFF), (TWILIGHT, LIGHT), (MAINS, ON))
    cabinet.say((TWILIGHT, DARK))
    cabinet.after(5.0)
    cabinet.say((CONTACTOR, ON))
    assert not cabinet.after(1000.0)


@pytest.mark.parametrize(
    ("test", "limit", "values"),
    [
        (AlarmTest.ABOVE, 5.0, [(5.0, False), (5.1, True)]),
        (AlarmTest.BELOW, 5.0, [(5.0, False), (4.9, True)]),
        (AlarmTest.DIFFERS, 5.0, [(5.0, False), (4.0, True)]),
    ],
)
def test_a_condition_may_be_of_every_test_of_a_value(
    test: AlarmTest, limit: float, values: list[tuple[float, bool]]
) -> None:
    rule = replace(RULE, when=(Condition(signal="lux", test=test, limit=limit),))
    evaluator = AlarmEvaluator([(CONTACTOR, rule)], 0.0, [(TWILIGHT,)])
    seen = []
    for value, _ in values:
        block = Readings.of([CONTACTOR, TWILIGHT], 0, [OFF, value], GOOD, 0)
        evaluator.evaluate(block, 0.0)
        seen.append((value, bool(evaluator.raised[0])))
    assert seen == values


def test_rules_without_conditions_are_not_touched_by_those_of_others() -> None:
    plain = replace(RULE, when=())
    evaluator = AlarmEvaluator(
        [(CONTACTOR, plain), (CONTACTOR, RULE)], 0.0, [(), (TWILIGHT, MAINS)]
    )
    evaluator.evaluate(Readings.of([CONTACTOR, TWILIGHT], 0, [OFF, LIGHT], GOOD, 0), 0.0)
    assert evaluator.raised.tolist() == [True, False]
