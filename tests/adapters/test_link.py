"""The link against real brokers."""

import asyncio
import contextlib
import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from adapters.mqtt.intake import Intake
from adapters.mqtt.link import MqttLink, Will
from core.errors import Permanent, Retryable

USERS = "gateway:one\nedge-1:two\ntown:three\n"


async def collect(link: MqttLink, wanted: int) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    async with asyncio.timeout(10), contextlib.aclosing(link.messages()) as batches:
        async for batch in batches:
            found += batch
            if len(found) >= wanted:
                break
    return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def test_what_is_published_arrives_in_order(start_broker: Callable[..., str]) -> None:
    url = start_broker()

    async def run() -> list[tuple[str, bytes]]:
        async with MqttLink(url, "reader", subscriptions=["town/#"]) as reader:
            await reader.until_up(5)
            async with MqttLink(url, "writer") as writer:
                await writer.until_up(5)
                for number in range(500):
                    writer.publish("town/water/7", str(number).encode())
                return await collect(reader, 500)

    assert asyncio.run(run()) == [("town/water/7", str(n).encode()) for n in range(500)]


@pytest.fixture
def none_below_1024() -> Iterator[None]:
    """Take every descriptor that select() knows, as hundreds of links do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    with socket.socket() as one, contextlib.ExitStack() as held:
        while (descriptor := os.dup(one.fileno())) < 1024:
            held.callback(os.close, descriptor)
        os.close(descriptor)
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_may_have_more_links_than_select_can_wait_for(
    start_broker: Callable[..., str], request: pytest.FixtureRequest
) -> None:
    url = start_broker()
    request.getfixturevalue("none_below_1024")

    async def run() -> list[tuple[str, bytes]]:
        async with MqttLink(url, "one", subscriptions=["town/#"]) as link:
            await link.until_up(5)
            link.publish("town/water/7", b"1")
            return await collect(link, 1)

    assert asyncio.run(run()) == [("town/water/7", b"1")]


def test_a_message_of_eight_mebibytes_passes(start_broker: Callable[..., str]) -> None:
    url = start_broker()
    payload = bytes(8 * 1024 * 1024)

    async def run() -> list[tuple[str, bytes]]:
        async with MqttLink(url, "one", subscriptions=["town/#"]) as link:
            await link.until_up(5)
            link.publish("town/large", payload)
            return await collect(link, 1)

    assert asyncio.run(run()) == [("town/large", payload)]


def test_a_wrong_password_is_not_let_in(start_broker: Callable[..., str]) -> None:
    url = start_broker(USERS)

    async def run() -> None:
        async with MqttLink(url, "intruder", "gateway", "guess") as link:
            await link.until_up(2)

    with pytest.raises((Permanent, Retryable)):
        asyncio.run(run())


def test_the_right_password_is_let_in(start_broker: Callable[..., str]) -> None:
    url = start_broker(USERS)

    async def run() -> bool:
        async with MqttLink(url, "gw", "gateway", "one", subscriptions=["kvartal/#"]) as link:
            await link.until_up(5)
            return link.is_up

    assert asyncio.run(run())


def test_the_will_of_a_client_that_is_gone_is_published(start_broker: Callable[..., str]) -> None:
    url = start_broker()

    async def run() -> list[tuple[str, bytes]]:
        async with MqttLink(url, "reader", subscriptions=["kvartal/#"]) as reader:
            await reader.until_up(5)
            will = Will("kvartal/1/edge-1/up/death", b"gone")
            async with MqttLink(url, "edge", will=will) as edge:
                await edge.until_up(5)
                connection = edge._client.socket()
                assert isinstance(connection, Intake)
                connection.shutdown(socket.SHUT_RDWR)
                return await collect(reader, 1)

    assert asyncio.run(run()) == [("kvartal/1/edge-1/up/death", b"gone")]


def test_an_edge_cannot_read_another_edge(running_mosquitto: Callable[[str], str]) -> None:
    url = running_mosquitto(USERS + "edge-2:four\n")

    async def run() -> list[tuple[str, bytes]]:
        other = ["kvartal/1/edge-2/down/#", "kvartal/1/edge-1/down/#"]
        async with (
            MqttLink(url, "gw", "gateway", "one") as gateway,
            MqttLink(url, "edge", "edge-1", "two", subscriptions=other) as edge,
        ):
            await gateway.until_up(5)
            await edge.until_up(5)
            gateway.publish("kvartal/1/edge-2/down/ack", b"not yours")
            gateway.publish("kvartal/1/edge-1/down/ack", b"yours")
            return await collect(edge, 1)

    assert asyncio.run(run()) == [("kvartal/1/edge-1/down/ack", b"yours")]


def test_an_edge_cannot_write_as_another_edge(
    running_mosquitto: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    url = running_mosquitto(USERS)

    async def run() -> list[tuple[str, bytes]]:
        async with (
            MqttLink(url, "gw", "gateway", "one", subscriptions=["kvartal/#"]) as gateway,
            MqttLink(url, "edge", "edge-1", "two") as edge,
        ):
            await gateway.until_up(5)
            await edge.until_up(5)
            edge.publish("kvartal/1/edge-9/up/birth", b"not mine")
            edge.publish("kvartal/1/edge-1/up/birth", b"mine")
            return await collect(gateway, 1)

    assert asyncio.run(run()) == [("kvartal/1/edge-1/up/birth", b"mine")]
    assert "kvartal/1/edge-9/up/birth" in capsys.readouterr().out


def test_nothing_is_accepted_while_the_link_is_down() -> None:
    async def run() -> None:
        async with MqttLink("mqtt://127.0.0.1:1", "nobody") as link:
            link.publish("town/a", b"")

    with pytest.raises(Retryable, match="not connected"):
        asyncio.run(run())


def test_a_broker_that_comes_back_gets_the_subscriptions_again(
    restartable_broker: Any,
) -> None:
    changes: list[str] = []

    async def run() -> list[tuple[str, bytes]]:
        async with MqttLink(
            restartable_broker.url,
            "reader",
            subscriptions=["town/#"],
            on_connected=lambda: changes.append("up"),
            on_lost=lambda _reason: changes.append("lost"),
        ) as link:
            await link.until_up(5)
            await asyncio.to_thread(restartable_broker.kill_and_start)
            await until(lambda: changes == ["up", "lost", "up"])
            link.publish("town/a", b"after")
            return await collect(link, 1)

    assert asyncio.run(run()) == [("town/a", b"after")]


def test_a_full_inbox_holds_the_broker_back_and_loses_nothing(
    running_mosquitto: Callable[[str], str],
) -> None:
    url = running_mosquitto("")

    async def run() -> tuple[int, int]:
        async with (
            MqttLink(url, "reader", subscriptions=["town/#"], inbox=10_000) as reader,
            MqttLink(url, "writer") as writer,
        ):
            await reader.until_up(5)
            await writer.until_up(5)
            for _ in range(200):
                writer.publish("town/a", bytes(1000))
            await until(lambda: reader.waiting >= 9_000)
            return reader.waiting, len(await collect(reader, 200))

    waiting, found = asyncio.run(run())
    assert waiting <= 10_000
    assert found == 200


def test_a_dead_network_thread_is_told(
    running_mosquitto: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = running_mosquitto("")
    monkeypatch.setattr(MqttLink, "_received", _break)

    async def run() -> None:
        async with MqttLink(url, "reader", subscriptions=["town/#"]) as link:
            await link.until_up(5)
            link._client.on_message = _break
            link.publish("town/a", b"")
            await collect(link, 1)

    threading.excepthook, kept = (lambda _arguments: None), threading.excepthook
    try:
        with pytest.raises(Retryable, match="network thread has ended"):
            asyncio.run(run())
    finally:
        threading.excepthook = kept


def _break(*_arguments: object) -> None:
    raise RuntimeError("a defect")


def test_leaving_leaves_no_thread(running_mosquitto: Callable[[str], str]) -> None:
    url = running_mosquitto("")

    async def run() -> None:
        async with MqttLink(url, "reader") as link:
            await link.until_up(5)

    asyncio.run(run())
    assert [t.name for t in threading.enumerate() if t.name.startswith("paho")] == []
