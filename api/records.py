"""Records of the layers as sites, and the words under which a record of any layer is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.sites import Site
from geo.crs import SWEREF99_TM, WGS84, project
from geo.reference import municipality_names, phase_weights, risk_weights, sectors_of, unsuitabilities
from geo.risk.components.base import Driver
from geo.risk.words import Sentence, title_sentence

__all__ = ["SITE_LAYERS", "SIZE_UNITS", "RecordNames", "build_sites"]

SIZE_UNITS = {"workplaces": "employees", "accommodation": "beds", "establishments": "workers"}
SITE_LAYERS = tuple(SIZE_UNITS)
_ID_COLUMNS = {
    "workplaces": "workplace_id",
    "accommodation": "accommodation_id",
    "establishments": "establishment_id",
}


class RecordNames:
    """What records are called: the name they were imported with, else their id.

    Parameters
    ----------
    layers : mapping of layer name to GeoDataFrame
    """

    def __init__(self, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
        self._layers = layers

    @cached_property
    def _titles(self) -> Mapping[str, Mapping[str, str]]:
        return {
            name: dict(zip(self._layers[name][column], _titles(self._layers[name], column), strict=True))
            for name, column in _ID_COLUMNS.items()
        }

    def name_driver(self, driver: Driver) -> Sentence:
        """The title of a record behind a score, ready to be translated."""
        if driver.layer == "findings":
            return title_sentence("indicators", "indicator", driver.group)
        if driver.layer == "sectors":
            name = municipality_names().get(driver.record_id, driver.record_id)
        else:
            name = self._titles.get(driver.layer, {}).get(driver.record_id, driver.record_id)
        return Sentence("{name}", {"name": name})


def build_sites(layers: Mapping[str, gpd.GeoDataFrame]) -> list[Site]:
    """Every site of the layers, whatever day it is active on.

    Parameters
    ----------
    layers : mapping of layer name to GeoDataFrame, EPSG:3006

    Returns
    -------
    list of Site
    """
    return [site for name, build in _BUILDERS.items() if len(layers[name]) for site in build(layers[name])]


def _workplaces(frame: gpd.GeoDataFrame) -> Iterator[Site]:
    sector = sectors_of(frame["sni"], frame["sni_version"])
    kind = frame["kind"].to_numpy(dtype=object)
    return _sites("workplaces", frame, kind, sector, frame["employees"], risk_weights(sector) > 0)


def _accommodation(frame: gpd.GeoDataFrame) -> Iterator[Site]:
    housing = frame["housing_type"].to_numpy(dtype=object)
    no_sector = np.full(len(frame), "", dtype=object)
    return _sites("accommodation", frame, housing, no_sector, frame["beds"], unsuitabilities(housing) > 0)


def _establishments(frame: gpd.GeoDataFrame) -> Iterator[Site]:
    phase, sector = frame["phase"].to_numpy(dtype=object), frame["sector"].to_numpy(dtype=object)
    return _sites("establishments", frame, phase, sector, frame["workforce"], phase_weights(phase) > 0)


_BUILDERS: Mapping[str, Callable[[gpd.GeoDataFrame], Iterator[Site]]] = {
    "workplaces": _workplaces,
    "accommodation": _accommodation,
    "establishments": _establishments,
}


def _sites(
    layer: str,
    frame: gpd.GeoDataFrame,
    group: NDArray[np.object_],
    sector: NDArray[np.object_],
    size: pd.Series,
    is_risk: NDArray[np.bool_],
) -> Iterator[Site]:
    geometry = frame.geometry.to_numpy()
    middle = _middles(geometry)
    easting, northing = shapely.get_x(middle), shapely.get_y(middle)
    lon, lat = project(easting, northing, SWEREF99_TM, WGS84)
    columns = zip(
        frame[_ID_COLUMNS[layer]].tolist(),
        easting.tolist(),
        northing.tolist(),
        lon.tolist(),
        lat.tolist(),
        _titles(frame, _ID_COLUMNS[layer]),
        group.tolist(),
        sector.tolist(),
        size.tolist(),
        is_risk.tolist(),
        frame["synthetic"].tolist(),
        _days(frame["active_from"]),
        _days(frame["active_to"]),
        strict=True,
    )
    return (Site(layer, *values) for values in columns)


def _titles(frame: gpd.GeoDataFrame, id_column: str) -> list[str]:
    name = frame["name"]
    titles: list[str] = name.where(name.notna() & (name != ""), frame[id_column]).tolist()
    return titles


def _middles(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """Points as they are; of a line the point halfway, of one in several parts the point nearest to its centre."""
    middles = geometry.copy()
    for position in np.flatnonzero(shapely.get_type_id(geometry) != shapely.GeometryType.POINT):
        line = geometry[position]
        merged = shapely.line_merge(line) if line.geom_type == "MultiLineString" else line
        if merged.geom_type == "LineString":
            middles[position] = merged.interpolate(0.5, normalized=True)
        else:
            middles[position] = shapely.get_point(shapely.shortest_line(merged, merged.centroid), 0)
    return middles


def _days(column: pd.Series) -> list[date | None]:
    return [None if day is pd.NaT else day.date() for day in column]
