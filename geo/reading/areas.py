"""Areas for rows that name one instead of drawing it: municipalities, counties, SCB's grid cells, DeSO and RegSO.

One row is one area and one sector group. A table with one column per sector is not read: turn it into one row per area
and sector first (``melt``, or *unpivot* in a spreadsheet).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import SWEDEN_EASTING_M, SWEDEN_NORTHING_M, SWEREF99_TM_EPSG
from geo.errors import CRSError, ParameterError
from geo.layers.persons import hide_personal_numbers
from geo.region import Region

__all__ = ["AREA_KINDS", "Keyed", "draw_areas", "index_areas"]

AREA_KINDS = ("municipality", "county", "scb_grid", "deso", "regso")
# cell sizes of the grids that Statistics Sweden publishes, the largest first
_CELL_SIZES_M = (10_000, 5_000, 2_000, 1_000, 500, 250, 100)
_SCB_ID = re.compile(r"(?P<easting>\d{6})(?P<northing>\d{7})", re.ASCII)
_INSPIRE_ID = re.compile(
    r"(?:SE_?)?CRS(?P<crs>\d{1,9})RES(?P<cell_m>\d{1,9})mN(?P<northing>\d{1,9})E(?P<easting>\d{1,9})", re.ASCII
)
_N_CODE_DIGITS = {"municipality": 4, "county": 2}
_N_CANDIDATES = 3
# so many cells tell their size, unless more than this share would fit a larger one
_N_TELLING = 10
_MIXED = 0.5


@dataclass(frozen=True, eq=False)
class Keyed:
    """Shapes for rows that name an area.

    Attributes
    ----------
    shapes : (n,) polygons, EPSG:3006, None where the key is unknown; rows of one area share one polygon
    keys : (n,) str objects, the area's code in one spelling, None where there is none
    problems : row position to what is wrong with its key
    notes : sentences for the report
    inferred_m : float, m, side of grid cells that was inferred, for the later chunks of a file; None where it was not
    """

    shapes: NDArray[np.object_]
    keys: NDArray[np.object_]
    problems: Mapping[int, str]
    notes: tuple[str, ...] = ()
    inferred_m: float | None = None


def draw_areas(
    kind: str,
    keys: pd.Series,
    *,
    region: Region | None = None,
    lookup: Mapping[str, shapely.Geometry] | None = None,
    cell_m: pd.Series | float | None = None,
) -> Keyed:
    """Polygons of the areas that rows name.

    Parameters
    ----------
    kind : one of `AREA_KINDS`
    keys : (n,) objects: codes or names of municipalities and counties; ids of grid cells; codes in `lookup`
    region : Region, for municipalities and counties
    lookup : code to polygon, EPSG:3006, for DeSO and RegSO; see `index_areas`
    cell_m : m, side of grid cells, for each row or for all; None where the ids carry it or to infer it

    Returns
    -------
    Keyed

    Raises
    ------
    ParameterError
        An unknown kind, or no region or lookup where one is needed.
    """
    if kind == "scb_grid":
        return _draw_cells(keys, cell_m)
    if kind in _N_CODE_DIGITS and region is not None:
        names, polygons = _index_region(kind, region)
        return _look_up(kind, [_read_code(kind, each) for each in keys], polygons, names)
    if kind in {"deso", "regso"} and lookup is not None:
        return _look_up(kind, [_read_text(each) for each in keys], lookup, {})
    needs = {"municipality": "the region", "county": "the region"}.get(kind, "a table of polygons")
    message = (
        f"Areas of kind {kind!r} cannot be drawn without {needs}; import their polygons first."
        if kind in AREA_KINDS
        else f"There is no kind of area {kind!r}; use one of {', '.join(AREA_KINDS)}."
    )
    raise ParameterError(message)


def index_areas(frame: gpd.GeoDataFrame, key_column: str) -> dict[str, shapely.Geometry]:
    """A table of polygons as `draw_areas` looks them up: code to polygon, parts of one code together.

    Parameters
    ----------
    frame : GeoDataFrame of polygons, EPSG:3006
    key_column : str, the column of codes

    Returns
    -------
    dict of str to polygon

    Raises
    ------
    CRSError, ParameterError
    """
    if frame.crs is None or frame.crs.to_epsg() != SWEREF99_TM_EPSG:
        message = f"polygons must be in EPSG:3006, got {frame.crs}; project them first."
        raise CRSError(message)
    if key_column not in frame.columns:
        message = f"the polygons have no column {key_column!r}; their columns are {', '.join(map(str, frame.columns))}."
        raise ParameterError(message)
    keys = [_read_text(each) for each in frame[key_column]]
    parts: dict[str, list[shapely.Geometry]] = {}
    for key, polygon in zip(keys, frame.geometry, strict=True):
        if key and polygon is not None:
            parts.setdefault(key, []).append(polygon)
    return {key: some[0] if len(some) == 1 else shapely.union_all(some) for key, some in parts.items()}


def _index_region(kind: str, region: Region) -> tuple[dict[str, str], dict[str, shapely.Geometry]]:
    """Names to codes, and codes to polygons."""
    if kind == "county":
        counties = region.counties
        return {}, dict(zip(counties["county"], counties.geometry, strict=True))
    frame = region.municipalities
    names = {str(name).casefold(): code for name, code in zip(frame["name"], frame["municipality"], strict=True)}
    return names, dict(zip(frame["municipality"], frame.geometry, strict=True))


def _look_up(kind: str, given: list[str], polygons: Mapping[str, shapely.Geometry], names: Mapping[str, str]) -> Keyed:
    keys = np.full(len(given), None, dtype=object)
    shapes = np.full(len(given), None, dtype=object)
    problems: dict[int, str] = {}
    told: dict[str, str] = {}
    for row, key in enumerate(given):
        code = key if key in polygons else names.get(key.casefold().removesuffix(" kommun"), "")
        if code:
            keys[row], shapes[row] = code, polygons[code]
        elif not key:
            problems[row] = f"names no {kind}; fill in its code"
        else:
            if key not in told:
                told[key] = _unknown(kind, key, polygons, names)
            problems[row] = told[key]
    return Keyed(shapes, keys, problems)


def _unknown(kind: str, key: str, polygons: Iterable[str], names: Mapping[str, str]) -> str:
    codes = list(map(str, polygons))
    titles = {code: f"{code} ({name.title()})" for name, code in names.items()}
    near = difflib.get_close_matches(key, codes, n=_N_CANDIDATES, cutoff=0.5)
    near += [names[each] for each in difflib.get_close_matches(key.casefold(), names, n=_N_CANDIDATES)]
    shown = ", ".join(titles.get(code, code) for code in dict.fromkeys(near[:_N_CANDIDATES]))
    hint = f"nearest are {shown}" if shown else f"there are {len(codes)} of them"
    return f"names a {kind} that is not known, {hide_personal_numbers(key)[:40]!r}; {hint}"


def _read_code(kind: str, value: object) -> str:
    """A code as text: a number may have lost its leading 0, and a name stays a name."""
    text = _read_text(value)
    return text.zfill(_N_CODE_DIGITS[kind]) if text.isdecimal() else text


def _read_text(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124  NaN differs from itself
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


# ---- grid cells ------------------------------------------------------------------------------------------------


def _draw_cells(keys: pd.Series, cell_m: pd.Series | float | None) -> Keyed:
    n = len(keys)
    corners, size = np.full((n, 2), np.nan), np.full(n, np.nan)
    names = np.full(n, None, dtype=object)
    problems: dict[int, str] = {}
    for row, value in enumerate(keys):
        text = _read_text(value)
        match = _SCB_ID.fullmatch(text.zfill(13) if text.isdecimal() else text) or _INSPIRE_ID.fullmatch(text)
        if match is None:
            problems[row] = (
                f"has no id of a grid cell, {hide_personal_numbers(text)[:40]!r}; write SCB's 13 digits "
                "(3940006133000) or INSPIRE's id (CRS3006RES1000mN6133000E394000)"
            )
            continue
        parts = match.groupdict()
        if int(parts.get("crs", SWEREF99_TM_EPSG)) != SWEREF99_TM_EPSG:
            problems[row] = f"names a cell of EPSG:{parts['crs']}; only cells of EPSG:3006 are read"
            continue
        corners[row] = int(parts["easting"]), int(parts["northing"])
        size[row] = float(parts.get("cell_m", np.nan))
        names[row] = match[0]
    given, bad_sizes = _read_sizes(cell_m, n)
    problems |= {row: what for row, what in bad_sizes.items() if row not in problems}
    known = np.where(np.isnan(size), given, size)
    notes: tuple[str, ...] = ()
    inferred_m: float | None = None
    unsized = ~np.isnan(corners[:, 0]) & np.isnan(known) & ~np.isin(np.arange(n), list(problems))
    if unsized.any():
        inferred = _infer_size(corners[unsized])
        known[unsized] = inferred
    if unsized.any() and np.isfinite(inferred):
        inferred_m = inferred
        notes = (
            f"The ids carry no cell size and the file gives none; the corners fit cells of {inferred:.0f} m, and were "
            "read so.",
        )
    problems |= _check_cells(corners, known, given, size, problems)
    shapes = np.full(n, None, dtype=object)
    sound = ~np.isin(np.arange(n), list(problems))
    x, y, side = corners[sound, 0], corners[sound, 1], known[sound]
    shapes[sound] = shapely.box(x, y, x + side, y + side)
    names[~sound] = None
    return Keyed(shapes, names, problems, notes, inferred_m)


def _read_sizes(cell_m: pd.Series | float | None, n: int) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Cell sizes in metres; ``1000``, ``1000 m`` and ``1 km`` are one."""
    if cell_m is None:
        return np.full(n, np.nan), {}
    cells = cell_m.tolist() if isinstance(cell_m, pd.Series) else [cell_m] * n
    sizes, problems = np.full(n, np.nan), {}
    for row, value in enumerate(cells):
        text = _read_text(value).casefold().replace(" ", "")
        if not text:
            continue
        match = re.fullmatch(r"(\d{1,6})(?:[.,]0+)?(km|m)?", text, re.ASCII)
        if match is None or not int(match[1]):
            problems[row] = f"has a cell size that is no number of metres, {text[:20]!r}; write for instance 1000"
        else:
            sizes[row] = int(match[1]) * (1_000 if match[2] == "km" else 1)
    return sizes, problems


def _infer_size(corners: NDArray[np.float64]) -> float:
    """The largest published size that all corners are multiples of, NaN where that proves nothing.

    A quarter of the corners of 500 m cells are corners of 1 km cells, so ten cells that all are hardly are smaller.
    Where most of them are, large and small cells may stand in one file, as in the statistics of population.
    """
    cells = np.unique(corners, axis=0)
    fit = {size: float((cells % size == 0).all(axis=1).mean()) for size in _CELL_SIZES_M}
    size = next((size for size, share in fit.items() if share == 1.0), None)
    if size is None or len(cells) < _N_TELLING:
        return np.nan
    larger = max((share for each, share in fit.items() if each > size), default=0.0)
    return np.nan if larger > _MIXED else float(size)


def _check_cells(
    corners: NDArray[np.float64],
    known: NDArray[np.float64],
    given: NDArray[np.float64],
    in_id: NDArray[np.float64],
    problems: Mapping[int, str],
) -> dict[int, str]:
    x, y = corners.T
    open_rows = ~np.isnan(x) & ~np.isin(np.arange(len(x)), list(problems))
    in_sweden = (x >= SWEDEN_EASTING_M[0]) & (x < SWEDEN_EASTING_M[1])
    in_sweden &= (y >= SWEDEN_NORTHING_M[0]) & (y < SWEDEN_NORTHING_M[1])
    differ = ~np.isnan(given) & ~np.isnan(in_id) & (given != in_id)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = (x % known != 0) | (y % known != 0)
    found: dict[int, str] = {}
    for rows, what in (
        (~in_sweden, "names a grid cell outside Sweden; an id is easting (6 digits), then northing (7)"),
        (differ, "has a cell size in its id and another in its column; mend one"),
        (np.isnan(known), "has no cell size, and the corners do not tell it; give it in a column"),
        (off, "is not the lower left corner of a cell of its size; check the id and the size"),
    ):
        for row in np.flatnonzero(open_rows & rows).tolist():
            found.setdefault(row, what)
    return found
