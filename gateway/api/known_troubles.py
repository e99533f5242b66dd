"""What is known already, told before somebody files it once more; what their words read like."""

from datetime import datetime

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from core.appeal import MAX_DESCRIPTION
from core.category import CATEGORIES
from core.errors import DomainError
from gateway.api.appeal_models import SuggestionOut
from gateway.api.dependencies import GatewayParts, Reading, TheClock, TheRegistry
from gateway.api.models import Model, Text
from gateway.cases import known_troubles
from gateway.cases.desk import open_desk

router = APIRouter(prefix="/public", tags=["public"])


class KnownTrouble(Model):
    """A case or planned works that somebody at a place notices; nothing of who complained."""

    case: int | None = Field(
        description="to join in an appeal; null: works, which it joins by itself"
    )
    category: str = Field(description="with which an appeal joins it")
    name: Text
    since: datetime
    until: datetime | None = Field(description="when it is to be done")
    people: int = Field(description="appeals of it")


class Words(Model):
    description: str = Field(max_length=MAX_DESCRIPTION)


class ReadingOut(Model):
    """suggestions: the likeliest first. sure: it is taken for the first where nobody says more."""

    sure: bool
    suggestions: list[SuggestionOut]


def limit_looks(request: Request, parts: GatewayParts) -> None:
    """Refuse one address that asks more than people can read."""
    address = request.client.host if request.client else ""
    if not parts.look_rate.lets(address, parts.clock):
        raise DomainError("too_many_requests", "Too many questions from here. Try again later.")


@router.get("/known", dependencies=[Depends(limit_looks)])
async def known_at(
    session: Reading,
    clock: TheClock,
    registry: TheRegistry,
    *,
    place: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
    category: str = "",
) -> list[KnownTrouble]:
    """Give what is known of a house or a point; with a category, only that of its kind."""
    position = None if latitude is None or longitude is None else (latitude, longitude)
    desk = await open_desk(session, clock.now(), registry)
    found = await known_troubles.known_at(desk, place, position, category)
    return [KnownTrouble.model_validate(each, from_attributes=True) for each in found]


@router.post("/reading", dependencies=[Depends(limit_looks)])
async def read_words(parts: GatewayParts, form: Words) -> ReadingOut:
    """Say what words read like, before they are filed without a category."""
    understood = await parts.filing.read(form.description)
    return ReadingOut(
        sure=understood.is_sure,
        suggestions=[
            SuggestionOut(
                category=each.label,
                name=dict(CATEGORIES[each.label].name),
                confidence=each.confidence,
            )
            for each in understood.suggestions
        ],
    )
