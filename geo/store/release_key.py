"""The key of releases' noise: from the environment, else from a file of the data folder, made once.

Whoever has it can take the noise off. It stands in no database and no backup; without it, later releases draw other
noise, and two draws for one group say more than one.
"""

from __future__ import annotations

import os

from geo.store.secret_files import SecretFile, load_secret

__all__ = ["KEY_FILE", "KEY_VARIABLE", "load_release_key"]

KEY_FILE = "release.key"
KEY_VARIABLE = "NORRSYN_RELEASE_KEY"
_MIN_BYTES = 32
_SECRET = SecretFile(
    KEY_FILE, KEY_VARIABLE, "the key of releases", "Give the key that earlier releases were made with", _MIN_BYTES
)


def load_release_key(home: str | os.PathLike[str], given: str | None = None, *, may_make: bool = True) -> bytes:
    """The key that noise is drawn with.

    Parameters
    ----------
    home : the data folder, which is there
    given : the key as the settings have it; left out, ``NORRSYN_RELEASE_KEY`` of the environment is looked at
    may_make : bool, whether a new one will do: not while releases made with another still count

    Returns
    -------
    bytes
        The key given; else that of the file ``release.key`` in the data folder, which is made with mode 0600 where it
        is not there.

    Raises
    ------
    ConfigError
        The key is too short, or others than its owner may read the file, or it is not there and no other will do; the
        message never holds the key.
    StoreError
        The file cannot be read or made.
    """
    return load_secret(home, _SECRET, given, may_make=may_make)
