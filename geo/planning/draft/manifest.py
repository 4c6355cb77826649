"""Why these sites on these days: what a draft keeps of all that it was made from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from geo.layers.bundle import Layers
from geo.planning.draft.draw import Draw
from geo.planning.draft.record import write_request
from geo.planning.draft.request import DraftRequest
from geo.planning.drive import DriveMatrix
from geo.planning.plan import write_sentence
from geo.planning.routes import Answer, Limits, Problem
from geo.planning.targets import SiteKey, Targets
from geo.risk.scored import ScoredSurface
from geo.risk.words import Sentence

__all__ = ["Made", "hash_problem", "make_manifest", "write_drive"]


@dataclass(frozen=True, eq=False)
class Made:
    """What a draft was made of, step by step.

    Attributes
    ----------
    found : Targets that the stops were chosen from
    drawn : Draw, None where no stop explores
    removed : sites that were drawn and are not in the plan
    matrix : DriveMatrix
    problem : Problem
    limits : Limits
    answer : Answer
    notes : what must be known beside it
    """

    found: Targets
    drawn: Draw | None
    removed: tuple[SiteKey, ...]
    matrix: DriveMatrix
    problem: Problem
    limits: Limits
    answer: Answer
    notes: tuple[Sentence, ...]


def make_manifest(surface: ScoredSurface, request: DraftRequest, layers: Layers, made: Made) -> dict[str, Any]:
    """Enough to say why these sites on these days, and to tell whether it would come out the same again.

    Parameters
    ----------
    surface : ScoredSurface
    request : DraftRequest
    layers : Layers that the sites are of
    made : Made
    """
    found, drawn, answer = made.found, made.drawn, made.answer
    return {
        "request": write_request(request),
        "surface": surface.id,
        "model_version": surface.model.version,
        "weights": dict(surface.model.weights),
        "layers": dict(layers.hashes),
        "at": surface.at.isoformat(),
        "hours": list(request.hours),
        "seed": request.seed,
        "pinned": [list(key) for key in request.pinned],
        "locks": [[*key, crew, day.isoformat()] for key, (crew, day) in sorted(request.locks.items())],
        "excluded": [[one.layer, one.record_id, one.reason] for one in found.exclusions],
        "candidates": [[target.layer, target.record_id, target.priority] for target in found.targets],
        "n_candidates": len(found.candidates),
        "exploration": None if drawn is None else {**drawn.log, "removed": [list(key) for key in made.removed]},
        "drive": write_drive(made.matrix),
        "notes": [write_sentence(note) for note in made.notes],
        "problem_sha256": hash_problem(made.problem),
        "limits": dict(vars(made.limits)),
        "solver": {"ortools": version("ortools")},
        "solution": {
            "routes": [list(route.stops) for route in answer.routes],
            "objective": answer.objective,
            "bound": answer.bound,
            "method": answer.method,
            "stopped_by": answer.stopped_by,
        },
    }


def write_drive(matrix: DriveMatrix) -> dict[str, Any]:
    """Where drive times come from, and what people must be told of them."""
    return {"provider": matrix.provider, "notes": [write_sentence(note) for note in matrix.notes]}


def hash_problem(problem: Problem) -> str:
    """SHA-256 of all numbers that the routes were planned from."""
    digest = hashlib.sha256(repr((problem.shifts, problem.stops, problem.minute_cost, problem.orders)).encode())
    for array in (problem.minutes, problem.may_visit, problem.earliest, problem.latest):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
