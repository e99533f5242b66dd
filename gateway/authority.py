"""The gateway's authority: signs for its edges, for the broker and for itself, and calls back.

Its key is a file of the data folder that no other user can read. Whoever has it can be any edge.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from adapters.enrolment import fingerprint
from adapters.private_file import write_whole
from core.errors import ConfigError

CERTIFICATE, KEY, REVOKED = "authority.pem", "authority.key", "revoked.crl"
OWN_YEARS = 20
EARLIER = timedelta(hours=1)  # by so much may the clock of whoever checks be behind
# A broker lets nobody in once its list is out of date; it is renewed when there is news.
LIST_GOOD_FOR = timedelta(days=3650)
PUBLIC = 0o644


class Authority:
    """Get it from `open_authority`."""

    def __init__(
        self, folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> None:
        self.folder = folder
        self.certificate = certificate
        self._key = key

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate."""
        return fingerprint(self.certificate)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def sign_client(
        self, name: str, key: ec.EllipticCurvePublicKey, now: datetime, good_for: timedelta
    ) -> x509.Certificate:
        """Certify who somebody is towards the broker."""
        return self._sign(_builder(name, key, now, good_for, ExtendedKeyUsageOID.CLIENT_AUTH))

    def sign_server(
        self,
        hosts: Sequence[str],
        key: ec.EllipticCurvePublicKey,
        now: datetime,
        good_for: timedelta,
    ) -> x509.Certificate:
        """Certify that a server is the one of these names and addresses."""
        builder = _builder(hosts[0], key, now, good_for, ExtendedKeyUsageOID.SERVER_AUTH)
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        return self._sign(builder.add_extension(names, critical=False))

    def _sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        issuer = self._key.public_key()
        return (
            builder.issuer_name(self.certificate.subject)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )

    def has_signed(self, certificate: x509.Certificate) -> bool:
        """Tell whether a certificate is ours; whether it is good still is another question."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def write_list(self, revoked: Iterable[tuple[int, datetime]], now: datetime) -> None:
        """Write the list of those that are called back, with since when, for the broker."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - EARLIER)
            .next_update(now + LIST_GOOD_FOR)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
        )
        for serial, since in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(since)
                .build()
            )
        signed = builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
        write_whole(self.folder / REVOKED, signed, PUBLIC)


def open_authority(folder: Path, now: datetime) -> Authority:
    """Give the authority of a folder, and make it where there is none yet.

    ConfigError where its files cannot be read or written.
    """
    try:
        if not folder.exists():
            _make(folder, now)
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        key = load_pem_private_key((folder / KEY).read_bytes(), None)
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{folder}: wanted {CERTIFICATE} and {KEY}, found {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or _raw(key) != _raw_of(certificate):
        raise ConfigError(f"{folder / KEY}: is not the key of {CERTIFICATE}")
    return Authority(folder, certificate, key)


def _make(folder: Path, now: datetime) -> None:
    """Make key and certificate in another folder first, so that they are there both or not."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))  # mode 0700
    try:
        key = ec.generate_private_key(ec.SECP256R1())
        mark = hashlib.sha256(_raw(key)).hexdigest()[:8]
        name = _name(f"Kvartal authority {mark}")
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - EARLIER)
            .not_valid_after(now + timedelta(days=365 * OWN_YEARS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_others=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        write_whole(half / KEY, pem_of(key))
        write_whole(half / CERTIFICATE, certificate.public_bytes(Encoding.PEM), PUBLIC)
        Authority(half, certificate, key).write_list((), now)
        try:
            os.rename(half, folder)  # noqa: PTH104 - not over one that another process has made
        except OSError:
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(half, ignore_errors=True)


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Give a key as PEM, without a password."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _builder(
    name: str,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    good_for: timedelta,
    purpose: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + good_for)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_others=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_others: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        encipher_only=False,
        decipher_only=False,
    )


def _raw(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _raw_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
