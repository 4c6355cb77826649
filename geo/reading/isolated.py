"""Files read in a process of their own: the way in for whatever comes from outside."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd

from geo.layers.base import Layer
from geo.layers.registry import get_layer
from geo.reading.columns import Choice
from geo.reading.context import save_context
from geo.reading.files import Request, finish_reading
from geo.reading.limits import DEFAULT_LIMITS, Limits
from geo.reading.mapping import ColumnMapping, merge_mapping
from geo.reading.report import Reading
from geo.reading.sandbox import Progress, run_worker
from geo.reading.staging import Staged

__all__ = ["list_columns", "make_choice", "read_layer", "stage_files"]


def read_layer(  # noqa: PLR0913  every option is one
    path: str | os.PathLike[str],
    layer: Layer | str,
    *,
    rename: Mapping[str, str] | None = None,
    set_values: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = None,
    skip_rows: Iterable[int] = (),
    crs: str | None = None,
    mapping: ColumnMapping | None = None,
    shape: str = "",
    strict: bool = False,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    pseudonym_key: bytes | None = None,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Callable[[Progress], None] | None = None,
) -> Reading:
    """Read a file into a layer, in a process of its own.

    Columns are recognised by their Swedish and English names, the reference system by the file or its coordinates, and
    rows without coordinates by the places that they name; the report says what was recognised and assumed.

    Parameters
    ----------
    path : str or path-like
        A file of this machine, of one of the formats in `geo.reading.source.ENDINGS`.
    layer : Layer, or its name
    rename : column in the file to column of the layer
        Also to ``easting`` and ``northing`` (m, EPSG:3006 unless `crs` says otherwise), ``lon`` and ``lat`` (degrees),
        ``geometry`` (WKT), or a key that places a row (`geo.reading.synonyms.KEYS`).
    set_values : column of the layer to one value for all rows
    where : column in the file to the value that a row must have to be read
    skip_rows : row numbers, the first being 1, as the report names them
    crs : str, optional, what the coordinates are in, where the file does not say it or says it wrongly
    mapping : ColumnMapping, optional, what a mapping file says; the other arguments go before it
    shape : documented shape of the file (``import_shapes``)
    strict : whether one row that breaks a rule refuses the file
    layers : layer name to frame, of ``borders``, ``localities`` and ``gazetteer``, to place rows by
    pseudonym_key : secret for the numbers of sole traders; None puts their rows into quarantine
    limits : Limits
    on_progress : told how far the reading has come

    Returns
    -------
    Reading
        ``frame`` in EPSG:3006 and the layer's canonical form, at least one row; ``report``.

    Raises
    ------
    CRSError
        No CRS, an unknown one, or all coordinates cannot be in it.
    SchemaError
        Columns that are missing, or no row without fault; with `strict`, any fault. All of them in one message.
    GeometryError
        Nothing says where rows are; or shapes are all that is wrong.
    InputError
        The file is missing, damaged, empty, not what its ending says, too large, or leaves no row.
    """
    name = layer if isinstance(layer, str) else layer.name
    choice, said_crs = make_choice(
        mapping, rename=rename, set_values=set_values, where=where, skip_rows=skip_rows, crs=crs, shape=shape
    )
    key = "" if pseudonym_key is None else pseudonym_key.hex()
    request = Request((os.fspath(path),), get_layer(name).name, choice, said_crs, pseudonym_key=key)
    with TemporaryDirectory(prefix="norrsyn-") as folder:
        staged = stage_files(request, Path(folder), layers or {}, limits, on_progress)
        return finish_reading(staged, strict=strict)


def make_choice(
    mapping: ColumnMapping | None = None,
    *,
    rename: Mapping[str, str] | None = None,
    set_values: Mapping[str, Any] | None = None,
    where: Mapping[str, Any] | None = None,
    skip_rows: Iterable[int] = (),
    crs: str | None = None,
    shape: str = "",
) -> tuple[Choice, str | None]:
    """What the caller says, and where the caller says nothing, what a mapping file says; and the CRS."""
    said = merge_mapping(
        mapping or ColumnMapping(), rename=rename, set_values=set_values, where=where, crs=crs, shape=shape or None
    )
    choice = Choice.of(said.columns, said.set_values, said.where, skip_rows, said.values, said.shape or "")
    return choice, said.crs


def list_columns(path: str | os.PathLike[str], layer: Layer | str) -> tuple[tuple[str, ...], bool]:
    """The columns of a file that may be read into a layer, and whether its rows have shapes.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    name = layer if isinstance(layer, str) else layer.name
    request = Request((os.fspath(path),), get_layer(name).name, Choice.of(), only_columns=True)
    with TemporaryDirectory(prefix="norrsyn-") as folder:
        (report,) = stage_files(request, Path(folder), {}).reports
    return tuple(each for each in report.columns if each != "geometry"), "geometry" in report.columns


def stage_files(
    request: Request,
    folder: Path,
    layers: Mapping[str, gpd.GeoDataFrame],
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Callable[[Progress], None] | None = None,
) -> Staged:
    """Read files into a folder, in a process of its own.

    Parameters
    ----------
    request : Request
    folder : Path, empty
    layers : layer name to frame, to place rows by
    limits : Limits
    on_progress : told how far the reading has come

    Returns
    -------
    Staged

    Raises
    ------
    InputError, StoreError, ConfigError
        As `geo.reading.sandbox.run_worker`.
    """
    known, staged = folder / "known", folder / "staged"
    for path in (known, staged):
        path.mkdir()
    save_context(known, layers)
    paths = tuple(os.fspath(Path(path).absolute()) if _is_plain(path) else path for path in request.paths)
    run_worker(replace(request, paths=paths, context_folder=str(known)).to_dict(), staged, limits, on_progress)
    return Staged(staged)


def _is_plain(path: str) -> bool:
    """Whether it is a path, which may be made absolute; whatever else it is, the reader refuses as it stands."""
    return ":" not in path and not path.startswith(("/vsi", "\\"))
