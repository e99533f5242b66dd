"""What an OPC UA server shows, and where it shows it now."""

from collections.abc import Iterator

import pytest
from asyncua import ua
from structlog.testing import capture_logs

from adapters.contract import Browsable, FoundPoint
from core.errors import Permanent
from core.quality import BAD, GOOD, Reason, quality
from tests.adapters.conformance import run
from tests.adapters.opcua_rig import URI, ServerThread, opened, points_of, profile, reading

REFUSED = quality(BAD, Reason.REFUSED)


@pytest.fixture(scope="module")
def plant() -> Iterator[ServerThread]:
    async def build(it: ServerThread) -> None:
        # Two strangers come first, as after an update of the server's software.
        await it.server.register_namespace("urn:stranger:a")
        await it.server.register_namespace("urn:stranger:b")
        space = await it.server.register_namespace(URI)
        assert space == 4
        boiler = await it.server.nodes.objects.add_object("ns=4;s=Boiler", "Boiler")
        flow = await it.variable("ns=4;s=P1.flow", 4.5, ua.VariantType.Double, parent=boiler)
        await flow.add_property("ns=4;s=P1.flow.unit", "unit", "m3/h")
        await it.variable("ns=4;s=P1.on", True, ua.VariantType.Boolean, parent=boiler)
        fixed = await it.variable("ns=4;s=P1.serial", "A7", ua.VariantType.String, parent=boiler)
        await fixed.set_read_only()
        await it.variable("ns=4;s=P1.week", [1, 2, 3], ua.VariantType.Int16, parent=boiler)
        # The same identifier in a stranger's namespace.
        await it.variable("ns=2;s=P1.flow", -1.0, ua.VariantType.Double)
        for number in range(1500):  # more than one answer holds
            await it.variable(f"ns=3;i={number + 1}", number, ua.VariantType.UInt32)

    with ServerThread(build) as running:
        yield running


async def found(plant: ServerThread) -> dict[str, FoundPoint]:
    async with opened(plant.address) as connection:
        assert isinstance(connection, Browsable)
        return {point.address: point async for point in connection.browse()}


def test_browsing_gives_the_address_that_a_profile_takes(plant: ServerThread) -> None:
    points = run(found(plant))
    assert points["nsu=urn:test;s=P1.flow"] == FoundPoint(
        "nsu=urn:test;s=P1.flow", "Boiler/flow", "Double", True
    )


def test_browsing_tells_types_and_what_may_be_written(plant: ServerThread) -> None:
    points = run(found(plant))
    ours = {point.name: (point.kind, point.writable) for point in points.values()}
    assert {name: shown for name, shown in ours.items() if name.startswith("Boiler")} == {
        "Boiler/flow": ("Double", True),
        "Boiler/on": ("Boolean", True),
        "Boiler/serial": ("String", False),
        "Boiler/week": ("Int16[]", True),
    }


def test_browsing_goes_on_where_one_answer_ends(plant: ServerThread) -> None:
    points = run(found(plant))
    assert len([point for point in points if point.startswith("nsu=urn:stranger:b;i=")]) == 1500


def test_a_namespace_that_moved_is_found_by_its_uri(plant: ServerThread) -> None:
    points = points_of(profile({"flow": "nsu=urn:test;s={unit}.flow"}))

    async def test() -> dict[str, float]:
        async with reading(plant.address, points) as line:
            await line.until_read()
            return line.values

    assert run(test()) == {"pump.flow": 4.5}


def test_a_namespace_that_is_not_there_spoils_its_own_signals_only(plant: ServerThread) -> None:
    nodes = {"flow": "nsu=urn:test;s={unit}.flow", "ghost": "nsu=urn:gone;s={unit}.flow"}

    async def test() -> dict[str, int]:
        async with reading(plant.address, points_of(profile(nodes))) as line:
            await line.until_read()
            return line.qualities

    with capture_logs() as logs:
        codes = run(test())
    assert codes == {"pump.flow": GOOD, "pump.ghost": REFUSED}
    assert "the server has no namespace urn:gone" in logs[0]["error"]


def test_a_write_follows_the_namespace_too(plant: ServerThread) -> None:
    points = points_of(profile({"on": "nsu=urn:test;s={unit}.on"}))

    async def test() -> float:
        async with reading(plant.address, points) as line:
            await line.until_read()
            return await line.write("pump.on", 0)

    assert run(test()) == 0.0


def test_a_write_into_a_namespace_that_is_not_there_is_refused(plant: ServerThread) -> None:
    points = points_of(profile({"on": "nsu=urn:gone;s={unit}.on"}))

    async def test() -> None:
        async with reading(plant.address, points) as line:
            await line.until_read()
            await line.write("pump.on", 0)

    with pytest.raises(Permanent, match="has no namespace urn:gone"):
        run(test())
