"""Files into the store: read in a process of their own, then written in one transaction.

A repaired quarantine file is recognised by its columns: it is read with the options of the import that its rows come
from, and its rows join those that are there.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from geo.errors import InputError, NotFoundError, ParameterError
from geo.layers.base import Layer
from geo.layers.registry import get_layer
from geo.reading.columns import Choice
from geo.reading.context import CONTEXT_LAYERS
from geo.reading.files import Request
from geo.reading.isolated import stage_files
from geo.reading.limits import DEFAULT_LIMITS, Limits
from geo.reading.quarantine import MARKS, QuarantinedRow, RowFailure, write_quarantine_csv
from geo.reading.report import Report
from geo.reading.sandbox import Progress
from geo.reading.staging import Staged
from geo.store.atomic import explain_os_error
from geo.store.history import StoredImport, find_import
from geo.store.home import StrPath, open_home
from geo.store.importing import Imported, import_frames
from geo.store.layers import is_made_up, load_layers
from geo.store.ledger import load_quarantine
from geo.store.provenance import Provenance
from geo.store.pseudonyms import load_pseudonym_key
from geo.store.scratch import scratch_folder

__all__ = ["DRY_RUN", "FileImport", "Order", "export_quarantine", "find_repaired_import", "import_files"]

Mode = Literal["replace", "add"]

# what the rows of a trial are marked with, in place of the number of an import
DRY_RUN = "dry-run"
# fewer records than this may go without a word: a small layer is often replaced as a whole
_MANY = 20


@dataclass(frozen=True)
class Order:
    """What to import, how to read it, and on which grounds.

    Attributes
    ----------
    paths : files of this machine, together the layer's new rows
    layer : str, name of the layer
    choice : Choice
    crs : str, optional, what the coordinates are in, where the files do not say it or say it wrongly
    mode : ``replace``: records that do not come are gone, with their history kept; ``add``: they stay
    strict : whether one row that breaks a rule refuses the import
    dry_run : whether nothing is to be written
    allow_removal : whether more than half of the layer's own records may go, as they would with a file that is only a
        part of it
    importer, licence, legal_basis, retain_until : as in `geo.store.provenance.Provenance`
    pseudonym_key : str, optional, secret for the numbers of sole traders; left out, that of the environment or folder
    """

    paths: tuple[str, ...]
    layer: str
    choice: Choice = field(default_factory=Choice.of)
    crs: str | None = None
    mode: Mode = "replace"
    strict: bool = False
    dry_run: bool = False
    allow_removal: bool = False
    importer: str = ""
    licence: str = ""
    legal_basis: str = ""
    retain_until: str = ""
    pseudonym_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class FileImport:
    """What became of an import of files.

    Attributes
    ----------
    reports : of each file
    imported : what changed in the store; None where nothing was written
    quarantine : rows that break a rule, masked, where nothing was written; else the store has them
    repairs : number of the import that the rows come from, where the file is a repaired quarantine file
    changes : of a trial, how many records would be added, changed, gone and unchanged
    kept : records that stay as they were, because their rows wait in quarantine
    of_plans : records that stay because plans recorded them, and no register holds those
    refusal : of a trial, why the import itself would be refused; empty if it would not
    """

    reports: tuple[Report, ...]
    imported: Imported | None
    quarantine: tuple[QuarantinedRow, ...] = ()
    repairs: int | None = None
    changes: Mapping[str, int] | None = None
    kept: int = 0
    refusal: str = ""
    of_plans: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The outcome as plain values, ready for JSON."""
        return {
            "files": [report.to_dict() for report in self.reports],
            "imported": self.imported.to_dict() if self.imported else None,
            "repairs": self.repairs,
            "changes": None if self.changes is None else dict(self.changes),
            "kept": self.kept,
            "of_plans": self.of_plans,
            "refusal": self.refusal or None,
        }


def import_files(
    home: StrPath | None,
    order: Order,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Callable[[Progress], None] | None = None,
) -> FileImport:
    """Import files into a layer of the store.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    order : Order
    limits : Limits, of the process that reads
    on_progress : told how far it has come; what it raises ends the import, and nothing is changed

    Returns
    -------
    FileImport
        Rows that break a rule are in the store's quarantine, also where no row was accepted.

    Raises
    ------
    InputError
        A file cannot be a file of this layer at all; or, where `strict`, a row breaks a rule; or most of the layer's
        records would go. Nothing is changed.
    NotFoundError
        There is no such layer; or a repaired file names an import that is not there.
    StoreError
        The store cannot be written to. Nothing is changed.
    """
    folder = open_home(home)
    layer = get_layer(order.layer)
    repairs = find_repaired_import(order.paths)
    key = load_pseudonym_key(folder, order.pseudonym_key).hex()
    request = Request(order.paths, layer.name, order.choice, order.crs, pseudonym_key=key)
    if repairs is not None:
        order, request = _follow(find_import(folder, repairs), order, request)
    with scratch_folder(folder) as scratch:
        staged = stage_files(request, scratch, load_layers(folder, CONTEXT_LAYERS), limits, on_progress)
        if order.strict:
            for report in staged.reports:
                if report.rows_quarantined:
                    raise report.as_error()
        if repairs is None:
            _refuse_marks(staged.reports)
        if on_progress is not None:
            on_progress(Progress("writing it down", sum(report.rows_accepted for report in staged.reports), None))
        check_removal = not (order.allow_removal or is_made_up(folder, layer.name))
        try:
            imported = _write(folder, layer, staged, order, request, check_removal=check_removal)
        except _TrialEnded as trial:
            rows = tuple(staged.quarantine())
            return FileImport(
                staged.reports, None, rows, repairs, trial.changes, trial.kept, trial.refusal, trial.of_plans
            )
    return FileImport(staged.reports, imported, (), repairs, kept=imported.kept, of_plans=imported.of_plans)


def find_repaired_import(paths: Sequence[StrPath]) -> int | None:
    """Number of the import that the rows of a repaired quarantine file come from; None for any other file.

    Raises
    ------
    InputError
        The file names no import, or several; or it stands beside other files.
    """
    marked = [path for path in paths if _has_marks(path)]
    if not marked:
        return None
    name = Path(marked[0]).name
    if len(paths) > 1:
        message = f"{name}: is a quarantine file, and its rows are read in a way of their own; import it by itself."
        raise InputError(message)
    try:
        rows = csv.DictReader(io.StringIO(_decode(Path(marked[0])), newline=""), dialect=_sniff(Path(marked[0])))
        numbers = {str(row.get(MARKS[0]) or "").strip() for row in rows}
    except csv.Error as error:
        message = f"{name}: is a quarantine file, but no CSV any more ({error}); save it as CSV again."
        raise InputError(message) from error
    if numbers == {DRY_RUN}:
        message = f"{name}: comes from a trial (--dry-run), which took nothing over; import the first file, then mend."
        raise InputError(message)
    if len(numbers) == 1 and (number := numbers.pop()).isdecimal():
        return int(number)
    message = (
        f"{name}: the column {MARKS[0]} must hold one and the same number of an import on every row; "
        "put it back as it was."
    )
    raise InputError(message)


def export_quarantine(home: StrPath | None, import_id: int, path: Path) -> int:
    """Write the rows that an import kept aside to a CSV file for people to mend, and to import again.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    import_id : int
    path : Path

    Returns
    -------
    int, rows written

    Raises
    ------
    NotFoundError
        There is no such import.
    StoreError
        The store cannot be read, or the file cannot be written.
    """
    rows = [
        QuarantinedRow(
            each["source"], each["row"], tuple(RowFailure(**failure) for failure in each["failures"]), each["cells"]
        )
        for each in load_quarantine(home, import_id)
    ]
    report = find_import(open_home(home), import_id).report or {}
    names = [name for file in report.get("files", ()) for name in file.get("columns", ())]
    names += [name for row in rows for name in row.cells]
    with explain_os_error(path, "written"):
        return write_quarantine_csv(path, rows, names, str(import_id))


class _TrialEnded(Exception):
    """A trial has seen what an import would change."""

    def __init__(self, counts: Mapping[str, int], refusal: str) -> None:
        super().__init__()
        self.changes, self.refusal = dict(counts), refusal
        self.kept, self.of_plans = self.changes.pop("kept"), self.changes.pop("of_plans")


def _refuse_marks(reports: Sequence[Report]) -> None:
    """A quarantine file in another form would be read as the whole layer."""
    for report in reports:
        if report.is_quarantine:
            message = (
                f"{report.source_name}: holds rows of a quarantine, but is not the CSV file that they were written to; "
                f"save it as CSV, with its columns {', '.join(MARKS)} as they were."
            )
            raise InputError(message)


def _find_waiting(layer: Layer, staged: Staged) -> Iterator[str]:
    """Keys of the records whose rows are in the files, but wait in quarantine."""
    if len(layer.id_columns) > 1:
        return
    (id_column,) = layer.id_columns
    named = {
        report.source_name: next((old for old, new in report.renamed.items() if new == id_column), id_column)
        for report in staged.reports
    }
    for row in staged.quarantine():
        if key := str(row.cells.get(named[row.source], "")).strip():
            yield key


def _write(
    folder: Path,
    layer: Layer,
    staged: Staged,
    order: Order,
    request: Request,
    *,
    check_removal: bool,
) -> Imported:
    def check(counts: Mapping[str, int]) -> None:
        refusal = _find_refusal(counts) if check_removal else ""
        if order.dry_run:
            raise _TrialEnded(counts, refusal)
        if refusal:
            raise InputError(refusal)

    options = {key: value for key, value in request.to_dict().items() if key in {"choice", "crs", "is_swapped"}}
    return import_frames(
        folder,
        layer,
        staged.frames(),
        replace(
            _provenance(staged.reports),
            importer=order.importer,
            licence=order.licence,
            legal_basis=order.legal_basis,
            retain_until=order.retain_until,
        ),
        mode=order.mode,
        quarantine=(row.to_dict() for row in staged.quarantine()),
        waiting=_find_waiting(layer, staged),
        report={"files": [report.to_dict() for report in staged.reports]},
        options=options,
        check_counts=check,
    )


def _find_refusal(counts: Mapping[str, int]) -> str:
    """Why an import is refused that takes most of a layer away; empty for any other."""
    before = counts["gone"] + counts["changed"] + counts["unchanged"]
    if counts["gone"] < _MANY or counts["gone"] <= before / 2:
        return ""
    return (
        f"{counts['gone']} of the layer's {before} records are not in what is imported, and would be gone from it. "
        "If they shall stay, import with --add; if they shall go, with --allow-removal."
    )


def _provenance(reports: Sequence[Report]) -> Provenance:
    """Where the rows of one import come from; of several files, a hash of their hashes."""
    first = Provenance.from_report(reports[0])
    if len(reports) == 1:
        return first
    together = hashlib.sha256("".join(report.source_sha256 for report in reports).encode()).hexdigest()
    return replace(
        first,
        source_name=", ".join(report.source_name for report in reports),
        source_sha256=together,
        source_size=sum(report.source_size for report in reports),
        note="; ".join(dict.fromkeys(filter(None, (Provenance.from_report(report).note for report in reports)))),
    )


def _follow(before: StoredImport, order: Order, request: Request) -> tuple[Order, Request]:
    """The options of the import that rows in quarantine come from, and its grounds where none are given."""
    if before.layer != order.layer:
        message = f"These rows come from the layer {before.layer}, not {order.layer}; import them into {before.layer}."
        raise ParameterError(message)
    options = before.options or {}
    if not options:
        message = f"How import {before.import_id} was read is not known any more; import the mended rows with options."
        raise NotFoundError(message)
    files = (before.report or {}).get("files", [])
    choice = Choice.of(**{**options["choice"], "skip_rows": ()})
    swapped = {bool(file.get("is_swapped")) for file in files}
    systems = {file.get("crs") for file in files}
    told = before.provenance
    order = replace(
        order,
        mode="add",
        licence=order.licence or told.licence,
        legal_basis=order.legal_basis or told.legal_basis,
        retain_until=order.retain_until or told.retain_until,
    )
    crs = order.crs or (systems.pop() if len(systems) == 1 else options.get("crs"))
    return order, replace(request, choice=choice, crs=crs, is_swapped=swapped.pop() if len(swapped) == 1 else None)


def _has_marks(path: StrPath) -> bool:
    if not os.fspath(path).lower().endswith(".csv"):
        return False
    try:
        with Path(path).open("rb") as file:
            start = file.read(4096)
    except (OSError, ValueError):
        # whoever reads it says why it cannot be read
        return False
    header = start.decode("utf-8", "replace").splitlines()[:1]
    return bool(header) and all(mark in header[0] for mark in MARKS)


def _decode(path: Path) -> str:
    """Text of a file that a spreadsheet has saved, in UTF-8 or in Windows-1252."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _sniff(path: Path) -> type[csv.Dialect]:
    """Comma, semicolon or tab, whichever the spreadsheet that mended the file wrote."""
    header = _decode(path).split("\n", 1)[0]

    class Dialect(csv.excel):
        delimiter = max(",;\t", key=header.count)

    return Dialect
