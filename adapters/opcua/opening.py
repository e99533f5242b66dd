"""How a connection to a server is made: security, identity."""

import asyncio
from pathlib import Path

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_client import UaClientState
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.ua.uaerrors import (
    BadCertificateInvalid,
    BadCertificateRevoked,
    BadCertificateTimeInvalid,
    BadCertificateUntrusted,
    BadCertificateUriInvalid,
    BadCertificateUseNotAllowed,
    BadIdentityTokenInvalid,
    BadIdentityTokenRejected,
    BadSecurityChecksFailed,
    BadSecurityModeRejected,
    BadSecurityPolicyRejected,
    BadUserAccessDenied,
    BadUserSignatureInvalid,
    UaError,
    UaStatusCodeError,
)
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters.opcua.certificate import OwnCertificate, own_certificate
from adapters.opcua.options import OpcUaOptions, options_of
from adapters.opcua.trust import Trust
from core.clock import Clock
from core.errors import Permanent, Retryable
from core.registry import Endpoint

ANSWER_S = 2.0  # for one service call
CONNECT_S = 12.0  # for everything until the session stands
GOODBYE_S = 3.0
GONE_S = 0.3
PROBE_S = 6.0  # asyncua's own look at the connection; it gives up when the answer takes as long

WRONG_IDENTITY = (
    BadIdentityTokenInvalid,
    BadIdentityTokenRejected,
    BadUserAccessDenied,
    BadUserSignatureInvalid,
)
UNKNOWN_TO_IT = (
    AssertionError,  # what asyncua makes of a channel that the server closes
    BadCertificateInvalid,
    BadCertificateRevoked,
    BadCertificateTimeInvalid,
    BadCertificateUntrusted,
    BadCertificateUriInvalid,
    BadCertificateUseNotAllowed,
    BadSecurityChecksFailed,
    BadSecurityModeRejected,
    BadSecurityPolicyRejected,
)
MODES = {
    "sign": ua.MessageSecurityMode.Sign,
    "sign_and_encrypt": ua.MessageSecurityMode.SignAndEncrypt,
}


async def connected(endpoint: Endpoint, clock: Clock) -> Client:
    """Open a connection. Permanent where one side refuses the other, Retryable where none comes."""
    options = options_of(endpoint)
    client = new_client(endpoint)
    hint = ""
    try:
        async with asyncio.timeout(CONNECT_S):
            hint = await prepared(client, endpoint, options, clock)
            await client.connect()
    except WRONG_IDENTITY as error:
        raise Permanent(f"{endpoint.address}: {who(options)} is refused: {error!r}") from error
    except UNKNOWN_TO_IT as error:
        raise Permanent(f"{endpoint.address}: refused: {error!r}{hint}") from error
    except UaStatusCodeError as error:
        raise Retryable(f"{endpoint.address}: no connection: {error!r}") from error
    except UaError as error:  # asyncua itself finds that the two do not fit
        raise Permanent(f"{endpoint.address}: refused: {error}") from error
    except (OSError, TimeoutError) as error:
        raise Retryable(f"{endpoint.address}: no connection: {error!r}") from error
    finally:
        if client.state is not UaClientState.CONNECTED:
            await close(client, is_lost=True)
    return client


def who(options: OpcUaOptions) -> str:
    """Name the identity that a server is shown, without its secret."""
    if options.user_certificate_file:
        return f"the certificate {options.user_certificate_file}"
    return f"user {options.username}" if options.username else "a client without a name"


async def close(client: Client, *, is_lost: bool) -> None:
    """Close the connection; of a server that does not answer any more expect no goodbye."""
    protocol = client.uaclient.protocol
    try:
        async with asyncio.timeout(GONE_S if is_lost else GOODBYE_S):
            await client.disconnect()
    except TimeoutError:
        client.disconnect_socket()
    # What could not be sent any more would keep the socket open for minutes.
    if protocol is not None and protocol.transport is not None:
        protocol.transport.abort()
    await asyncio.sleep(0)  # the cancelled publish loop ends in the next turn


async def prepared(client: Client, endpoint: Endpoint, options: OpcUaOptions, clock: Clock) -> str:
    """Let a client know whom to believe and who it is. Permanent where nobody is to be believed.

    Gives what a person must do if the server then does not know us.
    """
    hint = ""
    if options.security != "none":
        folder = Path(options.certificates)
        own = await asyncio.to_thread(own_certificate, folder, clock.now())
        trust = Trust(endpoint.id, endpoint.address, folder, options.server_fingerprint)
        await secure(client, endpoint, MODES[options.security], own, trust)
        hint = f"; the server must trust {own.certificate}, SHA-256 {own.fingerprint}"
    if options.username:
        client.set_user(options.username)
        client.set_password(options.password)
    if options.user_certificate_file:
        identify(client, endpoint, Path(options.user_certificate_file))
    return hint


async def secure(
    client: Client,
    endpoint: Endpoint,
    mode: ua.MessageSecurityMode,
    own: OwnCertificate,
    trust: Trust,
) -> None:
    """Take the server's certificate from its unprotected list, and check it before any use."""
    listed = await new_client(endpoint).connect_and_get_server_endpoints()
    try:
        found = Client.find_endpoint(listed, mode, SecurityPolicyBasic256Sha256.URI)
    except UaError:
        offers = sorted(
            f"{each.SecurityPolicyUri.rpartition('#')[2]} {each.SecurityMode.name}"
            for each in listed
        )
        raise Permanent(
            f"{endpoint.address}: wanted Basic256Sha256 {mode.name}, the server offers "
            f"{', '.join(offers)}"
        ) from None
    der = first_certificate(found.ServerCertificate or b"")
    try:
        certificate = x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise Permanent(f"{endpoint.address}: the server's certificate: {error}") from error
    await trust.check(certificate, found.Server)
    client.application_uri = own.uri
    client.name = client.description = "Kvartal edge"
    client.certificate_validator = trust.check  # again, for what the session itself shows
    await client.set_security(
        SecurityPolicyBasic256Sha256,
        own.certificate,
        own.key,
        server_certificate=der,
        mode=mode,
    )


def identify(client: Client, endpoint: Endpoint, file: Path) -> None:
    """Let a client be who a certificate says."""
    try:
        content = file.read_bytes()
        client.user_certificate = x509.load_pem_x509_certificate(content)
        client.user_private_key = load_pem_private_key(content, None)
    except (OSError, ValueError, TypeError) as error:
        raise Permanent(
            f"{endpoint.id}: {file}: wanted a certificate and its key as PEM: {error}"
        ) from error


def new_client(endpoint: Endpoint) -> Client:
    """Give a client for one connection: a used one can hang in connect()."""
    return Client(endpoint.address, timeout=ANSWER_S, watchdog_intervall=PROBE_S)


def first_certificate(chain: bytes) -> bytes:
    """Cut the first of several DER certificates; its length is in bytes 2 and 3 (X.690, 8.1.3)."""
    return chain[: int.from_bytes(chain[2:4], "big") + 4]
