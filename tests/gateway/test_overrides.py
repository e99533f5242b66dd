"""Alarm rules that the registry changes: checked at the import, told to the edge that reads it."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters import wire
from gateway.registry.document import BrokenRegistry, decode_registry
from gateway.registry.rows import newest_configuration
from tests.gateway.conftest import Gateway  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import CLOCK, Edge, play

LAMP = "generic-street-light"
Play = Callable[[Callable[[Gateway], Awaitable[None]]], None]


async def told(gateway: Gateway) -> tuple[int, list[dict[str, Any]]]:
    """Give the revision of the edge's document, and the overrides in it."""
    async with gateway.parts.database.reading() as session:
        row = await newest_configuration(session, "edge-1")
    assert row is not None
    return row.revision, json.loads(row.document)["overrides"]


def test_an_override_goes_into_the_document_of_the_edge_that_reads_the_device(
    play: Play, town: dict[str, Any]
) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.signed_in("administrator", "prirechye") as browser:
            assert await told(gateway) == (1, [])
            changed = {"device": "lamp-1-head", "rule": "dim", "set": {"limit": 30}}
            put = await browser.put("/api/v1/registry", json=town | {"overrides": [changed]})
            assert put.status_code == 200
            assert await told(gateway) == (2, [changed])
            given = (await browser.get("/api/v1/registry")).json()
            assert given["overrides"] == [changed | {"profile": ""}]
            again = await browser.put("/api/v1/registry", json=given)
            assert (again.status_code, await told(gateway)) == (200, (2, [changed]))

    play(scene)


def test_what_is_said_of_a_device_stands_over_what_is_said_of_its_profile(
    play: Play, town: dict[str, Any]
) -> None:
    town["overrides"] = [
        {"device": "lamp-2-head", "rule": "dim", "set": {"limit": 30}},
        {"profile": LAMP, "rule": "dim", "set": {"limit": 50, "on_delay_s": 10}},
    ]

    async def scene(gateway: Gateway) -> None:
        assert await told(gateway) == (
            1,
            [
                {"device": "lamp-1-head", "rule": "dim", "set": {"limit": 50, "on_delay_s": 10}},
                {"device": "lamp-2-head", "rule": "dim", "set": {"limit": 30, "on_delay_s": 10}},
            ],
        )

    play(scene)


def test_an_edge_is_told_nothing_of_the_devices_of_another(
    play: Play, town: dict[str, Any]
) -> None:
    town["edges"].append(town["edges"][0] | {"id": "edge-2"})
    town["endpoints"].append(town["endpoints"][0] | {"id": "far", "edge": "edge-2"})
    town["devices"][1]["endpoint"] = "far"
    town["overrides"] = [{"profile": LAMP, "rule": "dim", "set": {"limit": 50}}]

    async def scene(gateway: Gateway) -> None:
        _, overrides = await told(gateway)
        assert [each["device"] for each in overrides] == ["lamp-1-head"]

    play(scene)


@pytest.mark.parametrize(
    ("wrong", "where", "what"),
    [
        ({"device": "lamp-9"}, ".device", "there is no 'lamp-9' in devices"),
        ({"device": "", "profile": "lamp"}, ".profile", "no device has the profile 'lamp'"),
        ({"device": ""}, "", "wanted a device or a profile, found none"),
        ({"profile": LAMP}, "", "wanted a device or a profile, found both"),
        ({"rule": ""}, ".rule", "wanted the key of an alarm, found nothing"),
        (
            {"set": {}},
            ".set",
            "changes nothing; there are limit, deadband, on_delay_s, off_delay_s",
        ),
        (
            {"set": {"severity": 1}},
            ".set.severity",
            "cannot be changed; there are limit, deadband, on_delay_s, off_delay_s",
        ),
        ({"set": {"on_delay_s": -1}}, ".set.on_delay_s", "wanted 0 or more, found -1"),
        ({"set": {"limit": "high"}}, "", "Expected `float`, got `str` - at `.set[...]`"),
        ({"limit": 1}, ".limit", "there is no such key; there are device, profile, rule, set"),
    ],
)
def test_an_override_that_cannot_be_meant_is_refused(
    town: dict[str, Any], wrong: dict[str, Any], where: str, what: str
) -> None:
    right = {"device": "lamp-1-head", "rule": "dim", "set": {"limit": 30}}
    town["overrides"] = [right | {"rule": "dark"}, right | wrong]
    with pytest.raises(BrokenRegistry) as refused:
        decode_registry(json.dumps(town).encode())
    assert refused.value.problems == [(f"overrides[1]{where}", what)]


def test_the_same_rule_of_a_device_is_changed_once(town: dict[str, Any]) -> None:
    town["overrides"] = [{"device": "lamp-1-head", "rule": "dim", "set": {"limit": 30}}] * 2
    with pytest.raises(BrokenRegistry) as refused:
        decode_registry(json.dumps(town).encode())
    assert refused.value.problems == [("overrides[1]", "'dim' of lamp-1-head is there twice")]


def test_a_rule_that_only_the_edge_knows_to_be_missing_is_told_on_the_page(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    text = "configuration 2: overrides[0].rule: lamp has no alarm dimm"

    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        override = {"device": "lamp-1-head", "rule": "dimm", "set": {"limit": 30}}
        await gateway.import_registry(town | {"overrides": [override]})
        await edge.until(lambda: edge.offered() == 2)
        refused = wire.ConfigurationResult(
            revision=2, accepted=False, time=CLOCK.time_ns(), text=text
        )
        edge.send_events(1, refused)
        await edge.until_acknowledged("events", 1)
        async with gateway.signed_in(place="prirechye") as browser:
            (shown,) = (await browser.get("/api/v1/edges")).json()
        assert (shown["problem"], shown["revision_in_force"], shown["revision_offered"]) == (
            text, 1, 2,
        )  # fmt: skip

    play(tmp_path, broker, story, town=town)
