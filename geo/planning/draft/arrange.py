"""A plan in the order that a planner wants: the times that follow, and what does not hold. Nothing is optimised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.planning.draft.manifest import write_drive, write_shifts
from geo.planning.draft.misses import tell_misses
from geo.planning.draft.places import make_problem, place_coordinates
from geo.planning.draft.record import request_of
from geo.planning.draft.request import DraftRequest
from geo.planning.draft.seasons import find_open_days, tell_closed
from geo.planning.draft.stops import make_stop, sort_stops
from geo.planning.drive import DriveProvider, EstimatedDrive
from geo.planning.plan import Plan, PlannedStop, write_sentence
from geo.planning.plan.value import CHOSEN, EXPLORATION, PINNED
from geo.planning.routes import Problem, Route, Visit, follow_route
from geo.planning.targets import SiteKey, Target, find_targets
from geo.planning.targets.sites import read_sites
from geo.risk.scored import ScoredSurface
from geo.risk.scoring import check_layers
from geo.risk.words import Sentence, title_sentence

__all__ = ["Arrangement", "arrange_stops"]

Orders = Mapping[tuple[str, date], Sequence[SiteKey]]


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Stops in the order of a planner.

    Attributes
    ----------
    stops : by day, crew and order, with the times that follow
    problems : what does not hold: too late, dark, out of season, beyond the crew's powers, without a road
    notes : what must be known beside it
    manifest : the plan's own, with other ``shifts`` and with ``arranged``: routes, sites put in by hand, problems and
        source of the drive times
    """

    stops: tuple[PlannedStop, ...]
    problems: tuple[Sentence, ...]
    notes: tuple[Sentence, ...]
    manifest: Mapping[str, Any]


def arrange_stops(
    surface: ScoredSurface,
    plan: Plan,
    routes: Orders,
    *,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    drive: DriveProvider | None = None,
) -> Arrangement:
    """The times of a plan's stops in a given order, by the rules of the optimiser, and what does not hold.

    Parameters
    ----------
    surface : RiskSurface
    plan : Plan
    routes : crew and day to the sites in the order of the visits; a site need not have been in the plan
    layers, drive : see `draft_plan`

    Returns
    -------
    Arrangement
        The planner's order stands whatever its problems are.

    Raises
    ------
    StoreError
        The plan does not hold what was asked for.
    ParameterError
        A route is of no crew or day of the plan, or a site is unknown or stands twice: all of it.
    """
    request = request_of(plan)
    known = surface.layers if layers is None else check_layers(layers)
    _check(request, routes, known)
    keys = tuple(key for sites in routes.values() for key in sites)
    targets = _describe(surface, known, plan, keys)
    provider = EstimatedDrive.from_reference() if drive is None else drive
    places = place_coordinates(request.crews, targets)
    matrix = provider.drive(*places)
    is_open = find_open_days(known, [target.key for target in targets], request.days)
    problem = make_problem(replace(request, pinned=keys, locks={}), targets, (), matrix.minutes, is_open)
    instead = np.ceil(EstimatedDrive.from_reference().drive(*places).minutes).astype(np.int64)
    name = _Namer(plan, request, synthetic=known.is_synthetic)
    stops, problems, driven = _follow(request, routes, targets, problem, instead, name)
    problems += [*tell_closed(known, stops), *_tell_broken(request, stops)]
    asked_for = set(request.mandatory)
    arranged = {
        "surface": surface.id,
        "surface_manifest": None if surface.id == plan.manifest.get("surface") else dict(surface.manifest),
        "layers": dict(known.hashes),
        "routes": [[crew, day.isoformat(), [list(key) for key in sites]] for (crew, day), sites in routes.items()],
        "added": [list(stop.key) for stop in stops if stop.how == PINNED and stop.key not in asked_for],
        "drive": write_drive(matrix),
        "problems": [write_sentence(one) for one in problems],
    }
    manifest = {**plan.manifest, "shifts": write_shifts(request, driven), "arranged": arranged}
    return Arrangement(stops, tuple(problems), matrix.notes, manifest)


def _check(request: DraftRequest, routes: Orders, layers: Layers) -> None:
    crews, times = {crew.name for crew in request.crews}, Counter(key for sites in routes.values() for key in sites)
    keys = list(times)
    failures = [f"There is no crew {crew!r} in this plan." for crew in {crew for crew, _ in routes} - crews]
    failures += [f"{day} is no day of this plan." for day in sorted({day for _, day in routes} - set(request.days))]
    failures += [f"{'/'.join(key)} stands {n} times; visit a site once." for key, n in times.items() if n > 1]
    failures += [
        f"There is no site {'/'.join(key)}; it may have been removed since. Take it out of the order."
        for key, at in zip(keys, read_sites(layers).find_all(keys).tolist(), strict=True)
        if at < 0
    ]
    if failures:
        raise ParameterError("\n".join(failures))


def _describe(surface: ScoredSurface, layers: Layers, plan: Plan, keys: Sequence[SiteKey]) -> tuple[Target, ...]:
    """The sites, and those that the draft chose from: a crew may drive through any of these places."""
    removed = {tuple(key) for key in (plan.manifest.get("exploration") or {}).get("removed", ())}
    others = [(layer, site) for layer, site, _ in plan.manifest["candidates"] if (layer, site) not in removed]
    there = read_sites(layers).find_all(others) >= 0
    places = dict.fromkeys((*keys, *(key for key, is_there in zip(others, there.tolist(), strict=True) if is_there)))
    return find_targets(surface, layers, max(1, len(places)), pinned=places).targets if places else ()


class _Namer:
    """Stops are what the draft made them; what a planner puts in is there by the planner's word."""

    def __init__(self, plan: Plan, request: DraftRequest, *, synthetic: bool) -> None:
        log = plan.manifest.get("exploration") or {"keys": (), "chance": None}
        self._by_lot = {(layer, site) for layer, site in log["keys"]}
        self._chosen = {(layer, site) for layer, site in plan.manifest["solution"]["stops"]} - set(request.mandatory)
        self._chance = log["chance"]
        self._synthetic = synthetic

    def make(self, target: Target, visit: Visit, crew: str, on: date, order: int) -> PlannedStop:
        """A stop of the order."""
        by_lot = target.key in self._by_lot
        how = EXPLORATION if by_lot else CHOSEN if target.key in self._chosen else PINNED
        chance = self._chance if by_lot else None
        return make_stop(target, visit, crew, on, order, how=how, propensity=chance, synthetic=self._synthetic)


def _follow(
    request: DraftRequest,
    routes: Orders,
    targets: Sequence[Target],
    problem: Problem,
    instead: NDArray[np.int64],
    name: _Namer,
) -> tuple[tuple[PlannedStop, ...], list[Sentence], list[Route]]:
    at = {target.key: position for position, target in enumerate(targets)}
    stops: list[PlannedStop] = []
    problems: list[Sentence] = []
    driven: list[Route] = []
    shifts = [(day, crew) for day in request.days for crew in request.crews]
    for shift, (day, crew) in enumerate(shifts):
        order = [at[key] for key in routes.get((crew.name, day), ())]
        route, misses = follow_route(problem, shift, order, instead)
        stops += [
            name.make(targets[visit.stop], visit, crew.name, day, number)
            for number, visit in enumerate(route.visits, start=1)
        ]
        problems += tell_misses(crew, day, request.hours, targets, route, misses)
        driven.append(route)
    return sort_stops(stops), problems, driven


def _tell_broken(request: DraftRequest, stops: Iterable[PlannedStop]) -> Iterator[Sentence]:
    """Where the order is at odds with what was asked for before."""
    by_key = {stop.key: stop for stop in stops}
    for layer, site in request.mandatory:
        if (layer, site) not in by_key:
            yield Sentence("{site} must be visited, and is on no route.", {"site": f"{layer}/{site}"})
    for key, (crew, day) in request.locks.items():
        stop = by_key.get(key)
        if stop is not None and (stop.crew, stop.on) != (crew, day):
            values = {"title": stop.title, "crew": crew, "day": day}
            yield Sentence("{title} is fixed to crew {crew} on {day}, and stands elsewhere.", values)
    for key, reason in request.excluded.items():
        if key in by_key:
            values = {"title": by_key[key].title, "reason": title_sentence("exclusion_reasons", "reason", reason)}
            yield Sentence("{title} was excluded, and is visited: {reason}.", values)
