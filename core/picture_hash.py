"""Whether two pictures are the same one, although one of them was saved again, smaller or paler."""

import numpy as np
from numpy.typing import NDArray

SIDE = 32  # pixels of the square that is looked at
LOW = 8  # of its frequencies in each direction
FLAT = 2.0  # grey levels: with less in it, one picture is as good as another
SAME_BITS = 6  # of 64 may differ

_FREQUENCY, _PIXEL = np.mgrid[0:LOW, 0:SIDE]
COSINES = np.cos(np.pi * _FREQUENCY * (2 * _PIXEL + 1) / (2 * SIDE))


def picture_hash(grey: NDArray[np.uint8]) -> int | None:
    """Give 64 bits that stay when the picture is saved again; None for one with nothing in it.

    grey: uint8, shape (32, 32). Bits: which low frequencies of its cosine transform are above
    their median, row by row, the mean grey left out. Source: pHash, Zauner 2010.
    """
    if grey.std() < FLAT:
        return None
    low = COSINES @ grey.astype(np.float64) @ COSINES.T
    bits = low.ravel() > np.median(low.ravel()[1:])
    bits[0] = False
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def same_pictures(hashes: NDArray[np.uint64], wanted: int) -> NDArray[np.intp]:
    """Give where in the column of hashes the picture is, the likest first."""
    differ = np.bitwise_count(hashes ^ np.uint64(wanted))
    found = np.flatnonzero(differ <= SAME_BITS)
    return found[np.argsort(differ[found], kind="stable")]
