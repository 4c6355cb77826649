"""The draft, with the manifest that says why these sites on these days."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np

from geo.planning.crews import note_crews
from geo.planning.draft.places import find_out_of_reach, make_problem, place_coordinates, sector_of_target
from geo.planning.draft.request import DraftRequest, check_request
from geo.planning.drive import DriveMatrix, DriveProvider, EstimatedDrive
from geo.planning.plan import Plan, PlannedStop
from geo.planning.plan.value import CHOSEN, EXPLORATION, PINNED
from geo.planning.routes import Answer, InfeasibleError, Limits, Problem, plan_routes
from geo.planning.targets import Exploration, SiteKey, Target, Targets, draw_exploration, find_targets
from geo.reference import planning_parameters
from geo.risk.scored import ScoredSurface
from geo.risk.uncertainty import Uncertainty
from geo.risk.words import Sentence

__all__ = ["Draft", "draft_plan"]


@dataclass(frozen=True, eq=False)
class Draft:
    """A plan that nobody has kept yet, and what its planner must be told.

    Attributes
    ----------
    plan : Plan, a draft without an id
    answer : Answer, routes with their times, bound and gap
    targets : Targets that the stops were chosen from
    notes : what must be known beside it: estimates, unusual crews, stops that were drawn and could not be reached
    """

    plan: Plan
    answer: Answer
    targets: Targets
    notes: tuple[Sentence, ...]


def draft_plan(
    surface: ScoredSurface,
    request: DraftRequest,
    *,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    drive: DriveProvider | None = None,
    uncertainty: Uncertainty | None = None,
    limits: Limits | None = None,
) -> Draft:
    """Choose sites for crews and days, and the routes between them.

    Parameters
    ----------
    surface : RiskSurface
    request : DraftRequest
    layers : what a sharing circle may see; left out, the layers that were scored
    drive : DriveProvider; left out, estimated drive times
    uncertainty : see `find_targets`
    limits : of the optimiser; left out, the usual ones

    Returns
    -------
    Draft

    Raises
    ------
    ParameterError
        What the request asks for cannot be: all of it, by name.
    InfeasibleError
        No plan holds all that must be visited; its reasons name the sites.
    """
    check_request(request, surface.region)
    options: dict[str, Any] = {"chosen": request.chosen, "excluded": request.excluded, "uncertainty": uncertainty}
    found = find_targets(surface, layers, request.n_candidates, pinned=request.mandatory, **options)
    drawn = _draw(found, request)
    if drawn is not None and drawn.keys:
        n = max(request.n_candidates, len(request.mandatory)) + len(drawn.keys)
        found = find_targets(surface, layers, n, pinned=(*request.mandatory, *drawn.keys), **options)
    provider = EstimatedDrive.from_reference() if drive is None else drive
    matrix = provider.drive(*place_coordinates(request.crews, found.targets))
    keys = () if drawn is None else drawn.keys
    targets, lost, matrix = _drop_unreachable(found.targets, keys, matrix, len(request.crews))
    problem = make_problem(request, targets, [key for key in keys if key not in lost], matrix.minutes)
    answer = _plan(problem, targets, limits)
    plan = Plan(
        plan_id="",
        name=request.name,
        days=request.days,
        crews=request.crews,
        stops=_name_stops(request, targets, answer, drawn, synthetic=surface.layers.is_synthetic),
        manifest=_make_manifest(surface, request, found, drawn, lost, matrix, problem, answer),
        circle=request.circle,
    )
    losses = (Sentence("{title} was drawn by lot, and no road leads there.", {"title": lost[key]}) for key in lost)
    return Draft(plan, answer, found, (*note_crews(request.crews), *matrix.notes, *losses, *found.notes))


def _draw(found: Targets, request: DraftRequest) -> Exploration | None:
    if not request.explores:
        return None
    per_shift = int(planning_parameters()["stops_per_shift"])
    n_stops = per_shift * len(request.days) * len(request.crews)
    pinned = set(request.mandatory)
    lost = [key for key in find_out_of_reach(found.candidates, request) if key not in pinned]
    return draw_exploration(found.candidates, n_stops, request.seed, unreachable=lost)


def _drop_unreachable(
    targets: Sequence[Target], drawn: Sequence[SiteKey], matrix: DriveMatrix, n_crews: int
) -> tuple[list[Target], dict[SiteKey, str], DriveMatrix]:
    """Without those drawn by lot that no road leads to from any depot: targets, key to title of each lost, drives."""
    cut_off = set(range(len(matrix)))
    for depot in range(n_crews):
        cut_off &= set(matrix.unreachable_from(depot).tolist())
    gone = {
        target.key: target.title
        for position, target in enumerate(targets)
        if n_crews + position in cut_off and target.key in drawn
    }
    kept = [position for position, target in enumerate(targets) if target.key not in gone]
    places = np.array([*range(n_crews), *(n_crews + position for position in kept)], dtype=np.intp)
    at = np.ix_(places, places)
    fewer = replace(matrix, minutes=matrix.minutes[at], distance_m=matrix.distance_m[at])
    return [targets[position] for position in kept], gone, fewer


def _plan(problem: Problem, targets: Sequence[Target], limits: Limits | None) -> Answer:
    try:
        return plan_routes(problem, limits)
    except InfeasibleError as error:
        names = {position: target.title for position, target in enumerate(targets)}
        named = [replace(reason, sentence=_rename(reason.sentence, names)) for reason in error.reasons]
        raise InfeasibleError(named) from None


def _rename(sentence: Sentence, names: Mapping[int, str]) -> Sentence:
    """The same sentence, with sites' names for the stops' numbers."""
    values = {}
    for name, value in sentence.values.items():
        numbers = [value] if isinstance(value, int) else str(value).split(", ")
        known = [names.get(int(each)) if str(each).isdigit() else None for each in numbers]
        values[name] = value if None in known else ", ".join(f"”{each}”" for each in known)
    return Sentence(sentence.template, values)


def _name_stops(
    request: DraftRequest, targets: Sequence[Target], answer: Answer, drawn: Exploration | None, *, synthetic: bool
) -> tuple[PlannedStop, ...]:
    shifts = [(day, crew) for day in request.days for crew in request.crews]
    pinned, by_lot = set(request.mandatory), set(() if drawn is None else drawn.keys)
    stops = []
    for route in answer.routes:
        day, crew = shifts[route.shift]
        for order, visit in enumerate(route.visits, start=1):
            target = targets[visit.stop]
            how = PINNED if target.key in pinned else EXPLORATION if target.key in by_lot else CHOSEN
            stops.append(
                PlannedStop(
                    layer=target.layer,
                    record_id=target.record_id,
                    title=target.title,
                    sector=sector_of_target(target),
                    easting=target.easting,
                    northing=target.northing,
                    crew=crew.name,
                    on=day,
                    order=order,
                    arrive_minute=visit.arrival,
                    start_minute=visit.start,
                    end_minute=visit.end,
                    drive_minutes=visit.drive_minutes,
                    how=how,
                    priority=target.priority,
                    propensity=drawn.chance if drawn is not None and how == EXPLORATION else None,
                    days_since_visit=target.days_since_visit,
                    reasons=target.reasons,
                    synthetic=synthetic,
                )
            )
    return tuple(sorted(stops, key=lambda stop: (stop.on, stop.crew, stop.order)))


def _make_manifest(
    surface: ScoredSurface,
    request: DraftRequest,
    found: Targets,
    drawn: Exploration | None,
    lost: Mapping[SiteKey, str],
    matrix: DriveMatrix,
    problem: Problem,
    answer: Answer,
) -> dict[str, Any]:
    """Enough to say why these sites on these days, and to tell whether it would come out the same again."""
    return {
        "surface": surface.id,
        "model_version": surface.model.version,
        "weights": dict(surface.model.weights),
        "at": surface.at.isoformat(),
        "hours": list(request.hours),
        "seed": request.seed,
        "pinned": [list(key) for key in request.pinned],
        "locks": [[*key, crew, day.isoformat()] for key, (crew, day) in sorted(request.locks.items())],
        "excluded": [[one.layer, one.record_id, one.reason] for one in found.exclusions],
        "candidates": [[target.layer, target.record_id, target.priority] for target in found.targets],
        "n_candidates": len(found.candidates),
        "exploration": None if drawn is None else {**drawn.to_dict(), "removed": [list(key) for key in lost]},
        "drive": {"provider": matrix.provider, "notes": [str(note) for note in matrix.notes]},
        "problem_sha256": _hash_problem(problem),
        "solution": {
            "routes": [list(route.stops) for route in answer.routes],
            "objective": answer.objective,
            "bound": answer.bound,
            "method": answer.method,
            "stopped_by": answer.stopped_by,
        },
    }


def _hash_problem(problem: Problem) -> str:
    """SHA-256 of all numbers that the routes were planned from."""
    digest = hashlib.sha256(repr((problem.shifts, problem.stops, problem.minute_cost, problem.orders)).encode())
    for array in (problem.minutes, problem.may_visit, problem.earliest, problem.latest):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
