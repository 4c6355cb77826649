"""What values mean: names of codes in Swedish and English, bands from counts, areas from their keys.

A value that is a code already stays as it is; one that means nothing to the layer stays too, and the layer's own rules
say what is wrong with it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

import pandas as pd

from geo.layers.base import Layer
from geo.reading.synonyms import AREA_KEYS
from geo.reference import municipality_names
from geo.reference.names import fold_value
from geo.reference.tables import read_columns

__all__ = ["CODED", "list_value_synonyms", "match_values"]

# coded column to the reference table and column that hold its codes, with titles in both languages
CODED: Mapping[tuple[str, str], tuple[str, str]] = MappingProxyType(
    {
        ("accommodation", "housing_type"): ("housing_types", "housing_type"),
        ("visits", "outcome"): ("visit_outcomes", "outcome"),
        ("visits", "agencies"): ("agencies", "agency"),
        ("findings", "agency"): ("agencies", "agency"),
        ("findings", "indicator"): ("indicators", "indicator"),
        ("findings", "framework"): ("finding_frameworks", "framework"),
        ("findings", "grade"): ("finding_grades", "grade"),
        ("findings", "source"): ("finding_sources", "finding_source"),
        ("findings", "verification"): ("finding_verifications", "verification"),
        ("establishments", "phase"): ("establishment_phases", "phase"),
        **{(layer, "sector"): ("sectors", "sector") for layer in ("sectors", "findings", "reported", "establishments")},
        ("reported", "source"): ("report_sources", "report_source"),
        ("reported", "indicator"): ("indicators", "indicator"),
        ("reported", "verification"): ("finding_verifications", "verification"),
        ("roads", "road_class"): ("road_classes", "road_class"),
    }
)
# columns that mean the same in every layer
_SHARED = {"circle": ("circles", "circle"), "precision": ("precisions", "precision")}
_BANDED = {("visits", "persons_met"), ("findings", "persons_band")}
# several codes in one cell
_LISTED = {("visits", "agencies")}
_SHOWN = 5


def match_values(
    layer: Layer, frame: pd.DataFrame, synonyms: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Turn the words of a file into the layer's codes.

    Parameters
    ----------
    layer : Layer
    frame : DataFrame of objects, n rows
        Columns of the layer and keys (`geo.reading.synonyms.KEYS`), matched already; others stay as they are.
    synonyms : column to value in the file to code, before the documented ones: what a mapping file says

    Returns
    -------
    frame : DataFrame of n rows, a copy
        Codes for words; bands for counts of persons; ``employees`` from ``size_class`` where the file has no count;
        ``area_id`` and ``level`` from the smallest area's key where the file has no ``area_id``.
    notes : what was turned into what, for the report
    """
    out = frame.copy()
    notes: list[str] = []
    given = synonyms or {}
    for column in out.columns:
        lookup = _make_lookup(layer.name, str(column), given.get(str(column), {}))
        if lookup is not None:
            out[column] = _replace(out[column], lookup, str(column), notes)
    if "size_class" in out.columns and "employees" in layer.schema.columns:
        _read_size_classes(out, notes)
    if "area_id" in layer.schema.columns and "area_id" not in out.columns:
        _read_area_keys(out, notes)
    return out, tuple(notes)


def list_value_synonyms(layer: Layer) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Words for the codes of each coded column of a layer, from ``value_synonyms`` alone.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    mapping of column to code to its words
    """
    out: dict[str, dict[str, list[str]]] = {}
    for row_layer, column, value, synonym in read_columns("value_synonyms", "layer", "column", "value", "synonym"):
        if row_layer in {layer.name, ""} and column in layer.schema.columns:
            out.setdefault(column, {}).setdefault(value, []).append(synonym)
    return MappingProxyType(
        {column: {value: tuple(words) for value, words in values.items()} for column, values in out.items()}
    )


def _make_lookup(layer_name: str, column: str, given: Mapping[str, str]) -> Callable[[object], object] | None:
    """How a cell of a column becomes a code; None where the column holds no codes."""
    own = {fold_value(word): code for word, code in given.items()}
    if column == "municipality":
        table: Mapping[str, str] = {**_municipality_words(), **own}
        return lambda cell: _look_up(_trim_municipality(cell), table, cell)
    words = {**_code_words(layer_name, column), **own}
    if (layer_name, column) in _BANDED:
        return lambda cell: _find_band(cell, words)
    if not words:
        return None
    if (layer_name, column) in _LISTED:
        return lambda cell: _look_up_each(cell, words)
    return lambda cell: _look_up(cell, words, cell)


@lru_cache(maxsize=128)
def _code_words(layer_name: str, column: str) -> Mapping[str, str]:
    """Folded word to code: words of the table of synonyms, titles in both languages, the codes themselves last."""
    rows = tuple(read_columns("value_synonyms", "layer", "column", "value", "synonym"))
    words = {
        fold_value(synonym): value
        for layer, row_column, value, synonym in rows
        if layer in {layer_name, ""} and row_column == column
    }
    codes = {value for layer, row_column, value, _ in rows if layer in {layer_name, ""} and row_column == column}
    source = _SHARED.get(column) or CODED.get((layer_name, column))
    if source is not None:
        table, key = source
        for code, title, title_sv in read_columns(table, key, "title", "title_sv"):
            codes.add(code)
            words |= {fold_value(title): code, fold_value(title_sv): code}
    return MappingProxyType({**words, **{fold_value(code): code for code in codes}})


@lru_cache(maxsize=1)
def _municipality_words() -> Mapping[str, str]:
    return MappingProxyType({fold_value(name): code for code, name in municipality_names().items()})


def _trim_municipality(cell: object) -> object:
    """``Umeå kommun`` and ``Östersunds kommun`` as the name alone, where that is one."""
    if not isinstance(cell, str):
        return cell
    name = fold_value(cell).removesuffix("kommun")
    return name if name in _municipality_words() else name.removesuffix("s")


def _look_up(cell: object, words: Mapping[str, str], otherwise: object) -> object:
    if cell is None or isinstance(cell, bool):
        return otherwise
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    return words.get(fold_value(text), otherwise)


def _look_up_each(cell: object, words: Mapping[str, str]) -> object:
    """Codes joined by + for words parted by + , ; or /; the cell itself where a word is unknown."""
    if not isinstance(cell, str):
        return cell
    whole = words.get(fold_value(cell))
    if whole is not None:
        return whole
    parts = [part for part in cell.replace(",", "+").replace(";", "+").replace("/", "+").split("+") if part.strip()]
    codes = [words.get(fold_value(part)) for part in parts]
    return "+".join(dict.fromkeys(filter(None, codes))) if codes and all(codes) else cell


def _find_band(cell: object, words: Mapping[str, str]) -> object:
    """The band of a count of persons, or of a word for a band."""
    count = _read_count(cell)
    if count is None:
        return _look_up(cell, words, cell)
    bands = read_columns("persons_bands", "band", "low", "high")
    return next(
        (band for band, low, high in bands if low <= count and (math.isnan(high) or count <= high)),
        cell,
    )


def _read_count(cell: object) -> int | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int):
        return cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else None
    return int(cell) if isinstance(cell, str) and cell.strip().isascii() and cell.strip().isdigit() else None


def _replace(values: pd.Series, lookup: Callable[[object], object], column: str, notes: list[str]) -> pd.Series:
    cells = values.tolist()
    # 1, 1.0 and true are one key of a dict and three different cells
    kinds = set(map(type, cells))
    keys = cells if kinds <= {str, type(None)} else [(type(cell), cell) for cell in cells]
    counts = Counter(keys)
    known = {key: lookup(key[1] if isinstance(key, tuple) else key) for key in counts}
    changed: Counter[tuple[str, str]] = Counter()
    for key, new in known.items():
        old = key[1] if isinstance(key, tuple) else key
        if new is not old and str(new) != str(old):
            changed[str(old).strip(), str(new)] += counts[key]
    if changed:
        shown = ", ".join(f"{old[:40]!r} as {new} ({n} row(s))" for (old, new), n in changed.most_common(_SHOWN))
        more = len(changed) - _SHOWN
        notes.append(f"{column}: read {shown}" + (f" and {more} more" if more > 0 else ""))
    return pd.Series([known[key] for key in keys], index=values.index, dtype=object)


def _read_size_classes(frame: pd.DataFrame, notes: list[str]) -> None:
    """Employees from the register's size classes, where the file gives no count of its own."""
    words: dict[str, float] = {}
    for code, title, title_sv, employees in read_columns(
        "size_classes", "size_class", "title", "title_sv", "employees"
    ):
        words |= dict.fromkeys((code, code.zfill(2), fold_value(title), fold_value(title_sv)), employees)
    words = {fold_value(word): employees for word, employees in words.items()}
    own = frame["employees"].tolist() if "employees" in frame.columns else [None] * len(frame)
    cells = frame["size_class"].tolist()
    sizes = {cell: _look_up(cell, words, None) for cell in set(cells)}  # type: ignore[arg-type]
    out: list[object] = []
    n_read = 0
    for count, cell in zip(own, cells, strict=True):
        size = sizes[cell] if _is_missing(count) else None
        told = isinstance(size, float) and not math.isnan(size)
        n_read += told
        out.append(size if told else count)
    frame["employees"] = pd.Series(out, index=frame.index, dtype=object)
    if n_read:
        notes.append(
            f"employees: {n_read} row(s) have a size class and no count; each got its class's number of employees "
            "(table size_classes), an assumption"
        )


def _is_missing(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _read_area_keys(frame: pd.DataFrame, notes: list[str]) -> None:
    key = next((key for key in AREA_KEYS if key in frame.columns), None)
    if key is None:
        return
    frame["area_id"] = frame[key]
    notes.append(f"area_id: taken from the column of {key} codes")
    if "level" not in frame.columns:
        frame["level"] = pd.Series(AREA_KEYS[key], index=frame.index, dtype=object)
        notes.append(f"level: {AREA_KEYS[key]}, as the column of {key} codes says")
