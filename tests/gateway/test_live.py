"""The WebSocket: nobody misses a change, and nobody sees another territory's."""

from contextlib import suppress
from typing import Any

import pytest
import websockets

from core.readings import Readings
from gateway.live import newest
from gateway.storage.database import Database
from gateway.storage.outbox import Change, publish

LEFT, RIGHT = "prirechye/left/lesnaya/", "prirechye/right/beregovaya/"


async def broken(database: Database) -> None:
    """Publish in a transaction that is then rolled back."""
    with suppress(ZeroDivisionError):
        async with database.transaction() as session:
            await publish(session, Change(topic="case", place_path=LEFT, body={"id": 1}))
            raise ZeroDivisionError


def test_a_dispatcher_gets_the_changes_of_the_own_territory_only(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.watching() as live:
            await live.next("hello")
            await gateway.publish("case", RIGHT, {"id": 1})
            await gateway.publish("case", LEFT, {"id": 2})
            assert (await live.next("change"))["case"] == {"id": 2}

    play(scene)


def test_a_client_that_comes_back_gets_exactly_what_it_missed(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("dispatcher", "left") as browser:
            async with gateway.live(browser) as live:
                await live.next("hello")
                await gateway.publish("case", LEFT, {"id": 1})
                seen = (await live.next("change"))["seq"]
            await gateway.publish("case", LEFT, {"id": 2})
            await gateway.publish("case", RIGHT, {"id": 3})
            await gateway.publish("order", LEFT, {"id": 4})
            await gateway.publish("incident", LEFT, {"id": 5})
            async with gateway.live(browser, after=seen) as live:
                hello = await live.next("hello")
                assert (hello["resumed"], hello["seq"]) == (True, seen)
                assert (await live.next("change"))["case"] == {"id": 2}
                assert (await live.next("change"))["incident"] == {"id": 5}
                await gateway.publish("case", LEFT, {"id": 6})
                assert (await live.next("change"))["case"] == {"id": 6}

    play(scene)


def test_a_client_from_before_what_is_kept_is_told_to_load_anew(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.watching(after=1_000_000) as live:
            assert (await live.next("hello"))["resumed"] is False

    play(scene)


def test_the_pulse_says_how_far_the_changes_are(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.watching() as live:
            await live.next("hello")
            await gateway.publish("case", LEFT, {"id": 1})
            seq = (await live.next("change"))["seq"]
            pulse = await live.next("pulse")
            assert (pulse["seq"], pulse["data_age_s"]) == (seq, None)

    play(scene)


def test_what_is_rolled_back_is_never_shown(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.watching() as live:
            await live.next("hello")
            await broken(gateway.parts.database)
            await gateway.publish("case", LEFT, {"id": 2})
            assert (await live.next("change"))["case"] == {"id": 2}

    play(scene)


def test_signing_out_closes_the_socket(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in() as browser, gateway.live(browser) as live:
            await live.next("hello")
            await browser.delete("/api/v1/session")
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await live.next("never")
            assert closed.value.rcvd.code == 4401

    play(scene)


def test_after_an_import_everybody_loads_anew(play: Any, town: dict[str, Any]) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in() as browser:
            async with gateway.live(browser) as live:
                seen = (await live.next("hello"))["seq"]
                await gateway.import_registry(town)
                again = await live.next("hello")
                assert (again["resumed"], again["seq"] >= seen) == (False, True)
                await gateway.publish("case", LEFT, {"id": 1})
                assert (await live.next("change"))["case"] == {"id": 1}
            async with gateway.live(browser, after=seen) as live:
                assert (await live.next("hello"))["resumed"] is False

    play(scene)


def test_whose_territory_has_moved_is_let_go(play: Any, town: dict[str, Any]) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.watching("lesnaya") as live:
            await live.next("hello")
            street = next(place for place in town["places"] if place["id"] == "lesnaya")
            street["parent"] = "right"
            await gateway.import_registry(town)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await live.next("change")
        assert closed.value.rcvd.code == 1013

    play(scene)


def test_without_a_session_the_socket_closes(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.browser() as browser, gateway.live(browser) as live:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await live.next("hello")
            assert closed.value.rcvd.code == 4401

    play(scene)


def test_another_sites_page_gets_no_socket(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        address = f"{gateway.url.replace('http', 'ws')}/api/v1/live"
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(address, origin=websockets.Origin("http://evil.example"))

    play(scene)


def test_what_is_no_subscription_closes_the_socket(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in() as browser, gateway.live(browser) as live:
            await live.next("hello")
            await live.socket.send('{"kind": "subscribe", "devices": 5}')
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await live.next("never")
            assert closed.value.rcvd.code == 1008

    play(scene)


def test_a_client_that_does_not_keep_up_is_let_go(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in() as browser, gateway.live(browser) as live:
            await live.next("hello")
            (client,) = gateway.parts.hub.clients
            for _ in range(1001):
                client.change("{}")
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await live.next("never")
            assert closed.value.rcvd.code == 1013

    play(scene)


def test_gathered_readings_keep_the_last_of_each_series_in_their_order() -> None:
    first = Readings.of([7, 3, 7], [1, 2, 3], [10.0, 20.0, 30.0], 0, read_at=1)
    second = Readings.of([3, 9], [4, 5], [40.0, 50.0], 0, read_at=2)
    block = newest([first, second])
    assert block.signal.tolist() == [7, 3, 9]
    assert block.value.tolist() == [30.0, 40.0, 50.0]
