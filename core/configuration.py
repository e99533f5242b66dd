"""The numbered document that tells one edge what to read, and what to set by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.program import Program
from core.registry import Device, Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOverride:
    """Change one alarm rule of one device. set: keys of the rule, as in a profile.

    The registry's core.registry.Override, laid out by device, or what a person wrote for an edge.
    """

    device: str
    rule: str
    set: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeConfiguration:
    """Everything an edge needs beside its own `edge.yaml`; checked whole and applied atomically."""

    revision: int
    edge: str
    endpoints: tuple[Endpoint, ...] = ()
    devices: tuple[Device, ...] = ()
    overrides: tuple[RuleOverride, ...] = field(default=())
    programs: tuple[Program, ...] = ()
