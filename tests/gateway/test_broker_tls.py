"""The gateway's link to a broker that takes nobody without a certificate, against a mosquitto."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.errors import ConfigError
from gateway.ingest import reception
from gateway.settings import load_settings
from tests.adapters.certificates import Authority
from tests.adapters.secured_broker import secured
from tests.gateway.conftest import started  # type: ignore[import-not-found]

KNOWN = ("require_certificate true", "use_identity_as_username true")


def test_the_gateway_waits_for_its_key_and_is_known_by_its_certificate(
    tmp_path: Path, town: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "REFUSED_PAUSE_S", 0.1)
    authority = Authority(tmp_path)
    certificate, key = authority.sign("gateway")
    away = key.rename(tmp_path / "away")

    async def until(event: str) -> None:
        async with asyncio.timeout(30):
            while not any(each["event"] == event for each in logs):
                await asyncio.sleep(0.02)

    async def body(port: int) -> None:
        async with started(
            tmp_path / "gateway",
            town,
            broker=f"mqtts://localhost:{port}",
            broker_ca_file=authority.file,
            broker_certificate_file=certificate,
            broker_key_file=key,
        ):
            await until("link to the broker cannot be opened")
            away.rename(key)
            await until("broker connected")

    with secured(authority, authority.sign("server"), *KNOWN) as port, capture_logs() as logs:
        asyncio.run(body(port))
    told = next(each for each in logs if each["event"] == "link to the broker cannot be opened")
    assert str(key) in told["error"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"broker": "mqtt://b", "broker_ca_file": "ca"}, "certificates need mqtts://"),
        ({"broker": "mqtts://b", "broker_key_file": "k"}, "without broker_certificate_file"),
        ({"broker": "mqtts://"}, "--broker: Value error, wanted a host after ://"),
        ({"broker": "mqtt://b:99999"}, "wanted a port from 1 to 65535"),
    ],
)
def test_settings_of_the_link_that_cannot_be_are_told(
    options: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_settings(**options)
    assert complaint in str(refusal.value)
