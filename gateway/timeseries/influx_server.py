"""A server that speaks InfluxDB's protocol, through influxdb-client: synchronous, no error kept."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from core.errors import KvartalError
from gateway.timeseries.port import StoreUnavailable

TIMEOUT_MS = 30_000
CONNECTIONS = 8
# A fault of what was sent; anything else is one of the server, of the way to it, or of the account.
OF_THE_CONTENT = (400, 413, 422)
Query = dict[str, str]


class Refused(KvartalError):
    """Tell that the server did not take what was sent, nor ever will."""


@dataclass(frozen=True, slots=True)
class Account:
    """url: where the server is. secret: a token, or user:password; empty: none is asked for."""

    url: str
    bucket: str
    secret: str = ""

    @property
    def authorization(self) -> str:
        if ":" in self.secret:
            return "Basic " + base64.b64encode(self.secret.encode()).decode()
        return f"Token {self.secret}"


class InfluxServer:
    """Answers requests in threads. Any of them may end in StoreUnavailable, a write in Refused."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._client = InfluxDBClient(
            account.url, timeout=TIMEOUT_MS, connection_pool_maxsize=CONNECTIONS
        )
        if account.secret:
            self._client.api_client.default_headers["Authorization"] = account.authorization

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    async def write(self, path: str, query: Query, lines: bytes) -> None:
        """Send lines of a write."""
        await asyncio.to_thread(self._request, "POST", path, query, lines)

    async def get(self, path: str, query: Query, read: Callable[[Any], Any] = bytes) -> Any:
        """Give what `read` makes of the answer's bytes, in a thread as well."""
        return await asyncio.to_thread(lambda: read(self._request("GET", path, query)))

    def _request(self, method: str, path: str, query: Query, body: bytes | None = None) -> bytes:
        url = f"{self.account.url}{path}"
        try:
            answer, _, _ = self._client.api_client.call_api(
                path,
                method,
                query_params=list(query.items()),
                header_params={"Content-Type": "text/plain; charset=utf-8"},
                body=body,
                _preload_content=False,
            )
            content: bytes = answer.data
        except ApiException as error:
            if body is not None and error.status in OF_THE_CONTENT:
                raise Refused(f"{url}: {_told(error)}") from error
            raise StoreUnavailable(f"{url}: {error.status} {_told(error)}") from error
        except (HTTPError, OSError) as error:
            raise StoreUnavailable(f"{url}: {error}") from error
        return content


def _told(error: ApiException) -> str:
    body = error.body or error.reason or ""
    return (body.decode(errors="replace") if isinstance(body, bytes) else str(body)).strip()[:500]
