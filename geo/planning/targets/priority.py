"""A site's priority: ``100 · Σ w φ(x)`` with ``φ(x) = x / (x + m)``, of its surroundings and of its own record.

Weights and reference levels are those of the table ``target_components``; the reasons stand in
docs/adr/0026-targets.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from geo.errors import ConfigError
from geo.layers.bundle import Layers
from geo.planning.targets.record import SiteRecord
from geo.planning.targets.sites import SITE_LAYERS, Sites
from geo.planning.targets.surroundings import Surroundings
from geo.reference import housing_season_factors, planning_parameters, read_table, season_factors, unsuitabilities
from geo.risk.components.colocation import find_ends, match_pairs
from geo.risk.components.workplaces import recall_columns
from geo.risk.effort.posterior import Prior, posterior_mean
from geo.risk.model import saturate

__all__ = [
    "COMPONENT_NAMES",
    "SitePairs",
    "TargetComponent",
    "measure_sites",
    "read_pairs",
    "site_prior",
    "target_components",
    "weigh_sites",
]

Floats = NDArray[np.float64]
COMPONENT_NAMES = ("surroundings", "findings", "size", "colocation", "reported")


@dataclass(frozen=True)
class TargetComponent:
    """How one component enters the priority of a layer's sites.

    Attributes
    ----------
    name, title, unit : str
    weight : float, 0 to 1, its share of 100 points
    reference_level : float, > 0, component unit; the value at which half of its points are reached
    """

    name: str
    title: str
    unit: str
    weight: float
    reference_level: float


@lru_cache(maxsize=1)
def target_components() -> Mapping[str, tuple[TargetComponent, ...]]:
    """Components by layer, in their fixed order.

    Raises
    ------
    ConfigError
        The table lacks one of them, or has one that nobody knows.
    """
    rows = read_table("target_components")
    columns = ["component", "title", "unit", "weight", "reference_level"]
    found = {
        layer: {
            row[0]: TargetComponent(*row) for row in rows.loc[rows["layer"] == layer, columns].itertuples(index=False)
        }
        for layer in SITE_LAYERS
    }
    wrong = [layer for layer in SITE_LAYERS if set(found[layer]) != set(COMPONENT_NAMES)]
    if wrong:
        message = (
            f"Reference table target_components is broken: {' and '.join(wrong)} must have the components "
            f"{', '.join(COMPONENT_NAMES)}, each once. Mend the rows."
        )
        raise ConfigError(message)
    return MappingProxyType({layer: tuple(some[name] for name in COMPONENT_NAMES) for layer, some in found.items()})


@dataclass(frozen=True, eq=False)
class SitePairs:
    """Pairs of housing not meant for living and a workplace beside it.

    Attributes
    ----------
    house, job : (n,) int64, positions of the two sites
    weight : (n,) float64, unsuitability × sector risk × seasons × closeness
    """

    house: NDArray[np.int64]
    job: NDArray[np.int64]
    weight: Floats


def read_pairs(
    layers: Layers, sites: Sites, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]
) -> SitePairs:
    """Pairs of a day, kept with the layers."""
    make = partial(_find_pairs, layers, sites, at, sectors, parameters)
    return layers.recall(("pairs of sites", at, sectors, parameters["colocation_m"]), make)


def _find_pairs(
    layers: Layers, sites: Sites, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]
) -> SitePairs:
    housing, work = find_ends(layers, at, sectors, parameters)
    pairs = match_pairs(housing, work, parameters["colocation_m"])
    house = sites.locate("accommodation", housing.ids[pairs.house])
    job = sites.locate("workplaces", work.ids[pairs.job])
    return SitePairs(house, job, pairs.weight)


def site_prior(parameters: Mapping[str, float]) -> Prior:
    """What is assumed of a site before anybody went there: the region's average, at ``target_prior_visits`` visits.

    Parameters
    ----------
    parameters : of the model version, which froze the average
    """
    n_visits = planning_parameters()["target_prior_visits"]
    return Prior(Prior.from_parameters(parameters).mean * n_visits, n_visits)


def measure_sites(
    layers: Layers,
    sites: Sites,
    at: date,
    *,
    around: Surroundings,
    record: SiteRecord,
    pairs: SitePairs,
    prior: Prior,
) -> Mapping[str, Floats]:
    """Value of every component at every site.

    Parameters
    ----------
    layers : Layers
    sites : Sites of these layers
    at : date
    around : Surroundings
    record : SiteRecord
    pairs : SitePairs
    prior : Prior, what is assumed of a site before anybody went there

    Returns
    -------
    component name to (n,) float64, component unit
    """
    n = len(sites)
    rate = posterior_mean(record.found, record.effort, prior)
    side_by_side = np.zeros(n)
    for ends in (pairs.house, pairs.job):
        side_by_side += np.bincount(ends, pairs.weight, n)
    amounts = (around.score, rate, _weigh_sizes(layers, sites, at), side_by_side, record.reports)
    return MappingProxyType(dict(zip(COMPONENT_NAMES, amounts, strict=True)))


def _weigh_sizes(layers: Layers, sites: Sites, at: date) -> Floats:
    """Employees × sector risk × season, or beds × unsuitability × season."""
    kind = sites.group[sites.rows["accommodation"]]
    beds = sites.size[sites.rows["accommodation"]] * unsuitabilities(kind) * housing_season_factors(kind, at)
    columns = recall_columns(layers)
    employees = columns.weight * season_factors(*columns.industries, at)[columns.industry]
    return np.concatenate([beds, employees])


def weigh_sites(sites: Sites, amounts: Mapping[str, Floats]) -> Floats:
    """Points of every component at every site, (n, n_components) float64; the priority is a row's sum."""
    points = np.empty((len(sites), len(COMPONENT_NAMES)))
    for layer, rows in sites.rows.items():
        for position, component in enumerate(target_components()[layer]):
            some = amounts[component.name][rows]
            points[rows, position] = 100.0 * component.weight * saturate(some, component.reference_level)
    return points
