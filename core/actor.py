"""Who acts, in which role, and what of the territory they may see."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    DISPATCHER = "dispatcher"
    EXECUTOR = "executor"
    ADMINISTRATOR = "administrator"


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
