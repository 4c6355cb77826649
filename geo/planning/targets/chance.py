"""The chance that a visit finds something, from the site's own record; docs/adr/0027-expected-finds.md has the reasons.

A find is a visit with at least one finding that weighs in the model's findings per visit. Finds come as a Poisson
count whose mean is ``find_factor`` times the site's rate; the rate is gamma distributed, as the model has it of a
place.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from geo.planning.targets.record import SiteRecord
from geo.reference import planning_parameters
from geo.risk.effort.posterior import Prior, posterior_shape_rate

__all__ = ["chance_of_find"]


def chance_of_find(record: SiteRecord, parameters: Mapping[str, float]) -> NDArray[np.float64]:
    """Chance that one usual visit to each site finds something.

    Parameters
    ----------
    record : SiteRecord
    parameters : of the model version, which froze what is assumed of a place before anybody went there

    Returns
    -------
    (n,) float64, above 0 and below 1
        ``1 − (b / (b + c))^a`` with the shape a and rate b of the posterior of the site's findings per visit, and the
        factor c.

    Source: Lomax (1954) for the mixture of exponential distributions over a gamma distributed rate
    """
    shape, rate = posterior_shape_rate(record.found, record.effort, Prior.from_parameters(parameters))
    factor = planning_parameters()["find_factor"]
    chance: NDArray[np.float64] = -np.expm1(-shape * np.log1p(factor / rate))
    return chance
