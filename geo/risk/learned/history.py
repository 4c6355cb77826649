"""Visits that weights can be learned from, and the layers as they stood on a day: the past, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.layers.bundle import Layers
from geo.layers.visits import weigh_crews
from geo.reference import finding_weights

__all__ = ["Visits", "gather_visits", "recall_layers"]

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Visits:
    """Visits, by day and id, with what each found.

    Attributes
    ----------
    ids : (n,) str objects
    day : (n,) datetime64[D]
    easting, northing : (n,) float64, m, EPSG:3006
    effort : (n,) float64, > 0, usual visits that a visit counts for by its crew
    finding_visit : (m,) int, position of the visit that each finding was made at
    finding_weight : (m,) float64, > 0, its severity × grade × verification × source
    finding_day : (m,) datetime64[D], from when on it was known: never before the visit
    n_vague : int, visits left out because their position is known too roughly
    """

    ids: NDArray[np.object_]
    day: Days
    easting: Floats
    northing: Floats
    effort: Floats
    finding_visit: NDArray[np.int64]
    finding_weight: Floats
    finding_day: Days
    n_vague: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, keep: NDArray[np.bool_]) -> Visits:
        """The visits where a mask is true, with their findings."""
        position = np.cumsum(keep) - 1
        kept = keep[self.finding_visit]
        return Visits(
            ids=self.ids[keep],
            day=self.day[keep],
            easting=self.easting[keep],
            northing=self.northing[keep],
            effort=self.effort[keep],
            finding_visit=position[self.finding_visit[kept]],
            finding_weight=self.finding_weight[kept],
            finding_day=self.finding_day[kept],
            n_vague=self.n_vague,
        )

    def found(self, by: Any = None, *, weighted: bool = True) -> Floats:
        """(n,) float64: what each visit found, as far as it was known on a day; a finding counts 1 unless weighted."""
        known = np.ones(len(self.finding_day), bool) if by is None else self.finding_day <= np.datetime64(by, "D")
        weight = self.finding_weight if weighted else np.ones(len(self.finding_weight))
        return np.bincount(self.finding_visit[known], weight[known], minlength=len(self)).astype(np.float64)


def gather_visits(layers: Layers, at: date, parameters: Mapping[str, float]) -> Visits:
    """Visits up to a day, and the findings that name them.

    Visits of which the place is known less well than the bandwidth of findings are left out; so are findings that weigh
    nothing (tips, dismissed), that were observed later, or that must not be kept any longer.

    Parameters
    ----------
    layers : Layers, with ``visits`` and ``findings``
    at : date
    parameters : of the model: ``findings_bandwidth_m`` and the effects of crews
    """
    frame, today = layers["visits"], pd.Timestamp(at)
    past = frame["visited_on"] <= today
    exact = frame["spread_m"] <= parameters["findings_bandwidth_m"]
    n_vague = int((past & ~exact).sum())
    frame = frame[past & exact].sort_values(["visited_on", "visit_id"], kind="stable")
    days = frame["visited_on"].to_numpy(dtype="datetime64[D]")
    position = pd.Series(np.arange(len(frame)), index=frame["visit_id"].to_numpy(dtype=object))

    found = layers["findings"].sort_values("finding_id", kind="stable")
    weight = finding_weights(found["grade"], found["verification"], found["source"], found["indicator"])
    expired = (found["retain_until"] < today).to_numpy(dtype=bool)
    known = (found["observed_on"] <= today).to_numpy(dtype=bool) & (weight > 0) & ~expired
    known &= found["visit_id"].isin(position.index).to_numpy(dtype=bool)
    visit = position.reindex(found["visit_id"].to_numpy(dtype=object)[known]).to_numpy(dtype=np.int64)
    observed = found["observed_on"].to_numpy(dtype="datetime64[D]")[known]
    return Visits(
        ids=frame["visit_id"].to_numpy(dtype=object),
        day=days,
        easting=frame.geometry.x.to_numpy(dtype=np.float64),
        northing=frame.geometry.y.to_numpy(dtype=np.float64),
        effort=weigh_crews(frame["agencies"], parameters),
        finding_visit=visit,
        finding_weight=weight[known],
        finding_day=np.maximum(observed, days[visit] if len(days) else observed),
        n_vague=n_vague,
    )


def recall_layers(layers: Layers, at: date) -> Layers:
    """Layers without the visits, findings and reports that came after a day.

    A finding that names a visit is known from the visit's day on, whatever day it carries itself: one that is dated
    before its visit would give the visit's outcome away.
    """
    today = pd.Timestamp(at)
    visits, findings, reported = layers["visits"], layers["findings"], layers["reported"]
    to_come = visits.loc[visits["visited_on"] > today, "visit_id"]
    return Layers(
        {
            **{name: layers[name] for name in layers},
            "visits": visits[visits["visited_on"] <= today],
            "findings": findings[(findings["observed_on"] <= today) & ~findings["visit_id"].isin(to_come)],
            "reported": reported[reported["reported_on"] <= today],
        },
        checked=True,
    )
