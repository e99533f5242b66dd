"""Cells of the map, by which the store finds what is near."""

from core.position import Position

PER_DEGREE = 1000, 500  # cells, of latitude and of longitude: below 74° none is narrower than 60 m
AROUND = 1_000_000  # more than there are cells round the world


def cell_of(spot: Position) -> int:
    """Give the cell in which a spot is."""
    latitude, longitude = (int(part * per) for part, per in zip(spot, PER_DEGREE, strict=True))
    return latitude * AROUND + longitude


def cells_around(spot: Position) -> list[int]:
    """Give the cells in which that may be what is within 60 m, the own one first."""
    centre = cell_of(spot)
    return [centre + up * AROUND + aside for up in (0, -1, 1) for aside in (0, -1, 1)]
