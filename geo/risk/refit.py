"""A new model version from layers of one's own: what the reference tables froze is fitted again, weights are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import geopandas as gpd

from geo.errors import ParameterError
from geo.layers import findings, visits
from geo.layers.bundle import Layers
from geo.layers.sectors import SECTOR_SHARE
from geo.layers.visits import AGENCY_EFFECT
from geo.region import region_grid
from geo.risk.calibration import fit_effort, fit_reference_levels, fit_sector_shares
from geo.risk.manifest import describe_grid
from geo.risk.model import Model, load_model
from geo.risk.scored import ScoredSurface
from geo.risk.scoring import check_layers, parse_choices, score

__all__ = ["fit_model"]

_EFFORT = MappingProxyType({"visits": visits, "findings": findings})
_DIGITS = 6
_SHOWN_HASH = 8


def fit_model(
    layers: Mapping[str, gpd.GeoDataFrame], at: str | date | None = None, *, base: Model | None = None
) -> Model:
    """Fit what a model version freezes, on Region Nord at the cell size that the version names (1 km).

    Reference levels are medians of the components' positive cells, sector shares those of all employees; the prior of
    findings per visit and the crews' effects are those of `geo.risk.calibration.fit_effort`. Weights,
    bandwidths and half-lives are judgement, and those of `base`. What the layers say nothing about stays as it was
    (``origin["kept"]`` names it).

    Parameters
    ----------
    layers : mapping of layer name to GeoDataFrame, EPSG:3006, as for `geo.score`
    at : date or ``"YYYY-MM-DD"``, optional
        Default: today.
    base : Model, optional
        Default: that of the reference tables.

    Returns
    -------
    Model
        Its version is made of the date and of its numbers: the same layers and date give the same version.

    Raises
    ------
    ParameterError
        The layers say nothing about any component; or the date or the base cannot be used.
    InputError
        A frame fails its layer's checks.
    """
    day, _, start = parse_choices(at, None, None, base or load_model())
    checked = check_layers(layers)
    kept: list[str] = []
    with_shares = replace(start, parameters=_fit_parameters(checked, day, start, kept))
    surface = score(checked, region_grid(start.parameters["fitted_cell_m"]), day, model=with_shares)
    levels = _fit_levels(surface, kept)
    if all(name in kept for name in levels):
        message = f"The layers say nothing about any component on {day}; import some, or choose another date."
        raise ParameterError(message)
    components = tuple(replace(each, reference_level=levels[each.name]) for each in with_shares.components)
    fitted = replace(with_shares, components=components, origin=_describe(surface, start, kept))
    return replace(fitted, version=f"{day}-{fitted.digest[:_SHOWN_HASH]}")


def _fit_parameters(layers: Layers, day: date, start: Model, kept: list[str]) -> Mapping[str, float]:
    parameters = dict(start.parameters)
    sectors = layers["sectors"]
    if float(sectors["employees"].sum()) > 0:
        shares = fit_sector_shares(sectors)
        parameters.update({f"{SECTOR_SHARE}{name}": _round(share) for name, share in shares.items()})
    else:
        kept.append("sector shares")
    # visits that found nothing at all say little of how much visits find
    if all(len(each.to_arrays(layers[name], day, None, start.parameters)) for name, each in _EFFORT.items()):
        # what was known of crews was fitted together, and goes together
        others = {name: value for name, value in parameters.items() if not name.startswith(AGENCY_EFFECT)}
        effort = fit_effort(layers, day, start.parameters)
        parameters = {**others, **{name: _round(value) for name, value in effort.items()}}
    else:
        kept.append("findings per visit")
    return MappingProxyType(parameters)


def _fit_levels(surface: ScoredSurface, kept: list[str]) -> dict[str, float]:
    """Reference level by component; that of the surface's own model where no cell is above 0."""
    levels = {}
    for name, level in fit_reference_levels(surface).items():
        if not math.isfinite(level):
            kept.append(name)
        levels[name] = _round(level) if math.isfinite(level) else surface.model.reference_levels[name]
    return levels


def _describe(surface: ScoredSurface, start: Model, kept: list[str]) -> Mapping[str, Any]:
    layers = surface.layers
    return MappingProxyType(
        {
            "base": start.version,
            "at": surface.at.isoformat(),
            "grid": describe_grid(surface.grid),
            "layers": {name: {"rows": len(layers[name]), "sha256": digest} for name, digest in layers.hashes.items()},
            "synthetic": layers.is_synthetic,
            "kept": list(kept),
            # weights stay, and so does where they come from
            **({"learned": start.origin["learned"]} if start.is_learned else {}),
        }
    )


def _round(value: float) -> float:
    """As many digits as a person reads."""
    return float(f"{value:.{_DIGITS}g}")
