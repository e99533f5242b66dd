"""A case changes hands by a dispatcher's word; who has it may contest that once."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tests.gateway.test_case_routes import COMPLAINT, Gateway

Play = Callable[[Callable[[Gateway], Awaitable[None]]], None]
CASE = "/api/v1/cases/1"


@pytest.fixture
def town(town: dict[str, Any]) -> dict[str, Any]:
    words = {"en": "Road Office", "ru": "Дорожная служба"}
    town["executors"].append({"id": "roads", "name": words, "place": "prirechye"})
    return town


async def sent(person: httpx.AsyncClient, verb: str, version: int, **form: str) -> httpx.Response:
    return await person.post(f"{CASE}/{verb}", json={"version": version, **form})


def acted(play: Play, scene: Callable[..., Awaitable[None]]) -> None:
    async def with_people(gateway: Gateway) -> None:
        async with gateway.browser() as resident:
            await resident.post("/api/v1/public/appeals", data=COMPLAINT)
        async with AsyncExitStack() as stack:
            people = [
                await stack.enter_async_context(gateway.signed_in(*who, **of))
                for who, of in (
                    (("dispatcher", "left"), {}),
                    (("executor", "prirechye"), {"executor": "light"}),
                    (("executor", "prirechye"), {"executor": "roads"}),
                )
            ]
            await scene(*people)

    play(with_people)


def test_a_contested_case_goes_where_the_dispatcher_decides(play: Play) -> None:
    async def scene(dispatcher: Any, light: Any, roads: Any) -> None:
        case = (await light.get(CASE)).json()
        assert (case["may_contest"], case["hands"]) == (True, 0)
        contested = await sent(
            light, "contest", case["version"], note="The lamp is of the road", proposed="roads"
        )
        told = contested.json()["contest"]
        assert (told["reason"], told["granted"]) == ("The lamp is of the road", None)
        assert contested.json()["timeline"][-1]["text"]["en"] == (
            "City Light contests the routing: The lamp is of the road. Proposes: Road Office"
        )
        version = contested.json()["version"]
        refused = await sent(light, "contest/decide", version, executor="roads")
        assert refused.status_code == 403
        decided = await sent(dispatcher, "contest/decide", version, executor="roads", note="Right")
        assert decided.json()["contest"]["granted"] is True
        assert decided.json()["reason"]["en"] == "Road Office: handed over by Anna, because: Right"
        assert (await light.get(CASE)).status_code == 404
        case = (await roads.get(CASE)).json()
        assert (case["executor"], case["hands"], case["may_contest"]) == ("roads", 1, False)
        again = await sent(roads, "contest", case["version"], note="No", proposed="light")
        assert again.json()["type"].endswith("contested")
        (row,) = (await roads.get("/api/v1/cases")).json()
        assert row["hands"] == 1

    acted(play, scene)


def test_a_contested_case_may_stay_where_it_is(play: Play) -> None:
    async def scene(dispatcher: Any, light: Any, _roads: Any) -> None:
        contested = await sent(
            light, "contest", (await light.get(CASE)).json()["version"], note="Not ours"
        )
        decided = await sent(dispatcher, "contest/decide", contested.json()["version"])
        found = decided.json()
        assert (found["executor"], found["hands"]) == ("light", 0)
        assert (found["contest"]["granted"], found["may_contest"]) == (False, False)
        twice = await sent(dispatcher, "contest/decide", found["version"])
        assert twice.json()["type"].endswith("contest_decided")

    acted(play, scene)


def test_only_a_dispatcher_hands_over_and_only_to_somebody_else(play: Play) -> None:
    async def scene(dispatcher: Any, light: Any, _roads: Any) -> None:
        version = (await light.get(CASE)).json()["version"]
        refused = await sent(light, "hand-over", version, executor="roads")
        assert refused.status_code == 403
        same = await sent(dispatcher, "hand-over", version, executor="light")
        assert same.json()["type"].endswith("same_executor")
        unknown = await sent(dispatcher, "hand-over", version, executor="mars")
        assert unknown.status_code == 422
        given = await sent(dispatcher, "hand-over", version, executor="roads")
        assert (given.json()["executor"], given.json()["hands"]) == ("roads", 1)
        stale = await sent(dispatcher, "hand-over", version, executor="light")
        assert stale.json()["type"].endswith("case_changed")

    acted(play, scene)
