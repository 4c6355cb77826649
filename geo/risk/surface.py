"""A scored surface and the questions asked of it: why, where first, and in which file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.risk.explain import Explanation, explain_cell
from geo.risk.export import to_geodataframe, to_geotiff, to_xarray
from geo.risk.filters import Shown
from geo.risk.hills import Hill, number_cells
from geo.risk.hot_spots import HotSpots, find_hot_spots
from geo.risk.model import Model
from geo.risk.ranking import Place, top_cells, top_places
from geo.risk.rasters import Rasters
from geo.risk.scored import INSPECTED, NEVER_INSPECTED, NOTHING_KNOWN, OUTSIDE, ScoredSurface
from geo.risk.shown_ranking import shown_cells, shown_places
from geo.risk.tiles import Inputs, prepare_inputs, score_window
from geo.risk.uncertainty import Uncertainty, estimate_uncertainty
from geo.risk.update import changed_windows, update_inputs, vary_inputs

if TYPE_CHECKING:
    from geo.risk.smallest_change import SmallestChange

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

    def top(self, n: int = 20, county: str | None = None, shown: Shown | None = None) -> pd.DataFrame:
        """The n highest cells, best first: of all, of a county, or of those that a filter shows.

        ``rank`` counts within the answer; with `shown`, among all ranked cells of the region.

        Returns
        -------
        DataFrame
            ``rank, cell_id, scb_id, score, state, municipality, municipality_code, county, easting, northing`` and one
            column of points per component.
        """
        if shown is None:
            return top_cells(self, n, county)
        self._refuse_both(county)
        return shown_cells(self, n, shown, self.best_first)

    def places(self, n: int = 20, county: str | None = None, shown: Shown | None = None) -> tuple[Place, ...]:
        """The n highest places: each a hill of neighbouring cells, named after the nearest locality.

        Of a county, those whose highest cell lies there, and ``rank`` counts within the answer. With `shown`, those of
        which a filter shows a cell, each told by the highest that it shows; ``rank`` is among all places of the region.
        """
        if shown is None:
            return top_places(self, n, county)
        self._refuse_both(county)
        return shown_places(self, n, shown, self.best_first, self.placed)

    @cached_property
    def placed(self) -> tuple[Sequence[Hill], NDArray[np.int32]]:
        """Every place's hill, the highest first, and the place of each cell of `best_first`, -1 for none.

        Made for the first filter, and kept.
        """
        return number_cells(self, self.best_first)

    @staticmethod
    def _refuse_both(county: str | None) -> None:
        if county is not None:
            message = "Give a county or the cells that are shown, not both; a filter can name counties."
            raise ParameterError(message)

    def uncertainty(
        self,
        n_draws: int = 500,
        top_k: int = 20,
        seed: int = 0,
        county: str | None = None,
        *,
        n_threads: int | None = None,
    ) -> Uncertainty:
        """How sure the scores are: intervals, and the probability of being among the highest cells.

        Each draw takes other weights around the experts', another origin of the grid within half a cell, and findings
        per visit from the posterior of each cell, all together (docs/adr/0017-how-sure.md).

        Parameters
        ----------
        n_draws : int, 20 to 10 000
        top_k : int, from 1 to the number of ranked cells
        seed : int, >= 0
            The same seed gives the same bits.
        county : county code, optional
            Draw and rank the cells of this county alone; their intervals stay what they are without it.
        n_threads : int, >= 1, optional
            Default: one per core. Does not change a bit of the result.

        Returns
        -------
        Uncertainty

        Raises
        ------
        ParameterError
            Names every argument that cannot be used, and layers that have changed since scoring.
        MemoryLimitError
            The draws would not fit into memory; nothing was allocated.
        """
        return estimate_uncertainty(self, n_draws, top_k, seed, county, n_threads=n_threads)

    def update(
        self,
        added: Mapping[str, gpd.GeoDataFrame] | None = None,
        removed: Mapping[str, Iterable[str | tuple[str, ...]]] | None = None,
    ) -> RiskSurface:
        """The surface of the same date and choices with some records added or removed, to the bit as scored anew.

        Only the tiles that those records reach are computed; the rest is shared with this surface, which stays as it
        is. ``rasters.patches`` of the answer tells where the two may differ.

        Parameters
        ----------
        added : mapping of layer name to GeoDataFrame, EPSG:3006, optional
        removed : mapping of layer name to ids, optional
            To change a record, remove it and add it anew in one step.

        Returns
        -------
        RiskSurface

        Raises
        ------
        InputError
            Added records fail their layer's checks or are there already; removed ones are not there.
        NotFoundError
            There is no such layer.
        ParameterError
            The layers are no longer those that were scored.
        """
        self._refuse_stale()
        return self.rescored(self.layers.updated(added, removed))

    def rescored(self, layers: Layers) -> RiskSurface:
        """The surface of the same date and choices with other layers; frames that are the same object are the same.

        Raises
        ------
        ParameterError
            The layers are no longer those that were scored.
        """
        self._refuse_stale()
        changed = frozenset(name for name in layers if not _is_same(self.layers[name], layers[name]))
        if layers.region is self.region:
            inputs = update_inputs(self, layers, changed)
            windows = changed_windows(self.inputs, inputs, self.grid)
            rasters = self.rasters.lay(score_window(inputs, self.region, self.grid, window) for window in windows)
        else:
            inputs = prepare_inputs(layers, self.at, self.sectors, self.model)
            rasters = Rasters(score_window(inputs, layers.region, self.grid).values)
        return self._with(inputs, layers=layers, rasters=rasters)

    def at_date(self, day: date) -> RiskSurface:
        """The surface of the same layers and choices on another day.

        Raises
        ------
        ParameterError
            The layers are no longer those that were scored.
        """
        return self.varied(day, self.model)

    def varied(self, day: date, model: Model) -> RiskSurface:
        """The surface of the same layers and sectors on another day or with other weights, to the bit as scored anew.

        What depends on neither is shared with this surface, which stays as it is.

        Parameters
        ----------
        day : date
        model : Model with the same parameters; weights and reference levels may differ

        Raises
        ------
        ParameterError
            The layers are no longer those that were scored, or the models differ in more.
        """
        self._refuse_stale()
        if dict(model.parameters) != dict(self.model.parameters):
            message = f"Models {self.model.version} and {model.version} differ in parameters; score again."
            raise ParameterError(message)
        inputs = vary_inputs(self, day, model)
        rasters = Rasters(score_window(inputs, self.region, self.grid).values)
        return self._with(inputs, at=day, model=model, rasters=rasters)

    def _refuse_stale(self) -> None:
        if self.stale_layers:
            message = f"Layers have changed since this was scored ({', '.join(self.stale_layers)}); score again."
            raise ParameterError(message)

    def _with(self, inputs: Inputs, **changes: Any) -> RiskSurface:
        surface = replace(self, recorded=None, **changes)
        # what was prepared for the rasters serves the explanations too
        surface.__dict__["inputs"] = inputs
        return surface

    def smallest_change(self, cell_id: str, k: int = 20) -> SmallestChange:
        """How little would have to be different for a cell not to be among the k highest.

        See `geo.risk.smallest_change.find_smallest_change`.
        """
        # it scores anew, and so stands above this module
        from geo.risk.smallest_change import find_smallest_change  # noqa: PLC0415

        return find_smallest_change(self, cell_id, k)

    def hot_spots(
        self, component: str, *, distance_m: float | None = None, false_discovery_rate: float = 0.05
    ) -> HotSpots:
        """Cells whose neighbourhood has more of a component than chance would put there, by Getis-Ord Gi*.

        See `geo.risk.hot_spots.find_hot_spots`.
        """
        return find_hot_spots(self, component, distance_m=distance_m, false_discovery_rate=false_discovery_rate)

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """One square per cell of the region, with score, state and points per component."""
        return to_geodataframe(self)

    def to_xarray(self) -> xr.Dataset:
        """Score, state, components and contributions on (northing, easting)."""
        return to_xarray(self)

    def to_geotiff(self, path: str | Path) -> Path:
        """A cloud-optimised GeoTIFF: score, then one band of points per component; the manifest in its tags."""
        return to_geotiff(self, Path(path))


def _is_same(first: gpd.GeoDataFrame, second: gpd.GeoDataFrame) -> bool:
    return first is second or (first.empty and second.empty)
