"""Open311 GeoReport v2 through its door: what clients of others read and file."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import httpx
import pytest
from civicbot.http import HttpTransport, RateLimiter
from civicbot.open311 import Open311Client
from civicbot.registry import Endpoint
from defusedxml.ElementTree import fromstring
from georeport import GeoReport
from jsonschema import Draft202012Validator, FormatChecker

from core.clock import SystemClock
from core.errors import ConfigError
from gateway.channels.api_keys import make_key
from gateway.channels.services import load_services
from tests.gateway.conftest import PATIENCE_S, Gateway, Scene
from tests.gateway.hall import JPEG

Play = Callable[[Scene], None]
MAYBE = {"type": ["string", "null"]}
NAMED = {"type": "string", "minLength": 1}
TIME = {"type": "string", "format": "date-time", "pattern": "(Z|[+-][0-9]{2}:[0-9]{2})$"}
MAYBE_TIME = {"anyOf": [TIME, {"type": "null"}]}
REQUESTS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["service_request_id", "status", "service_code", "requested_datetime"],
        "properties": {
            "service_request_id": NAMED,
            "status": {"enum": ["open", "closed"]},
            "service_code": NAMED,
            **dict.fromkeys(
                ("status_notes", "service_name", "agency_responsible", "service_notice", "address",
                 "address_id", "zipcode", "media_url"),
                MAYBE,
            ),
            "description": {"type": ["string", "null"], "maxLength": 4000},
            "requested_datetime": TIME,
            "updated_datetime": MAYBE_TIME,
            "expected_datetime": MAYBE_TIME,
            "lat": {"type": ["number", "null"]},
            "long": {"type": ["number", "null"]},
        },
    },
}  # fmt: skip
SERVICES = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["service_code", "service_name", "metadata", "type"],
        "properties": {
            "service_code": NAMED,
            "service_name": NAMED,
            "description": MAYBE,
            "metadata": {"type": "boolean"},
            "type": {"enum": ["realtime", "batch", "blackbox"]},
            "keywords": MAYBE,
            "group": MAYBE,
        },
    },
}
TYPES = ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
DEFINITION = {
    "type": "object",
    "required": ["service_code", "attributes"],
    "properties": {
        "service_code": NAMED,
        "attributes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["variable", "code", "datatype", "required"],
                "properties": {
                    "variable": {"type": "boolean"},
                    "code": NAMED,
                    "datatype": {"enum": TYPES},
                    "required": {"type": "boolean"},
                    "datatype_description": MAYBE,
                    "order": {"type": "integer", "minimum": 1},
                    "description": MAYBE,
                    "values": {
                        "type": "array",
                        "items": {"required": ["key", "name"],
                                  "properties": {"key": NAMED, "name": NAMED}},
                    },
                },
            },
        },
    },
}  # fmt: skip
DARK = {"service_code": "lighting.dark", "lat": "55.0", "long": "37.002"}

WRONG: list[tuple[dict[str, Any], int]] = [
    ({"api_key": ""}, 403),
    ({"api_key": "guess"}, 403),
    ({"service_code": "no.such"}, 404),
    ({"service_code": ""}, 400),
    ({"lat": "", "long": ""}, 400),
    ({"lat": "north"}, 400),
    ({"lat": "10"}, 400),
    ({"email": "nobody"}, 400),
    ({"attribute[extent]": "sky"}, 400),
    ({"attribute[colour]": "red"}, 400),
    ({"media_url": "file:///etc/passwd"}, 400),
    ({"jurisdiction_id": "mars"}, 404),
    ({"jurisdiction_id": "right"}, 400),
    ({"files": {"photo": ("a.jpg", b"MZ no picture")}}, 400),
]
CHOSEN: list[tuple[dict[str, str], int]] = [
    ({}, 1),
    ({"status": "open"}, 1),
    ({"status": "closed"}, 0),
    ({"service_code": "water.leak,lighting.dark"}, 1),
    ({"service_code": "water.leak"}, 0),
    ({"end_date": "2020-01-01T00:00:00Z"}, 0),
    ({"updated_after": "2020-01-01T00:00:00Z"}, 1),
    ({"page": "2", "page_size": "1"}, 0),
    ({"service_request_id": "000000-000000"}, 0),
]
SENSELESS: list[tuple[str, dict[str, str], int]] = [
    ("requests.json", {"start_date": "yesterday"}, 400),
    ("requests.json", {"status": "lost"}, 400),
    ("requests.json", {"page": "0"}, 400),
    (
        "requests.json",
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"},
        400,
    ),
    ("requests/000000-000000.xml", {}, 404),
    ("services/no.such.xml", {}, 404),
    ("tokens/guess.json", {}, 404),
    ("services.csv", {}, 404),
]


def check(answer: Any, rules: dict[str, Any]) -> None:
    Draft202012Validator(rules, format_checker=FormatChecker()).validate(answer)


async def key_of(gateway: Gateway, place_path: str = "", **options: Any) -> str:
    wanted = {"per_minute": 60, "wants_tokens": False, **options}
    async with gateway.parts.database.transaction() as session:
        return make_key(
            session, SystemClock().now(), name="Portal", place_path=place_path, **wanted
        )


async def filed(gateway: Gateway, key: str, fmt: str = "json", **fields: Any) -> httpx.Response:
    async with httpx.AsyncClient(
        base_url=f"{gateway.url}/open311/v2/", timeout=PATIENCE_S
    ) as client:
        files = fields.pop("files", None)
        form = {"api_key": key, **DARK, "description": "It is dark", **fields}
        return await client.post(f"requests.{fmt}", data=form, files=files)


async def read(gateway: Gateway, path: str, **query: str) -> httpx.Response:
    async with httpx.AsyncClient(
        base_url=f"{gateway.url}/open311/v2/", timeout=PATIENCE_S
    ) as client:
        return await client.get(path, params=query)


def civicbot(gateway: Gateway) -> Open311Client:
    endpoint = Endpoint("town", "Town", f"{gateway.url}/open311/v2/", write=True)
    return Open311Client(endpoint, HttpTransport(rate_limiter=RateLimiter(min_interval=0)))


@pytest.mark.parametrize("form", ["json", "xml"])
def test_georeport_reads_services_and_requests(play: Play, form: str) -> None:
    async def scene(gateway: Gateway) -> None:
        number = (await filed(gateway, await key_of(gateway))).json()[0]["service_request_id"]
        client = GeoReport(f"{gateway.url}/open311/v2/", output_format=form)
        services = await asyncio.to_thread(client.get_service_list)
        found = await asyncio.to_thread(client.get_service_request, number)
        definition = await asyncio.to_thread(client.get_service_definition, "lighting.dark")
        assert "lighting.dark" in [each["service_code"] for each in services]
        assert (found["status"], found["service_code"]) == ("open", "lighting.dark")
        assert definition["service_code"] == "lighting.dark"

    play(scene)


def test_civicbot_files_with_attributes_and_asks_for_the_number_by_a_token(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        key, client = await key_of(gateway, wants_tokens=True), civicbot(gateway)

        def talk() -> tuple[Any, Any]:
            sent = client.create_request(
                "lighting.dark", lat=55.0, lng=37.002, description="Dark", api_key=key,
                attributes={"extent": "several"}, validate_remote=True, dry_run=False,
                confirm="SEND",
            )  # fmt: skip
            (resolved,) = client.get_token(sent.response[0]["token"])
            return sent.response[0], client.get_request(resolved["service_request_id"])

        answer, found = await asyncio.to_thread(talk)
        assert "service_request_id" not in answer
        assert found["description"] == "Dark"

    play(scene)


def test_every_answer_in_json_keeps_the_rules_of_the_specification(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await filed(gateway, await key_of(gateway), media_url="https://photos.example/1.jpg")
        check((await read(gateway, "services.json")).json(), SERVICES)
        for code in load_services():
            check((await read(gateway, f"services/{code}.json")).json(), DEFINITION)
        check((await read(gateway, "requests.json")).json(), REQUESTS)
        extended = (await read(gateway, "requests.json", extensions="true")).json()
        check(extended, REQUESTS)
        (photo,) = extended[0]["extended_attributes"]["photos"]
        assert photo["media_url"] == "https://photos.example/1.jpg"

    play(scene)


def test_xml_has_the_names_of_the_specification(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await filed(gateway, await key_of(gateway))
        discovery: Element = fromstring((await read(gateway, "discovery.xml")).content)
        answer = await read(gateway, "requests.xml")
        requests: Element = fromstring(answer.content)
        definition: Element = fromstring(
            (await read(gateway, "services/lighting.dark.xml")).content
        )
        assert discovery.findtext("endpoints/endpoint/formats/format") == "text/xml"
        assert (requests.tag, requests.findtext("request/status")) == ("service_requests", "open")
        assert definition.findtext("attributes/attribute/values/value/key") == "one"
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"

    play(scene)


def test_strangers_see_nothing_personal(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        key = await key_of(gateway)
        said = "Call +7 910 123-45-67, flat 12, anna@mail.example"
        await filed(gateway, key, description=said, first_name="Anna", phone="+79101234567")
        text = (await read(gateway, "requests.json", extensions="true")).text
        assert "Call ***" in text
        for personal in (
            "910 123",
            "+7910",
            "flat 12",
            "anna",
            "Anna",
        ):  # whole, for numbers are random
            assert personal not in text

    play(scene)


def test_what_is_wrong_is_told_and_nothing_is_filed(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        key = await key_of(gateway)
        answers = [await filed(gateway, **{"key": key, **fields}) for fields, _ in WRONG]
        wanted = [status for _, status in WRONG]
        assert [each.status_code for each in answers] == wanted
        assert [each.json()[0]["code"] for each in answers] == wanted
        assert all(each.json()[0]["description"] for each in answers)
        assert (await read(gateway, "requests.json")).json() == []

    play(scene)


def test_a_key_files_for_its_own_place_and_at_its_own_rate(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        elsewhere = await filed(gateway, await key_of(gateway, "prirechye/right/"))
        here = await key_of(gateway, "prirechye/left/", per_minute=1)
        answers = [(await filed(gateway, here)).status_code for _ in range(2)]
        assert [elsewhere.status_code, *answers] == [403, 201, 429]

    play(scene)


def test_a_jurisdiction_shows_its_own_requests(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await filed(gateway, await key_of(gateway), files={"photo": ("a.jpg", JPEG)})
        left = (await read(gateway, "requests.json", jurisdiction_id="left")).json()
        right = (await read(gateway, "requests.json", jurisdiction_id="right")).json()
        unknown = await read(gateway, "requests.json", jurisdiction_id="mars")
        assert (len(left), len(right), unknown.status_code) == (1, 0, 404)

    play(scene)


def test_requests_are_chosen_by_what_is_asked(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await filed(gateway, await key_of(gateway))
        answers = [await read(gateway, "requests.json", **query) for query, _ in CHOSEN]
        assert [len(each.json()) for each in answers] == [count for _, count in CHOSEN]

    play(scene)


def test_senseless_questions_are_refused(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        answers = [await read(gateway, path, **query) for path, query, _ in SENSELESS]
        assert [each.status_code for each in answers] == [status for *_, status in SENSELESS]

    play(scene)


def test_a_file_of_services_says_what_is_wrong_in_it(tmp_path: Path) -> None:
    file = tmp_path / "services.yaml"
    file.write_text("services: {device.silent: {}}")
    with pytest.raises(ConfigError, match="residents cannot report"):
        load_services(file)
