"""Every site that the layers know, workplace or accommodation, in arrays that serve every day and every question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.layers.bundle import Layers
from geo.reference import risk_weights
from geo.risk.components.workplaces import recall_columns
from geo.risk.powers import find_powers

__all__ = ["SITE_LAYERS", "SiteKey", "Sites", "read_sites"]

# Layer and record id: no id is told apart from another layer's by itself.
SiteKey = tuple[str, str]
# in the order of keys
SITE_LAYERS = ("accommodation", "workplaces")


@dataclass(frozen=True, eq=False)
class Sites:
    """Sites in the order of their keys, whatever the day: layers are sorted by id.

    Attributes
    ----------
    layer, ids, title : (n,) str objects; a site without a name has its id for a title
    group : (n,) str objects, sector group of a workplace, kind of housing of accommodation
    is_at_risk : (n,) bool, false for workplaces of a sector without risk weight
    size : (n,) float64, employees or beds
    easting, northing, spread_m : (n,) float64, m, EPSG:3006
    precision, circle : (n,) str objects, codes
    municipality : (n,) str objects, codes, ``""`` where none is near
    powers : (n,) int64, agencies with a power there, bits as in `geo.risk.powers.find_powers`
    """

    layer: NDArray[np.object_]
    ids: NDArray[np.object_]
    title: NDArray[np.object_]
    group: NDArray[np.object_]
    is_at_risk: NDArray[np.bool_]
    size: NDArray[np.float64]
    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    spread_m: NDArray[np.float64]
    precision: NDArray[np.object_]
    circle: NDArray[np.object_]
    municipality: NDArray[np.object_]
    powers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def rows(self) -> Mapping[str, slice]:
        """Where each layer's records stand, in the order of its frame."""
        n_first = int(np.count_nonzero(self.layer == SITE_LAYERS[0]))
        return {SITE_LAYERS[0]: slice(0, n_first), SITE_LAYERS[1]: slice(n_first, len(self))}

    @cached_property
    def index(self) -> Mapping[str, pd.Index[Any]]:
        """Ids of each layer."""
        return {layer: pd.Index(self.ids[rows], dtype=object) for layer, rows in self.rows.items()}

    def locate(self, layer: str, ids: NDArray[np.object_]) -> NDArray[np.int64]:
        """Positions of a layer's sites by their ids; -1 where there is none."""
        at = self.index[layer].get_indexer(pd.Index(ids, dtype=object))
        return np.where(at < 0, -1, at + self.rows[layer].start).astype(np.int64)

    def find(self, key: SiteKey) -> int:
        """Position of a site; -1 where there is none."""
        layer, record_id = key
        return int(self.locate(layer, np.array([record_id], dtype=object))[0]) if layer in SITE_LAYERS else -1

    def find_all(self, keys: Sequence[SiteKey]) -> NDArray[np.int64]:
        """Positions of sites; -1 where there is none."""
        layer = np.array([name for name, _ in keys], dtype=object)
        ids = np.array([record_id for _, record_id in keys], dtype=object)
        found = np.full(len(keys), -1, dtype=np.int64)
        for name in SITE_LAYERS:
            found[layer == name] = self.locate(name, ids[layer == name])
        return found

    def key(self, position: int) -> SiteKey:
        """Layer and id of a site."""
        return str(self.layer[position]), str(self.ids[position])


def read_sites(layers: Layers) -> Sites:
    """The sites of some layers, read once and kept with them."""
    return layers.recall("sites to visit", lambda: _read(layers))


def _read(layers: Layers) -> Sites:
    housing, work = frames = [layers[name] for name in SITE_LAYERS]

    def join(*parts: Any) -> Any:
        return np.concatenate(parts)

    def join_texts(name: str) -> NDArray[np.object_]:
        joined: NDArray[np.object_] = join(*(frame[name].to_numpy(dtype=object) for frame in frames))
        return joined

    sector = recall_columns(layers).sector
    ids = join(housing["accommodation_id"].to_numpy(dtype=object), work["workplace_id"].to_numpy(dtype=object))
    name = join_texts("name")
    layer = np.repeat(np.array(SITE_LAYERS, dtype=object), [len(frame) for frame in frames])
    group = join(housing["housing_type"].to_numpy(dtype=object), sector)
    easting = join(*(frame.geometry.x.to_numpy() for frame in frames))
    northing = join(*(frame.geometry.y.to_numpy() for frame in frames))
    return Sites(
        layer=layer,
        ids=ids,
        title=np.where(pd.isna(name) | (name == ""), ids, name),
        group=group,
        is_at_risk=join(np.ones(len(housing), dtype=bool), risk_weights(sector) > 0),
        size=join(housing["beds"].to_numpy(np.float64), work["employees"].to_numpy(np.float64)),
        easting=easting,
        northing=northing,
        spread_m=join(*(frame["spread_m"].to_numpy(np.float64) for frame in frames)),
        precision=join_texts("precision"),
        circle=join_texts("circle"),
        municipality=layers.region.municipality_at(easting, northing),
        powers=_read_powers(layer, group),
    )


def _read_powers(layer: NDArray[np.object_], group: NDArray[np.object_]) -> NDArray[np.int64]:
    powers = np.empty(len(layer), dtype=np.int64)
    is_work = layer == "workplaces"
    powers[~is_work] = find_powers("accommodation", "")
    codes, which = np.unique(group[is_work].astype(str), return_inverse=True)
    of_code = np.array([find_powers("workplaces", code) for code in codes.tolist()], dtype=np.int64)
    powers[is_work] = of_code[which]
    return powers
