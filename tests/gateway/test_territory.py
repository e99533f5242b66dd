"""What one sees of the registry: one's own territory, and nothing of the other bank."""

import asyncio
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("each_store")


def ids(items: list[dict[str, Any]]) -> list[str]:
    return sorted(item["id"] for item in items)


LISTS = {
    "/api/v1/places": ["left", "lesnaya", "lesnaya-5"],
    "/api/v1/assets": ["cabinet-1", "camera-1", "lamp-1", "lift-7"],
    "/api/v1/devices": ["lamp-1-head"],
    "/api/v1/edges": [],
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_holds_the_own_territory_only(play: Any, path: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            assert ids((await browser.get(path)).json()) == LISTS[path]

    play(scene)


@pytest.mark.parametrize("path", [*LISTS, "/api/v1/map", "/api/v1/assets/lift-7"])
def test_nothing_is_shown_without_a_session(play: Any, path: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser:
            assert (await browser.get(path)).status_code == 401

    play(scene)


@pytest.mark.parametrize("path", ["/api/v1/assets/lamp-2", "/api/v1/devices/lamp-2-head"])
def test_what_is_on_the_other_bank_does_not_exist(play: Any, path: str) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            assert (await browser.get(path)).status_code == 404
        async with gateway.signed_in("dispatcher", "right") as browser:
            assert (await browser.get(path)).status_code == 200

    play(scene)


def test_the_map_shows_the_own_territory_and_its_bounds(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            shown = (await browser.get("/api/v1/map")).json()
        assert shown["bounds"] == [37.0, 55.0, 37.002, 55.001]
        assert [one["properties"]["id"] for one in shown["features"]] == ["lesnaya", "lesnaya-5"]
        assert ids(shown["assets"]) == ["cabinet-1", "camera-1", "lamp-1", "lift-7"]

    play(scene)


def test_the_public_map_shows_no_asset(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser:
            shown = (await browser.get("/api/v1/public/map")).json()
        assert len(shown["features"]) == 3
        assert shown["assets"] == []

    play(scene)


def test_an_asset_tells_its_address_what_feeds_it_and_which_camera_sees_it(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            lamp = (await browser.get("/api/v1/assets/lamp-1")).json()
            lift = (await browser.get("/api/v1/assets/lift-7")).json()
        assert lamp["address"] == {
            "ru": "Левобережный, улица Лесная",
            "en": "Lesnaya Street, Left Bank",
        }
        assert ids(lamp["fed_by"]) == ["cabinet-1"]
        assert ids(lamp["devices"]) == ["lamp-1-head"]
        assert ids(lift["cameras"]) == ["camera-1"]

    play(scene)


def test_a_device_of_the_other_bank_is_not_shown_on_an_asset(
    play: Any, town: dict[str, Any]
) -> None:
    town["bindings"].append({"asset": "lamp-1", "device": "lamp-2-head"})

    async def scene(gateway: Any) -> None:
        seen = {}
        for place in ("left", "prirechye"):
            async with gateway.signed_in("dispatcher", place) as browser:
                seen[place] = ids((await browser.get("/api/v1/assets/lamp-1")).json()["devices"])
        assert seen == {"left": ["lamp-1-head"], "prirechye": ["lamp-1-head", "lamp-2-head"]}

    play(scene)


def test_the_registry_is_for_an_administrator_of_the_whole_territory(
    play: Any, town: dict[str, Any]
) -> None:
    async def scene(gateway: Any) -> None:
        for role, place in (("administrator", "left"), ("dispatcher", "prirechye")):
            async with gateway.signed_in(role, place) as browser:
                for answer in (
                    await browser.get("/api/v1/registry"),
                    await browser.put("/api/v1/registry", json=town),
                ):
                    assert answer.status_code == 403
                    assert "administrator" in answer.json()["detail"]
        async with gateway.signed_in("administrator", "prirechye") as browser:
            assert (await browser.get("/api/v1/registry")).status_code == 200
            assert (await browser.put("/api/v1/registry", json=town)).status_code == 200

    play(scene)


def test_assets_are_found_by_kind_place_and_words(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "prirechye") as browser:

            async def found(**query: str) -> list[str]:
                return ids((await browser.get("/api/v1/assets", params=query)).json())

            assert await found(kind="street_light") == ["lamp-1", "lamp-2"]
            assert await found(place="right") == ["lamp-2"]
            assert await found(q="ЛИФТ") == ["lift-7"]
            assert await found(q="берегов") == ["lamp-2"]
            assert await found(place="mars") == []

    play(scene)


def test_an_import_from_another_process_is_in_force_without_a_restart(
    play: Any, town: dict[str, Any]
) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.watching() as live, gateway.signed_in() as browser:
            await live.next("hello")
            town["assets"] = [asset for asset in town["assets"] if asset["id"] != "lift-7"]
            await gateway.import_registry(town)
            async with asyncio.timeout(3):
                while (await browser.get("/api/v1/assets/lift-7")).status_code == 200:
                    await live.next("pulse")

    play(scene)
