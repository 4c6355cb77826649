"""A plan for geographic information systems: a GeoPackage in EPSG:3006."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from geo.crs import SWEREF99_TM
from geo.planning.plan import Plan
from geo.reading.gdal import shut_doors
from maps.i18n import translate
from maps.plan_files.sheets import PlanSheets, ShiftSheet, lay_out
from maps.plan_files.stamp import Stamp, say_classification, say_watermark
from maps.plan_files.tables import CREW_COLUMNS, STOP_COLUMNS, Column, Value, crew_rows, stop_rows
from maps.plan_files.words import shorten

__all__ = ["write_geopackage"]

_NUMBERS = frozenset({"priority", "propensity", "expected", "easting", "northing", "lon", "lat"})
_COUNTS = frozenset({"number", "order", "drive_minutes", "days_since_visit", "people", "seats", "stops"})
_FLAGS = frozenset({"synthetic"})


def write_geopackage(plan: Plan, stamp: Stamp, lang: str) -> bytes:
    """A plan as GeoPackage.

    Layers ``stops`` and ``crews`` (a point where a day begins, for each crew and day) and ``routes`` (straight lines
    in the order of the stops, not roads), and the table ``metadata``: classification, watermark, time of making, id
    and version of the plan.
    """
    shut_doors()
    sheets = lay_out(plan, lang, stamp.now)
    classification, watermark = say_classification(plan, lang), say_watermark(plan, stamp, lang)
    crews, shifts = crew_rows(sheets, lang), sheets.shifts
    driving = [(row, shift) for row, shift in zip(crews, shifts, strict=True) if shift.stops]
    layers = {
        "stops": (
            STOP_COLUMNS,
            stop_rows(sheets),
            [_point(one.stop.easting, one.stop.northing) for one in sheets.stops],
        ),
        "routes": (CREW_COLUMNS, [row for row, _ in driving], [_line(shift) for _, shift in driving]),
        "crews": (CREW_COLUMNS, crews, [_point(*shift.crew.depot) for shift in shifts]),
    }
    kinds = {"stops": "Point", "routes": "LineString", "crews": "Point"}
    with TemporaryDirectory(prefix="norrsyn-") as folder:
        path = Path(folder) / "plan.gpkg"
        for name, (columns, rows, shapes) in layers.items():
            frame = gpd.GeoDataFrame(_as_columns(columns, rows), geometry=shapes, crs=SWEREF99_TM)
            options = {"IDENTIFIER": f"{name} – {shorten(sheets.name)}", "DESCRIPTION": f"{classification} {watermark}"}
            pyogrio.write_dataframe(
                frame, path, layer=name, driver="GPKG", geometry_type=kinds[name], append=False, layer_options=options
            )
        about = pd.DataFrame(_list_metadata(plan, stamp, sheets, lang), columns=["name", "value"])
        pyogrio.write_dataframe(about, path, layer="metadata", driver="GPKG")
        return path.read_bytes()


def _list_metadata(plan: Plan, stamp: Stamp, sheets: PlanSheets, lang: str) -> list[tuple[str, str]]:
    return [
        ("classification", say_classification(plan, lang)),
        ("watermark", say_watermark(plan, stamp, lang)),
        ("made_at", stamp.made_utc.isoformat()),
        ("plan_id", plan.plan_id),
        ("plan_version", str(stamp.version)),
        ("plan_name", sheets.name),
        ("state", plan.state),
        ("surface", str(plan.manifest.get("surface", ""))),
        ("crs", SWEREF99_TM),
        ("routes", translate(lang, "Lines join the stops in their order; they are not roads.")),
        *(("problem", one) for one in sheets.problems),
        *(("note", one) for one in sheets.notes),
    ]


def _as_columns(columns: Sequence[Column], rows: Sequence[Mapping[str, Value]]) -> dict[str, Any]:
    """Columns with types that do not depend on what stands in them."""
    made: dict[str, Any] = {}
    for column in columns:
        values = pd.Series([row[column.name] for row in rows], dtype="object")
        kind: Any = "Float64" if column.name in _NUMBERS else "Int64" if column.name in _COUNTS else "string"
        made[column.name] = values.astype("boolean" if column.name in _FLAGS else kind)
    return made


def _point(easting: float, northing: float) -> shapely.Point:
    return shapely.Point(easting, northing)


def _line(shift: ShiftSheet) -> shapely.LineString:
    depot = shift.crew.depot
    return shapely.LineString([depot, *((one.stop.easting, one.stop.northing) for one in shift.stops), depot])
