"""A plan replayed: drafted again from what it rests on, as that was, and compared with what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from typing import Any

from geo.errors import NotFoundError, StoreError
from geo.grid import Grid
from geo.layers import roads
from geo.layers.bundle import Layers
from geo.layers.circles import INNER_CIRCLE
from geo.planning.draft import Arrangement, DraftRequest, arrange_stops, request_of
from geo.planning.draft.compare import (
    compare_answer,
    compare_draw,
    compare_prepared,
    compare_stops,
    verify_solution,
)
from geo.planning.draft.draw import draw_stops
from geo.planning.draft.make import name_stops, plan_named_routes
from geo.planning.draft.manifest import KeptDrive
from geo.planning.draft.prepare import Prepared, prepare_draft
from geo.planning.drive import DriveError, DriveProvider, EstimatedDrive, RoadDrive
from geo.planning.plan import Plan
from geo.planning.routes import Answer, InfeasibleError, Limits
from geo.planning.targets import find_targets
from geo.risk.model import Model
from geo.risk.scoring import score
from geo.risk.surface import RiskSurface
from geo.risk.words import Sentence
from geo.store.history import list_snapshots
from geo.store.home import StrPath
from geo.store.past import load_past_layers
from geo.store.plans import find_plan
from geo.store.surfaces import load_surface

__all__ = ["Replay", "replay_plan"]

# the net below the work limits hangs lower here: a slow machine is no difference
_WALL_CLOCK_S = 120.0


@dataclass(frozen=True)
class Replay:
    """What came of a replay.

    Attributes
    ----------
    plan_id, name : str
    differences : what is not the same, in words
    notes : what must be known beside it, such as layers that have changed since and were read as they were
    stopped_by_clock : whether the wall clock stopped the optimiser then, so that its solution was read and checked
    is_arranged : whether a planner ordered the stops by hand; that order was followed again
    n_candidates, n_stops : int, of the plan
    """

    plan_id: str
    name: str
    differences: tuple[Sentence, ...]
    notes: tuple[Sentence, ...]
    stopped_by_clock: bool
    is_arranged: bool
    n_candidates: int
    n_stops: int

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def replay_plan(home: StrPath | None, plan_id: str, *, circle: str = INNER_CIRCLE) -> Replay:
    """Draft a plan again from its manifest, and say whether the same comes out.

    The surface is the stored one, or scored again where it is no longer kept; layers are read as they were. A plan that
    was optimised again or ordered by hand is replayed the same way: its manifest says all of that.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    plan_id : str
    circle : sharing circle of whoever asks

    Raises
    ------
    NotFoundError
        There is no such plan.
    StoreError
        The plan was made before plans kept what was asked for, or the store cannot be read.
    """
    plan = find_plan(home, plan_id, circle).plan
    manifest = plan.manifest
    request = request_of(plan)
    told = _Told([], [])
    layers, missing = load_past_layers(home, plan.manifest["layers"], circle)
    told.differences += [_tell_missing(name) for name in missing]
    told.notes += _tell_changed(home, plan, missing, circle)
    surface = _find_surface(home, manifest["surface"], manifest["surface_manifest"], layers, circle, told)
    if surface is not None and _replay(surface, plan, request, layers, told) and "arranged" in plan.manifest:
        _arrange(home, surface, plan, layers, told)
    solution = plan.manifest["solution"]
    return Replay(
        plan_id=plan_id,
        name=plan.name,
        differences=tuple(told.differences),
        notes=tuple(told.notes),
        stopped_by_clock=solution["stopped_by"] == "clock",
        is_arranged="arranged" in plan.manifest,
        n_candidates=len(plan.manifest["candidates"]),
        n_stops=len(plan.stops),
    )


@dataclass
class _Told:
    """What there is to say, as it is found."""

    differences: list[Sentence]
    notes: list[Sentence]


def _tell_missing(name: str) -> Sentence:
    return Sentence(
        "The layer {layer} is no longer kept as it was then: records were erased, or it was made anew.",
        {"layer": name},
    )


def _tell_changed(home: StrPath | None, plan: Plan, missing: tuple[str, ...], circle: str) -> list[Sentence]:
    """Layers that have other content now; of a narrower circle nobody can tell without reading them all."""
    if circle != INNER_CIRCLE:
        return []
    changed = []
    for name, sha256 in plan.manifest["layers"].items():
        current = next((one for one in list_snapshots(home, name) if one.is_current), None)
        if name not in missing and (current is None or current.content_sha256 != sha256):
            changed.append(name)
    return [
        Sentence("The layer {layer} has changed since; it was read as it was.", {"layer": name}) for name in changed
    ]


def _find_surface(
    home: StrPath | None, wanted: str, recorded: Mapping[str, Any], layers: Layers, circle: str, told: _Told
) -> RiskSurface | None:
    """A surface with given layers; None, and said, where it cannot be had."""
    try:
        return load_surface(home, wanted, layers)
    except (NotFoundError, StoreError):
        scored, missing = load_past_layers(
            home, {name: entry["sha256"] for name, entry in recorded["layers"].items()}, circle
        )
    if not missing:
        grid, day = Grid(**recorded["grid"]), date.fromisoformat(recorded["at"])
        names = {**recorded, "version": recorded["model_version"], "origin": recorded.get("model_origin", {})}
        surface = score(scored, grid, day, recorded["sectors"], model=Model.from_dict(names))
        if surface.id == wanted:
            told.notes.append(
                Sentence("The surface {surface} is no longer kept, and was scored again.", {"surface": wanted})
            )
            return replace(surface, layers=layers, recorded=recorded)
    said = (
        "The surface {surface} is no longer kept, and cannot be scored again from what is: the plan was not replayed."
    )
    told.differences.append(Sentence(said, {"surface": wanted}))
    return None


def _replay(surface: RiskSurface, plan: Plan, request: DraftRequest, layers: Layers, told: _Told) -> bool:
    """The draft; whether there is one to compare an order made by hand with."""
    manifest = plan.manifest
    if (plan.days, tuple(plan.crews)) != (request.days, request.crews):
        told.differences.append(Sentence("Days or crews of the plan are not those that it was drafted for."))
    uncertainty = None if request.chosen.certainty is None else surface.uncertainty()
    log = manifest["exploration"]
    if log is not None:
        first = replace(
            request,
            pinned=tuple((layer, site) for layer, site in log["asked"]["mandatory"]),
            locks={},
            excluded={(layer, site): reason for layer, site, reason in log["asked"]["excluded"]},
        )
        found = find_targets(
            surface,
            layers,
            1,
            chosen=first.chosen,
            pinned=first.pinned,
            excluded=first.excluded,
            uncertainty=uncertainty,
        )
        told.differences += compare_draw(log, draw_stops(surface, layers, found, first))

    def prepare(drive: DriveProvider) -> Prepared:
        return prepare_draft(surface, request, layers, drive, uncertainty=uncertainty, log=log)

    made, answer = _solve(_with_drive(manifest["drive"], layers, told, prepare), manifest, told)
    told.differences += compare_prepared(manifest, made)
    if answer is None:
        return False
    if "arranged" not in manifest:
        stops = name_stops(request, made, answer, synthetic=layers.is_synthetic)
        told.differences += compare_stops(plan.stops, stops)
    return True


def _with_drive(record: Mapping[str, Any], layers: Layers, told: _Told, make: Callable[[DriveProvider], Any]) -> Any:
    """What is made with the drive times that a manifest names."""
    try:
        if record["provider"] == "osrm":
            told.notes.append(
                Sentence("Drive times are those that the routing server gave then; it was not asked again.")
            )
            return make(KeptDrive(record))
        if record["provider"] == "roads":
            return make(RoadDrive.from_layer(layers[roads.LAYER.name]))
    except DriveError as error:
        told.differences.append(
            Sentence("Drive times fell back to another source: {problem}", {"problem": error.problem})
        )
    return make(EstimatedDrive.from_reference())


def _solve(made: Prepared, manifest: Mapping[str, Any], told: _Told) -> tuple[Prepared, Answer | None]:
    """The routes, planned again, or those that are kept where planning them again need not give the same."""
    solution = manifest["solution"]
    if solution["stopped_by"] != "clock":
        limits = Limits(**{**manifest["limits"], "wall_clock_s": _WALL_CLOCK_S})
        try:
            fitting, answer = plan_named_routes(made, limits)
        except InfeasibleError as error:
            told.differences += [reason.sentence for reason in error.reasons]
            return made, None
        if answer.stopped_by != "clock":
            differences = list(compare_answer(solution, answer))
            before, after = manifest["solver"]["ortools"], version("ortools")
            if differences and before != after:
                values = {"before": before, "after": after}
                differences.append(Sentence("The optimiser's library was version {before}, and is {after}.", values))
            told.differences += differences
            return fitting, answer
    told.notes.append(
        Sentence("The clock stopped the optimiser: its solution was not sought again, but read and checked.")
    )
    unfit = {(layer, site) for layer, site in (manifest["exploration"] or {}).get("unfit", ())}
    made = made.leave_out(unfit & set(made.explored))
    known, wrong = verify_solution(made.problem, solution)
    told.differences += wrong
    return made, known


def _arrange(home: StrPath | None, surface: RiskSurface, plan: Plan, layers: Layers, told: _Told) -> None:
    """The order that a planner made, on the surface and the layers that there were when it was made."""
    arranged = plan.manifest["arranged"]
    if arranged["layers"] != plan.manifest["layers"]:
        layers, missing = load_past_layers(home, arranged["layers"], plan.circle)
        told.differences += [_tell_missing(name) for name in missing]
    recorded = arranged["surface_manifest"]
    if recorded is None:
        surface = replace(surface, layers=layers, recorded=surface.manifest)
    else:
        found = _find_surface(home, arranged["surface"], recorded, layers, plan.circle, told)
        if found is None:
            return
        surface = found
    orders = {
        (crew, date.fromisoformat(day)): [(layer, site) for layer, site in sites]
        for crew, day, sites in arranged["routes"]
    }
    made: Arrangement = _with_drive(
        arranged["drive"], layers, told, lambda drive: arrange_stops(surface, plan, orders, layers=layers, drive=drive)
    )
    if made.manifest["arranged"]["problems"] != arranged["problems"]:
        told.differences.append(Sentence("The order made by hand has other problems now than it had then."))
    told.differences += compare_stops(plan.stops, made.stops)
