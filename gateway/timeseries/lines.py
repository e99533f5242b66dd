"""Line protocol made of columns: one blob for thousands of readings, and no object for any."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Column = NDArray[Any] | str


def blob(*columns: Column) -> bytes:
    """Write row after row, the columns of each behind one another, with nothing between them.

    A column is an array of numbers or of texts, or a text that is the same in each row.
    """
    parts = [pa.scalar(each) if isinstance(each, str) else _texts(each) for each in columns]
    joined = pc.binary_join_element_wise(*parts, "")
    _, offsets, content = joined.buffers()
    end = int(np.frombuffer(offsets, np.int32)[len(joined)])
    written: bytes = content.slice(0, end).to_pybytes()
    return written


def _texts(column: NDArray[Any]) -> pa.Array:
    # Arrow writes the shortest digits that mean the same float.
    return pa.array(column).cast(pa.string())
