"""What happened to a file on its way into a layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, NamedTuple

import geopandas as gpd

from geo.errors import CRSError, GeometryError, InputError, SchemaError
from geo.layers.validate import OUTSIDE_REGION

__all__ = ["BrokenRule", "Reading", "Report"]

_KINDS: Mapping[str, type[InputError]] = {kind.__name__: kind for kind in (CRSError, GeometryError, SchemaError)}


@dataclass(frozen=True)
class BrokenRule:
    """A rule that rows of a file broke.

    Attributes
    ----------
    column, rule, remedy : str, as in `geo.layers.failures.Failure`
    n_rows : int
    rows : numbers of the first of these rows, the file's first row being 1
    got : the first values that stood there
    kind : str, name of the error
    """

    column: str
    rule: str
    remedy: str
    n_rows: int
    rows: tuple[int, ...]
    got: tuple[str, ...] = ()
    kind: str = "SchemaError"

    def say(self) -> str:
        """The rule in one line."""
        words = f"{self.column}: {self.rule}" if self.column else self.rule
        words += f" (got {', '.join(self.got)})" if self.got else ""
        words += f"; {self.remedy}" if self.remedy else ""
        more = self.n_rows - len(self.rows)
        return f"{words} — row {', '.join(map(str, self.rows))}" + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True)
class Report:
    """Every row and every column of a file accounted for.

    ``rows_in`` is the sum of ``rows_accepted``, ``rows_quarantined`` and ``rows_duplicate``; ``rows_read`` is
    ``rows_in`` and the rows that the user did not ask for, ``rows_skipped`` and ``rows_filtered_out``.

    Attributes
    ----------
    layer : str
    source_name : str, the file's name without its folder
    source_sha256 : str, 64 hexadecimal digits
    source_size : int, bytes
    crs : str, what the coordinates were in
    is_swapped : bool, whether the file has northing before easting, or latitude before longitude
    columns : the file's columns that may be read; with them ``geometry``, where rows have a shape
    rows_read : int, rows of the file
    rows_skipped : int, rows left out by their number
    rows_filtered_out : int, other rows that ``where`` left out
    rows_accepted : int, rows of the frame
    rows_quarantined : int, rows that break a rule; the quarantine holds them with what is wrong and what to do
    rows_duplicate : int, rows that repeat an earlier one exactly
    rows_outside_region : int, rows of the quarantine for no other reason than that they lie in Sweden but more than
        15 km outside Region Nord
    rows_repaired : int, accepted rows whose shape was not valid and was repaired
    rows_pseudonymised : int, rows whose employer's number was a person's and was replaced by a pseudonym
    precisions : how well the position of accepted rows is known, to their number; empty where all are exact
    broken_rules : why rows are in quarantine, most frequent first
    refused_columns : column to reason; their values went nowhere
    unused_columns : columns that the layer does not know
    renamed : column in the file to column of the layer
    set_values : column to the value that all rows got
    where : column in the file to the value that rows had to have
    skipped_rows : numbers of rows left out by their number
    is_quarantine : bool, whether the file has columns of a quarantine file
    made_ids : bool, whether ids were made from the content, the file having none
    notes : what else a reader of the report should know, English
    """

    layer: str
    source_name: str
    source_sha256: str
    source_size: int
    crs: str
    is_swapped: bool
    columns: tuple[str, ...]
    rows_read: int
    rows_skipped: int
    rows_filtered_out: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    rows_outside_region: int = 0
    rows_repaired: int = 0
    rows_pseudonymised: int = 0
    precisions: Mapping[str, int] = field(default_factory=dict)
    broken_rules: tuple[BrokenRule, ...] = ()
    refused_columns: Mapping[str, str] = field(default_factory=dict)
    unused_columns: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    set_values: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    skipped_rows: tuple[int, ...] = ()
    is_quarantine: bool = False
    made_ids: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("precisions", "refused_columns", "renamed", "set_values", "where"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def rows_in(self) -> int:
        """Rows that were asked for."""
        return self.rows_read - self.rows_skipped - self.rows_filtered_out

    def to_dict(self) -> dict[str, Any]:
        """The report as plain dicts, lists, text and numbers, ready for JSON."""
        values = {each.name: _plain(getattr(self, each.name)) for each in fields(self)}
        return {**values, "rows_in": self.rows_in}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Report:
        """A report from `to_dict`."""
        known: dict[str, Any] = {each.name: values[each.name] for each in fields(cls)}
        for name, value in known.items():
            known[name] = tuple(value) if isinstance(value, list) else value
        rules = ({**rule, "rows": tuple(rule["rows"]), "got": tuple(rule["got"])} for rule in known["broken_rules"])
        return cls(**{**known, "broken_rules": tuple(BrokenRule(**rule) for rule in rules)})

    def as_error(self) -> InputError:
        """The quarantine as one error, for those who want all of a file or nothing."""
        lines = tuple(rule.say() for rule in self.broken_rules)
        n_rows = f"{self.rows_quarantined} of {self.rows_in} rows break {len(lines)} rule(s)"
        message = "\n".join(
            [f"{self.source_name}: {n_rows} of layer {self.layer}.", *(f"  - {line}" for line in lines)]
        )
        if {rule.rule for rule in self.broken_rules} == {OUTSIDE_REGION}:
            return InputError(f"{message}\nCheck the coordinates and the CRS.")
        message += "\nRows that cannot be mended in the file are left out with --skip-row NUMBER."
        kinds = {_KINDS.get(rule.kind, SchemaError) for rule in self.broken_rules}
        if kinds == {CRSError}:
            return CRSError(message)
        if kinds <= {CRSError, GeometryError}:
            return GeometryError(message)
        return SchemaError(message, lines)


class Reading(NamedTuple):
    """A file read into a layer.

    Attributes
    ----------
    frame : GeoDataFrame, EPSG:3006, in the layer's canonical form
    report : Report
    """

    frame: gpd.GeoDataFrame
    report: Report


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, BrokenRule):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value
