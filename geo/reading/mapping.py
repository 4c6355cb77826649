"""Mapping files: what the columns and values of one kind of file mean, written down once in TOML."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geo.errors import SchemaError
from geo.layers.base import Layer
from geo.reading.columns import COORDINATES
from geo.reading.synonyms import AREA_KEYS, KEYS, match_columns
from geo.reference import refused_reason
from geo.reference.names import fold_name

__all__ = ["MAX_MAPPING_BYTES", "ColumnMapping", "merge_mapping", "read_mapping", "write_mapping"]

MAX_MAPPING_BYTES = 1024 * 1024
_TEXTS = ("layer", "shape", "crs")
_TABLES = ("columns", "set", "where", "values")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class ColumnMapping:
    """What a mapping file says.

    Attributes
    ----------
    columns : column in the file to column of the layer, coordinate or key
    set_values : column of the layer to one value for all rows, as text
    where : column in the file to the value that a row must have, as text
    values : column of the layer to {value in the file: code}
    layer : name of the layer the file is meant for, None where it does not say
    shape : documented shape of the file (``import_shapes``), None for none
    crs : what the coordinates are in, None where the data file says it
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    set_values: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    layer: str | None = None
    shape: str | None = None
    crs: str | None = None

    def __post_init__(self) -> None:
        for name in ("columns", "set_values", "where"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        values = {column: MappingProxyType(dict(words)) for column, words in self.values.items()}
        object.__setattr__(self, "values", MappingProxyType(values))


def read_mapping(
    path: str | os.PathLike[str], layer: Layer | None = None, shapes: Collection[str] = ()
) -> ColumnMapping:
    """Read a mapping file.

    Parameters
    ----------
    path : str or path-like
        A TOML file of this machine, at most 1 MiB, UTF-8.
    layer : Layer, optional
        Where given, the columns that the file names must be the layer's.
    shapes : names of the documented shapes; where given, the file's must be one of them

    Returns
    -------
    ColumnMapping

    Raises
    ------
    SchemaError
        The file is missing, too large, not UTF-8 or not TOML; or everything in it that cannot be used, in one message.
    """
    name = Path(path).name
    content = _parse(name, _read_text(Path(path), name))
    faults: list[str] = []
    texts = {key: _check_text(key, content[key], faults) for key in _TEXTS if key in content}
    tables = {key: _check_table(key, content.get(key, {}), faults) for key in _TABLES}
    unknown = [key for key in content if key not in (*_TEXTS, *_TABLES)]
    faults += [f"{key}: is nothing that a mapping file has{_hint(key, (*_TEXTS, *_TABLES))}" for key in unknown]
    mapping = ColumnMapping(
        columns=_check_words("columns", tables["columns"], faults),
        set_values=_check_scalars("set", tables["set"], faults),
        where=_check_scalars("where", tables["where"], faults),
        values={
            column: _check_words(f"values.{column}", _check_table(f"values.{column}", words, faults), faults)
            for column, words in tables["values"].items()
        },
        layer=texts.get("layer"),
        shape=texts.get("shape"),
        crs=texts.get("crs"),
    )
    faults += _find_twins(mapping)
    faults += [] if layer is None else _check_layer(mapping, layer)
    if mapping.shape is not None and shapes and mapping.shape not in shapes:
        faults.append(f"shape: there is no shape {mapping.shape!r}{_hint(mapping.shape, shapes)}")
    if faults:
        head = f"{name}: cannot be used as a mapping file; {len(faults)} fault(s):"
        raise SchemaError("\n".join([head, *(f"  - {fault}" for fault in faults)]), tuple(faults))
    return mapping


def merge_mapping(
    mapping: ColumnMapping,
    *,
    rename: Mapping[str, str] | None = None,
    set_values: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = None,
    crs: str | None = None,
    shape: str | None = None,
) -> ColumnMapping:
    """What the command line says, and where it says nothing, what the mapping file says.

    Parameters
    ----------
    mapping : ColumnMapping
    rename : column in the file to column of the layer
        A column that another one is renamed to here is no longer read from the one in the mapping file.
    set_values : column of the layer to one value for all rows; goes before the mapping file's columns too
    where : column in the file to the value that a row must have; joins the mapping file's conditions
    crs : what the coordinates are in
    shape : documented shape of the file

    Returns
    -------
    ColumnMapping
    """
    told = {str(old): str(new) for old, new in (rename or {}).items()}
    fixed = {str(column): str(value) for column, value in (set_values or {}).items()}
    taken = {*told.values(), *fixed}
    kept = {old: new for old, new in mapping.columns.items() if old not in told and new not in taken}
    assumed = {column: value for column, value in mapping.set_values.items() if column not in told.values()}
    return replace(
        mapping,
        columns={**kept, **told},
        set_values={**assumed, **fixed},
        where={**mapping.where, **{str(column): str(value) for column, value in (where or {}).items()}},
        crs=mapping.crs if crs is None else crs,
        shape=mapping.shape if shape is None else shape,
    )


def write_mapping(layer: Layer, names: Iterable[str], *, has_geometry: bool = False) -> str:
    """A mapping file to start from: what was recognised stands in it, the rest as comments.

    Parameters
    ----------
    layer : Layer
    names : columns of the file, in its order
    has_geometry : True where the file has shapes

    Returns
    -------
    str, TOML; `read_mapping` reads it as it stands
    """
    names = tuple(dict.fromkeys(names))
    match = match_columns(layer, names, {}, has_geometry=has_geometry)
    used = {**{name: name for name in names if name in layer.schema.columns}, **match.renamed}
    used = {name: new for name, new in used.items() if not refused_reason(name, layer.name)}
    told = set(used.values())
    told |= {"employees"} if "size_class" in told else set()
    told |= {"area_id", "level"} if told & set(AREA_KEYS) else set()
    missing = [
        f'# {column} = "…"  # {_clean(str(each.description))}{"; needed" if each.required else ""}'
        for column, each in layer.schema.columns.items()
        if column not in told
    ]
    lines = [
        f"# How a file becomes the layer {layer.name}. Lines behind a # are not read; what the command line says goes",
        "# before what stands here.",
        f"layer = {_quote(layer.name)}",
        '# crs = "EPSG:3006"  # what the coordinates are in, where the file does not say it',
        "",
        "[columns]  # column in the file = column of the layer",
        *(_describe_column(layer, name, used) for name in names),
        *(f"# {_clean(note)}" for note in match.notes),
        "",
        "[set]  # column of the layer = one value for all rows",
        *missing,
        "",
        "[where]  # column in the file = the value that a row must have",
        "",
        "# [values.kind]  # value in the file = code, for a coded column such as kind",
        '# "…" = "temporary"',
        "",
    ]
    return "\n".join(lines)


def _describe_column(layer: Layer, name: str, used: Mapping[str, str]) -> str:
    if reason := refused_reason(name, layer.name):
        return f"# {_quote(name)} {_clean(reason)}; it is never read"
    return f"{_quote(name)} = {_quote(used[name])}" if name in used else f'# {_quote(name)} = "…"'


def _read_text(path: Path, name: str) -> str:
    try:
        if not path.is_file():
            message = f"{name}: there is no such mapping file; check the path."
            raise SchemaError(message)
        with path.open("rb") as file:
            content = file.read(MAX_MAPPING_BYTES + 1)
    except OSError as error:
        message = f"{name}: the mapping file cannot be opened ({error.strerror}); check its permissions."
        raise SchemaError(message) from error
    if len(content) > MAX_MAPPING_BYTES:
        message = (
            f"{name}: is larger than 1 MiB, so it is no mapping file; name the TOML file that describes the columns."
        )
        raise SchemaError(message)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{name}: is not UTF-8 (byte {error.start + 1}); save the mapping file as UTF-8."
        raise SchemaError(message) from error


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reason = "is nested too deep" if isinstance(error, RecursionError) else f"is not TOML: {error}"
        message = (
            f'{name}: {reason}; a line reads for instance "Företagets namn" = "name": text stands in quotes, and so '
            "does a name with å, ä, ö or blanks."
        )
        raise SchemaError(message) from error


def _check_text(key: str, value: object, faults: list[str]) -> str | None:
    if isinstance(value, str) and value.strip():
        return value.strip()
    faults.append(f"{key}: must be text in quotes, not {_kind(value)}")
    return None


def _check_table(key: str, value: object, faults: list[str]) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    faults.append(f"{key}: must be a table, a line [{key}] with lines below it, not {_kind(value)}")
    return {}


def _check_words(key: str, table: Mapping[str, Any], faults: list[str]) -> dict[str, str]:
    for name, value in table.items():
        if not isinstance(value, str) or not value.strip():
            faults.append(f"[{key}] {name!r}: must be text in quotes, not {_kind(value)}")
    return {name: value.strip() for name, value in table.items() if isinstance(value, str) and value.strip()}


def _check_scalars(key: str, table: Mapping[str, Any], faults: list[str]) -> dict[str, str]:
    out = {}
    for name, value in table.items():
        if isinstance(value, bool):
            out[name] = str(value).lower()
        elif isinstance(value, str | int | float | date):
            out[name] = str(value).strip()
        else:
            faults.append(f"[{key}] {name!r}: must be text, a number, a date or true/false, not {_kind(value)}")
    return out


def _find_twins(mapping: ColumnMapping) -> list[str]:
    by_target: dict[str, list[str]] = {}
    for old, new in mapping.columns.items():
        by_target.setdefault(new, []).append(old)
    twins = [
        f"[columns]: {', '.join(map(repr, names))} would all be {new!r}; keep one"
        for new, names in by_target.items()
        if len(names) > 1
    ]
    both = sorted(set(mapping.set_values) & set(by_target))
    return twins + [f"[set] {column!r}: stands in [columns] too; keep one of the two" for column in both]


def _check_layer(mapping: ColumnMapping, layer: Layer) -> list[str]:
    columns = tuple(map(str, layer.schema.columns))
    targets = (*columns, *(name for names in COORDINATES for name in names), *KEYS)
    faults = []
    if mapping.layer is not None and mapping.layer != layer.name:
        faults.append(f"layer: the file is meant for {mapping.layer!r}, not for {layer.name!r}; take the other file")
    for old, new in mapping.columns.items():
        if new not in targets:
            faults.append(f"[columns] {old!r}: the layer {layer.name} has no column {new!r}{_hint(new, targets)}")
        if reason := refused_reason(old, layer.name):
            faults.append(f"[columns] {old!r}: {reason}; it is never read, so take the line out")
    for table, names in (("set", mapping.set_values), ("values", mapping.values)):
        faults += [
            f"[{table}] {column!r}: the layer {layer.name} has no such column{_hint(column, columns)}"
            for column in names
            if column not in columns
        ]
    return faults


def _hint(name: str, known: Iterable[str]) -> str:
    known = tuple(known)
    near = difflib.get_close_matches(name, known, n=1) or [each for each in known if fold_name(each) == fold_name(name)]
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str) and value.strip():
        return "text"
    names = {str: "empty text", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")


def _quote(text: str) -> str:
    """A basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_CONTROL.sub(_escape, escaped)}"'


def _escape(match: re.Match[str]) -> str:
    # half of a surrogate pair is no character of TOML
    return "\\uFFFD" if unicodedata.category(match[0]) == "Cs" else f"\\u{ord(match[0]):04X}"


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text)
