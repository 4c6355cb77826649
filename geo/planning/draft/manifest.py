"""Why these sites on these days: what a draft keeps of all that it was made from."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from geo.layers.bundle import Layers
from geo.planning.draft.prepare import Prepared
from geo.planning.draft.record import write_request
from geo.planning.draft.request import DraftRequest
from geo.planning.drive import DriveMatrix
from geo.planning.drive.base import DriveError, check_places
from geo.planning.plan import read_sentence, write_sentence
from geo.planning.routes import Answer, Limits, Problem, Route
from geo.risk.scored import ScoredSurface
from geo.risk.words import Sentence

__all__ = ["KeptDrive", "hash_problem", "make_manifest", "write_drive", "write_shifts"]

# A drive of 30.0000001 minutes is one of 30, as in the routes' problem; what stands where no road leads.
_TINY = 1e-6
_NO_ROAD = 65_535


def make_manifest(
    surface: ScoredSurface,
    request: DraftRequest,
    layers: Layers,
    made: Prepared,
    answer: Answer,
    limits: Limits,
    notes: Sequence[Sentence],
) -> dict[str, Any]:
    """Enough to say why these sites on these days, and to tell whether it would come out the same again.

    Parameters
    ----------
    surface : ScoredSurface
    request : DraftRequest
    layers : Layers that the sites are of
    made : Prepared
    answer : Answer
    limits : Limits of the optimiser
    notes : what must be known beside the plan
    """
    log = (
        None
        if made.drawn is None
        else {
            **made.drawn.log,
            "removed": [list(key) for key in made.removed],
            "unfit": [list(key) for key in made.unfit],
        }
    )
    return {
        "request": write_request(request),
        "surface": surface.id,
        "surface_manifest": dict(surface.manifest),
        "model_version": surface.model.version,
        "weights": dict(surface.model.weights),
        "layers": dict(layers.hashes),
        "at": surface.at.isoformat(),
        "hours": list(request.hours),
        "seed": request.seed,
        "pinned": [list(key) for key in request.pinned],
        "locks": [[*key, crew, day.isoformat()] for key, (crew, day) in sorted(request.locks.items())],
        "excluded": [[one.layer, one.record_id, one.reason] for one in made.found.exclusions],
        "candidates": [[target.layer, target.record_id, target.priority] for target in made.found.targets],
        "n_candidates": len(made.found.candidates),
        "exploration": log,
        "drive": write_drive(made.matrix),
        "notes": [write_sentence(note) for note in notes],
        "problem_sha256": hash_problem(made.problem),
        "limits": dict(vars(limits)),
        "shifts": write_shifts(request, answer.routes),
        "solver": {"ortools": version("ortools")},
        "solution": {
            "routes": [list(route.stops) for route in answer.routes],
            "stops": [list(made.targets[stop].key) for route in answer.routes for stop in route.stops],
            "objective": answer.objective,
            "bound": answer.bound,
            "method": answer.method,
            "stopped_by": answer.stopped_by,
        },
    }


def write_shifts(request: DraftRequest, routes: Iterable[Route]) -> list[dict[str, Any]]:
    """When each crew that has stops leaves, is back, and how long it drives in between."""
    shifts = [(crew.name, day.isoformat()) for day in request.days for crew in request.crews]
    return [
        {
            "crew": shifts[route.shift][0],
            "on": shifts[route.shift][1],
            "depart_minute": route.departure,
            "return_minute": route.return_minute,
            "drive_minutes": route.drive_minutes,
        }
        for route in routes
        if route.visits
    ]


def write_drive(matrix: DriveMatrix) -> dict[str, Any]:
    """Where drive times come from, what people must be told of them, and the minutes that the routes count."""
    whole = np.minimum(np.ceil(matrix.minutes - _TINY), _NO_ROAD).astype("<u2")
    return {
        "provider": matrix.provider,
        "notes": [write_sentence(note) for note in matrix.notes],
        "n_places": len(matrix),
        "minutes": b64encode(zlib.compress(whole.tobytes(), level=9)).decode("ascii"),
    }


@dataclass(frozen=True)
class KeptDrive:
    """Drive times that a manifest keeps, for the places that they were asked for.

    Attributes
    ----------
    record : a manifest's ``drive``
    """

    record: Mapping[str, Any]

    def drive(self, easting: ArrayLike, northing: ArrayLike) -> DriveMatrix:
        """See `DriveProvider.drive`; whole minutes, and no distances.

        Raises
        ------
        DriveError
            The places are more or fewer than those that were asked for.
        """
        n = int(self.record["n_places"])
        x, _ = check_places(easting, northing)
        if len(x) != n:
            values = {"kept": n, "asked": len(x)}
            raise DriveError(Sentence("Drive times are kept for {kept} places, not for {asked}.", values))
        whole = np.frombuffer(zlib.decompress(b64decode(self.record["minutes"])), dtype="<u2").reshape(n, n)
        minutes = np.where(whole == _NO_ROAD, np.inf, whole.astype(np.float64))
        notes = tuple(read_sentence(note) for note in self.record["notes"])
        return DriveMatrix(minutes, np.full_like(minutes, np.nan), str(self.record["provider"]), notes)


def hash_problem(problem: Problem) -> str:
    """SHA-256 of all numbers that the routes were planned from."""
    digest = hashlib.sha256(repr((problem.shifts, problem.stops, problem.minute_cost, problem.orders)).encode())
    for array in (problem.minutes, problem.may_visit, problem.earliest, problem.latest):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
