"""Blocks of readings whose numbers mean the same, joined: numpy once for all, not once a block."""

from collections.abc import Callable, Sequence

from adapters import wire

FULL = 250_000  # readings; with what the writer holds, all that is in memory


class Gathering:
    """take: gets blocks of one numbering of one edge, in the order in which they came.

    A block that comes twice is gathered once.
    """

    def __init__(self, take: Callable[[Sequence[wire.TelemetryBlock]], None]) -> None:
        self._take = take
        self._blocks: dict[tuple[str, str, int], dict[int, wire.TelemetryBlock]] = {}
        self._rows = 0

    def add(self, block: wire.TelemetryBlock) -> None:
        """Gather a block. WireError where its columns differ in length."""
        self._rows += wire.rows(block)
        alike = self._blocks.setdefault((block.edge, block.epoch, block.numbering), {})
        alike.setdefault(block.seq, block)

    @property
    def is_full(self) -> bool:
        return self._rows >= FULL

    def flush(self) -> None:
        """Hand over what is gathered."""
        gathered, self._blocks, self._rows = self._blocks, {}, 0
        for blocks in gathered.values():
            self._take(list(blocks.values()))
