"""What in a message cannot wait: it raises the priority of its case, whatever the category."""

from collections.abc import Mapping
from enum import StrEnum

from core.alarm import Severity


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
