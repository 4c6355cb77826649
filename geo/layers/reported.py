"""Reports: tips and what comes by other routes than an inspection; coded, never free text, never a person.

What is reported and what inspections discover are biased differently, so the two stand in layers of their own.

Columns
-------
report_id : text
reported_on : date
site_id : text, CFAR number or accommodation id of the place, may be empty
source : text, code of ``report_sources``
indicator : text, code of ``indicators``
verification : text, code of ``finding_verifications``
sector : text, sector group of the place, may be empty
retain_until : date after which the record must be erased, may be empty
precision, spread_m : how well the position is known, see `geo.layers.base.position_columns`
circle, synthetic : see `geo.layers.base.common_columns`
geometry : point, EPSG:3006
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa

from geo.layers.base import Layer, Points, common_columns, day, decay, one_of, position_columns, text
from geo.reference import model_parameters, report_weights

__all__ = ["LAYER", "SCHEMA", "to_arrays"]

SCHEMA = pa.DataFrameSchema(
    {
        "report_id": text("Id of the report"),
        "reported_on": day("Day on which it came in"),
        "site_id": text("Workplace or accommodation that it is about", nullable=True, required=False),
        "source": text(
            "How it came in",
            one_of("report_sources", "report_source", "route of a report"),
            required=False,
            default="tip",
        ),
        "indicator": text("Indicator code", one_of("indicators", "indicator", "indicator")),
        "verification": text(
            "How far it is verified",
            one_of("finding_verifications", "verification", "verification"),
            required=False,
            default="unverified",
        ),
        "sector": text(
            "Sector group of the place", one_of("sectors", "sector", "sector group"), nullable=True, required=False
        ),
        "retain_until": day("Erase after this day", nullable=True, required=False),
        **position_columns(),
        **common_columns(),
    }
)


def to_arrays(
    frame: gpd.GeoDataFrame,
    at: date,
    sectors: frozenset[str] | None = None,
    parameters: Mapping[str, float] | None = None,
) -> Points:
    """Reports up to a day, weighted by what they tell of and how they came in, and decayed by age.

    Parameters
    ----------
    frame : GeoDataFrame of this layer
    at : date; later reports, and those past ``retain_until``, are left out
    sectors : sector groups to keep; reports that name none stay; None keeps all
    parameters : may override ``half_life_days`` and ``findings_bandwidth_m``

    Returns
    -------
    Points
        ``weight`` in weighted reports, ``size`` in reports, ``group`` the indicator.
    """
    settings = {**model_parameters(), **(parameters or {})}
    weight = report_weights(frame["source"], frame["verification"], frame["indicator"])
    weight = weight * decay(frame["reported_on"], at, settings["half_life_days"])
    expired = (frame["retain_until"] < pd.Timestamp(at)).to_numpy(dtype=bool)
    keep = (weight > 0) & ~expired
    if sectors is not None:
        keep &= (frame["sector"].isna() | frame["sector"].isin(sorted(sectors))).to_numpy(dtype=bool)
    n_kept = int(keep.sum())
    return Points(
        ids=frame["report_id"].to_numpy(dtype=object)[keep],
        group=frame["indicator"].to_numpy(dtype=object)[keep],
        easting=frame.geometry.x.to_numpy()[keep],
        northing=frame.geometry.y.to_numpy()[keep],
        weight=weight[keep],
        size=np.ones(n_kept),
        bandwidth_m=np.full(n_kept, settings["findings_bandwidth_m"]),
        spread_m=frame["spread_m"].to_numpy(dtype=np.float64)[keep],
        on=frame["reported_on"].to_numpy(dtype="datetime64[D]")[keep],
    )


LAYER = Layer(
    name="reported",
    title="Reports",
    id_columns=("report_id",),
    geometry_types=frozenset({"Point"}),
    schema=SCHEMA,
    to_arrays=to_arrays,
)
