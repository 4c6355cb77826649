"""Accommodation: where people who work could be sleeping, from hotels to premises never meant for living.

Columns
-------
accommodation_id : text
name : text, shown to signed-in people only
housing_type : text, code of ``housing_types``
beds : number
active_from, active_to : dates, both ends included, may be empty
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

from geo.layers.base import (
    Layer,
    Points,
    active_on,
    common_columns,
    day,
    number,
    one_of,
    period_rules,
    position_columns,
    text,
)
from geo.reference import housing_season_factors, model_parameters, unsuitabilities

__all__ = ["LAYER", "SCHEMA", "to_arrays"]

SCHEMA = pa.DataFrameSchema(
    {
        "accommodation_id": text("The source's own id"),
        "name": text("Name of the accommodation", nullable=True, required=False),
        "housing_type": text("Kind of housing", one_of("housing_types", "housing_type", "housing type")),
        "beds": number("Number of beds; at most 20000", most=20_000),
        "active_from": day("First day of use; empty: always", nullable=True, required=False),
        "active_to": day("Last day of use; empty: still in use", nullable=True, required=False),
        **position_columns(),
        **common_columns(),
    }
)


def to_arrays(
    frame: gpd.GeoDataFrame,
    at: date,
    sectors: frozenset[str] | None = None,  # noqa: ARG001  housing belongs to no sector
    parameters: Mapping[str, float] | None = None,
) -> Points:
    """Accommodation in use on a day, weighted by beds × unsuitability × season.

    Parameters
    ----------
    frame : GeoDataFrame of this layer
    at : date
    sectors : not used: housing belongs to no sector
    parameters : may override ``accommodation_bandwidth_m``

    Returns
    -------
    Points
        ``weight`` in weighted beds, ``size`` in beds, ``group`` the housing type; without weight no point.
    """
    settings = {**model_parameters(), **(parameters or {})}
    housing_type = frame["housing_type"].to_numpy(dtype=object)
    beds = frame["beds"].to_numpy(dtype=np.float64)
    weight = beds * unsuitabilities(housing_type) * housing_season_factors(housing_type, at)
    keep = active_on(frame, at) & (weight > 0)
    return Points(
        ids=frame["accommodation_id"].to_numpy(dtype=object)[keep],
        group=housing_type[keep],
        easting=frame.geometry.x.to_numpy()[keep],
        northing=frame.geometry.y.to_numpy()[keep],
        weight=weight[keep],
        size=beds[keep],
        bandwidth_m=np.full(int(keep.sum()), settings["accommodation_bandwidth_m"]),
        spread_m=frame["spread_m"].to_numpy(dtype=np.float64)[keep],
    )


LAYER = Layer(
    name="accommodation",
    title="Accommodation",
    id_columns=("accommodation_id",),
    geometry_types=frozenset({"Point"}),
    schema=SCHEMA,
    to_arrays=to_arrays,
    site_title="name",
    rules=period_rules,
)
