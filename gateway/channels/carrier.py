"""The contract of what carries messages out of the gateway, one a kind of address."""

from dataclasses import dataclass
from typing import Any, Protocol

from core.errors import KvartalError


class NotTaken(KvartalError):
    """Tell that it was not taken now: the courier tries again later."""


class Refused(KvartalError):
    """Tell that it will never be taken: the courier parks it, and a person must act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is to be brought. id: the same at every try. body: as whoever owes it wrote it."""

    id: str
    address: str
    body: dict[str, Any]


class Carrier(Protocol):
    """Brings parcels. It may bring one twice, where nobody knows whether it came."""

    async def bring(self, parcel: Parcel) -> None:
        """Return once the other side has it. NotTaken, Refused otherwise; it has a timeout."""
