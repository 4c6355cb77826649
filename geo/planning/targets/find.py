"""Find targets: measure every site, filter and rank in arrays, and put only the chosen ones into words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.layers.base import active_on
from geo.layers.bundle import Layers
from geo.planning.targets.chance import chance_of_find
from geo.planning.targets.choice import Choice, TargetFilter, check_choice, meets_filter
from geo.planning.targets.describe import Facts, describe_targets
from geo.planning.targets.priority import measure_sites, read_pairs, site_prior, weigh_sites
from geo.planning.targets.record import read_record
from geo.planning.targets.result import Candidates, Exclusion, Targets
from geo.planning.targets.sites import SiteKey, Sites, read_sites
from geo.planning.targets.surroundings import Surroundings, read_surroundings
from geo.risk.scored import ScoredSurface
from geo.risk.scoring import check_layers
from geo.risk.uncertainty import Uncertainty
from geo.risk.words import Sentence, title_sentence

__all__ = ["find_targets"]


def find_targets(
    surface: ScoredSurface,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    n: int = 20,
    *,
    chosen: TargetFilter | None = None,
    pinned: Iterable[SiteKey] = (),
    excluded: Mapping[SiteKey, str] | None = None,
    uncertainty: Uncertainty | None = None,
) -> Targets:
    """The sites that a joint inspection should go to first, on the surface's scoring date.

    A site is an active workplace in a risk sector, of the sectors that were scored, or accommodation in use.

    Parameters
    ----------
    surface : RiskSurface
        Gives the surroundings, the date and the model version.
    layers : mapping of layer name to GeoDataFrame, EPSG:3006, optional
        Sites and their record, such as what a sharing circle may see. Default: the layers that were scored.
    n : int, >= 1
        So many targets, the pinned ones among them; all pinned ones come even where they are more.
    chosen : TargetFilter, optional
    pinned : keys of sites, (layer, record id), that must be there whatever the filter says; any record of the two
        layers, active or not
    excluded : key of a site to the code of a reason in ``exclusion_reasons``
    uncertainty : Uncertainty of the same grid, optional
        What `surface.uncertainty()` gave.

    Returns
    -------
    Targets
        Pinned ones first, then by priority; those alike by key.

    Raises
    ------
    ParameterError
        Names everything that cannot be used: unknown codes and sites, an area that is none, excluded without a known
        reason, pinned and excluded at once.
    InputError
        A frame fails its layer's checks.
    """
    if not isinstance(surface, ScoredSurface):
        message = f"surface must be what geo.score gives, got {type(surface).__name__}."
        raise ParameterError(message)
    known = surface.layers if layers is None else check_layers(layers)
    sites = read_sites(known)
    wanted = TargetFilter() if chosen is None else chosen
    choice = check_choice(surface, sites, n, wanted, pinned, {} if excluded is None else excluded, uncertainty)
    facts = _read_facts(surface, known, sites, uncertainty)
    fits = _are_sites(surface, known, sites)
    fits &= meets_filter(choice.filter, sites, facts.record, facts.certainty, surface.at)
    fits[choice.pinned] = True
    fits[list(choice.excluded)] = False
    candidates, order = _rank(facts, fits, choice)
    return Targets(
        at=surface.at,
        targets=describe_targets(surface, known, facts, order, choice.pinned),
        exclusions=tuple(_tell_exclusion(sites, site, reason) for site, reason in choice.excluded.items()),
        candidates=candidates,
        notes=_notes(surface),
    )


def _read_facts(surface: ScoredSurface, layers: Layers, sites: Sites, uncertainty: Uncertainty | None) -> Facts:
    at, sectors, parameters = surface.at, surface.sectors, surface.model.parameters
    around = read_surroundings(surface, sites)
    record = read_record(layers, sites, at, sectors, parameters)
    pairs = read_pairs(layers, sites, at, sectors, parameters)
    prior = site_prior(parameters)
    amounts = measure_sites(layers, sites, at, around=around, record=record, pairs=pairs, prior=prior)
    return Facts(
        sites=sites,
        around=around,
        record=record,
        pairs=pairs,
        amounts=amounts,
        points=weigh_sites(sites, amounts),
        chance=chance_of_find(record, parameters),
        certainty=_read_certainty(around, uncertainty),
    )


def _read_certainty(around: Surroundings, uncertainty: Uncertainty | None) -> NDArray[np.uint8]:
    """Class of each site's cell, from 1, the surest first; 0 where nothing is known of it."""
    sure = np.zeros(len(around.row), dtype=np.uint8)
    if uncertainty is not None:
        known = around.row >= 0
        sure[known] = uncertainty.certainty[around.row[known], around.col[known]]
    return sure


def _are_sites(surface: ScoredSurface, layers: Layers, sites: Sites) -> NDArray[np.bool_]:
    """Which records are sites on the scoring date."""
    fits = sites.is_at_risk.copy()
    for layer, rows in sites.rows.items():
        fits[rows] &= active_on(layers[layer], surface.at)
    if surface.sectors is not None:
        fits &= (sites.layer == "accommodation") | np.isin(sites.group.astype(str), sorted(surface.sectors))
    return fits


def _rank(facts: Facts, fits: NDArray[np.bool_], choice: Choice) -> tuple[Candidates, NDArray[np.int64]]:
    """All candidates by key, and the positions of the chosen ones in their order."""
    sites, at = facts.sites, np.flatnonzero(fits)
    priority = facts.points[at].sum(axis=1)
    is_pinned = np.zeros(len(sites), dtype=bool)
    is_pinned[choice.pinned] = True
    pins = is_pinned[at]
    # positions are in the order of keys, and the sort is stable
    order = at[np.lexsort((-priority, ~pins))]
    candidates = Candidates(
        layer=sites.layer[at],
        record_id=sites.ids[at],
        easting=sites.easting[at],
        northing=sites.northing[at],
        priority=priority,
        exposure=facts.amounts["size"][at],
        is_pinned=pins,
    )
    return candidates, order[: max(choice.n, int(pins.sum()))]


def _tell_exclusion(sites: Sites, site: int, reason: str) -> Exclusion:
    layer, record_id = sites.key(site)
    return Exclusion(
        layer, record_id, str(sites.title[site]), reason, title_sentence("exclusion_reasons", "reason", reason)
    )


def _notes(surface: ScoredSurface) -> tuple[Sentence, ...]:
    if not surface.stale_layers:
        return ()
    return (
        Sentence(
            "The layers have changed since the surface was scored: sites and their own record are of today, their "
            "surroundings are not. Score again."
        ),
    )
