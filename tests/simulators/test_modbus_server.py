"""The concentrators speak Modbus TCP. Requests and answers are written here by hand."""

import asyncio
import struct
from collections.abc import Callable, Coroutine

import pytest

from core.registry import Registry
from simulators.servers.modbus_server import Concentrator, ModbusServer
from simulators.servers.registers import arranged
from simulators.world.world import World

TRAFFIC = "traffic-sadovaya-mostovaya-d1"
ELECTRICITY, HEAT = 1, 101  # Modbus units
Ask = Callable[[int, bytes], Coroutine[None, None, bytes]]


def units(registry: Registry) -> dict[int, str]:
    """Give the units of the first house's concentrator."""
    endpoint = next(each.id for each in registry.endpoints if each.protocol == "modbus")
    return {int(each.unit): each.id for each in registry.devices if each.endpoint == endpoint}


def conversation(world: World, behind: dict[int, str], talk: Callable[[Ask], Coroutine]) -> object:
    """Serve these units and let `talk` ask; gives what it gives."""

    async def run() -> object:
        async with ModbusServer(Concentrator(world, behind), 0) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)

            async def ask(unit: int, pdu: bytes) -> bytes:
                writer.write(struct.pack(">HHHB", 77, 0, len(pdu) + 1, unit) + pdu)
                async with asyncio.timeout(1):
                    head = await reader.readexactly(7)
                    transaction, protocol, length, answering = struct.unpack(">HHHB", head)
                    assert (transaction, protocol, answering) == (77, 0, unit)
                    return await reader.readexactly(length - 1)

            try:
                return await talk(ask)
            finally:
                writer.close()
                await writer.wait_closed()

    return asyncio.run(run())


def asked(world: World, behind: dict[int, str], unit: int, pdu: bytes) -> bytes:
    async def talk(ask: Ask) -> bytes:
        return await ask(unit, pdu)

    answer = conversation(world, behind, talk)
    assert isinstance(answer, bytes)
    return answer


def test_an_electricity_meter_shows_floats_and_a_64_bit_counter(
    world: World, registry: Registry
) -> None:
    behind = units(registry)
    answer = asked(world, behind, ELECTRICITY, bytes.fromhex("040000000c"))
    function, size, voltage, current, power, frequency, energy = struct.unpack(">BBffffQ", answer)
    values = world.values(behind[ELECTRICITY])
    assert (function, size) == (4, 24)
    assert [voltage, current, power, frequency] == pytest.approx(
        [values[key] for key in ("voltage_l1", "current_l1", "power", "frequency")], rel=1e-6
    )
    assert energy == round(values["energy"])


def test_a_heat_meter_shows_swapped_words_and_hundredths(world: World, registry: Registry) -> None:
    behind = units(registry)
    answer = asked(world, behind, HEAT, bytes.fromhex("0400000006"))
    low, high, flow_low, flow_high, supply, back = struct.unpack(">HHHHhh", answer[2:])
    flow = struct.unpack(">f", struct.pack(">HH", flow_high, flow_low))[0]
    values = world.values(behind[HEAT])
    assert high << 16 | low == round(values["energy"])
    assert flow == pytest.approx(values["flow"], rel=1e-6)
    assert [supply, back] == [
        round(values["supply_temperature"] * 100), round(values["return_temperature"] * 100)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("order", "data"),
    [
        ("big", b"ABCD"), ("little", b"DCBA"), ("big_swapped", b"BADC"),
        ("little_swapped", b"CDAB"),
    ],
)  # fmt: skip
def test_each_order_of_bytes_is_what_its_name_says(order: str, data: bytes) -> None:
    assert arranged(b"ABCD", order) == data


def test_a_plan_is_written_and_read_back(world: World) -> None:
    async def talk(ask: Ask) -> list[bytes]:
        single = await ask(1, bytes.fromhex("0600000002"))
        several = await ask(1, bytes.fromhex("100000000102 0003".replace(" ", "")))
        return [single, several, await ask(1, bytes.fromhex("0300000001"))]

    assert conversation(world, {1: TRAFFIC}, talk) == [
        bytes.fromhex("0600000002"), bytes.fromhex("1000000001"), bytes.fromhex("03020003")
    ]  # fmt: skip
    assert world.value(TRAFFIC, "plan") == 3


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("0600000009", "8603"),  # a plan that it does not have
        ("0600010001", "8602"),  # the phase cannot be set
        ("03000b0001", "8302"),  # behind the last register
        ("0300000000", "8303"),  # nothing asked for
        ("030000007e", "8303"),  # 126 registers
        ("2b0e0100", "ab01"),  # a function that it does not know
        ("0100000001", "8102"),  # it has no coils
        ("0500000000", "8502"),
        ("10000000010200", "9003"),  # a byte is missing
    ],
)
def test_what_it_cannot_do_is_answered_with_an_exception(
    world: World, request_: str, answer: str
) -> None:
    assert asked(world, {1: TRAFFIC}, 1, bytes.fromhex(request_)) == bytes.fromhex(answer)


def test_an_unknown_unit_is_the_gateways_exception(world: World) -> None:
    assert asked(world, {1: TRAFFIC}, 9, bytes.fromhex("0300000001")) == bytes.fromhex("830b")


def test_a_silent_unit_says_nothing_while_the_others_answer(
    world: World, registry: Registry
) -> None:
    behind = units(registry)
    world.set_fault("device_silent", behind[2], True)

    async def talk(ask: Ask) -> int:
        with pytest.raises(TimeoutError):
            await ask(2, bytes.fromhex("0400000002"))
        return len(await ask(1, bytes.fromhex("0400000002")))

    assert conversation(world, behind, talk) == 6


def test_a_short_answer_has_half_of_its_registers(world: World, registry: Registry) -> None:
    behind = units(registry)
    world.set_fault("short_answer", behind[ELECTRICITY], True)
    answer = asked(world, behind, ELECTRICITY, bytes.fromhex("040000000c"))
    assert (answer[1], len(answer)) == (12, 14)


def test_requests_that_come_in_pieces_and_in_one_packet_are_all_answered(world: World) -> None:
    request_ = bytes.fromhex("000100000006 01 0300000001".replace(" ", ""))

    async def run() -> bytes:
        async with ModbusServer(Concentrator(world, {1: TRAFFIC}), 0) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request_[:5])
            await writer.drain()
            writer.write(request_[5:] + request_)
            async with asyncio.timeout(1):
                answers = await reader.readexactly(22)
            writer.close()
            await writer.wait_closed()
            return answers

    assert asyncio.run(run()) == bytes.fromhex("0001000000050103020001") * 2


def test_something_else_than_modbus_is_hung_up_on(world: World) -> None:
    async def run() -> bytes:
        async with ModbusServer(Concentrator(world, {1: TRAFFIC}), 0) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            async with asyncio.timeout(1):
                rest = await reader.read()
            writer.close()
            await writer.wait_closed()
            return rest

    assert asyncio.run(run()) == b""
