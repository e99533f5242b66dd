"""The file of checklists, checked as a whole and turned into what belongs to a piece of work."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from core.category import CATEGORIES, GROUPS
from core.checklist import Checklist, Item, ItemKind
from core.errors import ConfigError
from core.evidence import Grade
from gateway.deadlines.rules_file import Words
from gateway.yaml_file import read_yaml

BUNDLED = Path(__file__).parent / "checklists.yaml"


class ItemInFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    kind: ItemKind
    label: Words
    required: bool = True
    unit: str = Field("", max_length=20)
    low: float | None = None
    high: float | None = None
    grade: Grade = Grade.D

    @model_validator(mode="after")
    def makes_sense(self) -> Self:
        band = self.unit or self.low is not None or self.high is not None
        if band and self.kind is not ItemKind.READING:
            raise ValueError(f"unit, low and high are for readings; {self.key} is a {self.kind}")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"{self.key}: low {self.low:g} is not below high {self.high:g}")
        if self.grade is not Grade.D and self.kind is not ItemKind.PHOTO:
            raise ValueError(f"grade is for photos; {self.key} is a {self.kind}")
        return self

    def as_item(self) -> Item:
        return Item(**{**dict(self), "label": self.label.model_dump()})


class ChecklistInFile(BaseModel):
    """A checklist as it stands in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: str
    items: tuple[ItemInFile, ...] = Field(min_length=1, max_length=60)

    @model_validator(mode="after")
    def makes_sense(self) -> Self:
        if self.of not in {"", *CATEGORIES, *(f"{group}." for group in GROUPS)}:
            raise ValueError(f"of: {self.of!r} is no category and no group with its dot")
        keys = [item.key for item in self.items]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"key: {min(twice)!r} is there twice")
        return self


FILE = TypeAdapter(list[ChecklistInFile])


@cache
def bundled_checklists() -> Sequence[Checklist]:
    """Give those of the example region."""
    return load_checklists()


def load_checklists(path: Path | None = None) -> Sequence[Checklist]:
    """Read the file of checklists, or ours. ConfigError names the file, the key and what is
    wrong."""
    file = path or BUNDLED
    found = read_yaml(file, FILE)
    names = [each.of for each in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(f"{file}: {min(twice)!r} is there twice")
    return tuple(Checklist(each.of, tuple(item.as_item() for item in each.items)) for each in found)
