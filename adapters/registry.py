"""Which protocols there are. A protocol is imported only when an endpoint needs it."""

from importlib import import_module
from typing import cast

from adapters.camera.options import CameraOptions
from adapters.contract import OpenAdapter
from adapters.modbus.options import ModbusOptions
from adapters.mqtt.options import MqttOptions
from adapters.opcua.options import OpcUaOptions
from adapters.options import Options
from core.errors import ConfigError

PROTOCOLS = {
    "modbus": ("adapters.modbus.adapter", "open_modbus"),
    "opcua": ("adapters.opcua.adapter", "open_opcua"),
    "mqtt": ("adapters.mqtt.adapter", "open_mqtt"),
    "camera": ("adapters.camera.adapter", "open_camera"),
}

OPTIONS: dict[str, type[Options]] = {
    "modbus": ModbusOptions,
    "opcua": OpcUaOptions,
    "mqtt": MqttOptions,
    "camera": CameraOptions,
}


def open_adapter(protocol: str) -> OpenAdapter:
    """Give the function that opens an endpoint of this protocol."""
    if protocol not in PROTOCOLS:
        raise ConfigError(f"protocol {protocol!r} is not known; there are {', '.join(PROTOCOLS)}")
    module, function = PROTOCOLS[protocol]
    return cast(OpenAdapter, getattr(import_module(module), function))
