"""Who asks, behind a proxy: believed of proxies that are trusted, and of nobody else."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from gateway.settings import load_settings
from tests.gateway.conftest import TOWN, started  # type: ignore[import-not-found]

LIMIT = 20
FLOODED = 429


def last_codes(folder: Path, *addresses: str, **options: Any) -> list[int]:
    """Give what each address hears last after it has filed more than one may."""

    async def body() -> list[int]:
        async with started(folder, TOWN, **options) as gateway, gateway.browser() as browser:

            async def code(address: str) -> int:
                header = {"X-Forwarded-For": address}
                answer = await browser.post("/api/v1/public/appeals", headers=header)
                return int(answer.status_code)

            return [[await code(each) for _ in range(LIMIT)][-1] for each in addresses]

    return asyncio.run(body())


def test_residents_behind_a_trusted_proxy_are_limited_each_by_themselves(tmp_path: Path) -> None:
    assert last_codes(tmp_path, "198.51.100.1", "198.51.100.2") == [422, 422]


def test_who_is_no_trusted_proxy_cannot_say_who_asks(tmp_path: Path) -> None:
    trusted = ("192.0.2.0/24",)
    found = last_codes(tmp_path, "198.51.100.1", "198.51.100.2", trusted_proxies=trusted)
    assert found == [422, FLOODED]


def test_a_client_cannot_hide_behind_an_address_that_it_made_up(tmp_path: Path) -> None:
    # The proxy adds who came to it at the end.
    found = last_codes(tmp_path, "203.0.113.1, 198.51.100.1", "203.0.113.2, 198.51.100.1")
    assert found == [422, FLOODED]


def test_a_proxy_is_an_address_or_a_network() -> None:
    with pytest.raises(ConfigError, match=r"proxy\.example"):
        load_settings(trusted_proxies=("proxy.example",))
