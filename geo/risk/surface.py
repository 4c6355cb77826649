"""A scored surface and the questions asked of it: why, where first, and in which file."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import xarray as xr

from geo.risk.explain import Explanation, explain_cell
from geo.risk.export import to_geodataframe, to_geotiff, to_xarray
from geo.risk.ranking import Place, top_cells, top_places
from geo.risk.scored import INSPECTED, NEVER_INSPECTED, NOTHING_KNOWN, OUTSIDE, ScoredSurface

__all__ = ["INSPECTED", "NEVER_INSPECTED", "NOTHING_KNOWN", "OUTSIDE", "RiskSurface"]


class RiskSurface(ScoredSurface):
    """Scores of every cell at one date; see `geo.risk.scored.ScoredSurface` for its attributes."""

    def explain(self, cell_id: str) -> Explanation:
        """Why a cell has its score, recomputed in float64: contributions add up to it exactly.

        Raises
        ------
        ParameterError, NotFoundError
            The id is no cell of this grid, or lies outside the region.
        """
        return explain_cell(self, *self.grid.parse_cell_id(cell_id))

    def top(self, n: int = 20, county: str | None = None) -> pd.DataFrame:
        """The n highest cells, best first.

        Returns
        -------
        DataFrame
            ``rank, cell_id, scb_id, score, state, municipality, municipality_code, county, easting, northing`` and one
            column of points per component.
        """
        return top_cells(self, n, county)

    def places(self, n: int = 20, county: str | None = None) -> tuple[Place, ...]:
        """The n highest places: each a hill of neighbouring cells, named after the nearest locality."""
        return top_places(self, n, county)

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """One square per cell of the region, with score, state and points per component."""
        return to_geodataframe(self)

    def to_xarray(self) -> xr.Dataset:
        """Score, state, components and contributions on (northing, easting)."""
        return to_xarray(self)

    def to_geotiff(self, path: str | Path) -> Path:
        """A cloud-optimised GeoTIFF: score, then one band of points per component; the manifest in its tags."""
        return to_geotiff(self, Path(path))
