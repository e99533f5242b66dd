"""The file of answers, checked as a whole: the texts, and what makes an answer say nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from core.answer import AnswerKind, Wording, shortcomings
from core.category import CATEGORIES, GROUPS
from core.deadline_rule import Regime
from core.errors import ConfigError
from core.text import Text, filled
from gateway.yaml_file import read_yaml

BUNDLED = Path(__file__).parent / "templates.yaml"
COMMON = frozenset({"number", "category", "address", "filed", "executor"})
FIELDS: Mapping[AnswerKind, frozenset[str]] = {
    AnswerKind.RECEIPT: COMMON | {"link"},
    AnswerKind.INTERIM: COMMON | {"due"},
    AnswerKind.FORWARDED: COMMON | {"today"},
    AnswerKind.EXTENDED: COMMON | {"until", "reason"},
    AnswerKind.FINAL: COMMON | {"measure", "done", "proof"},
}
FACTS = {
    "number": "261126-000001", "category": "—", "address": "—", "filed": "26.11.2026",
    "executor": "—", "link": "—", "today": "27.11.2026", "due": "27.11.2026", "done": "27.11.2026",
    "proof": "—", "until": "27.11.2026", "reason": "—",
}  # fmt: skip
LANGUAGES = ("ru", "en")
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=100, to_lower=True)]


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ru: str = Field(min_length=1, max_length=2000)
    en: str = Field(min_length=1, max_length=2000)


class Phrases(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ru: tuple[Phrase, ...]
    en: tuple[Phrase, ...]


class TextInFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: AnswerKind
    regime: Regime | None = None
    text: Words

    @model_validator(mode="after")
    def has_known_fields(self) -> Self:
        for text in self.text.model_dump().values():
            if unknown := fields_of(text) - FIELDS[self.kind]:
                raise ValueError(f"{self.kind} has no field {min(unknown)!r}")
        return self


class MeasureInFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    of: str
    text: Words

    @model_validator(mode="after")
    def is_of_something(self) -> Self:
        if self.of not in {*CATEGORIES, *(f"{group}." for group in GROUPS)}:
            raise ValueError(f"of: {self.of!r} is no category and no group with its dot")
        return self


class AnswersInFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    texts: tuple[TextInFile, ...]
    question: Words
    measures_of: tuple[MeasureInFile, ...]
    empty: Phrases
    measures: Phrases

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        keys = [(each.kind, each.regime) for each in self.texts]
        for kind in AnswerKind:
            if (kind, None) not in keys:
                raise ValueError(f"texts: there is no {kind} for all regimes")
        if len(keys) != len(set(keys)):
            raise ValueError("texts: one kind and regime is there twice")
        names = [each.of for each in self.measures_of]
        if len(names) != len(set(names)):
            raise ValueError("measures_of: one category is there twice")
        if any(fields_of(text) != {"link"} for text in self.question.model_dump().values()):
            raise ValueError("question: wanted the field link, and no other")
        return self


def fields_of(text: str) -> set[str]:
    """Give the names in braces. ValueError where braces do not fit."""
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """wordings: by language. measures_of: by category, or by a group with its dot."""

    texts: Mapping[tuple[AnswerKind, Regime | None], Text]
    question: Text
    measures_of: Mapping[str, Text]
    wordings: Mapping[str, Wording]

    def text(self, kind: AnswerKind, regime: Regime) -> Text:
        """Give the text of a kind, in the form of the regime if that has one."""
        return self.texts.get((kind, regime)) or self.texts[kind, None]

    def measure(self, code: str) -> Text | None:
        """Give what was done where a case of this category is proved; None: a person says it."""
        fitting = [
            of for of in self.measures_of if of == code or (of[-1] == "." and code.startswith(of))
        ]
        return self.measures_of[max(fitting, key=len)] if fitting else None


@cache
def bundled_templates() -> Templates:
    """Give those of the example region."""
    return load_templates()


def load_templates(path: Path | None = None) -> Templates:
    """Read the file of answers, or ours. ConfigError names the file, the key and what is wrong."""
    file = path or BUNDLED
    found = read_yaml(file, TypeAdapter(AnswersInFile))
    templates = Templates(
        texts={(each.kind, each.regime): each.text.model_dump() for each in found.texts},
        question=found.question.model_dump(),
        measures_of={each.of: each.text.model_dump() for each in found.measures_of},
        wordings={
            language: Wording(getattr(found.empty, language), getattr(found.measures, language))
            for language in LANGUAGES
        },
    )
    if wrong := _wrong_with(templates):
        raise ConfigError(f"{file}: {wrong}")
    return templates


def _wrong_with(templates: Templates) -> str:
    """Hold every text against the check that people's answers are held against."""
    measures: Sequence[tuple[str, Text]] = list(templates.measures_of.items()) or [("", {})]
    for (kind, _), text in templates.texts.items():
        for of, measure in measures if kind is AnswerKind.FINAL else measures[:1]:
            words = filled(text, **FACTS, measure=measure)
            for language, wording in templates.wordings.items():
                if short := shortcomings(words[language], kind, wording):
                    where = f"measures_of {of}: " if kind is AnswerKind.FINAL else ""
                    return f"{where}{kind}, {language}: {short[0]['en']}"
    return ""
