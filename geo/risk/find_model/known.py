"""Visits whose outcomes are known, ready for looking up history, and how their places are told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.risk.find_model.history import PastVisits
from geo.risk.find_model.visits import Columns, code_values

__all__ = ["KnownVisits", "history_columns", "know_visits"]


@dataclass(frozen=True)
class KnownVisits:
    """Visits and the codes of their places.

    Attributes
    ----------
    visits : PastVisits
    places : Index of str, a place's name at its code
    crs : CRS of the positions, or None without geometry
    """

    visits: PastVisits
    places: pd.Index
    crs: Any

    def code_places(self, table: pd.DataFrame, place: str | None, xy: NDArray[np.float64]) -> NDArray[np.intp]:
        """Codes of a table's places, −1 for one that no visit is known at."""
        keys, is_known = _place_keys(table, place, xy)
        return np.where(is_known, self.places.get_indexer(keys), -1).astype(np.intp)


def know_visits(
    table: pd.DataFrame,
    columns: Columns,
    day: NDArray[np.float64],
    found: NDArray[np.float64],
    xy: NDArray[np.float64],
    crs: Any,
) -> KnownVisits:
    """Checked visits, in order of time, as what history is looked up in."""
    agency, _ = code_values(table[columns.agency]) if columns.agency is not None else (np.zeros(len(day), np.intp), ())
    keys, is_known = _place_keys(table, columns.place, xy)
    codes, places = pd.factorize(keys)
    return KnownVisits(PastVisits(day, found, agency, xy, np.where(is_known, codes, -1)), pd.Index(places), crs)


def history_columns(columns: Columns) -> list[str]:
    """Columns that a table of known visits must have."""
    names = [columns.time, columns.outcome, columns.agency, columns.place]
    return [name for name in names if name is not None]


def _place_keys(table: pd.DataFrame, place: str | None, xy: NDArray[np.float64]) -> tuple[pd.Index, NDArray[np.bool_]]:
    """What tells places apart, as text, and where it is known."""
    if place is not None:
        return pd.Index(table[place].astype(object).map(_plain_text)), table[place].notna().to_numpy()
    is_known: NDArray[np.bool_] = np.asarray(np.isfinite(xy).all(axis=1))
    whole = np.where(is_known[:, None], np.round(xy), 0).astype(np.int64)
    return pd.Index([f"{easting} {northing}" for easting, northing in whole.tolist()], dtype=object), is_known


def _plain_text(value: Any) -> str:
    # a column with gaps turns whole numbers into floats: 17 and 17.0 are one place
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
