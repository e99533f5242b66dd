"""Words of a message as they are compared: without case, without endings, Russian and English."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

LONGEST = 20_000  # characters of a message that are looked at; appeals end at 4,000
# A number with the ending that makes it "the third": 3-я, 2ой, 1st.
ORDINAL = r"(?:-?(?:ая|ый|ой|ий|го|ого|му|ому|ым|ом|ую|ья|ей|я|й|ю)|-[ехм]|st|nd|rd|th)\b"
# Kinds of streets are one word with their hyphen: пр-т, б-р.
GLUED = r"\bул(?=(?-i:[А-ЯЁ]))"
HYPHENED = r"\b(?:пр|п|пер|б|пл|м|мкр|наб)-(?:т|кт|д|зд|к|р|н|дь|я)\b"
WORD = re.compile(
    rf"(?P<number>\d+)(?P<ordinal>{ORDINAL})?|(?P<word>{HYPHENED}|{GLUED}|[^\W\d_]+)",
    re.IGNORECASE,
)
LOOK_ALIKE = str.maketrans("aeopcxy", "аеорсху")
_RUSSIAN, _ENGLISH = Stemmer.Stemmer("russian"), Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class Word:
    """key: what is compared; of "the third" 3°, of an initial "к."."""

    text: str
    key: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        return self.key[0].isdigit()

    @property
    def is_capital(self) -> bool:
        return self.text[0].isupper()


def words_of(text: str) -> Iterator[Word]:
    """Give the words and the numbers of a text, in their order."""
    for match in WORD.finditer(text[:LONGEST]):
        number = match["number"]
        if number is None:
            key = stem(match[0].lower())
            if len(key) == 1 and match[0].isupper() and text[match.end() : match.end() + 1] == ".":
                key += "."
        else:
            key = number + ("°" if match["ordinal"] else "")
        yield Word(match[0], key, match.start(), match.end())


def keys_of(text: str) -> tuple[str, ...]:
    """Give what is compared of a text's words."""
    return tuple(word.key for word in words_of(text))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Cut the ending of a word in lower case."""
    word = word.replace("ё", "е")
    if not word.isascii():  # Леснoй, with a Latin o
        word = word.translate(LOOK_ALIKE)
    stemmer = _RUSSIAN if "а" <= word[0] <= "я" else _ENGLISH
    return str(stemmer.stemWord(word))
