"""The socket of a link: whom it trusts, and who it says it is."""

import hashlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from core.errors import ConfigError, Permanent

CONNECT_S = 5.0
TIMEOUT_S = 3.0
# What to do about a broker's certificate, by the code of OpenSSL's verification, x509_vfy.h.
UNKNOWN = "give the authority that signed it as ca_file"
TO_DO = {
    9: "it is of the future: set the clock of this machine",
    10: "renew it at the broker, or set the clock of this machine",
    18: UNKNOWN,
    19: UNKNOWN,
    20: UNKNOWN,
    21: UNKNOWN,
    62: "call the broker by a name that stands in it",
    64: "call the broker by a name that stands in it",
}
# What to do about our own one, by the broker's alert: RFC 8446, section 6.2.
ALERTS = {
    "certificate required": "give a certificate and its key",
    "handshake failure": "give a certificate and its key, if none is given",  # below TLS 1.3
    "certificate expired": "renew our certificate; if it has days left, compare the clocks, and "
    "renew the broker's list of revoked ones",
    "certificate revoked": "our certificate was called back; this machine needs a new one",
    "unknown ca": "the broker does not know the authority that signed our certificate",
    "bad certificate": "our certificate cannot be checked by the broker; its log says why",
}


def tls_context(
    ca_file: str = "", certificate_file: str = "", key_file: str = ""
) -> ssl.SSLContext:
    """Trust only the authorities of a file, or those of the system; show a certificate if given.

    All PEM. Permanent where a file is not there or does not hold what it should.
    """
    context = ssl.create_default_context()
    if ca_file:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _load(ca_file, lambda: context.load_verify_locations(ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if key_file and not certificate_file:
        raise Permanent(f"key {key_file} is given without its certificate")
    if certificate_file:
        files = f"{certificate_file} with {key_file}" if key_file else certificate_file

        def unasked() -> str:  # OpenSSL would ask for the password at the terminal, and wait there
            raise Permanent(f"{key_file or certificate_file}: wanted a key without a password")

        _load(files, lambda: context.load_cert_chain(certificate_file, key_file or None, unasked))
    return context


def wrong_with_files(url: str, ca: object, certificate: object, key: object) -> str:
    """Say why the files named for a broker's link cannot be meant so; empty where they can."""
    if key and not certificate:
        return "broker_key_file is given without broker_certificate_file"
    if (ca or certificate) and not url.startswith("mqtts:"):
        return f"certificates need mqtts://, found broker {url}"
    return ""


def link_tls(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """Give what `tls_context` gives. ConfigError where a file cannot be used just now."""
    try:
        return tls_context(*(str(file or "") for file in (ca, certificate, key)))
    except Permanent as error:
        raise ConfigError(f"the link's certificates cannot be used: {error}") from error


def _load(name: str, load: Callable[[], None]) -> None:
    try:
        load()
    except ssl.SSLError as error:
        raise Permanent(f"{name}: {error.reason or error}") from error
    except OSError as error:
        raise Permanent(f"{name}: {error.strerror}") from error


def refusal(url: str, error: ssl.SSLCertVerificationError, address: tuple[str, int]) -> Permanent:
    """Say why a broker's certificate is refused, and which it is. Asks the broker for it again."""
    try:
        shown = ssl.get_server_certificate(address, timeout=TIMEOUT_S)
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest()
    except (OSError, ValueError):
        digest = "not shown"
    return Permanent(
        f"{url}: the broker's certificate is refused: {error.verify_message}; "
        f"its SHA-256 fingerprint: {digest}"
        + (f"; {to_do}" if (to_do := TO_DO.get(error.verify_code)) else "")
    )


def alerted(error: ssl.SSLError) -> str:
    """Say why a broker ended the handshake by an alert, and what to do."""
    said = str(error.reason).partition("ALERT_")[2].replace("_", " ").lower()
    return f"{said}; {to_do}" if (to_do := ALERTS.get(said)) else said


def open_connection(
    address: tuple[str, int], tls: ssl.SSLContext | None
) -> socket.socket | ssl.SSLSocket:
    """Connect within 5 s a step. OSError where that cannot be; nothing stays open then."""
    plain = socket.create_connection(address, timeout=CONNECT_S)
    # Nagle's algorithm costs 40 ms whenever a small message follows another.
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is None:
        return plain
    secured = tls.wrap_socket(plain, server_hostname=address[0], do_handshake_on_connect=False)
    try:
        secured.do_handshake()
    except OSError:
        secured.close()
        raise
    return secured
