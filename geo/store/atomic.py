"""Files that are either the old ones or the new ones, whatever happens in between.

A file is written beside its place under a temporary name, flushed to the disk, renamed over the old one, and the
folder is flushed too: rename alone survives a killed process, but not a power cut.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from geo.errors import StoreError

__all__ = ["explain_os_error", "remove_leftovers", "replace_folder", "sync_folder", "write_file"]

_TEMPORARY = ".part-"


def write_file(path: Path, content: bytes | Callable[[IO[bytes]], object]) -> None:
    """Put a file in its place in one step.

    Parameters
    ----------
    path : Path, in a folder that exists
    content : bytes, or a function that is called with the open file and writes them

    Raises
    ------
    StoreError
        The disk is full or may not be written to; the old file is untouched.
    """
    with explain_os_error(path, "written"):
        handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    content(file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


@contextmanager
def replace_folder(path: Path) -> Iterator[Path]:
    """Fill a folder under a temporary name, then put it in its place; a folder that was there before goes.

    Parameters
    ----------
    path : Path, its parent exists

    Yields
    ------
    Path of the temporary folder

    Raises
    ------
    StoreError
        As `write_file`.
    """
    with explain_os_error(path, "written"):
        temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=path.parent))
        try:
            yield temporary
            sync_folder(temporary)
            if path.exists():
                path.rename(temporary.with_name(temporary.name + "-old"))
            temporary.rename(path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        sync_folder(path.parent)
        shutil.rmtree(temporary.with_name(temporary.name + "-old"), ignore_errors=True)


def sync_folder(path: Path) -> None:
    """Flush a folder's list of names to the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_leftovers(folder: Path) -> None:
    """Remove what writers that were killed left behind. Only for those who hold the lock."""
    for path in folder.glob(_TEMPORARY + "*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def explain_os_error(path: Path, what: str) -> Iterator[None]:
    """Turn what the operating system says into a `StoreError` that names the file and what to do."""
    try:
        yield
    except OSError as error:
        remedy = "who may read it" if what == "read" else "disk space and who may write there"
        message = f"{path} cannot be {what}: {error.strerror or error}; check {remedy}."
        raise StoreError(message) from error
