"""`kvartal gateway doctor`: what it says of stores that answer, and of those that do not."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.mqtt.link import MqttLink
from core.finding import Finding
from gateway.doctor import look
from gateway.settings import load_settings
from tests.gateway.conftest import TOWN, started
from tests.gateway.postgresql import Cluster
from tests.gateway.series_servers import InfluxDb, free_port, running
from tests.gateway.test_command import kvartal


def found(folder: Path, **options: Any) -> dict[str, Finding]:
    async def body() -> dict[str, Finding]:
        nobody = f"127.0.0.1:{free_port()}"
        options.setdefault("broker", f"mqtt://{nobody}")
        settings = load_settings(data_dir=folder, listen=nobody, **options)
        return {finding.what: finding async for finding in look(settings)}

    return asyncio.run(body())


def test_before_the_first_start_only_the_broker_is_missed(tmp_path: Path) -> None:
    ended = kvartal(
        "doctor",
        "--data-dir",
        str(tmp_path / "data"),
        KVARTAL_GATEWAY_BROKER=f"mqtt://127.0.0.1:{free_port()}",
        KVARTAL_GATEWAY_LISTEN=f"127.0.0.1:{free_port()}",
    )
    assert ended.returncode == 1, ended.stderr
    marks = [tuple(line.split()[:2]) for line in ended.stdout.splitlines() if line[0] != " "]
    assert marks[:4] == [
        ("ok", "gateway"), ("ok", "cases"), ("ok", "readings"), ("MISS", "broker"),
    ]  # fmt: skip
    assert "start it, or mend the settings broker_" in ended.stdout
    assert not (tmp_path / "data").exists()


def test_wrong_settings_end_it_with_2(tmp_path: Path) -> None:
    ended = kvartal("doctor", "--data-dir", str(tmp_path), KVARTAL_GATEWAY_BROKER="http://x")
    assert ended.returncode == 2


def test_it_may_be_asked_beside_a_gateway_that_runs(tmp_path: Path, broker: str) -> None:
    async def body() -> tuple[int, list[str]]:
        async with started(tmp_path, TOWN, broker) as gateway:
            listen = gateway.url.removeprefix("http://")
            told = await asyncio.to_thread(
                kvartal, "doctor", "--data-dir", str(tmp_path),
                KVARTAL_GATEWAY_BROKER=broker, KVARTAL_GATEWAY_LISTEN=listen,
            )  # fmt: skip
            return told.returncode, told.stdout.splitlines()

    code, lines = asyncio.run(body())
    assert code == 0, lines
    assert lines[0].startswith("ok    gateway    runs at 127.0.0.1:")
    assert lines[1].startswith("ok    cases      SQLite 3.")
    assert lines[2].startswith("ok    readings   DuckDB ")
    assert lines[2].endswith("in use by a gateway")
    assert lines[3] == f"ok    broker     {broker} answers"


def test_where_no_gateway_runs_the_broker_is_logged_in_at(tmp_path: Path, broker: str) -> None:
    async def until_it_listens() -> None:
        async with MqttLink(broker, "test") as link:
            await link.until_up(20)

    asyncio.run(until_it_listens())
    assert found(tmp_path, broker=broker)["broker"].found == f"{broker} lets the gateway in"


def test_postgresql_is_named_with_its_revision_and_a_wrong_account_told(
    tmp_path: Path, postgresql: Cluster, on_postgresql: str
) -> None:
    good = found(tmp_path, database_url=postgresql.url(on_postgresql))["cases"]
    assert good.good
    assert good.found.startswith("PostgreSQL ")
    assert "revision 00" in good.found
    refused = found(tmp_path, database_url=postgresql.url("nowhere"))["cases"]
    assert refused.is_missed
    assert 'database "nowhere" does not exist' in refused.found
    assert "deploy/postgresql" in refused.advice


def test_tables_of_a_later_version_are_told(
    tmp_path: Path, postgresql: Cluster, on_postgresql: str
) -> None:
    postgresql.execute("UPDATE alembic_version SET version_num = '9999'", on_postgresql)
    told = found(tmp_path, database_url=postgresql.url(on_postgresql))["cases"]
    assert told.is_missed
    assert "revision 9999, which is not known here" in told.found


def test_a_damaged_file_of_readings_is_told_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "readings.duckdb").write_bytes(b"x" * 20_000)
    told = found(tmp_path)["readings"]
    assert told.is_missed
    assert "rebuild-series" in told.advice


def test_an_influxdb_answers_and_lacks_its_database_or_is_away(tmp_path: Path) -> None:
    with running(InfluxDb(tmp_path / "influx")) as server:
        where = {"series_store": "influxql", "series_url": server.url}
        server.account("kvartal")
        assert found(tmp_path, **where)["readings"].good
        lacking = found(tmp_path, **where, series_bucket="other")["readings"]
        assert "there is no database 'other'" in lacking.found
    away = found(tmp_path, **where)["readings"]
    assert away.is_missed
    assert server.url in away.found


@pytest.mark.parametrize(("files", "good"), [(0, True), (2, False)])
def test_readings_that_a_server_did_not_take_are_counted(
    tmp_path: Path, files: int, good: bool
) -> None:
    folder = tmp_path / "refused-readings"
    folder.mkdir()
    for number in range(files):
        (folder / f"{number}.lines").touch()
    url = f"http://127.0.0.1:{free_port()}"
    told = found(tmp_path, series_store="promql", series_url=url)["refused"]
    assert (told.good, told.found.startswith(f"{files} files")) == (good, True)
