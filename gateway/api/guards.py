"""What every request passes before a route sees it: origin, size, and headers on the way back."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.problems import answer

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_POLICY = (
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "worker-src 'self' blob:",
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def is_same_origin(headers: Headers) -> bool:
    """Tell whether a browser sent this from one of our own pages.

    Without an Origin only those pass who have no cookie either: they are no browser of ours, and
    there is nothing that could be done in somebody's name.
    """
    origin = headers.get("origin")
    if origin is None:
        return "cookie" not in headers
    return urlsplit(origin).netloc == headers.get("host")


def content_policy(host: str) -> str:
    """Give the policy of our pages. host: under which they are asked for, as in its header.

    It is named for the live updates: not every browser takes 'self' for a WebSocket of the same
    host.
    """
    live = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    return "; ".join([*CONTENT_POLICY, f"connect-src 'self'{live}"])


class HostGuard:
    """Refuse what asks for another name than ours: a page of another site may lead its name to us.

    hosts: names and addresses, or "*.domain" for all below it, or "*" for every name.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._names = {host.strip("[]").lower() for host in hosts}
        self._endings = tuple(name[1:] for name in self._names if name.startswith("*"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        name = _host_name(Headers(scope=scope).get("host", ""))
        if name in self._names or name.endswith(self._endings):
            await self._app(scope, receive, send)
            return
        detail = (
            f"The gateway does not answer under the name {name[:100]}. Whoever runs it adds the "
            "name to its setting hosts."
        )
        await answer(400, "host", detail)(scope, receive, send)


def _host_name(host: str) -> str:
    """Give the name in a Host header, without the port and an IPv6 address's brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return host


class OriginGuard:
    """Refuse what another site makes a browser do (Fetch standard, Origin header)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        unsafe = scope["type"] == "http" and scope["method"] not in SAFE
        if unsafe and not is_same_origin(Headers(scope=scope)):
            refusal = answer(403, "origin", "The request came from another site. Use our own page.")
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


class SizeGuard:
    """Refuse a body above `limit` bytes, by its announced length or as it arrives."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        detail = f"The request is larger than {self._limit / 1_000_000:g} MB. Send less at once."
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > self._limit:
            await answer(413, "too_large", detail)(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise HTTPException(413, detail)
            return message

        await self._app(scope, counted, send)


class HeaderGuard:
    """Tell the browser what our pages never do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                host = Headers(scope=scope).get("host", "")
                headers.setdefault("Content-Security-Policy", content_policy(host))
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
