"""A YAML file of rules, checked as a whole."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from core.errors import ConfigError

Content = TypeVar("Content")


def read_yaml(file: Path, content: TypeAdapter[Content]) -> Content:
    """Give what is in the file. ConfigError names the file, the key and what is wrong."""
    try:
        return content.validate_python(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{file}: {key}: {first['msg'].removeprefix('Value error, ')}") from error
