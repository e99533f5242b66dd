"""What stands in a log when something fails: the traceback, and no value of any variable."""

import io
import sys
from collections.abc import Callable, Iterator

import pytest
import structlog

from edge.command import set_up_log
from gateway.logs import configure
from simulators.command import configure_log

SETTERS = {"gateway": configure, "edge": set_up_log, "simulators": configure_log}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def untouched() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("kind", [Terminal, io.StringIO])
@pytest.mark.parametrize("part", SETTERS)
def test_a_traceback_shows_no_local_variable(
    part: str, kind: Callable[[], io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = kind()
    monkeypatch.setattr(sys, "stderr", written)
    SETTERS[part]()
    password = "-".join(["it", "is", "secret"])  # its value stands in no line of this file
    try:
        list[str]().pop(len(password))
    except IndexError:
        structlog.get_logger().exception("it failed")
    assert "IndexError: pop" in written.getvalue()
    assert "it-is-secret" not in written.getvalue()
