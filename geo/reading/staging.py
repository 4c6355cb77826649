"""A folder in which the rows of an import wait: accepted ones, quarantined ones, and a report for each file.

::

    accepted-00000.parquet    rows of the layer, with file and row number, as many files as there were tables
    quarantine-00000.parquet  rows that break a rule (geo.reading.quarantine)
    report.json               one report per file

The process that reads files writes it, the one that asked for it reads it: no row is handed over in any other way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from geo.crs import SWEREF99_TM
from geo.layers.base import Layer
from geo.layers.failures import Failure, as_error
from geo.layers.registry import get_layer
from geo.layers.validate import empty_frame, find_clashes, sort_records
from geo.reading.quarantine import QuarantinedRow, read_quarantine, write_quarantine_part
from geo.reading.records import find_repeated, fingerprint_rows
from geo.reading.report import Report

__all__ = ["Staged", "Staging"]

_SOURCE, _ROW = "norrsyn_source", "norrsyn_row"
_REPORT = "report.json"


class Staged:
    """What a folder holds once all files are read.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        document = json.loads((folder / _REPORT).read_bytes())
        self.layer = get_layer(document["layer"])
        self.reports = tuple(Report.from_dict(values) for values in document["reports"])

    def frames(self) -> Iterator[gpd.GeoDataFrame]:
        """The accepted rows in the layer's canonical columns, table by table, as the files have them."""
        for path in sorted(self.folder.glob("accepted-*.parquet")):
            yield gpd.read_parquet(path).drop(columns=[_SOURCE, _ROW])

    def frame(self) -> gpd.GeoDataFrame:
        """All accepted rows in the layer's canonical form."""
        frames = [frame for frame in self.frames() if len(frame)]
        if not frames:
            return empty_frame(self.layer)
        return sort_records(self.layer, gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=SWEREF99_TM))

    def quarantine(self) -> Iterator[QuarantinedRow]:
        """The rows that break a rule, in the order of the files."""
        files = {report.source_name: position for position, report in enumerate(self.reports)}
        for paths in self._group_quarantine(files):
            yield from sorted(read_quarantine(paths), key=lambda row: (files[row.source], row.row))

    def _group_quarantine(self, files: Mapping[str, int]) -> Iterator[list[Path]]:
        """Files of rows in order, and together those whose rows lie among each other: few are in memory at a time."""
        parts = []
        for path in sorted(self.folder.glob("quarantine-*.parquet")):
            rows = pq.read_table(path, columns=["source", "row"]).to_pylist()
            places = [(files[row["source"]], row["row"]) for row in rows]
            parts.append((min(places), max(places), path))
        parts.sort()
        together: list[Path] = []
        end = (0, 0)
        for first, last, path in parts:
            if together and first > end:
                yield together
                together = []
            together.append(path)
            end = max(end, last)
        if together:
            yield together


class Staging:
    """Fills a folder.

    Parameters
    ----------
    folder : Path, empty
    layer : Layer
    """

    def __init__(self, folder: Path, layer: Layer) -> None:
        self.folder, self.layer = folder, layer
        self._n_accepted = self._n_quarantined = 0
        self._prints: list[NDArray[np.bytes_]] = []
        self._sources: list[NDArray[np.int64]] = []
        self._rows: list[NDArray[np.int64]] = []

    def add(self, source: int, frame: gpd.GeoDataFrame) -> None:
        """Accepted rows of a file.

        Parameters
        ----------
        source : int, position of the file among those of the import
        frame : GeoDataFrame in the layer's columns; index: the row's position in the file
        """
        if frame.empty:
            return
        rows = frame.index.to_numpy(dtype=np.int64)
        keys = frame[list(self.layer.id_columns)].astype(object)
        self._prints.append(fingerprint_rows(keys, np.full(len(frame), None, dtype=object)))
        self._sources.append(np.full(len(frame), source, dtype=np.int64))
        self._rows.append(rows)
        frame = frame.assign(**{_SOURCE: source, _ROW: rows + 1})
        path = self.folder / f"accepted-{self._n_accepted:05d}.parquet"
        frame.to_parquet(path, compression="zstd", index=False)
        self._n_accepted += 1

    def add_quarantined(self, rows: Sequence[QuarantinedRow]) -> None:
        """Rows that break a rule."""
        if rows:
            write_quarantine_part(self.folder / f"quarantine-{self._n_quarantined:05d}.parquet", rows)
            self._n_quarantined += 1

    def find_clashes(self, source_names: Iterable[str]) -> dict[int, list[Failure]]:
        """What is wrong with accepted rows beside each other: file to failures with positions in that file.

        Parameters
        ----------
        source_names : names of the files

        Raises
        ------
        InputError
            The rows as a whole are no layer, whichever of them are left out.
        """
        if not self._prints:
            return {}
        prints, sources, rows = np.concatenate(self._prints), np.concatenate(self._sources), np.concatenate(self._rows)
        suspects = find_repeated(prints, all_of_them=True)
        if self.layer.frame_rules is not None:
            suspects[:] = True
        if not suspects.any():
            return {}
        frame = self._read(suspects)
        failures = find_clashes(self.layer, frame)
        if whole := [failure for failure in failures if not failure.rows]:
            head = f"{', '.join(source_names)}: the rows do not fit together in layer {self.layer.name}."
            raise as_error(head, whole)
        found: dict[int, list[Failure]] = {}
        for failure in failures:
            for source, split in _split_by_file(failure, sources[suspects], rows[suspects]):
                found.setdefault(source, []).append(split)
        return found

    def remove(self, source: int, rows: Iterable[int]) -> None:
        """Take accepted rows of a file out again.

        Parameters
        ----------
        source : int
        rows : positions in the file
        """
        numbers = np.array(sorted(rows), dtype=np.int64) + 1
        for part, path in enumerate(sorted(self.folder.glob("accepted-*.parquet"))):
            frame = gpd.read_parquet(path)
            gone = ((frame[_SOURCE] == source) & frame[_ROW].isin(numbers)).to_numpy(dtype=bool)
            if gone.any():
                frame[~gone].to_parquet(path, compression="zstd", index=False)
                for kept in (self._prints, self._sources, self._rows):
                    kept[part] = kept[part][~gone]

    def finish(self, reports: Iterable[Report]) -> None:
        """Write the reports: the folder is complete."""
        document = {"layer": self.layer.name, "reports": [report.to_dict() for report in reports]}
        (self.folder / _REPORT).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

    def _read(self, wanted: NDArray[np.bool_]) -> gpd.GeoDataFrame:
        """Those of the accepted rows, in the order in which they were added; index 0 … n-1."""
        frames, start = [], 0
        for path in sorted(self.folder.glob("accepted-*.parquet")):
            frame = gpd.read_parquet(path)
            frames.append(frame[wanted[start : start + len(frame)]])
            start += len(frame)
        together = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
        return gpd.GeoDataFrame(together.drop(columns=[_SOURCE, _ROW]), crs=SWEREF99_TM)


def _split_by_file(
    failure: Failure, sources: NDArray[np.int64], rows: NDArray[np.int64]
) -> Iterator[tuple[int, Failure]]:
    """A failure of rows of several files as one of each."""
    positions = np.array(failure.rows, dtype=np.int64)
    values = failure.got or ("",) * len(positions)
    for source in np.unique(sources[positions]).tolist():
        here = [(int(rows[at]), value) for at, value in zip(positions, values, strict=True) if sources[at] == source]
        told = tuple(value for _, value in here) if failure.got else ()
        told_rows = tuple(row for row, _ in here)
        yield source, Failure(failure.column, failure.rule, failure.remedy, told_rows, told, failure.kind)
