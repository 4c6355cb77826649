"""Findings per visit at a place, given what was found there and how often somebody looked.

Findings come as a Poisson count whose mean is the effort times the place's rate; rates of places are spread like a
gamma distribution. Then the rate of a place, given its findings and its effort, is gamma distributed again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError

__all__ = ["Prior", "posterior_mean", "posterior_shape_rate"]

Value = TypeVar("Value", float, NDArray[np.float64])


@dataclass(frozen=True)
class Prior:
    """What is assumed of a place before anybody went there: so many findings at so many visits.

    Attributes
    ----------
    findings : float, > 0, severity-weighted findings; the gamma distribution's shape α
    visits : float, > 0, effective visits; its rate β

    Raises
    ------
    ParameterError
    """

    findings: float
    visits: float

    def __post_init__(self) -> None:
        bad = [f"{name} is {value!r}" for name, value in vars(self).items() if not 0 < value < math.inf]
        if bad:
            message = f"A prior needs finite numbers above 0, but {' and '.join(bad)}; fit the model version again."
            raise ParameterError(message)

    @property
    def mean(self) -> float:
        """Findings per visit that are assumed where nobody ever was."""
        return self.findings / self.visits

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, float]) -> Prior:
        """The prior that a model version froze: ``prior_findings`` and ``prior_visits``."""
        return cls(parameters["prior_findings"], parameters["prior_visits"])


def posterior_shape_rate(findings: Value, visits: Value, prior: Prior) -> tuple[Value, Value]:
    """Shape and rate of the gamma distribution of a place's findings per visit.

    Parameters
    ----------
    findings : float or (n,) float64, >= 0, severity-weighted findings, decayed and weighted by distance
    visits : float or (n,) float64, >= 0, effective visits, decayed and weighted by distance the same way
    prior : Prior

    Returns
    -------
    shape, rate : like `findings`; the mean is shape / rate, the variance shape / rate²

    Source: Clayton & Kaldor (1987), Empirical Bayes estimates of age-standardized relative risks, Biometrics 43
    """
    return prior.findings + findings, prior.visits + visits


def posterior_mean(findings: Value, visits: Value, prior: Prior) -> Value:
    """``(α + O) / (β + E)``: the prior's mean where nobody was, ever closer to O / E the more visits there were."""
    shape, rate = posterior_shape_rate(findings, visits, prior)
    return shape / rate
