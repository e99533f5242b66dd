"""A PostgreSQL of the tests' own: a cluster in a folder of its own, a database a test."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

from gateway.settings import load_settings
from gateway.storage.opened import opened
from simulators.stage.postgresql import binaries, unprivileged
from tests.ports import free_port

ACCOUNT = "kvartal"  # may log in, and owns its databases: nothing else, as deploy/ advises
PASSWORD = "a secret"
MIGRATED = "migrated"  # database with all tables, of which others are copies
CONFIGURATION = """
fsync = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 60
listen_addresses = '127.0.0.1'
"""
# Over the socket everybody is believed, over TCP by password.
ACCESS = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


class Cluster:
    """A server with a database that was migrated once, to copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._user = unprivileged()
        self._numbers = count(1)
        if self._user is not None:
            shutil.chown(folder, self._user)
        self._run("initdb", "--username=admin", "--encoding=UTF8", "--locale=C", "--no-sync")
        (self._data / "pg_hba.conf").write_text(ACCESS)
        (self._data / "postgresql.auto.conf").write_text(
            f"{CONFIGURATION}port = {self.port}\nunix_socket_directories = '{folder}'\n"
        )
        self.start()
        self.execute(f"CREATE ROLE {ACCOUNT} LOGIN PASSWORD '{PASSWORD}'")
        self._create(MIGRATED, "template0")
        asyncio.run(_migrate(folder, self.url(MIGRATED)))

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        self._run("pg_ctl", "start", "--wait", "--silent", f"--log={self.folder / 'log'}")

    def stop(self) -> None:
        """Stop at once, as a machine that loses its power."""
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode=immediate")

    def url(self, database: str) -> str:
        """Give the URL over the socket, which needs no password."""
        return f"postgresql://{ACCOUNT}@/{database}?host={self.folder}&port={self.port}"

    def url_by_password(self, database: str) -> str:
        return f"postgresql://{ACCOUNT}@127.0.0.1:{self.port}/{database}"

    def secure(self, certificate: Path, key: Path) -> None:
        """Speak TLS from now on, with this certificate, whoever wants it."""
        for file, name in ((certificate, "server.crt"), (key, "server.key")):
            copy = Path(shutil.copy(file, self._data / name))
            copy.chmod(0o600)
            if self._user is not None:
                shutil.chown(copy, self._user)
        self.execute("ALTER SYSTEM SET ssl = on")
        self._run("pg_ctl", "reload", "--silent")

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Give the name of a new database, with nothing in it or with what the other one has."""
        name = f"test_{next(self._numbers)}"
        self._create(name, template)
        yield name
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _create(self, database: str, template: str) -> None:
        self.execute(f"CREATE DATABASE {database} OWNER {ACCOUNT} TEMPLATE {template}")

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run a statement as the administrator and give the rows."""

        async def run() -> list[Any]:
            connection = await asyncpg.connect(
                host=str(self.folder), port=self.port, user="admin", database=database
            )
            try:
                return list(await connection.fetch(statement))
            finally:
                await connection.close()

        return asyncio.run(run())

    def _run(self, program: str, *options: str) -> None:
        where = binaries()
        assert where is not None, "the tests need PostgreSQL; `make servers` installs it"
        command = [str(where / program), f"--pgdata={self._data}", *options]
        identity: dict[str, Any] = (
            {} if self._user is None else {"user": self._user, "group": self._user}
        )
        ended = subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            check=False,
            **identity,
        )
        assert ended.returncode == 0, f"{program} ended with {ended.returncode}"


@contextmanager
def cluster() -> Iterator[Cluster]:
    # Not below pytest's folder: that is its user's alone, and a socket's path is short.
    with tempfile.TemporaryDirectory(prefix="kvartal-", ignore_cleanup_errors=True) as folder:
        server = Cluster(Path(folder))
        try:
            yield server
        finally:
            server.stop()


async def _migrate(folder: Path, url: str) -> None:
    async with opened(load_settings(data_dir=folder, database_url=url)):
        pass
