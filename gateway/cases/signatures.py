"""What the gateway signs for photos: a number for each, and the tags of assets."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, Signer, URLSafeSerializer
from sqlalchemy.ext.asyncio import AsyncSession

from core.actor import Actor
from core.capture import KEPT_FOR, ONLINE_FOR, Nonce
from core.clock import to_datetime, to_nanoseconds
from gateway.storage.capture_tables import SigningKeyRow

KEY = "captures"
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A number for one photo of one case by one person. expires_at: when it counts no more."""

    nonce: str
    given_at: datetime
    expires_at: datetime


class Signatures:
    """Signs and checks with the key of this installation."""

    def __init__(self, key: bytes) -> None:
        self._nonces = URLSafeSerializer(key, salt="nonce")
        self._tags = Signer(key, salt="tag")

    def give(self, case: int, actor: Actor, now: datetime) -> Given:
        """Give a nonce."""
        seconds = to_nanoseconds(now) // NS_PER_S
        signed = self._nonces.dumps([case, actor.id, seconds, secrets.token_urlsafe(12)])
        return Given(nonce=str(signed), given_at=now, expires_at=now + KEPT_FOR)

    def read(self, nonce: str, case: int, actor: Actor, now: datetime) -> tuple[Nonce, str]:
        """Tell what a nonce is worth, and what is to be kept of it so that it counts once."""
        if not nonce:
            return Nonce.NONE, ""
        try:
            its_case, user, seconds, number = self._nonces.loads(nonce)
        except (BadData, ValueError, TypeError):
            return Nonce.FOREIGN, ""
        if (its_case, user) != (case, actor.id):
            return Nonce.FOREIGN, ""
        age = now - to_datetime(seconds * NS_PER_S)
        if not -timedelta(minutes=1) <= age <= KEPT_FOR:
            return Nonce.EXPIRED, ""
        return (Nonce.FRESH if age <= ONLINE_FOR else Nonce.KEPT), number

    def tag(self, asset: str) -> str:
        """Give what stands in the tag of an asset."""
        return self._tags.sign(asset).decode()

    def asset_of(self, tag: str) -> str | None:
        """Give the asset of a tag; None for one that is not ours."""
        try:
            return self._tags.unsign(tag).decode()
        except (BadData, UnicodeDecodeError):
            return None


async def signatures_of(session: AsyncSession) -> Signatures:
    """Give what signs here."""
    return Signatures((await session.get_one(SigningKeyRow, KEY)).key)
