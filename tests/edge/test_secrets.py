"""An endpoint's account comes from a file beside the edge, and from nowhere else."""

from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.errors import Permanent
from core.registry import Endpoint
from edge.secrets import account, files, opener_with_secrets


def endpoint(secret: str) -> Endpoint:
    return Endpoint(id="line", edge="edge-1", protocol="mqtt", address="mqtt://x", secret=secret)


def opened_with(given: Endpoint, certificates: Path) -> dict[str, object]:
    """Give the options with which an adapter is opened."""
    seen: dict[str, object] = {}

    def open_it(endpoint: Endpoint, *_more: object) -> AbstractAsyncContextManager[Any]:
        seen.update(endpoint.options)
        return nullcontext()

    opener_with_secrets(lambda _protocol: open_it, None, certificates)(given.protocol)(
        given, [], SystemClock()
    )
    return seen


def test_the_folder_of_certificates_is_the_edges_whatever_the_document_says(
    tmp_path: Path,
) -> None:
    options = {"security": "sign", "certificates": "/elsewhere"}
    line = Endpoint(id="line", edge="e", protocol="opcua", address="opc.tcp://x", options=options)
    wanted = {"security": "sign", "certificates": str(tmp_path)}
    assert opened_with(line, tmp_path) == wanted


def test_a_protocol_without_own_certificates_gets_no_folder_for_them(tmp_path: Path) -> None:
    line = Endpoint(id="line", edge="e", protocol="modbus", address="modbus+tcp://x")
    assert opened_with(line, tmp_path) == {}


def test_the_account_of_an_endpoint_is_read_from_the_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "town").write_text("edge-1:a:b\n")
    assert account(endpoint("town"), tmp_path) == {"username": "edge-1", "password": "a:b"}


def test_a_secret_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("a:b\n")
    with pytest.raises(Permanent, match="is not the name of a secret"):
        account(endpoint("../outside"), tmp_path / "secrets")


def test_a_secret_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=r"endpoint line: .*town: No such file"):
        account(endpoint("town"), tmp_path)


def test_a_secret_without_a_password_says_what_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "town").write_text("just-a-word\n")
    with pytest.raises(Permanent, match="wanted a line username:password"):
        account(endpoint("town"), tmp_path)


def test_a_secret_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "town").write_bytes("edge-1:gl\u00fcck".encode("latin-1"))
    with pytest.raises(Permanent, match=r"endpoint line: .*town: wanted UTF-8"):
        account(endpoint("town"), tmp_path)


def with_files(**options: object) -> Endpoint:
    return Endpoint(id="line", edge="e", protocol="mqtt", address="mqtts://x", options=options)


def test_certificates_are_files_of_the_folder_of_secrets(tmp_path: Path) -> None:
    found = files(with_files(ca_file="ca.pem", timeout_s=1), tmp_path)
    assert found == {"ca_file": str(tmp_path / "ca.pem")}


@pytest.mark.parametrize("name", ["../ca.pem", "/etc/passwd", ".hidden", ""])
def test_a_certificate_cannot_be_outside_of_that_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(Permanent, match=r"ca_file: .* is not the name of a file"):
        files(with_files(ca_file=name), tmp_path)


def test_a_certificate_needs_a_folder_of_secrets() -> None:
    with pytest.raises(Permanent, match=r"names ca\.pem, but edge\.yaml has no secrets_dir"):
        files(with_files(ca_file="ca.pem"), None)
