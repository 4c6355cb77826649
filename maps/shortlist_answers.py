"""What stands on a shortlist, looked up among the records that the reader may see, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd

from geo.errors import InputError, NotFoundError
from geo.layers.registry import LAYERS
from geo.risk.surface import RiskSurface
from geo.store.people.shortlist import CELLS, Entry
from maps.answers import describe_cell
from maps.degrees import to_degrees
from maps.i18n import translate
from maps.record_names import ID_COLUMNS, RecordNames, list_titles

__all__ = ["describe_entries"]

_NOTHING_KNOWN = "nothing_known"
_FIELDS = (
    "cell_id",
    "layer",
    "record_id",
    "title",
    "layer_title",
    "place",
    "municipality",
    "lon",
    "lat",
    "easting",
    "northing",
    "score",
    "score_class",
    "state",
    "reason",
)


def describe_entries(
    lang: str,
    surface: RiskSurface,
    layers: Mapping[str, gpd.GeoDataFrame],
    names: RecordNames,
    entries: Iterable[Entry],
) -> list[dict[str, Any]]:
    """Entries as `api.saved_schemas.EntryAnswer`.

    Of a cell that the surface does not have, or a record that is not among the layers, nothing is told, not even what
    it was called.

    Parameters
    ----------
    lang : str
    surface : RiskSurface
    layers : mapping of layer name to GeoDataFrame, only what the reader may see
    names : RecordNames of these layers
    entries : iterable of Entry
    """
    listed = list(entries)
    found = {layer: _find_records(layers[layer], layer, listed) for layer in ID_COLUMNS}
    return [_describe(lang, surface, names, found, entry) for entry in listed]


def _find_records(frame: gpd.GeoDataFrame, layer: str, entries: Iterable[Entry]) -> dict[str, tuple[str, float, float]]:
    """Title, easting and northing by id."""
    ids = [entry.record_id for entry in entries if entry.layer == layer]
    if not ids:
        return {}
    column = ID_COLUMNS[layer]
    rows = frame[frame[column].isin(ids)].drop_duplicates(column)
    middles = [
        shape if shape.geom_type == "Point" else shape.interpolate(0.5, normalized=True) for shape in rows.geometry
    ]
    titles = list_titles(rows, column)
    return {
        str(one): (str(title), middle.x, middle.y)
        for one, title, middle in zip(rows[column], titles, middles, strict=True)
    }


def _describe(
    lang: str,
    surface: RiskSurface,
    names: RecordNames,
    found: Mapping[str, Mapping[str, tuple[str, float, float]]],
    entry: Entry,
) -> dict[str, Any]:
    is_cell = entry.layer == CELLS
    told = _tell_cell(lang, surface, names, entry.record_id) if is_cell else None
    if not is_cell and entry.record_id in found.get(entry.layer, {}):
        told = _tell_site(lang, surface, names, entry, found[entry.layer][entry.record_id])
    return {
        "entry_id": entry.entry_id,
        "kind": "cell" if is_cell else "site",
        "note": entry.note,
        "added_at": datetime.fromtimestamp(entry.added_at, UTC).isoformat(timespec="seconds"),
        "version": entry.version,
        "is_there": told is not None,
        **dict.fromkeys(_FIELDS),
        **(told or {}),
    }


def _tell_cell(lang: str, surface: RiskSurface, names: RecordNames, cell_id: str) -> dict[str, Any] | None:
    try:
        cell = describe_cell(lang, surface, names, surface.explain(cell_id))
    except (InputError, NotFoundError):
        # a cell of another grid, or one that is not Region Nord's
        return None
    is_known = cell["state"] != _NOTHING_KNOWN
    # that a place was never inspected is told by its state already
    reasons = cell["reasons"][1:] if cell["state"] == "never_inspected" else cell["reasons"]
    kept = ("cell_id", "place", "municipality", "lon", "lat", "easting", "northing", "state")
    return {
        **{name: cell[name] for name in kept},
        "title": cell["place"] or cell["municipality"],
        "score": cell["score"] if is_known else None,
        "score_class": cell["class"],
        "reason": reasons[0] if reasons else None,
    }


def _tell_site(
    lang: str, surface: RiskSurface, names: RecordNames, entry: Entry, record: tuple[str, float, float]
) -> dict[str, Any]:
    title, easting, northing = record
    row, col = (int(at[0]) for at in surface.grid.cell_at([easting], [northing]))
    lon, lat = to_degrees(easting, northing)
    around = (_tell_cell(lang, surface, names, surface.grid.cell_id(row, col)) if row >= 0 else None) or {}
    return {
        **around,
        "layer": entry.layer,
        "record_id": entry.record_id,
        "title": title,
        "layer_title": translate(lang, LAYERS[entry.layer].title),
        "lon": lon,
        "lat": lat,
        "easting": easting,
        "northing": northing,
    }
