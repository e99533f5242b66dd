"""An edge that is nothing but its uplink: blocks of readings that were made before, sent as asked.

    python -m simulators.bench.block_source --broker mqtt://... --edge ID --password-file FILE

It makes so many blocks, says `ready`, and takes one order a line from its standard input: how
many points may be out in all. Every tenth of a second it says how many are sent and acknowledged.
What is not acknowledged is not sent again: broker and gateway live, and what is lost is to be seen.
"""

import argparse
import asyncio
import secrets
import sys
from pathlib import Path

import numpy as np
import structlog

from adapters import wire
from adapters.mqtt.link import MqttLink
from core.clock import SECOND, SystemClock
from core.errors import Retryable

DEVICES, SIGNALS = 1000, 100
SERIES = DEVICES * SIGNALS
PROFILE = "bench-hundred"
AGE_S = 600  # before now, of the first reading
UNDER_WAY = 1_500_000  # points; what the gateway may hold is more
TELL_S = 0.1


def birth(edge: str, epoch: str, now: int) -> bytes:
    """Give the birth of the devices, numbered one after another."""
    signals = [wire.SignalBirth(key=f"s{n}", name={"en": f"S {n}"}) for n in range(SIGNALS)]
    profile = wire.ProfileBirth(
        profile=PROFILE, family="bench", name={"en": "Hundred signals"}, signals=signals
    )
    devices = [
        wire.DeviceBirth(device=f"device-{n}", profile=PROFILE, first=n * SIGNALS)
        for n in range(DEVICES)
    ]
    message = wire.Birth(
        edge=edge, epoch=epoch, numbering=1, revision=0, software="bench", sent_at=now,
        profiles=[profile], devices=devices,
    )  # fmt: skip
    return wire.encode(message)


def blocks(edge: str, epoch: str, points: int, count: int, now: int) -> list[bytes]:
    """Give so many blocks: each signal in turn, a second between its readings, none twice."""
    noise = np.random.default_rng(1)
    start = now - AGE_S * SECOND
    quality = np.zeros(points, np.uint8).tobytes()
    made = []
    for seq in range(1, count + 1):
        first = (seq - 1) * points
        number = np.arange(first, first + points)
        block = wire.TelemetryBlock(
            edge=edge, epoch=epoch, seq=seq, lowest=1, numbering=1, read_at=now,
            signal=(number % SERIES).astype(np.uint32).tobytes(),
            time=(start + number // SERIES * SECOND).astype(np.int64).tobytes(),
            value=np.round(230 + noise.normal(0, 2, points), 1).tobytes(),
            quality=quality,
        )  # fmt: skip
        made.append(wire.encode(block))
    return made


class Source:
    """Sends blocks in their order. allowed: points that may be sent in all."""

    def __init__(self, link: MqttLink, edge: str, made: list[bytes], points: int) -> None:
        self._link = link
        self._topic = wire.up(edge, "telemetry")
        self._blocks = made
        self._points = points
        self._acknowledged = 0  # blocks
        self._sent = 0
        self.allowed = 0

    async def send(self) -> None:
        """Send for ever what is allowed and fits."""
        while True:
            most = min(self.allowed // self._points, len(self._blocks))
            most = min(most, self._acknowledged + UNDER_WAY // self._points)
            try:
                while self._sent < most:
                    self._link.publish(self._topic, self._blocks[self._sent])
                    self._sent += 1
            except Retryable:  # as much waits as may
                pass
            await asyncio.sleep(0.001)

    async def hear(self) -> None:
        """Count what is acknowledged. It is told once, as nothing is sent twice."""
        async for batch in self._link.messages():
            for topic, payload in batch:
                if topic.endswith("/ack"):
                    ack = wire.decode(payload, wire.Ack)
                    self._acknowledged += sum(last - first + 1 for first, last in ack.ranges)

    async def tell(self) -> None:
        while True:
            print(self._sent * self._points, self._acknowledged * self._points, flush=True)
            await asyncio.sleep(TELL_S)

    async def obey(self) -> None:
        """Take orders until there are none."""
        while line := await asyncio.to_thread(sys.stdin.readline):
            self.allowed = int(line)


async def play(options: argparse.Namespace) -> None:
    """Send until the standard input ends."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    now = SystemClock().time_ns()
    epoch = secrets.token_hex(8)
    made = blocks(options.edge, epoch, options.points, options.count, now)
    password = options.password_file.read_text(encoding="utf-8").strip()
    subscriptions = [f"{wire.ROOT}/{options.edge}/down/#"]
    async with MqttLink(
        options.broker, "bench-source", options.edge, password, subscriptions=subscriptions
    ) as link:
        await link.until_up(10)
        link.publish(wire.up(options.edge, "birth"), birth(options.edge, epoch, now))
        print("ready", flush=True)
        source = Source(link, options.edge, made, options.points)
        helpers = [asyncio.create_task(each()) for each in (source.send, source.hear, source.tell)]
        await source.obey()
        for task in helpers:
            task.cancel()
        await asyncio.wait(helpers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--broker", required=True)
    parser.add_argument("--edge", required=True)
    parser.add_argument("--password-file", required=True, type=Path)
    parser.add_argument("--points", type=int, required=True, help="in a block")
    parser.add_argument("--count", type=int, required=True, help="blocks to make")
    asyncio.run(play(parser.parse_args()))
