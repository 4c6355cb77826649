"""What scoring leaves behind: rasters, the manifest they were made by, and what follows from them at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.grid import Grid
from geo.kernels import join_peaks
from geo.layers.bundle import Layers
from geo.reference import county_names
from geo.region import Region
from geo.risk.components.base import Source
from geo.risk.model import ComponentModel, Model, saturate
from geo.risk.sources import prepare_sources

__all__ = [
    "INSPECTED",
    "NEVER_INSPECTED",
    "NOTHING_KNOWN",
    "OUTSIDE",
    "SADDLE_SHARE",
    "STATE_NAMES",
    "ScoredSurface",
]

OUTSIDE, NOTHING_KNOWN, NEVER_INSPECTED, INSPECTED = 0, 1, 2, 3
STATE_NAMES = {
    OUTSIDE: "outside",
    NOTHING_KNOWN: "nothing_known",
    NEVER_INSPECTED: "never_inspected",
    INSPECTED: "inspected",
}
# Two peaks are one place when the way between them never falls below this share of the lower one; a place's cells are
# those of its hill that reach this share of its peak (docs/adr/0006-places.md).
SADDLE_SHARE = 0.8
# what makes two surfaces the same; the rest of a manifest follows from it or describes the machine
_IDENTITY = ("model_version", "weights", "reference_levels", "parameters", "at", "sectors", "grid", "layers")


@dataclass(frozen=True, eq=False)
class ScoredSurface:
    """Scores of every cell at one date.

    Attributes
    ----------
    grid : Grid, EPSG:3006
    at : date
    sectors : sector groups that were kept; None for all
    model : Model, with the weights used
    layers : Layers scored
    region : Region
    score : (n_rows, n_cols) float32, 0 to 100, NaN outside the region, row 0 northmost
    state : (n_rows, n_cols) uint8, 0 outside, 1 nothing known here, 2 never inspected, 3 inspected
    components : component name to (n_rows, n_cols) float32, component unit
    contributions : component name to (n_rows, n_cols) float32, points; they add up to the score
    manifest : JSON-able, everything needed to make the same surface again
    """

    grid: Grid
    at: date
    sectors: frozenset[str] | None
    model: Model
    layers: Layers
    region: Region
    score: NDArray[np.float32]
    state: NDArray[np.uint8]
    components: Mapping[str, NDArray[np.float32]]
    contributions: Mapping[str, NDArray[np.float32]]
    manifest: Mapping[str, Any]

    @cached_property
    def id(self) -> str:
        """16 hexadecimal digits from the manifest's identity: equal inputs give equal ids."""
        identity = {name: self.manifest[name] for name in _IDENTITY}
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The components' inputs, prepared again from the layers when the surface comes out of the store."""
        return prepare_sources(self.layers, self.at, self.sectors, self.model)

    @cached_property
    def stale_layers(self) -> tuple[str, ...]:
        """Layers whose content is no longer what was scored."""
        scored = {name: entry["sha256"] for name, entry in self.manifest["layers"].items()}
        names = sorted(set(scored) | set(self.layers.hashes))
        return tuple(name for name in names if scored.get(name) != self.layers.hashes.get(name))

    @cached_property
    def ranked(self) -> NDArray[np.bool_]:
        """(n_rows, n_cols) bool: cells with something to visit; only these are ranked and drawn."""
        return self.state >= NEVER_INSPECTED

    @cached_property
    def hills(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Ranked cells from the highest down, and which hill each belongs to.

        Returns
        -------
        row, col, peak : (n,) int64
            `peak` is the position of the hill's highest cell.
        """
        rows, cols = np.nonzero(self.ranked)
        scores = self.score[rows, cols]
        best_first = np.lexsort((cols, rows, -scores))
        rows, cols, scores = rows[best_first], cols[best_first], scores[best_first]
        return rows, cols, join_peaks(rows, cols, scores, SADDLE_SHARE)

    def value_at(self, component: str, row: int, col: int) -> float:
        """A component's value in one cell, recomputed in float64; from the raster when the layers have changed."""
        if self.stale_layers:
            return float(self.components[component][row, col])
        return self.sources[component].value_at(self.grid, row, col)

    def points_at(self, component: ComponentModel, row: int, col: int) -> float:
        """Points that a component gives one cell, from `value_at`."""
        value = self.value_at(component.name, row, col)
        return self.model.max_points[component.name] * saturate(value, component.reference_level)

    def county_mask(self, county: str) -> NDArray[np.bool_]:
        """(n_rows, n_cols) bool: cells of a county.

        Raises
        ------
        ParameterError
            Region Nord has no such county.
        """
        if county not in county_names():
            message = f"{county!r} is not a county of Region Nord; use one of {', '.join(county_names())}."
            raise ParameterError(message)
        in_county = np.array([code[:2] == county for code in self.region.codes] + [False])
        mask: NDArray[np.bool_] = in_county[self.region.municipality_raster(self.grid)]
        return mask

    def municipality_codes(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> list[str]:
        """Municipality of each cell; where borders were replaced since scoring, the nearest one, or ``""``."""
        position = self.region.municipality_raster(self.grid)[row, col]
        codes = np.append(np.array(self.region.codes, dtype=object), "")[position]
        lost = position < 0
        if lost.any():
            codes[lost] = self.region.municipality_at(self.grid.easting[col[lost]], self.grid.northing[row[lost]])
        return [str(code) for code in codes]
