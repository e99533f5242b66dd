"""Readings as a file, CSV or Parquet, which is sent while it is read."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from core.quality import BAD, GOOD, REASON, UNCERTAIN, VERDICT, Reason
from core.readings import Readings
from gateway.api.dependencies import TheHistory
from gateway.api.many_series import TheSeries
from gateway.registry.chosen_series import ChosenSeries
from gateway.sheets.table_file import guarded

router = APIRouter(prefix="/series", tags=["series"])

MEDIA_TYPE = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
UTF_8_MARK = b"\xef\xbb\xbf"  # tells Excel the encoding
TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [("time", pa.timestamp("ns", "UTC")), ("device", TEXT), ("signal", TEXT),
     ("value", pa.float64()), ("unit", TEXT), ("quality", TEXT), ("reason", TEXT)]
)  # fmt: skip
VERDICTS = {GOOD: "good", UNCERTAIN: "uncertain", BAD: "bad"}
QUALITIES = [VERDICTS.get(code & VERDICT, "") for code in range(256)]
NAMES = {int(reason): reason.name.lower() for reason in Reason if reason}
REASONS = [NAMES.get(code & REASON, "") for code in range(256)]


@router.get("/export", response_class=StreamingResponse)
async def export(
    *,
    wanted: TheSeries,
    history: TheHistory,
    device: str = "",
    signal: str = "",
    form: Annotated[Literal["csv", "parquet"], Query(alias="format")] = "csv",
) -> StreamingResponse:
    """Give every reading that is kept in full, by default of a day, of one's territory.

    Of a place and what is below it, of devices that serve a kind of asset, or of one device.
    """
    chosen = wanted.choose(signal=signal, device=device)
    blocks = history.rows(*wanted.span(chosen))
    name = f"readings-{wanted.since:%Y%m%d}-{wanted.until:%Y%m%d}.{form}"
    return StreamingResponse(
        (_csv if form == "csv" else _parquet)(blocks, _Columns(chosen)),
        media_type=MEDIA_TYPE[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


class _Columns:
    """Makes of readings what people can read."""

    def __init__(self, chosen: Sequence[ChosenSeries]) -> None:
        self._numbers = np.array([each.number for each in chosen], np.uint32)
        self._device = [guarded(each.device) for each in chosen]
        self._signal = [guarded(each.signal) for each in chosen]
        self._unit = [guarded(each.unit) for each in chosen]

    def table(self, rows: Readings) -> pa.Table:
        series = np.searchsorted(self._numbers, rows.signal).astype(np.int32)
        code = rows.quality.astype(np.int32)

        def text(place: np.ndarray[tuple[int], np.dtype[np.int32]], words: list[str]) -> pa.Array:
            return pa.DictionaryArray.from_arrays(pa.array(place), pa.array(words))

        columns = [
            pa.array(rows.time, pa.timestamp("ns", "UTC")),
            text(series, self._device),
            text(series, self._signal),
            pa.array(rows.value, from_pandas=True),  # NaN is nothing
            text(series, self._unit),
            text(code, QUALITIES),
            text(code, REASONS),
        ]
        return pa.table(columns, schema=SCHEMA)


async def _csv(blocks: AsyncIterator[Readings], columns: _Columns) -> AsyncIterator[bytes]:
    def lines(rows: Readings) -> bytes:
        out = io.BytesIO()
        plain = pyarrow.csv.WriteOptions(include_header=False)
        pyarrow.csv.write_csv(columns.table(rows), out, plain)
        return out.getvalue()

    yield UTF_8_MARK + ",".join(SCHEMA.names).encode() + b"\n"
    async for rows in blocks:
        yield await asyncio.to_thread(lines, rows)


async def _parquet(blocks: AsyncIterator[Readings], columns: _Columns) -> AsyncIterator[bytes]:
    out = _Outgoing()
    writer = pq.ParquetWriter(pa.PythonFile(out, "w"), SCHEMA, compression="zstd")
    async for rows in blocks:
        await asyncio.to_thread(writer.write_table, columns.table(rows))
        yield out.take()
    writer.close()
    yield out.take()


class _Outgoing(io.RawIOBase):
    """A file of which what was written is taken away as it comes."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        part = memoryview(content)  # type: ignore[arg-type]  # pyarrow gives a buffer
        self._waiting += part
        self._written += len(part)
        return len(part)

    def tell(self) -> int:
        return self._written

    def take(self) -> bytes:
        taken, self._waiting = bytes(self._waiting), bytearray()
        return taken
