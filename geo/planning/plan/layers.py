"""What a plan's outcomes add to the layers: visits, those that found nothing too, and findings.

Ids are made from the plan's and the site's, so that a correction takes the place of what it corrects.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd

from geo.crs import SWEREF99_TM
from geo.layers import findings, visits
from geo.layers.circles import keep_from_public
from geo.layers.validate import empty_frame, validate
from geo.planning.plan.outcomes import VISITED, AgencyOutcome, StopOutcome
from geo.planning.plan.retention import last_day_of_keeping
from geo.planning.plan.value import Plan, PlannedStop
from geo.reference.tables import read_columns

__all__ = ["RECORDED_BY_PLAN", "find_dropped", "make_findings", "make_visits", "name_visits"]

# what the ids of visits and findings begin with that a plan recorded
RECORDED_BY_PLAN = "plan:"


def make_visits(plan: Plan) -> gpd.GeoDataFrame:
    """Visits of the plan, one for each stop that somebody came to, as the layer ``visits``."""
    rows = [
        {
            "visit_id": _visit_id(plan, stop),
            "visited_on": outcome.on.isoformat(),
            "site_id": stop.record_id,
            "agencies": "+".join(_list_on_site(plan, stop, outcome)) or None,
            "persons_met": outcome.persons_met,
            "outcome": outcome.outcome,
            **_place(plan, stop),
        }
        for stop, outcome in _visited(plan)
    ]
    return _make_frame(visits.LAYER, rows)


def make_findings(plan: Plan) -> gpd.GeoDataFrame:
    """Findings of the plan, one for each observation, as the layer ``findings``."""
    frameworks = dict(read_columns("indicators", "indicator", "framework"))
    rows = [
        {
            "finding_id": f"{_visit_id(plan, stop)}:{one.agency}:{k}",
            "visit_id": _visit_id(plan, stop),
            "observed_on": outcome.on.isoformat(),
            "agency": one.agency,
            "indicator": seen.indicator,
            "framework": frameworks[seen.indicator],
            "grade": seen.grade,
            "source": seen.source,
            "verification": seen.verification,
            "persons_band": seen.persons_band,
            "sector": stop.sector or None,
            "retain_until": last_day_of_keeping(outcome.on).isoformat(),
            **_place(plan, stop),
        }
        for stop, outcome in _visited(plan)
        for one in outcome.agencies
        for k, seen in enumerate(one.observations, start=1)
    ]
    return _make_frame(findings.LAYER, rows)


def find_dropped(plan: Plan) -> tuple[frozenset[str], frozenset[str]]:
    """Ids of visits and of findings that earlier records of the plan made and the last ones do not.

    A correction that says that nobody was there, or that fewer indicators were seen, takes them out of the layers.
    """
    visit_ids, finding_ids = set[str](), set[str]()
    for stop in plan.stops:
        name = _visit_id(plan, stop)
        for outcome in plan.outcomes.get(stop.key, ()):
            if outcome.result == VISITED:
                visit_ids.add(name)
            finding_ids |= {f"{name}:{one.agency}:{k + 1}" for one in outcome.agencies for k in _numbers(one)}
    kept = set(make_visits(plan)["visit_id"]), set(make_findings(plan)["finding_id"])
    return frozenset(visit_ids - kept[0]), frozenset(finding_ids - kept[1])


def _numbers(one: AgencyOutcome) -> range:
    return range(len(one.observations))


def _visited(plan: Plan) -> list[tuple[PlannedStop, StopOutcome]]:
    """Stops that somebody came to, each with what was recorded last."""
    last = ((stop, plan.outcomes[stop.key][-1]) for stop in plan.stops if stop.key in plan.outcomes)
    return [(stop, outcome) for stop, outcome in last if outcome.result == VISITED]


def _list_on_site(plan: Plan, stop: PlannedStop, outcome: StopOutcome) -> list[str]:
    """Agencies that were there themselves: those that took part by telephone or from their desks were not."""
    crew = plan.find_crew(stop.crew)
    on_site = frozenset[str]() if crew is None else crew.on_site
    return [one.agency for one in outcome.agencies if one.agency in on_site]


def name_visits(plan: Plan) -> str:
    """What the ids of all visits that the plan itself recorded begin with."""
    return f"{RECORDED_BY_PLAN}{plan.plan_id}:"


def _visit_id(plan: Plan, stop: PlannedStop) -> str:
    return f"{name_visits(plan)}{stop.layer}:{stop.record_id}"


def _place(plan: Plan, stop: PlannedStop) -> dict[str, Any]:
    # what inspectors saw is never public, whatever the plan rests on
    circle = keep_from_public(plan.circle)
    return {"circle": circle, "synthetic": stop.synthetic, "easting": stop.easting, "northing": stop.northing}


def _make_frame(layer: Any, rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    if not rows:
        return empty_frame(layer)
    geometry = gpd.points_from_xy([row.pop("easting") for row in rows], [row.pop("northing") for row in rows])
    return validate(layer, gpd.GeoDataFrame(rows, geometry=geometry, crs=SWEREF99_TM))
