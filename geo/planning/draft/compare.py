"""Whether a draft made anew is the one that a plan keeps: what differs, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from geo.planning.draft.draw import Draw
from geo.planning.draft.manifest import hash_problem, write_drive
from geo.planning.draft.prepare import Prepared
from geo.planning.plan import PlannedStop
from geo.planning.routes import Answer, Problem, Route, drive_route
from geo.risk.words import Sentence

__all__ = ["compare_answer", "compare_draw", "compare_prepared", "compare_stops", "verify_solution"]

_SHOWN = 5
Key = tuple[str, ...]


def compare_prepared(manifest: Mapping[str, Any], made: Prepared) -> Iterator[Sentence]:
    """What differs up to the numbers that routes are planned from."""
    before = {(layer, site): float(priority) for layer, site, priority in manifest["candidates"]}
    after = {target.key: target.priority for target in made.found.targets}
    if gone := [key for key in before if key not in after]:
        yield Sentence("Candidates then, and none now: {sites}.", {"sites": _name(gone)})
    if new := [key for key in after if key not in before]:
        yield Sentence("Candidates now, and none then: {sites}.", {"sites": _name(new)})
    moved = [key for key in before if key in after and before[key] != after[key]]
    for key in moved[:_SHOWN]:
        values = {"site": _name([key]), "before": repr(before[key]), "after": repr(after[key])}
        yield Sentence("The priority of {site} was {before} points, and is {after}.", values)
    if len(moved) > _SHOWN:
        yield Sentence("The priorities of {n} more candidates differ.", {"n": len(moved) - _SHOWN})
    if not gone and not new and not moved and list(before) != list(after):
        yield Sentence("The candidates are the same in another order.")
    counted = int(manifest["n_candidates"])
    if counted != len(made.found.candidates):
        yield Sentence(
            "{before} sites could be chosen from then, {after} now.",
            {"before": counted, "after": len(made.found.candidates)},
        )
    excluded = {(layer, site, reason) for layer, site, reason in manifest["excluded"]}
    if odd := excluded ^ {(one.layer, one.record_id, one.reason) for one in made.found.exclusions}:
        yield Sentence("Exclusions differ: {sites}.", {"sites": _name(sorted(odd))})
    log = manifest["exploration"] or {}
    before_and_after = ((log.get("removed", ()), made.removed), (log.get("unfit", ()), made.unfit))
    if any({tuple(key) for key in then} != set(now) for then, now in before_and_after):
        yield Sentence("The stops that were drawn by lot and could not be visited are others.")
    yield from _compare_numbers(manifest, made)


def _compare_numbers(manifest: Mapping[str, Any], made: Prepared) -> Iterator[Sentence]:
    drive = write_drive(made.matrix)
    same_drive = all(drive[name] == manifest["drive"][name] for name in ("n_places", "minutes"))
    if not same_drive:
        yield Sentence("The drive times are not the same.")
    if hash_problem(made.problem) != manifest["problem_sha256"] and same_drive:
        yield Sentence(
            "The numbers that routes are planned from are not the same: priorities, service times, light, season, "
            "powers or hours."
        )


def compare_draw(log: Mapping[str, Any], drawn: Draw) -> Iterator[Sentence]:
    """What differs in the lot."""
    before, after = [tuple(key) for key in log["keys"]], list(drawn.keys)
    if before != after:
        values = {"before": _name(before), "after": _name(after)}
        yield Sentence("Other stops are drawn by lot: {before} then, {after} now.", values)
    if log["frame_sha256"] != drawn.log["frame_sha256"]:
        values = {"before": log["n_frame"], "after": drawn.log["n_frame"]}
        yield Sentence("The sites that could be drawn are not the same: {before} then, {after} now.", values)
    if log["chance"] != drawn.chance:
        values = {"before": repr(log["chance"]), "after": repr(drawn.chance)}
        yield Sentence("The chance of being drawn was {before}, and is {after}.", values)
    names = ("n_stops", "n_pinned", "share", "expected", "seed")
    if odd := [name for name in names if log[name] != drawn.log[name]]:
        yield Sentence("The draw was made with other values: {names}.", {"names": ", ".join(odd)})


def compare_answer(solution: Mapping[str, Any], answer: Answer) -> Iterator[Sentence]:
    """What differs in the routes, their worth, and how sure it is."""
    if [list(route) for route in solution["routes"]] != [list(route.stops) for route in answer.routes]:
        values = {"before": repr(solution["objective"]), "after": repr(answer.objective)}
        yield Sentence("The optimiser's routes differ: worth {before} points then, {after} now.", values)
    elif solution["objective"] != answer.objective:
        values = {"before": repr(solution["objective"]), "after": repr(answer.objective)}
        yield Sentence("The same routes were worth {before} points, and are {after}.", values)
    if (solution["bound"], solution["method"]) != (answer.bound, answer.method):
        values = {"before": repr(solution["bound"]), "after": repr(answer.bound)}
        yield Sentence("How good a plan could be at most was {before} points, and is {after}.", values)


def verify_solution(problem: Problem, solution: Mapping[str, Any]) -> tuple[Answer | None, tuple[Sentence, ...]]:
    """Whether stored routes hold, stop by stop, and are worth what was said.

    Returns
    -------
    The answer that they are, None where they cannot be driven; and what is wrong
    """
    routes, wrong = _drive_all(problem, solution["routes"])
    if routes is None:
        return None, wrong
    visited = [stop for route in routes for stop in route.stops]
    missing = [i for i, stop in enumerate(problem.stops) if stop.is_mandatory and i not in visited]
    fixed = [
        stop for route in routes for stop in route.stops if problem.stops[stop].fixed_shift not in {None, route.shift}
    ]
    problems = list(wrong)
    if len(set(visited)) < len(visited) or missing or fixed:
        problems.append(Sentence("The stored routes miss a stop that must be visited, or visit one twice."))
    prize = sum(problem.stops[stop].prize for stop in visited)
    objective = prize - problem.minute_cost * sum(route.drive_minutes for route in routes)
    if not math.isclose(objective, solution["objective"], rel_tol=0, abs_tol=1e-9):
        values = {"before": repr(solution["objective"]), "after": repr(objective)}
        problems.append(Sentence("The same routes were worth {before} points, and are {after}.", values))
    kept = (solution["bound"], solution["method"], solution["stopped_by"])
    return Answer(routes, prize, objective, *kept), tuple(problems)


def _drive_all(
    problem: Problem, stored: Sequence[Sequence[int]]
) -> tuple[tuple[Route, ...] | None, tuple[Sentence, ...]]:
    n = len(problem.stops)
    if len(stored) != len(problem.shifts) or not all(0 <= stop < n for route in stored for stop in route):
        return None, (Sentence("The stored routes are not of these crews, days and candidates."),)
    driven = [drive_route(problem, shift, route) for shift, route in enumerate(stored)]
    routes = tuple(route for route in driven if route is not None)
    if len(routes) < len(driven):
        return None, (Sentence("The stored routes cannot be driven in their time."),)
    return routes, ()


def compare_stops(before: Iterable[PlannedStop], after: Iterable[PlannedStop]) -> Iterator[Sentence]:
    """What differs in the plan's stops, whatever they were justified by since."""
    old, new = ({stop.key: replace(stop, revisit_reason="") for stop in stops} for stops in (before, after))
    for key, stop in old.items():
        if key not in new:
            yield Sentence("A stop then, and none now: {title}.", {"title": stop.title})
        elif stop != new[key]:
            names = [name for name, value in vars(stop).items() if value != getattr(new[key], name)]
            values = {"title": stop.title, "names": ", ".join(names)}
            yield Sentence("The stop at {title} differs in: {names}.", values)
    for key, stop in new.items():
        if key not in old:
            yield Sentence("A stop now, and none then: {title}.", {"title": stop.title})


def _name(keys: Sequence[Key]) -> str:
    shown = ", ".join("/".join(key) for key in keys[:_SHOWN])
    return (f"{shown} (+{len(keys) - _SHOWN})" if len(keys) > _SHOWN else shown) or "–"
