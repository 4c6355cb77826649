"""A file from outside: named, sized, hashed, and held to what its ending promises."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from geo.errors import InputError
from geo.layers.persons import hide_personal_numbers
from geo.reading.archive import check_ratio, holds_archive, open_archive
from geo.reading.limits import DEFAULT_LIMITS, Limits

__all__ = ["ENDINGS", "Source", "name_file", "open_source"]

_KINDS = {
    ".geojson": "geojson",
    ".json": "geojson",
    ".gpkg": "gpkg",
    ".fgb": "fgb",
    ".zip": "shp",
    ".parquet": "parquet",
    ".geoparquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".csv.gz": "csv",
    ".xlsx": "xlsx",
}
ENDINGS = tuple(sorted(_KINDS))
_EXPECTED = {
    "geojson": "JSON",
    "gpkg": "a GeoPackage",
    "fgb": "FlatGeobuf",
    "shp": "a ZIP archive or spreadsheet",
    "parquet": "Parquet",
    "csv": "text",
    "xlsx": "a ZIP archive or spreadsheet",
}
_EXPORT = "export it as GeoJSON, GeoPackage or CSV"
# what to do about content that has a name of its own
_REMEDIES = {
    "JSON": "name it .geojson, or export it again",
    "a GeoPackage": "name it .gpkg",
    "FlatGeobuf": "name it .fgb",
    "Parquet": "name it .parquet",
    "text": "name it .csv if it is a table, or export it again",
    "gzip-packed data": "name it .csv.gz if it is a packed table, or unpack it",
    "a ZIP archive or spreadsheet": "name it .xlsx if it is a spreadsheet, .zip if it is a packed Shapefile",
    "an old or password-protected office document": "save it as .xlsx without a password",
    "a PDF": "ask for the table itself, as CSV or .xlsx",
    "binary data": "save it as UTF-8 if it is text, else export it as GeoJSON, GeoPackage or CSV",
    "UTF-16 text": "save it as UTF-8",
    "nothing but white space": "export it again",
}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_START = re.compile(r"[/\\]?[A-Za-z][A-Za-z0-9+.-]*:?[/\\]{0,2}")
_GPKG_IDS = {b"GPKG", b"GP10", b"GP11"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_PIECE_BYTES = 2**20
_SHOWN_LETTERS = 255


@dataclass(frozen=True)
class Source:
    """A file's content, once it is what its ending says.

    Attributes
    ----------
    name : str, without the folder
    kind : ``geojson``, ``gpkg``, ``fgb``, ``shp``, ``parquet``, ``csv`` or ``xlsx``
    content : bytes of the file as it lies on the disk
    sha256 : str, 64 hexadecimal digits
    limits : Limits that its readers keep to
    packed : bool, whether the content is text packed by gzip
    """

    name: str
    kind: str
    content: bytes
    sha256: str
    limits: Limits = DEFAULT_LIMITS
    packed: bool = False

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return len(self.content)

    def open(self) -> BinaryIO:
        """The content as a stream, unpacked where it is packed."""
        stream = io.BytesIO(self.content)
        return gzip.GzipFile(fileobj=stream, mode="rb") if self.packed else stream  # type: ignore[return-value]


def open_source(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Source:
    """Read a local file and confirm by its content that it is what its ending says.

    Parameters
    ----------
    path : str or path-like, a plain file of this machine
    limits : Limits

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
        # an address may hold a password
        start = _START.match(text)
        shown = start[0] if start else ""
        message = f"{shown}… is no file of this machine: addresses are never followed. Download it and name the file."
        raise InputError(message)
    file = Path(text)
    try:
        ending = _check_outside(file, file.stat(), limits)
        with file.open("rb") as stream:
            content = stream.read(limits.file_bytes + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        # the name alone: where a file lies on this machine is nobody's business who sent it
        message = f"{name_file(file)[:_SHOWN_LETTERS]!r} cannot be read: {_explain(error)}."
        raise InputError(message) from error
    if len(content) > limits.file_bytes:
        _refuse(file, "grew while it was read; try again")
    packed = ending.endswith(".gz")
    _check_content(file, ending, content, limits)
    return Source(name_file(file), _KINDS[ending], content, hashlib.sha256(content).hexdigest(), limits, packed)


def name_file(path: str | os.PathLike[str]) -> str:
    """What a file is called in reports and messages: without its folder, and without a person's number in its name."""
    return hide_personal_numbers(Path(path).name)


def _check_outside(file: Path, status: os.stat_result, limits: Limits) -> str:
    # looked at before it is opened: opening a pipe waits for a writer
    if not stat.S_ISREG(status.st_mode):
        _refuse(file, "is not a plain file; name a file")
    endings = ["".join(file.suffixes[-2:]).lower(), file.suffix.lower()]
    ending = next((each for each in endings if each in _KINDS), "")
    if not ending:
        _refuse(file, f"files ending in {file.suffix!r} are not read; the endings that are: {', '.join(ENDINGS)}")
    if status.st_size > limits.file_bytes:
        size, limit = status.st_size / 2**20, limits.file_bytes / 2**20
        _refuse(file, f"holds {size:.0f} MiB, more than the {limit:.0f} MiB that are read at once; split it")
    if status.st_size == 0:
        _refuse(file, "is empty; export it again")
    return ending


def _check_content(file: Path, ending: str, content: bytes, limits: Limits) -> None:
    kind = _KINDS[ending]
    packed = ending.endswith(".gz")
    found = _describe(content)
    expected = "gzip-packed data" if packed else _EXPECTED[kind]
    if found == expected and packed:
        found, expected = f"{_describe_packed(file, content, limits)}, packed", f"{_EXPECTED[kind]}, packed"
    if kind == "csv" and "UTF-16 text" in found:
        found = expected
    if found == expected:
        _check_whole(file, kind, content, limits)
        return
    what = f"its name says {ending}, but it holds {found}"
    if "XML" in found:
        what += ", which can make a reader open other files"
    _refuse(file, f"{what}; {_REMEDIES.get(found, _EXPORT)}")


def _describe(content: bytes) -> str:
    head = content[:4096]
    if head.startswith(b"SQLite format 3\0"):
        return "a GeoPackage" if head[68:72] in _GPKG_IDS else "an SQLite database that is no GeoPackage"
    for start, what in (
        (b"PK\x03\x04", "a ZIP archive or spreadsheet"),
        (b"PK\x05\x06", "an empty ZIP archive"),
        (b"\x1f\x8b", "gzip-packed data"),
        (b"PAR1", "Parquet"),
        (b"PARE", "encrypted Parquet"),
        (b"%PDF", "a PDF"),
        (b"fgb\x03fgb", "FlatGeobuf"),
        (b"\xd0\xcf\x11\xe0", "an old or password-protected office document"),
        *((mark, "UTF-16 text") for mark in _WIDE_MARKS),
    ):
        if head.startswith(start):
            return what
    if b"\0" in content:
        return "binary data"
    start = head.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    return {b"": "nothing but white space", b"{": "JSON", b"[": "JSON", b"<": "XML or HTML"}.get(start, "text")


def _describe_packed(file: Path, content: bytes, limits: Limits) -> str:
    """What gzip-packed content holds, all of it looked at, a piece in memory at a time."""
    n_bytes, found = 0, ""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            while piece := stream.read(_PIECE_BYTES):
                n_bytes += len(piece)
                check_ratio(name_file(file), n_bytes, len(content), limits)
                if found in {"", "nothing but white space"}:
                    found = "an archive" if holds_archive(piece) else _describe(piece)
                elif found == "text" and b"\0" in piece:
                    found = "binary data"
    except (OSError, EOFError, zlib.error) as error:
        _refuse(file, f"is damaged or cut off ({error}); pack or export it again")
    return found or "nothing at all"


def _check_whole(file: Path, kind: str, content: bytes, limits: Limits) -> None:
    if kind == "gpkg":
        _check_whole_database(file, content)
    if kind == "parquet" and not content.endswith(b"PAR1"):
        _refuse(file, "is cut off: Parquet ends as it begins; copy or export it again")
    if kind in {"shp", "xlsx"}:
        _, members = open_archive(name_file(file), content, limits)
        names = [member.filename.lower() for member in members]
        if kind == "xlsx" and "xl/workbook.xml" not in names:
            _refuse(file, "its name says .xlsx, but it holds a ZIP archive that is no spreadsheet; save it as .xlsx")
        if kind == "shp" and "xl/workbook.xml" in names:
            _refuse(file, "its name says .zip, but it holds a spreadsheet; name it .xlsx")


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
            _refuse(file, f"has unsaved changes in {name_file(beside)}; close the program that has it open")


def _refuse(file: Path, what: str) -> NoReturn:
    message = f"{name_file(file)}: {what}."
    raise InputError(message)


def _explain(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file; check the path"
    if isinstance(error, PermissionError):
        return "permission denied; check who may read it"
    said = getattr(error, "strerror", None) or str(error)
    return f"{said}; check the path"
