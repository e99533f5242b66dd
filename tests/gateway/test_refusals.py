"""What is refused is one incident of its edge, or of the store, and is over by itself."""

from pathlib import Path
from typing import Any

from tests.gateway.conftest import Gateway  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import Edge, play
from tests.gateway.test_edge_loss import MovedClock, be_there, seen, until

REFUSED = "data_refused"
QUIET_S = 600.0


async def refusals(gateway: Gateway) -> list[tuple[str, bool]]:
    """Give the incidents about what is refused, by whose it is, and whether they are active."""
    found = await seen(gateway, "incidents")
    return sorted((each["device"], each["active"]) for each in found
                  if each["condition"] == REFUSED)  # fmt: skip


def test_an_edge_that_is_not_understood_is_one_incident_until_it_is_quiet(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    clock = MovedClock()
    town["edges"][0]["place"] = "lesnaya"
    town["devices"], town["bindings"] = [], []

    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1")
        for _ in range(50):
            edge.send("telemetry", b"\x93 nothing that we know")
        await until(lambda: refusals(gateway), [("edge-1", True)])
        (case,) = await seen(gateway, "cases", "left")
        assert (case["category"], case["place"]) == ("device.refused", "lesnaya")
        assert case["title"]["en"] == "What edge “Edge 1” sends is refused"
        clock.moved_s += QUIET_S + 1
        await until(lambda: refusals(gateway), [("edge-1", False)])

    play(tmp_path, broker, story, town=town, clock=clock, refused_quiet_s=QUIET_S)


def test_events_that_lie_aside_are_an_incident_until_their_files_are_gone(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    town["edges"][0]["place"] = "lesnaya"
    town["devices"], town["bindings"] = [], []

    async def story(gateway: Gateway, _edge: Edge) -> None:
        file = tmp_path / "parked" / "edge-1-00f1e2d3c4b5a697-7.kvartal"
        file.parent.mkdir()
        file.touch()
        await until(lambda: refusals(gateway), [("edge-1", True)])
        file.unlink()
        await until(lambda: refusals(gateway), [("edge-1", False)])
        assert await seen(gateway, "cases") == []

    play(tmp_path, broker, story, town=town)


def test_what_the_store_did_not_take_is_an_incident_of_the_region(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, _edge: Edge) -> None:
        folder = tmp_path / "refused-readings"
        folder.mkdir()
        for name in ("a.lines", "b.lines"):
            (folder / name).touch()
        await until(lambda: refusals(gateway), [("store", True)])
        (folder / "a.lines").unlink()
        (folder / "b.lines").unlink()
        await until(lambda: refusals(gateway), [("store", False)])

    play(tmp_path, broker, story)
