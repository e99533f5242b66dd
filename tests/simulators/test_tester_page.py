"""The tester's page shows and sets states and faults, and serves nobody but its own origin."""

import asyncio

import httpx
import pytest

from simulators.tester_page import create_tester_page
from simulators.world.world import World

ADDRESS = "http://127.0.0.1:8090"
CABINET = "cabinet-sadovaya-d1"


def sent(world: World, method: str, path: str, **options: object) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(create_tester_page(world))
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
            return await client.request(method, path, **options)  # type: ignore[arg-type]

    return asyncio.run(run())


def state(world: World, device: str, family: str) -> dict[str, object]:
    devices = sent(world, "GET", f"/state?family={family}").json()["devices"]
    return next(each for each in devices if each["id"] == device)


def test_the_page_is_served(world: World) -> None:
    page = sent(world, "GET", "/")
    assert page.headers["content-type"].startswith("text/html")
    assert "</html>" in page.text


def test_every_family_can_be_looked_at(world: World) -> None:
    families = sent(world, "GET", "/state").json()["families"]
    answers = {name: sent(world, "GET", f"/state?family={name}").json() for name in families}
    counts = {name: each["devices"] for name, each in families.items()}
    assert {name: len(answer["devices"]) for name, answer in answers.items()} == counts
    assert sum(counts.values()) == len(world.devices)


def test_a_fault_is_set_and_cleared(world: World) -> None:
    fault = {"name": "cabinet_power_lost", "device": CABINET}
    on = sent(world, "POST", "/fault", json={**fault, "on": True})
    shown = state(world, CABINET, "feeder_cabinet")["faults"]
    sent(world, "POST", "/fault", json={**fault, "on": False})
    assert (on.status_code, shown) == (200, ["cabinet_power_lost"])
    assert state(world, CABINET, "feeder_cabinet")["faults"] == []


def test_a_value_is_held_and_let_go(world: World) -> None:
    sent(world, "POST", "/set", json={"device": CABINET, "signal": "door", "value": 1})
    world.step(1.0)
    held = state(world, CABINET, "feeder_cabinet")
    sent(world, "POST", "/set", json={"device": CABINET, "signal": "door", "value": None})
    assert (held["held"], held["values"]["door"]) == ({"door": 1.0}, 1.0)  # type: ignore[index]
    assert state(world, CABINET, "feeder_cabinet")["held"] == {}


def test_a_commandable_signal_is_set_once_and_not_held(world: World) -> None:
    sent(world, "POST", "/set", json={"device": CABINET, "signal": "contactor", "value": 1})
    assert state(world, CABINET, "feeder_cabinet")["held"] == {}
    assert world.value(CABINET, "contactor") == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/fault", {"name": "gas", "device": CABINET, "on": True}),
        ("/fault", {"name": "gas"}),
        ("/fault", [1]),
        ("/set", {"device": "nothing", "signal": "door", "value": 1}),
        ("/set", {"device": CABINET, "signal": "nothing", "value": 1}),
        ("/set", {"device": CABINET, "signal": "door", "value": "x"}),
    ],
)
def test_what_is_not_there_is_refused(world: World, path: str, body: object) -> None:
    assert sent(world, "POST", path, json=body).status_code == 422


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"host": "evil.example:8090"}, 403),
        ({"origin": "null"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"origin": ADDRESS}, 200),
    ],
)
def test_only_its_own_origin_may_change_something(
    world: World, headers: dict[str, str], status: int
) -> None:
    body = b'{"name": "cabinet_power_lost", "device": "cabinet-sadovaya-d1", "on": true}'
    headers = {"content-type": "application/json", **headers}
    assert sent(world, "POST", "/fault", content=body, headers=headers).status_code == status
