"""Alarms and conditions that a server keeps by itself (Part 9), as events of devices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import (
    BadConditionBranchAlreadyAcked,
    BadConnectionClosed,
    BadEventIdUnknown,
    BadSessionClosed,
    BadSessionIdInvalid,
    BadTimeout,
    UaError,
)

from adapters.contract import Event, Point
from adapters.opcua.block import EPOCH, TICKS
from adapters.opcua.namespaces import Namespaces, NoSuchNode
from adapters.opcua.publish import ticks
from core.clock import SECOND
from core.errors import Permanent, Retryable

# What of an event is asked for: by which type it is declared, and its path there.
FIELDS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (ObjectIds.BaseEventType, ("EventId",)),
    (ObjectIds.BaseEventType, ("EventType",)),
    (ObjectIds.BaseEventType, ("SourceNode",)),
    (ObjectIds.BaseEventType, ("Time",)),
    (ObjectIds.BaseEventType, ("Message",)),
    (ObjectIds.BaseEventType, ("Severity",)),
    (ObjectIds.ConditionType, ("ConditionName",)),
    (ObjectIds.AlarmConditionType, ("ActiveState", "Id")),
    (ObjectIds.ConditionType, ()),  # the condition's own node
    (ObjectIds.ConditionType, ("BranchId",)),
    (ObjectIds.ConditionType, ("ClientUserId",)),
    (ObjectIds.AcknowledgeableConditionType, ("AckedState", "Id")),
)
QUEUE = 1000  # events that the server keeps between two responses
# The session is gone, or the state that was named: what is named next may be taken.
LOST = (BadConnectionClosed, BadEventIdUnknown, BadSessionClosed, BadSessionIdInvalid, BadTimeout)


@dataclass(slots=True)
class Known:
    """The state in which a condition was last: what an acknowledgement must name.

    branch: where the server keeps a state that is over until somebody acknowledges it (Part 9,
    4.4), that one counts until the condition is raised again.
    """

    node: ua.NodeId
    event: bytes
    is_active: bool
    branch: ua.NodeId | None = None


class Conditions:
    """Which conditions of the server are which findings of which devices."""

    def __init__(self, client: Client, points: Sequence[Point]) -> None:
        self.client = client
        self.devices = {point.device.id: point for point in points}
        self.wanted: dict[tuple[ua.NodeId, str], tuple[str, str]] = {}
        self.known: dict[tuple[str, str], Known] = {}
        self.refreshed: set[tuple[str, str]] | None = None

    def resolve(self, names: Namespaces) -> Iterator[tuple[str, str]]:
        """Find the sources of conditions on this server; give what cannot be found, and why."""
        for device, point in self.devices.items():
            for finding in point.profile.findings:
                if finding.opcua is None:
                    continue
                try:
                    source = finding.opcua.source.replace("{unit}", point.device.unit)
                    node = names.node(source)
                except NoSuchNode as error:
                    yield f"{device}.{finding.key}", str(error)
                    continue
                self.wanted[node, finding.opcua.condition] = (device, finding.key)

    def item(self, handle: int) -> ua.MonitoredItemCreateRequest:
        """Ask for every event of the server."""
        chosen = ua.EventFilter()
        for declared_by, path in FIELDS:
            operand = ua.SimpleAttributeOperand()
            operand.TypeDefinitionId = ua.NodeId(ua.Int32(declared_by))
            operand.BrowsePath = [ua.QualifiedName(name, ua.UInt16(0)) for name in path]
            operand.AttributeId = AttributeIds.Value if path else AttributeIds.NodeId
            chosen.SelectClauses.append(operand)
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(
                NodeId=ua.NodeId(ua.Int32(ObjectIds.Server)),
                AttributeId=AttributeIds.EventNotifier,
            ),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=handle, SamplingInterval=0, Filter=chosen, QueueSize=QUEUE
            ),
        )

    async def refresh(self, subscription: int) -> None:
        """Have the server tell the conditions that stand now (Part 9, 5.5.7)."""
        await self.client.get_node(ua.NodeId(ua.Int32(ObjectIds.ConditionType))).call_method(
            ua.NodeId(ua.Int32(ObjectIds.ConditionType_ConditionRefresh)),
            ua.Variant(subscription, ua.VariantType.UInt32),
        )

    def events(self, told: Sequence[ua.EventFieldList], now: int) -> Iterator[Event]:
        """Give what these events say of our devices. now: nanoseconds UTC."""
        for each in told:
            values = [field.Value for field in each.EventFields]
            if len(values) != len(FIELDS):
                continue
            event, kind, source, time, message, severity, name, active, node, *rest = values
            branch, user, acked = rest
            if kind == ua.NodeId(ua.Int32(ObjectIds.RefreshStartEventType)):
                self.refreshed = set()
            elif kind == ua.NodeId(ua.Int32(ObjectIds.RefreshEndEventType)):
                yield from self.gone(now)
            target = self.target(source, name)
            if target is None or not isinstance(node, ua.NodeId):
                continue
            acknowledged = acked if isinstance(acked, bool) else None
            is_active = bool(active)
            known = self.known.get(target)
            if isinstance(branch, ua.NodeId) and not branch.is_null():
                is_active = known is not None and known.is_active
                if not acknowledged:
                    self.keep(target, node, event, is_active, branch)
                    continue
                if known is None or known.branch != branch:
                    continue
                known.branch = None
            elif known is not None and known.branch is not None and not is_active:
                known.is_active, acknowledged = False, None
            else:
                self.keep(target, node, event, is_active)
            if self.refreshed is not None and is_active:
                self.refreshed.add(target)
            text = message.Text if isinstance(message, ua.LocalizedText) else str(message or "")
            moment = time if isinstance(time, datetime) else None
            stamp = (ticks(moment) - EPOCH) * (SECOND // TICKS)
            yield Event(
                *target,
                active=is_active,
                time=stamp if stamp > 0 else now,
                text=f"{text or name} (severity {severity} of 1000)",
                acknowledged=acknowledged,
                by=user if acknowledged and isinstance(user, str) else "",
            )

    def keep(
        self,
        target: tuple[str, str],
        node: ua.NodeId,
        event: object,
        is_active: bool,
        branch: ua.NodeId | None = None,
    ) -> None:
        """Remember what an acknowledgement of this condition must name from now on."""
        if isinstance(event, bytes):
            self.known[target] = Known(node, event, is_active, branch)

    def target(self, source: object, name: object) -> tuple[str, str] | None:
        """Give the device and the finding that a server speaks of; it may say anything."""
        if not isinstance(source, ua.NodeId):
            return None
        named = self.wanted.get((source, name)) if isinstance(name, str) else None
        return named or self.wanted.get((source, ""))

    def gone(self, now: int) -> Iterator[Event]:
        """What the server does not tell after a refresh does not stand any more."""
        stands, self.refreshed = self.refreshed or set(), None
        for target in dict.fromkeys(self.wanted.values()):
            if target not in stands:
                yield Event(*target, active=False, time=now)

    async def acknowledge(self, condition: str, comment: str) -> None:
        """Acknowledge `device.finding` as it last was (Part 9, 5.7.3)."""
        device, _, key = condition.rpartition(".")
        known = self.known.get((device, key))
        if (device, key) not in self.wanted.values():
            raise Permanent(f"{condition}: the server has no such condition")
        if known is None:
            raise Retryable(f"{condition}: the server has told nothing of it yet")
        try:
            await self.client.get_node(known.node).call_method(
                ua.NodeId(ua.Int32(ObjectIds.AcknowledgeableConditionType_Acknowledge)),
                ua.Variant(known.event, ua.VariantType.ByteString),
                ua.Variant(ua.LocalizedText(comment), ua.VariantType.LocalizedText),
            )
        except BadConditionBranchAlreadyAcked:
            return  # somebody was faster; that is what was wanted
        except (OSError, TimeoutError, *LOST) as error:
            raise Retryable(f"{condition}: no answer: {error!r}") from error
        except UaError as error:
            raise Permanent(f"{condition}: the server refuses: {error}") from error
