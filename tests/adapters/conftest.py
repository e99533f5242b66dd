"""A real broker on a free port, one of each kind that Kvartal can start."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.mqtt.broker import find_mosquitto
from tests.ports import free_port

StartBroker = Callable[..., str]


@contextlib.contextmanager
def running_broker(
    folder: Path, server: str, users: str = "", port: int = 0
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    port = port or free_port()
    command = [sys.executable, "-m", "adapters.mqtt.broker", "--port", str(port)]
    command += ["--state", str(folder / "broker"), "--server", server]
    if users:
        (folder / "users.txt").write_text(users)
        command += ["--users", str(folder / "users.txt")]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 15
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "the broker does not answer"
                time.sleep(0.02)
        yield f"mqtt://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["mosquitto", "iotcore"])
def server(request: pytest.FixtureRequest) -> str:
    if request.param == "mosquitto" and find_mosquitto() is None:
        pytest.fail("mosquitto is not installed; .ci/servers installs it")
    return str(request.param)


@pytest.fixture
def start_broker(tmp_path: Path, server: str) -> Iterator[StartBroker]:
    """Start the broker of this test's kind; `users` as in its users file."""
    with contextlib.ExitStack() as stack:
        yield lambda users="": stack.enter_context(running_broker(tmp_path, server, users))[0]


@pytest.fixture
def running_mosquitto(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Start mosquitto with these users, where a test is about what only it can."""
    if find_mosquitto() is None:
        pytest.fail("mosquitto is not installed; .ci/servers installs it")
    with contextlib.ExitStack() as stack:
        yield lambda users: stack.enter_context(running_broker(tmp_path, "mosquitto", users))[0]


class Restartable:
    """A broker that a test kills and starts again on the same port."""

    def __init__(self, folder: Path, server: str, stack: contextlib.ExitStack) -> None:
        self._start = lambda: stack.enter_context(running_broker(folder, server, port=self.port))
        self.port = free_port()
        self.url, self._process = self._start()

    def kill_and_start(self) -> None:
        self._process.kill()
        self._process.wait()
        self.url, self._process = self._start()


@pytest.fixture
def restartable_broker(tmp_path: Path, server: str) -> Iterator[Restartable]:
    with contextlib.ExitStack() as stack:
        yield Restartable(tmp_path, server, stack)
