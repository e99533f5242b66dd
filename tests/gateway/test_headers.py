"""What the answers tell a browser that our pages never do."""

from collections.abc import Awaitable, Callable

import pytest

from gateway.api.guards import content_policy
from tests.gateway.conftest import Gateway  # type: ignore[import-not-found]

Play = Callable[[Callable[[Gateway], Awaitable[None]]], None]


def connections(policy: str) -> list[str]:
    (rule,) = [each for each in policy.split("; ") if each.startswith("connect-src ")]
    return rule.split()[1:]


def test_a_page_may_talk_to_its_own_host_alone(play: Play) -> None:
    async def scene(gateway: Gateway) -> None:
        async with gateway.browser() as browser:
            answer = await browser.get("/api/v1/places")
        host = gateway.url.removeprefix("http://")
        policy = answer.headers["content-security-policy"]
        assert connections(policy) == ["'self'", f"ws://{host}", f"wss://{host}"]

    play(scene)


@pytest.mark.parametrize("host", ["", "a; script-src *", "a b", "a/../b", "[::1", "a:b"])
def test_a_host_that_is_none_adds_nothing(host: str) -> None:
    assert connections(content_policy(host)) == ["'self'"]
    assert "script-src *" not in content_policy(host)


def test_an_address_of_ipv6_is_a_host() -> None:
    assert connections(content_policy("[::1]:8080"))[1:] == ["ws://[::1]:8080", "wss://[::1]:8080"]
