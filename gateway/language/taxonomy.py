"""Topics of appeals that everybody knows, with their titles and words, in Russian and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from core.category import CATEGORIES
from core.text import Text


@dataclass(frozen=True, slots=True)
class Topic:
    """category: of the case that it makes; none where a person decides. words: by language."""

    code: str
    category: str | None
    title: Text
    words: Mapping[str, str]

    @property
    def documents(self) -> list[str]:
        """Give a text for each language."""
        return [f"{self.title[language]} {self.words[language]}" for language in self.title]


@lru_cache(maxsize=1)
def topics() -> tuple[Topic, ...]:
    """Give the bundled topics. KeyError where one names a category that is not there."""
    raw = yaml.safe_load(files("gateway.language").joinpath("taxonomy.yaml").read_text("utf-8"))
    return tuple(
        Topic(
            code=code,
            category=CATEGORIES[topic["category"]].code if topic["category"] else None,
            title={language: topic[language]["title"] for language in ("ru", "en")},
            words={language: topic[language]["words"] for language in ("ru", "en")},
        )
        for code, topic in raw.items()
    )
