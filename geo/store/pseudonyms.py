"""The key for pseudonyms: from the environment, else from a file of the data folder, made once."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from pathlib import Path

from geo.errors import ConfigError
from geo.reading.employers import MIN_KEY_BYTES
from geo.store.atomic import explain_os_error, sync_folder

__all__ = ["KEY_FILE", "KEY_VARIABLE", "load_pseudonym_key"]

KEY_FILE = "pseudonym.key"
KEY_VARIABLE = "NORRSYN_PSEUDONYM_KEY"
# as that of other files on their way, so that what a killed process leaves behind goes with theirs
_TEMPORARY = ".part-"
_OWNER_ONLY = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def load_pseudonym_key(home: str | os.PathLike[str], given: str | None = None) -> bytes:
    """The key that persons' numbers are hashed with.

    Parameters
    ----------
    home : the data folder, which is there
    given : the key as the settings have it; left out, ``NORRSYN_PSEUDONYM_KEY`` of the environment is looked at

    Returns
    -------
    bytes
        The key given; else that of the file ``pseudonym.key`` in the data folder, which is made with mode 0600 where it
        is not there. The text of the file, given as the setting, is the same key.

    Raises
    ------
    ConfigError
        The key is too short, or others than its owner may read the file; the message never holds the key.
    StoreError
        The file cannot be read or made.
    """
    text = os.environ.get(KEY_VARIABLE, "") if given is None else given
    if text.strip():
        return _check(text, KEY_VARIABLE)
    path = Path(home) / KEY_FILE
    with explain_os_error(path, "read"):
        if not path.exists():
            _make(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_text("ascii", "replace")
    if mode & _OTHERS:
        message = (
            f"{path}: others than its owner may read the key for pseudonyms (mode {mode:03o}); run chmod 600 on it."
        )
        raise ConfigError(message)
    return _check(content, str(path))


def _make(path: Path) -> None:
    """Write a new key beside its place and link it there: two that start at once get one key, and never half of one."""
    handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), _OWNER_ONLY)
            file.write(f"{secrets.token_hex(MIN_KEY_BYTES)}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _check(text: str, where: str) -> bytes:
    key = text.strip().encode()
    if len(key) < MIN_KEY_BYTES:
        message = (
            f"{where}: the key for pseudonyms has {len(key)} characters; it needs {MIN_KEY_BYTES} or more. Give the "
            "key that earlier imports used; for a first one, make it with: openssl rand -hex 32"
        )
        raise ConfigError(message)
    return key
