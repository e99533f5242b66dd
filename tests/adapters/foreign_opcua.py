"""A server of node-opcua: a stack that nobody here wrote."""

import contextlib
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from adapters.opcua.certificate import fingerprint
from tests.ports import free_port

FOLDER = Path(__file__).parent / "foreign"
START_S = 60  # node loads some hundred files


class ForeignServer:
    """folder: of the server's certificates."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, folder: Path) -> None:
        self.process = process
        self.address = f"opc.tcp://localhost:{port}"
        self.folder = folder
        self.said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.put(line.strip())

    def hear(self, beginning: str) -> str:
        """Give the next line that begins so."""
        while not (line := self.said.get(timeout=START_S)).startswith(beginning):
            pass
        return line

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    @property
    def fingerprint(self) -> str:
        file = self.folder / "pki" / "own" / "certs" / "certificate.pem"
        return fingerprint(x509.load_pem_x509_certificate(file.read_bytes()))


@contextlib.contextmanager
def foreign_server(folder: Path, *, trusts_anybody: bool = True) -> Iterator[ForeignServer]:
    """Start the server; it listens on the loopback only."""
    if not (FOLDER / "node_modules").is_dir():
        pytest.fail("the foreign servers are not installed; .ci/servers installs them")
    port = free_port()
    process = subprocess.Popen(
        ["node", "opcua_server.js", str(port), str(folder)],
        cwd=FOLDER,
        env={**os.environ, "TRUST_ANYBODY": str(int(trusts_anybody))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        server = ForeignServer(process, port, folder)
        server.hear("ready")
        yield server
    finally:
        process.kill()
        process.communicate()
