"""The host of Sparkplug B against messages made by hand, such as no library would send."""

import uuid
from collections.abc import Iterator

import pytest

from adapters.mqtt.link import MqttLink
from core.quality import BAD, GOOD, UNCERTAIN, Reason, quality
from tests.adapters.conftest import running_broker
from tests.adapters.test_sparkplug import Host, hosting, run, until
from tests.adapters.test_sparkplug_payload import field


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("broker"), "mosquitto") as (url, _process):
        yield url


def published(broker: str, messages: list[tuple[str, bytes]]) -> Host:
    """Give what a host says to messages made by hand; {g} in a topic is its group."""
    hosts: list[Host] = []

    async def test() -> None:
        group = f"g-{uuid.uuid4()}"
        async with hosting(broker, group) as host, MqttLink(broker, group) as link:
            hosts.append(host)
            await link.until_up(5)
            for topic, payload in messages:
                link.publish(topic.replace("{g}", group), payload, 0)
            end = field(2, field(1, b"uptime") + field(4, 7) + field(11, 99))
            link.publish(f"spBv1.0/{group}/NBIRTH/n1", field(3, 0) + end, 0)
            await until(lambda: host.values.get("uptime") == 99)

    run(test())
    return hosts[0]


NBIRTH = field(3, 0) + field(2, field(1, b"bdSeq") + field(4, 8) + field(11, 5))
ON = field(1, b"on") + field(2, 3) + field(4, 11) + field(14, 1)
DBIRTH = field(3, 1) + field(2, ON)


def test_the_will_of_an_earlier_session_kills_nobody(broker: str) -> None:
    old = field(2, field(1, b"bdSeq") + field(4, 8) + field(11, 4))
    births = [("spBv1.0/{g}/NBIRTH/n1", NBIRTH), ("spBv1.0/{g}/DBIRTH/n1/pump", DBIRTH)]
    host = published(broker, [*births, ("spBv1.0/{g}/NDEATH/n1", old)])
    assert host.online["pump"] == [True]


def birth(name: bytes, more: bytes) -> bytes:
    return field(2, field(1, name) + field(4, 11) + field(14, 1) + more)


def reported(code: int) -> bytes:
    """Give the property of a metric that tells its quality."""
    return field(9, field(1, b"Quality") + field(2, field(1, 3) + field(3, code)))


def test_quality_history_and_nonsense_times_are_told(broker: str) -> None:
    payload = field(3, 1) + birth(b"on", reported(500)) + birth(b"mode", reported(0))
    payload += birth(b"setpoint", field(5, 1) + field(3, 1_700_000_000_000))
    payload += birth(b"temperature", field(3, 5))
    host = published(
        broker, [("spBv1.0/{g}/NBIRTH/n1", NBIRTH), ("spBv1.0/{g}/DBIRTH/n1/pump", payload)]
    )
    assert host.codes["on"] == quality(UNCERTAIN, Reason.STALE)
    assert host.codes["mode"] == quality(BAD, Reason.DEVICE_FAILURE)
    assert host.codes["setpoint"] == quality(GOOD, Reason.ARCHIVE)
    assert host.codes["temperature"] == quality(UNCERTAIN, Reason.CLOCK_UNSYNCHRONISED)
    assert host.times["setpoint"] == 1_700_000_000 * 10**9


def test_what_was_bad_in_the_past_is_history_too(broker: str) -> None:
    payload = field(3, 1) + birth(b"on", field(5, 1) + reported(0))
    payload += field(2, field(1, b"mode") + field(4, 12) + field(5, 1) + field(7, 1))
    host = published(
        broker, [("spBv1.0/{g}/NBIRTH/n1", NBIRTH), ("spBv1.0/{g}/DBIRTH/n1/pump", payload)]
    )
    assert host.codes == {"on": BAD | Reason.ARCHIVE, "mode": BAD | Reason.ARCHIVE, "uptime": GOOD}


def test_what_is_no_payload_hurts_nobody(broker: str) -> None:
    bad = [(f"spBv1.0/{{g}}/{kind}/n1/pump", b"\xff\xff") for kind in ("DDATA", "DBIRTH", "HA")]
    odd = [("spBv1.0/{g}/NDATA/n1", b""), ("spBv1.0/{g}/NBIRTH/n1/a/b/c", b"")]
    host = published(broker, [*bad, *odd, ("spBv1.0/{g}/NBIRTH/n1", NBIRTH)])
    assert host.values == {"uptime": 99}
