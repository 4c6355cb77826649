"""What a release leaves for later audits: its rows, what their numbers stand for, and the places it was made of.

Employers and records stand in it as keyed hashes, places as squares of 1 km. It goes when the release expires.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.audit import RowKey, Shown
from geo.disclosure.release.rows import BASE_M, parse_cell_id
from geo.disclosure.release.sites import Sites
from geo.errors import StoreError

__all__ = ["Memory", "read_memory", "write_memory"]

_FORMAT = 1
_NO_CLASS = 0
_COLUMNS = ("layer", "sector", "circle", "northing", "easting", "size", "employer")


@dataclass(frozen=True, eq=False)
class Memory:
    """A release as later ones see it.

    Attributes
    ----------
    shown : Shown
    n_employers : number of each row, as it was shown
    score_class : class of each row, or None
    bases : of each row, (m,) uint64, sorted hashes of the employers that its number stands for
    sites : Sites of every circle then, without records
    fingerprint : str, tells whether the key is the same, and nothing of it
    """

    shown: Shown
    n_employers: Sequence[int]
    score_class: Sequence[int | None]
    bases: Sequence[NDArray[np.uint64]]
    sites: Sites
    fingerprint: str = field(default="")


def write_memory(memory: Memory) -> bytes:
    """As bytes; the same memory gives the same bytes."""
    head = {
        "format": _FORMAT,
        "circle": memory.shown.circle,
        "rows": [[layer, sector, cell.cell_id] for layer, sector, cell in memory.shown.keys],
        "sectors": memory.sites.sectors,
        "fingerprint": memory.fingerprint,
    }
    empty = np.empty(0, dtype=np.uint64)
    arrays = {
        "head": np.frombuffer(json.dumps(head).encode(), dtype=np.uint8),
        "n_employers": np.array(memory.n_employers, dtype=np.int64),
        "score_class": np.array([klass or _NO_CLASS for klass in memory.score_class], dtype=np.int64),
        "basis": np.concatenate([empty, *memory.bases]),
        "basis_size": np.array([len(basis) for basis in memory.bases], dtype=np.int64),
        **{name: getattr(memory.sites, name) for name in _COLUMNS},
    }
    target = io.BytesIO()
    np.savez_compressed(target, **arrays)
    return target.getvalue()


def read_memory(content: bytes, release_id: str = "") -> Memory:
    """The memory that `write_memory` wrote.

    Raises
    ------
    StoreError
        It cannot be read: no release can be audited with it.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return _read(dict(arrays))
    except (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        message = (
            f"What release {release_id} left for audits cannot be read ({type(error).__name__}), so that none can be "
            "audited with it; update Norrsyn, or put the last backup back with `norrsyn db restore`."
        )
        raise StoreError(message) from error


def _read(arrays: dict[str, NDArray[np.generic]]) -> Memory:
    head = json.loads(arrays["head"].tobytes())
    if head["format"] != _FORMAT:
        message = f"format {head['format']}"
        raise ValueError(message)
    keys: list[RowKey] = [(layer, sector, parse_cell_id(cell)) for layer, sector, cell in head["rows"]]
    counts = arrays["n_employers"].astype(np.int64).tolist()
    classes = [klass or None for klass in arrays["score_class"].astype(np.int64).tolist()]
    ends = np.cumsum(arrays["basis_size"].astype(np.int64))
    bases = np.split(arrays["basis"].astype(np.uint64), ends[:-1]) if len(ends) else []
    if not len(keys) == len(counts) == len(classes) == len(bases):
        message = "rows of several lengths"
        raise ValueError(message)
    number = {name: arrays[name].astype(np.int64) for name in ("layer", "sector", "circle", "northing", "easting")}
    sites = Sites(
        tuple(head["sectors"]),
        number["layer"],
        number["sector"],
        number["circle"],
        (number["northing"] * BASE_M).astype(np.float64),
        (number["easting"] * BASE_M).astype(np.float64),
        arrays["size"].astype(np.float64),
        employer := arrays["employer"].astype(np.uint64),
        np.zeros_like(employer),
    )
    return Memory(Shown(head["circle"], tuple(keys)), counts, classes, bases, sites, head["fingerprint"])
