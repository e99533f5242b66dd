"""What an actor may see, as a condition of a query: everything at and below the actor's place."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from core.actor import Actor


def visible_to(
    actor: Actor, place_path: ColumnElement[str] | InstrumentedAttribute[Any]
) -> ColumnElement[bool]:
    """Give the condition under which the actor may see a row. Every query has it.

    place_path: the column of the row's place, like "prirechye/left-bank/lesnaya/".
    """
    return place_path.startswith(actor.place_path, autoescape=True)
