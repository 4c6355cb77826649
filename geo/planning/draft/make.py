"""The draft, with the manifest that says why these sites on these days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd

from geo.planning.crews import note_crews
from geo.planning.draft.manifest import make_manifest
from geo.planning.draft.prepare import Prepared, prepare_draft
from geo.planning.draft.request import DraftRequest
from geo.planning.draft.seasons import tell_closed
from geo.planning.draft.stops import make_stop, sort_stops
from geo.planning.drive import DriveProvider, EstimatedDrive
from geo.planning.plan import Plan, PlannedStop
from geo.planning.plan.value import CHOSEN, EXPLORATION, PINNED
from geo.planning.routes import Answer, InfeasibleError, Limits, plan_routes
from geo.planning.targets import SiteKey, Targets
from geo.risk.scored import ScoredSurface
from geo.risk.scoring import check_layers
from geo.risk.uncertainty import Uncertainty
from geo.risk.words import Sentence

__all__ = ["Draft", "draft_plan", "make_draft", "name_stops", "plan_named_routes"]


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
    known = surface.layers if layers is None else check_layers(layers)
    provider = EstimatedDrive.from_reference() if drive is None else drive
    limits = Limits() if limits is None else limits
    made = prepare_draft(surface, request, known, provider, uncertainty=uncertainty, log=log)
    made, answer = plan_named_routes(made, limits)
    stops = name_stops(request, made, answer, synthetic=known.is_synthetic)
    told = (*made.matrix.notes, *made.notes, *tell_closed(known, stops), *made.found.notes)
    notes = (*note_crews(request.crews), *told)
    plan = Plan(
        plan_id="",
        name=request.name,
        days=request.days,
        crews=request.crews,
        stops=stops,
        manifest=make_manifest(surface, request, known, made, answer, limits, notes),
        circle=request.circle,
    )
    return Draft(plan, answer, made.found, notes)


def plan_named_routes(made: Prepared, limits: Limits) -> tuple[Prepared, Answer]:
    """Routes; a lot that asks for more than can be visited does not break the plan.

    Drawn stops that cannot be visited at all are left out, and where stops exclude each other the drawn ones among
    them, the last drawn first. What else cannot be planned is told by the names of the sites.

    Returns
    -------
    What the routes are planned from, without the drawn stops that do not fit; and the routes

    Raises
    ------
    InfeasibleError
        What was asked for cannot be visited, whatever was drawn.
    """
    while True:
        try:
            return made, plan_routes(made.problem, limits)
        except InfeasibleError as error:
            out = _find_unfit(made, error)
            if not out:
                names = {position: target.title for position, target in enumerate(made.targets)}
                named = [replace(reason, sentence=_rename(reason.sentence, names)) for reason in error.reasons]
                raise InfeasibleError(named) from None
            made = made.leave_out(out)


def _find_unfit(made: Prepared, error: InfeasibleError) -> set[SiteKey]:
    """Drawn stops to do without; none where a reason is about others alone."""
    position = {target.key: at for at, target in enumerate(made.targets)}
    out = set()
    for reason in error.reasons:
        drawn = [key for key in made.explored if position[key] in reason.stops]
        if not drawn:
            return set()
        out.add(drawn[-1])
    return out


def _rename(sentence: Sentence, names: Mapping[int, str]) -> Sentence:
    """The same sentence, with sites' names for the stops' numbers."""
    values = {}
    for name, value in sentence.values.items():
        numbers = [value] if isinstance(value, int) else str(value).split(", ")
        known = [names.get(int(each)) if str(each).isdigit() else None for each in numbers]
        values[name] = value if None in known else ", ".join(f"”{each}”" for each in known)
    return Sentence(sentence.template, values)


def name_stops(request: DraftRequest, made: Prepared, answer: Answer, *, synthetic: bool) -> tuple[PlannedStop, ...]:
    """Stops of a plan, from the routes."""
    shifts = [(day, crew.name) for day in request.days for crew in request.crews]
    pinned, by_lot = set(request.mandatory), set(() if made.drawn is None else made.drawn.keys)
    stops = []
    for route in answer.routes:
        day, crew = shifts[route.shift]
        for order, visit in enumerate(route.visits, start=1):
            target = made.targets[visit.stop]
            # whoever fixes a stop that was drawn to a day does not undo the draw
            how = EXPLORATION if target.key in by_lot else PINNED if target.key in pinned else CHOSEN
            chance = made.drawn.chance if made.drawn is not None and how == EXPLORATION else None
            stops.append(make_stop(target, visit, crew, day, order, how=how, propensity=chance, synthetic=synthetic))
    return sort_stops(stops)
