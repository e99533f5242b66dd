"""Where the town's endpoints listen on this machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports on 127.0.0.1. modbus: the first of one an house and one a traffic controller."""

    broker: str = "mqtt://127.0.0.1:18830"
    modbus: int = 15020
    traffic: int = 15060
    opcua: int = 14840
    camera: int = 18554
    tester: int = 8090
