"""The text of edge.yaml with other settings in it, and with what people wrote around them."""

from collections.abc import Mapping
from typing import Any

import yaml


def changed(text: str, settings: Mapping[str, Any]) -> str:
    """Give a text that holds these settings alone, with the comments and the order of `text`.

    text: a mapping in YAML, or nothing. Where it is written so that one key cannot be changed by
    itself, all of it is written anew.
    """
    try:
        edited = _edited(text, settings)
        if yaml.safe_load(edited) == settings:
            return edited
    except yaml.YAMLError:
        pass
    return _written(settings)


def _edited(text: str, settings: Mapping[str, Any]) -> str:
    """Replace the values that change, take keys away and put new ones behind."""
    present = yaml.safe_load(text) or {}
    root = yaml.compose(text, yaml.SafeLoader)
    for key, value in reversed(root.value if root else []):  # places before it stay
        name, start, end = key.value, key.start_mark.index, value.end_mark.index
        if name not in settings:
            after = text.find("\n", end)
            text = text[:start] + (text[after + 1 :] if after >= 0 else "")
        elif settings[name] != present[name]:
            text = text[:start] + _written({name: settings[name]}).rstrip("\n") + text[end:]
    added = {name: value for name, value in settings.items() if name not in present}
    if not added:
        return text
    return text + ("" if text.endswith("\n") or not text else "\n") + _written(added)


def _written(settings: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(settings), allow_unicode=True, sort_keys=False, width=10_000)
