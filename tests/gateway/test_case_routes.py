"""Cases, appeals and commands through HTTP, as the pages use them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import State

from adapters.wire import AlarmBirth, CommandResult, Condition, SignalBirth, WireEvent
from gateway.cases.evidence_files import EvidenceFiles
from gateway.cases.incidents import Intake
from gateway.storage.tables import OutboxRow
from tests.gateway.nothing_born import NothingBorn
from tests.gateway.photos import photo

JPEG = photo(0)
COMPLAINT = {"category": "lighting.dark", "description": "Темно", "latitude": "55.0003",
             "longitude": "37.002"}  # fmt: skip
SECOND = 1_000_000_000


class Gateway(Protocol):
    parts: State

    def browser(self) -> httpx.AsyncClient: ...
    def signed_in(self, role: str = ..., place: str = ...) -> Any: ...


Play = Callable[[Callable[[Gateway], Awaitable[None]]], None]


class Lamps(NothingBorn):
    """Every device has a light that can be switched."""

    def signals_of(self, _device: str) -> Sequence[SignalBirth]:
        return [
            SignalBirth(key="on", name={"en": "Light"}, kind="state", writable=True,
                        states={0: {"en": "off"}, 1: {"en": "on"}}),
            SignalBirth(key="power", name={"en": "Power"}, unit="W"),
        ]  # fmt: skip


class Births(Lamps):
    async def alarm_definition(
        self, _session: AsyncSession, _device: str, condition: str
    ) -> AlarmBirth | None:
        return AlarmBirth(key=condition, signal="on", severity="high", problem="lighting.cabinet",
                          name={"en": "Mains lost"})  # fmt: skip


async def take(gateway: Gateway, *events: WireEvent) -> None:
    parts = gateway.parts
    evidence = EvidenceFiles(parts.settings.data_dir / "evidence")
    intake = Intake(parts.clock, parts.registry, Births(), evidence)
    async with parts.database.transaction() as session:
        await intake.take_events(session, "edge-1", events)


def dark(device: str, *, active: bool = True) -> Condition:
    return Condition(device=device, condition="dark", active=active, time=1_800_000_000 * SECOND
                     + (not active) * SECOND, number=1, value=0)  # fmt: skip


def lamps_can_be_switched(gateway: Gateway) -> None:
    object.__setattr__(gateway.parts, "directory", Lamps())  # Parts are frozen but for this


def test_a_complaint_joins_the_case_of_the_lamp_and_the_case_closes_on_proof(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        await take(gateway, dark("lamp-1-head"))
        async with gateway.browser() as resident:
            filed = await resident.post(
                "/api/v1/public/appeals", data=COMPLAINT, files={"photo": ("a.jpg", JPEG)}
            )
            assert (filed.status_code, filed.json()["joined"]) == (201, True)
            receipt = filed.json()
        async with gateway.signed_in() as dispatcher:
            (case,) = (await dispatcher.get("/api/v1/cases")).json()
            assert (case["appeals"], case["incidents"]) == (1, 1)
            path = f"/api/v1/cases/{case['id']}"
            seen = await dispatcher.post("/api/v1/incidents/acknowledge", json={"incidents": [1]})
            assert seen.json() == {"acknowledged": [1]}
            accepted = await dispatcher.post(f"{path}/accept", json={"version": case["version"]})
            form = {"version": accepted.json()["version"], "note": "The crew has called"}
            resolved = await dispatcher.post(f"{path}/resolve", json=form)
            form = {"version": resolved.json()["version"]}
            refused = await dispatcher.post(f"{path}/close", json=form)
            assert refused.status_code == 409
            assert refused.json()["errors"][0]["message"] == "Not back to normal yet: Mains lost."
            await take(gateway, dark("lamp-1-head", active=False))
            closed = await dispatcher.post(f"{path}/close", json=form)
            assert (closed.status_code, closed.json()["state"]) == (200, "closed")
            photo = closed.json()["appeal_list"][0]["photos"][0]
            picture = await dispatcher.get(f"/api/v1/evidence/{photo}")
            assert picture.headers["content-type"] == "image/jpeg"
            assert (b"Exif" in JPEG, b"Exif" in picture.content) == (True, False)
            # Kept by a browser that two people share, it is shown to none but who was given it.
            assert picture.headers["vary"] == "Cookie"
        async with gateway.browser() as resident:
            status = await resident.get(
                f"/api/v1/public/appeals/{receipt['number']}", params={"key": receipt["key"]}
            )
            assert status.json()["state"] == "closed"

    play(scene)


def test_a_dispatcher_gets_404_for_everything_of_the_other_bank(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        lamps_can_be_switched(gateway)
        await take(gateway, dark("lamp-2-head"))
        command = {"device": "lamp-2-head", "signal": "on", "value": 1}
        async with gateway.signed_in(place="right") as right:
            (case,) = (await right.get("/api/v1/cases")).json()
            prepared = (await right.post("/api/v1/commands", json=command)).json()
        path = f"/api/v1/cases/{case['id']}"
        async with gateway.signed_in(place="left") as left:
            answers = [
                await left.get(path),
                await left.post(f"{path}/accept", json={"version": case["version"]}),
                await left.post(f"{path}/note", json={"note": "hello"}),
                await left.post(f"{path}/evidence", files={"photo": ("a.jpg", JPEG)}),
                await left.post("/api/v1/incidents/acknowledge", json={"incidents": [1]}),
                await left.post("/api/v1/commands", json=command),
                await left.get(f"/api/v1/commands/{prepared['id']}"),
                await left.post(f"/api/v1/commands/{prepared['id']}/confirm"),
            ]
            listed = [
                (await left.get("/api/v1/cases", params={"state": "all"})).json(),
                (await left.get("/api/v1/incidents")).json(),
            ]
        assert [answer.status_code for answer in answers] == [404] * 8
        assert listed == [[], []]

    play(scene)


@pytest.mark.parametrize(
    ("change", "files", "field"),
    [
        ({"latitude": "", "longitude": ""}, {}, "address"),
        ({"description": "x" * 10_000}, {}, "description"),
        ({"description": "<b>dark</b>"}, {}, "description"),
        ({}, {"photo": ("dark.jpg", b"MZ" + bytes(100), "image/jpeg")}, "photo"),
    ],
)
def test_a_bad_complaint_is_refused_with_what_to_do(
    play: Play, change: dict[str, str], files: dict[str, Any], field: str
) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as resident:
            answer = await resident.post(
                "/api/v1/public/appeals", data=COMPLAINT | change, files=files or None
            )
        async with gateway.signed_in() as dispatcher:
            listed = (await dispatcher.get("/api/v1/cases", params={"state": "all"})).json()
        assert (answer.status_code, listed) == (422, [])
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert answer.json()["errors"][0]["ru"]

    play(scene)


def test_one_address_cannot_flood_the_form(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as resident:
            answers = [await resident.post("/api/v1/public/appeals") for _ in range(25)]
        codes = [answer.status_code for answer in answers]
        assert codes[0] == 422
        assert codes[-1] == 429

    play(scene)


def test_a_command_is_prepared_confirmed_and_answered(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        lamps_can_be_switched(gateway)
        async with gateway.signed_in() as dispatcher:
            form = {"device": "lamp-1-head", "signal": "on", "value": 1}
            prepared = (await dispatcher.post("/api/v1/commands", json=form)).json()
            assert prepared["state"] == "prepared"
            path = f"/api/v1/commands/{prepared['id']}"
            assert (await dispatcher.post(f"{path}/confirm")).json()["state"] == "requested"
            assert (await dispatcher.post(f"{path}/confirm")).status_code == 409
            async with gateway.parts.database.reading() as session:
                orders = await session.scalars(
                    select(OutboxRow.body).where(OutboxRow.topic == "order")
                )
                (order,) = orders.all()
            assert (order["edge"], order["command"]) == ("edge-1", prepared["id"])
            result = CommandResult(command=prepared["id"], state="confirmed", time=SECOND, value=1)
            await take(gateway, result, result)
            answer = (await dispatcher.get(path)).json()
            assert (answer["state"], answer["result_value"]) == ("confirmed", 1)

    play(scene)


@pytest.mark.parametrize(
    ("signal", "value", "code"), [("power", 1, 409), ("on", 2, 422), ("door", 1, 404)]
)
def test_a_command_that_the_signal_cannot_take_is_refused(
    play: Play, signal: str, value: float, code: int
) -> None:
    async def scene(gateway: Gateway) -> None:
        lamps_can_be_switched(gateway)
        form = {"device": "lamp-1-head", "signal": signal, "value": value}
        async with gateway.signed_in() as dispatcher:
            assert (await dispatcher.post("/api/v1/commands", json=form)).status_code == code

    play(scene)


def test_only_who_prepared_a_command_can_confirm_it(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        lamps_can_be_switched(gateway)
        form = {"device": "lamp-1-head", "signal": "on", "value": 1}
        async with gateway.signed_in() as one, gateway.signed_in("administrator") as other:
            prepared = (await one.post("/api/v1/commands", json=form)).json()
            path = f"/api/v1/commands/{prepared['id']}/confirm"
            assert (await other.post(path)).status_code == 409

    play(scene)
