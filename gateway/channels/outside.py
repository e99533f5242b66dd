"""Calls to addresses that people give us, which must not lead into our own network.

The name is resolved here and the connection goes to the very address that was looked at, so that
a name cannot mean another one a moment later. Redirects are not followed.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import httpx

from gateway.channels.carrier import NotTaken, Refused

TIMEOUT_S = 15.0
MAX_ANSWER = 12 * 1024 * 1024  # bytes; a photo has at most 10 MB
# Addresses of IPv4 in another dress: what they lead to cannot be told from them.
TRANSLATED = ip_network("64:ff9b::/96")  # RFC 6052

ANYWHERE = ("0.0.0.0/0", "::/0")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: bytes


class Outside:
    """allowed: networks of our own that may be called all the same."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._allowed: Sequence[IPv4Network | IPv6Network] = [ip_network(net) for net in allowed]

    async def get(self, url: str) -> Answer:
        return await self._call("GET", url, b"", {})

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Give what was answered, whatever it was. NotTaken where nobody answers; Refused where the
        address is not one to call."""
        return await self._call("POST", url, content, headers)

    async def address_of(self, url: str) -> str:
        """Give the address behind a URL. Refused where it is ours, NotTaken without one."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused("wanted an address like https://city.example/hook")
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM
            )
        except OSError as error:
            raise NotTaken(f"{parts.hostname}: {error.strerror or error}") from error
        addresses = [ip_address(str(each[4][0])) for each in found]
        if private := [each for each in addresses if not self._may_call(each)]:
            raise Refused(
                f"{parts.hostname} is {private[0]}, which is not on the Internet; whoever runs the "
                "gateway may allow its network by the setting outside_networks"
            )
        return str(addresses[0])

    def _may_call(self, address: Address) -> bool:
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            return self._may_call(address.ipv4_mapped)
        if any(address in network for network in self._allowed):
            return True
        return address.is_global and not address.is_multicast and address not in TRANSLATED

    async def _call(
        self, method: str, url: str, content: bytes, headers: Mapping[str, str]
    ) -> Answer:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                address = await self.address_of(url)
                target = httpx.URL(url)
                async with (
                    httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as client,
                    client.stream(
                        method,
                        target.copy_with(host=address),
                        content=content,
                        headers={"Host": target.netloc.decode(), **headers},
                        extensions={"sni_hostname": target.host},
                    ) as response,
                ):
                    return Answer(response.status_code, await _read(response))
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise NotTaken(str(error) or type(error).__name__) from error
        except httpx.InvalidURL as error:
            raise Refused(str(error)) from error


async def _read(response: httpx.Response) -> bytes:
    content = b""
    async for part in response.aiter_bytes():
        content += part
        if len(content) > MAX_ANSWER:
            raise NotTaken(f"the answer is larger than {MAX_ANSWER} bytes")
    return content
