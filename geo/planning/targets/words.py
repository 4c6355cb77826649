"""Why a site is a target, in words."""

from __future__ import annotations

from datetime import date

import numpy as np

from geo.planning.targets.priority import SitePairs
from geo.planning.targets.record import SiteRecord
from geo.planning.targets.sites import Sites
from geo.planning.targets.surroundings import Surroundings
from geo.risk.words import Sentence, Tenths, title_sentence

__all__ = ["Sentences", "as_day", "describe_components", "describe_near_visit"]

Sentences = tuple[Sentence, ...]


def describe_components(
    site: int,
    sites: Sites,
    *,
    around: Surroundings,
    record: SiteRecord,
    pairs: SitePairs,
    exposure: float,
    within_m: float,
) -> dict[str, Sentences]:
    """Sentences by component for one site.

    Parameters
    ----------
    site : int, position
    sites : Sites
    around : Surroundings
    record : SiteRecord
    pairs : SitePairs
    exposure : float, weighted employees or beds of the site on the scoring date
    within_m : float, m, how far the ends of a pair may be apart
    """
    return {
        "surroundings": _describe_surroundings(site, around),
        "findings": _describe_visits(site, record),
        "size": _describe_size(site, sites, exposure),
        "colocation": _describe_pairs(site, sites, pairs, within_m),
        "reported": _describe_reports(site, record),
    }


def _describe_surroundings(site: int, around: Surroundings) -> Sentences:
    if around.row[site] < 0:
        return (Sentence("The site lies in no scored cell: nothing is known of its surroundings."),)
    return (Sentence("Its surroundings score {score} of 100.", {"score": Tenths(around.score[site])}),)


def _describe_visits(site: int, record: SiteRecord) -> Sentences:
    if not record.n_visits[site]:
        return (Sentence("No visit at the site itself is known: the region's average is assumed."),)
    values = {
        "visits": int(record.n_visits[site]),
        "day": as_day(record.last_visit[site]),
        "nothing": int(record.n_nothing_found[site]),
        "findings": int(record.n_findings[site]),
    }
    return (
        Sentence(
            "Visits at the site itself: {visits}, the last on {day}; nothing was found at {nothing} of them. Findings "
            "on record: {findings}.",
            values,
        ),
    )


def _describe_size(site: int, sites: Sites, exposure: float) -> Sentences:
    size, group = round(float(sites.size[site])), str(sites.group[site])
    if sites.layer[site] == "workplaces":
        values = {"employees": size, "sector": title_sentence("sectors", "sector", group)}
        said = Sentence("Employees: about {employees}, in {sector}.", values)
    else:
        values = {"beds": size, "kind": title_sentence("housing_types", "housing_type", group)}
        said = Sentence("Beds: about {beds}, {kind}.", values)
    if exposure > 0 or not size or not sites.is_at_risk[site]:
        return (said,)
    return (said, Sentence("On this day it is out of season."))


def _describe_pairs(site: int, sites: Sites, pairs: SitePairs, within_m: float) -> Sentences:
    is_work = sites.layer[site] == "workplaces"
    count = int(np.count_nonzero((pairs.job if is_work else pairs.house) == site))
    if not count:
        return ()
    values = {"count": count, "m": round(within_m)}
    if is_work:
        return (Sentence("Housing not meant for living within {m} m: {count}.", values),)
    return (Sentence("Workplaces in risk sectors within {m} m: {count}.", values),)


def _describe_reports(site: int, record: SiteRecord) -> Sentences:
    if not record.n_reports[site]:
        return ()
    values = {"count": int(record.n_reports[site]), "day": as_day(record.last_report[site])}
    return (Sentence("Reports about the site: {count}, the last on {day}.", values),)


def describe_near_visit(near: date | None, own: date | None, within_m: float) -> Sentences:
    """When somebody was near a site last, where that tells more than its own visits do."""
    km = within_m / 1000
    if near is None and own is None:
        return (Sentence("No visit within {km} km is known.", {"km": km}),)
    if near is None or (own is not None and near <= own):
        return ()
    return (Sentence("The last visit within {km} km was on {day}.", {"km": km, "day": near}),)


def as_day(day: np.datetime64) -> date | None:
    """A date; None where there is none."""
    return None if np.isnat(day) else day.astype(object)
