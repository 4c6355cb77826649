"""Which row each place belongs to: the finest square among a sector's and a layer's rows that it lies in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.rows import BASE_M, ReleaseCell

__all__ = ["UNCOVERED", "label_places"]

UNCOVERED = -1
# more than any northing or easting in km
_WIDE = 1 << 24

Ints = NDArray[np.int64]


def label_places(cells: Mapping[ReleaseCell, int], northing: Ints, easting: Ints) -> Ints:
    """The row of each place.

    Parameters
    ----------
    cells : square to the number of its row, of one sector and layer
    northing, easting : (n,) int64, km

    Returns
    -------
    (n,) int64, -1 where a place lies in no row's square
    """
    label = np.full(len(northing), UNCOVERED, dtype=np.int64)
    by_size: dict[int, list[tuple[int, int]]] = {}
    for cell, number in cells.items():
        side = cell.size_m // BASE_M
        by_size.setdefault(side, []).append((_code(cell.northing // cell.size_m, cell.easting // cell.size_m), number))
    for side in sorted(by_size):
        codes, numbers = (np.array(column, dtype=np.int64) for column in zip(*sorted(by_size[side]), strict=True))
        own = (northing // side) * _WIDE + easting // side
        at = np.minimum(np.searchsorted(codes, own), len(codes) - 1)
        found = (label == UNCOVERED) & (codes[at] == own)
        label[found] = numbers[at[found]]
    return label


def _code(row: int, column: int) -> int:
    return row * _WIDE + column
