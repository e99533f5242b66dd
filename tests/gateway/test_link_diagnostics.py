"""What an edge tells of its link to a device, as the API gives it beside what the device says."""

from datetime import datetime
from pathlib import Path

from adapters import wire
from core.clock import SECOND
from core.quality import BAD, Reason, quality
from core.readings import Readings
from tests.gateway.conftest import Gateway  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import CLOCK, EPOCH, LAMP, Edge, play

LINK = wire.ProfileBirth(
    profile="kvartal-diagnostics-mqtt",
    family="edge",
    name={"en": "Link", "ru": "Связь"},
    signals=[
        wire.SignalBirth(key=key, name={"en": key, "ru": key})
        for key in ("link_round_trip", "link_last_good")
    ],
)
BIRTH = wire.Birth(
    edge="edge-1",
    epoch=EPOCH,
    numbering=1,
    revision=1,
    software="test",
    sent_at=0,
    profiles=[LAMP, LINK],
    devices=[
        wire.DeviceBirth(device="lamp-1-head", profile="lamp", first=0),
        wire.DeviceBirth(device="lamp-1-head", profile="kvartal-diagnostics-mqtt", first=2),
    ],
)


def test_diagnostics_stand_beside_the_signals_of_a_device(tmp_path: Path, broker: str) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.send("birth", BIRTH)
        now = CLOCK.time_ns()
        lost = quality(BAD, Reason.LOST_LINE)
        good_at = now // SECOND - 600
        codes = [lost, 0, 0]
        edge.send_readings(1, Readings.of([1, 2, 3], now, [0.0, 12.5, good_at], codes, now))
        await edge.until_acknowledged("telemetry", 1)
        async with gateway.signed_in() as browser:
            device = (await browser.get("/api/v1/devices/lamp-1-head")).json()
            (same,) = (await browser.get("/api/v1/devices?asset=lamp-1")).json()
            path = "/api/v1/devices/lamp-1-head/signals/link_round_trip/series"
            series = (await browser.get(path)).json()
        assert {key: device[key] for key in same} == same
        assert (device["profile"], device["family"]) == ("generic-street-light", "street_light")
        assert [each["key"] for each in device["signals"]] == ["on", "power"]
        found = [(each["key"], each["value"]) for each in device["diagnostics"]]
        assert found == [("link_round_trip", 12.5)]
        assert datetime.fromisoformat(device["last_good"]).timestamp() == good_at
        assert series["value"] == [12.5]

    play(tmp_path, broker, story)


def test_a_good_reading_that_stands_is_the_last_good_one(tmp_path: Path, broker: str) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.send("birth", BIRTH)
        edge.say(1, 40.0)
        await edge.until_acknowledged("telemetry", 1)
        async with gateway.signed_in() as browser:
            device = (await browser.get("/api/v1/devices/lamp-1-head")).json()
        (power,) = [each for each in device["signals"] if each["key"] == "power"]
        assert device["last_good"] == power["time"]

    play(tmp_path, broker, story)


HEALTH = wire.ProfileBirth(
    profile="kvartal-edge",
    family="edge",
    name={"en": "Edge", "ru": "Узел"},
    signals=[wire.SignalBirth(key="spool_full", name={"en": "Queue", "ru": "Очередь"}, unit="%")],
)
OF_ITSELF = wire.Birth(
    edge="edge-1",
    epoch=EPOCH,
    numbering=1,
    revision=1,
    software="test",
    sent_at=0,
    profiles=[HEALTH],
    devices=[wire.DeviceBirth(device="edge-1-health", profile="kvartal-edge", first=0)],
)


def test_what_an_edge_tells_of_itself_is_shown_with_its_course(tmp_path: Path, broker: str) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.send("birth", OF_ITSELF)
        now = CLOCK.time_ns()
        edge.send_readings(1, Readings.of([0, 0], [now - SECOND, now], [40.0, 60.0], 0, now))
        await edge.until_acknowledged("telemetry", 1)
        path = "/api/v1/edges/edge-1/health"
        async with gateway.signed_in(place="prirechye") as browser:
            (signal,) = (await browser.get(path)).json()
            series = (await browser.get(f"{path}/spool_full/series")).json()
            unknown = await browser.get(f"{path}/nothing/series")
        assert (signal["key"], signal["value"], signal["unit"]) == ("spool_full", 60.0, "%")
        assert (series["value"], series["unit"]) == ([40.0, 60.0], "%")
        assert unknown.status_code == 404
        async with gateway.signed_in(place="left") as browser:  # the edge is of the region
            assert (await browser.get(path)).status_code == 404

    play(tmp_path, broker, story)
