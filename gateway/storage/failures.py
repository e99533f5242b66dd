"""What a store says that fails, sorted by what the caller must do.

KvartalError
├── StoreAway         it cannot be asked now: ask again after a pause, see `patiently`
│   └── StoreRefuses  it does not let us in: a person must act
└── Unstorable        it takes no such value, now and later
"""

import asyncio
import sqlite3
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError

from core.errors import KvartalError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0

# Classes of PostgreSQL's codes, appendix A of its manual.
UNSTORABLE = "22"
REFUSES = ("28", "3D", "42501")  # the account, the name of the database, a right
# The line; a server that only reads; a deadlock; no room or memory; a lock; its operator; its disk.
AWAY = ("08", "25", "40", "53", "55", "57", "58")
# Of SQLite: another process writes, or holds the file; the disk.
SQLITE_AWAY = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
)

T = TypeVar("T")


class StoreAway(KvartalError):
    """Tell that the store cannot be asked now. What was being committed may be committed."""


class StoreRefuses(StoreAway):
    """Tell that the store does not let us in, or that we do not believe it to be ours."""


class Unstorable(KvartalError, ValueError):
    """Tell that a value is too long, too large or of a kind that the store does not have."""


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Do the work, again and again while the store is away. It must bear to be done twice."""
    pause = FIRST_PAUSE_S
    while True:
        try:
            return await work()
        except StoreAway:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


def failure_to_connect(error: Exception) -> StoreAway:
    """Give what it means that there was no connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return StoreRefuses(
            f"its certificate is refused: {error.verify_message}; give the authority that signed "
            "it as database_ca_file, and call the server by a name that stands in it"
        )
    code = _code(error)
    kind = StoreRefuses if code.startswith(REFUSES) else StoreAway
    return kind(str(error) or type(error).__name__)


def failure_of(error: DBAPIError) -> StoreAway | Unstorable | None:
    """Give what the error of a statement means; None for what only a person can understand."""
    code = _code(error.orig)
    if code.startswith(REFUSES):
        return StoreRefuses(str(error.orig))
    if error.connection_invalidated or code.startswith(AWAY) or _sqlite_is_away(error.orig):
        return StoreAway(str(error.orig))
    if code.startswith(UNSTORABLE):
        return Unstorable(str(error.orig))
    if error.orig is not None and isinstance(error.orig.__cause__, asyncpg.DataError):
        return Unstorable("a value is out of range")  # its own text quotes the value
    return None


def _sqlite_is_away(error: BaseException | None) -> bool:
    # The low byte is the code; what is above says more of it (SQLite, Result and Error Codes, 3).
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_AWAY


def _code(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or ""
