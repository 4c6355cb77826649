"""The key for pseudonyms: from the environment, else from a file of the data folder, made once."""

from __future__ import annotations

import os

from geo.reading.employers import MIN_KEY_BYTES
from geo.store.secret_files import SecretFile, load_secret

__all__ = ["KEY_FILE", "KEY_VARIABLE", "load_pseudonym_key"]

KEY_FILE = "pseudonym.key"
KEY_VARIABLE = "NORRSYN_PSEUDONYM_KEY"
_SECRET = SecretFile(
    KEY_FILE, KEY_VARIABLE, "the key for pseudonyms", "Give the key that earlier imports used", MIN_KEY_BYTES
)


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
    return load_secret(home, _SECRET, given)
