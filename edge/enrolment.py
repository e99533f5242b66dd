"""`kvartal edge enrol`: a key made here, a certificate for it from the gateway, and edge.yaml.

Every step can be done again: what was written is whole, and the token is good for the same key
until it ends. The key never leaves this machine.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from adapters import wire
from adapters.document import read_document
from adapters.enrolment import Token, statement
from adapters.mqtt.link import MqttLink
from adapters.private_file import write_whole
from core.clock import SystemClock
from core.errors import ConfigError, EndpointError
from edge.gateway_call import ask_gateway
from edge.identity import Identity, answered, asking, make_key, pem_of, request_for
from edge.settings import EdgeSettings, load_settings
from edge.settings_text import changed

FOLDER = "identity"
CERTIFICATE, AUTHORITY = "edge.pem", "authority.pem"
UP_S = 20.0
PUBLIC = 0o644


def enrol(
    token: Token,
    config: Path,
    data_dir: Path | None,
    *,
    force: bool = False,
    ca_file: Path | None = None,
) -> Iterator[str]:
    """Enrol this machine as the token's edge, and give what to tell, step by step.

    ConfigError says what is in the way; nothing that was there before is spoilt by it. Retryable
    or Permanent: everything is written, but the broker does not let the edge in.
    """
    settings = _settings(token, config, data_dir, force=force, ca_file=ca_file)
    folder = config.resolve().parent / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = _key(folder, token)
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: {error.strerror}") from error
    request = request_for(key, token.edge)
    signature = token.key.sign(statement("enrolment", token.edge, request))
    try:
        found = ask_gateway(
            token.gateway, "enrolment", asking(token.edge, request, signature), ca_file
        )
        identity, authority = answered(found, token.edge, key, {token.authority})
    except EndpointError as error:
        raise ConfigError(str(error)) from error
    _look_at_the_clock(identity, found)
    try:
        _keep(folder, config, identity, authority, settings | {"broker": found.get("broker")})
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: {error.strerror}") from error
    yield f"{token.edge} is enrolled; its certificate is good until {_day(identity)}"
    asyncio.run(_be_let_in(load_settings(config)))
    _pending(folder, token).unlink(missing_ok=True)
    yield f"the broker {found['broker']} lets it in"
    yield f"next: kvartal edge run --config {config}"


def _settings(
    token: Token, config: Path, data_dir: Path | None, *, force: bool, ca_file: Path | None
) -> dict[str, Any]:
    """Give what edge.yaml is to hold; what else stands in it stays."""
    content: dict[str, Any] = {}
    if config.exists():
        found = read_document(config).content
        if found is not None and not isinstance(found, dict):
            raise ConfigError(f"{config}: wanted a mapping of keys; give another file")
        content = {str(key): value for key, value in (found or {}).items()}
    owner = content.get("id", token.edge)
    if owner != token.edge and not force:
        raise ConfigError(
            f"{config}: is the one of {owner}, and the token is for {token.edge}: give another "
            "--config, or --force to write over it"
        )
    for key in ("broker_key_file", "broker_password_file", "broker_user"):
        content.pop(key, None)
    if data_dir is not None or "data_dir" not in content or owner != token.edge:
        other = "data" if owner == token.edge else f"data-{token.edge}"
        content["data_dir"] = str(data_dir.resolve()) if data_dir else other
    trusted = {} if ca_file is None else {"gateway_ca_file": str(ca_file.resolve())}
    return {
        "id": token.edge,
        **{key: value for key, value in content.items() if key != "id"},
        "broker_ca_file": f"{FOLDER}/{AUTHORITY}",
        "broker_certificate_file": f"{FOLDER}/{CERTIFICATE}",
        "gateway": token.gateway,
        **trusted,
    }


def _pending(folder: Path, token: Token) -> Path:
    """Give where the key waits for its certificate; another token has another one."""
    return folder / f"{hashlib.sha256(token.public_key).hexdigest()[:16]}.key"


def _key(folder: Path, token: Token) -> ec.EllipticCurvePrivateKey:
    """Make the key, or go on with the one of a try that was cut off."""
    file = _pending(folder, token)
    if file.exists():
        key = load_pem_private_key(file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we write no others
        return key
    made = make_key()
    write_whole(file, pem_of(made))
    return made


def _look_at_the_clock(identity: Identity, found: dict[str, Any]) -> None:
    """ConfigError where this machine's clock would let it refuse every certificate."""
    now, certificate = SystemClock().now(), identity.certificate
    if certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return
    raise ConfigError(
        f"the clock of this machine says {_minute(now)}, the gateway's {found.get('now')}: set it "
        "(timedatectl set-ntp true) and run this again"
    )


def _keep(
    folder: Path,
    config: Path,
    identity: Identity,
    authority: x509.Certificate,
    settings: dict[str, Any],
) -> None:
    """Write everything, edge.yaml last: until then a former identity is what it names."""
    text = changed(config.read_text(encoding="utf-8") if config.exists() else "", settings)
    try:
        EdgeSettings.model_validate(settings)
    except ValueError as error:
        raise ConfigError(f"{config} cannot hold what the gateway says: {error}") from error
    write_whole(folder / AUTHORITY, authority.public_bytes(Encoding.PEM), PUBLIC)
    identity.write(folder / CERTIFICATE)
    write_whole(config.resolve(), text.encode())


async def _be_let_in(settings: EdgeSettings) -> None:
    """Connect to the broker once, as the edge will."""
    async with MqttLink(
        settings.broker,
        settings.client_id,
        settings.user,
        tls=settings.broker_tls,
        subscriptions=[wire.down(settings.id, "#")],
    ) as link:
        await link.until_up(UP_S)


def _day(identity: Identity) -> str:
    return f"{identity.certificate.not_valid_after_utc:%Y-%m-%d}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
