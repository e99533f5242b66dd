"""The file of proofs, checked as a whole and turned into rules."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from core.alarm import AlarmTest, Condition
from core.category import CATEGORIES, GROUPS
from core.errors import ConfigError
from core.evidence import EvidenceKind, Grade
from core.proof import ProofRule, Sign
from gateway.deadlines.rules_file import Span, Words
from gateway.yaml_file import read_yaml

BUNDLED = Path(__file__).parent / "rules.yaml"
BROUGHT = Literal["photo", "measurement", "act", "answer"]
TESTS = Literal["above", "below", "equals", "differs"]


class ConditionInFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    signal: str = Field(min_length=1, max_length=60)
    test: TESTS
    limit: float


class SignInFile(ConditionInFile):
    label: Words
    of: Literal["", "rated"] = ""
    held_for: Span
    when: tuple[ConditionInFile, ...] = ()

    def as_sign(self) -> Sign:
        return Sign(
            label=self.label.model_dump(),
            signal=self.signal,
            test=AlarmTest(self.test),
            limit=self.limit,
            of_rated=self.of == "rated",
            held_for=self.held_for,
            when=tuple(
                Condition(signal=each.signal, test=AlarmTest(each.test), limit=each.limit)
                for each in self.when
            ),
        )


class RuleInFile(BaseModel):
    """A rule as it stands in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: str
    signs: tuple[SignInFile, ...] = ()
    returned_for: Span
    accepts: frozenset[BROUGHT] = Field(min_length=1)
    photo: Grade = Grade.D
    indoors: bool = False

    @model_validator(mode="after")
    def is_of_something(self) -> Self:
        if self.of not in {"", *CATEGORIES, *(f"{group}." for group in GROUPS)}:
            raise ValueError(f"of: {self.of!r} is no category and no group with its dot")
        return self

    def as_rule(self) -> ProofRule:
        return ProofRule(
            of=self.of,
            signs=tuple(each.as_sign() for each in self.signs),
            returned_for=self.returned_for,
            accepts=frozenset(EvidenceKind(kind) for kind in self.accepts),
            photo=self.photo,
            indoors=self.indoors,
        )


FILE = TypeAdapter(list[RuleInFile])


@cache
def bundled_proofs() -> Sequence[ProofRule]:
    """Give those of the example region."""
    return load_proofs()


def load_proofs(path: Path | None = None) -> Sequence[ProofRule]:
    """Read the file of proofs, or ours. ConfigError names the file, the key and what is wrong."""
    file = path or BUNDLED
    found = read_yaml(file, FILE)
    names = [rule.of for rule in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(f"{file}: {min(twice)!r} is there twice")
    if "" not in names:
        raise ConfigError(f'{file}: there is no rule for all others, of: ""')
    return tuple(rule.as_rule() for rule in found)
