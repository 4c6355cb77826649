"""Policies of choosing inspections: records in, the month's stops out.

A policy is a function of a `Past` and a numpy Generator, or an object that can be called like one. It gives an
`Allocation`, or an array of visits if it explores nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from geo.errors import ConfigError, ParameterError
from geo.reference import read_table
from geo.risk.drawing import round_at_random, to_shares
from geo.risk.effort.posterior import Prior, posterior_mean
from geo.risk.effort.prior import fit_prior
from geo.risk.simulate.drawing import draw_exploration
from geo.risk.simulate.past import Past

__all__ = ["POLICIES", "Allocation", "Norrsyn", "Policy", "greedy", "greedy_rate", "policy_parameters", "uniform"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Allocation:
    """A month's inspections.

    Attributes
    ----------
    visits : (n_places,) int, adding up to the month's number
    explored : (n_places,) int, those of them that were drawn at random
    propensity : (n_places,) float, how many of those were to be expected at each place before anything was drawn
    """

    visits: Whole
    explored: Whole
    propensity: Floats


_NEEDED = frozenset({"exploration_share", "visits_per_month", "tolerance"})

Policy = Callable[[Past, np.random.Generator], Allocation | Whole]


def policy_parameters() -> dict[str, float]:
    """The numbers of the reference table ``policy_parameters`` by name.

    Raises
    ------
    ConfigError
        One is missing.
    """
    table = read_table("policy_parameters")
    values = dict(zip(table["name"].tolist(), table["value"].tolist(), strict=True))
    missing = sorted(_NEEDED - values.keys())
    if missing:
        message = f"Reference table policy_parameters is broken: no row {', '.join(missing)}. Add it."
        raise ConfigError(message)
    return values


def greedy(past: Past, rng: np.random.Generator) -> Whole:
    """Everybody to the place with the most recorded findings: no look at how often somebody was there."""
    return _send_all_to_top(past.findings, past, rng)


def greedy_rate(past: Past, rng: np.random.Generator) -> Whole:
    """Everybody to the place with the highest posterior mean of findings per visit; nothing is explored."""
    prior = fit_prior(past.findings, past.visits).prior
    return _send_all_to_top(posterior_mean(past.findings, past.visits, prior), past, rng)


def uniform(past: Past, rng: np.random.Generator) -> Allocation:
    """Each site alike, whatever was found: all stops explore."""
    explored, propensity = draw_exploration(past, 1.0, rng)
    return Allocation(explored, explored, propensity)


@dataclass(frozen=True)
class Norrsyn:
    """Stops in proportion to what a place is expected to hold: posterior findings per visit times its sites.

    A share of the stops explores. It counts towards what a place is to get, so that shares of inspections come to the
    posterior's, not to a mixture of the two.

    Attributes
    ----------
    exploration_share : float, from 0 to 1; by default that of the reference table, 15 %
    prior : Prior, optional
        As a model version freezes it. Default: fitted anew each month to the records.

    Raises
    ------
    ParameterError
    """

    exploration_share: float | None = None
    prior: Prior | None = None

    def __post_init__(self) -> None:
        share = self.exploration_share
        if share is not None and (
            isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1
        ):
            message = f"exploration_share must be a number from 0 to 1, got {share!r}."
            raise ParameterError(message)

    def __call__(self, past: Past, rng: np.random.Generator) -> Allocation:
        """The month's stops."""
        share = self.exploration_share
        share = policy_parameters()["exploration_share"] if share is None else share
        explored, propensity = draw_exploration(past, share, rng)
        prior = self.prior or fit_prior(past.findings, past.visits).prior
        wanted = past.n_visits * to_shares(posterior_mean(past.findings, past.visits, prior) * past.sites)
        missing = to_shares(np.maximum(wanted - explored, 0.0))
        chosen = round_at_random((past.n_visits - explored.sum()) * missing, rng)
        return Allocation(explored + chosen, explored, propensity)


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {"greedy": greedy, "greedy_rate": greedy_rate, "norrsyn": Norrsyn(), "uniform": uniform}
)


def _send_all_to_top(score: Floats, past: Past, rng: np.random.Generator) -> Whole:
    """All visits to the highest score among places with exposure; one of those alike is drawn."""
    ranked = np.where(past.sites > 0, score, -np.inf)
    top = rng.choice(np.flatnonzero(ranked == ranked.max()))
    visits = np.zeros(len(score), dtype=np.int64)
    visits[top] = past.n_visits
    return visits
