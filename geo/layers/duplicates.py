"""Sites that are likely one place under two ids: near each other, and with names that are alike.

They are for a person to decide, and nothing is ever merged. How alike two names are is told without case, accents,
punctuation, the order of words and legal forms.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from geo.errors import ParameterError, SchemaError
from geo.layers import accommodation, workplaces

__all__ = ["COLUMNS", "SITE_LAYERS", "compare_names", "find_duplicates", "fold_site_name"]

SITE_LAYERS = (workplaces.LAYER, accommodation.LAYER)
COLUMNS = (
    "layer", "id", "name", "other_layer", "other_id", "other_name", "distance_m", "nearest_m", "similarity",
    "same_employer", "likeliness", "why",
)  # fmt: skip
_TOLD = ["similarity", "distance_m", "nearest_m", "same_employer"]
# names of workplaces of one employer may differ by so many points more
_EMPLOYER_POINTS = 15.0
_HIGHEST = 100.0
_ROWS_AT_ONCE = 2_000
_PAIRS_AT_ONCE = 500_000
# names of the one against names of the other
_CELLS_AT_ONCE = 5_000_000
_FEW_CELLS = 200_000
# far below a millimetre; pairs are measured once more, exactly
_ROUNDING_M = 1e-6
_ROUNDING_POINTS = 0.01
# Source: The Swedish Companies Registration Office, forms of business, and their abbreviations in names
_LEGAL_FORMS = frozenset(
    {
        "ab", "aktb", "aktiebolag", "aktiebolaget", "hb", "handelsbolag", "handelsbolaget", "kb", "kommanditbolag",
        "kommanditbolaget", "ek", "for", "forening", "ekonomisk", "enskild", "firma", "ef", "filial", "publ",
    }
)  # fmt: skip

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Sites:
    """Sites as arrays.

    Attributes
    ----------
    layer : str
    ids, names, keys, employers : (n,) str objects, empty where there is none; a key is a folded name
    xy : (n, 2) float64, m
    spread_m : (n,) float64, m
    """

    layer: str
    ids: NDArray[np.object_]
    names: NDArray[np.object_]
    keys: NDArray[np.object_]
    employers: NDArray[np.object_]
    xy: Floats
    spread_m: Floats


def find_duplicates(
    frame: gpd.GeoDataFrame,
    other: gpd.GeoDataFrame | None = None,
    *,
    max_distance_m: float = 250.0,
    min_similarity: float = 85.0,
) -> pd.DataFrame:
    """Pairs of sites that are likely one place.

    A pair is listed where the two may lie within `max_distance_m` of each other and their names are at least
    `min_similarity` alike, or 15 points less where they have one employer. A record that is known roughly lies
    anywhere within its ``spread_m``, so two of them may be as near as their distance less both. Records without a name,
    and two of the same id, make no pair.

    Parameters
    ----------
    frame : GeoDataFrame of workplaces or accommodation, EPSG:3006, n records
    other : GeoDataFrame of either; pairs are then of one from each, not within one
    max_distance_m : float, m, >= 0
    min_similarity : float, 0 (nothing in common) to 100 (equal once folded), > 15

    Returns
    -------
    DataFrame, the likeliest first
        ``layer``, ``id``, ``name``, ``other_layer``, ``other_id``, ``other_name``; ``distance_m`` between the two
        positions; ``nearest_m`` that they may be apart; ``similarity``, points; ``same_employer``, bool;
        ``likeliness``, 0 to 1, which orders pairs and is no probability; ``why``, in words. Within one frame, each
        pair stands once.

    Raises
    ------
    ParameterError
        A limit is outside its range.
    SchemaError
        A frame is of no layer of sites.

    Source: normalised insertions and deletions (Indel) between names whose words are sorted, as rapidfuzz has it.
    """
    if not (0 <= max_distance_m < np.inf and _EMPLOYER_POINTS < min_similarity <= _HIGHEST):
        message = (
            f"max_distance_m must be 0 or more and min_similarity above {_EMPLOYER_POINTS:.0f} and at most "
            f"{_HIGHEST:.0f}; got {max_distance_m} and {min_similarity}."
        )
        raise ParameterError(message)
    left = _read_sites(frame)
    right = left if other is None else _read_sites(other)
    candidates = _find_candidates(left, right, max_distance_m, min_similarity)
    found = [_measure(left, right, *pairs, max_distance_m, min_similarity) for pairs in _batch(candidates)]
    table = pd.concat(found, ignore_index=True)
    if other is None:
        # both ways round of a pair may have been looked at
        turned = (table["id"] > table["other_id"]).to_numpy(dtype=bool)
        for name in ("id", "name"):
            one, two = table[name].to_numpy(), table[f"other_{name}"].to_numpy()
            table[name], table[f"other_{name}"] = np.where(turned, two, one), np.where(turned, one, two)
    return _finish(table.drop_duplicates(["id", "other_id"]), max_distance_m)


def compare_names(one: str, two: str) -> float:
    """How alike two names of sites are, 0 to 100; 0 where one of them is empty."""
    keys = fold_site_name(one), fold_site_name(two)
    return fuzz.ratio(*keys) if all(keys) else 0.0


@lru_cache(maxsize=100_000)
def fold_site_name(name: str) -> str:
    """A name as it compares: small letters without accents, words in order of the alphabet, no legal form.

    Parameters
    ----------
    name : str

    Returns
    -------
    str; with its legal form where the name is nothing else

    Examples
    --------
    >>> fold_site_name("Åkeri & Bygg i Umeå AB"), fold_site_name("UMEÅ Bygg-Åkeri i, Aktiebolag (publ)")
    ('akeri bygg i umea', 'akeri bygg i umea')
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark)).casefold()
    words = sorted("".join(mark if mark.isalnum() else " " for mark in plain).split())
    return " ".join([word for word in words if word not in _LEGAL_FORMS] or words)


def _read_sites(frame: gpd.GeoDataFrame) -> _Sites:
    layer = next((each for each in SITE_LAYERS if each.id_columns[0] in frame.columns), None)
    if layer is None:
        names = " or ".join(each.name for each in SITE_LAYERS)
        message = f"Duplicates are looked for among {names}; the frame has the columns {', '.join(frame.columns)}."
        raise SchemaError(message)
    texts = {
        name: frame[name].fillna("").to_numpy(dtype=object)
        if name in frame.columns
        else np.full(len(frame), "", dtype=object)
        for name in (layer.id_columns[0], "name", "employer_id")
    }
    return _Sites(
        layer.name,
        texts[layer.id_columns[0]],
        texts["name"],
        np.array([fold_site_name(name) for name in texts["name"]], dtype=object),
        texts["employer_id"],
        shapely.get_coordinates(frame.geometry.to_numpy()).reshape(-1, 2),
        frame["spread_m"].to_numpy(dtype=np.float64),
    )


def _find_candidates(
    left: _Sites, right: _Sites, max_distance_m: float, min_similarity: float
) -> Iterator[tuple[Ints, Ints]]:
    """Positions of pairs, among which all that are wanted are, some of them more than once."""
    yield from _find_near(left, right, max_distance_m)
    yield from _find_around(left, right, max_distance_m, min_similarity)
    if left is not right:
        yield from ((one, two) for two, one in _find_around(right, left, max_distance_m, min_similarity))


def _find_near(left: _Sites, right: _Sites, max_distance_m: float) -> Iterator[tuple[Ints, Ints]]:
    """Pairs of places that are known exactly and lie near each other."""
    rows, columns = (np.flatnonzero((each.spread_m == 0) & (each.keys != "")) for each in (left, right))
    tree = shapely.STRtree(shapely.points(right.xy[columns]))
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        one, two = tree.query(shapely.points(left.xy[some]), "dwithin", max_distance_m + _ROUNDING_M)
        one, two = some[one], columns[two]
        once = one < two if left is right else np.ones(len(one), dtype=bool)
        yield one[once], two[once]


def _find_around(
    roughly: _Sites, others: _Sites, max_distance_m: float, min_similarity: float
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs of a place that is known roughly and one that lies where it may be, with names that are alike.

    Thousands may lie there, so names are compared before anything else is done with a pair. Those that are known to one
    postcode or municipality are looked at together.
    """
    wide = np.flatnonzero((roughly.spread_m > 0) & (roughly.keys != ""))
    exact, other_wide = (
        np.flatnonzero(kind & (others.keys != "")) for kind in (others.spread_m == 0, others.spread_m > 0)
    )
    tree = shapely.STRtree(shapely.points(others.xy[exact]))
    circles = np.column_stack([roughly.xy, roughly.spread_m])[wide]
    distinct, of_circle = np.unique(circles, axis=0, return_inverse=True)
    for (x, y, spread_m), members in zip(distinct, _group(of_circle.ravel(), len(distinct)), strict=True):
        reach = max_distance_m + spread_m + _ROUNDING_M
        there = exact[tree.query(shapely.Point(x, y), "dwithin", reach)]
        apart = np.hypot(others.xy[other_wide, 0] - x, others.xy[other_wide, 1] - y)
        there = np.concatenate([there, other_wide[apart <= reach + others.spread_m[other_wide]]])
        if len(there):
            yield from _compare_all(roughly, others, wide[members], there, min_similarity)


def _compare_all(
    left: _Sites, right: _Sites, one: Ints, two: Ints, min_similarity: float
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs among all of the one with all of the other whose names are alike."""
    names, n_rows = right.keys[two].tolist(), max(1, _CELLS_AT_ONCE // len(two))
    for start in range(0, len(one), n_rows):
        some = one[start : start + n_rows]
        least = min_similarity - _ROUNDING_POINTS
        alike = process.cdist(
            left.keys[some].tolist(),
            names,
            scorer=fuzz.ratio,
            score_cutoff=least - _EMPLOYER_POINTS,
            workers=-1 if len(some) * len(two) > _FEW_CELLS else 1,
        )
        rows, columns = np.nonzero(alike)
        pairs = some[rows], two[columns]
        wanted = (alike[rows, columns] >= least) | _have_one_employer(left, right, *pairs)
        yield pairs[0][wanted], pairs[1][wanted]


def _have_one_employer(left: _Sites, right: _Sites, one: Ints, two: Ints) -> NDArray[np.bool_]:
    employer = left.employers[one]
    same: NDArray[np.bool_] = ((employer != "") & (employer == right.employers[two])).astype(bool)
    return same


def _group(codes: Ints, n_groups: int) -> list[Ints]:
    """Positions of each code."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes, minlength=n_groups))[:-1]) if n_groups else []


def _batch(pairs: Iterable[tuple[Ints, Ints]]) -> Iterator[tuple[Ints, Ints]]:
    """The same pairs in fewer and larger arrays; at least one, which may be empty."""
    held: list[tuple[Ints, Ints]] = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))]
    n_held = 0
    for one, two in pairs:
        held.append((one, two))
        n_held += len(one)
        if n_held >= _PAIRS_AT_ONCE:
            yield _join(held)
            held, n_held = [], 0
    if held:
        yield _join(held)


def _join(pairs: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    return np.concatenate([one for one, _ in pairs]), np.concatenate([two for _, two in pairs])


def _distances(left: _Sites, right: _Sites, one: Ints, two: Ints) -> Floats:
    apart = left.xy[one] - right.xy[two]
    return np.hypot(apart[:, 0], apart[:, 1])


def _measure(
    left: _Sites, right: _Sites, one: Ints, two: Ints, max_distance_m: float, min_similarity: float
) -> pd.DataFrame:
    """Those of the pairs that are wanted, with what speaks for them."""
    distance_m = _distances(left, right, one, two)
    nearest_m = np.maximum(distance_m - left.spread_m[one] - right.spread_m[two], 0.0)
    same_employer = _have_one_employer(left, right, one, two)
    similarity = process.cpdist(
        left.keys[one].tolist(), right.keys[two].tolist(), scorer=fuzz.ratio, dtype=np.float64, workers=-1
    )
    wanted = similarity >= np.where(same_employer, min_similarity - _EMPLOYER_POINTS, min_similarity)
    wanted &= (nearest_m <= max_distance_m) & (left.ids[one] != right.ids[two]).astype(bool)
    one, two = one[wanted], two[wanted]
    return pd.DataFrame(
        {
            "layer": np.full(len(one), left.layer, dtype=object),
            "id": left.ids[one],
            "name": left.names[one],
            "other_layer": np.full(len(one), right.layer, dtype=object),
            "other_id": right.ids[two],
            "other_name": right.names[two],
            "distance_m": distance_m[wanted],
            "nearest_m": nearest_m[wanted],
            "similarity": similarity[wanted],
            "same_employer": same_employer[wanted],
        }
    )


def _finish(pairs: pd.DataFrame, max_distance_m: float) -> pd.DataFrame:
    # a pair at the limit counts half of one at the same place; one employer halves what is missing to certainty
    closeness = 1.0 / (1.0 + pairs["distance_m"] / max(max_distance_m, 1.0))
    likeliness = pairs["similarity"] / _HIGHEST * closeness
    pairs = pairs.assign(
        likeliness=likeliness.where(~pairs["same_employer"], (1.0 + likeliness) / 2.0),
        why=[_say(*row) for row in pairs[_TOLD].itertuples(index=False)],
    )
    order = ["likeliness", "id", "other_id"]
    return pairs.sort_values(order, ascending=[False, True, True]).reset_index(drop=True)[list(COLUMNS)]


def _say(similarity: float, distance_m: float, nearest_m: float, same_employer: bool) -> str:
    parts = [
        "equal names" if similarity == _HIGHEST else f"names {similarity:.0f} % alike",
        f"{distance_m:.0f} m apart",
    ]
    if nearest_m < distance_m:
        parts.append(f"known roughly: maybe {nearest_m:.0f} m")
    return ", ".join([*parts, *(["one employer"] if same_employer else [])])
