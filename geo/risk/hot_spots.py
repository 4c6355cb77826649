"""Where a neighbourhood has more of a component than chance would put there: Getis-Ord Gi*, false discoveries held.

A kernel makes neighbouring cells alike, and a test for clusters would find clusters everywhere. So components that are
made of records are tested on the records' weights, each summed in its own cell, before any kernel; the others, whose
cells share visits or statistics, are tested on their values, and the answer says that this overstates significance
(docs/adr/0019-hot-spots.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.grid import Grid
from geo.memory import require_memory
from geo.reference import municipality_names
from geo.risk.components.base import PointSource
from geo.risk.scored import ScoredSurface

__all__ = ["COLD", "HOT", "HotSpots", "find_hot_spots"]

S = TypeVar("S", bound=np.generic)

HOT, COLD = 1, 2
_AT_LEAST = 30
_MAX_CELLS_AWAY = 100
# measured 93 with libpysal 4.14 and esda 2.9: a pair of neighbours, sorted, indexed and copied once
_BYTES_PER_PAIR = 120


@dataclass(frozen=True, eq=False)
class HotSpots:
    """Cells whose neighbourhood stands out.

    Attributes
    ----------
    grid : Grid
    component : str
    z : (n_rows, n_cols) float64, standard deviations from what chance would put into the neighbourhood; NaN where not
        tested
    p : (n_rows, n_cols) float64, two-sided; NaN where not tested
    kind : (n_rows, n_cols) uint8, `HOT`, `COLD` or 0
    distance_m : float, m, radius of a neighbourhood
    false_discovery_rate : float, expected share of the cells found that chance made
    critical_p : float, the p at or below which a cell is found
    n_cells : int, cells tested
    is_overstated : bool, whether neighbouring cells share their data, so that significance is overstated
    municipality_codes : of the cells found, row by row
    """

    grid: Grid
    component: str
    z: NDArray[np.float64]
    p: NDArray[np.float64]
    kind: NDArray[np.uint8]
    distance_m: float
    false_discovery_rate: float
    critical_p: float
    n_cells: int
    is_overstated: bool
    municipality_codes: tuple[str, ...]

    def to_frame(self) -> gpd.GeoDataFrame:
        """The cells found, the highest z first.

        Returns
        -------
        GeoDataFrame, EPSG:3006
            ``cell_id, municipality_code, municipality, z, p, kind`` (``hot`` or ``cold``), squares.
        """
        row, col = np.nonzero(self.kind)
        order = np.lexsort((col, row, -self.z[row, col]))
        codes, names = np.array(self.municipality_codes, dtype=object)[order], municipality_names()
        row, col = row[order], col[order]
        east, north, half = self.grid.easting[col], self.grid.northing[row], self.grid.cell_m / 2
        return gpd.GeoDataFrame(
            {
                "cell_id": pd.Series(self.grid.cell_ids(row, col), dtype=object),
                "municipality_code": codes,
                "municipality": [names.get(code, code) for code in codes],
                "z": self.z[row, col],
                "p": self.p[row, col],
                "kind": np.where(self.kind[row, col] == HOT, "hot", "cold"),
            },
            geometry=shapely.box(east - half, north - half, east + half, north + half),
            crs=self.grid.crs,
        )


def find_hot_spots(
    surface: ScoredSurface, component: str, *, distance_m: float | None = None, false_discovery_rate: float = 0.05
) -> HotSpots:
    """Getis-Ord Gi* of a component over the cells with something to visit.

    Parameters
    ----------
    surface : ScoredSurface
    component : str, name of a component
    distance_m : float, m, at least one cell; radius of a neighbourhood. Default: the component's widest bandwidth, or
        five cells where it has none
    false_discovery_rate : float, above 0 and below 1, after Benjamini & Hochberg (1995)

    Returns
    -------
    HotSpots
        Nothing is found where the component is 0 or the same everywhere.

    Raises
    ------
    ParameterError
        There is no such component, the numbers cannot be used, the layers have changed, or fewer than 30 cells have
        something to visit; all in one message.
    MemoryLimitError
        The neighbourhoods would not fit into memory; nothing was allocated.

    Source: Ord & Getis (1995), Local spatial autocorrelation statistics, eq. 14; Caldas de Castro & Singer (2006) on
    false discovery rates for it; Mielke & Berry (2007), Permutation Methods, on Pearson's type III distribution for p
    """
    tested = surface.ranked
    n_cells = int(np.count_nonzero(tested))
    distance = _choose_distance(surface, component, distance_m)
    _check(surface, component, distance, false_discovery_rate, n_cells)
    source = surface.sources[component]
    is_made_of_records = isinstance(source, PointSource)
    values = (_sum_in_cells(source, surface.grid) if isinstance(source, PointSource) else source.raster(surface.grid))[
        tested
    ]
    steps = _list_steps(distance / surface.grid.cell_m)
    require_memory(
        n_cells * len(steps[0]) * _BYTES_PER_PAIR,
        f"Comparing {n_cells} cells with all within {distance:g} m",
        "choose a shorter distance or larger cells",
    )
    z, p, critical_p = _test(values, _pair_up(tested, *steps), false_discovery_rate)
    found = (p <= critical_p) & (z != 0)
    kind = _on_grid(tested, np.where(found, np.where(z > 0, HOT, COLD), 0).astype(np.uint8), 0)
    return HotSpots(
        grid=surface.grid,
        component=component,
        z=_on_grid(tested, z, np.nan),
        p=_on_grid(tested, p, np.nan),
        kind=kind,
        distance_m=distance,
        false_discovery_rate=false_discovery_rate,
        critical_p=critical_p,
        n_cells=n_cells,
        is_overstated=not is_made_of_records,
        municipality_codes=tuple(surface.municipality_codes(*np.nonzero(kind))),
    )


def _choose_distance(surface: ScoredSurface, component: str, asked: float | None) -> float:
    if asked is not None:
        return asked
    known = not surface.stale_layers and component in tuple(surface.sources)
    source = surface.sources[component] if known else None
    widest = (
        max((group.bandwidth_m for group in source.groups), default=0.0) if isinstance(source, PointSource) else 0.0
    )
    return max(widest, surface.grid.cell_m) if widest else 5 * surface.grid.cell_m


def _check(surface: ScoredSurface, component: str, distance_m: float, rate: float, n_cells: int) -> None:
    failures = []
    names = tuple(surface.model.weights)
    if component not in names:
        failures.append(f"there is no component {component!r} (there are {', '.join(names)})")
    cell_m = surface.grid.cell_m
    if not (isinstance(distance_m, (int, float)) and cell_m <= distance_m <= _MAX_CELLS_AWAY * cell_m):
        most = f"{_MAX_CELLS_AWAY * cell_m:g} m"
        failures.append(f"distance_m must be from one cell ({cell_m:g} m) to {most}, got {distance_m!r}")
    if not (isinstance(rate, float) and 0 < rate < 1):
        failures.append(f"false_discovery_rate must be above 0 and below 1, got {rate!r}")
    if n_cells < _AT_LEAST:
        failures.append(f"only {n_cells} cells have something to visit, and {_AT_LEAST} are needed")
    if surface.stale_layers:
        failures.append(f"layers have changed since this was scored ({', '.join(surface.stale_layers)}); score again")
    if failures:
        message = f"Hot spots cannot be found: {'; '.join(failures)}."
        raise ParameterError(message)


def _sum_in_cells(source: PointSource, grid: Grid) -> NDArray[np.float64]:
    """Weight of the records in each cell, vague ones over their circle; what lies off the grid is left out."""
    total = np.zeros(grid.shape)
    for group in source.groups:
        row, col = grid.cell_at(group.easting, group.northing)
        inside = row >= 0
        np.add.at(total, (row[inside], col[inside]), group.weight[inside])
    return total


def _list_steps(radius: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns from a cell to each cell whose centre is within a radius in cells, itself included."""
    reach = int(radius)
    rows, cols = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    near = rows**2 + cols**2 <= radius**2
    return rows[near], cols[near]


def _pair_up(
    tested: NDArray[np.bool_], row_step: NDArray[np.int64], col_step: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of the tested cells and of their tested neighbours, in order of the cells."""
    reach = int(np.abs(row_step).max(initial=0))
    number = np.full((tested.shape[0] + 2 * reach, tested.shape[1] + 2 * reach), -1, dtype=np.int64)
    row, col = np.nonzero(tested)
    number[row + reach, col + reach] = np.arange(len(row))
    cells, neighbours = [], []
    for down, right in zip(row_step.tolist(), col_step.tolist(), strict=True):
        near = number[row + reach + down, col + reach + right]
        here = np.flatnonzero(near >= 0)
        cells.append(here)
        neighbours.append(near[here])
    cell = np.concatenate(cells)
    order = np.argsort(cell, kind="stable")
    return cell[order], np.concatenate(neighbours)[order]


def _test(
    values: NDArray[np.float64], pairs: tuple[NDArray[np.int64], NDArray[np.int64]], rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Of each cell z and p; and the p at or below which a cell is found."""
    if np.ptp(values) == 0:
        return np.zeros(len(values)), np.ones(len(values)), rate / len(values)
    z = _compute_z(values, pairs)
    skewness = _compute_skewness(values, np.bincount(pairs[0], minlength=len(values)))
    return z, *_weigh_up(z, skewness, rate)


def _compute_z(values: NDArray[np.float64], pairs: tuple[NDArray[np.int64], NDArray[np.int64]]) -> NDArray[np.float64]:
    # slow to load, and hardly anybody asks
    from esda import G_Local  # noqa: PLC0415
    from libpysal.graph import Graph  # noqa: PLC0415

    graph = Graph.from_arrays(*pairs, np.ones(len(pairs[0])))
    # binary weights with the cell itself among its neighbours: that is the star
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.asarray(G_Local(values, graph, transform="B", permutations=0, star=None).Zs, dtype=np.float64)
    # a neighbourhood of every cell there is holds what it must
    return np.where(np.isfinite(z), z, 0.0)


def _compute_skewness(values: NDArray[np.float64], n_near: NDArray[np.int64]) -> NDArray[np.float64]:
    """Skewness of the sum over a neighbourhood, if its values were drawn from all of them without putting back."""
    n, centred = len(values), values - values.mean()
    second, third = float((centred**2).mean()), float((centred**3).mean())
    variance = n_near * (n - n_near) / (n - 1) * second
    moment = n_near * (n - n_near) * (n - 2 * n_near) / ((n - 1) * (n - 2)) * third
    return np.divide(moment, variance**1.5, out=np.zeros(len(n_near)), where=variance > 0)


def _weigh_up(z: NDArray[np.float64], skewness: NDArray[np.float64], rate: float) -> tuple[NDArray[np.float64], float]:
    """Two-sided p of each z, and the p up to which the false discovery rate holds."""
    from esda import fdr  # noqa: PLC0415
    from scipy.stats import pearson3  # noqa: PLC0415

    p: NDArray[np.float64] = np.minimum(2 * np.minimum(pearson3.sf(z, skewness), pearson3.cdf(z, skewness)), 1.0)
    return p, float(fdr(p, rate))


def _on_grid(tested: NDArray[np.bool_], values: NDArray[S], outside: float) -> NDArray[S]:
    raster = np.full(tested.shape, outside, dtype=values.dtype)
    raster[tested] = values
    raster.flags.writeable = False
    return raster
