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
from geo.layers.persons import hide_personal_numbers

__all__ = ["SeenRows", "can_make_ids", "find_repeated", "fingerprint_rows", "hash_rows", "make_ids", "mask_rows"]

_ID_DIGITS = 16
_NUMBER_DIGITS = 10
# Two keys give two hashes of 64 bits: among a billion rows, two different ones share both with a chance of 1e-21.
_KEYS = ("norrsyn rows one", "norrsyn rows two")
_ODD = np.uint64(0x9E3779B97F4A7C15)


class SeenRows:
    """The rows of a file so far, 16 bytes each."""

    def __init__(self) -> None:
        # sorted runs, each more than twice as long as the next, so that they stay few
        self._seen: list[NDArray[np.bytes_]] = []

    def add(self, columns: pd.DataFrame, shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Take rows in, and say which of them repeat an earlier one.

        Parameters
        ----------
        columns : DataFrame of n rows
        shapes : (n,) shapely objects in two dimensions, or None

        Returns
        -------
        (n,) bool
        """
        prints = fingerprint_rows(columns, shapes)
        repeated = find_repeated(prints)
        order = np.argsort(prints)
        ascending = prints[order]
        for earlier in self._seen:
            place = np.minimum(np.searchsorted(earlier, ascending), len(earlier) - 1)
            repeated[order] |= earlier[place] == ascending
        if len(prints):
            self._keep(ascending)
        return repeated

    def _keep(self, run: NDArray[np.bytes_]) -> None:
        while self._seen and len(self._seen[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate([self._seen.pop(), run]))
        self._seen.append(run)


def can_make_ids(layer: Layer) -> bool:
    """Whether a layer's ids may be made: those of areas are codes that other tables use, so they may not."""
    return not layer.geometry_types <= {"Polygon", "MultiPolygon"}


def fingerprint_rows(columns: pd.DataFrame, shapes: NDArray[np.object_]) -> NDArray[np.bytes_]:
    """A fingerprint of 128 bits for each row: its shape, and its cells as text by column name.

    Parameters
    ----------
    columns : DataFrame of n rows
    shapes : (n,) shapely objects in two dimensions, or None

    Returns
    -------
    (n,) bytes, 16 each; the order of rows and columns has no influence, nor have columns without any value
    """
    wkbs = np.atleast_1d(shapely.to_wkb(shapes, byte_order=1, output_dimension=2))
    cells = {"": wkbs, **{str(name): columns[name].to_numpy(dtype=object) for name in columns.columns}}
    halves = np.zeros((len(columns), 2), dtype=np.uint64)
    for name, values in cells.items():
        # each distinct value once; an empty cell has the place -1
        place, distinct = pd.factorize(values)
        there = place >= 0
        if not len(distinct):
            continue
        for half, key in enumerate(_KEYS):
            # of a name by itself, so that columns may come in any order
            salt = pd.util.hash_array(np.array([name], dtype=object), hash_key=key)[0]
            hashed = pd.util.hash_array(distinct, hash_key=key, categorize=False)
            with np.errstate(over="ignore"):
                mixed = (hashed ^ salt) * _ODD
                mixed ^= mixed >> np.uint64(29)
                halves[:, half] += np.where(there, mixed[place], np.uint64(0))
    return np.ascontiguousarray(halves).view("S16").ravel()


def find_repeated(prints: NDArray[np.bytes_], *, all_of_them: bool = False) -> NDArray[np.bool_]:
    """Which fingerprints stand there more than once: those after the first, or all of them.

    Parameters
    ----------
    prints : (n,) bytes, 16 each
    all_of_them : bool, whether the first of equal ones counts too

    Returns
    -------
    (n,) bool
    """
    halves = pd.DataFrame(prints.view(np.uint64).reshape(-1, 2))
    return halves.duplicated(keep=False if all_of_them else "first").to_numpy(dtype=bool, copy=True)


def mask_rows(columns: pd.DataFrame) -> pd.DataFrame:
    """Rows without personal identity numbers: an unkeyed hash of one could be undone by trying all there are."""
    masked = {}
    for name in columns.columns:
        cells = columns[name]
        texts = cells.map(lambda cell: cell if isinstance(cell, str) else None)
        likely = texts.str.count(r"\d").fillna(0).to_numpy() >= _NUMBER_DIGITS
        if likely.any():
            masked[name] = pd.Series(
                [hide_personal_numbers(cell) if look else cell for cell, look in zip(cells, likely, strict=True)],
                index=columns.index,
                dtype=object,
            )
    return columns.assign(**masked)


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


def make_ids(layer: Layer, hashes: list[str]) -> list[str]:
    """Ids such as ``workplaces-0f3a…``: the same row gets the same id in every file and in any order."""
    return [f"{layer.name}-{digest[:_ID_DIGITS]}" for digest in hashes]


def _hash_row(wkb: bytes | None, names: list[str], row: tuple[Any, ...]) -> str:
    values = [(name, value) for name, value in zip(names, row, strict=True) if value is not None]
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256((wkb or b"") + b"\0" + text.encode()).hexdigest()
