"""The script plays in its three minutes, and small mischief heals; played in fast-forward."""

from collections.abc import Awaitable
from dataclasses import dataclass, field

import pytest

from simulators.scenario import SCRIPTED_CABINET, SCRIPTED_HEAT_POINT, Mischief, Scenario
from simulators.world.world import World


@dataclass
class Recorder:
    """People who only note what they were asked for, and in which second."""

    world: World
    deeds: list[tuple[float, str, str]] = field(default_factory=list)

    async def complain(self, device: str, category: str) -> None:
        self.deeds.append((self.world.elapsed, category, device))

    async def command(self, device: str, signal: str, value: float) -> None:
        self.deeds.append((self.world.elapsed, f"{signal}={value:g}", device))
        self.world.write(device, signal, value)

    def start(self, deed: Awaitable[None]) -> None:
        """Run a deed that never waits to its end."""
        with pytest.raises(StopIteration):
            deed.send(None)  # type: ignore[attr-defined]


@dataclass
class Play:
    world: World
    people: Recorder
    scenario: Scenario

    def until(self, second: int) -> None:
        while self.world.elapsed < second:
            self.world.step(1.0)
            self.scenario.advance(self.world.elapsed)


@pytest.fixture
def play(world: World) -> Play:
    people = Recorder(world)
    return Play(world, people, Scenario(world, people, people.start))


def lit(world: World) -> int:
    return int(world.families["street_light"].columns["on"].sum())


def test_a_lift_stops_with_a_passenger_at_second_20(play: Play) -> None:
    play.until(19)
    before = (play.world.families["lift"].columns["state"] == 4).sum()
    play.until(21)
    assert (before, (play.world.families["lift"].columns["state"] == 4).sum()) == (0, 1)


def test_a_dead_cabinet_takes_its_lamps_with_it_and_a_command_brings_them_back(play: Play) -> None:
    lamps = []
    for second in (58, 74, 77, 119, 122, 137):
        play.until(second)
        lamps.append(lit(play.world))
    assert lamps == [0, 300, 275, 275, 275, 300]
    assert (135, "contactor=1", SCRIPTED_CABINET) in play.people.deeds


def test_three_residents_complain_about_the_dark(play: Play) -> None:
    play.until(120)
    dark = [deed[0] for deed in play.people.deeds if deed[1] == "lighting.dark"]
    assert len(dark) == 3
    assert all(85 <= second <= 110 for second in dark)


def test_heating_drops_a_meter_sticks_and_a_device_falls_silent(play: Play) -> None:
    play.until(220)
    kinds = {name for device in play.world.devices for name in play.world.faults(device)}
    assert {"heating_drop", "meter_stuck", "device_silent"} <= kinds
    assert play.world.value(SCRIPTED_HEAT_POINT, "supply_temperature") < 40


def test_after_a_quarter_of_an_hour_all_is_well_again(play: Play) -> None:
    play.until(901)
    assert play.scenario.is_over
    assert [device for device in play.world.devices if play.world.faults(device)] == []


def test_a_restarted_town_keeps_its_faults_and_nobody_complains_twice(
    world: World, play: Play
) -> None:
    play.scenario.skip(160)
    play.until(165)
    standing = {name for device in world.devices for name in world.faults(device)}
    assert standing == {"lift_trapped", "heating_drop", "meter_stuck", "device_silent"}
    assert play.people.deeds == []


def test_mischief_keeps_an_hour_alive_and_never_piles_up(world: World) -> None:
    people = Recorder(world)
    mischief = Mischief(world, people, people.start, 7, after=240)
    broken = []
    for second in range(0, 3600, 5):
        mischief.advance(second)
        broken.append(sum(bool(world.faults(device)) for device in world.devices))
    assert max(broken[: 240 // 5]) == 0
    assert 2 <= max(broken) <= 12
    assert len(people.deeds) <= 20
