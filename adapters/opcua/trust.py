"""Whom an edge believes to be the server that it wants: nobody, until a person said so."""

from dataclasses import dataclass
from pathlib import Path

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from asyncua.ua.status_codes import StatusCodes
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from adapters.opcua.certificate import fingerprint, uris_of
from core.errors import Permanent

READABLE = {".der", ".pem"}  # asyncua passes over every other file without a word
PEER = CertificateValidatorOptions.PEER_SERVER
TRUSTED = CertificateValidatorOptions.TRUSTED_VALIDATION | PEER
# A person has compared the fingerprint of this very certificate: what it is meant for is settled.
PINNED = (
    CertificateValidatorOptions.TIME_RANGE
    | CertificateValidatorOptions.URI
    | CertificateValidatorOptions.REVOKED
    | PEER
)


@dataclass(frozen=True, slots=True)
class Trust:
    """folder: has `trusted` (certificates of servers or of who issues them), `revoked` (lists) and
    gets `rejected`. pin: SHA-256 of the only certificate to accept; empty where the folder says."""

    endpoint: str
    address: str
    folder: Path
    pin: str = ""

    async def check(self, certificate: x509.Certificate, server: ua.ApplicationDescription) -> None:
        """Return where the server may be believed. Permanent: why not, and the fingerprint."""
        if self.pin and bare(self.pin) != bare(fingerprint(certificate)):
            raise self.refusal(certificate, f"is not the one wanted, {self.pin}")
        trusted, revoked = self.folder / "trusted", self.folder / "revoked"
        store = TrustStore([trusted], [revoked])
        try:
            if not self.pin:
                if not readable(trusted):
                    raise self.refusal(certificate, "is unknown, for no certificate is trusted yet")
                await store.load_trust()
            readable(revoked)
            await store.load_crl()
        except (OSError, ValueError) as error:
            raise Permanent(f"{self.endpoint}: {self.folder}: {error}") from error
        try:
            await CertificateValidator(PINNED if self.pin else TRUSTED, store)(certificate, server)
        except ServiceError as error:
            raise self.refusal(certificate, reason(error, certificate, server)) from error

    def refusal(self, certificate: x509.Certificate, why: str) -> Permanent:
        """Keep the certificate for whoever decides to trust it, and say what to do."""
        kept = self.folder / "rejected" / f"{self.endpoint}.der"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(certificate.public_bytes(Encoding.DER))
        return Permanent(
            f"{self.address}: the server's certificate {why}; its SHA-256 fingerprint is "
            f"{fingerprint(certificate)}. Compare it with what the server itself shows. To trust "
            f"it, set options.server_fingerprint or move {kept} to {self.folder / 'trusted'}"
        )


def reason(
    error: ServiceError, certificate: x509.Certificate, server: ua.ApplicationDescription
) -> str:
    """Say what asyncua found wrong, with what was wanted and what was found."""
    match error.code:
        case StatusCodes.BadCertificateTimeInvalid:
            first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            return f"is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d} only"
        case StatusCodes.BadCertificateUriInvalid:
            found = ", ".join(uris_of(certificate)) or "no application"
            return f"is for {found}, but the server calls itself {server.ApplicationUri}"
        case StatusCodes.BadCertificateUseNotAllowed:
            return "is not meant for a server"
        case StatusCodes.BadCertificateUntrusted:
            return "is unknown"
        case StatusCodes.BadCertificateRevoked:
            return "is revoked"
        case _:
            return "does not say for which application and for which use it is"


def readable(folder: Path) -> bool:
    """Tell whether there is a file. ValueError for one that would be passed over."""
    files = [each for each in folder.glob("*") if each.is_file()]
    for file in files:
        if file.suffix.lower() not in READABLE:
            raise ValueError(f"{file.name} would not be read; wanted the ending .der or .pem")
    return bool(files)


def bare(text: str) -> str:
    return text.replace(":", "").replace(" ", "").lower()
