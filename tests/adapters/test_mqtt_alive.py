"""When a link takes its broker for dead, against a broker that never answers a ping."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

import pytest

from adapters.mqtt.link import MqttLink
from tests.edge.stand import eventually

# MQTT 5.0: sections 3.2, 3.9, 3.12 and 3.3.
CONNECT, SUBSCRIBE, PINGREQ = 0x10, 0x82, 0xC0
CONNACK = bytes.fromhex("2003 0000 00")
PUBLISH = bytes.fromhex("3005 0001 61 00 78")  # topic a, no properties, payload x


class DeafBroker:
    """Publishes without a pause while `storms`; its answers to pings wait behind that for ever."""

    def __init__(self) -> None:
        self.storms = True
        self.connections = 0
        self.pings = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        storm = None
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, length = await reader.readexactly(2)  # what it sends is shorter than 128
                body = await reader.readexactly(length)
                if kind == CONNECT:
                    writer.write(CONNACK)
                elif kind == SUBSCRIBE:
                    writer.write(struct.pack(">BB2sBB", 0x90, 4, body[:2], 0, 1))
                    storm = asyncio.create_task(self.storm(writer))
                self.pings += kind == PINGREQ
        if storm is not None:
            storm.cancel()
        writer.close()

    async def storm(self, writer: asyncio.StreamWriter) -> None:
        while True:
            if self.storms:
                writer.write(PUBLISH * 100)
                await writer.drain()
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def serving(broker: DeafBroker) -> AsyncIterator[str]:
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    async with server:
        yield f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture(autouse=True)
def keepalive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.mqtt.link.KEEPALIVE_S", 1)


def test_a_line_lives_while_a_storm_holds_the_answers_to_pings_up() -> None:
    async def run() -> tuple[int, list[str]]:
        broker, lost = DeafBroker(), list[str]()
        async with (
            serving(broker) as url,
            MqttLink(url, "r", subscriptions=["a"], on_lost=lost.append) as link,
        ):
            await link.until_up(5)
            await eventually(lambda: broker.pings >= 3)
            return broker.connections, [*lost]

    assert asyncio.run(run()) == (1, [])


def test_a_line_is_lost_when_the_storm_ends_and_the_ping_stays_unanswered() -> None:
    async def run() -> list[str]:
        broker, lost = DeafBroker(), list[str]()
        async with (
            serving(broker) as url,
            MqttLink(url, "r", subscriptions=["a"], on_lost=lost.append) as link,
        ):
            await link.until_up(5)
            await eventually(lambda: broker.pings >= 1)
            broker.storms = False
            await eventually(lambda: lost)
            return lost

    assert asyncio.run(run()) == ["Keep alive timeout"]
