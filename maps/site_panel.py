"""A record of any layer that stands at a place, in words: its fields, the cell around it, and the visits there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import NotFoundError
from geo.layers.registry import LAYERS
from geo.reference import sectors_of
from geo.risk.nearby import NearVisit, read_visits
from geo.risk.surface import RiskSurface
from geo.risk.words import title_sentence
from maps.degrees import to_degrees
from maps.i18n import format_date, format_number, say, translate
from maps.nearby_answers import describe_visit

__all__ = ["PANEL_LAYERS", "describe_record"]

PANEL_LAYERS = ("workplaces", "accommodation", "establishments", "visits", "findings", "reported")
# A visit this near is one to the same place, where it does not say which site it was to.
AT_PLACE_M = 100.0
# Columns whose codes have their titles in a reference table. Who is behind a record (employer_id) is not shown.
_TITLES = {
    "housing_type": ("housing_types", "housing_type"),
    "phase": ("establishment_phases", "phase"),
    "sector": ("sectors", "sector"),
    "outcome": ("visit_outcomes", "outcome"),
    "agency": ("agencies", "agency"),
    "indicator": ("indicators", "indicator"),
    "grade": ("finding_grades", "grade"),
    "verification": ("finding_verifications", "verification"),
    "precision": ("precisions", "precision"),
}
_SOURCES = {"findings": ("finding_sources", "finding_source"), "reported": ("report_sources", "report_source")}


def describe_record(
    lang: str, surface: RiskSurface, layers: Mapping[str, gpd.GeoDataFrame], layer: str, record_id: str
) -> dict[str, Any]:
    """A record as `api.schemas.SitePanel`; an establishment has a group of fields for each phase.

    Raises
    ------
    NotFoundError
        There is no such record.
    """
    frame, column = layers[layer], LAYERS[layer].id_columns[0]
    rows = frame[(frame[column] == record_id).to_numpy(dtype=bool)]
    if rows.empty:
        message = f"There is no record {record_id[:100]!r} in {layer} any more; reload the page."
        raise NotFoundError(message)
    geometry = rows.geometry.iloc[0]
    place = geometry if geometry.geom_type == "Point" else geometry.interpolate(0.5, normalized=True)
    lon, lat = to_degrees(place.x, place.y)
    row, col = (int(at[0]) for at in surface.grid.cell_at([place.x], [place.y]))
    named = rows["name"].iloc[0] if "name" in rows and pd.notna(rows["name"].iloc[0]) else ""
    return {
        "id": record_id,
        "layer": layer,
        "layer_title": translate(lang, LAYERS[layer].title),
        "title": str(named or _say_title(lang, layer, rows.iloc[0]) or record_id),
        "lon": lon,
        "lat": lat,
        "cell_id": surface.grid.cell_id(row, col) if row >= 0 else None,
        "synthetic": bool(rows["synthetic"].any()),
        "groups": [_describe_fields(lang, layer, fields) for fields in rows.to_dict("records")],
        "visits": [
            describe_visit(lang, visit) for visit in _find_visits_at(layers["visits"], geometry, record_id, surface.at)
        ],
    }


def _say_title(lang: str, layer: str, row: Any) -> str:
    """What a visit or a finding, which has no name, is called: how it ended, what was seen."""
    column = {"visits": "outcome", "findings": "indicator"}.get(layer)
    return "" if column is None else _say_value(lang, layer, column, row[column])


def _find_visits_at(
    visits: gpd.GeoDataFrame, geometry: shapely.Geometry, record_id: str, at: date
) -> tuple[NearVisit, ...]:
    away = shapely.distance(visits.geometry.to_numpy(), geometry)
    other = (visits["site_id"].notna() & (visits["site_id"] != record_id)).to_numpy(dtype=bool)
    here = (visits["site_id"] == record_id).to_numpy(dtype=bool, na_value=False) | ((away <= AT_PLACE_M) & ~other)
    here &= (visits["visited_on"] <= pd.Timestamp(at)).to_numpy(dtype=bool)
    return read_visits(visits[here], np.asarray(away)[here])


def _describe_fields(lang: str, layer: str, row: Mapping[str, Any]) -> list[dict[str, str]]:
    labels = _labels(lang)
    if layer == "workplaces":
        sector = sectors_of(pd.Series([row["sni"]]), pd.Series([row["sni_version"]]))[0]
        row = {**row, "sector": sector}
    told = {name: _say_value(lang, layer, name, row[name]) for name in labels if name in row}
    return [{"name": name, "label": labels[name], "value": value} for name, value in told.items() if value]


def _say_value(lang: str, layer: str, name: str, value: Any) -> str:
    if value == "" or pd.isna(value):
        return ""
    titles = {**_TITLES, "source": _SOURCES.get(layer), "agencies": ("agencies", "agency")}.get(name)
    if titles is not None:
        codes = filter(None, str(value).split("+"))
        told = ", ".join(say(lang, title_sentence(*titles, code)) for code in codes)
    elif name == "kind":
        told = translate(lang, str(value))
    elif isinstance(value, pd.Timestamp):
        told = format_date(lang, value.date())
    elif isinstance(value, (int, float)):
        told = format_number(lang, value)
    else:
        told = str(value)
    return told


def _labels(lang: str) -> dict[str, str]:
    """What the columns that are shown are called, in the order in which they are."""
    return {
        "sector": translate(lang, "Sector"),
        "kind": translate(lang, "Kind"),
        "housing_type": translate(lang, "Type of accommodation"),
        "phase": translate(lang, "Phase"),
        "employees": translate(lang, "Number of employees"),
        "beds": translate(lang, "Number of beds"),
        "workforce": translate(lang, "Number of workers"),
        "active_from": translate(lang, "From and with"),
        "active_to": translate(lang, "Up to and with"),
        "visited_on": translate(lang, "Day of the visit"),
        "observed_on": translate(lang, "Day of the observation"),
        "reported_on": translate(lang, "Day of the report"),
        "outcome": translate(lang, "Outcome"),
        "agencies": translate(lang, "Agencies on site"),
        "agency": translate(lang, "Agency"),
        "persons_met": translate(lang, "Persons met"),
        "indicator": translate(lang, "Indicator"),
        "grade": translate(lang, "Strength"),
        "source": translate(lang, "How it is known"),
        "verification": translate(lang, "Verification"),
        "sni": translate(lang, "Industry code (SNI)"),
        "precision": translate(lang, "Position"),
    }
