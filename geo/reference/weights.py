"""Codes to numbers: what a sector, a kind of housing, a phase or a finding weighs, for whole columns at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import SchemaError, ShapeError
from geo.reference.industry import month_of
from geo.reference.tables import read_columns

__all__ = [
    "are_discovered",
    "are_meant_for_living",
    "bandwidths_m",
    "finding_weights",
    "housing_season_factors",
    "phase_weights",
    "report_weights",
    "risk_weights",
    "sector_shares",
    "unsuitabilities",
]

_SHOWN_CODES = 5


def risk_weights(sector: ArrayLike) -> NDArray[np.float64]:
    """Risk weight of each sector group.

    Parameters
    ----------
    sector : (n,) str, codes of ``sectors``

    Returns
    -------
    (n,) float64, 0 to 1; 0 for ``other``

    Raises
    ------
    SchemaError
        If a sector is unknown.
    """
    return _look_up("sectors", "sector", "risk_weight", sector)


def bandwidths_m(sector: ArrayLike) -> NDArray[np.float64]:
    """Kernel bandwidth of each sector group: wide where people work far from the registered address.

    Parameters
    ----------
    sector : (n,) str, codes of ``sectors``

    Returns
    -------
    (n,) float64, m

    Raises
    ------
    SchemaError
        If a sector is unknown.
    """
    return _look_up("sectors", "sector", "bandwidth_m", sector)


@lru_cache(maxsize=1)
def sector_shares() -> Mapping[str, float]:
    """Share of employees per sector group in the region that the model was fitted on; frozen in the model version.

    Returns
    -------
    mapping of sector code to share; the shares add up to 1
    """
    return MappingProxyType(dict(read_columns("model_sector_shares", "sector", "share")))


def unsuitabilities(housing_type: ArrayLike) -> NDArray[np.float64]:
    """How unfit each kind of housing is for people who stay to work.

    Parameters
    ----------
    housing_type : (n,) str, codes of ``housing_types``

    Returns
    -------
    (n,) float64, 0 (fit) to 1 (not meant for living at all)

    Raises
    ------
    SchemaError
        If a housing type is unknown.
    """
    return _look_up("housing_types", "housing_type", "unsuitability", housing_type)


def are_meant_for_living(housing_type: ArrayLike) -> NDArray[np.bool_]:
    """Which housing is meant for living; the other kinds carry the first sign of labour exploitation.

    Parameters
    ----------
    housing_type : (n,) str, codes of ``housing_types``

    Returns
    -------
    (n,) bool

    Raises
    ------
    SchemaError
        If a housing type is unknown.
    """
    return _look_up("housing_types", "housing_type", "meant_for_living", housing_type).astype(bool)


def housing_season_factors(housing_type: ArrayLike, at: date) -> NDArray[np.float64]:
    """How full of workers each kind of housing is in the month of a date, against its peak.

    Parameters
    ----------
    housing_type : (n,) str, codes of ``housing_types``
    at : date, the scoring date

    Returns
    -------
    (n,) float64, 0 to 1

    Raises
    ------
    SchemaError
        If a housing type is unknown.
    ParameterError
        If `at` is no date.
    """
    return _map_codes("housing_type", housing_type, _housing_season(month_of(at)))


def phase_weights(phase: ArrayLike) -> NDArray[np.float64]:
    """Weight of each phase of an establishment.

    Parameters
    ----------
    phase : (n,) str, codes of ``establishment_phases``

    Returns
    -------
    (n,) float64, 0 to 1

    Raises
    ------
    SchemaError
        If a phase is unknown.
    """
    return _look_up("establishment_phases", "phase", "weight", phase)


def finding_weights(
    grade: ArrayLike, verification: ArrayLike, source: ArrayLike, indicator: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Weight of each finding: grade × verification × source of the observation, × severity where `indicator` is given.

    Tips weigh 0, because what is reported and what is discovered are biased differently and kept apart; so do
    findings that were dismissed.

    Parameters
    ----------
    grade : (n,) str, codes of ``finding_grades``; empty or missing takes the indicator's own grade
    verification : (n,) str, codes of ``finding_verifications``
    source : (n,) str, codes of ``finding_sources``
    indicator : (n,) str, codes of ``indicators``; None leaves severity out

    Returns
    -------
    (n,) float64, 0 to 1

    Raises
    ------
    SchemaError
        If a code is unknown, or a grade is missing and `indicator` is not given.
    ShapeError
        If the columns differ in length.
    """
    columns = [grade, verification, source] + ([] if indicator is None else [indicator])
    lengths = {np.shape(np.asarray(column, dtype=object)) for column in columns}
    if len(lengths) != 1:
        message = f"grade, verification, source and indicator need one length; got {sorted(lengths)}."
        raise ShapeError(message)
    severity: NDArray[np.float64] | float = 1.0
    if indicator is not None:
        severity = _look_up("indicators", "indicator", "severity", indicator)
        grade = _fill_grades(grade, indicator)
    return (
        severity
        * _look_up("finding_grades", "grade", "weight", grade)
        * _look_up("finding_verifications", "verification", "weight", verification)
        * _look_up("finding_sources", "finding_source", "weight", source)
    )


def report_weights(source: ArrayLike, verification: ArrayLike, indicator: ArrayLike) -> NDArray[np.float64]:
    """Weight of each report: severity and usual grade of its indicator × verification × the route it came by.

    Parameters
    ----------
    source : (n,) str, codes of ``report_sources``
    verification : (n,) str, codes of ``finding_verifications``
    indicator : (n,) str, codes of ``indicators``

    Returns
    -------
    (n,) float64, 0 to 1; 0 for reports that were dismissed

    Raises
    ------
    SchemaError
        If a code is unknown.
    """
    nothing = np.full(np.shape(np.asarray(indicator, dtype=object)), "", dtype=object)
    return (
        _look_up("indicators", "indicator", "severity", indicator)
        * _look_up("finding_grades", "grade", "weight", _fill_grades(nothing, indicator))
        * _look_up("finding_verifications", "verification", "weight", verification)
        * _look_up("report_sources", "report_source", "weight", source)
    )


def are_discovered(source: ArrayLike) -> NDArray[np.bool_]:
    """Which findings an inspection discovered, as against those reported to it.

    Parameters
    ----------
    source : (n,) str, codes of ``finding_sources``

    Returns
    -------
    (n,) bool, False for tips

    Raises
    ------
    SchemaError
        If a source is unknown.
    """
    return _look_up("finding_sources", "finding_source", "discovered", source).astype(bool)


def _fill_grades(grade: ArrayLike, indicator: ArrayLike) -> NDArray[np.object_]:
    own = dict(read_columns("indicators", "indicator", "grade"))
    filled = np.array(np.asarray(grade, dtype=object))
    missing = pd.isna(filled) | (filled == "")
    filled[missing] = [own[code] for code in np.asarray(indicator, dtype=object)[missing]]
    return filled


@lru_cache(maxsize=12)
def _housing_season(month: int) -> Mapping[object, float]:
    rows = read_columns("housing_seasons", "housing_type", "factor", "month")
    return MappingProxyType({housing_type: factor for housing_type, factor, row_month in rows if row_month == month})


@lru_cache(maxsize=64)
def _mapping(table: str, key: str, column: str) -> Mapping[object, float]:
    return MappingProxyType({code: float(value) for code, value in read_columns(table, key, column)})


def _look_up(table: str, key: str, column: str, codes: ArrayLike) -> NDArray[np.float64]:
    return _map_codes(key, codes, _mapping(table, key, column))


def _map_codes(name: str, codes: ArrayLike, values: Mapping[object, float]) -> NDArray[np.float64]:
    array: NDArray[Any] = np.asarray(codes, dtype=object)
    if array.ndim != 1:
        message = f"{name} must be one-dimensional; got shape {array.shape}."
        raise ShapeError(message)
    listed = array.tolist()
    unknown = [code for code in listed if code not in values]
    if unknown:
        shown = ", ".join(dict.fromkeys(repr(code) for code in unknown[:_SHOWN_CODES]))
        known = ", ".join(map(str, values))
        message = f"{name}: unknown code in {len(unknown)} row(s): {shown}; use one of {known}."
        raise SchemaError(message)
    return np.array([values[code] for code in listed], dtype=np.float64)
