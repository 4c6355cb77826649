"""Three years of joint inspections: where inspectors would go, and what they would see.

Inspections go near the agencies' offices, to the sectors everybody watches, in season, to places that tips speak of,
and back to where something was found: a biased sample of the truth, as real records are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.demo.assumptions import calibrated_range, find_coded, is_in_months, read_rows
from geo.demo.crews import Crew, draw_crew
from geo.demo.outcomes import draw_outcome
from geo.demo.sites import Sites
from geo.demo.tips import Tips
from geo.demo.truth import PAST_MONTHS, Truth

__all__ = ["Visit", "persons_band", "visit_places"]

_YEARS = PAST_MONTHS // 12
_OFFICE_REACH_M = 40_000.0
_ANYWHERE = 0.012
_SIZE_EXPONENT = 0.35
_CONDUCT_PULL = 1.0
# Autumn and early summer are busy, July and the turn of the year are not; January first.
_MONTH_SHARE = (0.8, 1.0, 1.1, 1.0, 1.15, 1.15, 0.65, 1.05, 1.25, 1.2, 1.05, 0.6)
_TIP_VISIT_CHANCE = 0.85
_MOST_PLANNED_SHARE = 0.45
# Chance of going back, and after how many months
_BACK_CHANCE = {"trafficking_indicator": 0.75, "no_right_to_work": 0.25, "ban": 0.22, "deficiency": 0.06}
_BACK_MONTHS = (1, 9)
_NOBODY_THERE = 0.06


@dataclass(frozen=True)
class Visit:
    """One visit.

    Attributes
    ----------
    site : int, position among the sites
    day : datetime64[D]
    crew : Crew
    persons_met : int
    outcome : str
    n_identified : int, potential victims identified; 0 for a false alarm
    """

    site: int
    day: np.datetime64
    crew: Crew
    persons_met: int
    outcome: str
    n_identified: int


@dataclass
class _Diary:
    """What is planned, by month, and what has been visited."""

    planned: dict[int, list[int]] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)

    def plan(self, month: int, site: int) -> None:
        self.planned.setdefault(month, []).append(site)


def visit_places(rng: np.random.Generator, sites: Sites, truth: Truth, tips: Tips, at: date) -> list[Visit]:
    """Inspections of the three years up to a day, by date.

    Parameters
    ----------
    rng : Generator
    sites : Sites
    truth : Truth
    tips : Tips
    at : date
        The last possible day.

    Returns
    -------
    list of Visit, sorted by day
    """
    pull = _site_pull(sites)
    focus = read_rows("visit_focus")
    members = [
        np.flatnonzero((sites.layer == row.site_layer) & find_coded(sites.code, str(row.codes))) for row in focus
    ]
    diary = _Diary()
    for site, month in zip(tips.site.tolist(), tips.month.tolist(), strict=True):
        if rng.random() < _TIP_VISIT_CHANCE:
            diary.plan(month + int(rng.integers(1, 4)), site)
    for number, n_visits in enumerate(_visits_per_window(rng, at)):
        month = number - PAST_MONTHS + 1
        first, last = _window(at, month)
        open_sites = sites.exists_between(first, last)
        chosen = _take_planned(diary, month, open_sites, n_visits)
        share = _focus_shares(focus, last)
        chosen += _draw_by_focus(rng, n_visits - len(chosen), share, members, np.where(open_sites, pull, 0.0), chosen)
        victims = truth.victims_in(month, len(sites))
        for site in chosen:
            visit = _visit(rng, sites, site, _draw_day(rng, first, last), int(victims[site]))
            diary.visits.append(visit)
            if rng.random() < _BACK_CHANCE.get(visit.outcome, 0.0):
                diary.plan(month + int(rng.integers(*_BACK_MONTHS)), site)
    return sorted(diary.visits, key=lambda visit: (visit.day, visit.site))


def persons_band(n_persons: int) -> str:
    """Band that a number of persons is recorded in."""
    return "0" if n_persons == 0 else "1-4" if n_persons <= 4 else "5-9" if n_persons <= 9 else "10+"  # noqa: PLR2004


def _site_pull(sites: Sites) -> NDArray[np.float64]:
    """How much a site draws inspectors: close to an office, larger, with marks in other registers."""
    reach = np.full(len(sites), _ANYWHERE)
    for office in read_rows("offices"):
        metres = np.hypot(sites.xy[:, 0] - float(office.easting), sites.xy[:, 1] - float(office.northing))
        reach += float(office.weight) * np.exp(-metres / _OFFICE_REACH_M)
    return np.asarray(reach * sites.size**_SIZE_EXPONENT * np.exp(_CONDUCT_PULL * sites.conduct))


def _visits_per_window(rng: np.random.Generator, at: date) -> list[int]:
    """Number of visits in each of the 36 months, oldest first; each twelve add up to a number in the known range."""
    low, high = calibrated_range("joint_inspections_region", "per_year")
    months = [_window(at, month)[1].astype("datetime64[M]").astype(int) % 12 for month in range(1 - PAST_MONTHS, 1)]
    share = np.array([_MONTH_SHARE[month] for month in months]).reshape(_YEARS, 12)
    middle = np.linspace(0.25, 0.7, _YEARS) * (high - low) + low
    totals = np.round(middle + rng.uniform(-0.15, 0.15, size=_YEARS) * (high - low)).astype(int)
    counts: list[int] = []
    for year_share, total in zip(share, totals.tolist(), strict=True):
        counts += rng.multinomial(total, year_share / year_share.sum()).tolist()
    return counts


def _window(at: date, month: int) -> tuple[np.datetime64, np.datetime64]:
    """First and last day of the month-long window that ends so many months before a day."""
    ends = [pd.Timestamp(at) + pd.DateOffset(months=month + shift) for shift in (-1, 0)]
    first, last = (np.datetime64(end.date(), "D") for end in ends)
    return first + np.timedelta64(1, "D"), last


def _take_planned(diary: _Diary, month: int, open_sites: NDArray[np.bool_], n_visits: int) -> list[int]:
    """Planned visits of a month; what does not fit is put off to the next."""
    due = [site for site in dict.fromkeys(diary.planned.pop(month, [])) if open_sites[site]]
    room = int(n_visits * _MOST_PLANNED_SHARE)
    for site in due[room:]:
        diary.plan(month + 1, site)
    return due[:room]


def _focus_shares(focus: tuple[Any, ...], day: np.datetime64) -> NDArray[np.float64]:
    month = int(day.astype("datetime64[M]").astype(int)) % 12 + 1
    season = [
        1.0 if is_in_months(month, int(row.first_month), int(row.last_month)) else float(row.off_season)
        for row in focus
    ]
    share = np.array([float(row.share) for row in focus]) * np.array(season)
    return np.asarray(share / share.sum())


def _draw_by_focus(
    rng: np.random.Generator,
    n: int,
    share: NDArray[np.float64],
    members: list[NDArray[np.int64]],
    pull: NDArray[np.float64],
    taken: list[int],
) -> list[int]:
    chosen: list[int] = []
    weight = pull.copy()
    weight[taken] = 0
    for count, sites in zip(rng.multinomial(n, share).tolist(), members, strict=True):
        possible = sites[weight[sites] > 0]
        count_here = min(count, len(possible))
        if count_here:
            chance = weight[possible] / weight[possible].sum()
            chosen += rng.choice(possible, size=count_here, replace=False, p=chance).tolist()
    return chosen


def _draw_day(rng: np.random.Generator, first: np.datetime64, last: np.datetime64) -> np.datetime64:
    """A day of the window that is no Sunday."""
    days = np.arange(first, last + np.timedelta64(1, "D"))
    days = days[(days.astype(int) + 3) % 7 != 6]  # noqa: PLR2004  1970-01-01 was a Thursday
    return np.datetime64(rng.choice(days), "D")


def _visit(rng: np.random.Generator, sites: Sites, site: int, day: np.datetime64, n_victims: int) -> Visit:
    crew = draw_crew(rng, str(sites.layer[site]), sites.sector[site])
    present = 0 if rng.random() < _NOBODY_THERE else 1 + int(rng.binomial(int(min(sites.size[site], 60)), 0.45))
    outcome, n_identified = draw_outcome(rng, crew, float(sites.conduct[site]), present, n_victims)
    return Visit(site, day, crew, max(present, n_identified), outcome, n_identified)
