"""Answers of Open311 GeoReport v2 as JSON and as XML, from the same rows."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias
from xml.etree.ElementTree import Element, SubElement, tostring

Value: TypeAlias = "str | int | float | bool | Sequence[Value] | Mapping[str, Value] | None"
Row: TypeAlias = Mapping[str, Value]

# Characters that XML 1.0 cannot hold, section 2.2.
NO_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
# What one of several is called, where a list is not named by its plural with an s.
ONE_OF = {"service_requests": "request"}


class Format(StrEnum):
    XML = "xml"
    JSON = "json"

    @property
    def media_type(self) -> str:
        return "text/xml" if self is Format.XML else "application/json"


@dataclass(frozen=True, slots=True)
class Document:
    """name: of the root in XML. content: rows are a bare list in JSON."""

    name: str
    content: Row | Sequence[Row]

    def encoded(self, form: Format) -> bytes:
        """Give the document in UTF-8."""
        if form is Format.JSON:
            return json.dumps(self.content, ensure_ascii=False).encode()
        root = Element(self.name)
        _fill(root, self.content)
        encoded: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
        return encoded


def _fill(element: Element, value: Value) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _fill(SubElement(element, key), inner)
    elif isinstance(value, str):
        element.text = NO_XML.sub("", value)
    elif isinstance(value, bool):
        element.text = str(value).lower()
    elif isinstance(value, Sequence):
        for inner in value:
            _fill(
                SubElement(element, ONE_OF.get(element.tag, element.tag.removesuffix("s"))), inner
            )
    elif value is not None:
        element.text = str(value)
