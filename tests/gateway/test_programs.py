"""Programs in the registry: checked at the import, told to the edges whose devices they govern."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.registry.document import BrokenRegistry, decode_registry
from gateway.registry.rows import newest_configuration
from tests.gateway.conftest import Gateway  # type: ignore[import-not-found]

Play = Callable[[Callable[[Gateway], Awaitable[None]]], None]
NIGHT: dict[str, Any] = {
    "id": "night", "kind": "lighting", "place": "left", "signal": "on", "zone": "Europe/Moscow",
    "devices": ["lamp-1-head"],
    "spans": [{"since": "dusk", "until": "dawn", "set": 1,
               "within": [{"since": "01:00", "until": "04:00", "set": 0}]}],
    "calendar": [{"since": "12-31", "weekdays": ["thu"], "spans": [{"set": 1}]}],
}  # fmt: skip


async def told(gateway: Gateway, edge: str = "edge-1") -> tuple[int, dict[str, Any]]:
    """Give the revision of an edge's document, and the document."""
    async with gateway.parts.database.reading() as session:
        row = await newest_configuration(session, edge)
    assert row is not None
    return row.revision, json.loads(row.document)


def problems(town: dict[str, Any], *programs: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(BrokenRegistry) as refused:
        decode_registry(json.dumps(town | {"programs": programs}).encode())
    return list(refused.value.problems)


def test_a_program_goes_to_the_edge_with_the_position_of_its_place(
    play: Play, town: dict[str, Any]
) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.signed_in("administrator", "prirechye") as browser:
            put = await browser.put("/api/v1/registry", json=town | {"programs": [NIGHT]})
            assert put.status_code == 200
            revision, document = await told(gateway)
            (program,) = document["programs"]
            assert (revision, program["latitude"], program["longitude"]) == (2, 55.0, 37.0)
            assert program["spans"][0]["within"][0]["since"] == "01:00"
            assert program["calendar"][0]["weekdays"] == ["thu"]
            given = (await browser.get("/api/v1/registry")).json()
            assert (given["programs"][0]["id"], given["programs"][0]["latitude"]) == ("night", None)
            again = await browser.put("/api/v1/registry", json=given)
            assert (again.status_code, (await told(gateway))[0]) == (200, 2)

    play(scene)


def test_a_position_of_its_own_stands_over_that_of_the_place(
    play: Play, town: dict[str, Any]
) -> None:
    town["programs"] = [NIGHT | {"latitude": 60.0, "longitude": 30.0}]

    async def scene(gateway: Gateway) -> None:
        (program,) = (await told(gateway))[1]["programs"]
        assert (program["latitude"], program["longitude"]) == (60.0, 30.0)

    play(scene)


def test_each_edge_is_told_of_its_own_devices_alone(play: Play, town: dict[str, Any]) -> None:
    town["edges"].append(town["edges"][0] | {"id": "edge-2"})
    town["endpoints"].append(town["endpoints"][0] | {"id": "far", "edge": "edge-2"})
    town["devices"][1]["endpoint"] = "far"
    town["programs"] = [NIGHT | {"devices": ["lamp-1-head", "lamp-2-head"]}]

    async def scene(gateway: Gateway) -> None:
        governed = [(await told(gateway, edge))[1]["programs"] for edge in ("edge-1", "edge-2")]
        assert [each["devices"] for (each,) in governed] == [["lamp-1-head"], ["lamp-2-head"]]

    play(scene)


def test_an_edge_without_programs_hears_nothing_of_them(play: Play, town: dict[str, Any]) -> None:
    async def scene(gateway: Gateway) -> None:
        assert "programs" not in (await told(gateway))[1]

    play(scene)


@pytest.mark.parametrize(
    ("wrong", "where", "what"),
    [
        ({"devices": ["lamp-9"]}, ".devices", "there is no 'lamp-9' in devices"),
        ({"place": "nowhere"}, ".place", "there is no 'nowhere' in places"),
        ({"place": "prirechye"}, ".latitude",
         "is wanted for dusk and dawn: no place around has a position"),
        ({"zone": "Moscow"}, ".zone", "wanted a time zone like Europe/Moscow, found 'Moscow'"),
        ({"spans": [{"set": 1, "since": "noon"}]}, ".spans[0].since",
         "wanted a time like 23:30, or dusk, dawn, dusk+15, dawn-20, found 'noon'"),
        ({"spans": [{"set": 1, "form": "23:00"}]}, ".spans[0].form",
         "there is no such key; there are set, since, until, within"),
        ({"calendar": [{"since": "01-01", "spans": [{"set": 1, "til": "x"}]}]},
         ".calendar[0].spans[0].til",
         "there is no such key; there are set, since, until, within"),
        ({"kind": "lifts"}, "", "Invalid enum value 'lifts' - at `.kind`"),
    ],
)  # fmt: skip
def test_a_program_that_cannot_be_meant_is_refused(
    town: dict[str, Any], wrong: dict[str, Any], where: str, what: str
) -> None:
    assert problems(town, NIGHT | wrong) == [(f"programs[0]{where}", what)]


def test_two_programs_that_set_one_signal_are_refused(town: dict[str, Any]) -> None:
    assert problems(town, NIGHT, NIGHT | {"id": "other"}) == [
        ("programs[1]", "lamp-1-head.on is set by night already")
    ]
