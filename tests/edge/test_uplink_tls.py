"""An edge that is known to its broker by a certificate, against a real mosquitto."""

import asyncio
import shutil
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.mqtt.link import MqttLink
from adapters.mqtt.tls import tls_context
from core.clock import SystemClock
from core.errors import ConfigError
from edge import uplink
from edge.node import Edge
from edge.settings import EdgeSettings, load_settings
from tests.adapters.certificates import Authority
from tests.adapters.secured_broker import secured
from tests.edge.stand import PROFILES, FedLine, eventually

KNOWN = ("require_certificate true", "use_identity_as_username true")
Logs = list[MutableMapping[str, Any]]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uplink, "REFUSED_PAUSE_S", 0.1)


def settings(
    authority: Authority, port: int, files: tuple[Path, Path] | None, ca: Path | None = None
) -> EdgeSettings:
    return EdgeSettings(
        id="edge-1",
        broker=f"mqtts://localhost:{port}",
        data_dir=authority.folder / "data",
        broker_ca_file=ca or authority.file,
        broker_certificate_file=files and files[0],
        broker_key_file=files and files[1],
    )


@dataclass(frozen=True)
class Heal:
    """What a test does once the edge has complained, and what must come of it."""

    do: Callable[[], object]
    until: Callable[[], object]


def run(edge: EdgeSettings, until: Callable[[], object], heal: Heal | None = None) -> None:
    """Run an edge until something is so, and on until what heals it has done so."""

    async def body() -> None:
        stop = asyncio.Event()
        node = Edge(edge, PROFILES, SystemClock(), opener=FedLine().open)
        running = asyncio.create_task(node.run(stop, lambda _: None))
        await eventually(until, within_s=30)
        if heal is not None:
            heal.do()
            await eventually(heal.until, within_s=30)
        stop.set()
        await running

    asyncio.run(body())


def complaint(edge: EdgeSettings) -> str:
    """Give what an edge says that cannot come to its broker."""
    with capture_logs() as logs:
        run(edge, lambda: errors(logs))
    return errors(logs)[0]


def errors(logs: Logs) -> list[str]:
    return [str(each["error"]) for each in logs if each["log_level"] == "error"]


def is_connected(logs: Logs) -> bool:
    return any(each["event"] == "broker connected" for each in logs)


def test_the_broker_knows_an_edge_by_its_certificate(authority: Authority) -> None:
    lists = authority.folder / "topics"
    lists.write_text("user gateway\ntopic read kvartal/#\n\npattern write kvartal/1/%u/up/#\n"
                     "pattern read kvartal/1/%u/down/#\n")  # fmt: skip
    reader = authority.sign("gateway")
    topics: list[str] = []

    async def body(port: int) -> None:
        stop = asyncio.Event()
        files = authority.sign("edge-1")

        async def listen(link: MqttLink) -> None:
            async for batch in link.messages():
                topics.extend(topic for topic, _ in batch)

        async with MqttLink(
            f"mqtts://localhost:{port}",
            "gateway",
            tls=lambda: tls_context(str(authority.file), *map(str, reader)),
            subscriptions=["kvartal/#"],
        ) as link:
            await link.until_up(10)
            listening = asyncio.create_task(listen(link))
            edge = Edge(
                settings(authority, port, files), PROFILES, SystemClock(), opener=FedLine().open
            )
            running = asyncio.create_task(edge.run(stop, lambda _: None))
            await eventually(lambda: "kvartal/1/edge-1/up/birth" in topics, within_s=30)
            stop.set()
            await running
            listening.cancel()

    with secured(authority, authority.sign("server"), *KNOWN, f"acl_file {lists}") as port:
        asyncio.run(body(port))


def test_an_edge_without_a_certificate_is_told_to_show_one(authority: Authority) -> None:
    with secured(authority, authority.sign("server"), *KNOWN) as port:
        text = complaint(settings(authority, port, None))
    assert "certificate required; give a certificate and its key" in text


def test_an_expired_certificate_is_to_be_renewed(authority: Authority) -> None:
    files = authority.sign("edge-1", until=timedelta(days=-1))
    with secured(authority, authority.sign("server"), *KNOWN) as port:
        text = complaint(settings(authority, port, files))
    assert "certificate expired; renew our certificate" in text


def test_a_certificate_of_an_authority_that_the_broker_does_not_know(authority: Authority) -> None:
    files = Authority(authority.folder, "Other authority").sign("edge-1")
    with secured(authority, authority.sign("server"), *KNOWN) as port:
        text = complaint(settings(authority, port, files))
    assert "unknown ca; the broker does not know the authority" in text


def test_a_certificate_that_was_called_back(authority: Authority) -> None:
    files, server = authority.sign("edge-1"), authority.sign("server")
    revoked = authority.revoke("edge-1")
    with secured(authority, server, *KNOWN, f"crlfile {revoked}") as port:
        text = complaint(settings(authority, port, files))
    assert "certificate revoked; our certificate was called back" in text


def test_a_broker_that_the_edge_does_not_know_is_named_with_its_fingerprint(
    authority: Authority,
) -> None:
    files, other = authority.sign("edge-1"), Authority(authority.folder, "Other authority")
    with secured(authority, authority.sign("server"), *KNOWN) as port:
        text = complaint(settings(authority, port, files, ca=other.file))
    assert "the broker's certificate is refused" in text
    assert "SHA-256 fingerprint" in text
    assert text.endswith("give the authority that signed it as ca_file")


def test_a_renewed_certificate_is_taken_up_without_a_restart(authority: Authority) -> None:
    old = authority.sign("edge-1", until=timedelta(days=-1))
    with secured(authority, authority.sign("server"), *KNOWN) as port, capture_logs() as logs:
        run(
            settings(authority, port, old),
            lambda: errors(logs),
            Heal(lambda: authority.sign("edge-1"), lambda: is_connected(logs)),  # the same files
        )
    assert "certificate expired" in errors(logs)[0]


@pytest.mark.parametrize("name", ["edge-1.pem", "edge-1.key", "ca.pem"])
def test_a_file_that_is_not_there_just_now_is_waited_for(authority: Authority, name: str) -> None:
    files = authority.sign("edge-1")
    ca = authority.folder / "ca.pem"
    shutil.copy(authority.file, ca)
    away = authority.folder / "away"
    (authority.folder / name).rename(away)
    with secured(authority, authority.sign("server"), *KNOWN) as port, capture_logs() as logs:
        run(
            settings(authority, port, files, ca),
            lambda: errors(logs),
            Heal(lambda: away.rename(authority.folder / name), lambda: is_connected(logs)),
        )
    assert {each["event"] for each in logs if each["log_level"] == "error"} == {
        "link to the broker cannot be opened"
    }
    assert name in errors(logs)[0]
    assert "No such file or directory" in errors(logs)[0]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("broker: mqtt://b\nbroker_ca_file: ca.pem", "certificates need mqtts://"),
        ("broker: mqtts://b\nbroker_key_file: k", "broker_key_file is given without"),
    ],
)
def test_files_that_cannot_be_meant_so_are_told(tmp_path: Path, lines: str, complaint: str) -> None:
    file = tmp_path / "edge.yaml"
    file.write_text(f"id: edge-1\ndata_dir: data\n{lines}\n")
    with pytest.raises(ConfigError, match=complaint):
        load_settings(file)


def test_paths_of_certificates_are_taken_from_the_folder_of_the_settings(
    authority: Authority,
) -> None:
    authority.sign("edge-1")
    file = authority.folder / "edge.yaml"
    file.write_text(
        f"id: edge-1\nbroker: mqtts://b\ndata_dir: data\nbroker_ca_file: {authority.file.name}\n"
        "broker_certificate_file: edge-1.pem\nbroker_key_file: edge-1.key\n"
    )
    assert load_settings(file).broker_tls().get_ca_certs()
