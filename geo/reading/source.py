"""A file from outside: named, sized, hashed, and held to what its ending promises."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from geo.errors import InputError

__all__ = ["MAX_BYTES", "Source", "open_source"]

MAX_BYTES = 256 * 2**20
_KINDS = {".geojson": "geojson", ".json": "geojson", ".gpkg": "gpkg", ".csv": "csv"}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_GPKG_IDS = {b"GPKG", b"GP10", b"GP11"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Source:
    """A file's content, once it is what its ending says.

    Attributes
    ----------
    name : str, without the folder
    kind : ``geojson``, ``gpkg`` or ``csv``
    content : bytes
    sha256 : str, 64 hexadecimal digits
    """

    name: str
    kind: str
    content: bytes
    sha256: str

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)


def open_source(path: str | os.PathLike[str]) -> Source:
    """Read a local file and confirm by its content that it is what its ending says.

    Parameters
    ----------
    path : str or path-like, a plain file of this machine

    Returns
    -------
    Source

    Raises
    ------
    InputError
        An address instead of a file, a file that is missing, empty, too large, of a kind that is not read here, or
        not what its ending says.
    """
    text = os.fspath(path)
    if text.startswith(("/vsi", "\\vsi")) or _ADDRESS.match(text):
        message = f"{text!r} is no file of this machine: addresses are never followed. Download it and name the file."
        raise InputError(message)
    file = Path(text)
    try:
        kind = _check_outside(file, file.stat())
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        message = f"{text!r} cannot be read: {_explain(error)}."
        raise InputError(message) from error
    if len(content) > MAX_BYTES:
        _refuse(file, "grew while it was read; try again")
    _check_content(file, kind, content)
    return Source(file.name, kind, content, hashlib.sha256(content).hexdigest())


def _check_outside(file: Path, status: os.stat_result) -> str:
    # looked at before it is opened: opening a pipe waits for a writer
    if not stat.S_ISREG(status.st_mode):
        _refuse(file, "is not a plain file; name a file")
    kind = _KINDS.get(file.suffix.lower(), "")
    if not kind:
        kinds = ", ".join(sorted(_KINDS))
        _refuse(file, f"files ending in {file.suffix!r} are not read; the endings that are: {kinds}")
    if status.st_size > MAX_BYTES:
        size, limit = status.st_size / 2**20, MAX_BYTES / 2**20
        _refuse(file, f"holds {size:.0f} MiB, more than the {limit:.0f} MiB that are read at once; split it")
    if status.st_size == 0:
        _refuse(file, "is empty; export it again")
    return kind


def _check_content(file: Path, kind: str, content: bytes) -> None:
    found = _describe(content)
    expected = {"geojson": "JSON", "gpkg": "a GeoPackage", "csv": "text"}[kind]
    if found == expected:
        if kind == "gpkg":
            _check_whole_database(file, content)
        return
    what = f"its name says {file.suffix.lower()}, but it holds {found}"
    if "XML" in found:
        what += ", which can make a reader open other files"
    _refuse(file, f"{what}; export it as GeoJSON, GeoPackage or CSV")


def _describe(content: bytes) -> str:
    head = content[:4096]
    if head.startswith(b"SQLite format 3\0"):
        return "a GeoPackage" if head[68:72] in _GPKG_IDS else "an SQLite database that is no GeoPackage"
    for start, what in (
        (b"PK\x03\x04", "a ZIP archive or spreadsheet"),
        (b"\x1f\x8b", "gzip-packed data"),
        (b"PAR1", "Parquet"),
        (b"%PDF", "a PDF"),
        (b"fgb", "FlatGeobuf"),
        (b"\xff\xfe", "UTF-16 text (save it as UTF-8)"),
        (b"\xfe\xff", "UTF-16 text (save it as UTF-8)"),
    ):
        if head.startswith(start):
            return what
    if b"\0" in content:
        return "binary data"
    start = head.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    return {b"": "nothing but white space", b"{": "JSON", b"[": "JSON", b"<": "XML or HTML"}.get(start, "text")


def _check_whole_database(file: Path, content: bytes) -> None:
    page_size = int.from_bytes(content[16:18], "big")
    page_size = 65_536 if page_size == 1 else page_size
    n_pages = int.from_bytes(content[28:32], "big")
    # the page count holds only where the same change wrote both counters (SQLite file format, 1.3.7)
    if content[24:28] == content[92:96] and page_size * n_pages > len(content):
        _refuse(file, f"is cut off: {len(content)} of {page_size * n_pages} bytes; copy it again")
    for ending in ("-wal", "-journal"):
        beside = file.with_name(file.name + ending)
        if beside.is_file() and beside.stat().st_size:
            _refuse(file, f"has unsaved changes in {beside.name}; close the program that has it open")


def _refuse(file: Path, what: str) -> NoReturn:
    message = f"{file.name}: {what}."
    raise InputError(message)


def _explain(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file; check the path"
    if isinstance(error, PermissionError):
        return "permission denied; check who may read it"
    return getattr(error, "strerror", None) or str(error)
