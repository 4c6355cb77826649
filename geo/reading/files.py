"""From a file to a layer's frame, with a report of every row and column on the way.

The order matters: columns that must not be read are dropped before anything is done with the rest; rows the user did
not ask for are left out before anything is demanded of them; everything that is wrong with the rows that remain is
told in one message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import SWEREF99_TM
from geo.errors import CRSError, GeometryError, InputError, SchemaError
from geo.layers.base import Layer
from geo.layers.validate import find_misplaced, validate
from geo.reading.columns import Choice, arrange_columns, check_choice, match_rows
from geo.reading.delimited import read_csv
from geo.reading.geojson import read_geojson
from geo.reading.geopackage import read_geopackage_table
from geo.reading.places import build_shapes, choose_crs, describe_crs, find_bad_coordinates, project_shapes
from geo.reading.records import can_make_ids, find_repeats, hash_rows, make_ids
from geo.reading.report import SHOWN_IDS, Reading, Report
from geo.reading.source import Source, open_source
from geo.reading.table import RawTable, list_rows
from geo.region import NEAREST_MUNICIPALITY_M

__all__ = ["read_layer_file"]

_READERS = {"geojson": read_geojson, "gpkg": read_geopackage_table, "csv": read_csv}


@dataclass(frozen=True, eq=False)
class _Located:
    """Shapes of all rows of the file, in the file's CRS; position of a row to what is wrong with its shape."""

    shapes: NDArray[np.object_]
    problems: Mapping[int, str]
    crs: CRS
    columns: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Named:
    """The rows asked for, each once, in the layer's columns; the index is the row's position in the file."""

    columns: pd.DataFrame
    left_over: tuple[str, ...]
    made_ids: bool
    n_repeated: int


@dataclass(frozen=True, eq=False)
class _Placed:
    """The rows of the region in EPSG:3006, and what stood in the way of others: text to (positions, about the CRS)."""

    frame: gpd.GeoDataFrame
    problems: Mapping[str, tuple[list[int], bool]]
    outside_ids: tuple[str, ...]
    repaired_ids: tuple[str, ...]


def read_layer_file(
    path: str | os.PathLike[str],
    layer: Layer,
    *,
    rename: Mapping[str, str] | None = None,
    set_values: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = None,
    skip_rows: Iterable[int] = (),
    crs: str | None = None,
) -> Reading:
    """Read a GeoJSON, GeoPackage or CSV file into a layer.

    Parameters
    ----------
    path : str or path-like
        A file of this machine, ending in ``.geojson``, ``.json``, ``.gpkg`` or ``.csv``.
    layer : Layer
    rename : column in the file to column of the layer
        In a CSV also to ``easting`` and ``northing`` (m, EPSG:3006 unless `crs` says otherwise), ``lon`` and ``lat``
        (degrees), or ``geometry`` (WKT, needs `crs`).
    set_values : column of the layer to one value for all rows
    where : column in the file to the value that a row must have to be read
    skip_rows : row numbers, the first being 1, as errors name them
        Rows to leave out, for a file with a few mistakes that cannot be mended at its source.
    crs : str, optional
        What the coordinates are in, where the file does not say it or says it wrongly.

    Returns
    -------
    Reading
        ``frame`` in EPSG:3006 and the layer's canonical form, at least one row; ``report``.

    Raises
    ------
    CRSError
        No CRS, an unknown one, or coordinates that cannot be in it.
    SchemaError
        Columns, values or ids that the layer does not allow; all of them in one message.
    GeometryError
        Shapes that are missing, broken or in the wrong place, or no columns that say where rows are.
    InputError
        The file is missing, damaged, empty, not what its ending says, or leaves no row.
    """
    source = open_source(path)
    choice = Choice.of(rename, set_values, where, skip_rows)
    table = _READERS[source.kind](source, layer)
    if not len(table):
        message = f"{source.name}: holds no rows; export it again."
        raise InputError(message)
    if lines := check_choice(layer, table, choice):
        message = "\n".join([f"{source.name}: the options do not fit the file.", *(f"  - {line}" for line in lines)])
        raise SchemaError(message, tuple(lines))
    located = _locate(source, table, choice, crs)
    skipped = np.isin(np.arange(1, len(table) + 1), list(choice.skip_rows))
    kept = np.flatnonzero(match_rows(source.name, table, choice.where) & ~skipped)
    named = _name_rows(layer, table, located, choice, kept)
    placed = _place_rows(layer, named, located)
    frame = _check_rows(source, layer, placed)
    report = Report(
        layer=layer.name,
        source_name=source.name,
        source_sha256=source.sha256,
        source_size=source.size,
        crs=describe_crs(located.crs),
        rows_read=len(table),
        rows_skipped=int(skipped.sum()),
        rows_filtered_out=len(table) - len(kept) - int(skipped.sum()),
        rows_duplicate=named.n_repeated,
        rows_outside_region=len(placed.outside_ids),
        rows_accepted=len(frame),
        refused_columns=dict(table.refused),
        unused_columns=(*named.left_over, *table.left_out),
        renamed=choice.rename,
        set_values=choice.set_values,
        where=choice.where,
        made_ids=named.made_ids,
        outside_ids=placed.outside_ids[:SHOWN_IDS],
        repaired_ids=placed.repaired_ids[:SHOWN_IDS],
        rows_repaired=len(placed.repaired_ids),
        skipped_rows=tuple(sorted(choice.skip_rows)),
        notes=(*table.notes, *located.notes),
    )
    return Reading(frame, report)


def _locate(source: Source, table: RawTable, choice: Choice, given_crs: str | None) -> _Located:
    if table.geometry is not None:
        crs, notes = choose_crs(source.name, table.crs, table.crs_problem, given_crs)
        return _Located(table.geometry, table.bad_geometry or {}, crs, (), notes)
    shapes, problems, meant_crs, columns = build_shapes(source.name, table, choice.rename)
    crs, notes = choose_crs(source.name, None if meant_crs is None else CRS(meant_crs), "", given_crs)
    return _Located(shapes, problems, crs, columns, notes)


def _name_rows(layer: Layer, table: RawTable, located: _Located, choice: Choice, kept: NDArray[np.int64]) -> _Named:
    raw = table.columns.drop(columns=list(located.columns)).iloc[kept]
    arranged, left_over = arrange_columns(layer, raw, choice)
    id_column = layer.id_columns[0]
    has_ids = id_column in arranged.columns
    # Without ids two rows are the same only if nothing in the file tells them apart; with ids, if the layer cannot.
    hashes = hash_rows(arranged if has_ids else raw, located.shapes[kept])
    repeated = find_repeats(hashes)
    made_ids = not has_ids and can_make_ids(layer)
    if made_ids:
        arranged[id_column] = pd.Series(make_ids(layer, hashes), index=arranged.index, dtype=object)
    return _Named(arranged[~repeated], left_over, made_ids, int(repeated.sum()))


def _place_rows(layer: Layer, named: _Named, located: _Located) -> _Placed:
    rows = named.columns.index.to_numpy(dtype=np.int64)
    shapes = located.shapes[rows]
    found = find_bad_coordinates(shapes, located.crs)
    by_row = {int(rows[position]): problem for position, problem in found.items()}
    by_row |= {int(row): (located.problems[row], False) for row in rows.tolist() if row in located.problems}
    problems: dict[str, tuple[list[int], bool]] = {}
    for row, (what, about_crs) in sorted(by_row.items()):
        problems.setdefault(what, ([], about_crs))[0].append(row)
    sound = ~np.isin(rows, list(by_row))
    series, repaired = project_shapes(layer, shapes[sound], located.crs)
    frame = gpd.GeoDataFrame(named.columns[sound], geometry=series.to_numpy(), crs=SWEREF99_TM)
    outside = find_misplaced(layer, frame.geometry)
    has_own_ids = not named.made_ids and layer.id_columns[0] in frame.columns
    return _Placed(
        frame=frame[~outside],
        problems=problems,
        outside_ids=_list_ids(frame[outside], layer.id_columns[0] if has_own_ids else None),
        repaired_ids=_list_ids(frame[repaired & ~outside], layer.id_columns[0] if has_own_ids else None),
    )


def _check_rows(source: Source, layer: Layer, placed: _Placed) -> gpd.GeoDataFrame:
    lines = [f"geometry: {what} — {list_rows(rows)}" for what, (rows, _) in placed.problems.items()]
    kinds: set[type[InputError]] = {
        CRSError if about_crs else GeometryError for _, about_crs in placed.problems.values()
    }
    if len(placed.frame):
        try:
            checked = validate(layer, placed.frame)
        except InputError as error:
            kinds.add(type(error))
            lines += error.failures if isinstance(error, SchemaError) else _list_failures(error)
        else:
            if not lines:
                return checked
    if not lines:
        message = (
            f"{source.name}: no row is left for layer {layer.name}; {len(placed.outside_ids)} row(s) lie more than "
            f"{NEAREST_MUNICIPALITY_M / 1000:.0f} km outside Region Nord. Check the coordinates and the CRS."
        )
        raise InputError(message)
    head = f"{source.name}: cannot be read into layer {layer.name}; {len(lines)} rule(s) failed."
    tail = []
    if any("the column is missing" in line for line in lines):
        tail = ["A column that has another name in the file: --rename old=new. One that it lacks: --set column=value."]
    if any(re.search(r"\brow \d", line) for line in lines):
        tail.append("Rows that cannot be mended in the file are left out with --skip-row NUMBER.")
    message = "\n".join([head, *(f"  - {line}" for line in lines), *tail])
    if kinds == {CRSError}:
        raise CRSError(message)
    if kinds <= {CRSError, GeometryError}:
        raise GeometryError(message)
    raise SchemaError(message, tuple(lines))


def _list_failures(error: InputError) -> list[str]:
    head, *rest = str(error).splitlines()
    return [line.removeprefix("  - ") for line in rest] or [head]


def _list_ids(frame: gpd.GeoDataFrame, id_column: str | None) -> tuple[str, ...]:
    return tuple(f"row {row + 1}" for row in frame.index) if id_column is None else tuple(map(str, frame[id_column]))
