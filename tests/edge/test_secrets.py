"""An endpoint's account comes from a file beside the edge, and from nowhere else."""

from pathlib import Path

import pytest

from core.errors import Permanent
from core.registry import Endpoint
from edge.secrets import account


def endpoint(secret: str) -> Endpoint:
    return Endpoint(id="line", edge="edge-1", protocol="mqtt", address="mqtt://x", secret=secret)


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
