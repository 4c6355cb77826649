"""What commands on the server do, noted in the log of what was done."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.store.people.management import By

__all__ = ["act", "name_operator", "note_done"]


def name_operator() -> str:
    """Who runs the command, as the log calls them: ``cli:`` and the system's user, whatever the environment says."""
    from geo.store.people import operators  # noqa: PLC0415

    return operators.name_operator()


def act() -> By:
    """Whoever runs the command as the one who looks after users, now."""
    from geo.store.people.management import By  # noqa: PLC0415

    return By(None, time.time(), name_operator())


def note_done(home: Path, what: str, about: str) -> None:
    """Note what a command has done with layers and surfaces.

    Raises
    ------
    StoreError
    """
    from geo.store.people.events import note_event  # noqa: PLC0415

    note_event(home, None, what, about, now=time.time(), name=name_operator())
