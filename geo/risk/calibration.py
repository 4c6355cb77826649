"""Fit what a model version freezes: the effort correction's prior and crews, reference levels, and sector shares.

A score only compares across dates and regions because these numbers do not move with the data. They are fitted once,
on a named region, cell size and date, and then stand in ``data/reference/model_parameters.csv``,
``model_components.csv`` and ``model_sector_shares.csv`` under a new model version. In that order: levels depend on the
prior.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.layers import findings, visits
from geo.layers.base import Points
from geo.layers.visits import AGENCY_EFFECT
from geo.reference import read_table
from geo.risk.effort.agencies import fit_crew_effects
from geo.risk.effort.prior import estimate_dispersion, fit_prior
from geo.risk.scored import ScoredSurface

__all__ = ["fit_effort", "fit_reference_levels", "fit_sector_shares"]


def fit_reference_levels(surface: ScoredSurface) -> dict[str, float]:
    """The median of each component's positive cells: there a component gives half of its points.

    Findings per visit are above 0 everywhere: for them the cells count in which there is something to visit.

    Parameters
    ----------
    surface : ScoredSurface, at 1 km on the region the version is fitted on

    Returns
    -------
    dict
        Component to level, component unit; NaN for a component without a positive cell.
    """
    levels = {}
    for name, raster in surface.components.items():
        positive = raster[surface.ranked if surface.sources[name] is surface.inputs.rate else raster > 0]
        levels[name] = float(np.median(positive)) if positive.size else float("nan")
    return levels


def fit_sector_shares(sectors: gpd.GeoDataFrame) -> dict[str, float]:
    """Each sector group's share of all employees in the areal statistics.

    Parameters
    ----------
    sectors : GeoDataFrame of the layer ``sectors``

    Returns
    -------
    dict
        Sector group to share; the shares add up to 1.
    """
    employees = sectors.groupby("sector")["employees"].sum()
    total = float(employees.sum())
    return {sector: float(employees.get(sector, 0.0)) / total for sector in read_table("sectors")["sector"]}


def fit_effort(layers: Mapping[str, gpd.GeoDataFrame], at: date, parameters: Mapping[str, float]) -> dict[str, float]:
    """What the correction for inspection effort assumes: effects of agencies first, then the prior, given them.

    Places are squares as wide as the bandwidth of findings, counted from the origin of EPSG:3006. Findings and visits
    that are known to a wider circle belong to none and are left out.

    Parameters
    ----------
    layers : mapping of layer name to GeoDataFrame, with ``findings`` and ``visits``
    at : date; what came later is left out
    parameters : of the model, for ``findings_bandwidth_m`` and ``half_life_days``

    Returns
    -------
    dict
        The parameters ``prior_findings``, ``prior_visits``, ``crew_effect`` and one ``agency_effect_`` per agency that
        could be estimated, as `geo.risk.model.Model` has them.
    """
    width_m = parameters["findings_bandwidth_m"]
    kept = {name: value for name, value in parameters.items() if not name.startswith(AGENCY_EFFECT)}
    kept["crew_effect"] = 1.0
    frame = layers["visits"][(layers["visits"]["spread_m"] <= width_m).to_numpy(dtype=bool)]
    per_visit = _findings_per_visit(layers["findings"], frame, at, {**kept, "half_life_days": np.inf})
    plain = visits.to_arrays(frame, at, None, kept)
    frame = frame[frame["visit_id"].isin(plain.ids)]
    crews = [[code for code in crew.split("+") if code] for crew in frame["agencies"].fillna("")]
    places = _places(plain, width_m)
    effects = fit_crew_effects([per_visit.get(each, 0.0) for each in plain.ids], crews, places, plain.weight)
    fitted = {f"{AGENCY_EFFECT}{agency}": effect for agency, effect in effects.agencies.items()}
    fitted["crew_effect"] = effects.base
    effort = visits.to_arrays(frame, at, None, {**kept, **fitted})
    decayed = _findings_per_visit(layers["findings"], frame, at, kept)
    of_visits = [decayed.get(each, 0.0) for each in effort.ids]
    dispersion = estimate_dispersion(of_visits, effort.weight, places)
    found = findings.to_arrays(layers["findings"], at, None, kept)
    found = found.take(found.spread_m <= width_m)
    _, which = np.unique(np.concatenate([places, _places(found, width_m)]), return_inverse=True)
    n_places = int(which.max(initial=-1)) + 1
    n_found, n_visited = (
        np.bincount(which[some], weight, n_places)
        for some, weight in ((slice(len(effort), None), found.weight), (slice(len(effort)), effort.weight))
    )
    prior = fit_prior(n_found, n_visited, dispersion).prior
    return {"prior_findings": prior.findings, "prior_visits": prior.visits, **fitted}


def _findings_per_visit(
    frame: gpd.GeoDataFrame, of_visits: gpd.GeoDataFrame, at: date, parameters: Mapping[str, float]
) -> dict[str, float]:
    """Weighted findings by visit."""
    weighed = findings.to_arrays(frame, at, None, parameters)
    visit = frame.set_index("finding_id")["visit_id"].reindex(weighed.ids)
    of_known = visit.isin(of_visits["visit_id"]).to_numpy(dtype=bool)
    totals = pd.Series(weighed.weight[of_known]).groupby(visit.to_numpy()[of_known]).sum()
    return {str(visit_id): float(total) for visit_id, total in totals.items()}


def _places(points: Points, width_m: float) -> NDArray[np.int64]:
    """One number for each square of a width."""
    cell = [np.floor(axis / width_m).astype(np.int64) for axis in (points.easting, points.northing)]
    return cell[1] * 1_000_000 + cell[0]
