"""Several troubles in one message: proposed to a person, who knows better."""

import re
from collections.abc import Callable, Sequence

NUMBERED = re.compile(r"(?:^|\n|(?<=[.:;!?])\s)\s*(?:\d{1,2}[.)]|[-•*–—])\s+(?=\S)")
PARAGRAPH = re.compile(r"\n\s*\n|\n")
SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[А-ЯЁA-Z])")
MOST_PARTS = 8
SHORTEST = 12  # characters of a part that can tell of a trouble
SURE = 0.7  # of what a part is about, to be told from its neighbour

# Gives for texts the likeliest category of each, with its chance of being right.
Judge = Callable[[Sequence[str]], Sequence[tuple[str, float]]]


def troubles(text: str, judge: Judge) -> list[str]:
    """Give the parts that tell of troubles of their own; none where it is one trouble.

    A numbered list is one by itself. Of other texts, neighbouring sentences of the same category
    are one part, and what is about nothing in particular goes with what stands before it.
    """
    listed = [part.strip() for part in NUMBERED.split(text)[1:]]
    if len(listed) > 1 and all(len(part) >= SHORTEST for part in listed):
        return listed[:MOST_PARTS]
    pieces = [piece.strip() for line in PARAGRAPH.split(text) for piece in SENTENCE.split(line)]
    pieces = [piece for piece in pieces if len(piece) >= SHORTEST]
    if len(pieces) < 2:
        return []
    parts: list[tuple[str, str]] = []
    for piece, (category, chance) in zip(pieces, judge(pieces), strict=True):
        about = category if chance >= SURE else ""
        if parts and (not about or not parts[-1][0] or about == parts[-1][0]):
            before, words = parts[-1]
            parts[-1] = (before or about, f"{words} {piece}")
        else:
            parts.append((about, piece))
    abouts = {about for about, _ in parts}
    return [words for _, words in parts][:MOST_PARTS] if len(abouts) > 1 else []
