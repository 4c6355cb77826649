"""Visits, findings and checks of a period as columns: when, where, in which sector, and whose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.planning.plan import Plan
from geo.planning.plan.outcomes import VISITED
from geo.planning.targets.sites import SITE_LAYERS, Sites, read_sites
from geo.reference import county_names, finding_weights

__all__ = ["HOUSING", "UNKNOWN", "Period", "YearRecords", "read_records"]

# What stands where a sector would: accommodation belongs to none, and of some visits nobody knows the site.
HOUSING, UNKNOWN = "accommodation", "unknown"
_TIP = "tip"
_FIRST_YEAR, _LAST_YEAR = 1990, 2200


@dataclass(frozen=True)
class Period:
    """From one day to another, both included.

    Attributes
    ----------
    first, last : date
    is_asked_for : bool, False for what only stands beside another period, and may lie before all that can be asked for

    Raises
    ------
    ParameterError
        It ends before it begins, or lies where nobody asks.
    """

    first: date
    last: date
    is_asked_for: InitVar[bool] = True

    def __post_init__(self, is_asked_for: bool) -> None:
        if self.last < self.first:
            message = f"A period must not end before it begins; this one is from {self.first} to {self.last}."
            raise ParameterError(message)
        if is_asked_for and (self.first.year < _FIRST_YEAR or self.last.year > _LAST_YEAR):
            message = f"Give days in the years {_FIRST_YEAR} to {_LAST_YEAR}, not {self.first} to {self.last}."
            raise ParameterError(message)

    @classmethod
    def of_year(cls, year: int) -> Period:
        """A calendar year.

        Raises
        ------
        ParameterError
        """
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            message = f"Give a year from {_FIRST_YEAR} to {_LAST_YEAR}, not {year}."
            raise ParameterError(message)
        return cls(date(year, 1, 1), date(year, 12, 31))

    @property
    def year(self) -> int | None:
        """The calendar year that it is, None where it is none."""
        year = self.first.year
        return year if (self.first, self.last) == (date(year, 1, 1), date(year, 12, 31)) else None

    @property
    def before(self) -> Period:
        """The same days a year earlier."""
        return Period(_year_earlier(self.first), _year_earlier(self.last), is_asked_for=False)


@dataclass(frozen=True, eq=False)
class YearRecords:
    """What is on record of a period.

    Attributes
    ----------
    period : Period
    visits : DataFrame, one row per visit: ``visit_id``, ``on`` (date), ``month`` (01 to 12), ``site`` (layer and id,
        empty where it is not known), ``layer``, ``sector`` (sector group, `HOUSING` or `UNKNOWN`), ``county`` (code or
        `UNKNOWN`), ``firm`` (employer, else the site, else empty), ``has_employer``, ``outcome``, ``persons_met``,
        ``agencies`` (codes joined by ``+``), ``found``
    findings : DataFrame, one row per finding that is neither a tip nor dismissed: ``visit_id``, ``month``, ``sector``,
        ``county``, ``firm``, ``indicator``, ``grade``
    checks : agency and check to how many visits it was made at, as plans record them
    n_planned : int, visits of which plans record the checks
    n_dismissed, n_tips : int, findings left out
    n_loose_findings : int, findings that name no visit of the period
    """

    period: Period
    visits: pd.DataFrame
    findings: pd.DataFrame
    checks: Mapping[tuple[str, str], int]
    n_planned: int
    n_dismissed: int
    n_tips: int
    n_loose_findings: int


def read_records(layers: Layers, period: Period, plans: Iterable[Plan] = ()) -> YearRecords:
    """What some layers and plans have on record of a period.

    Parameters
    ----------
    layers : Layers, what the sharing circle may see
    period : Period
    plans : of the same circle; only they know which checks were made
    """
    visits = _read_visits(layers, period)
    of_findings = layers["findings"]
    some = of_findings[_lies_in(of_findings["observed_on"], period)]
    is_tip = (some["source"] == _TIP).to_numpy(dtype=bool)
    weight = finding_weights(some["grade"], some["verification"], some["source"], some["indicator"])
    is_dismissed = ~is_tip & (weight == 0)
    kept = some[~is_tip & ~is_dismissed]
    findings = _read_findings(layers, kept, visits)
    found = set(findings["visit_id"])
    checks, n_planned = _count_checks(plans, period)
    return YearRecords(
        period=period,
        visits=visits.assign(found=[visit in found for visit in visits["visit_id"]]),
        findings=findings,
        checks=checks,
        n_planned=n_planned,
        n_dismissed=int(is_dismissed.sum()),
        n_tips=int(is_tip.sum()),
        n_loose_findings=int((~findings["visit_id"].isin(visits["visit_id"])).sum()),
    )


def _read_visits(layers: Layers, period: Period) -> pd.DataFrame:
    frame = layers["visits"]
    frame = frame[_lies_in(frame["visited_on"], period)]
    sites = read_sites(layers)
    at = _locate(sites, frame["site_id"].to_numpy(dtype=object))
    known = at >= 0
    layer, group = _take(sites.layer, at), _take(sites.group, at)
    employer = _take(_employers(layers), at)
    site = np.where(known, [f"{a}/{b}" for a, b in zip(layer, _take(sites.ids, at), strict=True)], "")
    days = frame["visited_on"]
    return pd.DataFrame(
        {
            "visit_id": frame["visit_id"].to_numpy(dtype=object),
            "on": days.dt.date.to_numpy(dtype=object),
            "month": days.dt.strftime("%m").to_numpy(dtype=object),
            "site": site.astype(object),
            "layer": layer,
            "sector": np.where(known, np.where(layer == HOUSING, HOUSING, group), UNKNOWN),
            "county": _read_counties(layers, frame),
            "firm": np.where(employer != "", employer, site).astype(object),
            "has_employer": employer != "",
            "outcome": frame["outcome"].to_numpy(dtype=object),
            "persons_met": frame["persons_met"].to_numpy(dtype=object),
            "agencies": frame["agencies"].fillna("").to_numpy(dtype=object),
        }
    )


def _read_findings(layers: Layers, frame: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """Findings with the firm of their visit; the sector is their own, or else that of the visit."""
    of_visit = visits.drop_duplicates("visit_id").set_index("visit_id")
    visit = frame["visit_id"].fillna("").to_numpy(dtype=object)
    at = of_visit.index.get_indexer(pd.Index(visit, dtype=object))
    sector = frame["sector"].fillna("").to_numpy(dtype=object)
    theirs = np.where(at >= 0, _take(of_visit["sector"].to_numpy(dtype=object), at), UNKNOWN)
    return pd.DataFrame(
        {
            "visit_id": visit,
            "month": frame["observed_on"].dt.strftime("%m").to_numpy(dtype=object),
            "sector": np.where(sector != "", sector, theirs).astype(object),
            "county": _read_counties(layers, frame),
            "firm": _take(of_visit["firm"].to_numpy(dtype=object), at),
            "indicator": frame["indicator"].to_numpy(dtype=object),
            "grade": frame["grade"].to_numpy(dtype=object),
        }
    )


def _read_counties(layers: Layers, frame: pd.DataFrame) -> NDArray[np.object_]:
    shapes = frame["geometry"].array
    codes = layers.region.municipality_at(shapes.x, shapes.y) if len(frame) else np.array([], dtype=object)
    counties = [str(code)[:2] for code in codes]
    return np.array([code if code in county_names() else UNKNOWN for code in counties], dtype=object)


def _employers(layers: Layers) -> NDArray[np.object_]:
    """Employer of each site in the order of `Sites`; empty where there is none on record."""
    work = layers["workplaces"]["employer_id"].fillna("").to_numpy(dtype=object)
    return np.concatenate([np.full(len(layers["accommodation"]), "", dtype=object), work])


def _locate(sites: Sites, ids: NDArray[np.object_]) -> NDArray[np.int64]:
    """Position of the site that each id names, -1 for none; accommodation where an id stands in both layers."""
    at = np.full(len(ids), -1, dtype=np.int64)
    for layer in reversed(SITE_LAYERS):
        found = sites.locate(layer, ids)
        at = np.where(found >= 0, found, at)
    return at


def _take(values: NDArray[np.object_], at: NDArray[np.int64]) -> NDArray[np.object_]:
    """Values at some positions, empty where the position is -1."""
    padded = np.append(values.astype(object), "")
    taken: NDArray[np.object_] = padded[at]
    return taken


def _lies_in(days: pd.Series, period: Period) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = days.between(pd.Timestamp(period.first), pd.Timestamp(period.last)).to_numpy(dtype=bool)
    return inside


def _count_checks(plans: Iterable[Plan], period: Period) -> tuple[Mapping[tuple[str, str], int], int]:
    counts: Counter[tuple[str, str]] = Counter()
    n_visits = 0
    for plan in plans:
        for records in plan.outcomes.values():
            last = records[-1]
            if last.result == VISITED and period.first <= last.on <= period.last:
                n_visits += 1
                counts.update((one.agency, check) for one in last.agencies for check in one.checks)
    return dict(sorted(counts.items())), n_visits


def _year_earlier(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        # 29 February
        return date(day.year - 1, 2, 28)
