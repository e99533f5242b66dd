"""What people call things in sheets: by their ids, or by their names in any language."""

from collections import defaultdict
from collections.abc import Mapping

from core.text import Text


def named(names: Mapping[str, Text]) -> defaultdict[str, set[str]]:
    """Give the ids that each id and each name stands for; an id stands for nothing else."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for identifier, words in names.items():
        for word in words.values():
            known[word.casefold()].add(identifier)
    for identifier in names:
        known[identifier] = {identifier}
    return known
