"""A meter is replaced: the asset goes on, both devices keep what they measured."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.command_line import run
from gateway.cases.edge_loss import missed_at
from gateway.registry.rows import newest_configuration

REPLACEMENT = "/api/v1/assets/lamp-1/replacement"


async def configured(gateway: Any) -> dict[str, Any]:
    async with gateway.parts.database.reading() as session:
        row = await newest_configuration(session, "edge-1")
    document: dict[str, Any] = json.loads(row.document)
    return document


def test_the_new_device_serves_the_asset_and_the_old_one_leaves_its_edge(
    play: Any, town: dict[str, Any]
) -> None:
    town["overrides"] = [{"rule": "lamp_failed", "set": {"on_delay_s": 5}, "device": "lamp-1-head"}]
    at = datetime.now(UTC) - timedelta(hours=1)  # noqa: TID251 - the gateway's clock is real

    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "left") as browser:
            form = {
                "serial": "26-1",
                "at": at.isoformat(),
                "last": 7.5,
                "first": 0,
                "note": "burnt",
            }
            answer = await browser.post(REPLACEMENT, json=form)
            assert answer.status_code == 200, answer.text
            shown = (await browser.get("/api/v1/assets/lamp-1")).json()
            assert (await browser.get("/api/v1/devices/lamp-1-head")).status_code == 200
        assert [each["id"] for each in shown["devices"]] == ["lamp-1-d2"]
        served = [(e["device"], e["serial"], e["since"], e["until"]) for e in shown["served_by"]]
        moment = shown["replacements"][0]["at"]
        assert datetime.fromisoformat(moment) == at
        assert served == [("lamp-1-d2", "26-1", moment, None), ("lamp-1-head", "", None, moment)]
        [kept] = shown["replacements"]
        assert kept == answer.json()
        assert (kept["last"], kept["first"], kept["note"], kept["by"]) == (7.5, 0, "burnt", "Anna")
        document = await configured(gateway)
        assert [(each["id"], each["unit"]) for each in document["devices"]] == [
            ("lamp-1-d2", "lamp-1"),
            ("lamp-2-head", "lamp-2"),
        ]
        assert [each["device"] for each in document["overrides"]] == ["lamp-1-d2"]

    play(scene)


def test_a_device_that_was_replaced_counts_no_more_and_is_found_by_its_id(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "prirechye") as browser:
            assert (await browser.post(REPLACEMENT, json={"serial": "26-1"})).status_code == 200
            devices = (await browser.get("/api/v1/devices")).json()
            assert [each["id"] for each in devices] == ["lamp-1-d2", "lamp-2-head"]
            old = (await browser.get("/api/v1/devices/lamp-1-head")).json()
            new = (await browser.get("/api/v1/devices/lamp-1-d2")).json()
            assert (old["replaces"], new["replaced_by"]) == (None, None)
            assert old["replaced_by"] == new["replaces"]
            assert (new["replaces"]["former"], new["replaces"]["device"]) == (
                "lamp-1-head", "lamp-1-d2",
            )  # fmt: skip
            (edge,) = (await browser.get("/api/v1/edges")).json()
            assert edge["devices"] == 2
        registry = gateway.parts.registry.snapshot
        now = gateway.parts.clock.now()
        assert missed_at(registry, registry.edges["edge-1"], now) == {"left": 1, "right": 1}

    play(scene)


@pytest.mark.parametrize(
    ("asset", "form", "refusal"),
    [
        ("lift-7", {}, (409, "No device serves lift-7 now")),
        ("lamp-1", {"at": "2999-01-01T00:00:00Z"}, (409, "in the future")),
        ("lamp-1", {"at": "2020-01-01T00:00:00"}, (409, "needs a time zone")),
        ("lamp-1", {"at": "2021-01-01T00:00:00Z"}, (409, "serves lamp-1 since 2022")),
        ("lamp-1", {"device": "lamp-2-head"}, (409, "There is a device lamp-2-head already")),
        ("lamp-1", {"device": "Lamp/1"}, (409, "Wanted an id")),
        ("lamp-1", {"unit": "lamp-2"}, (409, "lamp-2-head has unit lamp-2 on broker already")),
        ("lamp-1", {"former": "lamp-2-head"}, (409, "does not serve lamp-1 now")),
        ("lamp-1", {"serial": " "}, (409, "Say the serial number")),
        ("lamp-2", {}, (404, "not yours to see")),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_is_written(
    play: Any, town: dict[str, Any], asset: str, form: dict[str, Any], refusal: tuple[int, str]
) -> None:
    status, told = refusal
    town["bindings"][0]["since"] = "2022-01-01T00:00:00Z"

    async def scene(gateway: Any) -> None:
        before = await configured(gateway)
        async with gateway.signed_in("administrator", "left") as browser:
            path = f"/api/v1/assets/{asset}/replacement"
            answer = await browser.post(path, json={"serial": "26-1"} | form)
            assert (answer.status_code, told in answer.json()["detail"]) == (status, True)
        assert await configured(gateway) == before

    play(scene)


def test_a_dispatcher_replaces_nothing(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            answer = await browser.post(REPLACEMENT, json={"serial": "26-1"})
            assert answer.status_code == 403

    play(scene)


@pytest.mark.parametrize(
    ("option", "longest"), [("--serial", 100), ("--unit", 200), ("--note", 2000)]
)
def test_the_command_names_the_option_whose_text_is_too_long(
    option: str, longest: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["registry", "replace", "lamp-1", "--serial", "1", option, "x" * (longest + 1)])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert f"argument {option}: wanted up to {longest} signs, found {longest + 1}" in told


def test_the_command_says_what_was_done(
    tmp_path: Path,
    town: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("town.json").write_text(json.dumps(town), encoding="utf-8")
    run(["gateway", "import", "town.json"])
    capsys.readouterr()
    replace = ["registry", "replace", "lamp-1", "--serial"]
    assert run([*replace, "26-1", "--at", "2026-05-01T10:00+03:00"]) == 0
    assert capsys.readouterr().out == (
        "lamp-1: lamp-1-head until 2026-05-01T10:00:00+03:00, from then on lamp-1-d2\n"
        "lamp-1-d2: serial 26-1, unit lamp-1 on broker\n"
        "registry revision 2 is in force\n"
    )
    assert run([*replace, "26-2", "--last", "nan"]) == 2
    assert "The last reading is to be a finite number, found nan" in capsys.readouterr().err
    assert run([*replace, "26-2"]) == 0
    assert "from then on lamp-1-d3" in capsys.readouterr().out
