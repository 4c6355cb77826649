"""A layer from the store to a file that is there whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import geopandas as gpd
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from geo.errors import NotFoundError, ParameterError, StoreError
from geo.exporting.dictionary import Entry, describe_columns, describe_sources, say_sources
from geo.exporting.formats import WRITERS, find_places, write_dictionary
from geo.layers.base import Layer
from geo.layers.circles import classify, select_visible
from geo.layers.registry import get_layer
from geo.reading.exports import AS_IT_IS, ESCAPED
from geo.store.atomic import explain_os_error, write_file
from geo.store.files import Snapshot, StoredImport, content_hash, list_imports, list_snapshots, load_snapshot
from geo.store.home import StrPath
from geo.store.people.events import note_event
from geo.store.people.operators import PYTHON, name_operator

__all__ = ["Exported", "export_layer"]

_CSV = ".csv"


@dataclass(frozen=True)
class Exported:
    """A layer that was written to a file.

    Attributes
    ----------
    path : Path
    rows : int
    sha256 : str, of the file
    dictionary_path : Path, optional; None where the dictionary is in the file itself
    layer : str
    snapshot : int, number of the snapshot that was written
    content_sha256 : str, `geo.layers.hashes.content_hash` of the rows in the file; reading it again gives the same
    circle : str, optional, whose records alone were written; None for all
    rows_left_out : int, rows of the snapshot that the circle may not see
    classification : str, who may see the file
    attribution : str
    """

    path: Path
    rows: int
    sha256: str
    dictionary_path: Path | None
    layer: str
    snapshot: int
    content_sha256: str
    circle: str | None
    rows_left_out: int
    classification: str
    attribution: str


def export_layer(
    home: StrPath | None,
    layer: Layer | str,
    path: StrPath,
    *,
    snapshot: int | None = None,
    circle: str | None = None,
    replace: bool = False,
    by: str = "",
) -> Exported:
    """Write a layer, and what is needed to understand it, to a file that can be read into the same layer again.

    That it was written is noted in the log of what was done.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    layer : Layer, or its name
    path : path ending in ``.gpkg``, ``.parquet`` or ``.csv``; the dictionary of a CSV goes beside it, in
        ``<name>.dictionary.csv``
    snapshot : int, number of the snapshot; None for the current one
    circle : str, optional; only records that this sharing circle may see
    replace : bool, whether files that are there already are replaced
    by : str, whoever writes it; the system's user when left out

    Returns
    -------
    Exported

    Raises
    ------
    NotFoundError
        There is no such layer, snapshot or data folder, or no record that the circle may see.
    ParameterError
        The file's ending or the circle is unknown, or the file is there already.
    StoreError
        The store cannot be read, or the file cannot be written; files that were there before are untouched.
    """
    found, out = get_layer(layer if isinstance(layer, str) else layer.name), Path(path)
    ending = out.suffix.lower()
    beside = out.with_name(f"{out.stem}.dictionary.csv") if ending == _CSV else None
    _check_paths(out, beside, replace=replace)
    stored = _find_snapshot(home, found, snapshot)
    frame = load_snapshot(home, found, stored.number)
    kept = select_visible(frame, circle)
    if kept.empty:
        message = f"No record of {found.name} may be seen by circle {circle}; nothing was written."
        raise NotFoundError(message)
    imports = _find_sources(list_imports(home, found), stored.number)
    exported = Exported(
        path=out,
        rows=len(kept),
        sha256="",
        dictionary_path=beside,
        layer=found.name,
        snapshot=stored.number,
        content_sha256=content_hash(kept),
        circle=circle,
        rows_left_out=len(frame) - len(kept),
        classification=classify(kept["circle"].unique()),
        attribution=say_sources(one.provenance for one in imports),
    )
    mark = ESCAPED if ending == _CSV else AS_IT_IS
    entries = (
        *_describe_file(found, kept, exported, imports, stored),
        *describe_columns(found, find_places(found, ending), mark),
    )
    sha256 = _write(exported, found, kept, entries)
    about = f"{found.name}/{stored.number} {ending.removeprefix('.')}"
    now, name = time.time(), by or name_operator(PYTHON)
    note_event(home, None, "layer-exported", about, now=now, name=name, basis=circle or "")
    return Exported(**{**exported.__dict__, "sha256": sha256})


def _check_paths(out: Path, beside: Path | None, *, replace: bool) -> None:
    if out.suffix.lower() not in WRITERS:
        message = f"{out}: a layer is exported to a file ending in {', '.join(WRITERS)}."
        raise ParameterError(message)
    there = [str(each) for each in (out, beside) if each is not None and each.exists()]
    if there and not replace:
        message = f"{' and '.join(there)} is there already; choose another name, or replace it with --replace."
        raise ParameterError(message)


def _find_snapshot(home: StrPath | None, layer: Layer, number: int | None) -> Snapshot:
    snapshots = list_snapshots(home, layer)
    if not snapshots:
        message = f"Nothing was ever imported into {layer.name}, so there is nothing to export."
        raise NotFoundError(message)
    wanted = [one for one in snapshots if (one.is_current if number is None else one.number == number)]
    if not wanted:
        numbers = ", ".join(str(one.number) for one in snapshots)
        what = "no current snapshot" if number is None else f"no snapshot {number}"
        message = f"{layer.name} has {what}; there are {numbers}."
        raise NotFoundError(message)
    return wanted[0]


def _find_sources(imports: Sequence[StoredImport], snapshot: int) -> tuple[StoredImport, ...]:
    """Imports that rows of a snapshot may come from, the newest first; where rows were added, one too many at most."""
    made = [one for one in imports if one.snapshot == snapshot]
    if made and made[-1].mode == "replace":
        return tuple(made)
    return tuple(one for one in imports if one.snapshot is not None and one.snapshot <= snapshot)


def _describe_file(
    layer: Layer, frame: gpd.GeoDataFrame, exported: Exported, imports: Sequence[StoredImport], stored: Snapshot
) -> tuple[Entry, ...]:
    days = sorted(day for one in imports if (day := one.provenance.retain_until))
    made_up = int(frame["synthetic"].sum())
    left_out = f"; {exported.rows_left_out} record(s) of other circles were left out" if exported.circle else ""
    told = {
        "layer": f"{layer.name}: {layer.title}",
        "classification": exported.classification,
        "attribution": exported.attribution,
        "circle": f"{exported.circle or 'all records, whatever their circle'}{left_out}",
        "synthetic": f"{made_up} of {len(frame)} records are made up" if made_up else "",
        "rows": str(exported.rows),
        "content_sha256": exported.content_sha256,
        "snapshot": f"{stored.number}, made {stored.created_at}",
        "crs": "EPSG:3006 (SWEREF 99 TM), m",
        "erase_after": days[0] if days else "",
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    about = tuple(Entry(name, "about", "", meaning) for name, meaning in told.items() if meaning)
    return (*about, *describe_sources(imports))


def _write(exported: Exported, layer: Layer, frame: gpd.GeoDataFrame, entries: Sequence[Entry]) -> str:
    """Make the files beside their places, then put them there, the dictionary first; SHA-256 of the layer's."""
    out, beside = exported.path, exported.dictionary_path
    with explain_os_error(out, "written"), TemporaryDirectory(prefix=".part-", dir=out.parent) as folder:
        made = Path(folder) / f"rows{out.suffix.lower()}"
        try:
            WRITERS[made.suffix](made, layer, frame, entries)
        except (DataSourceError, DataLayerError, FeatureError, FieldError) as error:
            message = f"{out} cannot be written: {error}; check disk space and who may write there."
            raise StoreError(message) from error
        if beside is not None:
            lines = Path(folder) / "dictionary.csv"
            write_dictionary(lines, entries)
            write_file(beside, lambda file: _copy(lines, file))
        write_file(out, lambda file: _copy(made, file))
        with made.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(path: Path, to: IO[bytes]) -> None:
    with path.open("rb") as file:
        shutil.copyfileobj(file, to, 2**20)
