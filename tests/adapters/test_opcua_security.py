"""Whom the edge believes to be the server, and how it says who it is itself."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.server.user_managers import User, UserRole

from adapters.opcua.certificate import own_certificate
from core.clock import SystemClock
from core.errors import Permanent
from tests.adapters.conformance import run
from tests.adapters.opcua_certificates import DAY, NOW, Made, make, put, revoking
from tests.adapters.opcua_rig import URI, ServerThread, opened, points_of, profile, reading

SERVER_URI = "urn:test:plant"
POLICIES = [
    ua.SecurityPolicyType.Basic256Sha256_Sign,
    ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
]
POINTS = points_of(profile({"level": "nsu=urn:test;s={unit}.level"}))


PERSON = make("operator")


class OpenDoor:
    """Lets in anybody without a name, and one name with its password."""

    def get_user(
        self, _server: Any, username: Any = None, password: Any = None, **_more: Any
    ) -> User | None:
        knows = username is None or (username, password) == ("operator", "s3cret")
        return User(role=UserRole.User) if knows else None


class OnePerson:
    """Lets in only who shows a certificate of one person."""

    def get_user(self, _server: Any, *, certificate: Any, **_more: Any) -> User | None:
        return User(role=UserRole.User) if certificate == PERSON.der else None


@dataclass
class Plant:
    server: ServerThread
    shown: Made

    @property
    def address(self) -> str:
        return self.server.address


def serving(shown: Made) -> ServerThread:
    async def build(it: ServerThread) -> None:
        await it.server.set_application_uri(SERVER_URI)
        it.server.set_security_policy(POLICIES)
        await it.server.load_certificate(shown.der, "der")
        await it.server.load_private_key(shown.key_pem, format="pem")
        it.server.iserver.user_manager = OpenDoor()
        await it.server.register_namespace(URI)
        await it.variable("ns=2;s=P1.level", 3.5, ua.VariantType.Double)

    return ServerThread(build)


@pytest.fixture(scope="module")
def authority() -> Made:
    return make("Authority", is_authority=True)


@pytest.fixture(scope="module")
def plant(authority: Made) -> Iterator[Plant]:
    shown = make("Plant", SERVER_URI, issuer=authority)
    with serving(shown) as server:
        yield Plant(server, shown)


@pytest.fixture(scope="module")
def stale_plant() -> Iterator[Plant]:
    """A server whose certificate has ended."""
    shown = make("Old plant", SERVER_URI, ends=NOW - DAY)
    with serving(shown) as server:
        yield Plant(server, shown)


@pytest.fixture(scope="module")
def false_plant() -> Iterator[Plant]:
    """A server with a certificate that was made for another application."""
    shown = make("Other plant", "urn:test:other")
    with serving(shown) as server:
        yield Plant(server, shown)


async def level(plant: Plant, folder: Path, **options: Any) -> float:
    async with reading(plant.address, POINTS, folder, **options) as line:
        await line.until_read()
        return line.values["pump.level"]


@pytest.mark.parametrize("security", ["sign", "sign_and_encrypt"])
def test_a_server_with_the_pinned_certificate_is_read(
    plant: Plant, tmp_path: Path, security: str
) -> None:
    pin = plant.shown.fingerprint
    assert run(level(plant, tmp_path, security=security, server_fingerprint=pin)) == 3.5


def test_a_server_that_a_trusted_authority_vouches_for_is_read(
    plant: Plant, authority: Made, tmp_path: Path
) -> None:
    put(tmp_path, "trusted", "authority.pem", authority.pem)
    assert run(level(plant, tmp_path, security="sign_and_encrypt")) == 3.5


def test_a_server_whose_own_certificate_is_trusted_is_read(plant: Plant, tmp_path: Path) -> None:
    put(tmp_path, "trusted", "plant.der", plant.shown.der)
    assert run(level(plant, tmp_path, security="sign_and_encrypt")) == 3.5


def test_with_an_empty_list_nobody_is_trusted(plant: Plant, tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="unknown, for no certificate is trusted yet") as refusal:
        run(level(plant, tmp_path, security="sign"))
    assert plant.shown.fingerprint in str(refusal.value)


def test_an_unknown_certificate_is_refused_and_kept_for_a_person_to_judge(
    plant: Plant, tmp_path: Path
) -> None:
    put(tmp_path, "trusted", "stranger.pem", make("Stranger", "urn:stranger").pem)
    with pytest.raises(Permanent, match="certificate is unknown; its SHA-256") as refusal:
        run(level(plant, tmp_path, security="sign"))
    assert plant.shown.fingerprint in str(refusal.value)
    assert (tmp_path / "rejected" / "line.der").read_bytes() == plant.shown.der


def test_another_certificate_than_the_pinned_one_is_refused(
    plant: Plant, authority: Made, tmp_path: Path
) -> None:
    put(tmp_path, "trusted", "authority.pem", authority.pem)
    with pytest.raises(Permanent, match="is not the one wanted, AA:"):
        run(level(plant, tmp_path, security="sign", server_fingerprint=":".join(["AA"] * 32)))


def test_a_revoked_certificate_is_refused_though_its_authority_is_trusted(
    plant: Plant, authority: Made, tmp_path: Path
) -> None:
    put(tmp_path, "trusted", "authority.pem", authority.pem)
    put(tmp_path, "revoked", "list.pem", revoking(authority, plant.shown))
    with pytest.raises(Permanent, match="certificate is revoked"):
        run(level(plant, tmp_path, security="sign"))


def test_a_revoked_certificate_is_refused_though_it_is_pinned(
    plant: Plant, authority: Made, tmp_path: Path
) -> None:
    put(tmp_path, "revoked", "list.pem", revoking(authority, plant.shown))
    with pytest.raises(Permanent, match="certificate is revoked"):
        run(level(plant, tmp_path, security="sign", server_fingerprint=plant.shown.fingerprint))


def test_a_list_under_a_name_that_would_not_be_read_is_told(
    plant: Plant, authority: Made, tmp_path: Path
) -> None:
    put(tmp_path, "revoked", "list.crl", revoking(authority, plant.shown))
    with pytest.raises(Permanent, match=r"list\.crl would not be read"):
        run(level(plant, tmp_path, security="sign", server_fingerprint=plant.shown.fingerprint))


def test_an_expired_certificate_is_refused(stale_plant: Plant, tmp_path: Path) -> None:
    put(tmp_path, "trusted", "plant.der", stale_plant.shown.der)
    with pytest.raises(Permanent, match=f"is valid from .* to {NOW - DAY:%Y-%m-%d} only"):
        run(level(stale_plant, tmp_path, security="sign"))


def test_a_certificate_for_another_application_is_refused(
    false_plant: Plant, tmp_path: Path
) -> None:
    put(tmp_path, "trusted", "plant.der", false_plant.shown.der)
    wanted = f"is for urn:test:other, but the server calls itself {SERVER_URI}"
    with pytest.raises(Permanent, match=wanted):
        run(level(false_plant, tmp_path, security="sign"))


def test_security_that_the_server_does_not_offer_is_permanent(plant: Plant, tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="refused: No matching endpoints"):
        run(level(plant, tmp_path))  # without security, which this server wants


def test_a_name_and_its_password_are_taken(plant: Plant, tmp_path: Path) -> None:
    who = {"username": "operator", "password": "s3cret"}
    pin = plant.shown.fingerprint
    found = run(level(plant, tmp_path, security="sign", server_fingerprint=pin, **who))
    assert found == 3.5


def test_a_wrong_password_is_permanent_and_not_shown(plant: Plant, tmp_path: Path) -> None:
    who = {"username": "operator", "password": "wr0ng"}
    pin = plant.shown.fingerprint
    with pytest.raises(Permanent, match="user operator is refused") as refusal:
        run(level(plant, tmp_path, security="sign", server_fingerprint=pin, **who))
    assert "wr0ng" not in str(refusal.value)


@pytest.fixture
def plant_for_one(plant: Plant) -> Iterator[Plant]:
    plant.server.server.iserver.user_manager = OnePerson()
    yield plant
    plant.server.server.iserver.user_manager = OpenDoor()


def test_a_certificate_says_who_we_are(plant_for_one: Plant, tmp_path: Path) -> None:
    (tmp_path / "operator.pem").write_bytes(PERSON.pem + PERSON.key_pem)
    who = {"user_certificate_file": str(tmp_path / "operator.pem")}
    pin = plant_for_one.shown.fingerprint
    found = run(level(plant_for_one, tmp_path, security="sign", server_fingerprint=pin, **who))
    assert found == 3.5


def test_a_person_whom_the_server_does_not_know_is_permanent(
    plant_for_one: Plant, tmp_path: Path
) -> None:
    stranger = make("stranger")
    (tmp_path / "who.pem").write_bytes(stranger.pem + stranger.key_pem)
    who = {"user_certificate_file": str(tmp_path / "who.pem")}
    pin = plant_for_one.shown.fingerprint
    with pytest.raises(Permanent, match=r"the certificate .*who\.pem is refused"):
        run(level(plant_for_one, tmp_path, security="sign", server_fingerprint=pin, **who))


def test_a_password_is_not_sent_unprotected() -> None:
    async def test() -> None:
        async with opened("opc.tcp://127.0.0.1:1", username="operator", password="s3cret"):
            pass

    with pytest.raises(Permanent, match="an identity is not sent unprotected") as refusal:
        run(test())
    assert "s3cret" not in str(refusal.value)


def test_an_option_that_is_not_known_is_named() -> None:
    async def test() -> None:
        async with opened("opc.tcp://127.0.0.1:1", securty="sign"):
            pass

    with pytest.raises(Permanent, match=r"line: options\.securty: .* did you mean security\?"):
        run(test())


def test_our_own_certificate_is_made_once(tmp_path: Path) -> None:
    first = own_certificate(tmp_path, SystemClock().now())
    again = own_certificate(tmp_path, SystemClock().now())
    assert first == again
    assert first.uri.startswith("urn:")
    assert first.uri.endswith(":kvartal:edge")


def test_the_key_of_our_certificate_is_for_its_user_alone(tmp_path: Path) -> None:
    own = own_certificate(tmp_path, SystemClock().now())
    assert stat.S_IMODE(own.key.stat().st_mode) == 0o600
