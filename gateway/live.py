"""What is shown as it happens: commits from the outbox, readings as they arrive, a pulse.

The hub holds the clients that are connected. Nothing here waits for a client: a change is put into
its bounded queue (when full, the client is let go with TRY_AGAIN and loads anew), and of readings
only the newest of each series is kept until the client takes them.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.actor import Actor
from core.clock import Clock
from core.readings import Readings
from gateway.api.live_models import Hello, Subscribe
from gateway.registry.directory import Directory
from gateway.registry.snapshot import CurrentRegistry
from gateway.sign_in import still_signed_in
from gateway.storage.database import Database
from gateway.storage.failures import StoreAway
from gateway.storage.outbox import SHOWN, WORK
from gateway.storage.tables import OutboxRow

QUEUE = 1000  # changes that may wait for a client
COALESCE_S = 0.01  # seconds at least between two messages of readings to one client
MESSAGES = 1000  # of readings, a second, for all clients together
BLOCKS = 64  # of readings kept before the older rows of a series are dropped
PULSE_S = 2.0
SIGNED_OUT = 4401  # close codes of our own are in 4000–4999 (RFC 6455, section 7.4.2)
TRY_AGAIN = 1013  # IANA registry of WebSocket close codes: Try Again Later
NANOSECONDS_PER_MS = 1_000_000


class Client:
    """One connected page: what it may see, what it asked for, and what waits for it."""

    def __init__(self, actor: Actor, session: str, clock: Clock) -> None:
        self.actor = actor
        self.session = session
        self.wanted = Subscribe()
        self.close_code = 0
        self.close_reason = ""
        self._clock = clock
        self._changes: deque[str] = deque()
        self._readings: list[Readings] = []
        self._readings_sent_at = -math.inf
        self._is_wanted: NDArray[np.bool_] = np.zeros(1, np.bool_)
        self._devices: NDArray[np.object_] = np.empty(1, np.object_)
        self._signals: NDArray[np.object_] = np.empty(1, np.object_)
        self._wake = asyncio.Event()

    def subscribe(self, wanted: Mapping[int, tuple[str, str]]) -> None:
        """Take from now on these series, given with device and signal key."""
        size = max(wanted, default=-1) + 2  # the last place stands for everything above it
        self._is_wanted = np.zeros(size, np.bool_)
        self._devices = np.empty(size, np.object_)
        self._signals = np.empty(size, np.object_)
        for series, (device, signal) in wanted.items():
            self._is_wanted[series] = True
            self._devices[series] = device
            self._signals[series] = signal
        self._readings.clear()

    def change(self, message: str) -> None:
        """Queue a message; a client that does not keep up is let go."""
        if len(self._changes) >= QUEUE:
            self.close(TRY_AGAIN, "too slow for what happens; connect again")
            return
        self._changes.append(message)
        self._wake.set()

    def readings(self, block: Readings) -> None:
        """Queue what was subscribed of a block."""
        rows = self._is_wanted[np.minimum(block.signal, len(self._is_wanted) - 1)]
        if not rows.any():
            return
        if not self._readings:
            self._wake.set()
        self._readings.append(block.take(rows))
        if len(self._readings) > BLOCKS:
            self._readings = [newest(self._readings)]

    def close(self, code: int, reason: str = "") -> None:
        """End `messages` at once; the connection is then closed with this code."""
        if not self.close_code:
            self.close_code, self.close_reason = code, reason
        self._wake.set()

    async def messages(self, coalesce_s: Callable[[], float]) -> AsyncIterator[str]:
        """Give what is to be sent: changes at once, readings at once when idle, else gathered.

        coalesce_s: how many seconds are to be between two messages of readings now.
        """
        while True:
            self._wake.clear()
            while self._changes and not self.close_code:
                yield self._changes.popleft()
            if self.close_code:
                return
            pause = self._readings_sent_at + coalesce_s() - self._clock.monotonic()
            if self._readings and pause <= 0:
                self._readings_sent_at = self._clock.monotonic()
                block, self._readings = newest(self._readings), []
                yield self._values(block)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(pause if self._readings else None):
                    await self._wake.wait()

    def _values(self, block: Readings) -> str:
        return encoded(
            {
                "kind": "values",
                "device": self._devices[block.signal].tolist(),
                "signal": self._signals[block.signal].tolist(),
                "time_ms": (block.time // NANOSECONDS_PER_MS).tolist(),
                "value": block.value.tolist(),  # NaN becomes null
                "quality": block.quality.tolist(),
            }
        )


class Hub:
    """Everybody who is connected."""

    def __init__(self, clock: Clock, registry: CurrentRegistry, directory: Directory) -> None:
        self._clock = clock
        self._registry = registry
        self.directory = directory
        self._data_at: float | None = None
        self.clients: set[Client] = set()
        self.seq = 0

    def changes(self, rows: Sequence[OutboxRow]) -> None:
        """Show rows of the outbox to those who may see them."""
        for row in rows:
            self.seq = row.seq
            if row.topic not in SHOWN:
                continue
            for client in self.clients:
                if message := change(row, client.actor):
                    client.change(message)

    def coalesce_s(self) -> float:
        """Give the seconds between two messages of readings to a client: the more, the longer."""
        return max(COALESCE_S, len(self.clients) / MESSAGES)

    def readings(self, block: Readings) -> None:
        """Show readings, of which `signal` is the permanent number of the series."""
        self._data_at = self._clock.monotonic()
        for client in self.clients:
            client.readings(block)

    def subscribe(self, client: Client, wanted: Subscribe) -> None:
        """Send the client these readings from now on, and the latest ones at once."""
        client.wanted = wanted
        series = self._series(client.actor, wanted)
        client.subscribe(series)
        client.readings(self.directory.latest(np.array(sorted(series), np.uint32)))

    def refresh(self) -> None:
        """Look up all subscriptions again, after a birth."""
        for client in self.clients:
            self.subscribe(client, client.wanted)

    def reload(self) -> None:
        """Let everybody load anew what another revision of the registry may have changed.

        Whose territory it has moved or taken away is let go, and comes in as who they are now.
        """
        hello = Hello(seq=self.seq, resumed=False, server_time=self._clock.now())
        for client in self.clients:
            node = self._registry.snapshot.places.get(client.actor.place)
            if node is None or node.path != client.actor.place_path:
                client.close(TRY_AGAIN, "the territory has changed; connect again")
                continue
            client.change(hello.model_dump_json())
            self.subscribe(client, client.wanted)

    def _series(self, actor: Actor, wanted: Subscribe) -> dict[int, tuple[str, str]]:
        """Give the subscribed series that the actor may see, with device and signal key."""
        registry = self._registry.snapshot

        def is_visible(device: str) -> bool:
            known = registry.devices.get(device)
            return known is not None and actor.can_see(registry.path_of(known.place))

        found = {
            number: (device, signal)
            for device in filter(is_visible, wanted.devices)
            for signal, number in self.directory.series_of(device).items()
        }
        for family, signal in wanted.families.items():
            for device in filter(is_visible, self.directory.devices_of(family)):
                number = self.directory.series_of(device).get(signal)
                if number is not None:
                    found[number] = (device, signal)
        return found

    def pulse(self) -> None:
        """Tell everybody how far the changes are, and how old the newest reading is."""
        age = None if self._data_at is None else self._clock.monotonic() - self._data_at
        message = encoded(
            {
                "kind": "pulse",
                "seq": self.seq,
                "server_time": self._clock.now(),
                "data_age_s": age,
            }
        )
        for client in self.clients:
            client.change(message)


async def pulse(hub: Hub, database: Database, clock: Clock) -> None:
    """Give the pulse, and let go whose session has ended, for ever."""
    while True:
        await asyncio.sleep(PULSE_S)
        hub.pulse()
        clients = tuple(hub.clients)
        if not clients:
            continue
        try:
            async with database.reading() as session:
                good = await still_signed_in(session, clock, {one.session for one in clients})
        except StoreAway:
            continue
        for client in clients:
            if client.session not in good:
                client.close(SIGNED_OUT, "signed out")


def change(row: OutboxRow, actor: Actor) -> str:
    """Give the message that shows a row of the outbox to the actor; empty for what is not theirs.

    One whose work went to another organisation is told that it is gone, and no more.
    """
    if row.topic not in WORK:
        return _shown(row) if actor.can_see(row.place_path) else ""
    if actor.can_see_work(row.place_path, row.executor):
        return _shown(row)
    if actor.can_see_work(row.place_path, row.former_executor):
        return _message(row, "gone", {row.topic: row.body["id"]})
    return ""


@lru_cache(maxsize=1)  # all who see a change get the same words
def _shown(row: OutboxRow) -> str:
    return _message(row, row.topic, row.body)


def _message(row: OutboxRow, topic: str, body: Mapping[str, Any]) -> str:
    return encoded({"kind": "change", "seq": row.seq, "at": row.at, "topic": topic, topic: body})


def encoded(message: Mapping[str, Any]) -> str:
    return msgspec.json.encode(message).decode()


def newest(blocks: Sequence[Readings]) -> Readings:
    """Join blocks and keep the last reading of each series."""
    joined = Readings.concat(blocks)
    _, from_the_end = np.unique(joined.signal[::-1], return_index=True)
    return joined.take(np.sort(len(joined) - 1 - from_the_end))
