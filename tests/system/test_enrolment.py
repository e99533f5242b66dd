"""From a token to an edge that the gateway hears: the commands, the shipped broker's files."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from structlog.testing import capture_logs

from adapters.enrolment import Token
from adapters.mqtt.broker import find_mosquitto
from adapters.mqtt.link import MqttLink
from adapters.mqtt.tls import tls_context
from core.errors import EndpointError
from tests.gateway.conftest import TOWN  # type: ignore[import-not-found]
from tests.ports import free_port

KVARTAL = [sys.executable, "-c", "from core.command_line import main; main()"]
SHIPPED = Path(__file__).parents[2] / "deploy" / "mosquitto"
PLACE = "/etc/mosquitto/kvartal"


def kvartal(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [*KVARTAL, *arguments], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, **(env or {})},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def until(claim: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60
    while not claim():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@dataclass
class Site:
    """A gateway and a broker with the shipped files. folder: data, certs and the broker's."""

    folder: Path
    port: int
    broker_port: int
    broker: "subprocess.Popen[bytes] | None" = None

    @property
    def certs(self) -> Path:
        return self.folder / "certs"

    @property
    def settings(self) -> dict[str, str]:
        values = {
            "DATA_DIR": self.folder / "gateway",
            "LISTEN": f"127.0.0.1:{self.port}",
            "BROKER": f"mqtts://localhost:{self.broker_port}",
            "BROKER_CA_FILE": self.certs / "authority.pem",
            "BROKER_CERTIFICATE_FILE": self.certs / "gateway.pem",
            "BROKER_KEY_FILE": self.certs / "gateway.key",
        }
        return {f"KVARTAL_GATEWAY_{key}": str(value) for key, value in values.items()}

    def gateway(self, *arguments: str) -> str:
        code, out, err = kvartal("gateway", *arguments, env=self.settings)
        assert code == 0, err
        return out

    def token(self, edge: str = "edge-1") -> str:
        return self.gateway("enrolment", edge).split()[-1]

    def start_broker(self) -> None:
        """Start mosquitto with the shipped files, moved to another folder and port."""
        program = find_mosquitto()
        assert program is not None, "mosquitto is not installed; .ci/servers installs it"
        shutil.copy(SHIPPED / "kvartal.acl", self.certs / "kvartal.acl")
        shutil.copy(self.folder / "gateway" / "authority" / "revoked.crl", self.certs)
        shipped = (SHIPPED / "kvartal.conf").read_text()
        moved = shipped.replace(PLACE, str(self.certs)).replace(
            "listener 8883", f"listener {self.broker_port} 127.0.0.1"
        )
        file = self.folder / "mosquitto.conf"
        file.write_text(moved + "user root\n")
        self.broker = subprocess.Popen([program, "-c", str(file)])
        until(self.broker_answers, "the broker does not answer")

    def broker_answers(self) -> bool:
        with contextlib.suppress(OSError):
            ssl.get_server_certificate(("127.0.0.1", self.broker_port), timeout=1)
            return True
        return False

    def stop_broker(self) -> None:
        assert self.broker is not None
        self.broker.kill()
        self.broker.wait()

    def edges(self) -> dict[str, bool]:
        """Ask the gateway which edges are there."""
        link = self.gateway("link", "--role", "dispatcher", "--place", "prirechye", "--name", "A")
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        base = f"http://127.0.0.1:{self.port}"
        body = json.dumps({"token": link.strip().partition("#")[2]}).encode()
        sign_in = urllib.request.Request(  # noqa: S310 - the scheme is ours
            f"{base}/api/v1/session", body,
            {"Content-Type": "application/json", "Origin": base},
        )  # fmt: skip
        opener.open(sign_in, timeout=10).close()
        with opener.open(f"{base}/api/v1/edges", timeout=10) as answer:
            return {each["id"]: each["online"] for each in json.load(answer)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    here = Site(tmp_path_factory.mktemp("site"), free_port(), free_port())
    town = here.folder / "town.json"
    second = TOWN["edges"][0] | {"id": "edge-2"}
    town.write_text(json.dumps(TOWN | {"edges": [*TOWN["edges"], second]}))
    here.gateway("import", str(town))
    here.gateway("certify-broker", "localhost", "127.0.0.1", "--into", str(here.certs))
    here.start_broker()
    command = [*KVARTAL, "gateway", "run"]
    environment = {**os.environ, **here.settings}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            assert "ready" in process.stdout.readline()
            yield here
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
            here.stop_broker()


@contextlib.contextmanager
def running(config: Path) -> Iterator[None]:
    command = [*KVARTAL, "edge", "run", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as edge:
        try:
            yield
        finally:
            edge.send_signal(signal.SIGTERM)
            edge.wait(timeout=30)


def link(site: Site, folder: Path, client: str, **more: Any) -> MqttLink:
    """Connect as the edge whose identity lies in this folder."""
    identity = folder / "identity"
    return MqttLink(
        f"mqtts://localhost:{site.broker_port}",
        client,
        tls=lambda: tls_context(str(identity / "authority.pem"), str(identity / "edge.pem")),
        **more,
    )


def test_a_fresh_box_with_a_token_becomes_an_edge_that_is_heard(site: Site, tmp_path: Path) -> None:
    config = tmp_path / "edge.yaml"
    code, out, err = kvartal("edge", "enrol", site.token(), "--config", str(config))
    assert (code, err) == (0, "")
    assert "lets it in" in out
    assert f"next: kvartal edge run --config {config}" in out
    identity = tmp_path / "identity"
    assert {each.name for each in identity.iterdir()} == {"edge.pem", "authority.pem"}
    assert (identity / "edge.pem").stat().st_mode & 0o777 == 0o600
    with running(config):
        until(lambda: site.edges()["edge-1"], "the gateway does not hear the edge")


def test_a_token_that_was_used_is_refused_and_nothing_is_spoilt(site: Site, tmp_path: Path) -> None:
    token, config = site.token(), tmp_path / "edge.yaml"
    assert kvartal("edge", "enrol", token, "--config", str(config))[0] == 0
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    code, _, err = kvartal("edge", "enrol", token, "--config", str(config))
    assert (code, "was used at" in err) == (2, True)
    assert all(file.read_bytes() == content for file, content in before.items())


def test_another_edges_file_is_not_written_over(site: Site, tmp_path: Path) -> None:
    config = tmp_path / "edge.yaml"
    said = "spool_megabytes: 64  # a small disk\n"
    config.write_text("id: edge-9\nbroker: mqtt://b\ndata_dir: spool\n" + said)
    before, token = config.read_text(), site.token()
    code, _, err = kvartal("edge", "enrol", token, "--config", str(config))
    assert (code, "is the one of edge-9, and the token is for edge-1" in err) == (2, True)
    assert config.read_text() == before
    assert kvartal("edge", "enrol", token, "--config", str(config), "--force")[0] == 0
    written = yaml.safe_load(config.read_text())
    assert (written["id"], written["data_dir"], written["spool_megabytes"]) == (
        "edge-1", "data-edge-1", 64,
    )  # fmt: skip
    assert said in config.read_text()


def test_an_edge_speaks_and_hears_for_itself_alone(site: Site, tmp_path: Path) -> None:
    for edge in ("edge-1", "edge-2"):
        (tmp_path / edge).mkdir()
        config = tmp_path / edge / "edge.yaml"
        assert kvartal("edge", "enrol", site.token(edge), "--config", str(config))[0] == 0

    async def story() -> list[str]:
        heard: list[str] = []
        answer = "kvartal/1/edge-2/down/refusal"
        same_client = "kvartal-edge-edge-1"
        async with (
            link(site, tmp_path / "edge-2", same_client, subscriptions=["kvartal/#"]) as other,
            link(site, tmp_path / "edge-1", same_client) as edge,
        ):
            await other.until_up(10)
            await edge.until_up(10)
            for topic in ("edge-2/up/telemetry", "edge-2/down/rebirth", "edge-1/up/probe"):
                edge.publish(f"kvartal/1/{topic}", b"from edge 1")
            assert await edge.flush(10)
            other.publish("kvartal/1/edge-2/up/telemetry", b"nonsense, which is answered")
            async with asyncio.timeout(30):
                async for batch in other.messages():
                    heard += [topic for topic, _ in batch]
                    if answer in heard:
                        break
            assert edge.is_up  # neither pushed the other out by its client id
        return heard

    with capture_logs() as logs:
        heard = asyncio.run(story())
    refused = {each["topic"] for each in logs if each["event"] == "broker refused a message"}
    assert refused == {"kvartal/1/edge-2/up/telemetry", "kvartal/1/edge-2/down/rebirth"}
    assert {topic.rpartition("/")[0] for topic in heard} == {"kvartal/1/edge-2/down"}


def test_a_revoked_edge_is_let_in_no_more(site: Site, tmp_path: Path) -> None:
    config = tmp_path / "edge.yaml"
    assert kvartal("edge", "enrol", site.token(), "--config", str(config))[0] == 0
    assert "1 certificates are called back" in site.gateway("revoke", "edge-1")
    site.stop_broker()
    site.start_broker()

    async def story() -> str:
        async with link(site, tmp_path, "kvartal-edge-edge-1") as edge:
            with pytest.raises(EndpointError) as refusal:
                await edge.until_up(20)
        return str(refusal.value)

    assert "our certificate was called back" in asyncio.run(story())


def test_an_edge_renews_its_certificate_by_itself(site: Site, tmp_path: Path) -> None:
    config = tmp_path / "edge.yaml"
    assert kvartal("edge", "enrol", site.token(), "--config", str(config))[0] == 0
    file = tmp_path / "identity" / "edge.pem"

    def serial() -> int:
        return x509.load_pem_x509_certificate(file.read_bytes()).serial_number

    before = serial()
    program = (
        "import edge.identity; edge.identity.RENEW_AT = 1.0;"
        "from core.command_line import main; main()"
    )
    command = [sys.executable, "-c", program, "edge", "run", "--config", str(config)]
    with subprocess.Popen(command) as edge:
        try:
            until(lambda: serial() != before, "the certificate was not renewed")
            until(lambda: site.edges()["edge-1"], "the gateway does not hear the edge")
        finally:
            edge.send_signal(signal.SIGTERM)
            edge.wait(timeout=30)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("token", "complaint"),
    [
        ("nonsense", "wanted one that begins with kvartal1."),
        ("kvartal1.AAAA", "copy the whole of it"),
    ],
)
def test_a_token_that_is_none_is_named(tmp_path: Path, token: str, complaint: str) -> None:
    code, _, err = kvartal("edge", "enrol", token, "--config", str(tmp_path / "edge.yaml"))
    assert (code, complaint in err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_half_a_token_is_named(site: Site, tmp_path: Path) -> None:
    code, _, err = kvartal(
        "edge", "enrol", site.token()[:-7], "--config", str(tmp_path / "edge.yaml")
    )
    assert (code, "copy the whole of it" in err) == (2, True)


def patched(patch: str, *arguments: str) -> tuple[int, str]:
    """Run the command in a process in which something is not as it should be."""
    program = f"{patch}; from core.command_line import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_a_kill_before_the_answer_is_kept_needs_no_other_token(site: Site, tmp_path: Path) -> None:
    token, config = site.token(), tmp_path / "edge.yaml"
    kill = "import os, edge.enrolment as e; e.answered = lambda *_: os._exit(9)"
    assert patched(kill, "edge", "enrol", token, "--config", str(config))[0] == 9
    assert not config.exists()
    code, out, err = kvartal("edge", "enrol", token, "--config", str(config))
    assert (code, err) == (0, "")
    assert "lets it in" in out


def test_a_clock_that_is_wrong_is_told_with_the_gateways_time(site: Site, tmp_path: Path) -> None:
    config = tmp_path / "edge.yaml"
    late = (
        "import datetime, edge.enrolment as e;"
        "e.SystemClock.now = lambda _: datetime.datetime(2015, 1, 1, tzinfo=datetime.UTC)"
    )
    code, err = patched(late, "edge", "enrol", site.token(), "--config", str(config))
    assert code == 2
    assert "the clock of this machine says 2015-01-01 00:00 UTC, the gateway's 20" in err
    assert "timedatectl" in err
    assert not config.exists()


def test_a_folder_that_cannot_be_written_is_named(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = tmp_path / "file" / "edge.yaml"
    code, _, err = kvartal("edge", "enrol", site.token(), "--config", str(config))
    assert (code, f"{tmp_path / 'file' / 'identity'}: Not a directory" in err) == (2, True)


def test_a_gateway_that_does_not_answer_is_named(tmp_path: Path) -> None:
    token = Token(
        gateway="http://127.0.0.1:1", edge="edge-1", seed=bytes(32), authority=bytes(32)
    ).text()
    code, _, err = kvartal("edge", "enrol", token, "--config", str(tmp_path / "edge.yaml"))
    assert code == 2
    assert "http://127.0.0.1:1 cannot be reached: Connection refused" in err


def test_plain_http_to_another_machine_is_refused(tmp_path: Path) -> None:
    token = Token(
        gateway="http://gateway.example", edge="edge-1", seed=bytes(32), authority=bytes(32)
    ).text()
    code, _, err = kvartal("edge", "enrol", token, "--config", str(tmp_path / "edge.yaml"))
    assert (code, "wanted https://" in err) == (2, True)


def test_somebody_in_between_is_not_believed(site: Site, tmp_path: Path) -> None:
    """The token names another authority than the one that answers."""
    sound = Token.read(site.token())
    token = Token(gateway=sound.gateway, edge=sound.edge, seed=sound.seed, authority=bytes(32))
    config = tmp_path / "edge.yaml"
    code, _, err = kvartal("edge", "enrol", token.text(), "--config", str(config))
    assert (code, "somebody stands in between" in err) == (2, True)
    assert not config.exists()


def test_a_broker_that_does_not_let_it_in_is_told_and_tried_again(
    site: Site, tmp_path: Path
) -> None:
    token, config = site.token(), tmp_path / "edge.yaml"
    site.stop_broker()
    short = "import edge.enrolment as e; e.UP_S = 1.0"
    code, err = patched(short, "edge", "enrol", token, "--config", str(config))
    assert (code, "the broker does not let it in" in err) == (1, True)
    assert config.exists()
    site.start_broker()
    assert kvartal("edge", "enrol", token, "--config", str(config))[0] == 0
