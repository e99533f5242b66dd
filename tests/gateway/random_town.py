"""A town in which anything may happen next, and any of it may be cut off.

Residents, devices, dispatchers and executors act at random; a gateway dies between any two
statements, and goes on with the files as they were at that moment.
"""

import random
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, select

from adapters.wire import Condition, DeviceChange, WireEvent
from core.actor import Actor, Role
from core.appeal import Channel
from core.case import Verb
from core.errors import DomainError, NotVisible
from gateway.api.case_models import CaseDetail
from gateway.cases import brought, deadline_watch, feedback, hands, pauses, sorting
from gateway.cases.desk import open_desk
from gateway.cases.meaning import DEVICE_LOST
from gateway.storage.case_tables import AppealRow
from tests.gateway.hall import LEFT, Hall, hall
from tests.gateway.ledger import Ledger, Said

LIGHT = Actor(id="light", name="Light", role=Role.EXECUTOR, place="town", place_path="town/",
              executor="light")  # fmt: skip
WORDS = (
    "Темно у дома",
    "Сломана скамейка",
    "Стоит лифт",
    "Яма во дворе",
    "Нет воды",
    "1. Темно. 2. Стоит лифт",
)
PDF = b"%PDF-1.7\n" + bytes(100)
CATEGORIES = ("yard.other", "lighting.dark", "lift.stopped", "water.none", "")
DEVICES = (("lift-1", "stopped"), ("lamp-3", ""), ("lamp-4", ""), ("cabinet-1", "mains_lost"),
           ("cabinet-1", ""), ("lift-1", ""))  # fmt: skip
MOST_STATEMENTS = 40  # after which a gateway that is to die does


class Killed(Exception):
    """The gateway is dead; its files are as they were then."""


class RandomTown:
    """One gateway after another on the same store, with a ledger beside them."""

    def __init__(self, folder: Path, chance: random.Random, stack: AsyncExitStack) -> None:
        self._folder = folder
        self._chance = chance
        self._stack = stack
        self._lives = 0
        self._left: int | None = None  # statements until it dies
        self.ledger = Ledger()
        self.keys: dict[str, str] = {}  # of those who complained
        self.kills = 0
        self.refused = 0
        self.did: dict[str, int] = {}
        self.here: Hall

    async def start(self) -> None:
        """Start a gateway on the files of the one before."""
        await self._stack.aclose()
        clock = self.here.clock if self._lives else None
        self.here = await self._stack.enter_async_context(hall(self._life))
        self.here.clock = clock or self.here.clock
        self.here.filing._clock = self.here.intake._clock = self.here.clock
        event.listen(self.here.database.engine.sync_engine, "before_cursor_execute", self._count)

    @property
    def _life(self) -> Path:
        return self._folder / f"life-{self._lives}"

    def _count(self, *_: object) -> None:
        if self._left is None:
            return
        self._left -= 1
        if self._left < 0:
            self._left = None
            dead, self._lives = self._life, self._lives + 1
            self._life.mkdir()
            for file in dead.glob("kvartal.sqlite*"):
                shutil.copy(file, self._life)
            raise Killed

    async def step(self) -> None:
        """Let something happen."""
        self.here.clock.at += timedelta(seconds=self._chance.choice((1, 20, 600, 9000, 90_000)))
        what = self._chance.choice(STEPS)
        self.did[what.__name__] = self.did.get(what.__name__, 0) + 1
        if self._chance.random() < 0.06:
            self._left = self._chance.randrange(MOST_STATEMENTS)
        try:
            await what(self)
        except (DomainError, NotVisible):
            self.refused += 1  # then nothing may have changed
        except Killed:
            self.kills += 1
            await self.start()
        self._left = None
        await self.ledger.take_merges(self.here.database)

    async def _at_the_desk(
        self, how: Callable[..., Awaitable[Any]], *args: Any, **options: Any
    ) -> Any:
        async with self.here.database.transaction() as session:
            desk = await open_desk(session, self.here.clock.now(), self.here.registry.snapshot)
            return await how(desk, *args, **options)

    async def _sorted(
        self, how: Callable[..., Awaitable[Any]], case: CaseDetail, *args: Any, **options: Any
    ) -> Any:
        actor = options.pop("actor", LEFT)
        return await self._at_the_desk(how, actor, case.id, *args, version=case.version, **options)

    async def _case(self, *states: str) -> CaseDetail:
        """Give a case, of these states if there are any. DomainError where there is none."""
        rows = await self.here.worklist(LEFT, "all")
        fitting = [row for row in rows if row.state in states] or rows
        if not fitting:
            raise DomainError("nothing", "nothing has happened yet")
        return await self.here.detail(LEFT, self._chance.choice(fitting).id)

    # ---- residents --------------------------------------------------------------------------

    async def file(self) -> None:
        """File an appeal, sometimes twice: the answer to the first may have been lost."""
        house = self._chance.random() < 0.5
        said: dict[str, Any] = {
            "category": self._chance.choice(CATEGORIES),
            "description": f"{self._chance.choice(WORDS)} {self._chance.randrange(9)}",
            "email": f"p{self._chance.randrange(10**9)}@mail.example",
            "channel": self._chance.choice((Channel.WEB, Channel.EMAIL, Channel.SOCIAL)),
            "outside_id": f"{self._chance.randrange(10**24):024}",
        }
        if house:
            said |= {"place": "lesnaya-5", "latitude": None, "longitude": None}
        if self._chance.random() < 0.2:  # it is not filed whole before it is filed again
            await self._filed(said)
        await self._filed(said)

    async def _filed(self, said: dict[str, Any]) -> None:
        before = await self._appeals()
        receipt = await self.here.file(**said)
        self._left = None
        if receipt.number in self.ledger.appeals:
            assert await self._appeals() == before
            return
        self.keys[receipt.number] = receipt.key
        self.ledger.filed(
            receipt.number,
            Said(said["description"], said["email"], self.here.clock.now(), receipt.case),
        )

    async def _appeals(self) -> int:
        async with self.here.database.reading() as session:
            return await session.scalar(select(func.count(AppealRow.id))) or 0

    async def answer(self) -> None:
        """Say whether it is fixed."""
        numbers = [number for number, said in self.ledger.appeals.items() if said.answered]
        if numbers:
            number, fixed = self._chance.choice(numbers), self._chance.random() < 0.4
            key = self.keys[number]
            await self._at_the_desk(feedback.answer, number, key, fixed=fixed, comment="")

    # ---- devices ----------------------------------------------------------------------------

    async def alarm(self) -> None:
        """Let a device raise, clear or repeat a condition, or fall silent and answer again."""
        asset, key = self._chance.choice(DEVICES)
        is_active = self._chance.random() < 0.6
        device, at = f"{asset}-device", self.here.clock.time_ns()
        if key:
            told: WireEvent = Condition(
                device=device, condition=key, active=is_active, time=at, number=1, value=0.0
            )
        else:
            told = DeviceChange(device=device, online=not is_active, time=at)
        await self.here.take(told)
        change = self.ledger.active.add if is_active else self.ledger.active.discard
        change((device, key or DEVICE_LOST))

    # ---- who does the work ------------------------------------------------------------------

    async def accept(self) -> None:
        case = await self._case("routed")
        await self.here.act(self._chance.choice((LEFT, LIGHT)), case, Verb.ACCEPT)

    async def report(self) -> None:
        case = await self._case("accepted")
        await self.here.act(LEFT, case, Verb.RESOLVE)
        self.ledger.halted(case.id, self.here.clock.now())

    async def prove(self) -> None:
        case = await self._case("resolved", "accepted")
        await self._at_the_desk(brought.attach_act, self.here.files, LEFT, case.id, PDF)

    async def close(self) -> None:
        case = await self._case("resolved")
        await self.here.act(LEFT, case, Verb.CLOSE)
        self.ledger.closed(case.id, self.here.clock.now())

    async def overrule(self) -> None:
        case = await self._case("resolved")
        await self.here.overrule(LEFT, case, "seen with my own eyes")
        self.ledger.closed(case.id, self.here.clock.now())

    async def reopen(self) -> None:
        case = await self._case("closed", "resolved")
        await self.here.act(LEFT, case, Verb.REOPEN)

    async def acknowledge(self) -> None:
        case = await self._case()
        await self.here.acknowledge(LEFT, *(each.id for each in case.incident_list))

    # ---- who sorts it -----------------------------------------------------------------------

    async def merge(self) -> None:
        case, other = await self._case("routed"), await self._case("routed", "accepted")
        await self._sorted(sorting.put_together, case, other.id, note="")

    async def separate(self) -> None:
        rows = await self.here.worklist(LEFT, "all")
        cases = [await self.here.detail(LEFT, row.id) for row in rows]
        merges = [(case, merge) for case in cases for merge in case.merges]
        if not merges:
            return
        case, merge = self._chance.choice(merges)
        await self._sorted(sorting.tell_apart, case, merge.id, note="")
        self.ledger.separated(merge.id, merge.case, case.id)

    async def split(self) -> None:
        case = await self._case()
        numbers = [each.number for each in case.appeal_list]
        some = self._chance.sample(numbers, self._chance.randint(0, len(numbers)))
        fresh = await self._sorted(sorting.split, case, some or ["none"], note="")
        self.ledger.moved(some, fresh)

    async def classify(self) -> None:
        case = await self._case("new", "routed")
        await self._sorted(
            sorting.classify, case, self._chance.choice(CATEGORIES) or "water.leak", note=""
        )

    async def take_apart(self) -> None:
        case = await self._case()
        if not case.appeal_list:
            return
        whole = self._chance.choice(case.appeal_list)
        wanted = [sorting.Trouble(f"Трещина {self._chance.random()}", "yard.other")]
        parts = [each for each in self.ledger.appeals if each.startswith(f"{whole.number}/")]
        (into,) = await self._sorted(sorting.take_apart, case, whole.number, wanted)
        known, number = self.ledger.appeals[whole.number], f"{whole.number}/{len(parts) + 2}"
        self.keys[number] = self.keys[whole.number]
        self.ledger.filed(number, Said(wanted[0].text, known.email, known.filed_at, into))

    async def pause(self) -> None:
        case = await self._case("routed", "accepted")
        await self._sorted(pauses.pause, case, "resolve", reason="parts", note="")
        self.ledger.paused[case.id] = self.here.clock.now()

    async def resume(self) -> None:
        case = await self._case("routed", "accepted")
        await self._sorted(pauses.resume, case, "resolve", note="")
        self.ledger.halted(case.id, self.here.clock.now())

    async def contest(self) -> None:
        case = await self._case("routed")
        await self._sorted(hands.contest, case, reason="not ours", proposed="lifts")

    async def decide(self) -> None:
        case = await self._case("routed")
        to = self._chance.choice(("", "lifts", "light"))
        await self._sorted(hands.decide, case, executor=to, note="")

    async def hand_over(self) -> None:
        case = await self._case("routed", "accepted")
        to = self._chance.choice(("lifts", "light"))
        await self._sorted(hands.hand_over, case, executor=to, note="")

    async def watch(self) -> None:
        """Let deadlines that pass be told."""
        database, clock, registry = self.here.database, self.here.clock, self.here.registry
        while await deadline_watch.tell(database, clock, registry):
            pass


STEPS = (
    *(RandomTown.file,) * 5, *(RandomTown.alarm,) * 4, *(RandomTown.accept,) * 3,
    *(RandomTown.report,) * 3, *(RandomTown.overrule,) * 2, *(RandomTown.merge,) * 2,
    *(RandomTown.separate,) * 2, *(RandomTown.pause,) * 2, RandomTown.answer, RandomTown.prove,
    RandomTown.close, RandomTown.reopen, RandomTown.acknowledge, RandomTown.split,
    RandomTown.classify, RandomTown.take_apart, RandomTown.resume, RandomTown.contest,
    RandomTown.decide, RandomTown.hand_over, RandomTown.watch,
)  # fmt: skip
