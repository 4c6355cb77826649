"""Records as a release counts them: where, which sector and circle, how large, and whose, by keyed hashes alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.rows import BASE_M, LAYERS
from geo.layers.base import active_on
from geo.layers.bundle import Layers
from geo.layers.circles import VISIBLE
from geo.reference import sectors_of
from geo.reference.tables import read_columns

__all__ = ["CIRCLES", "NO_SECTOR", "Sites", "find_shown_sectors", "read_sites", "see"]

# from the circle that sees least to the one that sees most: each sees the records of those before it
CIRCLES: tuple[str, ...] = tuple(sorted(VISIBLE, key=lambda name: len(VISIBLE[name])))
NO_SECTOR = "-"
_SIZE_COLUMNS = {"workplaces": "employees", "accommodation": "beds"}
_ID_COLUMNS = {"workplaces": "workplace_id", "accommodation": "accommodation_id"}

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sites:
    """Records of all layers that are counted, ordered by layer and record.

    Attributes
    ----------
    sectors : codes
    layer, sector, circle : (n,) int64, positions in `LAYERS`, ``sectors`` and `CIRCLES`
    y, x : (n,) float64, m, EPSG:3006; of records out of a memory, the lower left corner of their square
    size : (n,) float64, employees or beds
    employer, record : (n,) uint64, keyed hashes; a site without a known employer is an employer of its own
    """

    sectors: tuple[str, ...]
    layer: Ints
    sector: Ints
    circle: Ints
    y: NDArray[np.float64]
    x: NDArray[np.float64]
    size: NDArray[np.float64]
    employer: NDArray[np.uint64]
    record: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.layer)

    @cached_property
    def northing(self) -> Ints:
        """(n,) int64, km, lower edge of the square of `BASE_M` that a record lies in."""
        return np.floor(self.y / BASE_M).astype(np.int64)

    @cached_property
    def easting(self) -> Ints:
        """(n,) int64, km, its left edge."""
        return np.floor(self.x / BASE_M).astype(np.int64)


def find_shown_sectors() -> tuple[str, ...]:
    """Sectors that have rows of their own: all but those that only count in denominators."""
    return tuple(code for code, role in read_columns("sectors", "sector", "role") if role != "denominator")


def read_sites(layers: Layers, at: date, key: bytes) -> Sites:
    """What there is on a day, of every circle.

    Parameters
    ----------
    layers : Layers
    at : date
    key : secret that employers and records are hashed with

    Returns
    -------
    Sites
    """
    sectors = (*(code for (code,) in read_columns("sectors", "sector")), NO_SECTOR)
    parts = [_read_layer(name, layers[name], at, key, sectors) for name in LAYERS]
    return Sites(sectors, *(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _read_layer(
    name: str, frame: gpd.GeoDataFrame, at: date, key: bytes, sectors: Sequence[str]
) -> tuple[NDArray[np.generic], ...]:
    frame = frame[active_on(frame, at)]
    ids = frame[_ID_COLUMNS[name]].tolist()
    if name == "workplaces":
        codes = sectors_of(frame["sni"], frame["sni_version"]).tolist()
        employers = [
            f"employer:{known}" if isinstance(known, str) and known else f"site:{name}/{one}"
            for known, one in zip(frame["employer_id"].tolist(), ids, strict=True)
        ]
    else:
        codes = [NO_SECTOR] * len(ids)
        employers = [f"site:{name}/{one}" for one in ids]
    position = {code: at for at, code in enumerate(sectors)}
    record = _hash_texts([f"record:{name}/{one}" for one in ids], key)
    order = np.argsort(record, kind="stable")
    columns = (
        np.full(len(ids), LAYERS.index(name), dtype=np.int64),
        np.array([position[code] for code in codes], dtype=np.int64),
        np.array([CIRCLES.index(circle) for circle in frame["circle"].tolist()], dtype=np.int64),
        frame.geometry.y.to_numpy(dtype=np.float64),
        frame.geometry.x.to_numpy(dtype=np.float64),
        np.nan_to_num(frame[_SIZE_COLUMNS[name]].to_numpy(dtype=np.float64)),
        _hash_texts(employers, key),
        record,
    )
    return tuple(column[order] for column in columns)


def see(sites: Sites, circle: str) -> NDArray[np.bool_]:
    """Which records a circle may see, (n,) bool."""
    visible: NDArray[np.bool_] = sites.circle <= CIRCLES.index(circle)
    return visible


def _hash_texts(texts: Sequence[str], key: bytes) -> NDArray[np.uint64]:
    known = {text: hmac.new(key, text.encode(), hashlib.sha256).digest()[:8] for text in dict.fromkeys(texts)}
    return np.frombuffer(b"".join(known[text] for text in texts), dtype="<u8").astype(np.uint64)
