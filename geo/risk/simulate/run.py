"""Follow a policy month by month: it chooses from the records, the truth answers, the records grow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.risk.simulate.arguments import Settings, read_settings
from geo.risk.simulate.outcome import PolicyRun
from geo.risk.simulate.past import Past
from geo.risk.simulate.policies import Allocation, Policy
from geo.risk.simulate.truth import Rates

__all__ = ["follow_policy", "simulate_policy"]

Whole = NDArray[np.int64]
_DAYS_PER_MONTH = 365.25 / 12


def simulate_policy(  # noqa: PLR0913
    truth: Any,
    policy: Any = "norrsyn",
    months: int = 24,
    seed: int = 0,
    *,
    visits_per_month: int | None = None,
    rates: Rates | None = None,
    outcome: str = "bernoulli",
    half_life_days: float | None = None,
    window_months: int | None = None,
    tolerance: float | None = None,
) -> PolicyRun:
    """Follow a policy of choosing inspections against a known truth, and see whether its shares become the truth's.

    The truth's share of a place is its part of what a visit to every site would find: rate · sites over their sum.

    Parameters
    ----------
    truth : DataFrame or GeoDataFrame, a row per place
        ``rate`` (findings per visit, >= 0); optional ``place`` (name; default: the index), ``sites`` (what is exposed,
        >= 0; default 1), ``past_visits`` and ``past_findings`` (the records that the policy starts from, of the month
        before; default none).
    policy : name or function
        ``greedy``, ``greedy_rate``, ``norrsyn``, ``uniform``, or a function of a `geo.risk.simulate.Past` and a numpy
        Generator that gives a `geo.risk.simulate.Allocation` or an array of visits.
    months : int, from 1 to 1200
    seed : int, >= 0
        Equal seeds give equal runs.
    visits_per_month : int, optional
        Default: that of the reference table, about what Region Nord makes.
    rates : (n_places, months) array-like, or function of the month (0, 1, …) that gives (n_places,), optional
        Rates that change; instead of the column ``rate``.
    outcome : ``bernoulli`` (a visit finds something or not) or ``poisson`` (it may find several things)
    half_life_days : float, > 0, optional
        Age at which a visit or finding counts half. Default: the model's.
    window_months : int, optional
        Shares of inspections are taken over so many months. Default: 6.
    tolerance : float, from 0 to below 1, optional
        Shares count as the truth's up to this distance beyond chance. Default: that of the reference table, 0.1.

    Returns
    -------
    PolicyRun

    Raises
    ------
    SchemaError
        The truth cannot be used; everything that is wrong with it, and with the arguments, in one message.
    ParameterError
        The arguments cannot be used, or the policy does not place the month's visits.

    Source: Ensign et al. (2018), Runaway Feedback Loops in Predictive Policing, PMLR 81; Lum & Isaac (2016), To predict
    and serve?, Significance 13
    """
    settings = read_settings(
        truth,
        policy if isinstance(policy, str) or callable(policy) else [policy],
        months,
        [seed],
        visits_per_month=visits_per_month,
        rates=rates,
        outcome=outcome,
        half_life_days=half_life_days,
        window_months=window_months,
        tolerance=tolerance,
    )
    (name,) = settings.policies
    return follow_policy(name, settings, settings.seeds[0])


def follow_policy(name: str, settings: Settings, seed: int) -> PolicyRun:
    """One run of one of the settings' policies.

    Raises
    ------
    ParameterError
        The policy does not place the month's visits.
    """
    truth, policy = settings.truth, settings.policies[name]
    # two streams, so that what a policy draws does not decide by itself what visits find
    choosing, finding = np.random.default_rng(seed).spawn(2)
    decay = 2.0 ** (-_DAYS_PER_MONTH / settings.half_life_days)
    shape = truth.rates.shape
    visits, findings, explored, explored_findings = (np.zeros(shape, dtype=np.int64) for _ in range(4))
    propensity = np.zeros(shape)
    past_visits, past_findings = truth.past_visits * decay, truth.past_findings * decay
    for month in range(settings.months):
        records = (past_visits.copy(), past_findings.copy(), visits[:month].copy(), findings[:month].copy())
        past = Past(month, settings.visits_per_month, truth.sites.copy(), *records)
        chosen = _choose(name, policy, past, choosing)
        rate = truth.rates[month]
        visits[month], explored[month], propensity[month] = chosen.visits, chosen.explored, chosen.propensity
        explored_findings[month] = _find(chosen.explored, rate, settings.outcome, finding)
        rest = _find(chosen.visits - chosen.explored, rate, settings.outcome, finding)
        findings[month] = explored_findings[month] + rest
        past_visits = (past_visits + visits[month]) * decay
        past_findings = (past_findings + findings[month]) * decay
    return PolicyRun(name, seed, settings, visits, findings, explored, explored_findings, propensity)


def _find(visits: Whole, rate: NDArray[np.float64], outcome: str, rng: np.random.Generator) -> Whole:
    return rng.binomial(visits, rate) if outcome == "bernoulli" else rng.poisson(visits * rate)


def _choose(name: str, policy: Policy, past: Past, rng: np.random.Generator) -> Allocation:
    answer = policy(past, rng)
    none = np.zeros(len(past.sites), dtype=np.int64)
    given = answer if isinstance(answer, Allocation) else Allocation(answer, none, none.astype(np.float64))
    try:
        visits, explored, propensity = (
            np.asarray(values, dtype=np.float64) for values in (given.visits, given.explored, given.propensity)
        )
    except (TypeError, ValueError) as error:
        message = f"Policy {name} gives no array of visits in month {past.month} ({error}); see geo.risk.simulate."
        raise ParameterError(message) from error
    failures = _check_allocation(visits, explored, propensity, past)
    if failures:
        message = f"Policy {name} does not place the visits of month {past.month}: {'; '.join(failures)}."
        raise ParameterError(message)
    return Allocation(visits.astype(np.int64), explored.astype(np.int64), propensity)


def _check_allocation(
    visits: NDArray[np.float64], explored: NDArray[np.float64], propensity: NDArray[np.float64], past: Past
) -> list[str]:
    failures = []
    for what, values in (("visits", visits), ("explored", explored), ("propensity", propensity)):
        if values.shape != past.sites.shape:
            failures.append(f"{what} must have shape {past.sites.shape}, got {values.shape}")
        elif not (np.isfinite(values) & (values >= 0)).all():
            failures.append(f"{what} must be finite numbers of 0 or more")
        elif what != "propensity" and (values % 1).any():
            failures.append(f"{what} must be whole numbers")
    if failures:
        return failures
    if visits.sum() != past.n_visits:
        failures.append(f"they are {past.n_visits}, it places {visits.sum():g}")
    if (visits[past.sites == 0] > 0).any():
        failures.append("some go where nothing is exposed")
    if (explored > visits).any():
        failures.append("more stops explore than are made")
    if (propensity[explored > 0] == 0).any():
        failures.append("a stop explores where none was to be expected (propensity 0)")
    return failures
