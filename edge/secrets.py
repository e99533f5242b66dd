"""What a registry document only names: accounts of endpoints, kept in files beside the edge."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from adapters.contract import Connection, OpenAdapter, Point
from adapters.registry import OPTIONS
from core.clock import Clock
from core.errors import Permanent
from core.registry import Endpoint

NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
OWN_CERTIFICATE = {"opcua"}  # protocols in which the edge shows a certificate that it made itself
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def opener_with_secrets(
    opener: Callable[[str], OpenAdapter], folder: Path | None, certificates: Path
) -> Callable[[str], OpenAdapter]:
    """Give an opener that puts the account of an endpoint into its options before it opens it.

    An option that ends in `_file` (a certificate, a key) names a file of the same folder.
    certificates: the edge's own one and those that it trusts, where a protocol wants them; whatever
    the document says.

    The file `<folder>/<endpoint.secret>` has one line `username:password`. Permanent where it is
    not there or not so.
    """

    def open_protocol(protocol: str) -> OpenAdapter:
        open_it = opener(protocol)

        def open_endpoint(
            endpoint: Endpoint, points: Sequence[Point], clock: Clock
        ) -> AbstractAsyncContextManager[Connection]:
            if named := files(endpoint, folder):
                endpoint = replace(endpoint, options={**endpoint.options, **named})
            if endpoint.secret:
                _refuse_account(endpoint)
                endpoint = replace(
                    endpoint, options={**endpoint.options, **account(endpoint, folder)}
                )
            if protocol in OWN_CERTIFICATE:
                options = {**endpoint.options, "certificates": str(certificates)}
                endpoint = replace(endpoint, options=options)
            return open_it(endpoint, points, clock)

        return open_endpoint

    return open_protocol


def _refuse_account(endpoint: Endpoint) -> None:
    if "username" not in OPTIONS[endpoint.protocol].model_fields:
        raise Permanent(
            f"endpoint {endpoint.id}: names the secret {endpoint.secret}, but {endpoint.protocol} "
            "takes no account"
        )


class SecretUnreadable(Exception):
    """Tell why a file has no secret in it, without a word of what it has."""


def first_line(file: Path) -> str:
    """Give the first line of a file, in which a secret is kept."""
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0]
    except OSError as error:
        raise SecretUnreadable(error.strerror) from error
    except UnicodeDecodeError:
        raise SecretUnreadable("wanted UTF-8, found other bytes") from None


def account(endpoint: Endpoint, folder: Path | None) -> dict[str, str]:
    """Give the username and password of an endpoint."""
    if folder is None:
        raise Permanent(
            f"endpoint {endpoint.id}: names the secret {endpoint.secret}, but edge.yaml has no "
            "secrets_dir"
        )
    if not NAME.fullmatch(endpoint.secret):  # it comes over the wire and must not lead elsewhere
        raise Permanent(f"endpoint {endpoint.id}: {endpoint.secret!r} is not the name of a secret")
    file = folder / endpoint.secret
    try:
        line = first_line(file)
    except SecretUnreadable as error:
        raise Permanent(f"endpoint {endpoint.id}: {file}: {error}") from error
    username, separator, password = line.partition(":")
    if not username or not separator:
        raise Permanent(f"endpoint {endpoint.id}: {file}: wanted a line username:password")
    return {"username": username, "password": password}


def files(endpoint: Endpoint, folder: Path | None) -> dict[str, str]:
    """Give the paths of the files that an endpoint's options name."""
    named = {key: str(name) for key, name in endpoint.options.items() if key.endswith("_file")}
    for key, name in named.items():
        if folder is None:
            raise Permanent(
                f"endpoint {endpoint.id}: {key} names {name}, but edge.yaml has no secrets_dir"
            )
        if not FILE_NAME.fullmatch(name):
            raise Permanent(f"endpoint {endpoint.id}: {key}: {name!r} is not the name of a file")
    return {key: str(Path(str(folder)) / name) for key, name in named.items()}
