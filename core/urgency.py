"""What in a message cannot wait: it raises the priority of its case, whatever the category."""

from collections.abc import Mapping
from enum import StrEnum

from core.alarm import Severity
from core.text import Text


class Urgency(StrEnum):
    GAS = "gas"
    FIRE = "fire"
    TRAPPED = "trapped"
    COLD_CHILD = "cold_child"


SEVERITY: Mapping[Urgency, Severity] = {
    Urgency.GAS: Severity.CRITICAL,
    Urgency.FIRE: Severity.CRITICAL,
    Urgency.TRAPPED: Severity.CRITICAL,
    Urgency.COLD_CHILD: Severity.HIGH,
}
NAMES: Mapping[Urgency, Text] = {
    Urgency.GAS: {"ru": "Пишут о запахе газа", "en": "The message tells of a smell of gas"},
    Urgency.FIRE: {"ru": "Пишут о пожаре", "en": "The message tells of a fire"},
    Urgency.TRAPPED: {"ru": "Пишут, что люди заперты", "en": "The message tells of trapped people"},
    Urgency.COLD_CHILD: {
        "ru": "Пишут, что мёрзнет ребёнок",
        "en": "The message tells of a child in the cold",
    },
}
