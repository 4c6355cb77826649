"""Folders for the time of one import, inside the data folder, where rows wait that have been read and not yet written.

They hold rows, so they stand where the data stands and for its owner's eyes only. Whoever makes one holds a lock on it
until the end; one that nobody holds was left behind by a process that was killed, and the next one removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from geo.store.atomic import explain_os_error

__all__ = ["scratch_folder"]

_PREFIX = ".reading-"


@contextmanager
def scratch_folder(home: Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards.

    Parameters
    ----------
    home : Path of the data folder

    Yields
    ------
    Path

    Raises
    ------
    StoreError
        It cannot be made.
    """
    _sweep(home)
    with explain_os_error(home, "written"):
        path, handle = _make(home)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(handle)


def _make(home: Path) -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home))
        # swept away in the moment before it was locked: make another
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if path.exists():
                return path, handle
            os.close(handle)


def _sweep(home: Path) -> None:
    """Remove folders that nobody holds."""
    for path in home.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(handle)
