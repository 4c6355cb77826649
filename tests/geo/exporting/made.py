"""Rows of every layer, made to break a file that is written or read carelessly."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import shapely
from hypothesis import strategies as st

from geo.layers.base import Layer
from geo.layers.persons import holds_personal_number
from geo.layers.validate import validate
from geo.reading.columns import decode_entities
from geo.reference import read_table
from tests.frames import TOWN, make_frame

__all__ = ["NASTY", "frames_of"]

# as they may stand in a layer: without control characters and without blanks at either end
NASTY = (
    "=1+1", "=cmd|' /C calc'!A0", "+46", "-5", "+x", "-x", "@SUM(1)", "'", "''", "'=1", "\uff1d1", "a\"b", ",", ";",
    "\"", "a,b;c|d", "0012", "007", "1e5", "1,5", "NaN", "null", "None", "true", "2026-01-01", "R&amp;D", "&lt;b&gt;",
    "&#61;1", "å ä ö", "é", "{{ 7*7 }}", "</script>", "x" * 300, "\\N", "sep=;", "\ufeff1", "a  b",
)  # fmt: skip
_letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])
_texts = st.one_of(
    st.sampled_from(NASTY),
    st.builds(
        str.__add__, st.sampled_from(["=", "+", "-", "@", "'", "", "0"]), st.text(_letters, min_size=1, max_size=8)
    ),
)
_NUMBERS = (0.0, 5e-324, 1e-300, 0.1, 1 / 3, 12345.678900000001, 1e9, 123456789.00000001, 999_999_999.9999999)
_HIGHEST = {"spread_m": 300_000.0, "speed_kmh": 100.0, "employees": 200_000.0, "workforce": 200_000.0, "beds": 20_000.0}
_days = st.one_of(st.dates(), st.sampled_from([date(1, 1, 1), date(1582, 10, 10), date(9999, 12, 31)]))
_offsets = st.floats(-9_000, 9_000, allow_subnormal=False)
# right by their check digit, of no firm: series that are never given out; a pseudonym; a number from abroad
_EMPLOYERS = ("9920000008", "p-abcdefghijklmnopabcd", "NO 999999999 MVA")
_SNI = (("41200", "2007"), ("41.20", "2007"), ("02", "2007"), ("01", "2025"), ("01.130", "2007"))


def _clean(text: str) -> str:
    """The text as reading a file would leave it, its references kept."""
    return decode_entities(text.replace("&", "\ue000")).replace("\ue000", "&")


@st.composite
def _cell(draw: st.DrawFn, name: str, column: pa.Column) -> Any:
    if column.nullable and draw(st.booleans()):
        return None
    dtype = str(column.dtype)
    if dtype.startswith("float"):
        low, high = 0.0 if name != "speed_kmh" else 1.0, _HIGHEST.get(name, 1e9)
        special = [value for value in (*_NUMBERS, low, high) if low <= value <= high]
        return draw(st.one_of(st.floats(low, high), st.sampled_from(special)))
    if dtype.startswith("datetime"):
        return draw(_days).isoformat()
    if dtype.startswith("bool"):
        return draw(st.booleans())
    codes = next((c.statistics["allowed_values"] for c in column.checks if "allowed_values" in c.statistics), None)
    return draw(st.sampled_from(sorted(codes)) if codes else _texts.map(_clean).filter(bool))


@st.composite
def _shape(draw: st.DrawFn, kind: str) -> Any:
    x, y = TOWN[0] + draw(_offsets), TOWN[1] + draw(_offsets)
    u, v = draw(st.floats(1, 500)), draw(st.floats(1, 500))
    part = {
        "Point": shapely.Point(x, y),
        "LineString": shapely.LineString([(x, y), (x + u, y + v), (x, y + 2 * v)]),
        "Polygon": shapely.Polygon(
            [(x, y), (x + 9 * u, y), (x, y + 9 * v)],
            [[(x + u, y + v), (x + 2 * u, y + v), (x + u, y + 2 * v)]] if draw(st.booleans()) else [],
        ),
    }
    if kind.startswith("Multi"):
        single = part[kind.removeprefix("Multi")]
        moved = shapely.transform(single, lambda xy: xy + np.array([20_000.0, 0.25]))
        return (shapely.MultiPolygon if kind == "MultiPolygon" else shapely.MultiLineString)([single, moved])
    return part[kind]


@st.composite
def frames_of(draw: st.DrawFn, layer: Layer, max_rows: int = 4) -> gpd.GeoDataFrame:
    """Frames of a layer in canonical form, with whatever may come into it by a file."""
    n_rows = draw(st.integers(1, max_rows))
    rows = [_one_row(draw, layer, number) for number in range(n_rows)]
    if layer.name == "borders":
        codes = sorted(read_table("municipalities")["municipality"])
        rows = [{**rows[position % n_rows], "municipality": code} for position, code in enumerate(codes)]
    if layer.name == "sectors":
        rows = [{**row, "level": rows[0]["level"]} for row in rows]
    return validate(layer, make_frame(rows))


def _one_row(draw: st.DrawFn, layer: Layer, number: int) -> dict[str, Any]:
    row = {name: draw(_cell(name, column)) for name, column in layer.schema.columns.items()}
    row["geometry"] = draw(_shape(draw(st.sampled_from(sorted(layer.geometry_types)))))
    # text with enough digits may hold a person's number by chance, which no layer takes
    row = {name: "x" if isinstance(cell, str) and _holds_person(cell) else cell for name, cell in row.items()}
    own = layer.id_columns[0]
    row[own] = f"{row[own]}{number}"
    if row.get("active_from") and row.get("active_to"):
        row["active_from"], row["active_to"] = sorted([row["active_from"], row["active_to"]])
    if "employer_id" in row:
        row["employer_id"] = draw(st.sampled_from([None, *_EMPLOYERS]))
        row["sni"], row["sni_version"] = draw(st.sampled_from(_SNI))
    if "agencies" in row:
        codes = sorted(read_table("agencies")["agency"])
        row["agencies"] = "+".join(draw(st.lists(st.sampled_from(codes), unique=True, max_size=3))) or None
    if row.get("place_kind") == "postcode":
        row["key"] = draw(st.sampled_from(["90101", "901 01", "SE-90101"]))
    return row


def _holds_person(text: str) -> bool:
    return bool(holds_personal_number(pd.Series([text]))[0])
