"""Who acts, in which role, and what they may see: a territory, and of its work all or their own."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    DISPATCHER = "dispatcher"
    EXECUTOR = "executor"
    ADMINISTRATOR = "administrator"
    RESIDENT = "resident"  # of a flat, which is their territory; sees its meters, and no work


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A signed-in person.

    place: id of their territory. place_path: ids from the region down to it, each followed by a
    slash. executor: id of the organisation that an executor works for.
    """

    id: str
    name: str
    role: Role
    place: str
    place_path: str
    executor: str = ""

    def can_see(self, place_path: str) -> bool:
        """Tell whether something at this place is in the actor's territory."""
        return place_path.startswith(self.place_path)

    @property
    def sees_only_own_work(self) -> bool:
        """Tell whether of cases only those of the actor's own organisation, if any, may be seen."""
        return self.role in (Role.EXECUTOR, Role.RESIDENT)

    def can_see_work(self, place_path: str, executor: str | None) -> bool:
        """Tell whether the actor may see a case at this place, or what hangs on it.

        executor: id of the organisation to which the case is routed; None where there is no case.
        """
        if not self.can_see(place_path):
            return False
        return not self.sees_only_own_work or (executor is not None and executor == self.executor)
