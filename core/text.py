"""Words for people, by language: `{"ru": "Лифт стоит", "en": "Lift stopped"}`."""

from collections.abc import Mapping
from typing import TypeAlias

Text: TypeAlias = Mapping[str, str]

FALLBACK = "en"


def in_language(text: Text, language: str) -> str:
    """Give the text in `language`, else in English, else in whatever language there is."""
    return text.get(language) or text.get(FALLBACK) or next(iter(text.values()), "")


def filled(text: Text, **values: Text | str | int | float) -> dict[str, str]:
    """Fill `{name}` fields of every language; a value that is itself a text fills by language."""
    return {
        language: template.format(
            **{
                name: in_language(value, language) if isinstance(value, Mapping) else value
                for name, value in values.items()
            }
        )
        for language, template in text.items()
    }
