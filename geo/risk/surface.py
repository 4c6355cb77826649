"""A scored surface: rasters, the manifest they were made by, and the questions asked of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.region import Region
from geo.risk.model import Model

if TYPE_CHECKING:
    import xarray as xr

    from geo.risk.components.base import Source
    from geo.risk.explain import Explanation
    from geo.risk.ranking import Place

__all__ = ["INSPECTED", "NEVER_INSPECTED", "NOTHING_KNOWN", "OUTSIDE", "RiskSurface"]

OUTSIDE, NOTHING_KNOWN, NEVER_INSPECTED, INSPECTED = 0, 1, 2, 3
# what makes two surfaces the same; the rest of a manifest follows from it or describes the machine
_IDENTITY = ("model_version", "weights", "reference_levels", "parameters", "at", "sectors", "grid", "layers")


@dataclass(frozen=True, eq=False)
class RiskSurface:
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
        from geo.risk.scoring import prepare_sources  # noqa: PLC0415  scoring makes surfaces

        return prepare_sources(self.layers, self.at, self.sectors, self.model)

    @cached_property
    def stale_layers(self) -> tuple[str, ...]:
        """Layers whose content is no longer what was scored."""
        scored = {name: entry["sha256"] for name, entry in self.manifest["layers"].items()}
        names = sorted(set(scored) | set(self.layers.hashes))
        return tuple(name for name in names if scored.get(name) != self.layers.hashes.get(name))

    def with_sources(self, sources: Mapping[str, Source]) -> RiskSurface:
        """The same surface, keeping inputs that are prepared already."""
        self.__dict__["sources"] = sources
        return self

    @cached_property
    def ranked(self) -> NDArray[np.bool_]:
        """(n_rows, n_cols) bool: cells with something to visit; only these are ranked and drawn."""
        return self.state >= NEVER_INSPECTED

    @cached_property
    def hills(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Ranked cells from the highest down and the hill of each; see `geo.risk.ranking.find_hills`."""
        from geo.risk.ranking import find_hills  # noqa: PLC0415

        return find_hills(self)

    def municipality_codes(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> list[str]:
        """Municipality of each cell; where borders were replaced since scoring, the nearest one, or ``""``."""
        position = self.region.municipality_raster(self.grid)[row, col]
        codes = np.append(np.array(self.region.codes, dtype=object), "")[position]
        lost = position < 0
        if lost.any():
            codes[lost] = self.region.municipality_at(self.grid.easting[col[lost]], self.grid.northing[row[lost]])
        return [str(code) for code in codes]

    def explain(self, cell_id: str) -> Explanation:
        """Why a cell has its score, recomputed in float64: contributions add up to it exactly.

        Raises
        ------
        ParameterError, NotFoundError
            The id is no cell of this grid, or lies outside the region.
        """
        from geo.risk.explain import explain_cell  # noqa: PLC0415  explanations are made of surfaces

        return explain_cell(self, *self.grid.parse_cell_id(cell_id))

    def top(self, n: int = 20, county: str | None = None) -> pd.DataFrame:
        """The n highest cells, best first.

        Returns
        -------
        DataFrame
            ``rank, cell_id, scb_id, score, state, municipality, municipality_code, county, easting, northing`` and one
            column of points per component.
        """
        from geo.risk.ranking import top_cells  # noqa: PLC0415

        return top_cells(self, n, county)

    def places(self, n: int = 20, county: str | None = None) -> tuple[Place, ...]:
        """The n highest places: each a hill of neighbouring cells, named after the nearest locality."""
        from geo.risk.ranking import top_places  # noqa: PLC0415

        return top_places(self, n, county)

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """One square per cell of the region, with score, state and points per component."""
        from geo.risk.export import to_geodataframe  # noqa: PLC0415

        return to_geodataframe(self)

    def to_xarray(self) -> xr.Dataset:
        """Score, state, components and contributions on (northing, easting)."""
        from geo.risk.export import to_xarray  # noqa: PLC0415

        return to_xarray(self)

    def to_geotiff(self, path: str | Path) -> Path:
        """A cloud-optimised GeoTIFF: score, then one band of points per component; the manifest in its tags."""
        from geo.risk.export import to_geotiff  # noqa: PLC0415

        return to_geotiff(self, Path(path))
