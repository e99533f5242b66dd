"""Who listens on a port of this machine."""

import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

HOST = "127.0.0.1"
LISTEN = "0A"  # /proc/net/tcp: TCP_LISTEN of net/tcp_states.h


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Give a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def is_open(port: int) -> bool:
    """Tell whether somebody answers there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def taken(ports: Iterable[int]) -> list[str]:
    """Give a line for each process that holds one of the ports, as far as one can see who it is."""
    busy = [port for port in ports if not is_free(port)]
    holders = _holders(busy) if busy else {}
    held: dict[str, list[str]] = {}
    for port in busy:
        held.setdefault(holders.get(port, "another process"), []).append(str(port))
    return [f"port {_shortened(mine)} is taken by {holder}" for holder, mine in held.items()]


def _shortened(ports: list[str]) -> str:
    shown = ", ".join(ports[:3])
    return shown if len(ports) <= 3 else f"{shown} and {len(ports) - 3} more"


def _holders(ports: list[int]) -> dict[int, str]:
    """Find the processes that listen, among those that this user may look into (Linux only)."""
    sockets: dict[str, int] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _lines(Path(table))[1:]:
            columns = line.split()
            port = int(columns[1].rpartition(":")[2], 16)
            if columns[3] == LISTEN and port in ports:
                sockets[f"socket:[{columns[9]}]"] = port
    found: dict[int, str] = {}
    for process in Path("/proc").glob("[0-9]*"):
        for link in _open_files(process) & sockets.keys():
            found[sockets[link]] = f"process {process.name}: {_command(process)[:100]}"
    return found


def _open_files(process: Path) -> set[str]:
    links = set()
    with suppress(OSError):  # another user's, or gone already
        for file in (process / "fd").iterdir():
            with suppress(OSError):  # closed since
                links.add(str(file.readlink()))
    return links


def _command(process: Path) -> str:
    with suppress(OSError):
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    return ""


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").splitlines()
    except OSError:
        return [""]
