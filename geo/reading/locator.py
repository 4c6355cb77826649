"""Where a file's rows are: by its shapes, by columns of coordinates, or by the areas or places that it names.

What holds for the file as a whole, such as the CRS and the order of axes, is decided from its first table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import SWEREF99_TM
from geo.errors import CRSError, GeometryError, ParameterError
from geo.layers.base import Layer
from geo.reading.areas import draw_areas
from geo.reading.axes import Placement, place_in
from geo.reading.context import Context
from geo.reading.gazetteer import LOCATING_COLUMNS
from geo.reading.pileups import find_pileups
from geo.reading.places import build_shapes, find_coordinates, parse_crs, project_shapes, say_stated_crs
from geo.reading.synonyms import AREA_KEYS
from geo.reading.table import RawTable

__all__ = ["Located", "Locator"]

# a CRS that only the names of columns mean is believed if so many of the rows lie in Sweden by it
_HALF = 0.5
_AREA_NAMES = ("locality", "municipality", "county")
_CENTRES = (
    "The coordinates are centres of areas, not places: records are kept as known to their municipality or county, and "
    "spread over it."
)
_POLYGONS = {"Polygon", "MultiPolygon"}


@dataclass(frozen=True, eq=False)
class Located:
    """Where the rows of a table are.

    Attributes
    ----------
    shapes : (n,) shapely objects, EPSG:3006; None where there is none, or one that cannot be used
    problems : row position to (what is wrong, whether it is about the CRS)
    columns : column of the layer that says how well places are known to its (n,) values; None where the row says it
    repaired : (n,) bool, areas that were not valid
    notes : sentences for the report
    """

    shapes: NDArray[np.object_]
    problems: Mapping[int, tuple[str, bool]]
    columns: Mapping[str, NDArray[np.object_]]
    repaired: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


class Locator:
    """Finds the places of the rows of one file.

    Parameters
    ----------
    source_name : str
    layer : Layer
    renamed : column in the file to ``geometry``, ``easting``, ``northing``, ``lon``, ``lat`` or a key, among others
    first : RawTable, the file's first
    context : Context
    crs : str, optional, what the coordinates are in, whatever the file says
    is_swapped : bool, optional, whether northing or latitude comes first; None to find out

    Attributes
    ----------
    columns : columns of the file that hold coordinates
    crs : CRS of the coordinates, EPSG:3006 where there are none
    is_swapped : bool, whether northing or latitude comes first

    Raises
    ------
    CRSError
        The file does not say which CRS its coordinates are in, and they do not tell.
    GeometryError
        Nothing says where its rows are.
    """

    def __init__(
        self,
        source_name: str,
        layer: Layer,
        renamed: Mapping[str, str],
        first: RawTable,
        context: Context,
        *,
        crs: str | None = None,
        is_swapped: bool | None = None,
    ) -> None:
        self._source_name, self._layer, self._renamed, self._context = source_name, layer, renamed, context
        self._by_area = self._by_name = False
        self._has_pileups: bool | None = None
        self._first_points: pd.DataFrame | None = None
        self._cell_m: float | None = None
        self.columns: tuple[str, ...] = ()
        self._notes: tuple[str, ...] = ()
        meant: CRS | None = None
        if first.geometry is None:
            found = find_coordinates(first, renamed)
            self._by_area = found is None and self._can_draw(first)
            self._by_name = found is None and self._can_look_up(first)
            if found is None and not (self._by_area or self._by_name):
                raise GeometryError(self._say_no_places(first))
            if found is not None:
                self.columns, meant = found
        if self._by_area or self._by_name:
            self.crs, self.is_swapped = CRS(SWEREF99_TM), False
            return
        shapes, _ = self.read_shapes(first)
        given = None if crs is None else parse_crs(crs)
        placement = self._place_first(first, shapes, given, meant, is_swapped=is_swapped)
        self.crs, self.is_swapped = placement.crs, placement.is_swapped
        unusable = (f"{_begin(first.crs_problem)}.",) if first.crs_problem and given is None else ()
        self._notes = (*unusable, *say_stated_crs(first.crs, given), *placement.notes)

    def read_shapes(self, table: RawTable) -> tuple[NDArray[np.object_], dict[int, str]]:
        """The shapes of a table as they stand in the file, and what is wrong with those that cannot be read."""
        if self._by_area or self._by_name:
            return np.full(len(table), None, dtype=object), {}
        if table.geometry is not None:
            return table.geometry, dict(table.bad_geometry or {})
        return build_shapes(table, self._renamed)

    def locate(self, shapes: NDArray[np.object_], problems: Mapping[int, str], columns: pd.DataFrame) -> Located:
        """Bring rows to EPSG:3006.

        Parameters
        ----------
        shapes : (n,) shapely objects as `read_shapes` gives them
        problems : row position to what is wrong with its shape
        columns : DataFrame of n rows in the layer's columns and keys

        Returns
        -------
        Located
        """
        if self._by_area:
            return self._draw(columns)
        placement = place_in(self._source_name, shapes, self.crs, is_swapped=self.is_swapped)
        found = dict(placement.problems) | {row: (what, False) for row, what in problems.items()}
        sound = np.ones(len(shapes), dtype=bool)
        sound[list(found)] = False
        placed = np.full(len(shapes), None, dtype=object)
        repaired = np.zeros(len(shapes), dtype=bool)
        series, repaired[sound] = project_shapes(self._layer, placement.shapes[sound], self.crs)
        placed[sound] = series.to_numpy()
        flat = repaired & shapely.is_empty(placed)
        found |= dict.fromkeys(np.flatnonzero(flat).tolist(), ("encloses no area; draw it anew", False))
        placed[flat] = None
        repaired &= ~flat
        located = self._spread_pileups(Located(placed, found, {}, repaired, self._notes), columns)
        open_rows = [row for row in np.flatnonzero(shapely.is_missing(placed)).tolist() if row not in found]
        return self._look_up(located, columns, open_rows) if open_rows and self._has_names(columns.columns) else located

    def _place_first(
        self,
        table: RawTable,
        shapes: NDArray[np.object_],
        given: CRS | None,
        meant: CRS | None,
        *,
        is_swapped: bool | None,
    ) -> Placement:
        stated = given or table.crs
        if stated is not None:
            return place_in(self._source_name, shapes, stated, is_swapped=is_swapped)
        if meant is None:
            try:
                return place_in(self._source_name, shapes, None)
            except CRSError as error:
                if not table.crs_problem:
                    raise
                message = f"{self._source_name}: {table.crs_problem}. {_begin(str(error).partition(': ')[2])}"
                raise CRSError(message) from error
        placement = place_in(self._source_name, shapes, meant, is_swapped=is_swapped)
        there = int((~shapely.is_missing(shapes)).sum())
        if there - len(placement.problems) >= _HALF * there:
            return placement
        try:
            return place_in(self._source_name, shapes, None)
        except CRSError:
            # what is wrong is then told row by row
            return placement

    def _can_draw(self, table: RawTable) -> bool:
        names = {self._renamed.get(str(name), str(name)) for name in table.columns.columns}
        keys = {self._area_key, *AREA_KEYS} if self._area_key == "area_id" else {self._area_key}
        return bool(self._area_key) and not keys.isdisjoint(names)

    @property
    def _area_key(self) -> str:
        """The layer's column that names an area whose polygon a row without a shape gets; empty where it has none."""
        named = (name for name in ("area_id", "municipality_code") if name in self._layer.schema.columns)
        return next(named, "") if _POLYGONS & self._layer.geometry_types else ""

    def _can_look_up(self, table: RawTable) -> bool:
        return self._has_names({self._renamed.get(str(name), str(name)) for name in table.columns.columns})

    def _has_names(self, names: Iterable[str]) -> bool:
        return "spread_m" in self._layer.schema.columns and not set(LOCATING_COLUMNS).isdisjoint(names)

    def _look_up(self, located: Located, columns: pd.DataFrame, rows: list[int]) -> Located:
        """Rows without coordinates, placed by the names of places in them."""
        found = self._context.gazetteer.locate(columns.iloc[rows])
        shapes, problems = located.shapes.copy(), dict(located.problems)
        nothing = np.full(len(shapes), None, dtype=object)
        precision = located.columns.get("precision", nothing).copy()
        spread_m = located.columns.get("spread_m", nothing).copy()
        shapes[rows] = found.shapes
        is_placed = found.precision != ""
        at = np.array(rows, dtype=np.int64)[is_placed]
        precision[at], spread_m[at] = found.precision[is_placed], found.spread_m[is_placed]
        problems |= {rows[position]: (what, False) for position, what in found.problems.items()}
        known = {"precision": precision, "spread_m": spread_m}
        return Located(shapes, problems, known, located.repaired, (*located.notes, *found.notes))

    def _spread_pileups(self, located: Located, columns: pd.DataFrame) -> Located:
        """Rows that stand in the centres of areas, as well known as they are.

        Whether a file's coordinates are centres is told by its first table, which later ones are looked at with.
        """
        is_point = "spread_m" in self._layer.schema.columns
        if self._has_pileups is False or not is_point or not {"precision", "spread_m"}.isdisjoint(columns.columns):
            return located
        points = (shapely.get_type_id(located.shapes) == shapely.GeometryType.POINT) & ~shapely.is_empty(located.shapes)
        x, y = np.full(len(points), np.nan), np.full(len(points), np.nan)
        x[points], y[points] = shapely.get_x(located.shapes[points]), shapely.get_y(located.shapes[points])
        names = next((columns[name] for name in _AREA_NAMES if name in columns.columns), pd.Series(None, columns.index))
        rows = pd.DataFrame({"x": x, "y": y, "name": names.to_numpy(dtype=object)})
        known = rows if self._first_points is None else pd.concat([self._first_points, rows], ignore_index=True)
        told = known["name"] if known["name"].notna().any() else None
        piles = find_pileups(known["x"].to_numpy(), known["y"].to_numpy(), self._context.region, told)
        if self._has_pileups is None:
            self._has_pileups, self._first_points = bool((piles.precision != "exact").any()), rows
        here = slice(len(known) - len(rows), None)
        rough = points & (piles.precision[here] != "exact")
        if not rough.any():
            return located
        shapes = located.shapes.copy()
        shapes[rough] = shapely.points(piles.easting[here][rough], piles.northing[here][rough])
        precision, spread_m = (np.full(len(shapes), None, dtype=object) for _ in range(2))
        precision[rough], spread_m[rough] = piles.precision[here][rough], piles.spread_m[here][rough]
        columns_here = {"precision": precision, "spread_m": spread_m}
        return Located(shapes, located.problems, columns_here, located.repaired, (*located.notes, _CENTRES))

    def _draw(self, columns: pd.DataFrame) -> Located:
        n_rows = len(columns)
        shapes = np.full(n_rows, None, dtype=object)
        problems: dict[int, tuple[str, bool]] = {}
        notes: dict[str, None] = {}
        levels = columns["level"] if "level" in columns.columns else pd.Series("municipality", index=columns.index)
        levels = levels.astype(object).where(levels.notna(), "municipality")
        name = self._area_key
        keys = columns[name] if name in columns.columns else pd.Series(None, index=columns.index, dtype=object)
        for level in pd.unique(levels):
            rows = np.flatnonzero((levels == level).to_numpy(dtype=bool))
            try:
                keyed = draw_areas(
                    str(level),
                    keys.iloc[rows],
                    region=self._context.region,
                    lookup=self._context.areas(str(level)),
                    cell_m=columns["cell_m"].iloc[rows] if "cell_m" in columns.columns else self._cell_m,
                )
            except ParameterError as error:
                problems |= {int(row): (f"has no shape; {error}", False) for row in rows}
                continue
            # cells of later tables are as large as those of the first one that tells
            self._cell_m = self._cell_m or keyed.inferred_m
            shapes[rows] = keyed.shapes
            problems |= {int(rows[position]): (what, False) for position, what in keyed.problems.items()}
            notes |= dict.fromkeys(keyed.notes)
        return Located(shapes, problems, {}, np.zeros(n_rows, dtype=bool), tuple(notes))

    def _say_no_places(self, table: RawTable) -> str:
        there = ", ".join(map(str, table.columns.columns)) or "–"
        return (
            f"{self._source_name}: no columns say where its rows are. They are called easting and northing (metres), "
            "lon and lat (degrees) or geometry (WKT), or they name a place: property, postcode, locality or "
            "municipality; rename them, as in --rename x=easting. "
            f"The file has {there}; the first line that holds anything is its header, so a title above it must go."
        )


def _begin(words: str) -> str:
    """Words that begin a sentence."""
    return words[:1].upper() + words[1:]
