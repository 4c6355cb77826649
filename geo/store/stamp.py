"""Whether a store has changed since it was last read; cheap enough to ask at every request."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from geo.store.database import explain_database_error, find_store, is_postgres, reach_engine
from geo.store.home import StrPath
from geo.store.tables import CURRENT, PUBLISHED

__all__ = ["Stamp", "read_stamp"]

_POINTERS = sa.select(CURRENT.c.name, CURRENT.c.token).order_by(CURRENT.c.name)


@dataclass(frozen=True)
class Stamp:
    """What the store's pointers looked like at a moment.

    Attributes
    ----------
    layers : str, another one whenever the pointer of any layer has moved
    surface : str, another one whenever another surface was published
    """

    layers: str = ""
    surface: str = ""


def read_stamp(home: StrPath | None = None) -> Stamp:
    """The store's pointers as they are now.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`

    Returns
    -------
    Stamp
        Equal stamps, equal state.

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        The store cannot be read.
    """
    engine = reach_engine(find_store(home), create=False)
    if engine is None:
        return Stamp()
    with explain_database_error(engine.url, "read"):
        # one statement needs no transaction of its own
        asked = engine.execution_options(isolation_level="AUTOCOMMIT") if is_postgres(engine) else engine
        with asked.connect() as connection:
            tokens = {row.name: row.token for row in connection.execute(_POINTERS)}
    surface = tokens.pop(PUBLISHED, "")
    return Stamp(" ".join(f"{name}:{token}" for name, token in tokens.items()), surface)
