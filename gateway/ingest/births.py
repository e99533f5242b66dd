"""What edges said at birth: profiles, devices, and what the numbers of their readings mean."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Row, Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.wire import AlarmBirth, Birth, DeviceBirth, ProfileBirth, SignalBirth
from core.clock import Clock
from gateway.ingest.series_book import DeviceRun, Keys, SeriesBook
from gateway.registry.devices import health_device
from gateway.registry.snapshot import CurrentRegistry
from gateway.storage.bulk import insert_many
from gateway.storage.series_tables import (
    BornDeviceRow,
    BornProfileRow,
    EdgeSessionRow,
    SeriesRunRow,
)

DIAGNOSTICS = "kvartal-diagnostics-"  # and the protocol: of a device's link, beside its profile
NOBODY = 0  # series of a number that means nothing here; real ones count from 1
SESSIONS_KEPT = 32  # of an edge; a spool still has blocks of old numberings after a long outage
SERIES = np.dtype("<u4")
AT_ONCE = 10_000  # rows

Apply = Callable[[], None]
log = structlog.get_logger()


class Births:
    """Profiles, devices and series in memory as they are in the store; sessions on demand.

    A session is remembered as far as it was asked for, so that any process that shares the store
    can resolve a number that another one heard the birth of.
    """

    def __init__(self, clock: Clock, registry: CurrentRegistry) -> None:
        self._clock = clock
        self._registry = registry
        self._profiles: dict[str, ProfileBirth] = {}
        self._devices: dict[str, tuple[str, str]] = {}  # edge, profile
        self._of_edge: dict[str, list[str]] = {}  # whatever an edge was ever born with
        self._series = SeriesBook(self.name)
        self._shared: dict[tuple[str, str], tuple[str, str]] = {}  # one of each for all devices
        self._sessions: dict[tuple[str, str, int], NDArray[np.uint32]] = {}
        self._read = (0, 0)  # newest rows of profiles and devices that `load` has seen

    async def load(self, session: AsyncSession) -> None:
        """Read from the store what it did not read before, but for sessions."""
        profile_id, device_id = self._read
        newer = select(BornProfileRow).where(BornProfileRow.id > profile_id)
        for profile in await session.scalars(newer.order_by(BornProfileRow.id)):
            definition = msgspec.json.decode(profile.definition, type=ProfileBirth)
            self._profiles[profile.profile] = definition
            profile_id = profile.id
        columns = (
            BornDeviceRow.device,
            BornDeviceRow.edge,
            BornDeviceRow.profile,
            BornDeviceRow.id,
        )
        born = select(*columns).where(BornDeviceRow.id > device_id).order_by(BornDeviceRow.id)
        async for some in (await session.stream(born)).partitions(AT_ONCE):
            self._install({device: (edge, model) for device, edge, model, _ in some})
            device_id = some[-1].id
        runs = _runs(after=self._series.highest)
        async for rows in (await session.stream(runs)).partitions(AT_ONCE):
            self._series.learn(_read(rows))
        self._read = (profile_id, device_id)

    def forget_sessions(self, edges: Collection[str]) -> None:
        """Ask the store again what numbers of these edges mean: they were born anew elsewhere."""
        for session in [each for each in self._sessions if each[0] in edges]:
            del self._sessions[session]

    # ---- taking a birth ---------------------------------------------------------------------

    @staticmethod
    async def is_former(session: AsyncSession, birth: Birth) -> bool:
        """Tell whether the edge has been born anew since.

        It repeats a former birth for the sake of readings that wait under its numbering.
        """
        newest = await session.scalar(
            select(func.max(EdgeSessionRow.numbering)).where(
                EdgeSessionRow.edge == birth.edge, EdgeSessionRow.epoch == birth.epoch
            )
        )
        return newest is not None and birth.numbering < newest

    async def take(self, session: AsyncSession, birth: Birth, *, former: bool) -> Apply:
        """Write a birth in the caller's transaction; call what it gives after the commit.

        former: it says what its numbers mean, but not what is read now.
        """
        now = self._clock.now()
        profiles = {profile.profile: profile for profile in birth.profiles}
        devices = [each for each in birth.devices if self._is_welcome(birth.edge, each, profiles)]
        in_force = {} if former else profiles
        new_profiles = {n: p for n, p in in_force.items() if self._profiles.get(n) != p}
        self._write_profiles(session, new_profiles.values(), now)
        read = {
            each.device: (birth.edge, each.profile)
            for each in devices
            if not former and not each.profile.startswith(DIAGNOSTICS)
        }
        new_devices = {d: how for d, how in read.items() if self._devices.get(d) != how}
        await insert_many(
            session,
            BornDeviceRow,
            [
                {"device": device, "since": now, "edge": reader, "profile": profile}
                for device, (reader, profile) in new_devices.items()
            ],
        )
        keys = {each.profile: tuple(one.key for one in each.signals) for each in birth.profiles}
        new_series = await self._number(session, devices, keys)
        series = self._meaning(birth, devices, keys, new_series)
        series = await self._keep_session(session, birth, series, now)

        def apply() -> None:
            self._profiles.update(new_profiles)
            self._install(new_devices)
            self._series.learn(new_series.runs())
            self._sessions[birth.edge, birth.epoch, birth.numbering] = series

        return apply

    def _is_welcome(
        self, edge: str, born: DeviceBirth, profiles: Mapping[str, ProfileBirth]
    ) -> bool:
        if born.profile not in profiles or born.first < 0:
            log.warning("device was born without a profile", edge=edge, device=born.device)
            return False
        if born.device == health_device(edge):
            return True
        if born.device not in self._registry.snapshot.devices:
            log.warning("device is not in the registry", edge=edge, device=born.device)
            return False
        owner = self._registry.snapshot.edge_of(born.device)
        if owner != edge:
            log.warning("device belongs to another edge", edge=edge, device=born.device, of=owner)
        return owner == edge

    @staticmethod
    def _write_profiles(
        session: AsyncSession, profiles: Iterable[ProfileBirth], now: datetime
    ) -> None:
        for profile in profiles:
            definition = msgspec.json.encode(profile).decode()
            session.add(BornProfileRow(profile=profile.profile, since=now, definition=definition))

    async def _number(
        self, session: AsyncSession, devices: Sequence[DeviceBirth], keys: Mapping[str, Keys]
    ) -> SeriesBook:
        """Give numbers to the series that have none, in the order in which they are read.

        Gives what is not in memory: also what is somebody else's, or of a commit whose answer was
        lost.
        """
        new = SeriesBook(self.name)
        new.learn(_read(await session.execute(_runs(after=self._series.highest))))
        after = max(self._series.highest, new.highest)
        rows = []
        for each in devices:
            missing = self._missing(each.device, keys[each.profile], new)
            if missing:
                first, after = after + 1, after + len(missing)
                new.learn([(each.device, missing, first)])
                signals = msgspec.json.encode(missing).decode()
                rows.append(
                    {"first": first, "last": after, "device": each.device, "signals": signals}
                )
        await insert_many(session, SeriesRunRow, rows)
        return new

    def _first_of(self, device: str, keys: Keys, new: SeriesBook) -> int | None:
        first = self._series.first_of(device, keys)
        return new.first_of(device, keys) if first is None else first

    def _missing(self, device: str, keys: Keys, new: SeriesBook) -> Keys:
        """Give the keys of a device that have no number, each once."""
        if self._first_of(device, keys, new) is not None:
            return ()
        known = {**self._series.of(device), **new.of(device)}
        return tuple(key for key in dict.fromkeys(keys) if key not in known)

    def _meaning(
        self,
        birth: Birth,
        devices: Sequence[DeviceBirth],
        keys: Mapping[str, Keys],
        new: SeriesBook,
    ) -> NDArray[np.uint32]:
        """Give the series by the edge's number; NOBODY for devices that are not welcome."""
        ends = (
            each.first + len(keys[each.profile]) for each in birth.devices if each.profile in keys
        )
        size = max(ends, default=0)
        series = np.zeros(size, SERIES)
        for each in devices:
            its = keys[each.profile]
            numbers = slice(each.first, each.first + len(its))
            if (first := self._first_of(each.device, its, new)) is not None:
                series[numbers] = range(first, first + len(its))
            else:
                known = {**self._series.of(each.device), **new.of(each.device)}
                series[numbers] = [known[key] for key in its]
        return series

    @staticmethod
    async def _keep_session(
        session: AsyncSession, birth: Birth, series: NDArray[np.uint32], now: datetime
    ) -> NDArray[np.uint32]:
        """Write what the numbers of a session mean, and give it.

        What a number once meant stays: readings that waited may belong to a device that the
        registry has lost in the meantime.
        """
        known = await session.get(EdgeSessionRow, (birth.edge, birth.epoch, birth.numbering))
        if known is not None:
            before = np.frombuffer(known.series, SERIES)
            merged = np.zeros(max(len(before), len(series)), SERIES)
            merged[: len(before)] = before
            merged[: len(series)] = np.where(series == NOBODY, merged[: len(series)], series)
            series = merged
        row = EdgeSessionRow(
            edge=birth.edge,
            epoch=birth.epoch,
            numbering=birth.numbering,
            born_at=now,
            series=series.tobytes(),
        )
        await session.merge(row)
        await session.flush()
        old = (
            select(EdgeSessionRow.born_at)
            .where(EdgeSessionRow.edge == birth.edge)
            .order_by(EdgeSessionRow.born_at.desc())
            .offset(SESSIONS_KEPT)
            .limit(1)
        )
        if (oldest := await session.scalar(old)) is not None:
            await session.execute(
                delete(EdgeSessionRow).where(
                    EdgeSessionRow.edge == birth.edge, EdgeSessionRow.born_at <= oldest
                )
            )
        return series

    def _install(self, devices: Mapping[str, tuple[str, str]]) -> None:
        """Take by which edge, and as which model, devices are read from now on."""
        for born, how in devices.items():
            device, (edge, _) = self.name(born), how
            if self._devices.get(device, ("", ""))[0] != edge:
                self._of_edge.setdefault(edge, []).append(device)
            self._devices[device] = self._shared.setdefault(how, how)

    def name(self, device: str) -> str:
        """Give the registry's own text of this id, of which one is enough for all that is kept."""
        known = self._registry.snapshot.devices.get(device)
        return device if known is None else known.id

    # ---- what was born ----------------------------------------------------------------------

    async def resolve(
        self, session: AsyncSession, edge: str, epoch: str, numbering: int
    ) -> NDArray[np.uint32] | None:
        """Give the series by the edge's number; None where no such birth was taken."""
        key = (edge, epoch, numbering)
        if key not in self._sessions:
            row = await session.get(EdgeSessionRow, key)
            if row is None:
                return None
            self._sessions[key] = np.frombuffer(row.series, SERIES)
        return self._sessions[key]

    def resolved(self, edge: str, epoch: str, numbering: int) -> NDArray[np.uint32] | None:
        """Give what `resolve` gave before, without asking the store."""
        return self._sessions.get((edge, epoch, numbering))

    async def alarm_definition(
        self, _session: AsyncSession, device: str, condition: str
    ) -> AlarmBirth | None:
        """Give the alarm of the device's profile with this key."""
        profile = self._profile_of(device)
        alarms = profile.alarms if profile else []
        return next((alarm for alarm in alarms if alarm.key == condition), None)

    def signals_of(self, device: str) -> Sequence[SignalBirth]:
        """Give what the device measures, in the order of its profile."""
        profile = self._profile_of(device)
        return profile.signals if profile else ()

    def diagnostics_of(self, device: str) -> Sequence[SignalBirth]:
        """Give what its edge tells of the link to the device."""
        registry = self._registry.snapshot
        if device not in registry.devices:  # the edge itself
            return ()
        protocol = registry.endpoints[registry.devices[device].endpoint].protocol
        profile = self._profiles.get(DIAGNOSTICS + protocol)
        series = self._series.of(device)
        return [each for each in profile.signals if each.key in series] if profile else ()

    def family_of(self, device: str) -> str:
        """Give the family of the device's profile; empty for one that was never born."""
        profile = self._profile_of(device)
        return profile.family if profile else ""

    def devices_of(self, family: str) -> Sequence[str]:
        """Give the devices whose profile is of the family."""
        return [device for device in self._devices if self.family_of(device) == family]

    def devices_of_edge(self, edge: str) -> Sequence[str]:
        """Give the devices that this edge was the last to be born with."""
        ever = dict.fromkeys(self._of_edge.get(edge, ()))
        return [device for device in ever if self._devices[device][0] == edge]

    def series_of(self, device: str) -> Mapping[str, int]:
        """Give the numbers of the device's series by signal key."""
        return self._series.of(device)

    def _profile_of(self, device: str) -> ProfileBirth | None:
        _, profile = self._devices.get(device, ("", ""))
        return self._profiles.get(profile)


def _runs(after: int) -> Select[str, str, int]:
    columns = select(SeriesRunRow.device, SeriesRunRow.signals, SeriesRunRow.first)
    return columns.where(SeriesRunRow.first > after).order_by(SeriesRunRow.first)


def _read(rows: Iterable[Row[str, str, int]]) -> Iterator[DeviceRun]:
    keys: dict[str, Keys] = {}  # by their text, which most devices share with others
    for device, signals, first in rows:
        if signals not in keys:
            keys[signals] = msgspec.json.decode(signals, type=Keys)
        yield device, keys[signals], first
