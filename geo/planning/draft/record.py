"""What a planner asked for as JSON and back, so that a plan can be drafted again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import shapely
from shapely.geometry import mapping, shape

from geo.errors import StoreError
from geo.planning.draft.request import DraftRequest
from geo.planning.plan import Plan, read_crew, write_crew
from geo.planning.targets import SiteKey, TargetFilter

__all__ = ["read_request", "request_of", "write_request"]

_FORMAT = 1
_SETS = ("sectors", "counties", "municipalities", "layers", "agencies")


def write_request(request: DraftRequest) -> dict[str, Any]:
    """A request as plain values that JSON knows; an area in metres of EPSG:3006."""
    return {
        "format": _FORMAT,
        "name": request.name,
        "days": [day.isoformat() for day in request.days],
        "crews": [write_crew(crew) for crew in request.crews],
        "filter": _write_filter(request.chosen),
        "pinned": [list(key) for key in request.pinned],
        "excluded": [[*key, reason] for key, reason in request.excluded.items()],
        "locks": [[*key, crew, day.isoformat()] for key, (crew, day) in request.locks.items()],
        "n_candidates": request.n_candidates,
        "hours": list(request.hours),
        "explores": request.explores,
        "seed": request.seed,
        "circle": request.circle,
    }


def read_request(record: Any) -> DraftRequest:
    """The request that `write_request` wrote.

    Raises
    ------
    StoreError
        It is none, or of a later format.
    """
    if not isinstance(record, Mapping):
        message = "What was asked for is not kept with this plan; draft it anew."
        raise StoreError(message)
    if record.get("format") != _FORMAT:
        message = (
            f"What was asked for with this plan has the format {record.get('format')!r}, and this version reads "
            f"{_FORMAT}; update Norrsyn."
        )
        raise StoreError(message)
    try:
        start, end = record["hours"]
        return DraftRequest(
            name=record["name"],
            days=tuple(date.fromisoformat(day) for day in record["days"]),
            crews=tuple(read_crew(crew) for crew in record["crews"]),
            chosen=_read_filter(record["filter"]),
            pinned=tuple(_read_key(key) for key in record["pinned"]),
            excluded={(layer, site): reason for layer, site, reason in record["excluded"]},
            locks={(layer, site): (crew, date.fromisoformat(day)) for layer, site, crew, day in record["locks"]},
            n_candidates=record["n_candidates"],
            hours=(start, end),
            explores=record["explores"],
            seed=record["seed"],
            circle=record["circle"],
        )
    except (AttributeError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as error:
        message = f"What was asked for with this plan cannot be read ({type(error).__name__}: {error}); draft it anew."
        raise StoreError(message) from error


def request_of(plan: Plan) -> DraftRequest:
    """What a plan was drafted from.

    Raises
    ------
    StoreError
        Its manifest does not say, because the plan is older than that, or it cannot be read.
    """
    if "request" not in plan.manifest:
        message = (
            f"The plan {plan.name!r} does not hold what was asked for when it was drafted, because it was made before "
            "plans kept that; draft a new plan instead."
        )
        raise StoreError(message)
    return read_request(plan.manifest["request"])


def _write_filter(chosen: TargetFilter) -> dict[str, Any]:
    return {
        **{name: sorted(getattr(chosen, name)) for name in _SETS},
        "min_days_since_visit": chosen.min_days_since_visit,
        "area": None if chosen.area is None else _to_lists(mapping(chosen.area)),
        "certainty": chosen.certainty,
    }


def _read_filter(record: Mapping[str, Any]) -> TargetFilter:
    known = {field.name for field in fields(TargetFilter)}
    if unknown := sorted(set(record) - known):
        message = f"unknown conditions {', '.join(unknown)}"
        raise ValueError(message)
    area = record["area"]
    return TargetFilter(
        **{name: frozenset(record[name]) for name in _SETS},
        min_days_since_visit=record["min_days_since_visit"],
        area=None if area is None else shape(area),
        certainty=record["certainty"],
    )


def _read_key(record: Any) -> SiteKey:
    layer, site = record
    return layer, site


def _to_lists(value: Any) -> Any:
    """Coordinates as JSON has them."""
    if isinstance(value, Mapping):
        return {name: _to_lists(one) for name, one in value.items()}
    return [_to_lists(one) for one in value] if isinstance(value, tuple | list) else value
