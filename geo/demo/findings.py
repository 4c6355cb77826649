"""Findings: what visits put on record as coded indicators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.crs import SWEREF99_TM
from geo.demo.assumptions import read_assumptions
from geo.demo.inspections import Visit, persons_band
from geo.demo.sites import Sites
from geo.reference import read_table

__all__ = ["findings_frame", "visits_frame"]

_RETAINED_YEARS = 5
_DISMISSED_YEARS = 2
_UPGRADE = 0.2
_SOURCES = (("observed", 0.5), ("documented", 0.2), ("statement", 0.3))
_VERIFICATIONS = {
    "true": (("unverified", 0.35), ("corroborated", 0.42), ("decided", 0.18), ("dismissed", 0.05)),
    "false alarm": (("unverified", 0.45), ("corroborated", 0.10), ("decided", 0.0), ("dismissed", 0.45)),
    "other": (("unverified", 0.45), ("corroborated", 0.25), ("decided", 0.25), ("dismissed", 0.05)),
}
# Who writes a sign down: the police and the co-ordinator speak with people, the others see the place.
_RECORDERS = {"trafficking_indicator": ("polismyndigheten", "regional_coordinator", "arbetsmiljoverket")}


@dataclass(frozen=True)
class _Sign:
    """One row on its way into the layer."""

    visit_id: str
    site: int
    day: np.datetime64
    agency: str
    indicator: str
    framework: str
    grade: str
    source: str
    verification: str
    persons: int
    years: int


def visits_frame(visits: list[Visit], sites: Sites) -> gpd.GeoDataFrame:
    """Visits as the layer has them; ids follow the order of the list.

    Parameters
    ----------
    visits : list of Visit
    sites : Sites

    Returns
    -------
    GeoDataFrame, EPSG:3006
    """
    site = np.array([visit.site for visit in visits], dtype=np.int64)
    return gpd.GeoDataFrame(
        {
            "visit_id": [_visit_id(number) for number in range(len(visits))],
            "visited_on": np.array([visit.day for visit in visits], dtype="datetime64[us]"),
            "site_id": pd.Series(sites.ids[site], dtype="str"),
            "agencies": [visit.crew.joined for visit in visits],
            "persons_met": [persons_band(visit.persons_met) for visit in visits],
            "outcome": [visit.outcome for visit in visits],
            "circle": "joint-inspection",
            "synthetic": True,
        },
        geometry=gpd.points_from_xy(sites.xy[site, 0], sites.xy[site, 1]),
        crs=SWEREF99_TM,
    )


def findings_frame(rng: np.random.Generator, visits: list[Visit], sites: Sites, at: date) -> gpd.GeoDataFrame:
    """Findings of the visits; those past retention are gone already. Tips are in `geo.demo.reports`.

    Parameters
    ----------
    rng : Generator
    visits : list of Visit, in the order of `visits_frame`
    sites : Sites
    at : date

    Returns
    -------
    GeoDataFrame, EPSG:3006
    """
    indicators = read_table("indicators").set_index("indicator")
    codes = read_assumptions("finding_codes")
    by_outcome = {str(outcome): rows for outcome, rows in codes.groupby("outcome", sort=True)}
    signs = [
        sign
        for number, visit in enumerate(visits)
        if visit.outcome in by_outcome
        for sign in _record(rng, _visit_id(number), visit, by_outcome[visit.outcome], indicators)
    ]
    kept = [sign for sign in signs if _erase_after(sign) >= pd.Timestamp(at)]
    kept.sort(key=lambda sign: (sign.day, sign.site, sign.indicator))
    return _frame(kept, sites)


def _visit_id(number: int) -> str:
    return f"demo-v{number + 1:05d}"


def _record(
    rng: np.random.Generator, visit_id: str, visit: Visit, codes: pd.DataFrame, indicators: pd.DataFrame
) -> list[_Sign]:
    chance = codes["probability"].to_numpy(dtype=np.float64)
    seen = rng.random(len(codes)) < chance
    is_sign = visit.outcome == "trafficking_indicator"
    if is_sign and not seen.any():
        seen[int(rng.choice(len(codes), p=chance / chance.sum()))] = True
    truthful = "other" if not is_sign else "true" if visit.n_identified else "false alarm"
    persons = visit.n_identified or (min(visit.persons_met, 2) if is_sign else 0)
    signs = []
    for indicator in codes["indicator"].to_numpy(dtype=object)[seen]:
        verification = _pick(rng, _VERIFICATIONS[truthful])
        signs.append(
            _Sign(
                visit_id=visit_id,
                site=visit.site,
                day=visit.day,
                agency=_recorder(rng, visit),
                indicator=str(indicator),
                framework=str(indicators.loc[indicator, "framework"]),
                grade=_grade(rng, indicators.loc[indicator]),
                source=_pick(rng, _SOURCES),
                verification=verification,
                persons=persons,
                years=_DISMISSED_YEARS if verification == "dismissed" else _RETAINED_YEARS,
            )
        )
    return signs


def _recorder(rng: np.random.Generator, visit: Visit) -> str:
    wanted = _RECORDERS.get(visit.outcome, ("arbetsmiljoverket",))
    there = [agency for agency in wanted if agency in visit.crew.agencies]
    return str(there[int(rng.integers(len(there)))])


def _grade(rng: np.random.Generator, indicator: Any) -> str:
    """The indicator's usual grade; now and then the strongest that it allows."""
    return str(indicator["grade_max"] if rng.random() < _UPGRADE else indicator["grade"])


def _pick(rng: np.random.Generator, choices: tuple[tuple[str, float], ...]) -> str:
    names, shares = zip(*choices, strict=True)
    return str(names[int(np.searchsorted(np.cumsum(shares), rng.random() * sum(shares), side="right"))])


def _erase_after(sign: _Sign) -> pd.Timestamp:
    return pd.Timestamp(sign.day) + pd.DateOffset(years=sign.years)


def _frame(signs: list[_Sign], sites: Sites) -> gpd.GeoDataFrame:
    site = np.array([sign.site for sign in signs], dtype=np.int64)
    agencies = read_table("agencies")
    circles = dict(zip(agencies["agency"].tolist(), agencies["circle"].tolist(), strict=True))
    return gpd.GeoDataFrame(
        {
            "finding_id": [f"demo-f{number:05d}" for number in range(1, len(signs) + 1)],
            "visit_id": pd.Series([sign.visit_id for sign in signs], dtype="str"),
            "observed_on": np.array([sign.day for sign in signs], dtype="datetime64[us]"),
            "agency": [sign.agency for sign in signs],
            "indicator": [sign.indicator for sign in signs],
            "framework": [sign.framework for sign in signs],
            "grade": [sign.grade for sign in signs],
            "source": [sign.source for sign in signs],
            "verification": [sign.verification for sign in signs],
            "persons_band": [persons_band(sign.persons) for sign in signs],
            "sector": pd.Series(sites.sector[site], dtype="str"),
            "retain_until": pd.Series([_erase_after(sign) for sign in signs], dtype="datetime64[us]"),
            "circle": [circles[sign.agency] for sign in signs],
            "synthetic": True,
        },
        geometry=gpd.points_from_xy(sites.xy[site, 0], sites.xy[site, 1]),
        crs=SWEREF99_TM,
    )
