"""Options of a line that make no sense: they refuse this line, by name, and nothing else."""

import asyncio
from typing import Any

import pytest

from adapters.contract import Item
from adapters.document import parse_json
from adapters.profile import bundled_profiles
from adapters.registry import open_adapter
from core.clock import SystemClock
from core.errors import Permanent
from core.registry import Endpoint
from edge.configuration import read_configuration
from edge.inventory import Inventory
from edge.supervisor import LineState, Supervisor
from tests.adapters.modbus_server import ModbusServer
from tests.edge.stand import eventually

OFFERED = """{
  "endpoints": [
    {"id": "attic", "protocol": "modbus", "address": "modbus+tcp://127.0.0.1:PORT",
     "options": {"timeout": 2}},
    {"id": "cellar", "protocol": "modbus", "address": "modbus+tcp://127.0.0.1:PORT",
     "options": {"timeout_s": 2}}
  ],
  "devices": [
    {"id": "meter-1", "profile": "generic-electricity-meter", "endpoint": "attic", "unit": "1"},
    {"id": "meter-2", "profile": "generic-electricity-meter", "endpoint": "cellar", "unit": "1"}
  ]
}"""


def test_a_wrong_option_in_the_document_of_the_gateway_spoils_its_own_line_only() -> None:
    async def test() -> tuple[LineState, str]:
        got: list[Item] = []

        async def put(item: Item) -> None:
            got.append(item)

        async with ModbusServer() as server:
            profiles = bundled_profiles()
            document = parse_json("configuration 2", OFFERED.replace("PORT", str(server.port)))
            inventory = Inventory(read_configuration(document, "edge-1", profiles), profiles)
            supervisor = Supervisor(put, SystemClock())
            running = asyncio.create_task(supervisor.run(inventory))
            try:
                await eventually(
                    lambda: (
                        {"attic", "cellar"} <= supervisor.lines.keys()
                        and supervisor.lines["attic"].state is LineState.REFUSED
                        and supervisor.lines["cellar"].readings > 0
                    )
                )
                return supervisor.lines["cellar"].state, supervisor.lines["attic"].error
            finally:
                running.cancel()
                await asyncio.wait([running])

    assert asyncio.run(test()) == (
        LineState.UP,
        "attic: options.timeout: it is not known; wanted one of timeout_s, pause_s; "
        "did you mean timeout_s?",
    )


@pytest.mark.parametrize(
    ("protocol", "address", "options", "complaint"),
    [
        ("modbus", "modbus+tcp://h", {"timeout_s": True}, "options.timeout_s: .*, found True"),
        ("modbus", "modbus+tcp://h", {"pause_s": float("nan")}, "options.pause_s: .* finite"),
        ("modbus", "modbus+tcp://h", {"timeout_s": 0}, "options.timeout_s: .* than 0, found 0"),
        ("mqtt", "mqtt://h", {"host_id": "a/b"}, "options.host_id: .*, found 'a/b'"),
        ("mqtt", "mqtts://h", {"key_file": "k"}, "options.key_file is given without certificate"),
        ("camera", "http://h", {"fps": 5}, "options.fps: it is not known; none is wanted"),
    ],
)
def test_an_adapter_refuses_before_it_connects(
    protocol: str, address: str, options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(Permanent, match=f"^line: {complaint}"):
        asyncio.run(opened(protocol, address, options))


def test_the_value_of_a_word_that_is_not_known_is_not_told() -> None:
    with pytest.raises(Permanent, match="did you mean password") as refusal:
        asyncio.run(opened("mqtt", "mqtt://h", {"pasword": "hunter2"}))
    assert "hunter2" not in str(refusal.value)


async def opened(protocol: str, address: str, options: dict[str, Any]) -> None:
    line = Endpoint(id="line", edge="e", protocol=protocol, address=address, options=options)
    async with open_adapter(protocol)(line, [], SystemClock()):
        pass
