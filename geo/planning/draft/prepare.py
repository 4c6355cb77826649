"""Up to the numbers that routes are planned from: targets, stops that explore, drive times, seasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from geo.layers.bundle import Layers
from geo.planning.draft.draw import Draw, draw_stops, read_draw
from geo.planning.draft.places import make_problem, place_coordinates
from geo.planning.draft.request import DraftRequest, check_request
from geo.planning.draft.seasons import find_open_days
from geo.planning.drive import DriveMatrix, DriveProvider
from geo.planning.routes import Problem
from geo.planning.targets import SiteKey, Target, Targets, find_targets
from geo.risk.scored import ScoredSurface
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import Uncertainty
from geo.risk.words import Sentence

__all__ = ["Prepared", "prepare_draft"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What routes are planned from.

    Attributes
    ----------
    found : Targets to choose from
    drawn : Draw, None where no stop explores
    lost : sites that were drawn and that no road leads to: key to title
    removed : all sites that were drawn and are not among the stops, those excluded since too
    targets : those of the problem's stops, in their order
    matrix : DriveMatrix, depots of the crews first, then all targets found
    problem : Problem
    explored : drawn stops that must be visited because they were drawn, in the order of the draw
    unfit : drawn stops that cannot be visited beside what must be: key to title
    """

    found: Targets
    drawn: Draw | None
    lost: Mapping[SiteKey, str]
    removed: tuple[SiteKey, ...]
    targets: tuple[Target, ...]
    matrix: DriveMatrix
    problem: Problem
    explored: tuple[SiteKey, ...] = ()
    unfit: Mapping[SiteKey, str] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[Sentence, ...]:
        """Which drawn stops are lost, and which do not fit."""
        no_road = "{title} was drawn by lot, and no road leads there."
        no_room = "{title} was drawn by lot, and cannot be visited beside what must be."
        return tuple(
            Sentence(template, {"title": title})
            for template, titles in ((no_road, self.lost), (no_room, self.unfit))
            for title in titles.values()
        )

    def leave_out(self, keys: Collection[SiteKey]) -> Prepared:
        """The same with some drawn stops that nobody visits; a crew may still drive by."""
        titles = {target.key: target.title for target in self.targets}
        out = [position for position, target in enumerate(self.targets) if target.key in keys]
        stops, may_visit = list(self.problem.stops), self.problem.may_visit.copy()
        for position in out:
            stops[position] = replace(stops[position], is_mandatory=False)
            may_visit[position] = False
        return replace(
            self,
            problem=replace(self.problem, stops=tuple(stops), may_visit=may_visit),
            explored=tuple(key for key in self.explored if key not in keys),
            unfit={**self.unfit, **{key: titles[key] for key in self.explored if key in keys}},
        )


def prepare_draft(
    surface: ScoredSurface,
    request: DraftRequest,
    layers: Layers,
    drive: DriveProvider,
    *,
    uncertainty: Uncertainty | None = None,
    log: Mapping[str, Any] | None = None,
) -> Prepared:
    """What a request's routes are planned from.

    Parameters
    ----------
    surface : ScoredSurface
    request : DraftRequest
    layers : Layers of the sites
    drive : DriveProvider
    uncertainty : see `find_targets`; left out, and asked for by the filter, that of the surface
    log : a manifest's ``exploration``: stops that were drawn before, where there is no second lot

    Raises
    ------
    ParameterError
    """
    check_request(request, surface.region)
    if uncertainty is None and request.chosen.certainty is not None and isinstance(surface, RiskSurface):
        uncertainty = surface.uncertainty()
    options: dict[str, Any] = {"chosen": request.chosen, "excluded": request.excluded, "uncertainty": uncertainty}
    found = find_targets(surface, layers, request.n_candidates, pinned=request.mandatory, **options)
    drawn = None
    if request.explores:
        drawn = draw_stops(surface, layers, found, request) if log is None else read_draw(log)
    keys = () if drawn is None else tuple(key for key in drawn.keys if key not in request.excluded)
    if keys:
        n = max(request.n_candidates, len(request.mandatory)) + len(keys)
        found = find_targets(surface, layers, n, pinned=(*request.mandatory, *keys), **options)
    matrix = drive.drive(*place_coordinates(request.crews, found.targets))
    spare = set(keys) - set(request.mandatory)
    targets, lost, fewer = _drop_unreachable(found.targets, spare, matrix, len(request.crews))
    kept = [key for key in keys if key not in lost]
    is_open = find_open_days(layers, [target.key for target in targets], request.days)
    problem = make_problem(request, targets, kept, fewer.minutes, is_open)
    removed = () if drawn is None else tuple(key for key in drawn.keys if key not in kept)
    explored = tuple(key for key in kept if key in spare)
    return Prepared(found, drawn, lost, removed, tuple(targets), matrix, problem, explored)


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
