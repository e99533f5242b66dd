"""The ceiling of `bench latency`: the same way from device to page, by the raw libraries alone.

`edge` polls with pymodbus and publishes the registers with paho; `gateway` takes them with paho and
hands them to WebSocket clients. No decoding, no quality, no disk, no acknowledgement.
"""

import argparse
import asyncio
import sys
from pathlib import Path

import paho.mqtt.client as mqtt
import websockets
from paho.mqtt.enums import CallbackAPIVersion
from pymodbus.client import AsyncModbusTcpClient

from core.clock import SystemClock
from simulators.bench.stamping_server import REGISTERS

TOPIC = "kvartal/bare"
STAMP_REGISTERS = 4


def connect(port: int, user: str, password: str) -> mqtt.Client:
    """Connect to the broker on the loopback and start paho's thread."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.username_pw_set(user, password)
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


async def edge(ports: list[int], units: int, period_s: float, client: mqtt.Client) -> None:
    """Poll every unit of every line once a period, one worker a line; publish each answer."""

    async def line(port: int) -> None:
        modbus = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=1, retries=1)
        await modbus.connect()
        clock = SystemClock()
        due = clock.monotonic()
        while True:
            for unit in range(1, units + 1):
                answer = await modbus.read_input_registers(0, count=REGISTERS, device_id=unit)
                words = b"".join(word.to_bytes(2, "big") for word in answer.registers)
                client.publish(TOPIC, words, qos=1)
            due += period_s
            await asyncio.sleep(max(0.0, due - clock.monotonic()))

    await asyncio.gather(*(line(port) for port in ports))


async def gateway(port: int, client: mqtt.Client) -> None:
    """Hand every message to every WebSocket client: the eight bytes of the stamp."""
    loop = asyncio.get_running_loop()
    clients: set[websockets.ServerConnection] = set()

    def on_message(_client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        stamp = message.payload[: 2 * STAMP_REGISTERS]
        loop.call_soon_threadsafe(websockets.broadcast, clients, stamp)

    async def serve(connection: websockets.ServerConnection) -> None:
        clients.add(connection)
        await connection.wait_closed()
        clients.discard(connection)

    client.on_message = on_message
    client.subscribe(TOPIC, qos=1)
    async with websockets.serve(serve, "127.0.0.1", port):
        await asyncio.get_running_loop().create_future()


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["edge", "gateway"])
    parser.add_argument("--broker-port", type=int, required=True)
    parser.add_argument("--ports", type=int, nargs="+", required=True)
    parser.add_argument("--units", type=int, default=1)
    parser.add_argument("--period", type=float, default=1.0)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-file", type=Path, required=True)
    options = parser.parse_args(argv)
    password = options.password_file.read_text(encoding="utf-8").strip()
    client = connect(options.broker_port, options.user, password)
    if options.part == "edge":
        asyncio.run(edge(options.ports, options.units, options.period, client))
    else:
        asyncio.run(gateway(options.ports[0], client))


if __name__ == "__main__":
    main(sys.argv[1:])
