"""An OPC UA server with the town's lifts and heat points, unsecured and on loopback only.

Only what changed is written into its nodes, once a step of the world. The nodes' names, types and
values are made here; the profile says where they are.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from asyncua import ua
from asyncua.common.callback import CallbackType
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import BadOutOfRange

from core.clock import to_datetime
from core.registry import Device
from core.signal import SignalKind
from simulators.world.world import World

TYPES = {
    SignalKind.GAUGE: ua.VariantType.Double,
    SignalKind.COUNTER: ua.VariantType.UInt32,
    SignalKind.STATE: ua.VariantType.Int32,
}


class OpcUaServer:
    """`refresh` after each step. port 0 is not possible: the endpoint's URL must be known."""

    def __init__(
        self, world: World, devices: Sequence[Device], port: int, host: str = "127.0.0.1"
    ) -> None:
        self._world = world
        self._devices = devices
        self._url = f"opc.tcp://{host}:{port}"
        self._nodes: list[tuple[str, str, ua.NodeId, ua.VariantType]] = []
        self._writable: dict[ua.NodeId, tuple[str, str]] = {}
        self._shown: dict[ua.NodeId, tuple[float, bool]] = {}

    async def __aenter__(self) -> "OpcUaServer":
        # Unsecured on purpose: it listens on loopback only.
        logging.getLogger("asyncua").setLevel(logging.ERROR)
        self._server = Server()
        await self._server.init()
        self._server.set_endpoint(self._url)
        self._server.set_server_name("Prirechensk dispatching")
        self._server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        await self._server.register_namespace("urn:prirechensk:town")
        for device in self._devices:
            await self._add_device(device)
        self._server.subscribe_server_callback(CallbackType.PreWrite, self._before_write)
        await self.refresh()
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    async def _add_device(self, device: Device) -> None:
        folder = await self._server.nodes.objects.add_object(
            ua.NodeId.from_string(f"ns=2;s={device.unit}"), ua.QualifiedName(device.unit, 2)
        )
        for signal in self._world.profile(device.id).signals:
            if signal.opcua is None:
                continue
            node_id = ua.NodeId.from_string(signal.opcua.node.replace("{unit}", device.unit))
            kind = TYPES[signal.kind]
            node = await folder.add_variable(
                node_id, ua.QualifiedName(signal.key, 2), _variant(0.0, kind)
            )
            self._nodes.append((device.id, signal.key, node_id, kind))
            if signal.writable:
                await node.set_writable()
                self._writable[node_id] = (device.id, signal.key)

    async def refresh(self) -> None:
        """Show what changed. A silent device's nodes turn bad: its controller does not answer."""
        # asyncua's times are naive UTC.
        now = to_datetime(self._world.clock.time_ns()).replace(tzinfo=None)
        for device, signal, node_id, kind in self._nodes:
            shown = (round(self._world.value(device, signal), 3), self._world.is_silent(device))
            if self._shown.get(node_id) == shown:
                continue
            self._shown[node_id] = shown
            await self._server.write_attribute_value(node_id, _data_value(*shown, kind, now))

    async def _before_write(self, event: object, _service: object = None) -> None:
        """Pass a client's write to the world; what the device refuses never reaches the node."""
        if not getattr(event, "is_external", False):
            return
        for item in event.request_params.NodesToWrite:  # type: ignore[attr-defined]  # asyncua
            target = self._writable.get(item.NodeId)
            if target is None or item.AttributeId != AttributeIds.Value:
                continue
            device, signal = target
            value = float(item.Value.Value.Value)
            if self._world.is_silent(device) or not self._world.write(device, signal, value):
                raise BadOutOfRange
            self._shown[item.NodeId] = (round(value, 3), False)


def _variant(value: float, kind: ua.VariantType) -> ua.Variant:
    return ua.Variant(value if kind == ua.VariantType.Double else round(value), kind)


def _data_value(value: float, silent: bool, kind: ua.VariantType, now: datetime) -> ua.DataValue:
    status = StatusCodes.BadNoCommunication if silent else StatusCodes.Good
    return ua.DataValue(
        _variant(value, kind),
        ua.StatusCode(status),  # type: ignore[arg-type]  # an int is what it wants
        SourceTimestamp=now,  # type: ignore[arg-type]  # and a plain datetime
        ServerTimestamp=now,  # type: ignore[arg-type]
    )
