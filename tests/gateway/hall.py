"""The services of a gateway on a real store, with a town of two banks, without HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.wire import AlarmBirth, Condition, DeviceChange, SignalBirth, WireEvent
from core.actor import Actor, Role
from core.appeal import Draft
from core.case import Verb
from core.clock import to_nanoseconds
from core.registry import (
    Asset,
    Binding,
    Device,
    Edge,
    Endpoint,
    Executor,
    Feed,
    Place,
    PlaceKind,
    Registry,
)
from core.route import Route
from gateway.api.case_models import CaseDetail, CaseRow, EvidenceOut
from gateway.cases import appeals, overruling, work
from gateway.cases.captures import FROM_A_GALLERY, Taken, attach_photo
from gateway.cases.desk import open_desk
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.filing import Filing
from gateway.cases.incidents import Intake
from gateway.cases.looks import Looks
from gateway.cases.pictures import read_picture
from gateway.cases.rows import show_evidence
from gateway.cases.witness import Witness
from gateway.language.reader import Reader
from gateway.registry.directory import Directory, History
from gateway.registry.snapshot import CurrentRegistry, RegistrySnapshot
from gateway.settings import load_settings
from gateway.storage.database import Database
from gateway.storage.opened import opened
from tests.gateway.nothing_born import NothingBorn, NothingRead
from tests.gateway.photos import photo

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
LAMPS = 300
READER = Reader(None, sure_from=0.85)
JPEG = photo(0)


def name(words: str) -> dict[str, str]:
    return {"ru": words, "en": words}


def place(identifier: str, kind: PlaceKind, parent: str | None, *position: float) -> Place:
    latitude, longitude = position or (None, None)
    return Place(id=identifier, kind=kind, name=name(identifier), parent=parent,
                 latitude=latitude, longitude=longitude)  # fmt: skip


def town() -> Registry:
    """Two banks with a street and a house each; on the left a cabinet feeds 300 lamps, every 20 m
    to the east of it, and house 5 has a lift."""
    lamps = [
        Asset(id=f"lamp-{n}", kind="street_light", name=name(f"Lamp {n}"), place="lesnaya",
              latitude=55.0, longitude=37.0 + n * 0.000313)
        for n in range(LAMPS)
    ]  # fmt: skip
    assets = [
        Asset(id="cabinet-1", kind="feeder_cabinet", name=name("Cabinet 1"), place="lesnaya",
              owner="light", latitude=55.0, longitude=37.0),
        Asset(id="lift-1", kind="lift", name=name("Lift 1"), place="lesnaya-5"),
        Asset(id="lift-2", kind="lift", name=name("Lift 2"), place="sadovaya-1"),
        *lamps,
    ]  # fmt: skip
    return Registry(
        name=name("Town"),
        places=(
            place("town", PlaceKind.REGION, None, 55.0, 37.0),
            place("left-bank", PlaceKind.MUNICIPALITY, "town", 55.0, 37.0),
            place("right-bank", PlaceKind.MUNICIPALITY, "town", 55.01, 37.1),
            place("lesnaya", PlaceKind.STREET, "left-bank", 55.0, 37.0),
            place("sadovaya", PlaceKind.STREET, "right-bank", 55.01, 37.1),
            place("lesnaya-5", PlaceKind.BUILDING, "lesnaya", 55.002, 37.0),
            place("sadovaya-1", PlaceKind.BUILDING, "sadovaya", 55.01, 37.1),
        ),
        assets=tuple(assets),
        feeds=tuple(Feed(source="cabinet-1", target=lamp.id) for lamp in lamps),
        edges=(Edge(id="edge-1", name=name("Edge"), place="town"),),
        endpoints=(Endpoint(id="line", edge="edge-1", protocol="mqtt", address="mqtt://x"),),
        devices=tuple(
            Device(
                id=f"{asset.id}-device",
                profile=asset.kind,
                endpoint="line",
                unit=asset.id,
                name=asset.name,
                place=asset.place,
            )
            for asset in assets
        ),
        bindings=tuple(Binding(asset=asset.id, device=f"{asset.id}-device") for asset in assets),
        executors=(
            Executor(id="light", name=name("Light Ltd"), place="town"),
            Executor(id="lifts", name=name("Lifts Ltd"), place="town"),
        ),
        routes=(
            Route(executor="light", category="lighting."),
            Route(executor="lifts", category="lift.", place="left-bank"),
        ),
    )


class HandClock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def time_ns(self) -> int:
        return to_nanoseconds(self.at)

    def monotonic(self) -> float:
        return self.at.timestamp()


ALARMS = {
    "mains_lost": ("high", "lighting.cabinet"),
    "door_open": ("low", "lighting.cabinet"),
    "lamp_silent": ("low", "lighting.lamp"),
    "stopped": ("high", "lift.stopped"),
    "trapped": ("critical", "lift.trapped"),
    "kept": ("high", "lift.stopped"),  # by the device itself
    "red_light": ("low", "traffic.violation"),
    "fire": ("critical", "lift.stopped"),  # latched
}  # fmt: skip
LIGHT = {0: name("off"), 1: name("on")}


class Births(NothingBorn):
    """What a birth would have told."""

    async def alarm_definition(
        self, session: AsyncSession, device: str, condition: str
    ) -> AlarmBirth | None:
        if condition not in ALARMS:
            return None
        severity, problem = ALARMS[condition]
        return AlarmBirth(key=condition, signal="mains", severity=severity, problem=problem,
                          name=name(condition), acknowledgeable=condition == "kept",
                          latching=condition == "fire")  # fmt: skip

    def signals_of(self, _device: str) -> Sequence[SignalBirth]:
        return [
            SignalBirth(key="mains", name=name("Mains"), unit="V"),
            SignalBirth(key="on", name=name("Light"), writable=True, states=LIGHT),
        ]


class Hall:
    """A gateway's services on a database of their own."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.clock = HandClock()
        self.files = EvidenceFiles(folder / "evidence")
        self.looks = Looks()
        self.registry = CurrentRegistry()
        self.registry.snapshot = RegistrySnapshot(town(), 1)
        self.filing = Filing(
            self.clock, self.database, self.registry, reader=READER, evidence=self.files
        )
        self.intake = Intake(self.clock, self.registry, Births(), self.files)
        self.directory: Directory = Births()
        self.history: History = NothingRead()

    async def take(self, *events: WireEvent) -> None:
        async with self.database.transaction() as session:
            await self.intake.take_events(session, "edge-1", events)

    def draft(self, **fields: object) -> Draft:
        return replace(COMPLAINT, **fields)  # type: ignore[arg-type]  # fields of Draft

    async def file(self, **fields: object) -> appeals.Receipt:
        (receipt,) = await self.filing.file_all([self.draft(**fields)])
        return receipt

    async def act(self, actor: Actor, case: CaseRow, verb: Verb, version: int = 0) -> CaseRow:
        async with self.database.transaction() as session:
            desk = await open_desk(session, self.clock.now(), self.registry.snapshot)
            version = version or case.version
            witness = self.witness()
            await work.act(desk, actor, case.id, verb, version=version, note="", witness=witness)
            return await work.case_detail(session, actor, case.id, witness)

    async def attach(
        self, actor: Actor, case: int, content: bytes, taken: Taken = FROM_A_GALLERY
    ) -> EvidenceOut:
        """Attach a photo of the work."""
        async with self.database.transaction() as session:
            desk = await open_desk(session, self.clock.now(), self.registry.snapshot)
            picture = read_picture(content)
            piece = await attach_photo(
                desk, self.files, self.looks, actor, case,
                content=content, picture=picture, taken=taken,
            )  # fmt: skip
            return show_evidence(piece)

    async def close_all(self, actor: Actor) -> None:
        """Take all cases on, report them done and close them; their proof must be there."""
        for verb in (Verb.ACCEPT, Verb.RESOLVE, Verb.CLOSE):
            for case in await self.worklist(actor):
                await self.act(actor, case, verb)

    async def acknowledge(self, actor: Actor, *incidents: int, comment: str = "") -> list[int]:
        async with self.database.transaction() as session:
            desk = await open_desk(session, self.clock.now(), self.registry.snapshot)
            return await work.acknowledge(desk, actor, incidents, comment)

    async def worklist(self, actor: Actor, shown: work.Shown = "open") -> Sequence[CaseRow]:
        async with self.database.reading() as session:
            return await work.list_cases(session, self.clock.now(), actor, shown)

    async def detail(self, actor: Actor, number: int) -> CaseDetail:
        async with self.database.reading() as session:
            return await work.case_detail(session, actor, number, self.witness())

    async def overrule(self, actor: Actor, case: CaseRow, reason: str) -> CaseDetail:
        async with self.database.transaction() as session:
            desk = await open_desk(session, self.clock.now(), self.registry.snapshot)
            witness = self.witness()
            await overruling.overrule(
                desk, actor, case.id, version=case.version, reason=reason, witness=witness
            )
            return await work.case_detail(session, actor, case.id, witness)

    def witness(self) -> Witness:
        return Witness(self.registry.snapshot, self.directory, self.history, self.clock.now())


@asynccontextmanager
async def hall(folder: Path) -> AsyncIterator[Hall]:
    async with store(folder) as database:
        yield Hall(database, folder)


@asynccontextmanager
async def store(folder: Path) -> AsyncIterator[Database]:
    """Give the database of the folder, with all its tables."""
    async with opened(load_settings(data_dir=folder, database_url=database_url(folder))) as found:
        yield found


def use_database(folder: Path, url: str) -> None:
    """Let what is started in the folder use this database instead of SQLite."""
    (folder / "database.url").write_text(url)


def database_url(folder: Path) -> str:
    """Give the database that the folder is to use; empty for SQLite."""
    file = folder / "database.url"
    return file.read_text() if file.exists() else ""


def dispatcher(bank: str) -> Actor:
    return Actor(id=bank, name=f"D. {bank}", role=Role.DISPATCHER, place=bank,
                 place_path=f"town/{bank}/")  # fmt: skip


LEFT, RIGHT = dispatcher("left-bank"), dispatcher("right-bank")
COMPLAINT = Draft(category="lighting.dark", description="It is dark here", latitude=55.0,
                  longitude=37.003)  # fmt: skip


def condition(asset: str, key: str, *, active: bool = True, after: float = 0.0) -> Condition:
    at = to_nanoseconds(START + timedelta(seconds=after))
    return Condition(device=f"{asset}-device", condition=key, active=active, time=at, number=1,
                     value=0.0)  # fmt: skip


def lost(asset: str, after: float = 0.0) -> DeviceChange:
    at = to_nanoseconds(START + timedelta(seconds=after))
    return DeviceChange(device=f"{asset}-device", online=False, time=at)
