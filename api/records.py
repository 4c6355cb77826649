"""Records of the layers as sites, and the words under which a site is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
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

__all__ = ["MAP_LAYERS", "PAST_LAYERS", "SITE_LAYERS", "SIZE_UNITS", "build_sites", "describe_site"]

SIZE_UNITS = {"workplaces": "employees", "accommodation": "beds", "establishments": "workers"}
SITE_LAYERS = tuple(SIZE_UNITS)
# What has happened, which the map shows in the same way where it is asked for.
PAST_LAYERS = ("visits", "findings")
MAP_LAYERS = (*SITE_LAYERS, *PAST_LAYERS)
# Where the codes of a kind have their titles; those of workplaces are words already.
_KIND_TABLES = {
    "accommodation": ("housing_types", "housing_type"),
    "establishments": ("establishment_phases", "phase"),
    "visits": ("visit_outcomes", "outcome"),
    "findings": ("indicators", "indicator"),
}


def build_sites(layers: Mapping[str, gpd.GeoDataFrame], names: Iterable[str] = SITE_LAYERS) -> list[Site]:
    """Every site of the layers, whatever day it is active on.

    Parameters
    ----------
    layers : mapping of layer name to GeoDataFrame, EPSG:3006
    names : layers whose records are wanted, of `SITE_LAYERS` and `PAST_LAYERS`

    Returns
    -------
    list of Site
    """
    return [site for name in names if len(layers[name]) for site in _BUILDERS[name](layers[name])]


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


def _visits(frame: gpd.GeoDataFrame) -> Iterator[Site]:
    outcome = frame["outcome"].to_numpy(dtype=object)
    return _past("visits", "visit_id", frame, outcome, "visited_on", None, frame["agencies"])


def _findings(frame: gpd.GeoDataFrame) -> Iterator[Site]:
    indicator = frame["indicator"].to_numpy(dtype=object)
    return _past("findings", "finding_id", frame, indicator, "observed_on", frame["retain_until"], frame["agency"])


def _past(
    layer: str,
    id_column: str,
    frame: gpd.GeoDataFrame,
    kind: NDArray[np.object_],
    day_column: str,
    until: pd.Series | None,
    agencies: pd.Series,
) -> Iterator[Site]:
    """Visits or findings: there from their day on, until the day after which they must be erased."""
    easting, northing = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
    lon, lat = project(easting, northing, SWEREF99_TM, WGS84)
    sector = frame["sector"].fillna("").tolist() if "sector" in frame else [""] * len(frame)
    columns = zip(
        frame[id_column].tolist(),
        easting.tolist(),
        northing.tolist(),
        lon.tolist(),
        lat.tolist(),
        frame[id_column].tolist(),
        kind.tolist(),
        sector,
        [1.0] * len(frame),
        [True] * len(frame),
        frame["synthetic"].tolist(),
        _days(frame[day_column]),
        [None] * len(frame) if until is None else _days(until),
        *_positions(frame),
        agencies.fillna("").tolist(),
        strict=True,
    )
    return (Site(layer, *values) for values in columns)


_BUILDERS: Mapping[str, Callable[[gpd.GeoDataFrame], Iterator[Site]]] = {
    "workplaces": _workplaces,
    "accommodation": _accommodation,
    "establishments": _establishments,
    "visits": _visits,
    "findings": _findings,
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
    is_exact, is_past = site.precision == "exact", site.layer in PAST_LAYERS
    agencies = [_title(lang, "agencies", "agency", code) for code in site.agencies.split("+") if code]
    return {
        "id": site.id,
        "layer": site.layer,
        "lon": round(site.lon, 6),
        "lat": round(site.lat, 6),
        "title": _kind(lang, site) if is_past else site.title,
        "sector": _title(lang, "sectors", "sector", site.sector) if site.sector else None,
        "sector_code": site.sector or None,
        "size": site.size,
        "size_unit": "" if is_past else translate(lang, SIZE_UNITS[site.layer]),
        "kind": _kind(lang, site),
        "on": site.active_from if is_past else None,
        "agencies": agencies,
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
