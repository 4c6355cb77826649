"""What is on record at each site itself: visits, what they found, and reports; only what names the site counts here.

A visit that names no site, or a finding without its visit, stays with the cell: which of the sites around it was meant,
nobody can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.layers import findings, reported, visits
from geo.layers.base import Points
from geo.layers.bundle import Layers
from geo.planning.targets.sites import SITE_LAYERS, Sites

__all__ = ["SiteRecord", "read_record"]

NOTHING_FOUND = "nothing_found"

Days = NDArray[np.datetime64]
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SiteRecord:
    """What is known of each site by the scoring date.

    Attributes
    ----------
    effort : (n,) float64, effective visits: older ones count less, and some crews find more
    found : (n,) float64, severity-weighted findings, older ones counting less
    reports : (n,) float64, weighted reports, older ones counting less
    n_visits, n_nothing_found, n_findings, n_reports : (n,) int64, plainly counted; no tips among the findings
    last_visit, last_finding, last_report : (n,) datetime64[D], NaT where there is none
    """

    effort: Floats
    found: Floats
    reports: Floats
    n_visits: Whole
    n_nothing_found: Whole
    n_findings: Whole
    n_reports: Whole
    last_visit: Days
    last_finding: Days
    last_report: Days


def read_record(
    layers: Layers, sites: Sites, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]
) -> SiteRecord:
    """Visits, findings and reports of each site up to a day, weighted as the score weighs them.

    Parameters
    ----------
    layers : Layers
    sites : Sites of the same layers
    at : date
    sectors : sector groups whose findings and reports count; None for all
    parameters : of the model version
    """
    of_visits, of_findings, of_reports = layers["visits"], layers["findings"], layers["reported"]
    went = visits.to_arrays(of_visits, at, sectors, parameters)
    saw = findings.to_arrays(of_findings, at, sectors, parameters)
    heard = reported.to_arrays(of_reports, at, sectors, parameters)
    at_visit = _look_up(went.ids, of_visits["visit_id"], of_visits["site_id"])
    # a finding belongs to the site that its visit named
    visit = _look_up(saw.ids, of_findings["finding_id"], of_findings["visit_id"])
    at_finding = _look_up(visit, of_visits["visit_id"], of_visits["site_id"])
    at_report = _look_up(heard.ids, of_reports["report_id"], of_reports["site_id"])
    effort, n_visits, last_visit = _gather(sites, at_visit, went)
    is_nothing = went.group == NOTHING_FOUND
    _, n_nothing, _ = _gather(sites, at_visit[is_nothing], went.take(is_nothing))
    found, n_findings, last_finding = _gather(sites, at_finding, saw)
    reports, n_reports, last_report = _gather(sites, at_report, heard)
    return SiteRecord(
        effort=effort,
        found=found,
        reports=reports,
        n_visits=n_visits,
        n_nothing_found=n_nothing,
        n_findings=n_findings,
        n_reports=n_reports,
        last_visit=last_visit,
        last_finding=last_finding,
        last_report=last_report,
    )


def _look_up(wanted: NDArray[np.object_], key: pd.Series, value: pd.Series) -> NDArray[np.object_]:
    """Values of some keys; missing where a key is missing or unknown."""
    at = pd.Index(key.to_numpy(dtype=object), dtype=object).get_indexer(pd.Index(wanted, dtype=object))
    values = np.full(len(value) + 1, None, dtype=object)
    values[:-1] = value.to_numpy(dtype=object)
    found: NDArray[np.object_] = values[at]
    return found


def _gather(sites: Sites, site_id: NDArray[np.object_], points: Points) -> tuple[Floats, Whole, Days]:
    """Weight, number and last day of the records of each site.

    A record names its site by the id alone. An id that stands in both layers names both, since nobody can tell which
    is meant.
    """
    n = len(sites)
    weight, count = np.zeros(n), np.zeros(n, dtype=np.int64)
    last = np.full(n, np.datetime64("NaT", "D"))
    by_day = np.argsort(points.on, kind="stable")
    for layer in SITE_LAYERS:
        at = sites.locate(layer, site_id)
        known = at >= 0
        weight += np.bincount(at[known], points.weight[known], n)
        count += np.bincount(at[known], minlength=n)
        # written by day, so that the last one stays
        order = by_day[known[by_day]]
        last[at[order]] = points.on[order]
    return weight, count, last
