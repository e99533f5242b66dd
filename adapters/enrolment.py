"""How an edge gets its certificate: what its token says, and what it signs.

A token holds a private key made for one enrolment, and the fingerprint of the gateway's authority.
The gateway keeps the public key alone. The edge makes a key of its own, and signs its certificate
request with the token's: so nothing that goes over the line lets somebody in between take the
place of either side. Whoever reads the token itself can; it is good once, and not for long.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Literal, Self
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.errors import ConfigError

MARK = "kvartal1."
CHECK = 4  # bytes of a checksum, for a token that was copied in part
DAMAGED = "the token is damaged: copy the whole of it, in one line"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
Purpose = Literal["enrolment", "renewal"]


class _Content(msgspec.Struct, array_like=True):
    gateway: str
    edge: str
    seed: bytes
    authority: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """gateway: URL. seed: of the private key. authority: SHA-256 of its certificate in DER."""

    gateway: str
    edge: str
    seed: bytes = field(repr=False)
    authority: bytes

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public_key(self) -> bytes:
        """Give what the gateway keeps of it."""
        return self.key.public_key().public_bytes_raw()

    def text(self) -> str:
        """Give what a person copies: URL-safe characters in one line."""
        content = msgspec.msgpack.encode(
            _Content(self.gateway, self.edge, self.seed, self.authority)
        )
        checked = content + hashlib.sha256(content).digest()[:CHECK]
        return MARK + base64.urlsafe_b64encode(checked).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a token. ConfigError where it is none, or not the whole of one."""
        mark, body = text[: len(MARK)], text[len(MARK) :].strip()
        if mark != MARK:
            raise ConfigError(f"the token is none: wanted one that begins with {MARK}")
        try:
            checked = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
            content, check = checked[:-CHECK], checked[-CHECK:]
            found = msgspec.msgpack.decode(content, type=_Content)
        except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
            raise ConfigError(DAMAGED) from error
        if hashlib.sha256(content).digest()[:CHECK] != check:
            raise ConfigError(DAMAGED)
        if wrong := wrong_with_gateway(found.gateway):
            raise ConfigError(f"the token's gateway {found.gateway}: {wrong}")
        return cls(
            gateway=found.gateway, edge=found.edge, seed=found.seed, authority=found.authority
        )


def wrong_with_gateway(url: str) -> str:
    """Say why no edge may ask this gateway for a certificate; empty where it may."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return ""
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return ""
    return "wanted https://; http:// is for this machine alone"


def statement(purpose: Purpose, edge: str, request: x509.CertificateSigningRequest) -> bytes:
    """Give the bytes that whoever asks for a certificate signs."""
    said = f"kvartal {purpose} 1\n{edge}\n".encode()
    return said + request.public_bytes(Encoding.DER)


def is_signed(
    public_key: bytes, signature: bytes, edge: str, request: x509.CertificateSigningRequest
) -> bool:
    """Tell whether the holder of the token signed this request."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            signature, statement("enrolment", edge, request)
        )
    except InvalidSignature:
        return False
    return True


def fingerprint(certificate: x509.Certificate) -> bytes:
    """Give the SHA-256 of a certificate in DER."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()


def key_hash(request: x509.CertificateSigningRequest) -> str:
    """Give the SHA-256 of the key that a certificate is wanted for, in hex digits."""
    return hashlib.sha256(
        request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()
