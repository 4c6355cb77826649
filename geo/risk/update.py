"""A surface with some records added or removed: only what they reach is computed anew."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from geo.grid import Grid
from geo.kernels import TILE_ROWS
from geo.layers.bundle import Layers
from geo.points import Group, touched_cols
from geo.risk.components import COMPONENTS
from geo.risk.components.base import Source
from geo.risk.components.sector_density import AreaSource
from geo.risk.model import Model
from geo.risk.scored import ScoredSurface
from geo.risk.tiles import Inputs, Window, snap_to_bands

__all__ = ["changed_windows", "update_inputs", "vary_inputs"]

# Touched cells are marked in blocks of a band's rows and so many columns.
_BLOCK_COLS = 64


def update_inputs(surface: ScoredSurface, layers: Layers, changed: frozenset[str]) -> Inputs:
    """Inputs of a surface once the layers named in `changed` are others; what the rest gives is shared."""
    model, old = surface.model, surface.inputs
    sources: dict[str, Source] = {
        name: component.prepare(layers, surface.at, surface.sectors, model.parameters)
        if changed.intersection(component.reads)
        else old.sources[name]
        for name, component in COMPONENTS.items()
    }
    return Inputs(sources, model)


def vary_inputs(surface: ScoredSurface, day: date, model: Model) -> Inputs:
    """Inputs of a surface on another day or by a model with other weights; what depends on neither is shared."""
    old = surface.inputs
    if day == surface.at:
        inputs = Inputs(old.sources, model)
        # points depend on no weight
        inputs.__dict__["groups"] = old.groups
        return inputs
    sources: dict[str, Source] = {
        name: component.prepare(surface.layers, day, surface.sectors, model.parameters)
        if component.is_dated
        else old.sources[name]
        for name, component in COMPONENTS.items()
    }
    return Inputs(sources, model)


def changed_windows(old: Inputs, new: Inputs, grid: Grid) -> list[Window]:
    """The blocks that hold a cell whose score may differ, as windows around those that touch.

    Parameters
    ----------
    old, new : Inputs of the same date, sectors and model
    grid : Grid

    Returns
    -------
    list of Window
        The whole grid where an areal component has changed. Weights are taken to be 0 or more, as those of the layers
        are: the first negative one of a bandwidth would change roundings everywhere.
    """
    everything = snap_to_bands(grid, slice(None), slice(None))
    touched = np.zeros((-(-grid.n_rows // TILE_ROWS), -(-grid.n_cols // _BLOCK_COLS)), dtype=bool)
    for before, after in zip(old.sources.values(), new.sources.values(), strict=True):
        if isinstance(before, AreaSource) and before is not after:
            return [everything]
    # the effort's groups stand last
    for groups in zip(old.groups, new.groups, strict=True):
        for group in _differences(*groups) if groups[0] is not groups[1] else ():
            _touch(touched, group, grid)
    found = ndimage.find_objects(ndimage.label(touched, np.ones((3, 3)))[0])
    return [
        snap_to_bands(
            grid,
            slice(rows.start * TILE_ROWS, rows.stop * TILE_ROWS),
            slice(cols.start * _BLOCK_COLS, cols.stop * _BLOCK_COLS),
        )
        for rows, cols in found
    ]


def _differences(before: tuple[Group, ...], after: tuple[Group, ...]) -> list[Group]:
    """Points that only one of the two has, by bandwidth; or some more, never fewer."""
    old, new = ({group.bandwidth_m: group for group in groups} for groups in (before, after))
    nothing = np.empty((3, 0))
    differences = []
    for bandwidth_m in sorted(old.keys() | new.keys()):
        a, b = (np.array(groups[bandwidth_m][:3]) if bandwidth_m in groups else nothing for groups in (old, new))
        # both are in one order: but for a few points the two begin alike and end alike
        n_first = _n_alike(a, b)
        n_last = _n_alike(a[:, n_first:][:, ::-1], b[:, n_first:][:, ::-1])
        parts = [points[:, n_first : points.shape[1] - n_last] for points in (a, b)]
        both = np.concatenate(parts, axis=1)
        once = _unmatched(both, parts[0].shape[1]) if parts[0].size and parts[1].size else both
        differences.append(Group(once[0], once[1], once[2], bandwidth_m))
    return differences


def _n_alike(a: NDArray[np.float64], b: NDArray[np.float64]) -> int:
    """Number of columns that two arrays have in common at their beginning."""
    n = min(a.shape[1], b.shape[1])
    differ = np.flatnonzero((a[:, :n] != b[:, :n]).any(axis=0))
    return int(differ[0]) if differ.size else n


def _unmatched(points: NDArray[np.float64], n_old: int) -> NDArray[np.float64]:
    """Columns that do not stand as often among the first `n_old` as among the rest."""
    distinct, which = np.unique(points, axis=1, return_inverse=True)
    sign = np.where(np.arange(points.shape[1]) < n_old, -1, 1)
    balance = np.bincount(which.reshape(-1), sign, minlength=distinct.shape[1])
    unmatched: NDArray[np.float64] = distinct[:, balance != 0]
    return unmatched


def _touch(touched: NDArray[np.bool_], group: Group, grid: Grid) -> None:
    """Mark the blocks in which points may change a bit."""
    bandwidth = group.bandwidth_m / grid.cell_m
    reach = bandwidth + 1.0
    col = (group.easting - grid.easting[0]) / grid.cell_m
    row = (grid.northing[0] - group.northing) / grid.cell_m
    near = (row > -reach) & (row < grid.n_rows + reach) & (col > -reach) & (col < grid.n_cols + reach)
    for y, x in zip(row[near].tolist(), col[near].tolist(), strict=True):
        top, bottom = (int(max(y + side * reach, 0.0)) // TILE_ROWS for side in (-1, 1))
        left, right = touched_cols(x, bandwidth)
        touched[top : bottom + 1, left // _BLOCK_COLS : -(-right // _BLOCK_COLS)] = True
