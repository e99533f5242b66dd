"""Who is who: users, one-time sign-in links and sessions. Tokens are random, only hashes stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.actor import Actor, Role
from core.clock import Clock
from core.errors import DomainError
from core.registry import PlaceKind
from gateway.registry.snapshot import RegistrySnapshot
from gateway.storage.tables import SessionRow, SignInLinkRow, UserRow


class NotSignedIn(DomainError):
    """Tell that a link or a session is unknown, used up or too old."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """token: for the cookie, told once. expires_at: when the person must sign in again."""

    token: str
    expires_at: datetime


def hashed(token: str) -> str:
    """Give what is stored of a token. The token is 256 random bits, so that no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


async def make_link(
    session: AsyncSession,
    clock: Clock,
    registry: RegistrySnapshot,
    *,
    name: str,
    role: Role,
    place: str,
    executor: str,
    valid: timedelta,
    reusable: bool,
) -> str:
    """Make a link for a person, who becomes a user with it, and give its token."""
    if place not in registry.places:
        raise DomainError("unknown_place", f"there is no place {place!r} in the registry")
    if role is Role.RESIDENT and registry.places[place].place.kind is not PlaceKind.FLAT:
        raise DomainError("unknown_place", f"{place} is no flat; a resident is one of a flat")
    if role is Role.EXECUTOR and executor not in registry.executors:
        known = ", ".join(sorted(registry.executors)) or "none"
        raise DomainError(
            "unknown_executor",
            f"there is no executor {executor!r} in the registry; there are {known}",
        )
    user = await session.scalar(
        select(UserRow).where(
            UserRow.name == name,
            UserRow.role == role,
            UserRow.place == place,
            UserRow.executor == executor,
        )
    )
    if user is None:
        user = UserRow(
            id=secrets.token_hex(8),
            name=name,
            role=role,
            place=place,
            executor=executor,
            created_at=clock.now(),
        )
        session.add(user)
    token = secrets.token_urlsafe(32)
    session.add(
        SignInLinkRow(
            token_hash=hashed(token),
            user=user.id,
            reusable=reusable,
            expires_at=clock.now() + valid,
            used_at=None,
        )
    )
    return token


async def sign_in(session: AsyncSession, clock: Clock, token: str, valid: timedelta) -> SignedIn:
    """Turn the token of a link into a session. NotSignedIn where the link is not good any more."""
    now = clock.now()
    good = (SignInLinkRow.token_hash == hashed(token)) & (SignInLinkRow.expires_at > now)
    # One statement takes the link, so that of two presses at once only one succeeds.
    user = await session.scalar(
        update(SignInLinkRow)
        .where(good, SignInLinkRow.reusable | SignInLinkRow.used_at.is_(None))
        .values(used_at=now)
        .returning(SignInLinkRow.user)
    )
    if user is None:
        raise NotSignedIn(
            "link_spent", "This link was used already or is too old. Ask for a new one."
        )
    await session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
    opened = SignedIn(secrets.token_urlsafe(32), now + valid)
    session.add(
        SessionRow(
            token_hash=hashed(opened.token),
            user=user,
            created_at=now,
            expires_at=opened.expires_at,
        )
    )
    return opened


async def sign_out(session: AsyncSession, token: str) -> None:
    """Forget a session."""
    await session.execute(delete(SessionRow).where(SessionRow.token_hash == hashed(token)))


async def actor_of(
    session: AsyncSession, clock: Clock, registry: RegistrySnapshot, token: str
) -> Actor:
    """Give who holds this session. NotSignedIn where it is gone, or the person's place is."""
    user = await session.scalar(
        select(UserRow)
        .join(SessionRow, SessionRow.user == UserRow.id)
        .where(SessionRow.token_hash == hashed(token), SessionRow.expires_at > clock.now())
    )
    if user is None or user.place not in registry.places:
        raise NotSignedIn("not_signed_in", "Sign in with the link that you were given.")
    return Actor(
        id=user.id,
        name=user.name,
        role=Role(user.role),
        place=user.place,
        place_path=registry.places[user.place].path,
        executor=user.executor,
    )


async def still_signed_in(session: AsyncSession, clock: Clock, hashes: set[str]) -> set[str]:
    """Give those of the session hashes that are good now."""
    rows = await session.scalars(
        select(SessionRow.token_hash).where(
            SessionRow.token_hash.in_(hashes), SessionRow.expires_at > clock.now()
        )
    )
    return set(rows)
