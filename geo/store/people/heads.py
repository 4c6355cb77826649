"""The head of the log that was last found good, kept in the data folder beside the database."""

from __future__ import annotations

import json
from pathlib import Path

from geo.errors import StoreError
from geo.store.atomic import explain_os_error, write_file
from geo.store.home import StrPath
from geo.store.people.chain import Head

__all__ = ["HEAD_FILE", "forget_kept_head", "keep_head", "read_kept_head"]

HEAD_FILE = "audit.head"


def keep_head(home: StrPath, head: Head) -> None:
    """Keep the head of a log that was verified; whatever is cut off before it later is missed.

    Raises
    ------
    StoreError
    """
    if head.number and Path(home).is_dir() and read_kept_head(home) != head:
        write_file(Path(home) / HEAD_FILE, (json.dumps(head._asdict()) + "\n").encode())


def read_kept_head(home: StrPath) -> Head | None:
    """The head that was kept; None where there is none.

    Raises
    ------
    StoreError
        The file holds something else.
    """
    path = Path(home) / HEAD_FILE
    with explain_os_error(path, "read"):
        try:
            text = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
    try:
        found = json.loads(text)
        return Head(int(found["number"]), str(found["hash"]))
    except (ValueError, KeyError, TypeError) as error:
        message = (
            f"{path} holds no head of the audit log; move it away, and compare with a head that was kept elsewhere."
        )
        raise StoreError(message) from error


def forget_kept_head(home: StrPath) -> None:
    """Keep none, after the log was replaced by that of a backup."""
    (Path(home) / HEAD_FILE).unlink(missing_ok=True)
