"""What Norrsyn knows already when it reads a file: the region, and areas that the user imported before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import geopandas as gpd
import shapely

from geo.reading.areas import index_areas
from geo.region import Region, load_region

__all__ = ["Context"]

# levels of sector statistics whose polygons come from the gazetteer
_FROM_GAZETTEER = ("deso", "regso", "scb_business_area")


@dataclass(frozen=True, eq=False)
class Context:
    """Layers of the data folder that help to place rows.

    Attributes
    ----------
    layers : layer name to frame, of ``borders``, ``localities`` and ``gazetteer`` those that were imported
    """

    layers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)

    @cached_property
    def region(self) -> Region:
        """Region Nord by the imported borders and localities, or by the packaged ones."""
        return load_region(self.layers.get("borders"), self.layers.get("localities"))

    def areas(self, level: str) -> Mapping[str, shapely.Geometry] | None:
        """Polygons of a level of areas by code, None where none were imported."""
        gazetteer = self.layers.get("gazetteer")
        if gazetteer is None or level not in _FROM_GAZETTEER:
            return None
        rows = gazetteer[gazetteer["place_kind"] == level]
        return index_areas(rows, "key") if len(rows) else None
