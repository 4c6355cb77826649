"""Records of the layers as sites, and the words under which a site is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.sites import Site
from geo.crs import SWEREF99_TM, WGS84, project
from geo.reference import phase_weights, risk_weights, sectors_of, unsuitabilities
from geo.risk.words import title_sentence
from maps.i18n import say, translate
from maps.record_names import ID_COLUMNS, list_titles

__all__ = ["SITE_LAYERS", "SIZE_UNITS", "build_sites", "describe_site"]

SIZE_UNITS = {"workplaces": "employees", "accommodation": "beds", "establishments": "workers"}
SITE_LAYERS = tuple(SIZE_UNITS)
# Where the codes of a kind have their titles; those of workplaces are words already.
_KIND_TABLES = {
    "accommodation": ("housing_types", "housing_type"),
    "establishments": ("establishment_phases", "phase"),
}


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
        frame[ID_COLUMNS[layer]].tolist(),
        easting.tolist(),
        northing.tolist(),
        lon.tolist(),
        lat.tolist(),
        list_titles(frame, ID_COLUMNS[layer]),
        group.tolist(),
        sector.tolist(),
        size.tolist(),
        is_risk.tolist(),
        frame["synthetic"].tolist(),
        _days(frame["active_from"]),
        _days(frame["active_to"]),
        *_positions(frame),
        strict=True,
    )
    return (Site(layer, *values) for values in columns)


def _positions(frame: gpd.GeoDataFrame) -> tuple[list[str], list[float]]:
    """How well each record's position is known, and within how many metres; records of some layers all are exact."""
    if "precision" not in frame.columns:
        return ["exact"] * len(frame), [0.0] * len(frame)
    return frame["precision"].tolist(), frame["spread_m"].tolist()


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


def describe_site(lang: str, site: Site) -> dict[str, Any]:
    """A site as the map shows it, as `api.schemas.SiteInfo`."""
    is_exact = site.precision == "exact"
    return {
        "id": site.id,
        "layer": site.layer,
        "lon": round(site.lon, 6),
        "lat": round(site.lat, 6),
        "title": site.title,
        "sector": _title(lang, "sectors", "sector", site.sector) if site.sector else None,
        "sector_code": site.sector or None,
        "size": site.size,
        "size_unit": translate(lang, SIZE_UNITS[site.layer]),
        "kind": _kind(lang, site),
        "position": None if is_exact else _title(lang, "precisions", "precision", site.precision),
        "spread_m": site.spread_m,
        "synthetic": site.synthetic,
    }


def _kind(lang: str, site: Site) -> str:
    if site.layer not in _KIND_TABLES:
        return translate(lang, site.kind)
    return _title(lang, *_KIND_TABLES[site.layer], site.kind)


@lru_cache(maxsize=1024)
def _title(lang: str, table: str, column: str, code: str) -> str:
    return say(lang, title_sentence(table, column, code))
