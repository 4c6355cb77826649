"""What a layer is: a schema, a documented frame, and a way from frame to arrays.

A layer module defines ``SCHEMA`` (pandera), ``to_arrays`` and ``LAYER``; `geo.layers.registry` lists the layers in one
line each. Frames are GeoDataFrames in EPSG:3006, sorted by id, with exactly the schema's columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from geo.errors import ShapeError
from geo.layers.failures import Failure, fail_where
from geo.reference import read_table

__all__ = [
    "Layer",
    "Points",
    "ToArrays",
    "active_on",
    "common_columns",
    "day",
    "decay",
    "flag",
    "number",
    "one_of",
    "period_rules",
    "position_columns",
    "text",
]

# No count of people, beds or workplaces reaches it, and sums below it keep every score a number.
_LARGEST = 1e9
# as a county is wide, and then some
_WIDEST_M = 300_000.0


@dataclass(frozen=True, eq=False)
class Points:
    """Weighted points on their way to a kernel.

    Attributes
    ----------
    ids : (n,) str objects, the record behind each point; a line's points share their id
    group : (n,) str objects, what the point is counted as (sector group, housing type, indicator, phase)
    easting, northing : (n,) float64, m, EPSG:3006
    weight : (n,) float64, the component's unit
    size : (n,) float64, the plain quantity before weighting (employees, beds, findings, workers)
    bandwidth_m : (n,) float64, m, > 0
    spread_m : (n,) float64, m, >= 0, radius of the circle that the weight is spread over (`geo.layers.spread`);
        all 0 when left out
    on : (n,) datetime64[D], day of the record; NaT where it has none, and throughout when left out

    Raises
    ------
    ShapeError
    """

    ids: NDArray[np.object_]
    group: NDArray[np.object_]
    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    weight: NDArray[np.float64]
    size: NDArray[np.float64]
    bandwidth_m: NDArray[np.float64]
    spread_m: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    on: NDArray[np.datetime64] = field(default_factory=lambda: np.empty(0, "datetime64[D]"))

    def __post_init__(self) -> None:
        if not len(self.spread_m):
            object.__setattr__(self, "spread_m", np.zeros(np.shape(self.ids)))
        if not len(self.on):
            object.__setattr__(self, "on", np.full(np.shape(self.ids), np.datetime64("NaT", "D")))
        lengths = {name: np.shape(getattr(self, name)) for name in self.__dataclass_fields__}
        if len(set(lengths.values())) != 1 or len(self.ids.shape) != 1:
            message = f"All arrays of Points need one common length; got {lengths}."
            raise ShapeError(message)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, keep: NDArray[Any]) -> Points:
        """Points at the positions (or where the mask is true) given."""
        return Points(**{name: getattr(self, name)[keep] for name in self.__dataclass_fields__})

    @classmethod
    def empty(cls) -> Points:
        """No points at all."""
        nothing, names = np.empty(0), np.empty(0, dtype=object)
        return cls(names, names, nothing, nothing, nothing, nothing, nothing)


class ToArrays(Protocol):
    """How every layer turns its frame into weighted arrays.

    ``at`` is the scoring date, ``sectors`` keeps only these sector groups, ``parameters`` override the frozen model
    parameters by name.
    """

    def __call__(
        self,
        frame: gpd.GeoDataFrame,
        at: date,
        sectors: frozenset[str] | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> Any:
        """Arrays of the records that count on the scoring date."""


@dataclass(frozen=True)
class Layer:
    """A layer as the registry knows it.

    Attributes
    ----------
    name : str, as used in ``norrsyn import`` and in the data folder
    title : str, English, for people (translated in the page)
    id_columns : the columns that name a record; their combination is unique
    geometry_types : allowed shapely geometry types
    schema : pandera schema of every column but the geometry
    to_arrays : None for layers that carry no weight (borders, localities)
    site_title : column shown to people on the map, None where records are no sites
    in_region : whether records must lie within 15 km of Region Nord
    rules : checks across the columns of one row
    frame_rules : checks across rows, which need all of them at once; None: there are none
    """

    name: str
    title: str
    id_columns: tuple[str, ...]
    geometry_types: frozenset[str]
    schema: pa.DataFrameSchema
    to_arrays: ToArrays | None = None
    site_title: str | None = None
    in_region: bool = True
    rules: Callable[[gpd.GeoDataFrame], list[Failure]] = field(default=lambda _frame: [])
    frame_rules: Callable[[gpd.GeoDataFrame], list[Failure]] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names in canonical order, geometry last."""
        return (*self.schema.columns, "geometry")


def text(
    description: str,
    *checks: pa.Check,
    nullable: bool = False,
    required: bool = True,
    default: str | None = None,
    n_digits: int | None = None,
) -> pa.Column:
    """A text column; codes are text, never numbers.

    Where `n_digits` is given, a number is taken only if it has that many digits: one with fewer may have lost a
    leading 0.
    """
    return pa.Column(
        str,
        list(checks),
        nullable=nullable,
        required=required,
        default=default,
        description=description,
        metadata={"n_digits": n_digits},
    )


def _is_at_most(most: float) -> Callable[[pd.Series], pd.Series]:
    def check(values: pd.Series) -> pd.Series:
        # infinity is told by a rule of its own
        allowed: pd.Series = (values <= most) | ~np.isfinite(values)
        return allowed

    return check


def number(
    description: str,
    *checks: pa.Check,
    nullable: bool = False,
    required: bool = True,
    default: float | None = None,
    most: float = _LARGEST,
) -> pa.Column:
    """A float64 column of finite numbers from 0 to at most 1e9; nullable says that they may be missing."""
    rules = [
        pa.Check(np.isfinite, error="must be a finite number; write digits with a decimal point"),
        pa.Check.ge(0, error="must be 0 or more; check the number"),
        pa.Check(_is_at_most(most), error=f"must be at most {most:.0f}; check the number and its unit"),
    ]
    return pa.Column(
        float, [*rules, *checks], nullable=nullable, required=required, default=default, description=description
    )


def day(description: str, *, nullable: bool = False, required: bool = True) -> pa.Column:
    """A date column (datetime64, midnight); written as YYYY-MM-DD in files."""
    return pa.Column("datetime64[us]", [], nullable=nullable, required=required, description=description)


def flag(description: str, *, default: bool) -> pa.Column:
    """A yes/no column."""
    return pa.Column(bool, [], required=False, default=default, description=description)


def one_of(table: str, column: str, what: str) -> pa.Check:
    """A check that a code stands in a reference table; its message lists the codes."""
    codes = sorted(read_table(table)[column].unique())
    return pa.Check.isin(codes, error=f"unknown {what}; use one of {', '.join(codes)}")


def common_columns() -> dict[str, pa.Column]:
    """Columns that every record of every layer carries."""
    return {
        "circle": text(
            "Sharing circle that may see the record",
            one_of("circles", "circle", "sharing circle"),
            required=False,
            default="joint-inspection",
        ),
        "synthetic": flag("True for made-up demonstration records", default=False),
    }


def position_columns() -> dict[str, pa.Column]:
    """Columns of records that stand at a point: how well it is known."""
    widest = pa.Check.le(_WIDEST_M, error=f"must be at most {_WIDEST_M:.0f} m")
    return {
        "precision": text(
            "How well the position is known",
            one_of("precisions", "precision", "precision of a position"),
            required=False,
            default="exact",
        ),
        "spread_m": number(
            "Radius of the circle in which the record may lie, m; its weight is spread over it",
            widest,
            required=False,
            default=0.0,
        ),
    }


def active_on(frame: pd.DataFrame, at: date) -> NDArray[np.bool_]:
    """Which records are active on a day: both ends belong to the period, a missing end is open.

    Parameters
    ----------
    frame : DataFrame with ``active_from`` and ``active_to``
    at : date

    Returns
    -------
    (n,) bool
    """
    day_start = pd.Timestamp(at)
    started = frame["active_from"].isna() | (frame["active_from"] <= day_start)
    not_ended = frame["active_to"].isna() | (frame["active_to"] >= day_start)
    active: NDArray[np.bool_] = (started & not_ended).to_numpy(dtype=bool)
    return active


def period_rules(frame: gpd.GeoDataFrame) -> list[Failure]:
    """Periods that end before they begin."""
    backwards = (frame["active_to"] < frame["active_from"]).to_numpy(dtype=bool)
    ends = frame["active_to"].dt.strftime("%Y-%m-%d")
    return fail_where("active_to", "before active_from", "check the dates", backwards, ends)


def decay(days: pd.Series, at: date, half_life_days: float) -> NDArray[np.float64]:
    """Weight of records by age: halved every `half_life_days`, 0 for the future.

    Parameters
    ----------
    days : (n,) datetime64
    at : date
    half_life_days : float, days, > 0

    Returns
    -------
    (n,) float64, 0 to 1
    """
    age = (pd.Timestamp(at) - days).dt.days.to_numpy(dtype=np.float64)
    return np.where(age >= 0, np.exp2(-np.maximum(age, 0) / half_life_days), 0.0)
