"""Place search: localities, municipalities, counties, cell ids and coordinates, as a Swede would type them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from geo.crs import SWEDEN_EASTING_M, SWEDEN_NORTHING_M, SWEREF99_TM, WGS84, project
from geo.errors import NorrsynError
from geo.grid import Grid
from geo.reference import county_names
from geo.region import Region

__all__ = ["Hit", "SearchIndex", "fold", "parse_position"]

_NUMBER = r"[+-]?\d+(?:[.,]\d+)?"
# Groups of digits as people write metres, "7 072 000"; the group separator may be any space.
_METRES = re.compile(
    r"(?P<first>\d{1,3}(?:\s\d{3}){1,2}|\d{6,7}(?:[.,]\d+)?)[\s,;/]+(?P<second>\d{1,3}(?:\s\d{3}){1,2}|\d{6,7}(?:[.,]\d+)?)"
)
_LETTERS_OF_AXES = re.compile(r"(?<!\w)(?:[NE]|lat|lon|lng)[\s.:=]*(?=[+-]?\d)|(?<=\d)\s*[NE]\b", re.IGNORECASE)
_PLACES_SHOWN = 8


@dataclass(frozen=True)
class Hit:
    """A place found.

    Attributes
    ----------
    name, detail : str; names as the tables have them
    kind : ``locality``, ``municipality``, ``county``, ``cell`` or ``coordinates``
    easting, northing : float, m, EPSG:3006
    bounds : (x_min, y_min, x_max, y_max), m, EPSG:3006, None for a point
    cell_id : str, only for a cell and for coordinates on the grid
    """

    name: str
    kind: str
    detail: str
    easting: float
    northing: float
    bounds: tuple[float, float, float, float] | None = None
    cell_id: str | None = None


@dataclass(frozen=True)
class _Entry:
    hit: Hit
    name: str
    folded: str
    size: float


class SearchIndex:
    """Names of the region, ready to be looked up.

    Parameters
    ----------
    region : Region
    """

    def __init__(self, region: Region) -> None:
        self._region = region
        self._names = dict(zip(region.municipalities["municipality"], region.municipalities["name"], strict=True))
        self._entries = [*self._localities(region.localities), *self._municipalities(), *self._counties()]

    def find(self, text: str, grid: Grid | None = None, limit: int = _PLACES_SHOWN) -> list[Hit]:
        """Places that a text could mean, the likeliest first.

        Parameters
        ----------
        text : str
            A name or the beginning of one, with or without its dots and rings; a cell id; or coordinates, SWEREF 99 TM
            in either order, or latitude and longitude with point or comma.
        grid : Grid, optional
            Whose cells are meant.
        limit : int

        Returns
        -------
        list of Hit
        """
        text = " ".join(text.split())
        if not text:
            return []
        exact = self._find_cell(text, grid) or self._find_position(text, grid)
        return exact or self._find_names(text)[:limit]

    def _find_names(self, text: str) -> list[Hit]:
        wanted, folded = text.casefold(), fold(text)
        ranked = []
        for entry in self._entries:
            place = _match(entry.folded, folded)
            if place is not None:
                # typed with its dots, a name beats those that only look alike without them
                is_other = _match(entry.name, wanted) is None
                ranked.append((place, is_other, -entry.size, entry.name, entry.hit))
        return [hit for *_, hit in sorted(ranked, key=lambda row: row[:-1])]

    def _find_cell(self, text: str, grid: Grid | None) -> list[Hit]:
        if grid is None or not any(letter.isdigit() for letter in text) or " " in text:
            return []
        try:
            row, col = grid.parse_cell_id(text)
        except NorrsynError:
            return []
        easting, northing = grid.centre(row, col)
        west, south = grid.corner(row, col)
        cell_id = grid.cell_id(row, col)
        bounds = (west, south, west + grid.cell_m, south + grid.cell_m)
        return [Hit(cell_id, "cell", self._where(easting, northing), easting, northing, bounds, cell_id)]

    def _find_position(self, text: str, grid: Grid | None) -> list[Hit]:
        position = parse_position(text)
        if position is None:
            return []
        easting, northing = position
        cell_id = None
        if grid is not None:
            row, col = grid.cell_at([easting], [northing])
            cell_id = grid.cell_id(int(row[0]), int(col[0])) if row[0] >= 0 else None
        name = f"N {round(northing)} E {round(easting)}"
        return [Hit(name, "coordinates", self._where(easting, northing), easting, northing, None, cell_id)]

    def _where(self, easting: float, northing: float) -> str:
        code = self._region.municipality_at([easting], [northing])[0]
        return self._name_municipality(code) if code else ""

    def _name_municipality(self, code: str) -> str:
        return f"{self._names.get(code) or code}, {county_names().get(code[:2], code[:2])}"

    def _localities(self, frame: gpd.GeoDataFrame) -> Iterator[_Entry]:
        x, y = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
        codes = self._region.municipality_at(x, y)
        for name, code, size, easting, northing in zip(
            frame["name"], codes, frame["population"], x.tolist(), y.tolist(), strict=True
        ):
            detail = self._name_municipality(code) if code else ""
            yield _entry(Hit(str(name), "locality", detail, easting, northing), float(size))

    def _municipalities(self) -> Iterator[_Entry]:
        frame = self._region.municipalities
        for code, name, bounds in zip(frame["municipality"], frame["name"], frame.bounds.to_numpy(), strict=True):
            yield _area(name or code, "municipality", county_names().get(code[:2], ""), bounds.tolist())

    def _counties(self) -> Iterator[_Entry]:
        frame = self._region.municipalities
        by_county = frame.bounds.groupby(frame["municipality"].str[:2].to_numpy())
        for code, group in by_county:
            low, high = group[["minx", "miny"]].min(), group[["maxx", "maxy"]].max()
            yield _area(county_names().get(str(code), str(code)), "county", "", [*low, *high])


def fold(text: str) -> str:
    """A name as typed on a keyboard without Swedish letters: ``Åsele`` and ``asele`` are the same."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("æ", "ä").replace("ø", "ö"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def parse_position(text: str) -> tuple[float, float] | None:
    """Coordinates in a text as easting and northing, m, EPSG:3006; None where there are none.

    SWEREF 99 TM in either order (a northing here has seven digits, an easting six); latitude and longitude in degrees,
    latitude first unless only the other order lies in northern Europe; decimals with point or comma.
    """
    text = _LETTERS_OF_AXES.sub(" ", text.replace("°", " ")).strip(" ,;")
    text = " ".join(text.split())
    if match := _METRES.fullmatch(text):
        return _sweref(*(float(re.sub(r"\s", "", match[name]).replace(",", ".")) for name in ("first", "second")))
    pair = _split_pair(text)
    return None if pair is None else _degrees(*pair)


def _split_pair(text: str) -> tuple[float, float] | None:
    """Two decimal numbers, where a comma may part them, or part their decimals, or both."""
    for pattern in (
        rf"({_NUMBER})[;\s]\s*({_NUMBER})",
        rf"({_NUMBER})\s*[,;]\s+({_NUMBER})",
        r"([+-]?\d+(?:\.\d+)?)\s*[,;/]\s*([+-]?\d+(?:\.\d+)?)",
        r"([+-]?\d+,\d+)\s*[,;/]\s*([+-]?\d+,\d+)",
    ):
        if match := re.fullmatch(pattern, text):
            first, second = (float(part.replace(",", ".")) for part in match.groups())
            return first, second
    return None


def _sweref(first: float, second: float) -> tuple[float, float] | None:
    for easting, northing in ((second, first), (first, second)):
        if _within(easting, SWEDEN_EASTING_M) and _within(northing, SWEDEN_NORTHING_M):
            return easting, northing
    return None


def _degrees(first: float, second: float) -> tuple[float, float] | None:
    for lat, lon in ((first, second), (second, first)):
        if abs(lat) <= 85 and abs(lon) <= 180:  # noqa: PLR2004  beyond, there is no map
            easting, northing = project(np.array([lon]), np.array([lat]), WGS84, SWEREF99_TM)
            here = float(easting[0]), float(northing[0])
            if all(map(math.isfinite, here)) and _sweref(here[1], here[0]) == here:
                return here
    return None


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _match(name: str, wanted: str) -> int | None:
    """How a name holds a text: 0 whole, 1 at its beginning, 2 at a word's beginning, 3 elsewhere, None not at all."""
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    if re.search(rf"\b{re.escape(wanted)}", name):
        return 2
    return 3 if wanted in name else None


def _entry(hit: Hit, size: float) -> _Entry:
    return _Entry(hit, hit.name.casefold(), fold(hit.name), size)


def _area(name: str, kind: str, detail: str, bounds: list[float]) -> _Entry:
    x_min, y_min, x_max, y_max = bounds
    return _entry(Hit(name, kind, detail, (x_min + x_max) / 2, (y_min + y_max) / 2, (x_min, y_min, x_max, y_max)), 0.0)
