"""The store of readings that the settings choose, opened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.clock import Clock
from gateway.ingest.taken_record import TakenTable
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.timeseries.duckdb import DuckDbTimeSeries
from gateway.timeseries.port import Figures, Forgetful, TimeSeries
from gateway.timeseries.upkeep import Upkeep

REFUSED = "refused-readings"  # folder of what a server did not take


@dataclass(frozen=True, slots=True)
class Series:
    """upkeep: what must run beside, where the store is ours. forgetful: the store, if it is."""

    store: TimeSeries
    figures: Figures
    upkeep: Upkeep | None = None
    forgetful: Forgetful | None = None


@asynccontextmanager
async def open_series(
    settings: Settings, clock: Clock, database: Database
) -> AsyncIterator[Series]:
    """Open the store. A server need not be there yet."""
    if settings.series_store == "duckdb":
        async with DuckDbTimeSeries(settings.data_dir, clock) as embedded:
            upkeep = Upkeep(embedded, clock, settings.keep_series)
            yield Series(embedded, upkeep, upkeep)
        return
    # influxdb-client takes a second to import, which those with DuckDB need not wait for.
    from gateway.timeseries.influx_server import Account, InfluxServer  # noqa: PLC0415
    from gateway.timeseries.influxql import InfluxQlStore  # noqa: PLC0415
    from gateway.timeseries.promql import PromQlStore  # noqa: PLC0415

    server = InfluxServer(
        Account(settings.series_url, settings.series_bucket, settings.series_secret)
    )
    record, aside = TakenTable(database), settings.data_dir / REFUSED
    if settings.series_store == "influxql":
        async with InfluxQlStore(server, record, aside) as influxql:
            yield Series(influxql, influxql)
    else:
        async with PromQlStore(server, record, aside) as promql:
            yield Series(promql, promql, forgetful=promql)
