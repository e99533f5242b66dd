"""Node ids of profiles, whose namespaces are named by URI, in the numbers of one server.

A server may number its namespaces anew at every start (Part 5, 6.3.1): only the URI is fixed.
"""

from collections.abc import Sequence

from asyncua import ua
from asyncua.ua.uaerrors import UaError

URI = "nsu="  # as Part 6, 5.3.1.11 writes an expanded node id


class NoSuchNode(Exception):
    """Say why a node id means nothing on this server."""


class Namespaces:
    """uris: the server's NamespaceArray."""

    def __init__(self, uris: Sequence[str]) -> None:
        self.uris = list(uris)

    def node(self, text: str) -> ua.NodeId:
        """Read `nsu=urn:vendor;s=Pump1` or `ns=2;s=Pump1`. NoSuchNode says what is wrong."""
        rest = text
        if text.startswith(URI):
            uri, _, identifier = text.removeprefix(URI).partition(";")
            if uri not in self.uris:
                known = ", ".join(self.uris[1:]) or "none of its own"
                raise NoSuchNode(f"{text}: the server has no namespace {uri}; it has {known}")
            rest = f"ns={self.uris.index(uri)};{identifier}"
        try:
            return ua.NodeId.from_string(rest)
        except (UaError, ValueError) as error:
            raise NoSuchNode(f"{text}: {error}") from error

    def text(self, node: ua.NodeId) -> str:
        """Write a node id so that it holds after the server's next start."""
        written: str = node.to_string()
        index = node.NamespaceIndex
        if not 0 < index < len(self.uris):
            return written
        return f"{URI}{self.uris[index]};{written.removeprefix(f'ns={index};')}"
