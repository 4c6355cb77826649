"""Counts of what happens to a file's rows while it is read, table by table, until they make a report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from geo.layers.base import Layer
from geo.layers.failures import Failure
from geo.layers.persons import hide_personal_numbers
from geo.reading.columns import as_no_match, count_values
from geo.reading.places import describe_crs
from geo.reading.report import BrokenRule, Report
from geo.reading.rows import FileReader, ReadRows
from geo.reading.source import Source
from geo.reading.table import RawTable

__all__ = ["Tally"]

_SHOWN_ROWS = 5
_SHOWN_VALUES = 3
# a number of rows, as notes write it
_NUMBER = re.compile(r"\b\d+(?= rows?\b| row\(s\))")


@dataclass
class _Broken:
    """One rule so far."""

    n_rows: int = 0
    rows: list[int] = field(default_factory=list)
    got: list[str] = field(default_factory=list)


class Tally:
    """What has happened to one file's rows so far.

    Parameters
    ----------
    source : Source
    reader : FileReader
    """

    def __init__(self, source: Source, reader: FileReader) -> None:
        self.reader = reader
        self._source = source
        self._counts: Counter[str] = Counter()
        self._broken: dict[tuple[str, str, str, str], _Broken] = {}
        self._values: dict[str, Counter[str]] = {column: Counter() for column in reader.choice.where}
        self._notes: dict[str, str] = {}
        self._precisions: Counter[str] = Counter()
        self._refused: Mapping[str, str] = {}
        self._left_out: tuple[str, ...] = ()

    @property
    def n_read(self) -> int:
        """Rows read so far."""
        return self._counts["read"]

    def add(self, table: RawTable, read: ReadRows) -> None:
        """Count one table."""
        for name in ("read", "skipped", "filtered_out", "duplicate", "outside", "repaired", "pseudonymised"):
            self._counts[name] += getattr(read, f"n_{name}")
        self._counts["accepted"] += len(read.frame)
        self._counts["quarantined"] += len(read.quarantined)
        self._add_failures(read.failures)
        if "precision" in read.frame.columns:
            self._precisions.update(read.frame["precision"].tolist())
        for column, counted in count_values(table, self._values).items():
            self._values[column] += counted
        for note in (*table.notes, *read.notes):
            self._add_note(note)
        self._refused, self._left_out = table.refused, table.left_out

    def move_to_quarantine(self, failures: Iterable[Failure], n_rows: int) -> None:
        """Count rows that were accepted until they were seen beside the others."""
        self._add_failures(failures)
        self._counts["accepted"] -= n_rows
        self._counts["quarantined"] += n_rows

    def report(self, layer: Layer) -> Report:
        """The file's report.

        Raises
        ------
        SchemaError
            No row has what the user asked for.
        """
        choice, counts = self.reader.choice, self._counts
        if choice.where and counts["filtered_out"] + counts["skipped"] == counts["read"]:
            raise as_no_match(self._source.name, choice.where, self._values)
        return Report(
            layer=layer.name,
            source_name=self._source.name,
            source_sha256=self._source.sha256,
            source_size=self._source.size,
            crs=describe_crs(self.reader.crs),
            is_swapped=self.reader.is_swapped,
            columns=self.reader.columns,
            rows_read=counts["read"],
            rows_skipped=counts["skipped"],
            rows_filtered_out=counts["filtered_out"],
            rows_accepted=counts["accepted"],
            rows_quarantined=counts["quarantined"],
            rows_duplicate=counts["duplicate"],
            rows_outside_region=counts["outside"],
            rows_repaired=counts["repaired"],
            rows_pseudonymised=counts["pseudonymised"],
            broken_rules=self._list_broken(),
            refused_columns=dict(self._refused),
            unused_columns=(*self.reader.left_over, *self._left_out),
            renamed=self.reader.renamed,
            set_values=choice.set_values,
            where=choice.where,
            skipped_rows=tuple(sorted(choice.skip_rows)),
            is_quarantine=self.reader.is_quarantine,
            made_ids=self.reader.made_ids,
            precisions=dict(self._precisions) if set(self._precisions) - {"exact"} else {},
            notes=tuple(self._notes.values()),
        )

    def _add_note(self, note: str) -> None:
        """A note once, whichever table it comes from; numbers of rows in it are added up where it has one number."""
        numbers = _NUMBER.findall(note)
        key = _NUMBER.sub("#", note) if len(numbers) == 1 else note
        before = self._notes.get(key)
        if before is None or len(numbers) != 1:
            self._notes.setdefault(key, note)
            return
        total = int(_NUMBER.findall(before)[0]) + int(numbers[0])
        self._notes[key] = _NUMBER.sub(str(total), note)

    def _add_failures(self, failures: Iterable[Failure]) -> None:
        for failure in failures:
            key = (failure.column, failure.rule, failure.remedy, failure.kind.__name__)
            broken = self._broken.setdefault(key, _Broken())
            broken.n_rows += len(failure.rows)
            broken.rows += [row + 1 for row in failure.rows[: _SHOWN_ROWS - len(broken.rows)]]
            for value in failure.got:
                if len(broken.got) == _SHOWN_VALUES:
                    break
                if (masked := hide_personal_numbers(value)) not in broken.got:
                    broken.got.append(masked)

    def _list_broken(self) -> tuple[BrokenRule, ...]:
        rules = [
            BrokenRule(column, rule, remedy, broken.n_rows, tuple(broken.rows), tuple(broken.got), kind)
            for (column, rule, remedy, kind), broken in self._broken.items()
        ]
        return tuple(sorted(rules, key=lambda rule: (-rule.n_rows, rule.column, rule.rule)))
