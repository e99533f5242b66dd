"""What becomes of a write to an OPC UA server: confirmed, refused, or unknown."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asyncua import ua
from asyncua.common.callback import CallbackType
from asyncua.common.node import Node
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import BadTimeout

from core.errors import Permanent, Retryable
from tests.adapters.conformance import run
from tests.adapters.opcua_rig import URI, ServerThread, points_of, profile, reading

POINTS = points_of(profile({"setpoint": "nsu=urn:test;s={unit}.setpoint"}))


@pytest.fixture(scope="module")
def plant() -> Iterator[ServerThread]:
    async def build(it: ServerThread) -> None:
        await it.server.register_namespace(URI)
        await it.variable("ns=2;s=P1.setpoint", 21.0, ua.VariantType.Double)

    with ServerThread(build) as running:
        yield running


def node(plant: ServerThread) -> Node:
    return plant.server.get_node("ns=2;s=P1.setpoint")


@asynccontextmanager
async def hooked(plant: ServerThread, event: CallbackType, hook: Any) -> AsyncIterator[None]:
    """Let the server do something of its own at every write of a client."""

    async def call(happened: Any, _service: Any = None) -> None:
        if happened.is_external:
            await hook()

    plant.server.subscribe_server_callback(event, call)
    try:
        yield
    finally:
        plant.server.unsubscribe_server_callback(event, call)


async def write(plant: ServerThread, event: CallbackType, hook: Any, value: float = 5) -> float:
    async with hooked(plant, event, hook), reading(plant.address, POINTS) as line:
        await line.until_read()
        return await line.write("pump.setpoint", value)


def showing(plant: ServerThread, value: float, status: int) -> Any:
    async def show() -> None:
        shown = ua.DataValue(
            ua.Variant(value, ua.VariantType.Double), StatusCode=ua.StatusCode(ua.UInt32(status))
        )
        await plant.server.write_attribute_value(node(plant).nodeid, shown)

    return show


def test_a_write_that_cannot_be_read_back_is_unknown(plant: ServerThread) -> None:
    spoiled = showing(plant, 5.0, StatusCodes.BadNoCommunication)
    with pytest.raises(Retryable, match=r"pump\.setpoint: wrote 5, it cannot be read back"):
        run(write(plant, CallbackType.PostWrite, spoiled))


def test_a_value_that_the_device_does_not_keep_is_refused(plant: ServerThread) -> None:
    taken_back = showing(plant, 21.0, StatusCodes.Good)
    with pytest.raises(Permanent, match=r"pump\.setpoint: wrote 5, the device reports 21"):
        run(write(plant, CallbackType.PostWrite, taken_back))


def test_a_value_that_the_device_may_have_got_is_unknown(plant: ServerThread) -> None:
    async def lose_the_answer() -> None:
        raise BadTimeout

    with pytest.raises(Retryable, match=r"pump\.setpoint: wrote 5, no confirmation"):
        run(write(plant, CallbackType.PostWrite, lose_the_answer))


def test_what_is_no_number_is_not_sent(plant: ServerThread) -> None:
    async def nothing() -> None: ...

    with pytest.raises(Permanent, match="nan is not a number"):
        run(write(plant, CallbackType.PreWrite, nothing, float("nan")))
