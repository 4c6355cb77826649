"""What makes two rows the same, and what to call a row that has no id of its own."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.layers.base import Layer

__all__ = ["can_make_ids", "find_repeats", "hash_rows", "make_ids"]

_ID_DIGITS = 16


def can_make_ids(layer: Layer) -> bool:
    """Whether a layer's ids may be made: those of areas are codes that other tables use, so they may not."""
    return not layer.geometry_types <= {"Polygon", "MultiPolygon"}


def hash_rows(columns: pd.DataFrame, shapes: NDArray[np.object_]) -> list[str]:
    """SHA-256 of each row: its shape as little-endian WKB, then its columns by name as JSON, empty cells left out.

    Parameters
    ----------
    columns : DataFrame of n rows
    shapes : (n,) shapely objects in two dimensions, or None

    Returns
    -------
    list of n str, 64 hexadecimal digits; the order of rows and columns has no influence
    """
    names = sorted(map(str, columns.columns))
    cells = [columns[name].tolist() for name in names]
    rows = zip(*cells, strict=True) if cells else iter([()] * len(columns))
    wkbs = shapely.to_wkb(shapes, byte_order=1, output_dimension=2)
    return [_hash_row(wkb, names, row) for wkb, row in zip(np.atleast_1d(wkbs), rows, strict=True)]


def find_repeats(hashes: list[str]) -> NDArray[np.bool_]:
    """(n,) bool: rows that repeat an earlier one."""
    return pd.Series(hashes, dtype=object).duplicated().to_numpy(dtype=bool)


def make_ids(layer: Layer, hashes: list[str]) -> list[str]:
    """Ids such as ``workplaces-0f3a…``: the same row gets the same id in every file and in any order."""
    return [f"{layer.name}-{digest[:_ID_DIGITS]}" for digest in hashes]


def _hash_row(wkb: bytes | None, names: list[str], row: tuple[Any, ...]) -> str:
    values = [(name, value) for name, value in zip(names, row, strict=True) if value is not None]
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256((wkb or b"") + b"\0" + text.encode()).hexdigest()
