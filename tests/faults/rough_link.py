"""A relay that loses, repeats and swaps messages, and parts the broker from a client in one
direction or in both.

Loss of packets is nothing that TCP lets anybody see. A lost message is one that its sender believes
delivered, as a broker that dies, or a node of a cluster, loses it.
"""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

from tests.faults.relay import PUBACK, PUBLISH, Relay, acknowledged, identity_of, packet

GATEWAY = b"kvartal-gateway"  # its client id


@dataclass
class Way:
    """One direction between a client and the broker. share: of messages, that each of losing,
    repeating and swapping strikes."""

    share: float = 0.0
    passes: asyncio.Event = field(default_factory=asyncio.Event)
    struck: int = 0

    def __post_init__(self) -> None:
        self.passes.set()


@dataclass
class Side:
    """Whoever connects: the gateway, or an edge."""

    up: Way = field(default_factory=Way)
    down: Way = field(default_factory=Way)


class RoughLink(Relay):
    def __init__(self, port: int, target: int, chance: random.Random) -> None:
        super().__init__(port, target)
        self._chance = chance
        self.sides = {"edge": Side(), "gateway": Side()}

    @property
    def ways(self) -> list[Way]:
        return list(chain.from_iterable((each.up, each.down) for each in self.sides.values()))

    async def carry_all(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        broker_reader: asyncio.StreamReader,
        broker_writer: asyncio.StreamWriter,
    ) -> None:
        connect = await packet(reader)
        side = self.sides["gateway" if GATEWAY in connect else "edge"]
        await side.up.passes.wait()
        broker_writer.write(connect)
        unwanted = Counter[bytes](), Counter[bytes]()
        await asyncio.gather(
            self._carry(side.up, reader, broker_writer, writer, unwanted),
            self._carry(side.down, broker_reader, writer, broker_writer, unwanted[::-1]),
        )

    async def _carry(
        self,
        way: Way,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        unwanted: tuple[Counter[bytes], Counter[bytes]],
    ) -> None:
        """Carry packets one way. unwanted: how often an acknowledgement of a packet is one too
        many, on this way and on the way back."""
        here, there = unwanted
        held: list[bytes] = []
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                found = await packet(reader)
                await way.passes.wait()
                if found[0] >> 4 == PUBACK and here[identity := found[2:4]]:
                    here[identity] -= 1
                    continue
                writer.writelines(self._strike(way, found, held, back, there))
                await writer.drain()
        await way.passes.wait()  # not even that it has ended gets through
        writer.close()

    def _strike(
        self, way: Way, found: bytes, held: list[bytes], back: asyncio.StreamWriter,
        unwanted: Counter[bytes],
    ) -> list[bytes]:  # fmt: skip
        """Give what is to be sent now in the place of a packet."""
        due, at = [found, *held], self._chance.random()
        if found[0] >> 4 != PUBLISH or found[0] & 0b110 != 0b010 or at >= 3 * way.share:
            held.clear()
            return due
        way.struck += 1
        identity = identity_of(found)
        if at < way.share:  # lost
            back.write(acknowledged(identity))
            return []
        if at < 2 * way.share:  # twice
            unwanted[identity] += 1
            held.clear()
            return [found, *due]
        held.append(found)  # behind the next one
        return []
