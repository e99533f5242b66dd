"""What a route may ask for: the parts of the gateway, a session of the store, who is asking."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from core.actor import Actor, Role
from core.clock import Clock
from core.errors import DomainError
from gateway.parts import Parts
from gateway.registry.directory import Directory, History
from gateway.registry.snapshot import RegistrySnapshot
from gateway.settings import Settings
from gateway.sign_in import actor_of

COOKIE = "kvartal_session"


def parts_of(connection: HTTPConnection) -> Parts:
    parts: Parts = connection.app.state.parts
    return parts


GatewayParts = Annotated[Parts, Depends(parts_of)]


def clock_of(parts: GatewayParts) -> Clock:
    return parts.clock


def registry_of(parts: GatewayParts) -> RegistrySnapshot:
    return parts.registry.snapshot


def directory_of(parts: GatewayParts) -> Directory:
    return parts.directory


def history_of(parts: GatewayParts) -> History:
    return parts.history


def settings_of(parts: GatewayParts) -> Settings:
    return parts.settings


async def reading(parts: GatewayParts) -> AsyncIterator[AsyncSession]:
    async with parts.database.reading() as session:
        yield session


async def writing(parts: GatewayParts) -> AsyncIterator[AsyncSession]:
    async with parts.database.transaction() as session:
        yield session


TheClock = Annotated[Clock, Depends(clock_of)]
TheRegistry = Annotated[RegistrySnapshot, Depends(registry_of)]
TheDirectory = Annotated[Directory, Depends(directory_of)]
TheHistory = Annotated[History, Depends(history_of)]
TheSettings = Annotated[Settings, Depends(settings_of)]
Reading = Annotated[AsyncSession, Depends(reading)]
# "function": committed before the answer is sent, so that nobody is told of what then fails.
Writing = Annotated[AsyncSession, Depends(writing, scope="function")]


async def current_person(
    connection: HTTPConnection, parts: GatewayParts, clock: TheClock, registry: TheRegistry
) -> Actor:
    """Give who is asking, by the session cookie; 401 where there is none that is good."""
    async with parts.database.reading() as session:
        return await actor_of(session, clock, registry, connection.cookies.get(COOKIE, ""))


CurrentPerson = Annotated[Actor, Depends(current_person)]  # residents, too


def current_actor(person: CurrentPerson) -> Actor:
    """Give who is asking, of those who work here; 403 for a resident."""
    if person.role is Role.RESIDENT:
        raise DomainError("forbidden", "This is for those who work here. Look at your meters.")
    return person


CurrentActor = Annotated[Actor, Depends(current_actor)]


def only(*roles: Role) -> Callable[[Actor], Actor]:
    """Make a dependency that lets these roles pass and answers 403 to the others."""

    def check(actor: CurrentActor) -> Actor:
        if actor.role not in roles:
            wanted = " or ".join(roles)
            raise DomainError("forbidden", f"Only the {wanted} may do this; you are {actor.role}.")
        return actor

    return check


Administrator = Annotated[Actor, Depends(only(Role.ADMINISTRATOR))]
