"""Several troubles in one message: proposed to a person, who knows better."""

import re
from collections.abc import Callable, Sequence
from itertools import islice

NUMBERED = re.compile(r"(?:^|\n|(?<=[.:;!?])\s)\s*(?:\d{1,2}[.)]|[-•*–—])\s+(?=\S)")
PARAGRAPH = re.compile(r"\n\s*\n|\n")
SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[А-ЯЁA-Z])")
MOST_PARTS = 8
SHORTEST = 12  # characters of a part that can tell of a trouble
SURE = 0.7  # of what a part is about, to be told from its neighbour

# Gives for texts the likeliest category of each, with its chance of being right.
Judge = Callable[[Sequence[str]], Sequence[tuple[str, float]]]


def troubles(texts: Sequence[str], judge: Judge) -> list[list[str]]:
    """Give of each text the parts that tell of troubles of their own; none where it is one trouble.

    A numbered list is one by itself. Of other texts, neighbouring sentences of the same category
    are one part, and what is about nothing in particular goes with what stands before it.
    """
    listed = [_listed(text) for text in texts]
    pieces = [[] if parts else _pieces(text) for text, parts in zip(texts, listed, strict=True)]
    judged = iter(judge([piece for some in pieces for piece in some]))
    return [
        parts or _parts(some, list(islice(judged, len(some))))
        for parts, some in zip(listed, pieces, strict=True)
    ]


def _listed(text: str) -> list[str]:
    listed = [part.strip() for part in NUMBERED.split(text)[1:]]
    is_list = len(listed) > 1 and all(len(part) >= SHORTEST for part in listed)
    return listed[:MOST_PARTS] if is_list else []


def _pieces(text: str) -> list[str]:
    """Give the sentences of a text, if there are several."""
    pieces = [piece.strip() for line in PARAGRAPH.split(text) for piece in SENTENCE.split(line)]
    pieces = [piece for piece in pieces if len(piece) >= SHORTEST]
    return pieces if len(pieces) > 1 else []


def _parts(pieces: Sequence[str], judged: Sequence[tuple[str, float]]) -> list[str]:
    parts: list[tuple[str, str]] = []
    for piece, (category, chance) in zip(pieces, judged, strict=True):
        about = category if chance >= SURE else ""
        if parts and (not about or not parts[-1][0] or about == parts[-1][0]):
            before, words = parts[-1]
            parts[-1] = (before or about, f"{words} {piece}")
        else:
            parts.append((about, piece))
    abouts = {about for about, _ in parts}
    return [words for _, words in parts][:MOST_PARTS] if len(abouts) > 1 else []
