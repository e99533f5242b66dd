"""What an executor sees: the work that is routed to their organisation, and no other's."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.wire import AlarmBirth, Condition
from core.routing import Routing
from gateway.cases.desk import open_desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.incidents import Intake
from gateway.cases.rows import case_of, keep_case
from gateway.storage.case_tables import CaseRow
from tests.gateway.conftest import TOWN, Gateway, Live, words  # type: ignore[import-not-found]
from tests.gateway.test_case_routes import COMPLAINT, JPEG, Lamps, lamps_can_be_switched

REGION = "prirechye"
PROBLEMS = {"mains_lost": "lighting.cabinet", "burnt_out": "lighting.lamp"}
Play = Callable[[Callable[[Gateway], Awaitable[None]]], None]


class Births(Lamps):
    async def alarm_definition(
        self, _session: AsyncSession, _device: str, condition: str
    ) -> AlarmBirth | None:
        return AlarmBirth(key=condition, signal="on", severity="high", name=words("Out", "Нет"),
                          problem=PROBLEMS[condition])  # fmt: skip


@pytest.fixture
def town(town: dict[str, Any]) -> dict[str, Any]:
    """Lamps are cared for by others than cabinets are."""
    crew = {"id": "lamps", "name": words("Lamp Crew", "Бригада"), "place": REGION}
    cabinet = TOWN["devices"][0] | {"id": "cabinet-1-meter", "unit": "cabinet-1"}
    town["executors"].append(crew)
    town["routes"].insert(0, {"executor": "lamps", "category": "lighting.lamp"})
    town["devices"].append(cabinet)
    town["bindings"].append({"asset": "cabinet-1", "device": "cabinet-1-meter"})
    return town


async def happen(gateway: Gateway, *happenings: tuple[str, str]) -> None:
    """Let conditions of devices be raised, one block each."""
    parts = gateway.parts
    evidence = EvidenceFiles(parts.settings.data_dir / "evidence")
    intake = Intake(parts.clock, parts.registry, Births(), evidence)
    for device, condition in happenings:
        raised = Condition(device=device, condition=condition, active=True, number=1, value=0,
                           time=parts.clock.time_ns())  # fmt: skip
        async with parts.database.transaction() as session:
            await intake.take_events(session, "edge-1", [raised])


CABINET = ("cabinet-1-meter", "mains_lost")
NEAR_LAMP = ("lamp-1-head", "burnt_out")
FAR_LAMP = ("lamp-2-head", "burnt_out")


async def give(gateway: Gateway, case: int, executor: str) -> None:
    """Route a case to another organisation."""
    parts = gateway.parts
    async with parts.database.transaction() as session:
        desk = await open_desk(session, parts.clock.now(), parts.registry.snapshot)
        row = await session.get_one(CaseRow, case)
        work = case_of(row, desk.rules)
        to = Routing(parts.registry.snapshot.executors[executor], words("By hand", "Вручную"))
        desk.give(work, row, to)
        keep_case(work, row)
        await desk.finish()


@asynccontextmanager
async def crew(
    gateway: Gateway, executor: str, after: int | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, Live]]:
    """Sign one of the organisation in and connect the WebSocket."""
    async with (
        gateway.signed_in("executor", REGION, executor=executor) as browser,
        gateway.live(browser, after) as live,
    ):
        await live.next("hello")
        yield browser, live


async def numbers(browser: httpx.AsyncClient, path: str) -> list[int]:
    return [one["id"] for one in (await browser.get(path)).json()]


def test_lists_hold_only_the_own_work(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await happen(gateway, CABINET, FAR_LAMP)
        seen = {}
        for executor in ("light", "lamps"):
            async with gateway.signed_in("executor", REGION, executor=executor) as browser:
                cases = await numbers(browser, "/api/v1/cases?state=all")
                seen[executor] = cases, await numbers(browser, "/api/v1/incidents")
        assert seen == {"light": ([1], [1]), "lamps": ([2], [2])}

    play(scene)


def test_a_dispatcher_still_sees_the_work_of_everybody(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await happen(gateway, CABINET, FAR_LAMP)
        async with gateway.signed_in("dispatcher", REGION) as browser:
            assert sorted(await numbers(browser, "/api/v1/cases")) == [1, 2]

    play(scene)


def test_guessing_the_numbers_of_others_work_finds_nothing(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        lamps_can_be_switched(gateway)
        async with gateway.browser() as resident:
            await resident.post(
                "/api/v1/public/appeals", data=COMPLAINT, files={"photo": ("a.jpg", JPEG)}
            )
        await happen(gateway, CABINET)
        command = {"device": "lamp-1-head", "signal": "on", "value": 1}
        async with gateway.signed_in("dispatcher", REGION) as dispatcher:
            (case,) = (await dispatcher.get("/api/v1/cases")).json()
            detail = (await dispatcher.get(f"/api/v1/cases/{case['id']}")).json()
            (photo,) = detail["appeal_list"][0]["photos"]
            sent = [
                (await dispatcher.post("/api/v1/commands", json=command | {"case": number})).json()
                for number in (case["id"], None)
            ]
        mine, nobodys = (f"/api/v1/commands/{each['id']}" for each in sent)
        path, picture = f"/api/v1/cases/{case['id']}", f"/api/v1/evidence/{photo}"
        async with gateway.signed_in("executor", REGION, executor="lamps") as stranger:
            answers = [
                await stranger.get(path),
                await stranger.post(f"{path}/accept", json={"version": case["version"]}),
                await stranger.post(f"{path}/resolve", json={"version": case["version"]}),
                await stranger.post(f"{path}/note", json={"note": "hello"}),
                await stranger.post(f"{path}/evidence", files={"photo": ("a.jpg", JPEG)}),
                await stranger.get(picture),
                await stranger.get(mine),
                await stranger.get(nobodys),
                await stranger.get("/api/v1/cases/999"),
            ]
        async with gateway.signed_in("executor", REGION, executor="light") as owner:
            found = [(await owner.get(each)).status_code for each in (path, picture, mine)]
            hidden = (await owner.get(nobodys)).status_code
        assert [answer.status_code for answer in answers] == [404] * 9
        assert (found, hidden) == ([200, 200, 200], 404)

    play(scene)


def test_an_executor_of_one_bank_sees_no_own_work_of_the_other(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await happen(gateway, FAR_LAMP)
        async with gateway.signed_in("executor", "left", executor="lamps") as browser:
            assert await numbers(browser, "/api/v1/cases") == []
            assert (await browser.get("/api/v1/cases/1")).status_code == 404

    play(scene)


def test_live_changes_are_of_the_own_work(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        async with crew(gateway, "lamps") as (_, live):
            await happen(gateway, CABINET, FAR_LAMP)
            incident, case = await live.next("change"), await live.next("change")
        assert (incident["topic"], incident["incident"]["id"]) == ("incident", 2)
        assert (case["topic"], case["case"]["executor"]) == ("case", "lamps")

    play(scene)


def test_devices_of_the_territory_are_shown_live_to_an_executor(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        async with crew(gateway, "lamps") as (browser, live):
            await gateway.publish("device", "prirechye/left/lesnaya/", {"id": "cabinet-1-meter"})
            assert (await live.next("change"))["device"] == {"id": "cabinet-1-meter"}
            assert (await browser.get("/api/v1/devices/cabinet-1-meter")).status_code == 200

    play(scene)


def test_one_who_comes_back_missed_only_the_own_work(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        before = gateway.parts.hub.seq
        await happen(gateway, CABINET, FAR_LAMP)
        async with crew(gateway, "light", before) as (_, live):
            incident, case = await live.next("change"), await live.next("change")
            await happen(gateway, ("lamp-1-head", "mains_lost"))
            new = await live.next("change")
        assert [incident["incident"]["id"], case["case"]["id"]] == [1, 1]
        assert new["seq"] > case["seq"] + 2  # what is not theirs left a gap

    play(scene)


def test_a_case_that_goes_to_others_is_gone_and_nothing_more_is_told(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await happen(gateway, FAR_LAMP)
        async with crew(gateway, "lamps") as (former, told), crew(gateway, "light") as (now, shown):
            await give(gateway, 1, "light")
            gone = [await told.next("change"), await told.next("change")]
            come = [await shown.next("change"), await shown.next("change")]
            assert (await former.get("/api/v1/cases/1")).status_code == 404
            assert await numbers(former, "/api/v1/incidents") == []
            assert await numbers(now, "/api/v1/cases") == [1]
        bare = [each.keys() - {"kind", "seq", "at", "topic"} for each in gone]
        assert bare == [{"gone"}, {"gone"}]
        assert [each["gone"] for each in gone] == [{"incident": 1}, {"case": 1}]
        assert [each["topic"] for each in come] == ["incident", "case"]
        assert come[1]["case"]["executor"] == "light"

    play(scene)


def test_one_who_comes_back_is_told_what_went_to_others_meanwhile(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await happen(gateway, FAR_LAMP)
        async with crew(gateway, "lamps") as (browser, live):
            await give(gateway, 1, "light")
            seq = (await live.next("change"))["seq"] - 1
            async with gateway.live(browser, seq) as again:
                assert (await again.next("hello"))["resumed"] is True
                gone = [(await again.next("change"))["gone"] for _ in range(2)]
        assert gone == [{"incident": 1}, {"case": 1}]

    play(scene)


def test_a_dispatcher_sees_a_case_change_hands_as_one_change(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await happen(gateway, FAR_LAMP)
        async with gateway.watching(REGION) as live:
            await live.next("hello")
            await give(gateway, 1, "light")
            topics = [(await live.next("change"))["topic"] for _ in range(2)]
        assert topics == ["incident", "case"]

    play(scene)


def test_an_incident_that_folds_into_others_work_is_gone(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await happen(gateway, NEAR_LAMP)
        async with crew(gateway, "lamps") as (browser, live):
            await happen(gateway, CABINET)
            gone, closed = await live.next("change"), await live.next("change")
            assert await numbers(browser, "/api/v1/incidents") == []
        assert gone["gone"] == {"incident": 1}
        assert (closed["case"]["id"], closed["case"]["state"]) == (1, "closed")

    play(scene)
