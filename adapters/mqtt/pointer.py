"""JSON pointers (RFC 6901), compiled once."""

from typing import Any

Pointer = tuple[str, ...]
MISSING = object()


def pointer_of(text: str) -> Pointer:
    """Compile a pointer."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def found_at(document: Any, pointer: Pointer) -> Any:
    """Give what is there, or MISSING."""
    for key in pointer:
        if isinstance(document, dict):
            document = document.get(key, MISSING)
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return MISSING
    return document


def placed_at(pointer: Pointer, value: Any) -> Any:
    """Give the document in which the value is found at the pointer and nothing else is."""
    for key in reversed(pointer):
        value = {key: value}
    return value
