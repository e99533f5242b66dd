"""Real servers beside a test that is itself not asynchronous, as a command is."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests.adapters.modbus_server import ModbusServer


@contextmanager
def serving(server: ModbusServer) -> Iterator[ModbusServer]:
    """Serve in a thread of its own for the time of a test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="modbus-server")
    thread.start()

    def do(work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(30)  # type: ignore[arg-type]

    try:
        do(server.__aenter__())
        try:
            yield server
        finally:
            do(server.__aexit__())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def publishing(broker: str, topic: str, payload: str) -> Iterator[None]:
    """Publish a message ten times a second for the time of a test, as a busy device does."""
    host, _, port = broker.removeprefix("mqtt://").partition(":")
    over = threading.Event()

    def publish() -> None:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        client.connect(host, int(port))
        client.loop_start()
        while not over.wait(0.1):
            client.publish(topic, payload)
        client.disconnect()
        client.loop_stop()

    thread = threading.Thread(target=publish, name="device")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
