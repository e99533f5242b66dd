"""What a process of an installation does of what there is to do, and what it lacks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.ingest.downlink import Downlink
from gateway.ingest.reception import Ingest
from gateway.settings import API, Role
from gateway.storage.leases import Lease


@dataclass(frozen=True, slots=True)
class Duties:
    """receptions: with their links to the broker, by what they are for. lease: of the role worker,
    where others may take it."""

    roles: Sequence[Role]
    receptions: Mapping[str, tuple[Ingest, Downlink]]
    lease: Lease | None

    def missing(self) -> list[str]:
        """Give what keeps this process from its work."""
        links = ((name, link) for name, (_, link) in self.receptions.items())
        return [f"broker, for {name}" for name, link in links if not link.is_up]

    def warnings(self) -> list[str]:
        """Give what a person should mend, though the work is done."""
        if any(reception.takes_all for reception, _ in self.receptions.values()):
            return ["the broker shares no readings out: each process stores all of them"]
        return []

    @property
    def can_work(self) -> bool:
        """Tell whether to send work here. Pages are served without a broker, too."""
        return API in self.roles or not self.missing()

    @property
    def stands_by(self) -> bool:
        """Tell whether another process does what only one may do, and this one would."""
        return self.lease is not None and not self.lease.is_held
