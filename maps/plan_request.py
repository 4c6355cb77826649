"""What a plan was drafted from, as the form for a plan takes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import mapping

from geo.crs import SWEREF99_TM, WGS84, project
from geo.planning.crews import Crew
from geo.planning.draft import pinned_in, request_of
from geo.planning.targets import TargetFilter
from geo.store.plans import StoredPlan
from maps.degrees import to_degrees

__all__ = ["describe_request"]

# An area is kept with points every few kilometres along its edges; these lie on a line, to about a metre.
_STRAIGHT_DEGREES = 1e-5


def describe_request(stored: StoredPlan) -> dict[str, Any]:
    """What a plan was drafted from, as `api.plan_schemas.RequestAnswer`.

    Raises
    ------
    StoreError
        The plan does not hold it.
    """
    plan = stored.plan
    request = request_of(plan)
    return {
        "plan_id": plan.plan_id,
        "version": stored.version,
        "state": plan.state,
        "name": request.name,
        "days": [day.isoformat() for day in request.days],
        "hours": list(request.hours),
        "crews": [_describe_crew(crew) for crew in request.crews],
        "filter": _describe_filter(request.chosen),
        "pinned": [{"layer": layer, "record_id": record} for layer, record in pinned_in(plan)],
        "excluded": [
            {"layer": layer, "record_id": record, "reason": reason}
            for (layer, record), reason in request.excluded.items()
        ],
        "n_candidates": request.n_candidates,
        "explores": request.explores,
        "seed": request.seed,
    }


def _describe_crew(crew: Crew) -> dict[str, Any]:
    lon, lat = to_degrees(*crew.depot)
    return {
        "name": crew.name,
        "people": dict(crew.people),
        "car_seats": list(crew.car_seats),
        "depot": {"lon": lon, "lat": lat, "easting": crew.depot[0], "northing": crew.depot[1]},
        "on_call": sorted(crew.on_call),
        "remote": sorted(crew.remote),
    }


def _describe_filter(chosen: TargetFilter) -> dict[str, Any]:
    return {
        **{name: sorted(getattr(chosen, name)) for name in ("sectors", "counties", "municipalities", "layers")},
        "min_days_since_visit": chosen.min_days_since_visit,
        "area": None if chosen.area is None else _in_degrees(chosen.area),
        "agencies": sorted(chosen.agencies),
        "min_certainty": chosen.certainty,
    }


def _in_degrees(area: shapely.Geometry) -> dict[str, Any]:
    straight = shapely.simplify(shapely.transform(area, _project), _STRAIGHT_DEGREES)
    return dict(mapping(straight))


def _project(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(project(metres[:, 0], metres[:, 1], SWEREF99_TM, WGS84))
