"""Edges that get their certificate from the gateway: tokens, enrolment, renewal, revocation."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from adapters.enrolment import Token, fingerprint, statement
from core.clock import SystemClock
from tests.gateway.conftest import started  # type: ignore[import-not-found]

Key = ec.EllipticCurvePrivateKey
BROKER = "mqtts://broker.example:8883"


@pytest.fixture
def play(tmp_path: Any, town: dict[str, Any]) -> Any:
    def run(scene: Any, clock: Any = None, **options: Any) -> None:
        async def body() -> None:
            given = {"edge_broker": BROKER} | options
            async with started(tmp_path, town, clock=clock, **given) as gateway:
                await scene(gateway)

        asyncio.run(body())

    return run


class MovedClock(SystemClock):
    moved = timedelta()

    def now(self) -> datetime:
        return super().now() + self.moved

    def monotonic(self) -> float:
        return super().monotonic() + self.moved.total_seconds()


async def token_for(gateway: Any, edge: str = "edge-1") -> Token:
    async with gateway.signed_in("administrator", "prirechye") as browser:
        answer = await browser.post(f"/api/v1/edges/{edge}/enrolment")
    assert answer.status_code == 200, answer.text
    return Token.read(answer.json()["token"])


def request_for(key: Any, name: str = "edge-1") -> x509.CertificateSigningRequest:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())


def form(token: Token, key: Any, **changes: Any) -> dict[str, Any]:
    request = request_for(key, token.edge)
    signature = token.key.sign(statement("enrolment", token.edge, request))
    return {
        "edge": token.edge,
        "request": request.public_bytes(Encoding.PEM).decode(),
        "signature": base64.b64encode(signature).decode(),
    } | changes


def renewal(
    present: x509.Certificate, holder: Key, key: Key, edge: str = "edge-1"
) -> dict[str, Any]:
    request = request_for(key)
    signature = holder.sign(statement("renewal", edge, request), ec.ECDSA(hashes.SHA256()))
    return {
        "edge": edge,
        "request": request.public_bytes(Encoding.PEM).decode(),
        "signature": base64.b64encode(signature).decode(),
        "certificate": present.public_bytes(Encoding.PEM).decode(),
    }


async def post(gateway: Any, path: str, body: dict[str, Any]) -> Any:
    async with gateway.browser() as edge:
        return await edge.post(f"/api/v1/{path}", json=body)


async def certified(gateway: Any, path: str, body: dict[str, Any]) -> x509.Certificate:
    answer = await post(gateway, path, body)
    assert answer.status_code == 200, answer.text
    return x509.load_pem_x509_certificate(answer.json()["certificate"].encode())


async def code(gateway: Any, path: str, body: dict[str, Any]) -> str:
    answer = await post(gateway, path, body)
    return str(answer.json()["type"]).removeprefix("urn:kvartal:problem:")


def key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def revoked(gateway: Any) -> set[int]:
    file = gateway.parts.authority.folder / "revoked.crl"
    return {each.serial_number for each in x509.load_pem_x509_crl(file.read_bytes())}


def test_an_edge_is_certified_by_its_token(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        token, own = await token_for(gateway), key()
        answer = (await post(gateway, "enrolment", form(token, own))).json()
        certificate = x509.load_pem_x509_certificate(answer["certificate"].encode())
        authority = x509.load_pem_x509_certificate(answer["authority"].encode())
        certificate.verify_directly_issued_by(authority)
        assert fingerprint(authority) == token.authority
        assert certificate.public_key() == own.public_key()
        assert [each.value for each in certificate.subject] == ["edge-1"]
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
        assert answer["broker"] == BROKER
        left = certificate.not_valid_after_utc - datetime.now(UTC)  # noqa: TID251 - real time
        assert timedelta(days=89) < left <= timedelta(days=90)

    play(scene)


def test_a_token_is_good_once_but_the_same_key_may_ask_again(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        token, own = await token_for(gateway), key()
        first = await certified(gateway, "enrolment", form(token, own))
        again = await certified(gateway, "enrolment", form(token, own))
        assert again.public_key() == first.public_key()
        assert revoked(gateway) == {first.serial_number}
        answer = await post(gateway, "enrolment", form(token, key()))
        assert (answer.status_code, "was used at" in answer.text) == (403, True)
        assert revoked(gateway) == {first.serial_number}

    play(scene)


def test_a_token_ends(play: Any) -> None:
    clock = MovedClock()

    async def scene(gateway: Any) -> None:
        token = await token_for(gateway)
        clock.moved = timedelta(hours=24, minutes=1)
        assert await code(gateway, "enrolment", form(token, key())) == "token_expired"

    play(scene, clock)


def test_a_newer_token_ends_the_one_before(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        old, new = await token_for(gateway), await token_for(gateway)
        assert await code(gateway, "enrolment", form(old, key())) == "token_unknown"
        await certified(gateway, "enrolment", form(new, key()))

    play(scene)


def test_what_somebody_in_between_has_changed_is_refused(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        token = await token_for(gateway)
        sent = form(token, key())
        other = request_for(key()).public_bytes(Encoding.PEM).decode()
        assert await code(gateway, "enrolment", sent | {"request": other}) == "token_unknown"
        assert await code(gateway, "enrolment", sent | {"edge": "edge-2"}) == "token_unknown"

    play(scene)


@pytest.mark.parametrize(
    "changes", [{"request": "no request"}, {"signature": "*"}, {"request": "", "signature": ""}]
)
def test_nonsense_is_refused(play: Any, changes: dict[str, str]) -> None:
    async def scene(gateway: Any) -> None:
        sent = form(await token_for(gateway), key(), **changes)
        assert await code(gateway, "enrolment", sent) == "bad_request"

    play(scene)


def test_a_key_of_another_kind_is_refused(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        sent = form(await token_for(gateway), rsa.generate_private_key(65537, 2048))
        answer = await post(gateway, "enrolment", sent)
        assert (answer.status_code, "P-256" in answer.text) == (400, True)

    play(scene)


def test_nobody_may_try_for_ever(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        sent = form(await token_for(gateway), key(), signature="AAAA")
        codes = [await code(gateway, "enrolment", sent) for _ in range(15)]
        assert set(codes[:10]) == {"token_unknown"}
        assert codes[-1] == "too_many_requests"

    play(scene)


def test_only_an_administrator_of_its_place_makes_a_token(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        for role, place, status in (
            ("dispatcher", "prirechye", 403),
            ("administrator", "left", 404),
        ):
            async with gateway.signed_in(role, place) as browser:
                for what in ("enrolment", "revocation"):
                    answer = await browser.post(f"/api/v1/edges/edge-1/{what}")
                    assert answer.status_code == status
        async with gateway.signed_in("administrator", "prirechye") as browser:
            answer = await browser.post("/api/v1/edges/edge-9/enrolment")
            assert answer.status_code == 404

    play(scene)


def test_the_store_does_not_hold_what_makes_a_token_good(play: Any, tmp_path: Any) -> None:
    async def scene(gateway: Any) -> None:
        token = await token_for(gateway)
        files = [each.read_bytes() for each in tmp_path.glob("kvartal.sqlite*")]
        assert any(token.public_key.hex().encode() in each for each in files)
        for secret in (token.seed, token.seed.hex().encode(), token.text().encode()):
            assert not any(secret in each for each in files)

    play(scene)


def test_an_edge_renews_by_its_present_certificate(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        old, new = key(), key()
        present = await certified(gateway, "enrolment", form(await token_for(gateway), old))
        renewed = await certified(gateway, "renewal", renewal(present, old, new))
        assert renewed.public_key() == new.public_key()
        assert revoked(gateway) == set()

    play(scene)


def test_another_key_than_the_certificates_renews_nothing(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        own = key()
        present = await certified(gateway, "enrolment", form(await token_for(gateway), own))
        stolen = renewal(present, key(), key())
        assert await code(gateway, "renewal", stolen) == "certificate_unknown"
        other = renewal(present, own, key(), edge="edge-2")
        assert await code(gateway, "renewal", other) in {"certificate_unknown", "token_unknown"}

    play(scene)


def test_an_edge_that_is_revoked_renews_nothing(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        own = key()
        present = await certified(gateway, "enrolment", form(await token_for(gateway), own))
        async with gateway.signed_in("administrator", "prirechye") as browser:
            answer = await browser.post("/api/v1/edges/edge-1/revocation")
        assert answer.json() == {"edge": "edge-1", "certificates": 1}
        assert revoked(gateway) == {present.serial_number}
        assert await code(gateway, "renewal", renewal(present, own, key())) == "certificate_revoked"

    play(scene)


def test_a_certificate_that_has_ended_renews_nothing(play: Any) -> None:
    clock = MovedClock()

    async def scene(gateway: Any) -> None:
        own = key()
        present = await certified(gateway, "enrolment", form(await token_for(gateway), own))
        clock.moved = timedelta(days=91)
        assert await code(gateway, "renewal", renewal(present, own, key())) == "certificate_expired"

    play(scene, clock)


def test_a_broken_list_is_written_again_at_the_start(play: Any, tmp_path: Any) -> None:
    serials = []

    async def before(gateway: Any) -> None:
        token, own = await token_for(gateway), key()
        serials.append((await certified(gateway, "enrolment", form(token, own))).serial_number)
        async with gateway.signed_in("administrator", "prirechye") as browser:
            await browser.post("/api/v1/edges/edge-1/revocation")

    async def after(gateway: Any) -> None:
        assert revoked(gateway) == set(serials)

    play(before)
    (tmp_path / "authority" / "revoked.crl").write_text("")
    play(after)
    assert (tmp_path / "authority" / "authority.key").stat().st_mode & 0o777 == 0o600


def test_without_https_no_token_leaves_for_another_machine(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.signed_in("administrator", "prirechye") as browser:
            answer = await browser.post("/api/v1/edges/edge-1/enrolment")
        assert (answer.status_code, "Set public_url" in answer.text) == (409, True)

    play(scene, public_url="http://gateway.example")
