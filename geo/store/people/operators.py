"""Who runs a command or a notebook on the server, as the log calls them."""

from __future__ import annotations

import getpass
import os

from geo.store.people.users import OPERATOR

__all__ = ["PYTHON", "name_operator"]

PYTHON = "python:"


def name_operator(means: str = OPERATOR) -> str:
    """By what means (``cli:`` or ``python:``) and the system's user, whatever the environment says."""
    try:
        import pwd  # noqa: PLC0415  there is none on Windows
    except ImportError:
        return f"{means}{getpass.getuser()}"
    number = os.getuid()
    try:
        return f"{means}{pwd.getpwuid(number).pw_name}"
    except KeyError:
        # a user of the container alone
        return f"{means}{number}"
