"""The figures of a console's alarms, and whether it is flooded, through HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.storage.case_tables import IncidentRow

pytestmark = pytest.mark.usefixtures("each_store")

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WEEK = {"since": "2026-11-15T00:00:00Z", "until": "2026-11-22T00:00:00Z"}
LEFT, RIGHT = "prirechye/left/lesnaya/", "prirechye/right/beregovaya/"


def incident(at: datetime, path: str = LEFT, **other: object) -> dict[str, object]:
    """Give an incident that people were told of, and that lasted a minute."""
    return {
        "edge": "edge-1", "device": "lamp-1-head", "asset": "lamp-1", "condition": "lamp_off",
        "problem": "lighting.lamp", "name": {"en": "Lamp is off", "ru": "Лампа не горит"},
        "text": {}, "severity": "low", "place_path": path, "raised_at": at, "seen_at": at,
        "annunciated_at": at, "cleared_at": at + MINUTE, "unit": "", "cause": {},
        "consequence": {}, "action": {}, "raises": 1, "fleeting": False,
    } | other  # fmt: skip


async def keep(gateway: Any, *incidents: dict[str, object]) -> None:
    async with gateway.parts.database.transaction() as session:
        await session.execute(insert(IncidentRow), list(incidents))


async def figures(gateway: Any, seat: str = "left", **query: str) -> Any:
    async with gateway.signed_in("dispatcher", seat) as browser:
        answer = await browser.get("/api/v1/alarm-figures", params=WEEK | query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def named(shown: Any) -> dict[str, float]:
    return {each["name"]: each["value"] for each in shown["figures"]}


def test_figures_are_of_what_the_own_console_was_told_of(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        told = [incident(NOON + n * MINUTE) for n in range(14)]
        untold = incident(NOON, annunciated_at=None)
        await keep(
            gateway, *told, untold, incident(NOON, RIGHT), incident(NOON - 20 * 1440 * MINUTE)
        )
        shown = await figures(gateway)
        assert (shown["place"], shown["alarms"]) == ("left", 14)
        assert named(shown)["per_day"] == 2
        assert shown["days"]["alarms"] == [0, 0, 0, 0, 0, 14, 0]

    play(scene)


def test_nuisances_floods_and_stale_alarms_are_counted(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        burst = [incident(NOON + timedelta(seconds=n)) for n in range(20)]
        chatters = incident(NOON - 300 * MINUTE, raises=7)
        fleeting = incident(NOON - 200 * MINUTE, fleeting=True)
        stale = incident(NOON - 3000 * MINUTE, cleared_at=None)
        await keep(gateway, *burst, chatters, fleeting, stale)
        shown = await figures(gateway)
        found = named(shown)
        assert (found["chattering"], found["fleeting"], found["stale"]) == (1, 1, 1)
        assert found["floods"] == 1
        assert shown["days"]["stale"] == [0, 0, 0, 0, 1, 1, 1]
        # From the eleventh second until only four of twenty are of the last ten minutes.
        assert shown["days"]["flood_minutes"][5] == pytest.approx(605 / 60)

    play(scene)


def test_the_most_frequent_are_named_with_their_asset_and_share(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        often = [incident(NOON + n * MINUTE) for n in range(3)]
        other = incident(NOON, device="lift-7-d1", asset="lift-7", severity="high")
        await keep(gateway, *often, other)
        shown = await figures(gateway)
        assert [(each["asset"], each["count"], each["share"]) for each in shown["frequent"]] == [
            ("lamp-1", 3, 75),
            ("lift-7", 1, 25),
        ]
        assert named(shown)["high_share"] == 25

    play(scene)


def test_a_region_may_look_at_one_console_and_a_bank_not_at_the_other(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        await keep(gateway, incident(NOON), incident(NOON, RIGHT), incident(NOON, RIGHT))
        assert (await figures(gateway, "prirechye"))["alarms"] == 3
        assert (await figures(gateway, "prirechye", place="right"))["alarms"] == 2
        async with gateway.signed_in("dispatcher", "left") as browser:
            answer = await browser.get("/api/v1/alarm-figures", params={"place": "right"})
            assert answer.status_code == 404

    play(scene)


@pytest.mark.parametrize(
    "period",
    [
        {"since": "2026-11-22T00:00:00Z", "until": "2026-11-22T00:00:00Z"},
        {"since": "2020-11-22T00:00:00Z", "until": "2026-11-22T00:00:00Z"},
    ],
)
def test_a_period_that_makes_no_sense_is_refused(play: Any, period: dict[str, str]) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in() as browser:
            answer = await browser.get("/api/v1/alarm-figures", params=period)
            assert answer.status_code == 422, answer.text

    play(scene)


def test_the_table_has_each_figure_and_what_came_most_often(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        await keep(gateway, incident(NOON))
        async with gateway.signed_in() as browser:
            query = WEEK | {"language": "ru"}
            answer = await browser.get("/api/v1/alarm-figures.csv", params=query)
        lines = answer.content.decode("utf-8-sig").splitlines()
        assert lines[0] == "показатель,значение,единица,цель,предел,оценка"
        assert lines[1] == '"тревог за 10 минут, в среднем",0.0009921,1,1,2,хорошо'
        assert lines[-1] == "самая частая: Лампа не горит (lamp-1-head),1,1,,,"

    play(scene)


def test_a_flooded_console_says_so_with_its_causes(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        now = gateway.parts.clock.now()
        recent = [incident(now - timedelta(seconds=n + 1)) for n in range(9)]
        other = [
            incident(now - timedelta(seconds=n + 1), problem="lift.stopped", asset="lift-7")
            for n in range(3)
        ]
        async with gateway.signed_in() as browser:
            await keep(gateway, *recent)
            assert (await browser.get("/api/v1/flood")).json()["flood"] is False
            await keep(gateway, *other)
            shown = (await browser.get("/api/v1/flood")).json()
        async with gateway.signed_in("dispatcher", "right") as browser:
            assert (await browser.get("/api/v1/flood")).json()["flood"] is False
        assert (shown["flood"], shown["alarms"]) == (True, 12)
        assert [(each["problem"], each["alarms"]) for each in shown["causes"]] == [
            ("lighting.lamp", 9),
            ("lift.stopped", 3),
        ]

    play(scene)
