"""Renews the edge's certificate by itself when a third of its time is left."""

import asyncio
import random
from pathlib import Path

import structlog
from cryptography import x509

from adapters.enrolment import fingerprint
from core.clock import Clock
from core.errors import ConfigError, KvartalError
from edge.gateway_call import ask_gateway
from edge.identity import Identity, answered, asking_again, make_key, read_identity, request_for
from edge.settings import EdgeSettings

LOOK_EVERY_S = 3600.0
JITTER = 0.2  # so that many edges do not all ask in the same minute
DAY_S = 86_400.0

log = structlog.get_logger()


class Renewal:
    """Of the certificate that `kvartal edge enrol` brought; one that somebody else renews is only
    looked at, for `days_left`."""

    def __init__(self, settings: EdgeSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._ends_at: float | None = None  # seconds since 1970

    def days_left(self) -> float | None:
        """Give the days that the certificate is good for; None where there is none."""
        if self._ends_at is None:
            return None
        return (self._ends_at - self._clock.now().timestamp()) / DAY_S

    async def run(self) -> None:
        """Look for ever; what goes wrong is told and tried again."""
        file = self._settings.broker_certificate_file
        if file is None:
            return
        while True:
            try:
                await asyncio.to_thread(self._look, file)
            except (KvartalError, OSError) as error:
                if self._settings.gateway:  # else it is not ours to renew; the link tells of it
                    left = self.days_left()
                    log.error("certificate not renewed", days_left=left, error=str(error))  # noqa: TRY400 - no bug
            await asyncio.sleep(LOOK_EVERY_S * self._random.uniform(1 - JITTER, 1 + JITTER))

    def _look(self, file: Path) -> None:
        self._ends_at = _end_of(file)
        if not self._settings.gateway:
            return
        present = read_identity(file)
        if not present.is_to_be_renewed(self._clock.now()):
            return
        renewed = self._renewed(present)
        renewed.write(file)
        self._ends_at = renewed.certificate.not_valid_after_utc.timestamp()
        log.info("certificate renewed", until=renewed.certificate.not_valid_after_utc.isoformat())

    def _renewed(self, present: Identity) -> Identity:
        edge, key = self._settings.id, make_key()
        body = asking_again(edge, request_for(key, edge), present)
        found = ask_gateway(self._settings.gateway, "renewal", body, self._settings.gateway_ca_file)
        return answered(found, edge, key, self._authorities())[0]

    def _authorities(self) -> set[bytes]:
        file = self._settings.broker_ca_file
        if file is None:
            raise ConfigError("broker_ca_file is missing: it says whose certificates are taken")
        try:
            return {
                fingerprint(each) for each in x509.load_pem_x509_certificates(file.read_bytes())
            }
        except ValueError as error:
            raise ConfigError(f"{file}: wanted certificates in PEM") from error


def _end_of(file: Path) -> float:
    """Give when a certificate ends, in seconds since 1970. ConfigError where there is none."""
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except ValueError as error:
        raise ConfigError(f"{file}: wanted a certificate in PEM") from error
    return certificate.not_valid_after_utc.timestamp()
