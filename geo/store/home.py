"""The data folder: where it is, and who may write to it at the moment."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.errors import NotFoundError, StoreError
from geo.store.atomic import explain_os_error, remove_leftovers

__all__ = [
    "LOCK_TIMEOUT_S",
    "OLD_INDEX",
    "OLD_POINTER",
    "StrPath",
    "default_home",
    "find_home",
    "has_old_store",
    "lock_home",
    "open_home",
]

StrPath = str | os.PathLike[str]
LOCK_TIMEOUT_S = 60.0
_FOLDERS = ("surfaces", "demo-truth")
# What named the layers' files and the published surface before there was a database.
OLD_INDEX, OLD_POINTER = Path("layers", "current.json"), Path("surfaces", "current")
_PRIVATE = 0o700


def default_home() -> Path:
    """The data folder that ``NORRSYN_HOME`` names, or ``norrsyn-data`` where the program was started."""
    return Path(os.environ.get("NORRSYN_HOME") or "norrsyn-data")


def open_home(home: StrPath | None = None) -> Path:
    """A data folder to write to, made if it is not there, for its owner's eyes only.

    Parameters
    ----------
    home : path, optional; `default_home` when left out

    Returns
    -------
    Path

    Raises
    ------
    StoreError
        It cannot be made, or is a file.
    """
    path = default_home() if home is None else Path(home)
    with explain_os_error(path, "made"):
        path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        for name in _FOLDERS:
            (path / name).mkdir(mode=_PRIVATE, exist_ok=True)
    return path


def find_home(home: StrPath | None = None) -> Path:
    """A data folder to read from.

    Raises
    ------
    NotFoundError
        There is none.
    """
    path = default_home() if home is None else Path(home)
    if not path.is_dir():
        message = (
            f"There is no data folder {path}; make one with `norrsyn demo` or `norrsyn import`, or set NORRSYN_HOME."
        )
        raise NotFoundError(message)
    return path


def has_old_store(home: Path) -> bool:
    """Whether layers or a published surface stand in files, as an older Norrsyn kept them."""
    return (home / OLD_INDEX).exists() or (home / OLD_POINTER).exists()


@contextmanager
def lock_home(home: Path, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Be the only writer of a data folder; other processes and threads wait. Readers never need to.

    The operating system gives the lock back when its holder ends, however it ends.

    Parameters
    ----------
    home : Path, as `open_home` gives it
    timeout_s : float, s

    Raises
    ------
    StoreError
        Another writer keeps the lock for longer than that.
    """
    path = home / ".lock"
    with explain_os_error(path, "opened"):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for_lock(handle, path, time.monotonic() + timeout_s)
        with explain_os_error(home, "tidied"):
            for folder in (home, *(home / name for name in _FOLDERS)):
                remove_leftovers(folder)
        yield
    finally:
        os.close(handle)


def _wait_for_lock(handle: int, path: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                message = f"{path.parent} is being written to by another process; wait for it to end and try again."
                raise StoreError(message) from None
            time.sleep(0.02)
        except OSError as error:
            message = f"{path} cannot be locked ({error.strerror}); keep the data folder on a local disk."
            raise StoreError(message) from error
        else:
            return
