"""Readings in VictoriaMetrics, read by MetricsQL, its PromQL.

A reading is a sample in two metrics with the label `series`, in milliseconds: BUCKET_v and BUCKET_q
have the value and the quality of one that may be counted, BUCKET_x and BUCKET_b of one that is bad
or has no value (then without BUCKET_x). So what is counted can be counted by the server.

The server keeps all samples of a moment and shows one of them: `-dedup.minScrapeInterval=1ms` must
be set. A block that comes again does no harm therefore; which of two different values of one
millisecond stands, if they came in two commits, only the server knows.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.clock import SECOND
from core.quality import BAD, QUARANTINE, UNCERTAIN
from core.readings import Readings
from gateway.timeseries.found import NONE, batches, one_a_moment
from gateway.timeseries.influx import TAG, LineProtocolStore
from gateway.timeseries.influx_server import Query
from gateway.timeseries.lines import blob
from gateway.timeseries.port import Buckets

MILLISECOND = SECOND // 1000
SERIES_A_REQUEST = 200  # a query has at most 16 kB
BUCKETS_A_REQUEST = 20_000  # -search.maxPointsPerTimeseries is 30,000
ROWS_A_REQUEST = 100_000
WINDOW = 6 * 3_600_000  # of which rows are counted together, milliseconds
LONGEST_STEP = 100 * 365 * 86_400_000  # the server takes no longer one
LAST = 7_258_118_400_000  # the year 2200, milliseconds
STARTED = "process_start_time_seconds "
SUMMED_UP = ("count", "avg", "min", "max", "first", "last")
EXTREMES = ("tmin", "min", "tmax", "max")
Name = Literal["v", "q", "x", "b"]
COUNTED: tuple[Name, ...] = ("v", "b")  # each reading has one of them
NAMES: tuple[Name, ...] = ("v", "q", "x", "b")

Samples = tuple[NDArray[np.int64], NDArray[np.float64]]
Bucket = tuple[int, int]  # series, its begin in milliseconds
CODES = np.array([f",q={code} " for code in range(256)])
BAD_CODES = np.array([f" b={code} " for code in range(256)])
BAD_VALUES = np.array([f" b={code},x=" for code in range(256)])


class Parts(NamedTuple):
    """A time, in parts of `width` from its start on; the last one may be cut. Milliseconds."""

    start: int
    end: int
    width: int


class Sampled(msgspec.Struct):
    """What a query says of one series: rows of seconds and a number as text."""

    metric: dict[str, str]
    values: list[tuple[float, str]]


class Data(msgspec.Struct):
    result: list[Sampled]


class Answer(msgspec.Struct):
    data: Data


class Exported(msgspec.Struct):
    """Samples of one metric; there may be several of them."""

    metric: dict[str, str]
    values: list[float]
    timestamps: list[int]


ANSWER = msgspec.json.Decoder(Answer)
EXPORTED = msgspec.json.Decoder(Exported)


class PromQlStore(LineProtocolStore):
    """A server, or the address of a cluster, that takes line protocol and answers MetricsQL."""

    path = "/api/v2/write"
    precision = "ms"

    @property
    def target(self) -> Query:
        """Give what InfluxDB 2 would want; the metrics' names tell the bucket here."""
        return {"bucket": self._bucket}

    def lines(self, readings: Readings) -> bytes:
        """Write readings in line protocol, milliseconds, the last one of each."""
        time = readings.time // MILLISECOND
        rows = one_a_moment(
            Readings(readings.signal, time, readings.value, readings.quality, readings.read_at)
        )
        head = f"{self._bucket},{TAG}="
        is_number = np.isfinite(rows.value)
        is_counted = is_number & (rows.quality < BAD)
        good, bad = rows.take(is_counted), rows.take(is_number & ~is_counted)
        nothing = rows.take(~is_number)
        return b"".join(
            (
                blob(head, good.signal, " v=", good.value, CODES[good.quality], good.time, "\n"),
                blob(head, bad.signal, BAD_VALUES[bad.quality], bad.value, " ", bad.time, "\n"),
                blob(head, nothing.signal, BAD_CODES[nothing.quality], nothing.time, "\n"),
            )
        )

    async def range(self, series: int, start: int, end: int, points: int) -> tuple[Readings, bool]:
        """Give readings with start <= time < end, thinned out where there are too many."""
        first, after = _milliseconds(start), _milliseconds(end)
        counts = await self._counts(series, Parts(first, after, max(1, after - first)))
        if sum(counts.values()) <= points:
            return await self._exported(series, first, after), False
        width = max(1, -(-(after - first) // max(1, points // 2)))
        return await self._thinned(series, Parts(first, after, width)), True

    async def latest(self, since: int) -> Readings:
        """Give the last reading of each series that has one since then and out of quarantine."""
        first = _milliseconds(since)
        found = {
            name: await self._rolled_up(
                name, None, ("tlast", "last"), Parts(first, LAST, LAST - first)
            )
            for name in NAMES
        }
        rows = [
            *_rows(found["v"], found["q"], "last"),
            *_rows(found["x"], found["b"], "last"),
        ]
        newest = {series: (time, value, code) for series, time, value, code in sorted(rows)}
        hidden = [series for series, (*_, code) in newest.items() if code == QUARANTINE]
        believed = _readings(
            (series, *row) for series, row in newest.items() if series not in hidden
        )
        return Readings.concat([believed, *[await self._believed(each, first) for each in hidden]])

    async def first_good(self, since: Mapping[int, int]) -> Readings:
        """Give the earliest good reading of each series that has one since its moment."""
        found = [
            await self._first_good(series, _milliseconds(moment))
            for series, moment in since.items()
        ]
        return Readings.concat([NONE, *found])

    async def aggregate(
        self, series: NDArray[np.uint32], start: int, end: int, width: int
    ) -> Buckets:
        """Give what the series were in each `width` from start on. width: whole milliseconds."""
        parts = Parts(_milliseconds(start), _milliseconds(end), width // MILLISECOND)
        rows: list[tuple[float, ...]] = []
        for some in batches(series, SERIES_A_REQUEST):
            found = await self._rolled_up("v", some, SUMMED_UP, parts)
            for (number, begin), values in found.items():
                row = (values[name] for name in SUMMED_UP)
                rows.append((number, begin * MILLISECOND, *row))
        return Buckets.of(rows)

    async def rows(
        self, series: NDArray[np.uint32], start: int, end: int
    ) -> AsyncIterator[Readings]:
        """Give all readings of the time, series by series."""
        for number in np.unique(series).tolist():
            parts = Parts(_milliseconds(start), _milliseconds(end), WINDOW)
            counts = await self._counts(number, parts)
            begin, waiting = 0, 0
            for window in sorted(counts):
                if waiting and waiting + counts[window] > ROWS_A_REQUEST:
                    yield await self._exported(number, begin, window)
                    waiting = 0
                if not waiting:
                    begin = window
                waiting += counts[window]
            if waiting:
                yield await self._exported(number, begin, parts.end)

    async def ping(self) -> None:
        """Ask whether queries are answered."""
        await self._server.get("/api/v1/query", {"query": "1"})

    async def run_id(self) -> str:
        """Give the moment at which the server was started."""
        metrics: str = await self._server.get("/metrics", {}, lambda content: content.decode())
        return next((line for line in metrics.splitlines() if line.startswith(STARTED)), "")

    # ---- what the server is asked -----------------------------------------------------------

    async def _thinned(self, series: int, parts: Parts) -> Readings:
        """Give the lowest and the highest of each part, and its first bad one.

        The quality of a part is the worst one of what may be counted in it.
        """
        values = await self._rolled_up("v", [series], EXTREMES, parts)
        codes = await self._rolled_up("q", [series], ("max",), parts)
        bad = await self._rolled_up("b", [series], ("tfirst", "first"), parts)
        known = await self._rolled_up("x", [series], ("tfirst", "first"), parts)
        extremes = [
            (series, found[f"t{extreme}"], found[extreme], codes[bucket]["max"])
            for bucket, found in values.items()
            for extreme in ("min", "max")
            if bucket in codes
        ]
        return one_a_moment(_readings([*extremes, *_rows(known, bad, "first")]))

    async def _believed(self, series: int, since: int) -> Readings:
        """Give the last reading out of quarantine, where what is newer is in it."""
        found = await self._exported(series, since, LAST)
        return found.take(np.flatnonzero(found.quality != QUARANTINE)[-1:])

    async def _first_good(self, series: int, since: int) -> Readings:
        while True:
            found = await self._rolled_up(
                "q", [series], ("tfirst",), Parts(since, LAST, LAST - since)
            )
            if not found:
                return NONE
            ((first,),) = (values.values() for values in found.values())
            since = round(first * 1000) + WINDOW
            rows = await self._exported(series, since - WINDOW, since)
            good = rows.take(rows.quality < UNCERTAIN)
            if len(good):
                return good.take(np.array([0]))

    async def _counts(self, series: int, parts: Parts) -> dict[int, int]:
        """Give how many readings there are in each part."""
        counts: dict[int, int] = {}
        for name in COUNTED:
            found = await self._rolled_up(name, [series], ("count",), parts)
            for (_, begin), values in found.items():
                counts[begin] = counts.get(begin, 0) + int(values["count"])
        return counts

    async def _rolled_up(
        self, name: Name, series: Sequence[int] | None, functions: Sequence[str], parts: Parts
    ) -> dict[Bucket, dict[str, float]]:
        """Give what functions over time make of each part with samples. series: None for all."""
        start, end, width = parts
        whole = start + (end - start) // width * width
        reach = width * BUCKETS_A_REQUEST
        asked = [
            Parts(first, min(whole, first + reach), width) for first in range(start, whole, reach)
        ]
        if whole < end:
            asked.append(Parts(whole, end, end - whole))
        of = "" if series is None else f'{{{TAG}=~"{"|".join(map(str, series))}"}}'
        named = ", ".join(f'"{function}_over_time"' for function in functions)
        found: dict[Bucket, dict[str, float]] = {}
        for each in asked:
            query = f"aggr_over_time(({named}), {self._bucket}_{name}{of}[{each.width}ms])"
            await self._ask(query, each, found)
        return found

    async def _ask(self, query: str, parts: Parts, found: dict[Bucket, dict[str, float]]) -> None:
        """Put what a query gives into what was found."""
        start, end, width = parts
        query_range = {
            "query": query,
            # A window reaches back from its last millisecond.
            "start": _seconds(start + width - 1),
            "end": _seconds(end - 1),
            "step": f"{min(width, LONGEST_STEP)}ms",
            "nocache": "1",
        }
        answer = await self._server.get("/api/v1/query_range", query_range, ANSWER.decode)
        for each in answer.data.result:
            function = each.metric["rollup"].removesuffix("_over_time")
            for moment, value in each.values:
                bucket = (int(each.metric[TAG]), round(moment * 1000) - width + 1)
                found.setdefault(bucket, {})[function] = float(value)

    async def _exported(self, series: int, start: int, end: int) -> Readings:
        """Give all readings of a series with start <= time < end, oldest first."""
        query = {
            "match[]": f'{{__name__=~"{self._bucket}_[vqxb]",{TAG}="{series}"}}',
            "start": _seconds(start),
            "end": _seconds(end - 1),
        }
        metrics = await self._server.get("/api/v1/export", query, EXPORTED.decode_lines)
        samples = {
            name: _joined([each for each in metrics if each.metric["__name__"] == metric])
            for name, metric in ((name, f"{self._bucket}_{name}") for name in NAMES)
        }
        counted = _paired(series, samples["v"], samples["q"])
        bad = _paired(series, samples["x"], samples["b"])
        # A bad one without a value comes first, so that one with it stands in its place.
        time, code = samples["b"]
        nothing = Readings.of(np.full(len(time), series), time, np.nan, code.astype(np.uint8), 0)
        return one_a_moment(Readings.concat([counted, nothing, bad]))


def _joined(metrics: Sequence[Exported]) -> Samples:
    """Give times in nanoseconds and values, a value a moment."""
    time = np.concatenate([np.zeros(0, np.int64), *(each.timestamps for each in metrics)])
    value = np.concatenate([np.zeros(0), *(each.values for each in metrics)])
    time, rows = np.unique(time.astype(np.int64) * MILLISECOND, return_index=True)
    return time, value[rows]


def _paired(series: int, values: Samples, codes: Samples) -> Readings:
    """Give the readings that have both a value and a quality."""
    time, of_values, of_codes = np.intersect1d(
        values[0], codes[0], assume_unique=True, return_indices=True
    )
    quality = codes[1][of_codes].astype(np.uint8)
    return Readings.of(np.full(len(time), series), time, values[1][of_values], quality, 0)


def _milliseconds(nanoseconds: int) -> int:
    """Give the first millisecond that is not before."""
    return -(-nanoseconds // MILLISECOND)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03}"


def _rows(
    values: dict[Bucket, dict[str, float]], codes: dict[Bucket, dict[str, float]], which: str
) -> list[tuple[int, float, float, float]]:
    """Pair the first or last value of each bucket with its quality; NaN where there is none."""
    time = f"t{which}"
    return [
        (
            series,
            found[time],
            value[which] if value.get(time) == found[time] else np.nan,
            found[which],
        )
        for (series, begin), found in codes.items()
        for value in [values.get((series, begin), {})]
    ]


def _readings(rows: Iterable[tuple[int, float, float, float]]) -> Readings:
    """Make readings of rows of series, time in seconds, value and quality."""
    series, time, value, code = list(zip(*rows, strict=True)) or ((), (), (), ())
    milliseconds = np.rint(np.array(time, np.float64) * 1000).astype(np.int64)
    return Readings.of(series, milliseconds * MILLISECOND, value, np.array(code, np.uint8), 0)
