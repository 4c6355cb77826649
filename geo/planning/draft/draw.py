"""The stops that explore. They are drawn once for a plan: what is drafted again keeps the draw and its chances.

A draw that could be repeated until it pleases, by pinning or excluding a site in between, would tell of nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from geo.layers.bundle import Layers
from geo.planning.crews import unmet_requirements
from geo.planning.draft.places import find_out_of_reach
from geo.planning.draft.request import DraftRequest
from geo.planning.draft.seasons import find_open_days
from geo.planning.targets import SiteKey, Targets, draw_exploration
from geo.planning.targets.sites import read_sites
from geo.reference import planning_parameters
from geo.risk.scored import ScoredSurface

__all__ = ["Draw", "draw_stops", "read_draw"]


@dataclass(frozen=True)
class Draw:
    """Stops that were drawn by lot.

    Attributes
    ----------
    keys : sites drawn, by key
    chance : with which each site of the frame could be drawn
    log : JSON-able: the draw as `Exploration.to_dict` tells it, and ``asked``: surface, mandatory and excluded sites
        that it was drawn with
    """

    keys: tuple[SiteKey, ...]
    chance: float
    log: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "log", MappingProxyType(dict(self.log)))


def draw_stops(surface: ScoredSurface, layers: Layers, found: Targets, request: DraftRequest) -> Draw:
    """Draw the stops that explore, from those candidates of a request that some crew can reach and is of use at.

    Parameters
    ----------
    surface : ScoredSurface
    layers : Layers of the candidates
    found : Targets
    request : DraftRequest
    """
    per_shift = int(planning_parameters()["stops_per_shift"])
    n_stops = per_shift * len(request.days) * len(request.crews)
    pinned = set(request.mandatory)
    out = {*find_out_of_reach(found.candidates, request), *_find_useless(layers, found, request)}
    lost = [key for key in _list_keys(found) if key in out and key not in pinned]
    drawn = draw_exploration(found.candidates, n_stops, request.seed, unreachable=lost)
    asked = {
        "surface": surface.id,
        "mandatory": [list(key) for key in request.mandatory],
        "excluded": [[*key, reason] for key, reason in request.excluded.items()],
    }
    return Draw(drawn.keys, drawn.chance, {**drawn.to_dict(), "asked": asked})


def read_draw(log: Mapping[str, Any]) -> Draw:
    """The draw that a plan's manifest tells of."""
    kept = {name: value for name, value in log.items() if name not in {"removed", "unfit"}}
    return Draw(tuple((layer, site) for layer, site in log["keys"]), float(log["chance"]), kept)


def _find_useless(layers: Layers, found: Targets, request: DraftRequest) -> list[SiteKey]:
    """Candidates where no crew covers what must be checked, or that are out of season on every day."""
    keys = _list_keys(found)
    sites = read_sites(layers)
    groups = sites.group[sites.find_all(keys)].tolist()
    sector = [group if layer == "workplaces" else "" for (layer, _), group in zip(keys, groups, strict=True)]
    is_of_use = {
        kind: any(not unmet_requirements(crew, *kind) for crew in request.crews)
        for kind in set(zip((layer for layer, _ in keys), sector, strict=True))
    }
    is_open = [any(days) for days in find_open_days(layers, keys, request.days).tolist()]
    return [
        key for key, group, opens in zip(keys, sector, is_open, strict=True) if not (opens and is_of_use[key[0], group])
    ]


def _list_keys(found: Targets) -> list[SiteKey]:
    return [found.candidates.key(position) for position in range(len(found.candidates))]
