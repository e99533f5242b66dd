"""A PostgreSQL of one's own in a folder: durable, over a socket, gone with its user."""

import asyncio
import os
import pwd
import shutil
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from simulators.stage.children import CannotStart

ACCOUNT = "kvartal"


@asynccontextmanager
async def postgresql() -> AsyncIterator[str]:
    """Give the URL of a new server's database. CannotStart where there is none on this machine."""
    if binaries() is None:
        raise CannotStart("PostgreSQL is not installed; `make servers` installs it")
    # Not below the state: a socket's path is short, and the server's user must reach it.
    with TemporaryDirectory(prefix="kvartal-", ignore_cleanup_errors=True) as folder:
        user = unprivileged()
        if user is not None:
            shutil.chown(folder, user)
        data, log = f"--pgdata={folder}/data", f"--log={folder}/log"
        options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
        await _run(folder, "initdb", data, f"--username={ACCOUNT}", "--encoding=UTF8", "--locale=C")
        await _run(
            folder, "pg_ctl", data, "start", "--wait", "--silent", log, f"--options={options}"
        )
        try:
            yield f"postgresql://{ACCOUNT}@/postgres?host={folder}"
        finally:
            await _run(folder, "pg_ctl", data, "stop", "--wait", "--silent", "--mode=fast")


def binaries() -> Path | None:
    """Give the folder of the newest server, which Debian keeps off the PATH; None for none."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    found = sorted(versions, key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    server = shutil.which("postgres")
    return Path(server).resolve().parent if server else None


def unprivileged() -> str | None:
    """Give the user to run as where we are root, whom PostgreSQL refuses; else None."""
    if os.geteuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


async def _run(folder: str, program: str, *options: str) -> None:
    user, where = unprivileged(), binaries() or Path()
    process = await asyncio.create_subprocess_exec(
        where / program, *options, stdout=DEVNULL, stderr=STDOUT, cwd=folder, user=user, group=user
    )
    if code := await process.wait():
        raise CannotStart(f"{program} ended with {code}; see {folder}/log")
