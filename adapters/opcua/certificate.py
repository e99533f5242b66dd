"""The edge's own application certificate, made on first use and kept (Part 6, 6.2.2)."""

import os
import shutil
import socket
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = timedelta(days=3650)  # a server trusts this one certificate, by hand; it must last
EARLIER = timedelta(days=1)  # for a server whose clock is behind
KEY_BITS = 2048  # Basic256Sha256 takes 2048 to 4096 (Part 7, 6.6.165)


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """certificate: DER. key: PEM. uri: the application's, as the certificate says it."""

    certificate: Path
    key: Path
    uri: str
    fingerprint: str


def own_certificate(folder: Path, now: datetime) -> OwnCertificate:
    """Give the certificate below `folder`/own; make it where there is none. Blocking."""
    own = folder / "own"
    if not (own / "certificate.der").exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix="making-", dir=folder))  # for its user alone
        make_certificate(made, now)
        try:
            made.rename(own)  # whole or not at all
        except OSError:  # another line was faster
            shutil.rmtree(made)
    certificate = x509.load_der_x509_certificate((own / "certificate.der").read_bytes())
    return OwnCertificate(
        own / "certificate.der", own / "key.pem", uris_of(certificate)[0], fingerprint(certificate)
    )


def make_certificate(folder: Path, now: datetime) -> None:
    """Write a new self-signed certificate and its key into a folder."""
    host = socket.gethostname()
    uri = f"urn:{host}:kvartal:edge"
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Kvartal edge on {host}"[:64])])
    # Which bits must be set is in Part 6, 6.2.2, table 43.
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=True,
        data_encipherment=True, key_agreement=False, key_cert_sign=True, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + VALID)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri), x509.DNSName(host)]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.der").write_bytes(certificate.public_bytes(Encoding.DER))
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle = os.open(folder / "key.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(text)


def uris_of(certificate: x509.Certificate) -> list[str]:
    """Give the application URIs that a certificate is for; nothing where it names none."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def fingerprint(certificate: x509.Certificate) -> str:
    """Give SHA-256 over the DER bytes as panels show it: AB:CD:…"""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
