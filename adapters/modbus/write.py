"""Setting a value: written, and read back until the device reports it."""

import asyncio
from struct import pack

from adapters.contract import Point
from adapters.modbus import codec
from adapters.modbus.address import ModbusAddress
from adapters.modbus.exchange import ACKNOWLEDGE, Exchange, Refused, Silent
from adapters.modbus.plan import Span
from core.errors import Permanent, Retryable

READ_BACK_S = 1.0  # a device may take so long to put a value into force
LOOK_EVERY_S = 0.1

# Modbus Application Protocol V1.1b3, sections 6.5, 6.6, 6.11 and 6.12
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
COIL_ON, COIL_OFF = 0xFF00, 0


async def write(
    exchange: Exchange, unit: int, point: Point, address: ModbusAddress, value: float
) -> float:
    """Set a value and give what the device reports; raises what `contract.Writable` says."""
    if not point.signal.writable or address.table in {"input", "discrete"}:
        raise Permanent(f"{point.name} is read-only")
    first = point.profile.modbus_address(address)
    manners = point.profile.modbus
    place = Span(unit, address.table, first, address.registers, manners.pause_s)
    wire = await _encoded(exchange, place, point, address, value)
    if address.table == "coil" and wire > b"\x00\x01":
        raise Permanent(f"{point.name}: a coil takes 0 or 1, found {value:g}")
    try:
        await _send(exchange, place, wire, several=manners.write_several)
    except Silent as silence:
        raise Retryable(f"{point.name}: unit {unit} does not answer") from silence
    except Refused as refusal:
        if refusal.code != ACKNOWLEDGE:
            raise Permanent(f"{point.name}: the device refuses {value:g}: {refusal}") from refusal
    wanted = codec.decode(wire, address)
    reported = await _read_back(exchange, place, point, address, wanted)
    if reported != wanted:
        raise Permanent(f"{point.name}: wrote {value:g}, the device reports {reported:g}")
    return reported


async def _encoded(
    exchange: Exchange, place: Span, point: Point, address: ModbusAddress, value: float
) -> bytes:
    """Give the registers to write; a value of single bits leaves its neighbours as they are."""
    found = b""
    if address.bit is not None:
        try:
            found = await exchange.ask(place)
        except (Silent, Refused) as trouble:
            why = str(trouble) or f"unit {place.unit} does not answer"
            raise Permanent(
                f"{point.name}: nothing was sent, its register cannot be read: {why}"
            ) from trouble
    try:
        return codec.encode(value, address, found)
    except ValueError as error:
        raise Permanent(f"{point.name}: {error}") from error


async def _send(exchange: Exchange, place: Span, wire: bytes, *, several: bool) -> None:
    await exchange.answer(place.unit, _request(place, wire, several=several), place.pause_s)


def _request(place: Span, wire: bytes, *, several: bool) -> bytes:
    """Give a write from its function code on. wire: registers; a coil is one of 0 or 1."""
    if place.table == "coil":
        is_on = wire[-1]
        if several:
            return pack(">BHHBB", WRITE_COILS, place.start, 1, 1, is_on)
        return pack(">BHH", WRITE_COIL, place.start, COIL_ON if is_on else COIL_OFF)
    if place.count == 1 and not several:
        return pack(">BH", WRITE_REGISTER, place.start) + wire
    return pack(">BHHB", WRITE_REGISTERS, place.start, place.count, len(wire)) + wire


async def _read_back(
    exchange: Exchange, place: Span, point: Point, address: ModbusAddress, wanted: float
) -> float:
    """Read until the device reports what was written, or has had its time."""
    deadline = exchange.clock.monotonic() + READ_BACK_S
    while True:
        try:
            found = codec.decode(await exchange.ask(place), address)
        except (Silent, Refused) as trouble:
            why = str(trouble) or f"unit {place.unit} does not answer"
            raise Retryable(
                f"{point.name}: wrote {wanted:g}, it cannot be read back: {why}"
            ) from trouble
        if found == wanted or exchange.clock.monotonic() > deadline:
            return found
        await asyncio.sleep(LOOK_EVERY_S)
