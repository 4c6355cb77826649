"""The chosen sites in full: what they are, what their priority is made of, and the same in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.layers.bundle import Layers
from geo.planning.targets.priority import SitePairs, target_components
from geo.planning.targets.record import SiteRecord
from geo.planning.targets.result import Target, TargetPoints
from geo.planning.targets.sites import Sites
from geo.planning.targets.surroundings import Surroundings
from geo.planning.targets.words import Sentences, as_day, describe_components, describe_near_visit
from geo.reference import certainty_classes, municipality_names, planning_parameters, score_classes
from geo.risk.powers import agencies_on_site
from geo.risk.scored import STATE_NAMES, ScoredSurface
from geo.risk.words import Sentence

__all__ = ["Facts", "describe_targets"]


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of all sites.

    Attributes
    ----------
    sites : Sites
    around : Surroundings
    record : SiteRecord
    pairs : SitePairs
    amounts : component name to (n,) float64, component unit
    points : (n, n_components) float64
    chance : (n,) float64, that a visit finds something
    certainty : (n,) uint8, class of each site's cell from 1, the surest first; 0 where it is not known
    """

    sites: Sites
    around: Surroundings
    record: SiteRecord
    pairs: SitePairs
    amounts: Mapping[str, NDArray[np.float64]]
    points: NDArray[np.float64]
    chance: NDArray[np.float64]
    certainty: NDArray[np.uint8]


def describe_targets(
    surface: ScoredSurface,
    layers: Layers,
    facts: Facts,
    order: NDArray[np.int64],
    pinned: NDArray[np.int64],
) -> tuple[Target, ...]:
    """Some sites in full.

    Parameters
    ----------
    surface : ScoredSurface
    layers : Layers of the sites
    facts : Facts
    order : (k,) int64, positions of sites
    pinned : positions of those that must be there
    """
    near = _find_near_visits(layers, facts.sites, order, surface.at)
    pins = set(pinned.tolist())
    return tuple(
        _describe(surface, facts, site, last, is_pinned=site in pins)
        for site, last in zip(order.tolist(), near, strict=True)
    )


def _find_near_visits(layers: Layers, sites: Sites, order: NDArray[np.int64], at: date) -> list[date | None]:
    """Last day on which somebody surely was within ``near_visit_m`` of each site."""
    frame, reach = layers["visits"], planning_parameters()["near_visit_m"]
    frame = frame[((frame["visited_on"] <= pd.Timestamp(at)) & (frame["spread_m"] <= reach)).to_numpy(dtype=bool)]
    if frame.empty or not order.size:
        return [None] * len(order)
    easting, northing, spread = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy(), frame["spread_m"].to_numpy()
    days = frame["visited_on"].to_numpy(dtype="datetime64[D]")
    xy = np.column_stack([sites.easting[order], sites.northing[order]])
    around = cKDTree(np.column_stack([easting, northing])).query_ball_point(xy, reach)
    found = []
    for site, some in zip(order.tolist(), around, strict=True):
        which = np.array(some, dtype=np.int64)
        away = np.hypot(easting[which] - sites.easting[site], northing[which] - sites.northing[site])
        surely = which[away + spread[which] + sites.spread_m[site] <= reach]
        found.append(as_day(days[surely].max()) if surely.size else None)
    return found


def _describe(
    surface: ScoredSurface,
    facts: Facts,
    site: int,
    near: date | None,
    *,
    is_pinned: bool,
) -> Target:
    sites, record, at = facts.sites, facts.record, surface.at
    layer, record_id = sites.key(site)
    is_work = layer == "workplaces"
    code = str(sites.municipality[site])
    components = _explain_points(surface, facts, site)
    last_visit = as_day(record.last_visit[site])
    size, score, sure = float(sites.size[site]), float(facts.around.score[site]), int(facts.certainty[site])
    cell = (int(facts.around.row[site]), int(facts.around.col[site])) if facts.around.row[site] >= 0 else None
    return Target(
        layer=layer,
        record_id=record_id,
        title=str(sites.title[site]),
        group=str(sites.group[site]),
        employees=size if is_work else None,
        beds=None if is_work else size,
        municipality_code=code,
        municipality=municipality_names().get(code, code),
        county=code[:2],
        easting=float(sites.easting[site]),
        northing=float(sites.northing[site]),
        precision=str(sites.precision[site]),
        spread_m=float(sites.spread_m[site]),
        circle=str(sites.circle[site]),
        cell_id=surface.grid.cell_id(*cell) if cell else None,
        score=score if cell else None,
        state=STATE_NAMES[int(surface.state[cell])] if cell else None,
        score_class=_classify(score) if cell else None,
        certainty=certainty_classes()[sure - 1].code if sure else None,
        priority=float(facts.points[site].sum()),
        components=components,
        reasons=_reasons(
            components,
            describe_near_visit(near, last_visit, planning_parameters()["near_visit_m"]),
            is_visited=last_visit is not None,
        ),
        days_since_visit=_count_days(last_visit, at),
        days_since_near_visit=_count_days(_latest(near, last_visit), at),
        n_visits=int(record.n_visits[site]),
        n_nothing_found=int(record.n_nothing_found[site]),
        n_findings=int(record.n_findings[site]),
        n_reports=int(record.n_reports[site]),
        last_visit=last_visit,
        last_finding=as_day(record.last_finding[site]),
        agencies=tuple(code for bit, code in enumerate(agencies_on_site()) if sites.powers[site] >> bit & 1),
        is_pinned=is_pinned,
        find_chance=float(facts.chance[site]),
    )


def _explain_points(surface: ScoredSurface, facts: Facts, site: int) -> tuple[TargetPoints, ...]:
    said = describe_components(
        site,
        facts.sites,
        around=facts.around,
        record=facts.record,
        pairs=facts.pairs,
        exposure=float(facts.amounts["size"][site]),
        within_m=surface.model.parameters["colocation_m"],
    )
    return tuple(
        TargetPoints(
            name=component.name,
            title=component.title,
            unit=component.unit,
            value=float(facts.amounts[component.name][site]),
            reference_level=component.reference_level,
            points=float(facts.points[site, position]),
            max_points=100.0 * component.weight,
            reasons=said[component.name],
        )
        for position, component in enumerate(target_components()[str(facts.sites.layer[site])])
    )


def _classify(score: float) -> str:
    """Code of the class that a score is in."""
    return next(each.code for each in reversed(score_classes()) if score >= each.low)


def _reasons(components: tuple[TargetPoints, ...], near: tuple[Sentence, ...], *, is_visited: bool) -> Sentences:
    """What gives most points first; what is assumed of every site is no reason to go to this one, and comes last."""

    def is_assumed(component: TargetPoints) -> bool:
        return component.name == "findings" and not is_visited

    by_points = sorted(components, key=lambda component: (is_assumed(component), -component.points))
    return (*(reason for component in by_points for reason in component.reasons), *near)


def _latest(*days: date | None) -> date | None:
    return max((day for day in days if day is not None), default=None)


def _count_days(day: date | None, at: date) -> int | None:
    return None if day is None else (at - day).days
