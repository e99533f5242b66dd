"""A broker that grants shared subscriptions and delivers nothing by them: a relay before a real one
that swallows what comes to a client by such a subscription alone."""

import asyncio

from paho.mqtt.client import topic_matches_sub

from tests.faults.relay import (
    PUBLISH,
    SUBSCRIBE,
    Relay,
    acknowledged,
    filters_of,
    identity_of,
    packet,
    topic_of,
)


class MiserlyBroker(Relay):
    """swallowed: how many messages."""

    swallowed = 0

    async def carry_all(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        broker_reader: asyncio.StreamReader,
        broker_writer: asyncio.StreamWriter,
    ) -> None:
        plain: list[str] = []

        async def up() -> None:
            while True:
                found = await packet(reader)
                if found[0] >> 4 == SUBSCRIBE:
                    plain.extend(filters_of(found))  # $share/… is no topic that a message has
                broker_writer.write(found)
                await broker_writer.drain()

        async def down() -> None:
            while True:
                found = await packet(broker_reader)
                if found[0] >> 4 == PUBLISH and not any(
                    topic_matches_sub(each, topic_of(found)) for each in plain
                ):
                    self.swallowed += 1
                    broker_writer.write(acknowledged(identity_of(found)))
                    continue
                writer.write(found)
                await writer.drain()

        ways = [asyncio.create_task(way()) for way in (up, down)]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
