"""Keys of outside systems that file appeals: made once, stored as a hash, each with its rate."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from gateway.api.rate import Rate
from gateway.storage.channel_tables import ApiKeyRow
from gateway.storage.webhook_tables import SourceRow

MINUTE_S = 60.0


class KeyRates:
    """How often each key may file: its minute's worth at once, then evenly."""

    def __init__(self) -> None:
        self._rates: dict[int, tuple[int, Rate]] = {}

    def lets(self, key: ApiKeyRow | SourceRow, clock: Clock) -> bool:
        """Tell whether this key may now, and count it if so."""
        per_minute, rate = self._rates.get(key.id, (0, None))
        if rate is None or per_minute != key.per_minute:
            rate = Rate(key.per_minute, MINUTE_S / key.per_minute)
            self._rates[key.id] = (key.per_minute, rate)
        return rate.lets(key.name, clock)


def make_key(
    session: AsyncSession,
    now: datetime,
    *,
    name: str,
    place_path: str,
    per_minute: int,
    wants_tokens: bool,
) -> str:
    """Give a new key, which is told once."""
    key = secrets.token_urlsafe(32)
    session.add(
        ApiKeyRow(
            name=name,
            key_hash=_hashed(key),
            place_path=place_path,
            per_minute=per_minute,
            wants_tokens=wants_tokens,
            made_at=now,
        )
    )
    return key


async def find_key(session: AsyncSession, key: str) -> ApiKeyRow | None:
    """Give what is known of a key; None where it is unknown or was called back."""
    return await session.scalar(
        select(ApiKeyRow).where(ApiKeyRow.key_hash == _hashed(key), ApiKeyRow.revoked_at.is_(None))
    )


async def revoke_keys(session: AsyncSession, name: str, now: datetime) -> int:
    """Call back all keys of this name; give how many there were."""
    rows = await session.scalars(
        select(ApiKeyRow).where(ApiKeyRow.name == name, ApiKeyRow.revoked_at.is_(None))
    )
    count = 0
    for row in rows:
        row.revoked_at = now
        count += 1
    return count


def _hashed(key: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(key.encode()).hexdigest()
