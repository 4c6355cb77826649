"""What a file from outside may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "Limits"]

_MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds on one file from outside; what goes beyond one of them is refused, with the bound in the message.

    Attributes
    ----------
    file_bytes : bytes of the file as it lies on the disk
    unpacked_bytes : bytes that the members of an archive, or packed text, may unpack to together
    ratio : how many times larger than packed something may become, once it is larger than `ratio_free_bytes`
    ratio_free_bytes : bytes up to which the ratio does not matter; text of few words packs well
    members : members of an archive
    rows : rows of the file
    columns : columns of the file; as many as a table of SQLite, and so of a GeoPackage, has by default
    cells : cells of a sheet's used rectangle, empty ones too: a reader of sheets holds them all
    cell_characters : characters of one cell of CSV, Parquet and what GDAL reads, UTF-8 bytes in the latter two; a
        municipality's border as WKT takes several hundred thousand
    time_s : seconds from start to end of the process that reads
    processor_s : seconds of computing in that process, over all its threads
    memory_bytes : bytes of memory that the process may take for data
    written_bytes : bytes of the largest file that the process may write
    open_files : files that the process may have open at once
    """

    file_bytes: int = 256 * _MIB
    unpacked_bytes: int = 1024 * _MIB
    ratio: int = 200
    ratio_free_bytes: int = 8 * _MIB
    members: int = 1000
    rows: int = 5_000_000
    columns: int = 2000
    cells: int = 30_000_000
    cell_characters: int = 64 * _MIB
    time_s: float = 1800.0
    processor_s: int = 1800
    memory_bytes: int = 4096 * _MIB
    written_bytes: int = 4096 * _MIB
    open_files: int = 256


DEFAULT_LIMITS = Limits()
