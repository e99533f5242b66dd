"""The gateway's HTTP API as a browser uses it, with nothing but the standard library."""

import http.client
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 10.0


class ApiError(Exception):
    """Tell that the gateway refused or did not answer; the text says what and why."""


class Api:
    """Blocking calls; run them in a thread. Keeps the session's cookie."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"gateway {address!r}: wanted http://host:port")
        self.address = address.rstrip("/")
        self._host, self._port = parts.hostname, parts.port or 80
        self._cookie = ""

    def sign_in(self, token: str) -> None:
        self.post("/api/v1/session", {"token": token})

    @property
    def cookie(self) -> str:
        """Give the session, as the Cookie header of a WebSocket carries it."""
        return self._cookie

    def get(self, path: str) -> Any:
        return self._call("GET", path, b"", {})

    def post(self, path: str, body: object = None) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        return self._call("POST", path, content, {"Content-Type": "application/json"})

    def post_form(self, path: str, fields: Mapping[str, str]) -> Any:
        """Post fields as multipart/form-data (RFC 7578)."""
        boundary = secrets.token_hex(16)
        parts = [
            f"--{boundary}\r\nContent-Disposition: form-data; name={json.dumps(name)}\r\n\r\n"
            f"{value}\r\n"
            for name, value in fields.items()
        ]
        content = "".join([*parts, f"--{boundary}--\r\n"]).encode()
        return self._call(
            "POST", path, content, {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        )

    def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
        headers = {"Accept": "application/json", "Origin": self.address, **headers}
        if self._cookie:
            headers["Cookie"] = self._cookie
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"{method} {path}: {error or type(error).__name__}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(f"{method} {path}: {response.status} {_detail(content)}")
        if cookie := response.getheader("Set-Cookie"):
            self._cookie = cookie.partition(";")[0]
        return json.loads(content) if content else None


def _detail(content: bytes) -> str:
    try:
        return str(json.loads(content)["detail"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace")
