"""What no page of ours sends is refused with what to do, and never breaks the server."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
import websockets

from tests.gateway.test_values import Lamps

HUGE = 2**63
SERIES = "/api/v1/devices/lamp-1-head/signals/on/series"


NO_FILES = ("/%00", "/assets/%00.js", "/" + "a" * 5000, "/" + "a/" * 3000)
NO_NUMBERS = (HUGE, 10**30, 0, -1)
NO_FORMS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("/api/v1/incidents/acknowledge", {"incidents": [1, HUGE]}, "body.incidents.1"),
    ("/api/v1/cases/1/accept", {"version": HUGE}, "body.version"),
    ("/api/v1/commands", {"device": "a", "signal": "b", "value": 1, "case": HUGE}, "body.case"),
)
NO_MOMENTS = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")


def fields(answer: httpx.Response) -> list[str]:
    """Give the fields that were refused."""
    assert answer.status_code == 422
    return [error["field"] for error in answer.json()["errors"]]


def test_a_path_that_no_file_can_have_is_not_found(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser:
            answers = [await browser.get(path) for path in NO_FILES]
        assert [answer.status_code for answer in answers] == [404] * len(NO_FILES)

    play(scene)


def test_a_number_that_nothing_can_have_is_named(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in() as browser:
            for number in NO_NUMBERS:
                for path in ("/api/v1/cases", "/api/v1/evidence"):
                    answer = await browser.get(f"{path}/{number}")
                    assert fields(answer) == ["path.number"]
                    assert answer.json()["detail"] == "Correct path.number and send it again."
            for path, form, field in NO_FORMS:
                assert fields(await browser.post(path, json=form)) == [field]

    play(scene)


def test_a_time_that_no_reading_can_have_is_named(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        gateway.app.state.parts = replace(gateway.parts, directory=Lamps())
        async with gateway.signed_in() as browser:
            for moment in NO_MOMENTS:
                for field in ("start", "end"):
                    answer = await browser.get(SERIES, params={field: moment})
                    assert fields(answer) == [f"query.{field}"]

    play(scene)


def test_a_live_page_that_stands_nowhere_is_turned_away(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in() as browser:
            for after in (-1, HUGE, 10**30):
                with pytest.raises(websockets.InvalidStatus) as refused:
                    async with gateway.live(browser, after):
                        pass
                assert refused.value.response.status_code == 403

    play(scene)
