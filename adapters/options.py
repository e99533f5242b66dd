"""What a person may set for a line: one model a protocol, which refuses what it does not know."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.document import Complaint, complaints_of, shown
from core.errors import Permanent
from core.registry import Endpoint


class Options(BaseModel):
    """Base of the options of a protocol's endpoints, or of its devices."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Kind = TypeVar("Kind", bound=Options)


def read_options(endpoint: Endpoint, kind: type[Kind]) -> Kind:
    """Give an endpoint's options. Permanent names each that is wrong."""
    return checked_options(f"{endpoint.id}: options", endpoint.options, kind)


def checked_options(name: str, given: Mapping[str, object], kind: type[Kind]) -> Kind:
    """Give options as their model. Permanent names each that is wrong, below `name`."""
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        wrong = [
            f"{'.'.join(filter(None, [name, shown(each.location)]))}: {each.text}"
            for each in _told(error, kind)
        ]
        raise Permanent("; ".join(wrong)) from None


def wrong_options(given: Mapping[str, object], kind: type[Options]) -> list[Complaint]:
    """Give what is wrong with options, each by its own key."""
    try:
        kind.model_validate(dict(given))
    except ValidationError as error:
        return [*_told(error, kind)]
    return []


def _told(error: ValidationError, kind: type[Options]) -> Iterator[Complaint]:
    known = list(kind.model_fields)
    for complaint, item in zip(complaints_of(error), error.errors(), strict=True):
        if item["type"] != "extra_forbidden" or len(item["loc"]) > 1:
            yield complaint
            continue
        # Its value is not shown: a word that is spelled wrong may be that of a password.
        wanted = f"wanted one of {', '.join(known)}" if known else "none is wanted"
        yield Complaint(complaint.location, f"it is not known; {wanted}{_near(item['loc'], known)}")


def _near(location: tuple[Any, ...], known: list[str]) -> str:
    near = get_close_matches(str(location[0]), known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
