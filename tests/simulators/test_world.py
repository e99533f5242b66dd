"""The world behaves: dusk, loads, commands, and what faults do."""

import numpy as np
import pytest

from adapters.profile import SignalProfile
from core.alarm_evaluator import AlarmEvaluator
from core.readings import Readings
from core.registry import Registry
from simulators.world.traffic import GREEN, RED
from simulators.world.world import World

CABINET = "cabinet-sadovaya-d1"
LAMP = "lamp-sadovaya-13-d1"
TRAFFIC = "traffic-sadovaya-mostovaya-d1"
HEAT_POINT = "heat-point-left-bank-d1"


@pytest.fixture
def lift(registry: Registry) -> str:
    return next(device.id for device in registry.devices if device.profile == "generic-lift")


@pytest.fixture
def meter(registry: Registry) -> str:
    return next(
        device.id for device in registry.devices if device.profile == "generic-electricity-meter"
    )


@pytest.fixture
def gas(registry: Registry) -> str:
    return next(device.id for device in registry.devices if device.profile == "generic-gas-sensor")


def run(world: World, seconds: int) -> None:
    for _ in range(seconds):
        world.step(1.0)


def test_lamps_come_on_by_themselves_within_ten_seconds_of_dusk(world: World) -> None:
    lamps = world.families["street_light"].columns["on"]
    run(world, 59)
    before = lamps.sum()
    run(world, 11)
    assert (before, lamps.sum()) == (0, 300)


def test_every_value_lies_in_the_range_of_its_profile_over_an_evening(world: World) -> None:
    run(world, 600)
    outside = [
        (device, key, value)
        for device in world.devices
        for key, value in world.values(device).items()
        if not in_range(world.profile(device).signal(key), value)
    ]
    assert outside == []


def in_range(signal: SignalProfile, value: float) -> bool:
    low = -np.inf if signal.minimum is None else signal.minimum
    high = np.inf if signal.maximum is None else signal.maximum
    return bool(low <= value <= high)


def test_states_are_those_that_the_profile_names(world: World) -> None:
    run(world, 300)
    unnamed = [
        (device, key)
        for device in world.devices
        for key, value in world.values(device).items()
        if (states := world.profile(device).signal(key).states) and value not in states
    ]
    assert unnamed == []


def test_counters_never_go_back(world: World) -> None:
    counters = [
        (world.families["electricity_meter"], "energy"), (world.families["water_meter"], "volume"),
        (world.families["heat_meter"], "energy"), (world.families["lift"], "trips"),
    ]  # fmt: skip
    before = [family.columns[key].copy() for family, key in counters]
    run(world, 300)
    assert all(
        np.all(family.columns[key] >= old)
        for (family, key), old in zip(counters, before, strict=True)
    )


def test_a_restarted_town_does_not_count_backwards(registry: Registry, world: World) -> None:
    run(world, 3600)
    energy = world.families["electricity_meter"].columns["energy"].copy()
    world.clock.seconds += 3600  # type: ignore[attr-defined]
    again = World(registry, 7, world.clock)
    assert np.all(again.families["electricity_meter"].columns["energy"] >= energy)


def test_the_same_seed_gives_the_same_world(registry: Registry, world: World) -> None:
    twin = World(registry, 7, world.clock)
    run(world, 30)
    run(twin, 30)
    assert all(
        np.array_equal(column, twin.families[name].columns[key])
        for name, family in world.families.items()
        for key, column in family.columns.items()
    )


def test_lifts_ride_in_the_evening(world: World) -> None:
    trips = world.families["lift"].columns["trips"]
    before = trips.sum()
    run(world, 300)
    assert trips.sum() - before > 60


def test_each_lift_makes_its_test_call_in_time(world: World) -> None:
    ages = world.families["lift"].columns["test_call_age"]
    seen = []
    for _ in range(80):
        world.step(3600.0)
        seen.append(ages.copy())

    assert np.max(seen) <= 72
    assert (np.min(seen, axis=0) < 2).all()


def test_a_test_call_that_is_missed_is_an_alarm_until_the_next_one(world: World, lift: str) -> None:
    (rule,) = (
        each.as_rule() for each in world.profile(lift).alarms if each.key == "test_call_missed"
    )
    evaluator, ages = AlarmEvaluator([(0, rule)], now=0.0), []
    for fault in (False, True, False):
        world.set_fault("test_call_missed", lift, fault)
        run(world, 1)
        age = world.value(lift, "test_call_age")
        evaluator.evaluate(Readings.of([0], 0, [age], 0, 0), 0.0)
        ages.append(bool(evaluator.raised[0]))

    assert ages == [False, True, False]


def test_a_cabinets_twilight_relay_sees_the_towns_dusk(world: World) -> None:
    run(world, 50)
    before = world.value(CABINET, "twilight")
    run(world, 25)
    assert (before, world.value(CABINET, "twilight")) == (0, 1)


def test_a_cabinet_without_mains_leaves_its_lamps_dark_and_silent(world: World) -> None:
    run(world, 75)
    world.set_fault("cabinet_power_lost", CABINET, True)
    run(world, 1)
    assert world.values(CABINET) == pytest.approx(
        {"mains": 0, "voltage": 0, "power": 0, "contactor": 0, "mode": 1, "twilight": 1, "door": 0}
    )
    assert world.value(LAMP, "on") == 0
    assert world.is_silent(LAMP)
    assert not world.is_silent(CABINET)
    assert world.families["street_light"].columns["on"].sum() == 275


def test_a_cabinet_in_local_mode_takes_neither_an_order_nor_its_relays_dusk(world: World) -> None:
    world.hold(CABINET, "mode", 0)
    run(world, 75)
    assert not world.write(CABINET, "contactor", 1)
    assert world.value(CABINET, "contactor") == 0


def test_the_contactor_stays_off_after_the_mains_is_back_until_it_is_commanded(
    world: World,
) -> None:
    run(world, 75)
    world.set_fault("cabinet_power_lost", CABINET, True)
    run(world, 5)
    refused = world.write(CABINET, "contactor", 1)
    world.set_fault("cabinet_power_lost", CABINET, False)
    run(world, 20)
    waiting = (world.is_silent(LAMP), world.value(LAMP, "on"))
    taken = world.write(CABINET, "contactor", 1)
    run(world, 1)
    assert (refused, waiting, taken) == (False, (False, 0), True)
    assert world.value(LAMP, "on") == 1


def test_a_lamp_can_be_switched_off_alone(world: World) -> None:
    run(world, 75)
    world.write(LAMP, "on", 0)
    run(world, 1)
    assert world.families["street_light"].columns["on"].sum() == 299


def test_a_heat_point_that_is_down_cools_the_houses_of_its_bank_only(world: World) -> None:
    meters = world.families["heat_meter"]
    cold = np.array([world.devices[meter].place.split("-")[0] for meter in meters.devices])
    left = np.isin(cold, ["lesnaya", "shkolnaya", "sadovaya", "mira", "mostovaya", "lugovaya"])
    world.set_fault("heating_drop", HEAT_POINT, True)
    run(world, 240)
    assert world.value(HEAT_POINT, "pump_1") == 2
    assert world.value(HEAT_POINT, "supply_temperature") < 40
    assert meters.columns["return_temperature"][left].max() < 30
    assert meters.columns["return_temperature"][~left].min() > 40


def test_a_trapped_passenger_weighs_down_a_car_that_stands(world: World, lift: str) -> None:
    world.set_fault("lift_trapped", lift, True)
    run(world, 30)
    trapped = world.values(lift)
    world.set_fault("lift_trapped", lift, False)
    run(world, 1)
    assert (trapped["state"], trapped["door"]) == (4, 0)
    assert trapped["load"] >= 75
    assert world.value(lift, "state") != 4


def test_a_lift_that_is_taken_out_stands_until_it_is_put_back(world: World, lift: str) -> None:
    world.write(lift, "out_of_service", 1)
    run(world, 60)
    out = world.value(lift, "state")
    world.write(lift, "out_of_service", 0)
    run(world, 1)
    assert (out, world.value(lift, "state") == 5) == (5, False)


def test_a_stuck_meter_repeats_itself_to_the_last_digit(world: World, meter: str) -> None:
    world.set_fault("meter_stuck", meter, True)
    before = world.values(meter)
    run(world, 60)
    assert world.values(meter) == before


@pytest.mark.parametrize(
    ("fault", "limit"), [("voltage", ("voltage_l1", 253)), ("gas", ("methane", 10))]
)
def test_a_fault_takes_its_signal_over_the_limit(
    world: World, meter: str, gas: str, fault: str, limit: tuple[str, float]
) -> None:
    device = meter if fault == "voltage" else gas
    world.set_fault(fault, device, True)
    run(world, 60)
    assert world.value(device, limit[0]) > limit[1]


def test_a_conflict_puts_a_crossing_to_flashing_amber(world: World) -> None:
    world.set_fault("conflict", TRAFFIC, True)
    run(world, 1)
    values = world.values(TRAFFIC)
    assert (values["conflict"], values["mode"], values["head_1"], values["head_2"]) == (1, 1, 5, 5)


def test_no_crossing_ever_shows_green_both_ways(world: World) -> None:
    columns = world.families["traffic_controller"].columns
    both = 0
    for _ in range(200):
        world.step(1.0)
        both += int(np.sum((columns["head_1"] >= 3) & (columns["head_2"] >= 3)))
    assert both == 0


def test_a_plan_that_does_not_exist_is_refused(world: World) -> None:
    assert [world.write(TRAFFIC, "plan", plan) for plan in (2, 9)] == [True, False]


def test_what_a_tester_holds_wins_and_has_consequences_until_it_is_let_go(world: World) -> None:
    run(world, 75)
    world.hold(CABINET, "mains", 0)
    run(world, 1)
    dark = world.is_silent(LAMP)
    world.hold(CABINET, "mains", None)
    run(world, 1)
    assert (dark, world.is_silent(LAMP)) == (True, False)


def test_a_fault_that_a_device_cannot_have_is_refused(world: World) -> None:
    with pytest.raises(KeyError):
        world.set_fault("gas", CABINET, True)


def test_a_dimmed_lamp_burns_at_its_level_with_less_power(world: World) -> None:
    run(world, 90)
    bright = world.values(LAMP)
    world.write(LAMP, "level", 40)
    run(world, 1)
    dimmed = world.values(LAMP)
    assert (bright["level"], dimmed["level"], dimmed["on"]) == (100, 40, 1)
    assert dimmed["power"] - 0.8 == pytest.approx(0.4 * (bright["power"] - 0.8))


def test_a_crossing_flashes_when_it_is_told_to_and_goes_back_to_its_plan(world: World) -> None:
    world.write(TRAFFIC, "flash", 1)
    run(world, 1)
    flashing = world.values(TRAFFIC)
    world.write(TRAFFIC, "flash", 0)
    run(world, 1)
    assert (flashing["mode"], flashing["head_1"], flashing["head_2"]) == (1, 5, 5)
    assert world.value(TRAFFIC, "mode") == 0


def test_a_priority_call_waits_for_its_green_holds_it_and_ends_by_itself(world: World) -> None:
    world.write(TRAFFIC, "priority", 2)
    shown = []
    for _ in range(118):
        run(world, 1)
        shown.append((world.value(TRAFFIC, "head_1"), world.value(TRAFFIC, "head_2")))
    run(world, 60)
    assert (GREEN, GREEN) not in shown
    assert shown[-1] == (RED, GREEN)
    assert shown[-30:] == [(RED, GREEN)] * 30  # longer than any plan holds it
    assert world.value(TRAFFIC, "priority") == 0
