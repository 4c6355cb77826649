"""Findings: coded indicators that an inspection observed or documented; never free text, never a person.

Tips and other reports from outside inspections may stand in the same file (``source`` = ``tip``); they are biased
differently, so they weigh nothing here.

Columns
-------
finding_id, visit_id : text
observed_on : date
agency : text, code of ``agencies``
indicator : text, code of ``indicators`` within its ``framework``
framework : text, DECK5, ILO11, DELPHI_AL or AV
grade : text, S, M or W (strong, medium, weak)
source : text, code of ``finding_sources``
verification : text, code of ``finding_verifications``
persons_band : text, 0, 1-4, 5-9, 10+
sector : text, sector group of the place, may be empty (accommodation)
retain_until : date after which the record must be erased, may be empty
precision, spread_m : how well the position is known, see `geo.layers.base.position_columns`
circle, synthetic : see `geo.layers.base.common_columns`
geometry : point, EPSG:3006, the place visited
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa

from geo.layers.base import Layer, Points, common_columns, day, decay, one_of, position_columns, text
from geo.reference import finding_weights, model_parameters

__all__ = ["LAYER", "SCHEMA", "to_arrays"]

SCHEMA = pa.DataFrameSchema(
    {
        "finding_id": text("Id of the finding"),
        "visit_id": text("Visit that it was made at", nullable=True, required=False),
        "observed_on": day("Day of the observation"),
        "agency": text(
            "Agency that recorded it",
            one_of("agencies", "agency", "agency"),
            required=False,
            default="arbetsmiljoverket",
        ),
        "indicator": text("Indicator code", one_of("indicators", "indicator", "indicator")),
        "framework": text(
            "Framework of the indicator",
            one_of("finding_frameworks", "framework", "framework"),
            required=False,
            default="DECK5",
        ),
        "grade": text("Strength of the indicator", one_of("finding_grades", "grade", "grade")),
        "source": text("How it is known", one_of("finding_sources", "finding_source", "source of the observation")),
        "verification": text(
            "How far it is verified",
            one_of("finding_verifications", "verification", "verification"),
            required=False,
            default="unverified",
        ),
        "persons_band": text(
            "Band of persons concerned", one_of("persons_bands", "band", "band of persons"), required=False, default="0"
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
    """Findings up to a day, weighted by severity and decayed by age.

    Parameters
    ----------
    frame : GeoDataFrame of this layer
    at : date; later findings, and those past ``retain_until``, are left out
    sectors : sector groups to keep; findings at accommodation belong to none and stay; None keeps all
    parameters : may override ``half_life_days`` and ``findings_bandwidth_m``

    Returns
    -------
    Points
        ``weight`` in severity-weighted findings, ``size`` in findings, ``group`` the indicator.
    """
    settings = {**model_parameters(), **(parameters or {})}
    weight = finding_weights(frame["grade"], frame["verification"], frame["source"], frame["indicator"])
    weight = weight * decay(frame["observed_on"], at, settings["half_life_days"])
    expired = (frame["retain_until"] < pd.Timestamp(at)).to_numpy(dtype=bool)
    keep = (weight > 0) & ~expired
    if sectors is not None:
        keep &= (frame["sector"].isna() | frame["sector"].isin(sorted(sectors))).to_numpy(dtype=bool)
    n_kept = int(keep.sum())
    return Points(
        ids=frame["finding_id"].to_numpy(dtype=object)[keep],
        group=frame["indicator"].to_numpy(dtype=object)[keep],
        easting=frame.geometry.x.to_numpy()[keep],
        northing=frame.geometry.y.to_numpy()[keep],
        weight=weight[keep],
        size=np.ones(n_kept),
        bandwidth_m=np.full(n_kept, settings["findings_bandwidth_m"]),
        spread_m=frame["spread_m"].to_numpy(dtype=np.float64)[keep],
        on=frame["observed_on"].to_numpy(dtype="datetime64[D]")[keep],
    )


LAYER = Layer(
    name="findings",
    title="Findings",
    id_columns=("finding_id",),
    geometry_types=frozenset({"Point"}),
    schema=SCHEMA,
    to_arrays=to_arrays,
)
