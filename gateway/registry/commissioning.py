"""How far the devices of a place are on their way into operation, and who signed them off.

A device is expected when it is in the registry, seen when its edge was born with it, has a first
good reading, is plausible now, and is signed off. A sign-off is of the device as it was installed:
another serial number, profile, line, unit or asset asks for a new one.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.wire import SignalBirth
from core.actor import Actor
from core.clock import to_nanoseconds
from core.errors import DomainError, NotVisible
from core.quality import BAD, GOOD, VERDICT
from core.registry import Device
from core.text import Text
from gateway.api.commissioning_models import (
    CommissionedDevice,
    Commissioning,
    Implausible,
    Installed,
    ServedAsset,
    SignOffForm,
    SignOffOut,
    Verdict,
    WithdrawalForm,
)
from gateway.api.registry_models import SignalOut
from gateway.registry.devices import Latest, latest_of, show_device, show_signal
from gateway.registry.directory import Directory, History
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.commissioning_tables import SignOffRow
from gateway.storage.visibility import visible_to

DIGITS = re.compile(r"(\d+)")


class CommissioningList:
    """The list of a place at a moment, for somebody who may see it. NotVisible where not."""

    def __init__(self, registry: RegistrySnapshot, actor: Actor, place: str, now: datetime) -> None:
        if place not in registry.places or not actor.can_see(registry.path_of(place)):
            raise NotVisible("place", place)
        self._registry = registry
        self._actor = actor
        self._place = place
        self._now = now
        path = registry.path_of(place)
        below = [
            device
            for device in registry.devices_in_force(now)
            if registry.path_of(device.place).startswith(path)
        ]
        below.sort(key=lambda each: (registry.path_of(each.place), _natural(each.id)))
        self._devices = {device.id: device for device in below}

    async def show(
        self, session: AsyncSession, directory: Directory, history: History
    ) -> Commissioning:
        """Give the list with all that is known of each device."""
        first = await self._first_good(directory, history)
        signed = await self._sign_offs(session)
        return Commissioning(
            place=self._place,
            address=dict(self._registry.address_of(self._place)),
            at=self._now,
            revision=self._registry.revision,
            devices=[
                self._show(directory, device, first.get(device.id), signed[device.id])
                for device in self._devices.values()
            ],
        )

    async def sign_off(
        self, session: AsyncSession, directory: Directory, history: History, form: SignOffForm
    ) -> None:
        """Sign devices off, all or none of them. DomainError says what stands against it."""
        if form.revision != self._registry.revision:
            raise _refused(CHANGED)
        chosen = self._chosen(form.devices)
        first = await self._first_good(directory, history)
        rows = await self._sign_offs(session)
        done = [device.id for device in chosen if self._in_force(device, rows[device.id])]
        if done:
            raise _refused(SIGNED_ALREADY, done)
        silent = [device.id for device in chosen if device.id not in first]
        if silent and not (form.without_reading and form.remark.strip()):
            raise _refused(NO_READING, silent)
        for device in chosen:
            session.add(self._row(device, form.remark, without_reading=device.id in silent))

    async def withdraw(self, session: AsyncSession, form: WithdrawalForm) -> None:
        """Take sign-offs back, all or none of them."""
        chosen = self._chosen(form.devices)
        rows = await self._sign_offs(session)
        if open_ones := [each.id for each in chosen if not self._in_force(each, rows[each.id])]:
            raise _refused(NOT_SIGNED, open_ones)
        for device in chosen:
            session.add(self._row(device, form.remark, withdrawn=True))

    def _chosen(self, identifiers: Sequence[str]) -> list[Device]:
        for identifier in identifiers:
            if identifier not in self._devices:
                raise NotVisible("device", identifier)
        return [self._devices[identifier] for identifier in dict.fromkeys(identifiers)]

    async def _first_good(
        self, directory: Directory, history: History
    ) -> dict[str, tuple[SignalBirth, Latest]]:
        """Give the earliest good reading of each device since it serves what it serves."""
        signals: dict[int, tuple[str, SignalBirth]] = {}
        since: dict[int, int] = {}
        for device in self._devices:
            numbers = directory.series_of(device)
            bindings = self._registry.bindings_in_force(device, self._now)
            moments = [to_nanoseconds(each.since) for each in bindings if each.since]
            for signal in directory.signals_of(device):
                if signal.key in numbers:
                    signals[numbers[signal.key]] = device, signal
                    since[numbers[signal.key]] = max(moments, default=0)
        block = await history.first_good(since)
        columns = (block.signal, block.value, block.quality, block.time)
        found: dict[str, tuple[SignalBirth, Latest]] = {}
        for number, *reading in zip(*(each.tolist() for each in columns), strict=True):
            device, signal = signals[number]
            value, quality, time = reading
            if device not in found or time < found[device][1][2]:
                found[device] = signal, (value, quality, time)
        return found

    async def _sign_offs(self, session: AsyncSession) -> Mapping[str, list[SignOffRow]]:
        """Give what was signed and taken back, by device, the newest first."""
        path = self._registry.path_of(self._place)
        found = await session.scalars(
            select(SignOffRow)
            .where(
                visible_to(self._actor, SignOffRow),
                SignOffRow.place_path.startswith(path, autoescape=True),
            )
            .order_by(SignOffRow.id.desc())
        )
        rows: defaultdict[str, list[SignOffRow]] = defaultdict(list)
        for row in found:
            rows[row.device].append(row)
        return rows

    def _row(
        self, device: Device, remark: str, *, withdrawn: bool = False, without_reading: bool = False
    ) -> SignOffRow:
        return SignOffRow(
            device=device.id,
            withdrawn=withdrawn,
            profile=device.profile,
            serial=device.serial,
            line=device.endpoint,
            unit=device.unit,
            assets=self._assets(device),
            remark=remark.strip(),
            without_reading=without_reading,
            by=self._actor.name,
            at=self._now,
            place_path=self._registry.path_of(device.place),
        )

    def _assets(self, device: Device) -> list[str]:
        return sorted(each.id for each in self._registry.assets_of(device.id, self._now))

    def _in_force(self, device: Device, rows: Sequence[SignOffRow]) -> bool:
        return bool(rows) and not rows[0].withdrawn and not self._changed(device, rows[0])

    def _changed(self, device: Device, row: SignOffRow) -> list[Installed]:
        """Give what is not as it was when the device was signed off."""
        bindings = self._registry.bindings_in_force(device.id, self._now)
        is_rebound = any(each.since is not None and each.since > row.at for each in bindings)
        compared: dict[Installed, bool] = {
            "profile": device.profile != row.profile,
            "serial": device.serial != row.serial,
            "line": device.endpoint != row.line,
            "unit": device.unit != row.unit,
            "assets": is_rebound or self._assets(device) != row.assets,
        }
        return [what for what, is_changed in compared.items() if is_changed]

    def _show(
        self,
        directory: Directory,
        device: Device,
        first: tuple[SignalBirth, Latest] | None,
        rows: Sequence[SignOffRow],
    ) -> CommissionedDevice:
        shown = show_device(self._registry, directory, device, signals=False)
        seen = bool(shown.family)
        reason = shown.reason if seen else directory.edge_state(shown.edge).problem
        verdict, implausible = _judge(directory, device.id)
        last = rows[0] if rows and not rows[0].withdrawn else None
        changed = self._changed(device, last) if last else []
        history = [_show_sign_off(row) for row in rows]
        return CommissionedDevice(
            device=device.id,
            name=shown.name,
            assets=[
                ServedAsset(id=each.id, name=dict(each.name))
                for each in self._registry.assets_of(device.id, self._now)
            ],
            place=device.place,
            address=dict(self._registry.address_of(device.place)),
            profile=device.profile,
            serial=device.serial,
            edge=shown.edge,
            line=device.endpoint,
            unit=device.unit,
            seen=seen,
            online=shown.online,
            reason=reason,
            edge_online=shown.edge_online,
            first_good=show_signal(*first) if first else None,
            plausible=verdict,
            implausible=implausible,
            signed=history[0] if last and not changed else None,
            changed=changed,
            history=history,
        )


def _judge(directory: Directory, device: str) -> tuple[Verdict, list[Implausible]]:
    """Tell whether the latest readings of a device can be believed, and which cannot."""
    signals = directory.signals_of(device)
    if not signals:
        return "unknown", []
    latest = latest_of(directory, device)
    implausible = []
    for signal in signals:
        shown = show_signal(signal, latest.get(signal.key))
        if wrong := _wrong(signal, shown):
            implausible.append(Implausible(**shown.model_dump(), wrong=wrong))
    if implausible:
        return "no", implausible
    is_judged = any(
        each.states or each.minimum is not None or each.maximum is not None for each in signals
    )
    return ("yes" if is_judged else "unjudged"), []


def _wrong(signal: SignalBirth, shown: SignalOut) -> str:
    """Tell what is wrong with a reading, in a word of `Implausible`; empty if nothing is."""
    if shown.quality is None:
        return "nothing"
    if shown.quality & VERDICT != GOOD:
        return "bad" if shown.quality & VERDICT == BAD else "uncertain"
    value = math.nan if shown.value is None else shown.value
    if signal.minimum is not None and not value >= signal.minimum:
        return "below"
    if signal.maximum is not None and not value <= signal.maximum:
        return "above"
    return "state" if signal.states and value not in signal.states else ""


def _show_sign_off(row: SignOffRow) -> SignOffOut:
    return SignOffOut(
        withdrawn=row.withdrawn,
        at=row.at,
        by=row.by,
        remark=row.remark,
        without_reading=row.without_reading,
    )


def _natural(identifier: str) -> list[tuple[int, str]]:
    """Give an order in which flat-2 comes before flat-10."""
    parts = DIGITS.split(identifier)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


CHANGED = {
    "en": "The registry has changed since this list was loaded. Look at it anew, and sign then.",
    "ru": "Реестр изменился после загрузки списка. Посмотрите список заново и подпишите.",
}
SIGNED_ALREADY = {
    "en": "Signed off already: {devices}. Load the list anew.",
    "ru": "Уже приняты: {devices}. Загрузите список заново.",
}
NOT_SIGNED = {
    "en": "Not signed off: {devices}. Load the list anew.",
    "ru": "Не приняты: {devices}. Загрузите список заново.",
}
NO_READING = {
    "en": "Never gave a good reading: {devices}. Find out why, or say in the remark why they "
    "are signed off all the same.",
    "ru": "Не дали ни одного хорошего показания: {devices}. Выясните причину или укажите в "
    "замечании, почему они всё же принимаются.",
}
NAMED = 5  # devices in a refusal


def _refused(text: Text, devices: Sequence[str] = ()) -> DomainError:
    more = f" (+{len(devices) - NAMED})" if len(devices) > NAMED else ""
    named = ", ".join(devices[:NAMED]) + more
    words = {language: each.format(devices=named) for language, each in text.items()}
    return DomainError("sign_off_refused", words["en"], (words,))
