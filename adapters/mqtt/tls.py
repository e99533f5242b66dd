"""The socket of a link: whom it trusts, and who it says it is."""

import hashlib
import socket
import ssl
from collections.abc import Callable

from core.errors import Permanent

CONNECT_S = 5.0
TIMEOUT_S = 3.0


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
    )


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
