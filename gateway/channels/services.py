"""What outside systems may file appeals about, and what is asked of them for each category."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from core.category import CATEGORIES, Category
from core.text import Text, in_language
from gateway.yaml_file import read_yaml

BUNDLED = Path(__file__).parent / "services.yaml"
MAX_VALUE = 1000  # characters of one value


class DataType(StrEnum):
    """GeoReport v2, GET Service Definition."""

    STRING = "string"
    NUMBER = "number"
    DATETIME = "datetime"
    TEXT = "text"
    ONE_OF = "singlevaluelist"
    SOME_OF = "multivaluelist"

    @property
    def is_list(self) -> bool:
        return self in (DataType.ONE_OF, DataType.SOME_OF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A question about a service. values: of a list, by key."""

    code: str
    datatype: DataType
    required: bool
    label: Text
    help: Text
    values: Mapping[str, Text]

    def wrong_with(self, given: Sequence[str]) -> str:
        """Say what is wrong with an answer; empty where nothing is."""
        if not given:
            return f"attribute {self.code} is required" if self.required else ""
        if len(given) > 1 and self.datatype is not DataType.SOME_OF:
            return f"attribute {self.code} takes one value, found {len(given)}"
        for value in given:
            if not self._takes(value):
                wanted = ", ".join(self.values) or self.datatype.value
                return f"attribute {self.code}: {value[:40]!r} is not of {wanted}"
        return ""

    def said(self, given: Sequence[str], language: str) -> list[str]:
        """Give the answer in words."""
        return [in_language(self.values.get(value, {}), language) or value for value in given]

    def _takes(self, value: str) -> bool:
        if self.datatype.is_list:
            return value in self.values
        try:
            if self.datatype is DataType.NUMBER:
                float(value)
            elif self.datatype is DataType.DATETIME:
                datetime.fromisoformat(value)
        except ValueError:
            return False
        return len(value) <= MAX_VALUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    category: Category
    keywords: Mapping[str, Sequence[str]] = field(default_factory=dict)
    attributes: Sequence[Attribute] = ()


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ru: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)


class _AttributeInFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    datatype: DataType
    required: bool = False
    label: _Words
    help: _Words | None = None
    values: dict[str, _Words] = {}

    @model_validator(mode="after")
    def list_has_values(self) -> "_AttributeInFile":
        if self.datatype.is_list != bool(self.values):
            raise ValueError(f"{self.code}: values are wanted for lists, and for nothing else")
        return self


class _ServiceInFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    keywords: dict[str, list[str]] = {}
    attributes: list[_AttributeInFile] = []


class _ServicesInFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    services: dict[str, _ServiceInFile]

    @model_validator(mode="after")
    def categories_exist(self) -> "_ServicesInFile":
        offered = [code for code, row in CATEGORIES.items() if row.offered]
        if unknown := [code for code in self.services if code not in offered]:
            raise ValueError(f"services: residents cannot report {unknown[0]!r}")
        return self


@cache
def load_services(path: Path | None = None) -> Mapping[str, Service]:
    """Read the file of services, or ours; give one by code for all that residents can report.

    ConfigError names the file, the key and what is wrong.
    """
    file = path or BUNDLED
    found = read_yaml(file, TypeAdapter(_ServicesInFile)).services
    plain = _ServiceInFile()
    return {
        code: _service(row, found.get(code, plain))
        for code, row in CATEGORIES.items()
        if row.offered
    }


def _service(row: Category, found: _ServiceInFile) -> Service:
    return Service(
        category=row,
        keywords=found.keywords,
        attributes=[
            Attribute(
                code=each.code,
                datatype=each.datatype,
                required=each.required,
                label=each.label.model_dump(),
                help=each.help.model_dump() if each.help else {},
                values={key: words.model_dump() for key, words in each.values.items()},
            )
            for each in found.attributes
        ],
    )
