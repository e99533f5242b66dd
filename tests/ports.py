"""Ports for servers that cannot say which they took."""

import itertools
import random
import socket

# From 32,768 on Linux gives ports away by itself, to whoever connects somewhere; below 20,000 are
# those of the demo town. So nobody else takes one of these between here and the server's start.
_PORTS = itertools.cycle(random.sample(range(20_000, 32_768), 12_768))


def free_port() -> int:
    """Give a port of this machine's own address that was free a moment ago."""
    return next(port for port in _PORTS if _is_free(port))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
