"""Who the edge is towards the broker: a key that it made itself, and the certificate for it.

Both stand in one file, so that they are replaced together or not at all.
"""

import base64
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from adapters.enrolment import fingerprint, statement
from adapters.private_file import write_whole
from core.errors import ConfigError, Permanent

RENEW_AT = 1 / 3  # of its time that is left


@dataclass(frozen=True, slots=True)
class Identity:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def left_s(self, now: datetime) -> float:
        """Give the seconds that the certificate is good for; negative once it has ended."""
        return (self.certificate.not_valid_after_utc - now).total_seconds()

    def is_to_be_renewed(self, now: datetime) -> bool:
        whole = self.certificate.not_valid_after_utc - self.certificate.not_valid_before_utc
        return self.left_s(now) < RENEW_AT * whole.total_seconds()

    def write(self, file: Path) -> None:
        """OSError where it cannot be kept; the former one stands then."""
        write_whole(file, pem_of(self.key) + self.certificate.public_bytes(Encoding.PEM))


def read_identity(file: Path) -> Identity:
    """Read key and certificate. ConfigError where they are not there, or not of each other."""
    try:
        content = file.read_bytes()
        key = load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{file}: wanted a key and its certificate in PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigError(f"{file}: wanted a key on a curve")
    if key.public_key() != certificate.public_key():
        raise ConfigError(f"{file}: the key is not that of the certificate")
    return Identity(key, certificate)


def make_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def request_for(key: ec.EllipticCurvePrivateKey, edge: str) -> x509.CertificateSigningRequest:
    """Ask for a certificate for this key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, edge)])
    return x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())


def asking(edge: str, request: x509.CertificateSigningRequest, signature: bytes) -> dict[str, Any]:
    """Give what is sent to the gateway."""
    return {
        "edge": edge,
        "request": request.public_bytes(Encoding.PEM).decode(),
        "signature": base64.b64encode(signature).decode(),
    }


def asking_again(
    edge: str, request: x509.CertificateSigningRequest, present: Identity
) -> dict[str, Any]:
    """Give what is sent to the gateway for a renewal."""
    said = statement("renewal", edge, request)
    signature = present.key.sign(said, ec.ECDSA(hashes.SHA256()))
    certificate = present.certificate.public_bytes(Encoding.PEM).decode()
    return {**asking(edge, request, signature), "certificate": certificate}


def answered(
    found: dict[str, Any],
    edge: str,
    key: ec.EllipticCurvePrivateKey,
    authorities: Collection[bytes],
) -> tuple[Identity, x509.Certificate]:
    """Give what the gateway certified, and its authority. Permanent where that is not so.

    authorities: fingerprints of those that are believed, whoever stands in between.
    """
    try:
        signer = x509.load_pem_x509_certificate(str(found["authority"]).encode())
        certificate = x509.load_pem_x509_certificate(str(found["certificate"]).encode())
    except (KeyError, ValueError) as error:
        raise Permanent("the gateway's answer has no certificate in PEM") from error
    if fingerprint(signer) not in authorities:
        raise Permanent(
            "the gateway's authority is not the one that this edge knows: somebody stands in "
            "between, or the gateway has a new authority; enrol with a new token"
        )
    try:
        certificate.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise Permanent("the certificate in the answer is not signed by the authority") from error
    name = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if [each.value for each in name] != [edge] or certificate.public_key() != key.public_key():
        raise Permanent("the certificate in the answer is for another edge or another key")
    return Identity(key, certificate), signer
