"""Readings in InfluxDB, read by InfluxQL: the API of version 1, which later versions serve, too.

A reading is a point of the measurement that is called like the bucket, with the tag `series` and
two fields that are always there, so that a point that comes again replaces the former one wholly:
v, the value, and q, its quality; where there is no value, v is 0 and q is `NOTHING` more.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.quality import BAD, QUARANTINE, UNCERTAIN
from core.readings import Readings
from gateway.timeseries.found import NONE, batches, one_a_moment
from gateway.timeseries.influx import TAG, LineProtocolStore
from gateway.timeseries.influx_server import Query
from gateway.timeseries.lines import blob
from gateway.timeseries.port import Buckets, StoreUnavailable

NOTHING = 256
ROWS_A_REQUEST = 100_000
SERIES_A_REQUEST = 200  # a query stands in the address, which has an end
FIELDS_END = np.array([f",q={code}i " for code in range(2 * NOTHING)])
SUMMED_UP = "count(v), mean(v), min(v), max(v), first(v), last(v)"


class Found(msgspec.Struct):
    """What an answer says of one series: rows of time and what was asked for."""

    columns: list[str]
    values: list[list[int | float]]  # as floats, nanoseconds would lose their last digits
    tags: dict[str, str]

    def readings(self) -> Readings:
        """Give rows of time, v and q."""
        time, value, code = (
            [row[self.columns.index(name)] for row in self.values] for name in ("time", "v", "q")
        )
        codes = np.array(code, np.int64)
        known = np.where(codes < NOTHING, value, np.nan)
        return Readings.of(np.full(len(time), int(self.tags[TAG])), time, known, codes % NOTHING, 0)


class Result(msgspec.Struct):
    series: list[Found] = []
    error: str = ""


class Answer(msgspec.Struct):
    results: list[Result]


class Names(msgspec.Struct):
    values: list[list[str]] = []


class Listed(msgspec.Struct):
    series: list[Names] = []
    error: str = ""


class Listing(msgspec.Struct):
    """An answer to SHOW …"""

    results: list[Listed]


class InfluxQlStore(LineProtocolStore):
    """A database of InfluxDB 1, or a bucket of a later one that is mapped to a database."""

    path = "/write"
    precision = "ns"

    @property
    def target(self) -> Query:
        """Give the database."""
        return {"db": self._bucket}

    def lines(self, readings: Readings) -> bytes:
        """Write readings in line protocol, nanoseconds."""
        is_number = np.isfinite(readings.value)
        value = np.where(is_number, readings.value, 0.0)
        code = np.where(is_number, 0, NOTHING) + readings.quality
        head = f"{self._bucket},{TAG}="
        return blob(head, readings.signal, " v=", value, FIELDS_END[code], readings.time, "\n")

    async def ping(self) -> None:
        """Ask whether the database is there."""
        answer = await self._answer({"q": "SHOW DATABASES"}, msgspec.json.Decoder(Listing))
        if [self._bucket] not in [
            name for each in answer.results[0].series for name in each.values
        ]:
            url = self._server.account.url
            raise StoreUnavailable(f"{url}: there is no database {self._bucket!r} for this account")

    async def range(self, series: int, start: int, end: int, points: int) -> tuple[Readings, bool]:
        """Give readings with start <= time < end, thinned out where there are too many."""
        where = f"{_one_of([series])} AND {_between(start, end)}"
        found = await self._readings(f"v, q FROM {self._bucket} WHERE {where}", limit=points + 1)
        if len(found) <= points:
            return found, False
        parts = _buckets(start, max(1, -(-(end - start) // max(1, points // 2))))
        # top() and bottom() keep the time of what they choose, as min() and max() do not.
        thinned = [
            await self._readings(f"{chosen} FROM {self._bucket} WHERE {where} AND {which}", parts)
            for chosen, which in (
                ("bottom(v, 1) AS v, q", f"q < {BAD}"),
                ("top(v, 1) AS v, q", f"q < {BAD}"),
                ("bottom(q, 1) AS q, v", f"q >= {BAD}"),
            )
        ]
        return one_a_moment(Readings.concat(thinned)), True

    async def latest(self, since: int) -> Readings:
        """Give the last reading of each series that has one since then and out of quarantine."""
        believed = f"q <> {QUARANTINE} AND q <> {QUARANTINE + NOTHING}"
        chosen = f"last(v) AS v, q FROM {self._bucket}"
        return await self._readings(f"{chosen} WHERE time >= {since} AND {believed}")

    async def first_good(self, since: Mapping[int, int]) -> Readings:
        """Give the earliest good reading of each series that has one since its moment."""
        found = [
            await self._readings(
                f"first(v) AS v, q FROM {self._bucket} WHERE q < {UNCERTAIN} "
                f"AND {_one_of([series])} AND time >= {moment}"
            )
            for series, moment in since.items()
        ]
        return Readings.concat([NONE, *found])

    async def aggregate(
        self, series: NDArray[np.uint32], start: int, end: int, width: int
    ) -> Buckets:
        """Give what the series were in each `width` from start on."""
        rows: list[tuple[float, ...]] = []
        for some in batches(series, SERIES_A_REQUEST):
            where = f"q < {BAD} AND {_one_of(some)} AND {_between(start, end)}"
            found = await self._ask(
                f"{SUMMED_UP} FROM {self._bucket} WHERE {where}", _buckets(start, width)
            )
            rows += [(int(each.tags[TAG]), *row) for each in found for row in each.values]
        return Buckets.of(rows)

    async def rows(
        self, series: NDArray[np.uint32], start: int, end: int
    ) -> AsyncIterator[Readings]:
        """Give all readings of the time, series by series."""
        for number in np.unique(series).tolist():
            since = start
            while True:
                where = f"{_one_of([number])} AND {_between(since, end)}"
                query = f"v, q FROM {self._bucket} WHERE {where}"
                found = await self._readings(query, limit=ROWS_A_REQUEST)
                if len(found):
                    yield found
                if len(found) < ROWS_A_REQUEST:
                    break
                since = int(found.time[-1]) + 1

    async def _readings(self, query: str, *parts: str, limit: int = 0) -> Readings:
        """Give the readings that are chosen as v and q."""
        found = await self._ask(query, *parts, limit=limit)
        return Readings.concat([NONE, *(each.readings() for each in found)])

    async def _ask(self, query: str, *parts: str, limit: int = 0) -> list[Found]:
        """Give what is found, by series. parts: what else it is grouped by."""
        groups = ", ".join([f'"{TAG}"', *parts])
        filled = " fill(none)" if parts else ""
        bound = f" LIMIT {limit}" if limit else ""
        asked = {"q": f"SELECT {query} GROUP BY {groups}{filled}{bound}", "epoch": "ns"}
        answer = await self._answer(asked, msgspec.json.Decoder(Answer))
        found: list[Found] = answer.results[0].series
        return found

    async def _answer(self, asked: Query, decoder: msgspec.json.Decoder[Any]) -> Any:
        answer = await self._server.get("/query", {**self.target, **asked}, decoder.decode)
        if error := answer.results[0].error:
            raise StoreUnavailable(f"{self._server.account.url}: {error}")
        return answer


def _one_of(series: Sequence[int]) -> str:
    return f'"{TAG}" =~ /^({"|".join(map(str, series))})$/'


def _between(start: int, end: int) -> str:
    return f"time >= {start} AND time < {end}"


def _buckets(start: int, width: int) -> str:
    return f"time({width}ns, {start % width}ns)"
