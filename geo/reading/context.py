"""What Norrsyn knows already when it reads a file: the region, and areas that the user imported before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import shapely

from geo.reading.areas import index_areas
from geo.reading.gazetteer import Gazetteer
from geo.region import Region, load_region

__all__ = ["CONTEXT_LAYERS", "Context", "load_context", "save_context"]

CONTEXT_LAYERS = ("borders", "localities", "gazetteer")

# levels of sector statistics whose polygons come from the gazetteer
_FROM_GAZETTEER = ("deso", "regso", "scb_business_area")


@dataclass(frozen=True, eq=False)
class Context:
    """Layers of the data folder that help to place rows.

    Attributes
    ----------
    layers : layer name to frame, of ``borders``, ``localities`` and ``gazetteer`` those that were imported
    pseudonym_key : secret for the numbers of sole traders (`geo.reading.employers`); None refuses them
    """

    layers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    pseudonym_key: bytes | None = field(default=None, repr=False)

    @cached_property
    def region(self) -> Region:
        """Region Nord by the imported borders and localities, or by the packaged ones."""
        return load_region(self.layers.get("borders"), self.layers.get("localities"))

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """Names of places: the imported gazetteer, and what the region knows."""
        return Gazetteer.of(self.layers.get("gazetteer"), self.region)

    def areas(self, level: str) -> Mapping[str, shapely.Geometry] | None:
        """Polygons of a level of areas by code, None where none were imported."""
        gazetteer = self.layers.get("gazetteer")
        if gazetteer is None or level not in _FROM_GAZETTEER:
            return None
        rows = gazetteer[gazetteer["place_kind"] == level]
        return index_areas(rows, "key") if len(rows) else None


def save_context(folder: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Write what helps to place rows into a folder, for the process that reads files.

    Parameters
    ----------
    folder : Path, empty
    layers : layer name to frame; others than `CONTEXT_LAYERS`, and empty ones, are left out
    """
    for name in CONTEXT_LAYERS:
        if name in layers and len(layers[name]):
            layers[name].to_parquet(folder / f"{name}.parquet", index=False)


def load_context(folder: str, pseudonym_key: str) -> Context:
    """What `save_context` wrote.

    Parameters
    ----------
    folder : str, empty for none
    pseudonym_key : str, hexadecimal digits, empty for none
    """
    paths = {name: Path(folder) / f"{name}.parquet" for name in CONTEXT_LAYERS} if folder else {}
    layers = {name: gpd.read_parquet(path) for name, path in paths.items() if path.is_file()}
    return Context(layers, bytes.fromhex(pseudonym_key) if pseudonym_key else None)
