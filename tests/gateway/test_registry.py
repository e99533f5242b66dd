"""A registry document is taken whole or not at all, and a refusal lists everything."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from gateway.registry.document import BrokenRegistry, decode_registry
from gateway.storage.tables import EdgeConfigurationRow

pytestmark = pytest.mark.usefixtures("each_store")


def mistakes(document: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(BrokenRegistry) as refused:
        decode_registry(json.dumps(document).encode())
    return dict(refused.value.problems)


def test_every_broken_reference_is_listed(town: dict[str, Any]) -> None:
    town["assets"][0]["place"] = "nowhere"
    town["devices"][1]["endpoint"] = "none"
    town["bindings"][0]["asset"] = ""
    town["places"].append(dict(town["places"][0]))
    town["places"][1]["latitude"] = 255
    assert mistakes(town) == {
        "places": "'prirechye' is there 2 times",
        "assets[0].place": "there is no 'nowhere' in places",
        "devices[1].endpoint": "there is no 'none' in endpoints",
        "bindings[0].asset": "there is no '' in assets",
        "places[1].latitude": "wanted -90 to 90 degrees, found 255",
    }


def test_what_cannot_be_read_is_listed_with_its_place(town: dict[str, Any]) -> None:
    town["places"][0]["kind"] = "planet"
    town["assets"][1]["colour"] = "red"
    del town["devices"][0]["unit"]
    town["edges"] = {}
    found = mistakes(town)
    assert set(found) == {"places[0]", "assets[1].colour", "devices[0]", "edges"}
    assert "planet" in found["places[0]"]
    assert "unit" in found["devices[0]"]


def test_a_place_within_itself_is_refused(town: dict[str, Any]) -> None:
    town["places"][0]["parent"] = "lesnaya"
    assert mistakes(town)["places[0].parent"] == "'prirechye' would lie within itself"


def test_an_asset_that_feeds_itself_is_refused(town: dict[str, Any]) -> None:
    town["feeds"].append({"source": "lamp-1", "target": "cabinet-1"})
    assert "feeds" in mistakes(town)


def test_an_identifier_is_a_short_lower_case_word(town: dict[str, Any]) -> None:
    town["executors"][0]["id"] = "Light/City"
    town["routes"][0]["executor"] = "Light/City"
    assert "executors[0].id" in mistakes(town)


def test_a_refused_document_changes_nothing(play: Any, town: dict[str, Any]) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "prirechye") as browser:
            before = (await browser.get("/api/v1/registry")).content
            town["assets"][0]["place"] = "nowhere"
            answer = await browser.put("/api/v1/registry", json=town)
            assert answer.status_code == 422
            assert answer.json()["errors"] == [
                {"field": "assets[0].place", "message": "there is no 'nowhere' in places"}
            ]
            assert (await browser.get("/api/v1/registry")).content == before

    play(scene)


def test_what_is_given_back_can_be_put_back(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "prirechye") as browser:
            before = (await browser.get("/api/v1/registry")).content
            answer = await browser.put("/api/v1/registry", content=before)
            assert answer.json() == {"revision": 2}
            assert (await browser.get("/api/v1/registry")).content == before

    play(scene)


def test_an_edge_gets_a_new_configuration_only_when_its_content_changed(
    play: Any, town: dict[str, Any]
) -> None:
    async def scene(gateway: Any) -> None:
        async def revisions() -> list[int]:
            async with gateway.parts.database.reading() as session:
                found = await session.scalars(select(EdgeConfigurationRow.revision))
                return sorted(found)

        async with gateway.signed_in("administrator", "prirechye") as browser:
            town["assets"].reverse()
            town["name"]["en"] = "Another name"
            await browser.put("/api/v1/registry", json=town)
            assert await revisions() == [1]
            town["devices"][0]["unit"] = "lamp-9"
            await browser.put("/api/v1/registry", json=town)
            assert await revisions() == [1, 2]

    play(scene)
