"""A layer's rows and their dictionary as GeoPackage, GeoParquet or CSV.

All three hold every value to the last bit, and the column by which reading recognises them (`geo.reading.exports`).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from geo.crs import SWEREF99_TM
from geo.exporting.dictionary import FIELDS, Entry
from geo.layers.base import Layer
from geo.reading.exports import AS_IT_IS, ESCAPED, EXPORT_MARK
from geo.reading.formulas import escape_formula
from geo.reading.gdal import shut_doors

__all__ = ["DICTIONARY_TABLE", "METADATA_KEY", "WRITERS", "find_places", "write_dictionary"]

DICTIONARY_TABLE = "norrsyn_dictionary"
METADATA_KEY = b"norrsyn_dictionary"
_GEOMETRY = "geometry"
_SHAPE_TYPE = "Unknown"
# whole numbers up to here are written without a decimal point
_MAX_WHOLE = 2.0**53
_ROWS_AT_ONCE = 20_000

Writer = Callable[[Path, Layer, gpd.GeoDataFrame, Sequence[Entry]], None]


def find_places(layer: Layer, ending: str) -> tuple[str, ...]:
    """Columns that say where the rows of a file are: of points in CSV, two numbers."""
    return ("easting", "northing") if ending == ".csv" and layer.geometry_types == {"Point"} else (_GEOMETRY,)


def write_dictionary(path: Path, entries: Iterable[Entry]) -> None:
    """Write a dictionary as CSV, harmless in spreadsheets."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows([escape_formula(cell) for cell in entry.cells()] for entry in entries)


def _write_csv(path: Path, layer: Layer, frame: gpd.GeoDataFrame, _: Sequence[Entry]) -> None:
    places = find_places(layer, ".csv")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*layer.schema.columns, EXPORT_MARK, *places])
        for start in range(0, len(frame), _ROWS_AT_ONCE):
            rows = frame.iloc[start : start + _ROWS_AT_ONCE]
            columns = [_as_cells(rows[name]) for name in layer.schema.columns]
            shapes = rows.geometry.to_numpy()
            if places == (_GEOMETRY,):
                where = [shapely.to_wkt(shapes, rounding_precision=-1).tolist()]
            else:
                where = [_write_numbers(shapely.get_x(shapes)), _write_numbers(shapely.get_y(shapes))]
            writer.writerows(zip(*columns, [ESCAPED] * len(rows), *where, strict=True))


def _write_geopackage(path: Path, layer: Layer, frame: gpd.GeoDataFrame, entries: Sequence[Entry]) -> None:
    shut_doors()
    told = {entry.entry: entry.meaning for entry in entries if entry.kind == "about"}
    options = {
        "GEOMETRY_NAME": _GEOMETRY,
        "IDENTIFIER": layer.title,
        "DESCRIPTION": " ".join(filter(None, map(told.get, ("classification", "attribution")))),
    }
    only = next(iter(layer.geometry_types)) if len(layer.geometry_types) == 1 else _SHAPE_TYPE
    pyogrio.write_arrow(
        _as_table(layer, frame),
        path,
        layer=layer.name,
        driver="GPKG",
        geometry_name=_GEOMETRY,
        geometry_type=only,
        crs=SWEREF99_TM,
        layer_options=options,
    )
    lines = pd.DataFrame([entry.cells() for entry in entries], columns=list(FIELDS)).replace("", None)
    pyogrio.write_dataframe(lines, path, layer=DICTIONARY_TABLE, driver="GPKG")


def _write_geoparquet(path: Path, layer: Layer, frame: gpd.GeoDataFrame, entries: Sequence[Entry]) -> None:
    types = sorted(set(frame.geometry.geom_type))
    described = {
        "encoding": "WKB",
        "geometry_types": types,
        "crs": frame.crs.to_json_dict(),
        "bbox": frame.total_bounds.tolist(),
    }
    geo = {"version": "1.0.0", "primary_column": _GEOMETRY, "columns": {_GEOMETRY: described}}
    dictionary = [dict(zip(FIELDS, entry.cells(), strict=True)) for entry in entries]
    metadata = {b"geo": json.dumps(geo), METADATA_KEY: json.dumps(dictionary, ensure_ascii=False)}
    pq.write_table(_as_table(layer, frame).replace_schema_metadata(metadata), path, compression="zstd")


def _as_table(layer: Layer, frame: gpd.GeoDataFrame) -> pa.Table:
    """The layer's columns, the mark, and shapes as well-known binary."""
    columns: dict[str, Any] = {}
    for name in layer.schema.columns:
        values = frame[name]
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            columns[name] = pa.array(values, from_pandas=True).cast(pa.date32())
        elif isinstance(values.dtype, pd.StringDtype):
            columns[name] = pa.array(values, pa.string(), from_pandas=True)
        else:
            columns[name] = pa.array(values, from_pandas=True)
    columns[EXPORT_MARK] = pa.array([AS_IT_IS] * len(frame), pa.string())
    columns[_GEOMETRY] = pa.array(shapely.to_wkb(frame.geometry.to_numpy()), pa.binary())
    return pa.table(columns)


def _as_cells(values: pd.Series) -> list[str]:
    missing = values.isna().to_numpy()
    if pd.api.types.is_bool_dtype(values.dtype):
        return ["true" if value else "false" for value in values]
    if pd.api.types.is_float_dtype(values.dtype):
        cells = _write_numbers(values.to_numpy(dtype=np.float64))
    elif pd.api.types.is_datetime64_any_dtype(values.dtype):
        cells = np.datetime_as_string(values.to_numpy(dtype="datetime64[D]")).tolist()
    else:
        cells = [text if isinstance(text, str) else "" for text in values]
        return [escape_formula(text) for text in cells]
    return ["" if is_missing else cell for cell, is_missing in zip(cells, missing, strict=True)]


def _write_numbers(values: Any) -> list[str]:
    """The shortest decimals that are read as the same numbers."""
    return [
        str(int(value)) if value.is_integer() and abs(value) < _MAX_WHOLE else repr(value) for value in values.tolist()
    ]


# file ending to the function that writes such a file
WRITERS: Mapping[str, Writer] = MappingProxyType(
    {".gpkg": _write_geopackage, ".parquet": _write_geoparquet, ".csv": _write_csv}
)
