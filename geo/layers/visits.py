"""Visits: every joint inspection, those that found nothing included; without them findings only mirror effort.

Columns
-------
visit_id : text
visited_on : date
site_id : text, CFAR number or accommodation id of the place visited, may be empty
agencies : text, codes of ``agencies`` on site, joined by ``+``
persons_met : text, band of persons met: 0, 1-4, 5-9, 10+
outcome : text, code of ``visit_outcomes``, *nothing found* among them
precision, spread_m : how well the position is known, see `geo.layers.base.position_columns`
circle, synthetic : see `geo.layers.base.common_columns`
geometry : point, EPSG:3006
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import geopandas as gpd
import numpy as np
import pandera.pandas as pa

from geo.layers.base import Layer, Points, common_columns, day, decay, one_of, position_columns, text
from geo.layers.failures import Failure, fail_where
from geo.reference import model_parameters, read_table

__all__ = ["LAYER", "SCHEMA", "to_arrays"]

SCHEMA = pa.DataFrameSchema(
    {
        "visit_id": text("Id of the visit"),
        "visited_on": day("Day of the visit"),
        "site_id": text("Workplace or accommodation visited", nullable=True, required=False),
        "agencies": text("Agencies on site, codes joined by +", nullable=True, required=False),
        "persons_met": text(
            "Band of persons met", one_of("persons_bands", "band", "band of persons"), required=False, default="0"
        ),
        "outcome": text("Outcome of the visit", one_of("visit_outcomes", "outcome", "outcome")),
        **position_columns(),
        **common_columns(),
    }
)


def to_arrays(
    frame: gpd.GeoDataFrame,
    at: date,
    sectors: frozenset[str] | None = None,  # noqa: ARG001  a visit is effort whatever the sector
    parameters: Mapping[str, float] | None = None,
) -> Points:
    """Visits up to a day as inspection effort, each decayed by its age.

    Parameters
    ----------
    frame : GeoDataFrame of this layer
    at : date; later visits are left out
    sectors : not used
    parameters : may override ``half_life_days`` and ``findings_bandwidth_m``

    Returns
    -------
    Points
        ``weight`` in effective visits, ``size`` in visits, ``group`` the outcome.
    """
    settings = {**model_parameters(), **(parameters or {})}
    weight = decay(frame["visited_on"], at, settings["half_life_days"])
    keep = weight > 0
    n_kept = int(keep.sum())
    return Points(
        ids=frame["visit_id"].to_numpy(dtype=object)[keep],
        group=frame["outcome"].to_numpy(dtype=object)[keep],
        easting=frame.geometry.x.to_numpy()[keep],
        northing=frame.geometry.y.to_numpy()[keep],
        weight=weight[keep],
        size=np.ones(n_kept),
        bandwidth_m=np.full(n_kept, settings["findings_bandwidth_m"]),
        spread_m=frame["spread_m"].to_numpy(dtype=np.float64)[keep],
    )


def _check_agencies(frame: gpd.GeoDataFrame) -> list[Failure]:
    known = set(read_table("agencies")["agency"])
    named = frame["agencies"].fillna("").str.split("+").map(lambda codes: [code for code in codes if code])
    unknown = named.map(lambda codes: " ".join(sorted(set(codes) - known)))
    bad = (unknown != "").to_numpy(dtype=bool)
    return fail_where("agencies", "unknown agency", f"use {', '.join(sorted(known))}", bad, unknown)


LAYER = Layer(
    name="visits",
    title="Visits",
    id_columns=("visit_id",),
    geometry_types=frozenset({"Point"}),
    schema=SCHEMA,
    to_arrays=to_arrays,
    rules=_check_agencies,
)
