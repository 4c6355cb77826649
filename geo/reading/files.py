"""From files to a layer, with every row accounted for.

`stage_file` does the work and leaves the result in a folder (`geo.reading.staging`); it runs in a process of its own
(`geo.reading.worker`). `read_layer` is the way in for those who want a frame.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from geo.errors import InputError, SchemaError
from geo.layers.base import Layer
from geo.layers.failures import Failure
from geo.layers.registry import get_layer
from geo.reading.columns import Choice
from geo.reading.context import Context, load_context
from geo.reading.formats import ROWS_PER_CHUNK, read_chunks
from geo.reading.limits import DEFAULT_LIMITS
from geo.reading.places import describe_crs
from geo.reading.records import SeenRows
from geo.reading.report import Reading, Report
from geo.reading.rows import FileReader
from geo.reading.source import Source, open_source
from geo.reading.staging import Staged, Staging
from geo.reading.table import RawTable
from geo.reading.tally import Tally

__all__ = ["Request", "finish_reading", "read_layer_file", "stage_file"]

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Request:
    """Files to be read into a layer, and how.

    Attributes
    ----------
    paths : files of this machine
    layer : str, name of the layer
    choice : Choice
    crs : str, optional, what the coordinates are in, where the files do not say it or say it wrongly
    is_swapped : bool, optional, whether northing or latitude comes first; None to find out
    rows_at_once : int, rows of a file that are in memory together
    context_folder : str, folder of what Norrsyn knows already (`geo.reading.context.save_context`); empty: nothing
    pseudonym_key : secret for the numbers of sole traders, hexadecimal digits; empty: they are refused
    only_columns : bool, whether only the names of columns are asked for
    """

    paths: tuple[str, ...]
    layer: str
    choice: Choice
    crs: str | None = None
    is_swapped: bool | None = None
    rows_at_once: int = ROWS_PER_CHUNK
    context_folder: str = ""
    pseudonym_key: str = field(default="", repr=False)
    only_columns: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The request as plain dicts, lists and text, ready for JSON."""
        return {
            "paths": list(self.paths),
            "layer": self.layer,
            "choice": self.choice.to_dict(),
            "crs": self.crs,
            "is_swapped": self.is_swapped,
            "rows_at_once": self.rows_at_once,
            "context_folder": self.context_folder,
            "pseudonym_key": self.pseudonym_key,
            "only_columns": self.only_columns,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Request:
        """A request from `to_dict`."""
        known = dict(values)
        return cls(**{**known, "paths": tuple(known["paths"]), "choice": Choice.of(**known["choice"])})


def read_layer_file(  # noqa: PLR0913  every option is one
    path: str | os.PathLike[str],
    layer: Layer | str,
    *,
    rename: Mapping[str, str] | None = None,
    set_values: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = None,
    skip_rows: Iterable[int] = (),
    crs: str | None = None,
    strict: bool = False,
    rows_at_once: int = ROWS_PER_CHUNK,
) -> Reading:
    """Read a file into a layer in this very process; for files from outside, use `geo.reading.read_layer`.

    Parameters, result and errors are those of `geo.reading.read_layer`.
    """
    name = layer if isinstance(layer, str) else layer.name
    choice = Choice.of(rename, set_values, where, skip_rows)
    request = Request((os.fspath(path),), get_layer(name).name, choice, crs, rows_at_once=rows_at_once)
    with TemporaryDirectory(prefix="norrsyn-") as folder:
        stage_file(request.to_dict(), Path(folder), lambda *_: None)
        return finish_reading(Staged(Path(folder)), strict=strict)


def finish_reading(staged: Staged, *, strict: bool) -> Reading:
    """The frame and the report of one file.

    Raises
    ------
    InputError
        No row is left; or a row is in quarantine and `strict` is asked for.
    """
    (report,) = staged.reports
    if report.rows_quarantined and (strict or not report.rows_accepted):
        raise report.as_error()
    return Reading(staged.frame(), report)


def stage_file(request: Mapping[str, Any], folder: Path, on_progress: Progress) -> None:
    """Read files into a folder that `geo.reading.staging.Staged` opens.

    Parameters
    ----------
    request : mapping, as `Request.to_dict` gives it
    folder : Path, empty
    on_progress : function of a word for what is done, rows done, and rows in all or None

    Raises
    ------
    InputError
        A file is no file of a known kind, is damaged, empty, or cannot be a file of this layer at all. Rows that break
        a rule raise nothing: they are in the folder, with the reason.
    """
    asked = Request.from_dict(request)
    layer = get_layer(asked.layer)
    staging, seen, tallies, context = (
        Staging(folder, layer),
        SeenRows(),
        [],
        load_context(asked.context_folder, asked.pseudonym_key),
    )
    if asked.only_columns:
        staging.finish(_list_columns(open_source(path), layer) for path in asked.paths)
        return
    if asked.choice.shape:
        # a notice's places are told apart by all rows of its file
        asked = replace(asked, rows_at_once=DEFAULT_LIMITS.rows)
    for position, path in enumerate(asked.paths):
        source = open_source(path)
        tallies.append(_read_source(source, position, layer, asked, staging, seen, on_progress, context))
    on_progress("comparing rows", sum(tally.n_read for tally in tallies), None)
    names = [tally.reader.source_name for tally in tallies]
    # what is left without some rows may lack what the layer needs
    while clashes := staging.find_clashes(names):
        for position, failures in clashes.items():
            rows = {row for failure in failures for row in failure.rows}
            _move_to_quarantine(open_source(asked.paths[position]), layer, asked, staging, tallies[position], failures)
            staging.remove(position, rows)
            tallies[position].move_to_quarantine(failures, len(rows))
    staging.finish(tally.report(layer) for tally in tallies)


def _list_columns(source: Source, layer: Layer) -> Report:
    """A report that says what columns there are, and nothing of rows."""
    table = next(iter(read_chunks(source, layer, 1)))
    columns = tuple(map(str, table.columns.columns))
    return Report(
        layer.name,
        source.name,
        source.sha256,
        source.size,
        crs="" if table.crs is None else describe_crs(table.crs),
        is_swapped=False,
        columns=columns if table.geometry is None else (*columns, "geometry"),
        rows_read=0,
        rows_skipped=0,
        rows_filtered_out=0,
        rows_accepted=0,
        rows_quarantined=0,
        rows_duplicate=0,
        refused_columns=table.refused,
        unused_columns=table.left_out,
    )


def _read_source(
    source: Source,
    position: int,
    layer: Layer,
    asked: Request,
    staging: Staging,
    seen: SeenRows,
    on_progress: Progress,
    context: Context,
) -> Tally:
    tally: Tally | None = None
    for table in read_chunks(source, layer, asked.rows_at_once):
        if not len(table) and tally is None:
            message = f"{source.name}: holds no rows; export it again."
            raise InputError(message)
        if tally is None:
            tally = Tally(source, _open(source, layer, asked, table, context))
        read = tally.reader.read(table, seen)
        staging.add(position, read.frame)
        staging.add_quarantined(read.quarantined)
        tally.add(table, read)
        on_progress(f"reading {source.name}", tally.n_read, None)
    if tally is None:
        message = f"{source.name}: holds no rows; export it again."
        raise InputError(message)
    if absent := sorted(row for row in asked.choice.skip_rows if not 1 <= row <= tally.n_read):
        line = f"--skip-row {', '.join(map(str, absent))}: the file has rows 1 to {tally.n_read}"
        message = f"{source.name}: the options do not fit the file.\n  - {line}"
        raise SchemaError(message, (line,))
    return tally


def _open(source: Source, layer: Layer, asked: Request, first: RawTable, context: Context) -> FileReader:
    return FileReader(source.name, layer, asked.choice, first, context, crs=asked.crs, is_swapped=asked.is_swapped)


def _move_to_quarantine(
    source: Source, layer: Layer, asked: Request, staging: Staging, tally: Tally, failures: Iterable[Failure]
) -> None:
    """Read a file once more for the rows that do not go with others, as they stand in it."""
    for table in read_chunks(source, layer, asked.rows_at_once):
        staging.add_quarantined(tally.reader.quarantine(table, failures))
