"""Set a node and look whether the server then reports the value."""

import asyncio
import math

from asyncua import ua
from asyncua.common.node import Node
from asyncua.ua.uaerrors import (
    BadCommunicationError,
    BadInternalError,
    BadRequestTimeout,
    BadTimeout,
    BadUnexpectedError,
    UaError,
)

from adapters.cancellation import honour_cancellation
from adapters.contract import Point
from adapters.opcua.method import Method
from core.clock import Clock
from core.errors import Permanent, Retryable

READ_BACK_S = 2.5  # for a controller behind the server to take the value
LOOK_EVERY_S = 0.1
# What a server says that has passed the value on and does not know either.
DOUBTFUL = (
    BadCommunicationError,
    BadInternalError,
    BadRequestTimeout,
    BadTimeout,
    BadUnexpectedError,
)


async def write_node(
    node: Node, point: Point, value: float, clock: Clock, method: Method | None = None
) -> float:
    """Write a value in the node's own type, or call a method with it, and read the node back.

    Gives what the server reports. Permanent: nothing was set, or the server reports another value.
    Retryable: the value was sent, and nobody knows what became of it.
    """
    if not math.isfinite(value):
        raise Permanent(f"{point.name}: {value} is not a number")
    try:
        kind = await (kind_of(node) if method is None else method.kind())
    except (OSError, TimeoutError, UaError) as error:
        raise Permanent(
            f"{point.name}: nothing was sent, its type cannot be read: {error}"
        ) from error
    wanted = as_kind(point, value, kind)
    sent = ua.Variant(wanted, kind)
    try:
        await (node.write_value(ua.DataValue(sent)) if method is None else method.call(sent))
    except (OSError, TimeoutError, *DOUBTFUL) as error:
        raise Retryable(f"{point.name}: wrote {value:g}, no confirmation: {error!r}") from error
    except UaError as error:
        raise Permanent(f"{point.name}: the server refuses {value:g}: {error}") from error
    return await read_back(node, point, wanted, clock)


async def read_back(node: Node, point: Point, wanted: float, clock: Clock) -> float:
    """Look at a node until it has the value that was written."""
    deadline = clock.monotonic() + READ_BACK_S
    while True:
        try:
            found = await node.read_value()
        except (OSError, TimeoutError, UaError) as error:
            raise Retryable(
                f"{point.name}: wrote {wanted:g}, it cannot be read back: {error!r}"
            ) from error
        honour_cancellation()
        if is_same(found, wanted):
            return float(found)
        if clock.monotonic() > deadline:
            raise Permanent(f"{point.name}: wrote {wanted:g}, the device reports {found}")
        await asyncio.sleep(LOOK_EVERY_S)


async def kind_of(node: Node) -> ua.VariantType:
    """Give the type of a node's values; where it has no value yet, the one it declares."""
    before = await node.read_data_value(raise_on_bad_status=False)
    if before.Value is None or before.Value.VariantType is ua.VariantType.Null:
        declared: ua.VariantType = await node.read_data_type_as_variant_type()
        return declared
    found: ua.VariantType = before.Value.VariantType
    return found


def as_kind(point: Point, value: float, kind: ua.VariantType) -> bool | int | float:
    """Turn a number into what a node of this type takes."""
    if kind is ua.VariantType.Boolean:
        return bool(value)
    if kind in {ua.VariantType.Float, ua.VariantType.Double}:
        return float(value)
    if ua.VariantType.SByte.value <= kind.value <= ua.VariantType.UInt64.value:
        return round(value)
    raise Permanent(f"{point.name}: its node is a {kind.name}, not a number")


def is_same(found: object, wanted: float) -> bool:
    """Compare a value with what was read back; a node of 32 bits keeps seven digits."""
    return isinstance(found, (int, float)) and math.isclose(found, wanted, rel_tol=1e-6)
