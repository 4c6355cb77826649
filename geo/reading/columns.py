"""From the file's columns to the layer's: renamed, filtered, set, and names in plain text."""

from __future__ import annotations

import difflib
import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import SchemaError
from geo.layers.base import Layer
from geo.layers.persons import hide_personal_numbers
from geo.reading.table import RawTable

__all__ = [
    "COORDINATES",
    "Choice",
    "arrange_columns",
    "as_no_match",
    "check_choice",
    "count_values",
    "decode_entities",
    "match_rows",
]

# what a CSV may call its coordinates, in order of preference, and the CRS that the names alone mean
COORDINATES: Mapping[tuple[str, ...], str | None] = {
    ("geometry",): None,
    ("easting", "northing"): "EPSG:3006",
    ("lon", "lat"): "OGC:CRS84",
}
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# control characters, line separators, and marks that turn the direction of all text that follows: in a sentence they
# would write the score behind a name backwards
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_SHOWN_VALUES = 10


@dataclass(frozen=True)
class Choice:
    """What the user wants done with the columns.

    Attributes
    ----------
    rename : column in the file to column of the layer
    set_values : column of the layer to one value for all rows
    where : column in the file to the value that a row must have
    skip_rows : numbers of rows to leave out, the first row being 1
    values : column of the layer to {value in the file: code}
    shape : documented shape of the file (``import_shapes``), empty for none
    """

    rename: Mapping[str, str]
    set_values: Mapping[str, str]
    where: Mapping[str, str]
    skip_rows: frozenset[int]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    shape: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The choice as plain dicts and lists, ready for JSON; `of` takes it back."""
        return {
            "rename": dict(self.rename),
            "set_values": dict(self.set_values),
            "where": dict(self.where),
            "skip_rows": sorted(self.skip_rows),
            "values": {column: dict(words) for column, words in self.values.items()},
            "shape": self.shape,
        }

    @classmethod
    def of(
        cls,
        rename: Mapping[str, str] | None = None,
        set_values: Mapping[str, Any] | None = None,
        where: Mapping[str, Any] | None = None,
        skip_rows: Iterable[int] = (),
        values: Mapping[str, Mapping[str, str]] | None = None,
        shape: str = "",
    ) -> Choice:
        """A choice from what the caller gave, values as text."""
        return cls(
            rename={str(old): str(new) for old, new in (rename or {}).items()},
            set_values={str(column): str(value) for column, value in (set_values or {}).items()},
            where={str(column): str(value).strip() for column, value in (where or {}).items()},
            skip_rows=frozenset(skip_rows),
            values=dict(values or {}),
            shape=shape,
        )


def check_choice(layer: Layer, table: RawTable, choice: Choice, keys: Iterable[str] = ()) -> list[str]:
    """Everything about a choice that does not fit the file or the layer, one line each.

    Parameters
    ----------
    layer : Layer
    table : RawTable
    choice : Choice
    keys : columns of no layer that one may be renamed to

    Returns
    -------
    list of str, empty where the choice fits
    """
    lines = [
        _missing_column(table, column, option)
        for option, columns in (("rename", choice.rename), ("where", choice.where))
        for column in columns
        if column not in table.columns.columns
    ]
    places = {name for names in COORDINATES for name in names} if table.geometry is None else set()
    places |= set(keys)
    lines += [
        f"--rename {old}={new}: the layer {layer.name} has no column {new!r}; its columns are {_list_columns(layer)}"
        for old, new in choice.rename.items()
        if new not in layer.schema.columns and new not in places
    ]
    lines += [
        f"--set {column}=…: the layer {layer.name} has no column {column!r}; its columns are {_list_columns(layer)}"
        for column in choice.set_values
        if column not in layer.schema.columns
    ]
    for new, n_columns in Counter(choice.rename.values()).items():
        if n_columns > 1:
            both = ", ".join(old for old, each in choice.rename.items() if each == new)
            lines.append(f"--rename: {both} would all be called {new!r}; rename one")
    lines += [
        f"--set {column}=…: a column is renamed to {column!r} as well; do one or the other"
        for column in choice.set_values
        if column in choice.rename.values()
    ]
    return lines


def match_rows(table: RawTable, where: Mapping[str, str]) -> NDArray[np.bool_]:
    """Which rows have the values asked for.

    Parameters
    ----------
    table : RawTable
    where : column to value; numbers compare as numbers, text as text without blanks at its ends; empty matches an
        empty cell

    Returns
    -------
    (n,) bool
    """
    keep = np.ones(len(table), dtype=bool)
    for column, wanted in where.items():
        keep &= np.array([_equals(value, wanted) for value in table.columns[column]], dtype=bool)
    return keep


def as_no_match(source_name: str, where: Mapping[str, str], values: Mapping[str, Counter[str]]) -> SchemaError:
    """The error for a file none of whose rows has the values asked for; it lists those there are.

    Parameters
    ----------
    source_name : str
    where : column to value
    values : column to the values of the file and how often they stand there
    """
    lines = tuple(f"{column}: {_list_values(values[column])}" for column in where)
    asked = " and ".join(f"{column} = {value!r}" for column, value in where.items())
    message = "\n".join([f"{source_name}: no row has {asked}. Values there are:", *(f"  - {line}" for line in lines)])
    return SchemaError(message, lines)


def count_values(table: RawTable, columns: Iterable[str]) -> dict[str, Counter[str]]:
    """How often each value stands in some columns, as text."""
    return {
        column: Counter(
            "(empty)" if value is None else hide_personal_numbers(str(value).strip()) for value in table.columns[column]
        )
        for column in columns
    }


def arrange_columns(
    layer: Layer,
    columns: pd.DataFrame,
    choice: Choice,
    keys: Iterable[str] = (),
    *,
    with_entities: bool = True,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The layer's columns out of the file's, and the names of those left over.

    Parameters
    ----------
    layer : Layer
    columns : DataFrame of objects, as they stand in the file
    choice : Choice, checked
    keys : columns of no layer that are kept too
    with_entities : whether names may hold character references such as ``&ouml;``, which are decoded

    Returns
    -------
    DataFrame of objects, tuple of str
        A column that another one is renamed to, or that is set, counts as left over. Text is without control
        characters and marks that turn its direction.
    """
    names = {old: choice.rename.get(old, old) for old in columns.columns}
    taken = set(choice.rename.values()) | set(choice.set_values)
    used = {
        old: new
        for old, new in names.items()
        if (new in layer.schema.columns or new in keys) and (old in choice.rename or new not in taken)
    }
    arranged = columns[list(used)].rename(columns=used)
    for column, value in choice.set_values.items():
        arranged[column] = pd.Series(value, index=arranged.index, dtype=object)
    titles = {"name", layer.site_title or "name"} if with_entities else set()
    for column in arranged.columns:
        arranged[column] = _clean_column(arranged[column], decode_entities if column in titles else _clean)
    return arranged, tuple(old for old in names if old not in used)


def decode_entities(text: str) -> str:
    """Character references such as ``&ouml;`` as characters, control characters as blanks; the rest as it is.

    Only references that end in a semicolon are decoded, once: ``A&B`` and ``&amp;lt;`` are names of something.
    """
    return _clean(_ENTITY.sub(lambda match: html.unescape(match[0]), text))


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _clean_column(values: pd.Series, clean: Callable[[str], str]) -> pd.Series:
    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        # Most columns need nothing, which one look tells: in printable texts the only blank is the plain one, and with
        # one more between texts, two of them in a row stand at the end of a text or in it.
        together = f" {' '.join(values.dropna().tolist())} "
        if together.isprintable() and not ("  " in together or "&" in together):
            return values
    cells = [clean(cell) if isinstance(cell, str) else cell for cell in values.tolist()]
    return pd.Series(cells, index=values.index, dtype=object)


def _equals(value: object, wanted: str) -> bool:
    if value is None:
        return wanted == ""
    if isinstance(value, bool):
        return str(value).lower() == wanted.lower()
    if isinstance(value, int | float):
        try:
            return value == float(wanted)
        except ValueError:
            return False
    return str(value).strip() == wanted


def _missing_column(table: RawTable, column: str, option: str) -> str:
    if column in table.refused:
        return f"--{option} {column}=…: {column} {table.refused[column]}; it is never read"
    if column in table.left_out:
        return f"--{option} {column}=…: {column} holds lists or objects; give it as a plain column"
    names = list(map(str, table.columns.columns))
    near = difflib.get_close_matches(column, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    there = f"its columns are {', '.join(names)}" if names else "it has none"
    return f"--{option} {column}=…: the file has no column {column!r}; {there}{hint}"


def _list_columns(layer: Layer) -> str:
    return ", ".join(layer.schema.columns)


def _list_values(counted: Counter[str]) -> str:
    shown = [f"{value[:40]!r} ({n_rows})" for value, n_rows in counted.most_common(_SHOWN_VALUES)]
    more = len(counted) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
