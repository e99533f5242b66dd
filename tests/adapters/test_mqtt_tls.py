"""The MQTT adapter and the link with TLS, against a real mosquitto."""

import asyncio
import contextlib
import hashlib
import shutil
import ssl
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from adapters.mqtt.adapter import open_mqtt
from adapters.mqtt.intake import LARGEST_PACKET
from adapters.mqtt.link import MqttLink
from adapters.mqtt.tls import tls_context
from core.clock import SystemClock
from core.errors import EndpointError, Permanent
from core.readings import Readings
from core.registry import Endpoint
from tests.adapters.certificates import Authority
from tests.adapters.conftest import running_broker
from tests.adapters.secured_broker import secured
from tests.adapters.test_mqtt_payloads import points_of, profile
from tests.edge.stand import eventually
from tests.ports import free_port

MODEL = profile({"t": {"topic": "tls", "field": "/t"}})


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def heard(port: int, host: str = "localhost", **options: object) -> float:
    """Give the value that comes through the adapter, published by a client of its own."""
    endpoint = Endpoint(
        id="line", edge="edge-1", protocol="mqtt", address=f"mqtts://{host}:{port}",
        options={name: str(value) for name, value in options.items()},
    )  # fmt: skip
    points = points_of(MODEL, ["1"], {})

    async def run() -> float:
        async with open_mqtt(endpoint, points, SystemClock()) as connection:
            connection.link.publish("tls", b'{"t": 7}')
            async with asyncio.timeout(10), contextlib.aclosing(connection.stream()) as stream:  # type: ignore[type-var]
                item = await anext(stream)
                assert isinstance(item, Readings)
                return float(item.value[0])

    return asyncio.run(run())


def refused(port: int, host: str = "localhost", **options: object) -> str:
    with pytest.raises(Permanent) as refusal:
        heard(port, host, **options)
    return str(refusal.value)


def test_a_broker_with_a_certificate_of_the_stated_authority_is_trusted(
    authority: Authority,
) -> None:
    with secured(authority, authority.sign("server")) as port:
        assert heard(port, ca_file=authority.file) == 7


def test_a_broker_of_another_authority_is_refused_with_the_fingerprint(
    authority: Authority,
) -> None:
    server = authority.sign("server")
    other = Authority(authority.folder, "Other authority")
    shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(server[0].read_text())).hexdigest()
    with secured(authority, server) as port:
        text = refused(port, ca_file=other.file)
    assert "is refused: self-signed certificate in certificate chain" in text
    assert shown in text


def test_without_a_stated_authority_only_those_of_the_system_are_trusted(
    authority: Authority,
) -> None:
    with secured(authority, authority.sign("server")) as port:
        assert "the broker's certificate is refused" in refused(port)


def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    server = authority.sign("server", until=timedelta(days=-1))
    with secured(authority, server) as port:
        assert "certificate has expired" in refused(port, ca_file=authority.file)


def test_a_certificate_of_another_host_is_refused(authority: Authority) -> None:
    server = authority.sign("server", host="broker.example", address="192.0.2.1")
    with secured(authority, server) as port:
        assert "not valid for 'localhost'" in refused(port, ca_file=authority.file)


def test_a_client_is_known_by_its_certificate(authority: Authority) -> None:
    certificate, key = authority.sign("edge-1")
    only_known = ["require_certificate true", "use_identity_as_username true"]
    with secured(authority, authority.sign("server"), *only_known) as port:
        value = heard(port, ca_file=authority.file, certificate_file=certificate, key_file=key)
    assert value == 7


def test_a_client_without_a_certificate_is_told_that_one_is_wanted(authority: Authority) -> None:
    with secured(authority, authority.sign("server"), "require_certificate true") as port:
        text = refused(port, ca_file=authority.file)
    assert "refuses the client: certificate required" in text


def test_a_client_whose_certificate_has_expired_is_told_so(authority: Authority) -> None:
    certificate, key = authority.sign("edge-1", until=timedelta(days=-1))
    with secured(authority, authority.sign("server"), "require_certificate true") as port:
        text = refused(port, ca_file=authority.file, certificate_file=certificate, key_file=key)
    assert "refuses the client: certificate expired" in text


def test_a_client_of_another_authority_is_told_so(authority: Authority) -> None:
    certificate, key = Authority(authority.folder, "Other authority").sign("edge-1")
    with secured(authority, authority.sign("server"), "require_certificate true") as port:
        text = refused(port, ca_file=authority.file, certificate_file=certificate, key_file=key)
    assert "refuses the client: unknown ca" in text


def test_a_file_that_is_not_there_is_named(authority: Authority) -> None:
    assert refused(1, ca_file="/nowhere/ca.pem") == "/nowhere/ca.pem: No such file or directory"


def test_a_file_that_holds_no_certificate_is_named(authority: Authority) -> None:
    nothing = authority.folder / "nothing.pem"
    nothing.write_text("nothing")
    assert f"{nothing}: " in refused(1, ca_file=nothing)


def test_a_key_of_another_certificate_is_named(authority: Authority) -> None:
    certificate, _ = authority.sign("one")
    _, key = authority.sign("two")
    text = refused(1, ca_file=authority.file, certificate_file=certificate, key_file=key)
    assert "KEY_VALUES_MISMATCH" in text


def test_nobody_is_asked_for_the_password_of_a_key(authority: Authority) -> None:
    certificate, key = authority.sign("edge-1")
    plain = serialization.load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"a word"),
        )
    )
    text = refused(1, ca_file=authority.file, certificate_file=certificate, key_file=key)
    assert text == f"{key}: wanted a key without a password"


def test_certificates_without_tls_are_a_mistake(authority: Authority) -> None:
    endpoint = Endpoint(
        id="line", edge="e", protocol="mqtt", address="mqtt://localhost",
        options={"ca_file": str(authority.file)},
    )  # fmt: skip

    async def run() -> None:
        async with open_mqtt(endpoint, points_of(MODEL, ["1"], {}), SystemClock()):
            pass

    with pytest.raises(Permanent, match="line: certificates need mqtts://"):
        asyncio.run(run())


def test_replaced_files_are_taken_up_when_the_link_comes_back(authority: Authority) -> None:
    """The broker is followed by one of another authority, and so is our certificate."""
    server, files = authority.sign("server"), authority.sign("edge-1")
    ca, (certificate, key) = authority.folder / "ca.pem", files
    shutil.copy(authority.file, ca)
    known = "require_certificate true"
    port = free_port()

    async def run() -> None:
        with ExitStack() as brokers:
            brokers.enter_context(secured(authority, server, known, port=port))
            async with MqttLink(
                f"mqtts://localhost:{port}",
                "one",
                tls=lambda: tls_context(str(ca), str(certificate), str(key)),
            ) as link:
                await link.until_up(10)
                (authority.folder / "new").mkdir()
                new = Authority(authority.folder / "new")
                shutil.copy(new.file, ca)
                for old, renewed in zip(files, new.sign("edge-1"), strict=True):
                    shutil.copy(renewed, old)
                brokers.close()
                await eventually(lambda: not link.is_up)
                with secured(new, new.sign("server"), known, port=port):
                    await link.until_up(20)

    asyncio.run(run())


def test_a_large_message_passes_through_tls_both_ways(authority: Authority) -> None:
    payload = bytes(range(256)) * 16_384  # 4 MiB

    async def run(port: int) -> tuple[str, bytes]:
        context = tls_context(str(authority.file))
        async with MqttLink(
            f"mqtts://localhost:{port}", "one", tls=lambda: context, subscriptions=["town/#"]
        ) as link:
            await link.until_up(5)
            link.publish("town/large", payload)
            async with asyncio.timeout(10), contextlib.aclosing(link.messages()) as batches:
                return (await anext(batches))[0]

    with secured(authority, authority.sign("server")) as port:
        assert asyncio.run(run(port)) == ("town/large", payload)


def test_a_message_beyond_the_limit_is_held_back_by_the_broker(authority: Authority) -> None:
    context = tls_context(str(authority.file))
    foreign = Client(CallbackAPIVersion.VERSION2, "foreign", protocol=MQTTv5)
    foreign.tls_set_context(context)

    async def run(port: int) -> tuple[str, bytes]:
        url = f"mqtts://localhost:{port}"
        async with MqttLink(url, "one", tls=lambda: context, subscriptions=["town/#"]) as link:
            await link.until_up(5)
            foreign.connect("localhost", port)
            foreign.loop_start()
            foreign.publish("town/huge", bytes(LARGEST_PACKET), qos=1).wait_for_publish(10)
            foreign.publish("town/small", b"1", qos=1).wait_for_publish(10)
            async with asyncio.timeout(10), contextlib.aclosing(link.messages()) as batches:
                return (await anext(batches))[0]

    with secured(authority, authority.sign("server")) as port:
        try:
            assert asyncio.run(run(port)) == ("town/small", b"1")
        finally:
            foreign.disconnect()
            foreign.loop_stop()


def test_a_port_without_tls_is_not_waited_for(tmp_path: Path) -> None:
    with running_broker(tmp_path, "mosquitto") as (url, _process):
        port = int(url.rpartition(":")[2])
        with pytest.raises(EndpointError, match=f"localhost:{port}"):
            heard(port)
