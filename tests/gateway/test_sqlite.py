"""What another process does to the gateway's SQLite: it waits, and outlasts it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.storage import database
from gateway.storage.failures import StoreAway
from tests.gateway.conftest import TOWN, Gateway  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import Edge, play


@contextmanager
def written_by_another(folder: Path) -> Iterator[None]:
    """Hold the turn to write, as a backup or a person at its shell does."""
    other = sqlite3.connect(folder / "kvartal.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_write_of_another_process_is_outlasted(
    tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SQLITE_WAITS_MS", 50)

    async def story(gateway: Gateway, edge: Edge) -> None:
        with written_by_another(tmp_path):
            edge.be_born()
            edge.say(1, 40.0)
            await edge.until(lambda: any(line["event"] == "case store is away" for line in logs))
            with pytest.raises(StoreAway):
                await gateway.import_registry(TOWN)
        await edge.until_acknowledged("telemetry", 1)
        await gateway.import_registry(TOWN)
        await gateway.until_shown()  # its readers of the outbox live, too

    with capture_logs() as logs:
        play(tmp_path, broker, story)
    assert not any("the gateway stops" in line["event"] for line in logs)
