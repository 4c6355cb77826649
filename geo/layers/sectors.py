"""Sector statistics for areas: how many work in which sector group in a municipality, DeSO, business area or grid cell.

One row is one area and one sector group; the area's polygon stands on each of its rows.

Columns
-------
area_id : text, code of the area (municipality code, DeSO code, SCB grid id …)
level : text, kind of area; one kind per frame, else people would count twice
sector : text, sector group, ``other`` included
employees, workplaces : numbers in the area
year : text, statistics year, may be empty
circle, synthetic : see `geo.layers.base.common_columns`
geometry : polygon, EPSG:3006
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandera.pandas as pa
from numpy.typing import NDArray

from geo.layers.base import Layer, common_columns, number, one_of, text
from geo.layers.failures import Failure, fail_where
from geo.reference import risk_weights, sector_shares

__all__ = ["LAYER", "SCHEMA", "SECTOR_SHARE", "Areas", "to_arrays"]

LEVELS = ("municipality", "county", "deso", "regso", "scb_business_area", "scb_grid")

# how the parameters of a model name the share of all employees that a sector group has
SECTOR_SHARE = "sector_share_"

SCHEMA = pa.DataFrameSchema(
    {
        "area_id": text("Code of the area"),
        "level": text(
            "Kind of area",
            pa.Check.isin(LEVELS, error=f"must be one of {', '.join(LEVELS)}"),
            required=False,
            default="municipality",
        ),
        "sector": text("Sector group", one_of("sectors", "sector", "sector group")),
        "employees": number("Employees in the area and sector"),
        "workplaces": number("Workplaces in the area and sector", required=False, default=0.0),
        "year": text("Year of the statistics", nullable=True, required=False),
        **common_columns(),
    }
)


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas with their employees.

    Attributes
    ----------
    ids : (n,) str objects
    geometry : (n,) polygons, EPSG:3006
    employees : (n,) float64, all sectors
    risk_employees : (n,) float64, employees × sector risk of the sectors asked for
    share : float, what `risk_employees` / `employees` is in the region the model was fitted on; frozen
    """

    ids: NDArray[np.object_]
    geometry: NDArray[Any]
    employees: NDArray[np.float64]
    risk_employees: NDArray[np.float64]
    share: float


def to_arrays(
    frame: gpd.GeoDataFrame,
    at: date,  # noqa: ARG001  statistics carry a year, not a season
    sectors: frozenset[str] | None = None,
    parameters: Mapping[str, float] | None = None,
) -> Areas:
    """Employees per area, all and in risk sectors.

    Parameters
    ----------
    frame : GeoDataFrame of this layer
    at : date, not used
    sectors : sector groups that count as risk; None counts all that have a risk weight
    parameters : may override each sector group's share of all employees, as ``sector_share_…``

    Returns
    -------
    Areas
    """
    sector = frame["sector"].to_numpy(dtype=object)
    employees = frame["employees"].to_numpy(dtype=np.float64)
    asked = np.ones(len(frame), dtype=bool) if sectors is None else np.isin(sector.astype(str), sorted(sectors))
    ids, first, area = np.unique(frame["area_id"].to_numpy(dtype=str), return_index=True, return_inverse=True)
    settings = parameters or {}
    shares = {name: settings.get(f"{SECTOR_SHARE}{name}", share) for name, share in sector_shares().items()}
    counted = list(shares) if sectors is None else sorted(sectors & set(shares))
    weights = risk_weights(np.array(counted, dtype=object))
    return Areas(
        ids=ids.astype(object),
        geometry=frame.geometry.to_numpy()[first],
        employees=np.bincount(area, employees, len(ids)).astype(np.float64),
        risk_employees=np.bincount(area, employees * risk_weights(sector) * asked, len(ids)).astype(np.float64),
        share=float(sum(weight * shares[name] for weight, name in zip(weights, counted, strict=True))),
    )


def _check_frame(frame: gpd.GeoDataFrame) -> list[Failure]:
    levels = sorted(frame["level"].dropna().unique())
    several = np.full(len(frame), len(levels) > 1)
    shapes = frame.geometry.to_wkb().groupby(frame["area_id"]).transform("nunique")
    torn = (shapes > 1).to_numpy(dtype=bool)
    return [
        *fail_where(
            "level",
            f"{', '.join(levels)} stand in one frame",
            "people would count twice, so keep one kind of area",
            several,
        ),
        *fail_where("geometry", "changes from row to row of one area", "give each one polygon", torn, frame["area_id"]),
    ]


LAYER = Layer(
    name="sectors",
    title="Sector statistics",
    id_columns=("area_id", "sector"),
    geometry_types=frozenset({"Polygon", "MultiPolygon"}),
    schema=SCHEMA,
    to_arrays=to_arrays,
    frame_rules=_check_frame,
)
