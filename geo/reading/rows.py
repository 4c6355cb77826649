"""One table of a file after the other: rows of the layer out of rows of the file, and what is wrong with the others.

What holds for the file as a whole is decided from its first table: which column is which, whether it has ids, which
CRS it is in. The order matters: columns that must not be read are dropped before anything is done with the rest; rows
the user did not ask for are left out before anything is demanded of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import SWEREF99_TM
from geo.errors import CRSError, GeometryError, SchemaError
from geo.layers.base import Layer
from geo.layers.failures import Failure, as_error, find_failed_rows
from geo.layers.persons import hide_personal_numbers
from geo.layers.validate import OUTSIDE_REGION, find_failures
from geo.reading.columns import Choice, arrange_columns, check_choice, match_rows
from geo.reading.context import Context
from geo.reading.editions import find_edition, tell_sni_version
from geo.reading.employers import EmployerIds, treat_employer_ids
from geo.reading.exports import EXPORT_MARK, is_export
from geo.reading.locator import Located, Locator
from geo.reading.quarantine import MARKS, QuarantinedRow, build_rows, restore_table
from geo.reading.records import SeenRows, can_make_ids, hash_rows, make_ids, mask_rows
from geo.reading.shapes import apply_shape, get_shape, split_ids, to_points
from geo.reading.synonyms import KEYS, match_columns
from geo.reading.table import RawTable
from geo.reading.values import match_values

__all__ = ["FileReader", "ReadRows"]

_YES = {"true", "1", "yes", "ja", "sant"}


@dataclass(frozen=True, eq=False)
class ReadRows:
    """What came of one table of a file.

    Attributes
    ----------
    frame : GeoDataFrame, EPSG:3006, rows without fault in the layer's columns; index: the row's position in the file
    failures : with positions in the file
    quarantined : the rows that failures name
    notes : what a reader of the report should know
    n_read, n_skipped, n_filtered_out, n_duplicate, n_outside, n_repaired, n_pseudonymised : int
        As in `geo.reading.report.Report`.
    """

    frame: gpd.GeoDataFrame
    failures: tuple[Failure, ...]
    quarantined: tuple[QuarantinedRow, ...]
    notes: tuple[str, ...]
    n_read: int
    n_skipped: int
    n_filtered_out: int
    n_duplicate: int
    n_outside: int
    n_pseudonymised: int
    n_repaired: int


class FileReader:
    """Reads the tables of one file into a layer.

    Parameters
    ----------
    source_name : str
    layer : Layer
    choice : Choice
    first : RawTable, the file's first
    context : Context
    crs : str, optional, what the coordinates are in, whatever the file says
    is_swapped : bool, optional, whether northing or latitude comes first; None to find out

    Raises
    ------
    CRSError
        The file does not say which CRS its coordinates are in.
    GeometryError
        No columns say where its rows are.
    SchemaError
        The choice does not fit the file, or the layer's columns are not there.
    """

    def __init__(
        self,
        source_name: str,
        layer: Layer,
        choice: Choice,
        first: RawTable,
        context: Context,
        *,
        crs: str | None = None,
        is_swapped: bool | None = None,
    ) -> None:
        self.source_name, self.layer, self.choice = source_name, layer, choice
        self.is_quarantine = not set(MARKS).isdisjoint(map(str, first.columns.columns))
        first = _restore(first)
        self._is_export = is_export(first.columns)
        if lines := check_choice(layer, first, choice, KEYS):
            message = "\n".join(
                [f"{source_name}: the options do not fit the file.", *(f"  - {line}" for line in lines)]
            )
            raise SchemaError(message, tuple(lines))
        names = list(map(str, first.columns.columns))
        has_geometry = first.geometry is not None
        self.columns = (*names, "geometry") if has_geometry else tuple(names)
        self._shape = get_shape(choice.shape) if choice.shape else None
        match = match_columns(
            layer,
            names,
            choice.rename,
            taken=choice.set_values,
            has_geometry=has_geometry,
            synonyms=self._shape.synonyms if self._shape else None,
        )
        self.renamed, self._implied, self._notes = match.renamed, dict(match.implied), match.notes
        self._key = context.pseudonym_key
        self._edition: str | None = None
        self._employer_column = self._find_source("employer_id", names)
        self._tells_edition = "sni" in layer.schema.columns and "sni_version" not in {
            *(self.renamed.get(name, name) for name in names),
            *choice.set_values,
            *self._implied,
        }
        self._locator = Locator(source_name, layer, self.renamed, first, context, crs=crs, is_swapped=is_swapped)
        arranged, self.left_over, _ = self._arrange(first.columns.head(1))
        self._has_ids = layer.id_columns[0] in arranged.columns
        self.made_ids = not self._has_ids and can_make_ids(layer)
        self._check_columns(arranged.columns, first.left_out)
        # one row was enough for the names of columns; the edition is told by the first table as a whole
        self._edition = None

    @property
    def crs(self) -> CRS:
        """What the file's coordinates are in."""
        return self._locator.crs

    @property
    def is_swapped(self) -> bool:
        """Whether the file has northing before easting, or latitude before longitude."""
        return self._locator.is_swapped

    def read(self, table: RawTable, seen: SeenRows) -> ReadRows:
        """The rows of one table.

        Parameters
        ----------
        table : RawTable
        seen : SeenRows, the rows of all tables before

        Returns
        -------
        ReadRows
        """
        table, employers = self._meet(table)
        employer_problems = employers.problems if employers else {}
        numbers = table.first_row + np.arange(1, len(table) + 1)
        skipped = np.isin(numbers, list(self.choice.skip_rows))
        matching = match_rows(table, self.choice.where)
        kept = np.flatnonzero(matching & ~skipped)
        shapes, problems = self._locator.read_shapes(table)
        shape_notes: tuple[str, ...] = ()
        if self._shape is not None:
            shapes, shape_notes = to_points(shapes)
        raw = table.columns.drop(columns=list(self._locator.columns)).iloc[kept]
        arranged, _, notes = self._arrange(raw)
        if self._shape is not None and self._has_ids:
            id_column = self.layer.id_columns[0]
            arranged[id_column], id_notes = split_ids(arranged[id_column], shapes[kept])
            shape_notes += id_notes
        # Without ids two rows are the same only if nothing in the file tells them apart; with ids, if the layer cannot.
        repeated = seen.add(arranged if self._has_ids else raw, shapes[kept])
        # of a row that cannot be read, nobody knows whether it is like another
        repeated &= ~np.isin(kept, list(table.bad_rows))
        if self.made_ids:
            ids = make_ids(self.layer, hash_rows(mask_rows(raw), shapes[kept]))
            arranged[self.layer.id_columns[0]] = pd.Series(ids, index=arranged.index, dtype=object)
        asked = arranged[~repeated]
        rows = asked.index.to_numpy(dtype=np.int64)
        at = {row: position for position, row in enumerate(rows.tolist())}
        located = self._locator.locate(
            shapes[rows], {at[row]: what for row, what in problems.items() if row in at}, asked
        )
        frame, failures = self._check(table, asked, located, employer_problems)
        bad = find_failed_rows(failures, len(table))
        frame = frame[~bad[rows]]
        frame.index += table.first_row
        return ReadRows(
            frame=frame,
            failures=tuple(_move(failure, table.first_row) for failure in failures),
            quarantined=tuple(build_rows(self.source_name, table.first_row, table.columns, table.geometry, failures)),
            notes=(*self._notes, *notes, *shape_notes, *located.notes),
            n_read=len(table),
            n_skipped=int(skipped.sum()),
            n_filtered_out=int((~matching & ~skipped).sum()),
            n_duplicate=int(repeated.sum()),
            n_outside=_count_outside(failures),
            n_pseudonymised=employers.n_pseudonymised if employers else 0,
            n_repaired=int((located.repaired & ~bad[rows]).sum()),
        )

    def quarantine(self, table: RawTable, failures: Iterable[Failure]) -> list[QuarantinedRow]:
        """Rows of a table that failures name which were found later.

        Parameters
        ----------
        table : RawTable
        failures : with positions in the file
        """
        table, _ = self._meet(table)
        here = [_take(failure, table.first_row, table.first_row + len(table)) for failure in failures]
        rows = [_move(failure, -table.first_row) for failure in here if failure.rows]
        return build_rows(self.source_name, table.first_row, table.columns, table.geometry, rows)

    def _arrange(self, columns: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
        """The layer's columns and keys, the file's columns that are left over, and what was made of values."""
        raw = columns.drop(columns=[name for name in self._locator.columns if name in columns.columns])
        choice = replace(self.choice, rename=self.renamed, set_values={**self._implied, **self.choice.set_values})
        arranged, left_over = arrange_columns(self.layer, raw, choice, KEYS, with_entities=not self._is_export)
        left_over = tuple(name for name in left_over if name != EXPORT_MARK)
        coded, notes = match_values(self.layer, arranged, self.choice.values)
        if self._tells_edition and "sni" in coded.columns:
            self._edition = self._edition or find_edition(coded["sni"])
            coded["sni_version"], told = tell_sni_version(coded["sni"], self._edition)
            notes += told
        if self._shape is not None:
            edition = choice.set_values.get("sni_version", "2007")
            coded, assumed = apply_shape(self._shape, coded, taken=choice.set_values, sni_version=edition)
            notes += assumed
        return coded, left_over, notes

    def _find_source(self, column: str, names: Iterable[str]) -> str | None:
        """The file's column that is read into a column of the layer."""
        if column not in self.layer.schema.columns or column in self.choice.set_values:
            return None
        renamed = next((old for old, new in self.renamed.items() if new == column), None)
        return renamed or (column if column in names else None)

    def _meet(self, table: RawTable) -> tuple[RawTable, EmployerIds | None]:
        """A table at the door: persons' numbers among those of employers go no further."""
        table = _restore(table)
        if self._employer_column is None:
            return table, None
        numbers = table.columns[self._employer_column]
        source = self._find_source("synthetic", table.columns.columns)
        if source:
            made_up = table.columns[source].map(_is_yes).astype(bool)
        else:
            made_up = pd.Series(_is_yes(self.choice.set_values.get("synthetic")), numbers.index)
        treated = treat_employer_ids(numbers, self._key, synthetic=made_up)
        columns = table.columns.assign(**{self._employer_column: treated.ids})
        return replace(table, columns=columns), treated

    def _check(
        self, table: RawTable, columns: pd.DataFrame, located: Located, employer_problems: Mapping[int, str]
    ) -> tuple[gpd.GeoDataFrame, list[Failure]]:
        """The layer's frame with the table's positions as index, and failures with those positions."""
        rows = columns.index.to_numpy(dtype=np.int64)
        asked = set(rows.tolist())
        failures = [
            *_group({row: (what, False) for row, what in table.bad_rows.items() if row in asked}, ""),
            *_group({int(rows[position]): each for position, each in located.problems.items()}, "geometry"),
            *_group({row: (what, False) for row, what in employer_problems.items() if row in asked}, "employer_id"),
        ]
        columns = columns.assign(
            **{name: _prefer(values, columns.get(name)) for name, values in located.columns.items()}
        )
        frame = gpd.GeoDataFrame(
            columns[[name for name in columns.columns if name in self.layer.schema.columns]],
            geometry=gpd.GeoSeries(located.shapes, index=columns.index, crs=SWEREF99_TM),
        )
        parsed, found = find_failures(self.layer, frame)
        parsed.index = columns.index
        # a cell that cannot be used is told once, not once more as an empty one
        told = {"geometry": {int(rows[position]) for position in located.problems}, "employer_id": {*employer_problems}}
        # of a row that cannot be read, nobody knows what else is wrong
        whole = asked - set(table.bad_rows)
        for failure in (replace(each, rows=tuple(rows[list(each.rows)].tolist())) for each in found):
            failures.append(_keep(failure, whole - told.get(failure.column, set())))
        return parsed, _drop_what_is_elsewhere(failures)

    def _check_columns(self, names: pd.Index, nested: Iterable[str]) -> None:
        there = {*names, *([self.layer.id_columns[0]] if self.made_ids else [])}
        absent = [
            Failure(name, "the column is missing", f"it holds: {column.description}")
            for name, column in self.layer.schema.columns.items()
            if column.required and name not in there
        ]
        if absent:
            head = f"{self.source_name}: cannot be read into layer {self.layer.name}; columns are missing."
            tail = [
                f"The file has {', '.join(self.columns)}.",
                "A column that has another name in the file: --rename old=new. One that it lacks: --set column=value.",
            ]
            if left_out := ", ".join(nested):
                tail.append(f"Columns of lists, objects or bytes are not read; give plain values in {left_out}.")
            raise as_error(head, absent, tail=tail)


def _is_yes(cell: object) -> bool:
    return str(cell).strip().casefold() in _YES


def _restore(table: RawTable) -> RawTable:
    columns = restore_table(table.columns)
    if table.geometry is None and is_export(columns) and "geometry" in columns.columns:
        # a shape in a cell does not say what it is in; exports are written in the layers' own system
        table = replace(table, crs=CRS(SWEREF99_TM))
    return table if columns is table.columns else replace(table, columns=columns)


def _group(problems: Mapping[int, tuple[str, bool]], column: str) -> list[Failure]:
    """Rows with the same problem as one failure; a problem is what is wrong, a semicolon, and what to do."""
    grouped: dict[tuple[str, bool], list[int]] = {}
    for row, problem in sorted(problems.items()):
        grouped.setdefault((hide_personal_numbers(problem[0]), problem[1]), []).append(row)
    failures = []
    for (what, about_crs), rows in grouped.items():
        rule, _, remedy = what.partition("; ")
        kind = CRSError if about_crs else GeometryError if column else SchemaError
        failures.append(Failure(column, rule, remedy or "mend the row", tuple(rows), (), kind))
    return failures


def _keep(failure: Failure, rows: set[int]) -> Failure:
    values = failure.got or ("",) * len(failure.rows)
    kept = [(row, value) for row, value in zip(failure.rows, values, strict=True) if row in rows]
    return replace(
        failure, rows=tuple(row for row, _ in kept), got=tuple(value for _, value in kept) if failure.got else ()
    )


def _prefer(values: NDArray[np.object_], given: pd.Series | None) -> NDArray[np.object_]:
    """What was found, and where nothing was, what the file says."""
    if given is None:
        return values
    found: NDArray[np.object_] = np.where(pd.isna(values), given.to_numpy(dtype=object), values)
    return found


def _drop_what_is_elsewhere(failures: list[Failure]) -> list[Failure]:
    """A row outside the region is not wanted anyway, so it need not be right."""
    outside = {row for failure in failures if failure.rule == OUTSIDE_REGION for row in failure.rows}
    here = {row for failure in failures for row in failure.rows} - outside
    told = [failure if failure.rule == OUTSIDE_REGION else _keep(failure, here) for failure in failures]
    return [failure for failure in told if failure.rows]


def _take(failure: Failure, first: int, last: int) -> Failure:
    return _keep(failure, {row for row in failure.rows if first <= row < last})


def _move(failure: Failure, by: int) -> Failure:
    return replace(failure, rows=tuple(row + by for row in failure.rows)) if by else failure


def _count_outside(failures: Iterable[Failure]) -> int:
    return sum(len(failure.rows) for failure in failures if failure.rule == OUTSIDE_REGION)
