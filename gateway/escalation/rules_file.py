"""The file of escalations, checked as a whole and turned into rules."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from core.alarm import Severity
from core.category import CATEGORIES, GROUPS
from core.errors import ConfigError
from core.escalation import Chain, Escalation, Level, Step
from gateway.deadlines.rules_file import Span
from gateway.yaml_file import read_yaml

BUNDLED = Path(__file__).parent / "rules.yaml"


class StepInFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Span
    level: Literal["senior", "municipality", "region"]


class RuleInFile(BaseModel):
    """A row of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    of: tuple[str, ...] = ()
    severities: frozenset[Severity] = frozenset()
    steps: tuple[StepInFile, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def makes_sense(self) -> Self:
        known = {*CATEGORIES, *(f"{group}." for group in GROUPS)}
        if unknown := sorted(set(self.of) - known):
            raise ValueError(f"of: {unknown[0]!r} is no category and no group with its dot")
        try:
            self.as_rule()
        except ConfigError as error:
            raise ValueError(f"steps: {error}") from error
        return self

    def as_rule(self) -> Escalation:
        steps = tuple(Step(step.after, Level(step.level)) for step in self.steps)
        return Escalation(
            name=self.name, of=self.of, severities=self.severities, chain=Chain(steps)
        )


FILE = TypeAdapter(list[RuleInFile])


@cache
def bundled_escalations() -> Sequence[Escalation]:
    """Give those of the example region."""
    return load_escalations()


def load_escalations(path: Path | None = None) -> Sequence[Escalation]:
    """Read the file of escalations, or ours. ConfigError names the file, the key and the fault."""
    return tuple(rule.as_rule() for rule in read_yaml(path or BUNDLED, FILE))
