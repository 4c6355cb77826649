"""Workplaces: registered ones at their firm's address, and temporary ones where the work is done.

A register workplace (CFAR) sits at the firm's office, while construction and forestry happen elsewhere; a temporary
workplace comes from a construction notice, a felling notification, a posting site or a road project.

Columns
-------
workplace_id : text, CFAR number or the source's own id
name : text, shown to signed-in people only
employer_id : text, organisation number or a pseudonym, may be empty; a sole trader's number is a person's and refused
kind : ``registered`` or ``temporary``
sni, sni_version : text, industry code and the edition it is written in (2007, 2025)
employees : number
active_from, active_to : dates, both ends included, may be empty
precision, spread_m : how well the position is known, see `geo.layers.base.position_columns`
circle, synthetic : see `geo.layers.base.common_columns`
geometry : point, EPSG:3006
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from geo.layers.base import Layer, Points, active_on, common_columns, day, number, period_rules, position_columns, text
from geo.layers.failures import Failure, fail_where
from geo.layers.persons import reads_as_personal_number
from geo.reference import bandwidths_m, known_sni, risk_weights, season_factors, sectors_of

__all__ = [
    "LAYER",
    "SCHEMA",
    "Columns",
    "employees_to_arrays",
    "read_columns",
    "select_employees",
    "select_points",
    "to_arrays",
]

SCHEMA = pa.DataFrameSchema(
    {
        "workplace_id": text("CFAR number or the source's own id"),
        "name": text("Name of the workplace", nullable=True, required=False),
        "employer_id": text(
            "Organisation number of the employer, or a pseudonym; never a personal identity number",
            nullable=True,
            required=False,
        ),
        "kind": text(
            "registered (in the business register) or temporary (where work is done for a time)",
            pa.Check.isin(["registered", "temporary"], error="must be registered or temporary"),
            required=False,
            default="registered",
        ),
        "sni": text("Industry code, 2 to 5 digits, with or without full stop", n_digits=5),
        "sni_version": text(
            "Edition of the industry code",
            pa.Check.isin(["2007", "2025"], error="must be 2007 or 2025"),
            required=False,
            default="2007",
        ),
        "employees": number("Number of employees at the workplace; at most 200000", most=200_000),
        "active_from": day("First day of activity; empty: always", nullable=True, required=False),
        "active_to": day("Last day of activity; empty: still active", nullable=True, required=False),
        **position_columns(),
        **common_columns(),
    }
)


def to_arrays(
    frame: gpd.GeoDataFrame,
    at: date,
    sectors: frozenset[str] | None = None,
    parameters: Mapping[str, float] | None = None,  # noqa: ARG001  same call for every layer
) -> Points:
    """Workplaces active on a day, weighted by employees × sector risk × season.

    Parameters
    ----------
    frame : GeoDataFrame of this layer
    at : date
    sectors : sector groups to keep; None keeps all
    parameters : not used by this layer

    Returns
    -------
    Points
        ``weight`` in weighted employees, ``size`` in employees, ``group`` the sector group; without weight no point.
    """
    return select_points(read_columns(frame), at, sectors)


@dataclass(frozen=True, eq=False)
class Columns:
    """What a frame of workplaces says whatever the day, as arrays: read once, it serves every scoring date.

    Attributes
    ----------
    frame : GeoDataFrame of this layer
    sector : (n,) str objects
    weight : (n,) float64, employees × sector risk
    industry : (n,) int, position in `industries`
    industries : sector, code and edition of each industry that is there
    easting, northing : (n,) float64, m, EPSG:3006
    employees, bandwidth_m, spread_m : (n,) float64
    """

    frame: gpd.GeoDataFrame
    sector: NDArray[np.object_]
    weight: NDArray[np.float64]
    industry: NDArray[np.intp]
    industries: tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.object_]]
    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    employees: NDArray[np.float64]
    bandwidth_m: NDArray[np.float64]
    spread_m: NDArray[np.float64]


def read_columns(frame: gpd.GeoDataFrame) -> Columns:
    """What a frame of this layer says whatever the day."""
    sector = sectors_of(frame["sni"], frame["sni_version"])
    employees = frame["employees"].to_numpy(dtype=np.float64)
    industry, distinct = pd.factorize(
        pd.MultiIndex.from_arrays([frame["sni"].to_numpy(dtype=object), frame["sni_version"].to_numpy(dtype=object)])
    )
    first = np.empty(len(distinct), dtype=np.intp)
    # written from the end, so that the first row of each industry stays
    first[industry[::-1]] = np.arange(len(frame))[::-1]
    return Columns(
        frame=frame,
        sector=sector,
        weight=employees * risk_weights(sector),
        industry=industry,
        industries=(sector[first], *(frame[name].to_numpy(dtype=object)[first] for name in ("sni", "sni_version"))),
        easting=frame.geometry.x.to_numpy(),
        northing=frame.geometry.y.to_numpy(),
        employees=employees,
        bandwidth_m=bandwidths_m(sector),
        spread_m=frame["spread_m"].to_numpy(dtype=np.float64),
    )


def select_points(columns: Columns, at: date, sectors: frozenset[str] | None = None) -> Points:
    """As `to_arrays`, from columns that were read before."""
    weight = columns.weight * season_factors(*columns.industries, at)[columns.industry]
    keep = active_on(columns.frame, at) & (weight > 0)
    if sectors is not None:
        keep &= np.isin(columns.sector.astype(str), sorted(sectors))
    return _points(columns, weight, keep)


def employees_to_arrays(frame: gpd.GeoDataFrame, at: date) -> Points:
    """All active workplaces weighted by plain employees: the baseline that a risk map must differ from.

    Parameters
    ----------
    frame : GeoDataFrame of this layer
    at : date

    Returns
    -------
    Points
        ``weight`` = ``size`` = employees.
    """
    return select_employees(read_columns(frame), at)


def select_employees(columns: Columns, at: date) -> Points:
    """As `employees_to_arrays`, from columns that were read before."""
    return _points(columns, columns.employees, active_on(columns.frame, at) & (columns.employees > 0))


def _points(columns: Columns, weight: NDArray[np.float64], keep: NDArray[np.bool_]) -> Points:
    kept = np.flatnonzero(keep)
    return Points(
        ids=columns.frame["workplace_id"].to_numpy(dtype=object)[kept],
        group=columns.sector[kept],
        easting=columns.easting[kept],
        northing=columns.northing[kept],
        weight=weight[kept],
        size=columns.employees[kept],
        bandwidth_m=columns.bandwidth_m[kept],
        spread_m=columns.spread_m[kept],
    )


def _check_rows(frame: gpd.GeoDataFrame) -> list[Failure]:
    # an empty cell is told as such
    unknown = ~known_sni(frame["sni"], frame["sni_version"]) & frame["sni"].notna().to_numpy()
    codes = (f"{code} in SNI {edition}" for code, edition in zip(frame["sni"], frame["sni_version"], strict=True))
    remedy = "use 2 to 5 digits of SNI 2007 or 2025 and say which in sni_version"
    return [
        *fail_where("sni", "unknown industry code", remedy, unknown, codes),
        *fail_where(
            "employer_id",
            "reads as a personal identity number",
            "Norrsyn scores places, never persons, so leave the cell empty or give a pseudonym",
            reads_as_personal_number(frame["employer_id"]),
        ),
        *period_rules(frame),
    ]


LAYER = Layer(
    name="workplaces",
    title="Workplaces",
    id_columns=("workplace_id",),
    geometry_types=frozenset({"Point"}),
    schema=SCHEMA,
    to_arrays=to_arrays,
    site_title="name",
    rules=_check_rows,
)
