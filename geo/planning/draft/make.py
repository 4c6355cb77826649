"""The draft, with the manifest that says why these sites on these days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np

from geo.planning.crews import note_crews
from geo.planning.draft.draw import Draw, draw_stops, read_draw
from geo.planning.draft.manifest import Made, make_manifest
from geo.planning.draft.places import make_problem, place_coordinates
from geo.planning.draft.request import DraftRequest, check_request
from geo.planning.draft.seasons import find_open_days, tell_closed
from geo.planning.draft.stops import make_stop, sort_stops
from geo.planning.drive import DriveMatrix, DriveProvider, EstimatedDrive
from geo.planning.plan import Plan, PlannedStop
from geo.planning.plan.value import CHOSEN, EXPLORATION, PINNED
from geo.planning.routes import Answer, InfeasibleError, Limits, Problem, plan_routes
from geo.planning.targets import SiteKey, Target, Targets, find_targets
from geo.risk.scored import ScoredSurface
from geo.risk.scoring import check_layers
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import Uncertainty
from geo.risk.words import Sentence

__all__ = ["Draft", "draft_plan", "make_draft"]


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
    uncertainty : see `find_targets`; left out, and asked for by the filter, that of the surface
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
    return make_draft(surface, request, layers=layers, drive=drive, uncertainty=uncertainty, limits=limits)


def make_draft(
    surface: ScoredSurface,
    request: DraftRequest,
    *,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    drive: DriveProvider | None = None,
    uncertainty: Uncertainty | None = None,
    limits: Limits | None = None,
    log: Mapping[str, Any] | None = None,
) -> Draft:
    """The same as `draft_plan`, with stops that were drawn before: `log` is a manifest's ``exploration``."""
    check_request(request, surface.region)
    limits = Limits() if limits is None else limits
    if uncertainty is None and request.chosen.certainty is not None and isinstance(surface, RiskSurface):
        uncertainty = surface.uncertainty()
    options: dict[str, Any] = {"chosen": request.chosen, "excluded": request.excluded, "uncertainty": uncertainty}
    known = surface.layers if layers is None else check_layers(layers)
    found = find_targets(surface, known, request.n_candidates, pinned=request.mandatory, **options)
    drawn = (
        None if not request.explores else draw_stops(surface, known, found, request) if log is None else read_draw(log)
    )
    keys = () if drawn is None else tuple(key for key in drawn.keys if key not in request.excluded)
    if keys:
        n = max(request.n_candidates, len(request.mandatory)) + len(keys)
        found = find_targets(surface, known, n, pinned=(*request.mandatory, *keys), **options)
    provider = EstimatedDrive.from_reference() if drive is None else drive
    matrix = provider.drive(*place_coordinates(request.crews, found.targets))
    spare = set(keys) - set(request.mandatory)
    targets, lost, matrix = _drop_unreachable(found.targets, spare, matrix, len(request.crews))
    keys = tuple(key for key in keys if key not in lost)
    is_open = find_open_days(known, [target.key for target in targets], request.days)
    problem = make_problem(request, targets, keys, matrix.minutes, is_open)
    answer = _plan(problem, targets, limits)
    stops = _name_stops(request, targets, answer, drawn, synthetic=surface.layers.is_synthetic)
    notes = (*note_crews(request.crews), *matrix.notes, *_tell_lost(lost), *tell_closed(known, stops), *found.notes)
    removed = () if drawn is None else tuple(key for key in drawn.keys if key not in keys)
    made = Made(found, drawn, removed, matrix, problem, limits, answer, notes)
    plan = Plan(
        plan_id="",
        name=request.name,
        days=request.days,
        crews=request.crews,
        stops=stops,
        manifest=make_manifest(surface, request, known, made),
        circle=request.circle,
    )
    return Draft(plan, answer, found, notes)


def _tell_lost(lost: Mapping[SiteKey, str]) -> tuple[Sentence, ...]:
    return tuple(
        Sentence("{title} was drawn by lot, and no road leads there.", {"title": title}) for title in lost.values()
    )


def _drop_unreachable(
    targets: Sequence[Target], drawn: Set[SiteKey], matrix: DriveMatrix, n_crews: int
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
    request: DraftRequest, targets: Sequence[Target], answer: Answer, drawn: Draw | None, *, synthetic: bool
) -> tuple[PlannedStop, ...]:
    shifts = [(day, crew.name) for day in request.days for crew in request.crews]
    pinned, by_lot = set(request.mandatory), set(() if drawn is None else drawn.keys)
    stops = []
    for route in answer.routes:
        day, crew = shifts[route.shift]
        for order, visit in enumerate(route.visits, start=1):
            target = targets[visit.stop]
            # whoever fixes a stop that was drawn to a day does not undo the draw
            how = EXPLORATION if target.key in by_lot else PINNED if target.key in pinned else CHOSEN
            chance = drawn.chance if drawn is not None and how == EXPLORATION else None
            stops.append(make_stop(target, visit, crew, day, order, how=how, propensity=chance, synthetic=synthetic))
    return sort_stops(stops)
