"""The generator's own assumptions: tables beside this file, each row with its source.

They shape the made-up region only. What the product takes as given about the real one stands in `geo.reference`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.reference import read_table

__all__ = ["calibrated_range", "find_coded", "is_in_months", "read_assumptions", "read_rows"]

_FOLDER = Path(__file__).parent / "tables"
_CODES = dict.fromkeys(("sni_2007", "sni_2025", "municipality", "codes"), "str")


@lru_cache(maxsize=32)
def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(_FOLDER / f"{name}.csv", dtype=_CODES, encoding="utf-8")


def read_assumptions(name: str) -> pd.DataFrame:
    """A table of the generator's assumptions; the frame is the caller's own copy."""
    return _read(name).copy()


def read_rows(name: str) -> tuple[Any, ...]:
    """Rows of a table of the generator's assumptions, the columns as attributes."""
    return tuple(_read(name).itertuples(index=False))


def calibrated_range(subject: str, item: str) -> tuple[float, float]:
    """Lowest and highest value of a calibration figure, as the reference table ``calibration`` has it."""
    table = read_table("calibration")
    row = table[(table["subject"] == subject) & (table["item"] == item)].iloc[0]
    return float(row["low"]), float(row["high"])


def find_coded(values: NDArray[np.object_], codes: str) -> NDArray[np.bool_]:
    """Which values stand in a list of codes joined by spaces."""
    return np.isin(values.astype(str), codes.split())


def is_in_months(month: int, first: int, last: int) -> bool:
    """Whether a month (1 to 12) lies in a season, which may run over the turn of the year."""
    return first <= month <= last if first <= last else month >= first or month <= last
