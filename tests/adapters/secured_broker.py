"""A real mosquitto with TLS on a free port."""

import contextlib
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from adapters.mqtt.broker import find_mosquitto
from tests.adapters.certificates import Authority
from tests.ports import free_port


@contextlib.contextmanager
def secured(
    authority: Authority, server: tuple[Path, Path], *more: str, port: int = 0
) -> Iterator[int]:
    """Run mosquitto with this certificate; `more` lines of its configuration."""
    program, port = find_mosquitto(), port or free_port()
    assert program is not None, "mosquitto is not installed; .ci/servers installs it"
    lines = [f"listener {port} 127.0.0.1", f"cafile {authority.file}", f"certfile {server[0]}"]
    lines += [f"keyfile {server[1]}", "allow_anonymous true", "user root", *more]
    configuration = authority.folder / "mosquitto.conf"
    configuration.write_text("\n".join(lines) + "\n")
    process = subprocess.Popen([str(program), "-c", str(configuration)])
    try:
        deadline = time.monotonic() + 15
        while not _answers(port):
            assert time.monotonic() < deadline, "the broker does not answer"
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        ssl.get_server_certificate(("127.0.0.1", port), timeout=1)
        return True
    return False
