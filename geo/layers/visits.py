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

import math
from collections.abc import Mapping
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from geo.layers.base import Layer, Points, common_columns, day, decay, one_of, position_columns, text
from geo.layers.failures import Failure, fail_where
from geo.reference import model_parameters, read_table

__all__ = ["AGENCY_EFFECT", "LAYER", "SCHEMA", "to_arrays", "weigh_crews"]

# Parameters of the model that begin with it say what an agency's presence multiplies the findings per visit with.
AGENCY_EFFECT = "agency_effect_"

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
    parameters : may override ``half_life_days``, ``findings_bandwidth_m`` and, where it has ``crew_effect``, what crews
        count for, all of it

    Returns
    -------
    Points
        ``weight`` in effective visits: age × what the crew counts for (`weigh_crews`); ``size`` in visits, ``group``
        the outcome.
    """
    settings = {**model_parameters(), **(parameters or {})}
    # crews are fitted together: what one model says of an agency means nothing beside what another says of the rest
    crews = parameters if parameters and "crew_effect" in parameters else model_parameters()
    weight = decay(frame["visited_on"], at, settings["half_life_days"]) * weigh_crews(frame["agencies"], crews)
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
        on=frame["visited_on"].to_numpy(dtype="datetime64[D]")[keep],
    )


def weigh_crews(agencies: pd.Series, parameters: Mapping[str, float]) -> NDArray[np.float64]:
    """How many usual visits a visit counts for: some agencies find more where there is the same to find.

    Parameters
    ----------
    agencies : (n,) str, codes joined by ``+``; may be missing
    parameters : ``crew_effect`` and one ``agency_effect_`` per agency, frozen in the model version

    Returns
    -------
    (n,) float64, > 0
        The product of the agencies' effects and ``crew_effect``, which keeps the usual visit at 1; exactly 1 where no
        agency is named that has an effect.
    """
    crews = agencies.fillna("").astype(str)
    multipliers = {crew: _weigh_crew(crew, parameters) for crew in crews.unique()}
    return crews.map(multipliers).to_numpy(dtype=np.float64)


def _weigh_crew(crew: str, parameters: Mapping[str, float]) -> float:
    # each agency once, in one order: the order in which they are named changes no bit
    names = [AGENCY_EFFECT + agency for agency in sorted(set(crew.split("+")))]
    effects = [parameters[name] for name in names if name in parameters]
    return math.prod(effects) * parameters["crew_effect"] if effects else 1.0


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
