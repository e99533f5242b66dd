"""Programs at work, with real devices: what they set, what holds them off, and what is told."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters import wire
from adapters.mqtt.broker import find_mosquitto
from core.program import CalendarEntry, Program, ProgramKind, Span
from edge.control import control
from edge.control.told import LOCAL, NO_CLOCK, OVERRIDE, PROGRAM
from tests.adapters.conftest import running_broker
from tests.edge.stand import eventually
from tests.edge.street import FLASH, PRIORITY, Scene, Street, play

NIGHT = Program(
    id="night", kind=ProgramKind.LIGHTING, devices=("cab-1",), signal="contactor",
    zone="Europe/Moscow", latitude=54.2, longitude=37.6,
    spans=(Span(since="dusk", until="dawn", set=1),),
)  # fmt: skip
PLANS = Program(
    id="plans", kind=ProgramKind.TRAFFIC, devices=("traffic-1",), signal="plan",
    zone="Europe/Moscow", otherwise=1, spans=(Span(since="07:00", until="10:00", set=2),),
    calendar=(CalendarEntry(weekdays=("sat", "sun"), spans=(Span(set=3),)),),
)  # fmt: skip
Stage = Callable[..., None]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Moscow")).astimezone(UTC)


# 26 November 2026, a Thursday: dusk at 16:57, dawn of the next day at 07:37.
DAY, NIGHTFALL, MORNING = (
    local(f"2026-11-{each}") for each in ("26 16:50", "26 17:05", "27 08:00")
)
NOON = local("2026-11-26 12:00")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    if find_mosquitto() is None:
        pytest.fail("mosquitto is not installed; .ci/servers installs it")
    monkeypatch.setattr(control, "EVERY_S", 0.05)
    with ExitStack() as stack:
        broker, _ = stack.enter_context(running_broker(tmp_path, "mosquitto"))

        def run(scene: Scene, *programs: Program, at: datetime = DAY, **how: object) -> None:
            play(scene, *programs, folder=tmp_path, broker=broker, at=at, **how)  # type: ignore[arg-type]

        yield run


async def until_on(street: Street) -> None:
    await eventually(lambda: street.cabinet.state["contactor"] == 1, 20)


async def until_off(street: Street) -> None:
    await eventually(lambda: street.cabinet.state["contactor"] == 0, 20)


async def until_told(street: Street, device: str = "cab-1", **values: float) -> None:
    """Wait until the gateway was told these values of the governed signal."""
    signal = {"cab-1": "contactor", "traffic-1": "plan", "lamp-1": "level"}[device]
    wanted = {f"{signal}_{key}": value for key, value in values.items()}
    await eventually(lambda: {k: street.told.value(device, k) for k in wanted} == wanted, 20)


async def in_time(street: Street, claim: Callable[[], bool]) -> None:
    """Wait until a claim is true, while time passes ten times as fast as it does."""

    def is_true_now() -> bool:
        street.wait(0.1)
        return claim()

    await eventually(is_true_now, 60)


def lost_devices(street: Street) -> list[str]:
    return [each.device for each in street.told.of(wire.DeviceChange) if not each.online]


def test_dusk_switches_on_and_dawn_off_while_the_gateway_is_away(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        street.advance(NIGHTFALL)
        await until_on(street)
        street.advance(MORNING)
        await until_off(street)
        assert street.cabinet.orders == [{"contactor": 1}, {"contactor": 0}]

    stage(scene, NIGHT, gateway=False)


def test_an_edge_that_starts_at_night_switches_on_at_once(stage: Stage) -> None:
    stage(until_on, NIGHT, at=local("2026-11-27 03:00"), gateway=False)


def test_what_is_as_wanted_is_left_alone(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        await until_told(street, wanted=0, obeyed=1, control=PROGRAM)
        assert street.cabinet.orders == []

    stage(scene, NIGHT)


def test_what_falls_off_by_itself_is_set_again(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        await until_on(street)
        await until_told(street, obeyed=1)
        street.cabinet.state["contactor"] = 0
        await until_on(street)

    stage(scene, NIGHT, at=NIGHTFALL)


def test_lamps_are_dimmed_within_the_night(stage: Stage) -> None:
    dimmed = replace(
        NIGHT, devices=("lamp-1",), signal="level",
        spans=(Span(since="dusk", until="dawn", set=100,
                    within=(Span(since="23:00", until="05:00", set=40),)),),
    )  # fmt: skip

    async def scene(street: Street) -> None:
        for moment, level in (
            (NIGHTFALL, 100), (local("2026-11-26 23:01"), 40), (local("2026-11-27 05:01"), 100),
            (MORNING, 0),
        ):  # fmt: skip
            street.advance(moment)
            await until_told(street, "lamp-1", wanted=level, obeyed=1)
            assert street.lamp.state["level"] == level

    stage(scene, dimmed)


def test_a_device_that_does_not_obey_keeps_no_other_of_its_line_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("adapters.mqtt.adapter.READ_BACK_S", "edge.writing.WRITE_TIMEOUT_S"):
        monkeypatch.setattr(name, 600.0)
    lit = replace(NIGHT, id="lit", devices=("lamp-1",), signal="level", otherwise=30.0)

    async def scene(street: Street) -> None:
        street.cabinet.obeys = False
        await eventually(lambda: street.cabinet.orders, 20)
        street.lamp.state["level"] = 7
        await eventually(lambda: street.lamp.state["level"] == 1, 20)
        # Nor does a command to the other one wait.
        assert (await street.told.command("lamp-1", "level", 60)).state == "confirmed"
        assert street.cabinet.orders == [{"contactor": 1}]

    stage(scene, NIGHT, lit, at=NIGHTFALL)


def test_a_controller_gets_its_plans_by_hour_and_calendar_over_modbus(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        for moment, plan in (
            ("2026-11-27 07:01", 2), ("2026-11-27 10:01", 1), ("2026-11-28 00:01", 3),
        ):  # fmt: skip
            street.advance(local(moment))
            await eventually(lambda plan=plan: street.plan == plan, 20)  # type: ignore[misc]

    stage(scene, PLANS, gateway=False)


def test_a_junction_flashes_at_night_and_a_priority_call_has_an_end(stage: Stage) -> None:
    flash = replace(PLANS, id="flash", signal="flash", otherwise=0, calendar=(),
                    spans=(Span(since="23:00", until="05:00", set=1),))  # fmt: skip
    call = replace(flash, id="call", signal="priority", spans=(), override_s=90.0)

    async def scene(street: Street) -> None:
        registers = street.junction.words(1, "holding")
        await eventually(lambda: street.told.value("traffic-1", "priority_obeyed") == 1, 20)
        await street.told.command("traffic-1", "priority", 2)
        assert registers[PRIORITY] == 2
        street.wait(91)
        await eventually(lambda: registers[PRIORITY] == 0, 20)
        street.advance(local("2026-11-26 23:01"))
        await eventually(lambda: registers.get(FLASH) == 1, 20)

    stage(scene, flash, call)


def test_a_command_holds_for_its_time_and_across_a_restart(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        await until_told(street, obeyed=1)
        result = await street.told.command("cab-1", "contactor", 1)
        assert result.state == "confirmed"
        ends = street.clock.wall.timestamp() + 7200
        await until_told(street, wanted=1, control=OVERRIDE, obeyed=1, changes_at=ends)
        await street.stop()
        street.wait(3600)
        street.told.values.clear()
        await street.start()
        await until_told(street, wanted=1, control=OVERRIDE, obeyed=1, changes_at=ends)
        assert street.cabinet.orders == [{"contactor": 1}]
        street.wait(3601)
        await until_off(street)
        await until_told(street, wanted=0, control=PROGRAM, obeyed=1)

    stage(scene, NIGHT, at=NOON)


def test_a_clock_that_was_set_back_makes_no_command_hold_longer(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        await until_told(street, obeyed=1)
        await street.told.command("cab-1", "contactor", 1)
        await street.stop()
        street.clock.wall = local("2026-11-26 01:00")
        await street.start()
        street.wait(7201)
        street.clock.wall = NOON
        await until_off(street)

    stage(scene, NIGHT, at=NOON)


def test_a_command_is_not_held_against_a_program_that_is_gone(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        await until_told(street, obeyed=1)
        await street.told.command("cab-1", "contactor", 1)
        await street.stop()
        governed, street.configuration = (
            street.configuration,
            replace(street.configuration, programs=()),
        )
        await street.start()
        await street.stop()
        street.configuration = governed
        await street.start()
        await until_off(street)

    stage(scene, NIGHT, at=NOON)


def test_a_device_that_does_not_obey_is_told_and_tried_again(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        street.cabinet.obeys = False
        await eventually(lambda: street.cabinet.orders, 20)
        await until_told(street, wanted=1, obeyed=0)
        street.wait(301)
        await eventually(lambda: ("contactor_not_obeyed", True) in street.told.conditions(), 20)
        street.cabinet.obeys = True
        await in_time(street, lambda: street.cabinet.state["contactor"] == 1)
        await eventually(lambda: ("contactor_not_obeyed", False) in street.told.conditions(), 20)

    stage(scene, NIGHT, at=NIGHTFALL)


def test_a_program_waits_while_somebody_has_the_cabinet_in_local_mode(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        street.cabinet.state.update(mode=0, contactor=1)
        await until_told(street, control=LOCAL, wanted=0)
        assert math.isnan(street.told.value("cab-1", "contactor_obeyed"))
        refused = await street.told.command("cab-1", "contactor", 1)
        assert (refused.state, "in local mode" in refused.text) == ("refused", True)
        assert street.cabinet.orders == []
        street.cabinet.state["mode"] = 1
        await until_off(street)
        await until_told(street, control=PROGRAM, obeyed=1)

    stage(scene, NIGHT)


def test_a_device_that_is_lost_is_no_device_that_does_not_obey(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        await until_told(street, "traffic-1", obeyed=1)
        street.junction.silent.add(1)
        await in_time(street, lambda: "traffic-1" in lost_devices(street))
        street.advance(local("2026-11-27 07:30"))
        await until_told(street, "traffic-1", wanted=2)
        street.wait(400)
        # The cabinet's conditions come behind those that time has brought to the controller.
        await until_told(street, control=PROGRAM)
        assert "plan_not_obeyed" not in [key for key, _ in street.told.conditions()]

    stage(scene, PLANS, NIGHT)


def test_burning_by_day_is_told_unless_a_command_stands(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        await until_told(street, obeyed=1)
        await street.told.command("cab-1", "contactor", 1)
        await until_told(street, control=OVERRIDE, obeyed=1)
        street.wait(1200)
        await until_told(street, control=OVERRIDE)
        street.cabinet.obeys = False
        street.wait(6100)  # the command is over, and the contactor stuck
        await until_told(street, control=PROGRAM, obeyed=0)
        assert "contactor_by_day" not in [key for key, _ in street.told.conditions()]
        street.wait(601)
        await eventually(lambda: ("contactor_by_day", True) in street.told.conditions(), 20)

    stage(scene, NIGHT, at=local("2026-11-26 10:30"))


def test_a_command_that_stands_for_hours_is_told(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        await until_told(street, obeyed=1)
        await street.told.command("cab-1", "contactor", 1)
        await until_told(street, control=OVERRIDE)
        street.wait(4 * 3600 + 1)
        await eventually(lambda: ("contactor_forgotten", True) in street.told.conditions(), 20)

    stage(scene, replace(NIGHT, override_s=86_400.0), at=local("2026-11-26 00:30"))


def test_a_clock_that_was_never_set_leaves_everything_as_it_is(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        await until_told(street, control=NO_CLOCK)
        street.wait(61)
        await eventually(lambda: ("contactor_no_clock", True) in street.told.conditions(), 20)
        assert street.cabinet.orders == []
        street.clock.wall = NIGHTFALL  # set at last; no time has passed for that
        await until_on(street)
        await until_told(street, control=PROGRAM, obeyed=1)

    stage(scene, NIGHT, at=datetime(2000, 1, 1, 20, tzinfo=UTC))


def test_a_clock_that_is_set_forth_and_back_is_followed(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        street.clock.wall = NIGHTFALL
        await until_on(street)
        street.clock.wall = DAY
        await until_off(street)

    stage(scene, NIGHT, gateway=False)


def test_the_gateways_time_counts_where_the_edges_clock_is_wrong(stage: Stage) -> None:
    async def scene(street: Street) -> None:
        await until_told(street, wanted=1, control=PROGRAM)
        await until_on(street)

    stage(scene, NIGHT, at=NIGHTFALL, edge_at=NOON)
