"""Which column of a file is which column of the layer: by its own name, or by a documented synonym.

Names compare without case, accents, blanks and what joins words. A name that is the layer's own goes before a synonym,
and among synonyms the table ``column_synonyms`` has the better one first; what loses is left unused, and said.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from geo.layers.base import Layer
from geo.reading.columns import COORDINATES
from geo.reference import refused_reason
from geo.reference.names import fold_name
from geo.reference.tables import read_columns

__all__ = ["AREA_KEYS", "KEYS", "ColumnMatch", "list_synonyms", "match_columns", "sni_version_in_name"]

# columns that say which area a row is of, smallest area first, and the level of sector statistics that each means
AREA_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "grid": "scb_grid",
        "deso": "deso",
        "regso": "regso",
        "business_area": "scb_business_area",
        "municipality": "municipality",
    }
)
# columns of no layer that place a row, or tell a column of the layer
KEYS = (*AREA_KEYS, "county", "postcode", "locality", "property", "size_class", "cell_m")
_COORDINATES = tuple(name for names in COORDINATES for name in names)
_EXACT, _SPELLING, _SYNONYM = 0, 1, 2
_EDITION = re.compile(r"(?:sni|ng1|nace)[a-z0-9]*?(?:20)?(?P<year>07|25)(?:kod)?")


@dataclass(frozen=True)
class ColumnMatch:
    """Which column of a file was recognised as which column of the layer.

    Attributes
    ----------
    renamed : column in the file to column of the layer, coordinate or key (`KEYS`); explicit renames among them, names
        that are the layer's already not
    notes : what a reader of the report should know
    implied : column of the layer to the value for all rows that a name tells, as ``SNI2025`` tells the edition
    """

    renamed: Mapping[str, str]
    notes: tuple[str, ...] = ()
    implied: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "renamed", MappingProxyType(dict(self.renamed)))
        object.__setattr__(self, "implied", MappingProxyType(dict(self.implied)))


@dataclass(frozen=True, order=True)
class _Candidate:
    rank: int
    position: int
    name: str
    target: str


def match_columns(
    layer: Layer,
    names: Iterable[str],
    rename: Mapping[str, str],
    *,
    taken: Collection[str] = (),
    has_geometry: bool = False,
    synonyms: Mapping[str, str] | None = None,
) -> ColumnMatch:
    """Recognise the columns of a file.

    Parameters
    ----------
    layer : Layer
    names : columns of the file, in its order
    rename : column in the file to column of the layer, as told; goes before everything else
    taken : columns of the layer that all rows get one value for, so that no column of the file is read into them
    has_geometry : True where the file has shapes, so that no column of it is a coordinate or places a row
    synonyms : further name to column of the layer, before the table's: what a documented shape of the file says

    Returns
    -------
    ColumnMatch
        A column that is refused in this layer is never matched. A coordinate is matched only together with its other
        half, and other coordinates only where none has its own name.
    """
    names = tuple(dict.fromkeys(names))
    targets = _list_targets(layer, has_geometry=has_geometry)
    known = _rank_synonyms(layer, synonyms or {})
    found = [
        candidate
        for position, name in enumerate(names)
        if name not in rename
        and not refused_reason(name, layer.name)
        and (candidate := _find(name, position, targets, known)) is not None
    ]
    winners = {new: _Candidate(-1, -1, old, new) for old, new in rename.items()}
    notes = []
    for each in sorted(found):
        if each.target in taken:
            notes.append(f"{each.name!r} could be {each.target}, which is set for all rows; it is left unused")
        elif each.target in winners:
            notes.append(_say_unused(each, winners[each.target].name))
        else:
            winners[each.target] = each
    notes += _drop_halves(winners)
    renamed = {each.name: each.target for each in winners.values() if each.name != each.target}
    implied = _read_editions(layer, winners, taken)
    notes += [f"{winners['sni'].name!r} says that its codes are of SNI {version}" for version in implied.values()]
    return ColumnMatch({name: renamed[name] for name in (*rename, *names) if name in renamed}, tuple(notes), implied)


def list_synonyms(layer: Layer) -> Mapping[str, tuple[str, ...]]:
    """Synonyms of each column of a layer, of coordinates and of keys; the better one first.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    mapping of column to its synonyms as they stand in ``column_synonyms``
    """
    targets = _list_targets(layer, has_geometry=False)
    # a name of the layer's own, and a synonym of its own, go before what the name means in other layers
    meant = {fold_name(target): target for target in targets}
    for folded, column in _table_synonyms(layer.name):
        meant.setdefault(folded, column)
    out: dict[str, list[str]] = {}
    for layer_name in (layer.name, ""):
        for row_layer, column, synonym in read_columns("column_synonyms", "layer", "column", "synonym"):
            if row_layer == layer_name and column in targets and meant[fold_name(synonym)] == column:
                out.setdefault(column, []).append(synonym)
    return MappingProxyType({column: tuple(names) for column, names in out.items()})


def sni_version_in_name(name: str) -> str | None:
    """The edition that the name of a column of industry codes tells.

    Parameters
    ----------
    name : str, as it stands in the file

    Returns
    -------
    ``2007`` for names such as ``SNI2007`` and ``FtgSni07``, ``2025`` for ``ng1_2025``; None for others
    """
    found = _EDITION.search(fold_name(name))
    return f"20{found['year']}" if found else None


def _list_targets(layer: Layer, *, has_geometry: bool) -> tuple[str, ...]:
    columns = tuple(map(str, layer.schema.columns))
    of_areas = (*AREA_KEYS, "cell_m") if "area_id" in columns else ()
    keys = (*of_areas, *(("size_class",) if "employees" in columns else ()))
    if not has_geometry:
        keys = (*_COORDINATES, *(key for key in KEYS if key not in {"size_class", "cell_m"} or key in keys))
    return (*columns, *(key for key in keys if key not in columns))


@lru_cache(maxsize=32)
def _table_synonyms(layer_name: str) -> tuple[tuple[str, str], ...]:
    """Folded synonym and column, in order of preference; a layer's own synonym goes before that of all layers."""
    rows = tuple(read_columns("column_synonyms", "layer", "column", "synonym"))
    own = [(fold_name(synonym), column) for layer, column, synonym in rows if layer == layer_name]
    return (*own, *((fold_name(synonym), column) for layer, column, synonym in rows if not layer))


def _rank_synonyms(layer: Layer, extra: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    ranked: dict[str, tuple[int, str]] = {}
    rows = (*((fold_name(name), column) for name, column in extra.items()), *_table_synonyms(layer.name))
    for rank, (folded, column) in enumerate(rows, start=_SYNONYM):
        ranked.setdefault(folded, (rank, column))
    return ranked


def _find(
    name: str, position: int, targets: tuple[str, ...], known: Mapping[str, tuple[int, str]]
) -> _Candidate | None:
    if name in targets:
        return _Candidate(_EXACT, position, name, name)
    folded = fold_name(name)
    by_spelling = {fold_name(target): target for target in targets}
    if folded in by_spelling:
        return _Candidate(_SPELLING, position, name, by_spelling[folded])
    rank, target = known.get(folded, (0, ""))
    return _Candidate(rank, position, name, target) if target in targets else None


def _say_unused(loser: _Candidate, winner: str) -> str:
    remedy = f"; --rename {loser.name}={loser.target} reads it instead"
    return f"{loser.name!r} could be {loser.target} as well as {winner!r}, which was read; it is left unused{remedy}"


def _drop_halves(winners: dict[str, _Candidate]) -> list[str]:
    """Take out coordinates that stand alone, and synonyms of coordinates where others have their own names."""
    named = [names for names in COORDINATES if all(_is_named(winners.get(name)) for name in names)]
    notes = []
    for names in COORDINATES:
        guessed = [winners[name] for name in names if name in winners and winners[name].rank >= _SYNONYM]
        whole = all(name in winners for name in names)
        if not guessed or (whole and not named):
            continue
        for each in guessed:
            del winners[each.target]
            if whole:
                notes.append(_say_unused(each, ", ".join(winners[name].name for name in named[0])))
    return notes


def _is_named(candidate: _Candidate | None) -> bool:
    return candidate is not None and candidate.rank < _SYNONYM


def _read_editions(layer: Layer, winners: Mapping[str, _Candidate], taken: Collection[str]) -> dict[str, str]:
    if "sni_version" not in layer.schema.columns or "sni" not in winners:
        return {}
    version = sni_version_in_name(winners["sni"].name)
    return {} if version is None or "sni_version" in winners or "sni_version" in taken else {"sni_version": version}
