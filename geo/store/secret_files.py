"""Secrets kept outside the database: from the environment, else from a file of the data folder, made once."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from geo.errors import ConfigError
from geo.store.atomic import explain_os_error, sync_folder

__all__ = ["SecretFile", "load_secret"]

# as that of other files on their way, so that what a killed process leaves behind goes with theirs
_TEMPORARY = ".part-"
_OWNER_ONLY = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class SecretFile:
    """A secret and where it is looked for.

    Attributes
    ----------
    name : file in the data folder
    variable : of the environment
    what : what messages call it
    advice : which one to give where it has to be given anew
    min_bytes : int
    """

    name: str
    variable: str
    what: str
    advice: str
    min_bytes: int


def load_secret(
    home: str | os.PathLike[str], secret: SecretFile, given: str | None = None, *, may_make: bool = True
) -> bytes:
    """A secret.

    Parameters
    ----------
    home : the data folder, which is there
    secret : SecretFile
    given : the secret as the settings have it; left out, the environment is looked at
    may_make : bool, whether a new one will do where the file is not there

    Returns
    -------
    bytes
        The secret given; else that of the file in the data folder, which is made with mode 0600 where it is not there.
        The text of the file, given as the setting, is the same secret.

    Raises
    ------
    ConfigError
        It is too short, or others than its owner may read the file, or there is none and a new one will not do; the
        message never holds it.
    StoreError
        The file cannot be read or made.
    """
    text = os.environ.get(secret.variable, "") if given is None else given
    if text.strip():
        return _check(text, secret, secret.variable)
    path = Path(home) / secret.name
    with explain_os_error(path, "read"):
        if not path.exists():
            if not may_make:
                message = (
                    f"{path} is not there, and what was made with {secret.what} still counts: put the file back, or "
                    f"set {secret.variable}. No new one was made."
                )
                raise ConfigError(message)
            _make(path, secret.min_bytes)
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_text("ascii", "replace")
    if mode & _OTHERS:
        message = f"{path}: others than its owner may read {secret.what} (mode {mode:03o}); run chmod 600 on it."
        raise ConfigError(message)
    return _check(content, secret, str(path))


def _make(path: Path, n_bytes: int) -> None:
    """Write a new secret beside its place and link it there: two that start at once get one, and never half of one."""
    handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), _OWNER_ONLY)
            file.write(f"{secrets.token_hex(n_bytes)}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _check(text: str, secret: SecretFile, where: str) -> bytes:
    key = text.strip().encode()
    if len(key) < secret.min_bytes:
        message = (
            f"{where}: {secret.what} has {len(key)} characters; it needs {secret.min_bytes} or more. {secret.advice}; "
            "for a first one, make it with: openssl rand -hex 32"
        )
        raise ConfigError(message)
    return key
