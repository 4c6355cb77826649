"""ZIP archives from outside: looked through before anything in them is unpacked, and unpacked no further than said."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from itertools import pairwise
from pathlib import PurePosixPath
from typing import NoReturn

from geo.errors import InputError
from geo.reading.limits import Limits

__all__ = ["check_ratio", "holds_archive", "open_archive", "read_member"]

_END = struct.Struct("<4s4H2LH")
_END_MARK, _LONG_MARK = b"PK\x05\x06", b"PK\x06\x07"
_LONG_MARK_BYTES = 20
_FARTHEST_END = 2**16 + _END.size
_LOCAL_HEADER_BYTES = 30
# name, comment and extras of one member in the list at the end; far more than any program writes
_LISTED_BYTES = 1024
_ENCRYPTED = 0x1
_SHOWN_LETTERS = 200
_ARCHIVES = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".xlsx", ".ods", ".jar", ".kmz")
_ARCHIVE_STARTS = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf",
    b"Rar!",
)


def open_archive(source_name: str, content: bytes, limits: Limits) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """An archive and its members, none of them unpacked yet.

    Parameters
    ----------
    source_name : str
    content : bytes of the archive
    limits : Limits

    Returns
    -------
    ZipFile, list of ZipInfo without folders

    Raises
    ------
    InputError
        Damaged, encrypted, with too many or too large members, members that lie on each other, archives inside, or
        names that lead out of a folder.
    """
    _check_list(source_name, content, limits)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, UnicodeDecodeError) as error:
        _refuse(source_name, f"is damaged or cut off, and no ZIP archive ({error}); pack or export it again", error)
    if not all(member.filename for member in archive.infolist()):
        _refuse(source_name, "has members without a name; pack or export it again")
    names = [member.filename for member in archive.infolist()]
    if len(set(names)) < len(names):
        _refuse(source_name, "has several members of one name, of which nobody knows the right one; pack it again")
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(archive.infolist()) > limits.members:
        _refuse(source_name, f"holds more than {limits.members} members; pack only what is needed")
    for member in archive.infolist():
        _check_member(source_name, member)
    _check_overlap(source_name, archive, len(content))
    check_ratio(source_name, sum(member.file_size for member in members), len(content), limits)
    for member in members:
        check_ratio(source_name, member.file_size, member.compress_size, limits)
    return archive, members


def read_member(source_name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """One member unpacked: never more than it said, and what it says it is.

    Raises
    ------
    InputError
        Damaged, or an archive itself.
    """
    try:
        content = archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        _refuse(
            source_name, f"{member.filename!r} in it is damaged ({_explain(error)}); pack or export it again", error
        )
    if holds_archive(content):
        _refuse_nested(source_name, member.filename)
    return content


def holds_archive(content: bytes) -> bool:
    """Whether content begins as an archive or packed data does."""
    return content.startswith(_ARCHIVE_STARTS)


def check_ratio(source_name: str, n_unpacked: int, n_packed: int, limits: Limits) -> None:
    """Refuse what unpacks to too much, or to far more than any honest data of its size would.

    Raises
    ------
    InputError
    """
    if n_unpacked > limits.unpacked_bytes:
        limit = limits.unpacked_bytes / 2**20
        _refuse(source_name, f"unpacks to more than {limit:.0f} MiB, the most that is read; split it")
    if n_unpacked > limits.ratio_free_bytes and n_unpacked > limits.ratio * max(n_packed, 1):
        what = f"unpacks to more than {limits.ratio} times its size, as no honest table does; export it unpacked"
        _refuse(source_name, what)


def _check_list(source_name: str, content: bytes, limits: Limits) -> None:
    """Look at the list of members before zipfile makes an object of each."""
    end = content.rfind(_END_MARK, max(0, len(content) - _FARTHEST_END))
    if end < 0 or end + _END.size > len(content):
        _refuse(source_name, "is damaged or cut off, and no ZIP archive; pack or export it again")
    _, _, _, _, n_members, n_list_bytes, _, _ = _END.unpack_from(content, end)
    if n_members > limits.members or n_list_bytes > limits.members * _LISTED_BYTES:
        _refuse(source_name, f"holds more than {limits.members} members; pack only what is needed")
    if content[end - _LONG_MARK_BYTES : end].startswith(_LONG_MARK):
        _refuse(source_name, "is a ZIP archive of the 64-bit kind, which is not read; pack it again")


def _check_member(source_name: str, member: zipfile.ZipInfo) -> None:
    # zipfile has already cut the name at a NUL and changed its separators
    name = member.orig_filename.replace("\\", "/")
    if member.flag_bits & _ENCRYPTED:
        _refuse(source_name, f"{member.filename!r} in it is encrypted; pack it without a password")
    if name.startswith("/") or ":" in name or "\0" in name or ".." in PurePosixPath(name).parts:
        _refuse(source_name, f"{name!r} in it leads out of the archive's folder; pack it again")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        _refuse(source_name, f"{member.filename!r} in it is packed in a way that is not read; pack it as a plain ZIP")
    if name.lower().endswith(_ARCHIVES):
        _refuse_nested(source_name, member.filename)


def _check_overlap(source_name: str, archive: zipfile.ZipFile, n_bytes: int) -> None:
    """Members that share their packed bytes unpack to far more than the archive's size tells."""
    members = sorted(archive.infolist(), key=lambda member: member.header_offset)
    ends = [
        member.header_offset + _LOCAL_HEADER_BYTES + len(member.orig_filename) + member.compress_size
        for member in members
    ]
    starts = [*(member.header_offset for member in members[1:]), n_bytes]
    if any(start < end for end, start in zip(ends, starts, strict=True)) or any(
        one.header_offset == other.header_offset for one, other in pairwise(members)
    ):
        _refuse(source_name, "has members that lie on each other; pack or export it again")


def _refuse_nested(source_name: str, member_name: str) -> NoReturn:
    _refuse(
        source_name, f"holds an archive inside ({member_name!r}), which is never unpacked; pack the files themselves"
    )


def _explain(error: Exception) -> str:
    """An error in few words, without the damaged bytes that some repeat."""
    said = str(error)
    return "its list of members and its content do not agree" if "\\x" in said else said[:_SHOWN_LETTERS]


def _refuse(source_name: str, what: str, cause: Exception | None = None) -> NoReturn:
    message = f"{source_name}: {what}."
    raise InputError(message) from cause
