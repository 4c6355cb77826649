"""What is known now of the sites of a plan that is not approved yet: records may have changed since it was drafted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from geo.layers import accommodation, visits, workplaces
from geo.layers.base import active_on
from geo.layers.bundle import Layers
from geo.planning.plan.layers import name_visits
from geo.planning.plan.value import DRAFT, READY, Plan, PlannedStop, StopKey

__all__ = ["ENDED", "REMOVED", "THERE", "SiteNow", "count_days", "is_new_visit", "look_at_sites"]

# How a stop's site stands among the records: as it should, no longer at all, or as one that has ended by then.
THERE, REMOVED, ENDED = "there", "removed", "ended"
_ID_COLUMNS = {layer.name: layer.id_columns[0] for layer in (workplaces.LAYER, accommodation.LAYER)}


@dataclass(frozen=True)
class SiteNow:
    """What the records say of a stop's site.

    Attributes
    ----------
    last_visit : date of the last visit that names the site and that the plan itself did not make, None where none does
    presence : `THERE`, `REMOVED` or `ENDED`
    """

    last_visit: date | None = None
    presence: str = THERE


def look_at_sites(plan: Plan, layers: Layers) -> Mapping[StopKey, SiteNow]:
    """What the records say of each stop's site, for a plan that may still be approved; nothing for any other.

    Parameters
    ----------
    plan : Plan
    layers : Layers of what whoever asks may see
    """
    if plan.state not in {DRAFT, READY} or not plan.stops:
        return {}
    last = _find_last_visits(plan, layers)
    presences = {
        key: presence
        for layer in {stop.layer for stop in plan.stops}
        for key, presence in _find_presences(plan, layers, layer).items()
    }
    return {stop.key: SiteNow(last.get(stop.record_id), presences[stop.key]) for stop in plan.stops}


def count_days(plan: Plan, stop: PlannedStop, now: Mapping[StopKey, SiteNow]) -> int | None:
    """Days from the last visit at a stop's site to the day of the stop; negative where it came later.

    Parameters
    ----------
    plan : Plan
    stop : PlannedStop of it
    now : as `look_at_sites` gives it; of a site that is not in it counts the last visit known when it was planned
    """
    known = now.get(stop.key)
    if known is not None:
        return None if known.last_visit is None else (stop.on - known.last_visit).days
    days = stop.days_since_visit
    return None if days is None else days + (stop.on - _planned_on(plan, stop)).days


def is_new_visit(plan: Plan, stop: PlannedStop, now: Mapping[StopKey, SiteNow]) -> bool:
    """Whether the last visit at a stop's site came after the day of the plan's surface."""
    last = now.get(stop.key, SiteNow()).last_visit
    return last is not None and last > _planned_on(plan, stop)


def _planned_on(plan: Plan, stop: PlannedStop) -> date:
    """The day of the plan's surface; in plans that do not keep it, the day that they were made on."""
    if at := plan.manifest.get("at"):
        return date.fromisoformat(str(at))
    moments = [change.at for change in plan.history if change.what == "made"]
    return date.fromisoformat(moments[0][:10]) if moments else stop.on


def _find_last_visits(plan: Plan, layers: Layers) -> dict[str, date]:
    frame = layers[visits.LAYER.name]
    ids = {stop.record_id for stop in plan.stops}
    of_sites = frame["site_id"].isin(ids) & ~frame["visit_id"].str.startswith(name_visits(plan))
    last = pd.to_datetime(frame.loc[of_sites, "visited_on"]).groupby(frame.loc[of_sites, "site_id"]).max()
    return {str(site): moment.date() for site, moment in last.items()}


def _find_presences(plan: Plan, layers: Layers, layer: str) -> dict[StopKey, str]:
    frame = layers[layer]
    stops = [stop for stop in plan.stops if stop.layer == layer]
    at = pd.Index(frame[_ID_COLUMNS[layer]]).get_indexer([stop.record_id for stop in stops])
    found = {stop.key: REMOVED if row < 0 else THERE for stop, row in zip(stops, at.tolist(), strict=True)}
    rows = frame.iloc[np.maximum(at, 0)] if len(frame) else frame
    for day in {stop.on for stop in stops} if len(rows) else ():
        for stop, is_active in zip(stops, active_on(rows, day).tolist(), strict=True):
            if stop.on == day and not is_active and found[stop.key] == THERE:
                found[stop.key] = ENDED
    return found
