"""Asks the gateway for something over HTTP; an edge does so only for its certificate."""

import json
import ssl
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from adapters.enrolment import wrong_with_gateway
from core.errors import ConfigError, Permanent, Retryable

TIMEOUT_S = 15.0
MOST = 100_000  # bytes of an answer
TOO_MANY = 429


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def ask_gateway(
    gateway: str, path: str, body: dict[str, Any], ca_file: Path | None = None
) -> dict[str, Any]:
    """Give what the gateway answers. Blocks for at most 15 s a step.

    ca_file: the authorities to trust for https; those of the system where it is not given.
    ConfigError: this gateway must not be asked. Retryable: it does not answer. Permanent: it
    refuses; its words are in the text.
    """
    if wrong := wrong_with_gateway(gateway):
        raise ConfigError(f"gateway {gateway}: {wrong}")
    url = f"{gateway.rstrip('/')}/api/v1/{path}"
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as error:  # of which ssl.SSLError is one
        raise ConfigError(f"{ca_file}: {error.strerror or error}") from error
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), _NoRedirect()
    )
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
        url,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Accept": "application/json"},
    )
    try:
        with opener.open(request, timeout=TIMEOUT_S) as response:
            content = response.read(MOST + 1)
    except urllib.error.HTTPError as error:
        with error:
            said = _said(error.read(MOST))
        kind = Permanent if error.code < 500 and error.code != TOO_MANY else Retryable
        raise kind(said or f"{url}: the gateway answers {error.code}") from error
    except urllib.error.URLError as error:
        raise _unreachable(gateway, error.reason) from error
    except (OSError, HTTPException) as error:
        raise _unreachable(gateway, error) from error
    found = _parsed(content)
    if found is None:
        raise Permanent(f"{url}: wanted a JSON object: that is no gateway of Kvartal")
    return found


def _unreachable(gateway: str, error: object) -> Retryable | Permanent:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Permanent(
            f"{gateway}: its certificate is refused: {error.verify_message}; set the clock, or "
            "give the authority that signed it with --ca-file"
        )
    why = getattr(error, "strerror", None) or error or type(error).__name__
    return Retryable(f"{gateway} cannot be reached: {why}")


def _parsed(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content) if len(content) <= MOST else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _said(content: bytes) -> str:
    detail = (_parsed(content) or {}).get("detail")
    return detail if isinstance(detail, str) else ""
