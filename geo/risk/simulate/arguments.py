"""The arguments of a simulation, all checked at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from geo.errors import ParameterError, SchemaError
from geo.reference import model_parameters
from geo.risk.simulate.policies import POLICIES, Policy, policy_parameters
from geo.risk.simulate.truth import Rates, Truth, read_truth

__all__ = ["Settings", "name_policy", "read_settings"]

_MOST_MONTHS, _MOST_VISITS, _MOST_RUNS = 1200, 1_000_000, 100_000
_WINDOW_MONTHS = 6


@dataclass(frozen=True, eq=False)
class Settings:
    """What every run of a simulation shares.

    Attributes
    ----------
    truth : Truth
    policies : mapping of names to policies
    months : int
    seeds : tuple of int
    visits_per_month : int
    outcome : ``bernoulli`` or ``poisson``
    half_life_days : float
    window_months : int, over how many months shares are taken
    tolerance : float, distance beyond chance up to which shares count as the truth's
    """

    truth: Truth
    policies: Mapping[str, Policy]
    months: int
    seeds: tuple[int, ...]
    visits_per_month: int
    outcome: Literal["bernoulli", "poisson"]
    half_life_days: float
    window_months: int
    tolerance: float


def read_settings(  # noqa: PLR0913
    truth: Any,
    policies: Any,
    months: Any,
    seeds: Any,
    *,
    visits_per_month: Any = None,
    rates: Rates | None = None,
    outcome: Any = "bernoulli",
    half_life_days: Any = None,
    window_months: Any = None,
    tolerance: Any = None,
) -> Settings:
    """Settings, or every reason why there are none in one message.

    Raises
    ------
    SchemaError
        The truth cannot be used.
    ParameterError
        Only arguments cannot be used.
    """
    own = policy_parameters()
    visits_per_month = int(own["visits_per_month"]) if visits_per_month is None else visits_per_month
    half_life_days = model_parameters()["half_life_days"] if half_life_days is None else half_life_days
    tolerance = own["tolerance"] if tolerance is None else tolerance
    window_months = _WINDOW_MONTHS if window_months is None else window_months
    failures: list[str] = []
    n_months = _check_whole("months", months, _MOST_MONTHS, failures)
    n_visits = _check_whole("visits_per_month", visits_per_month, _MOST_VISITS, failures)
    window = _check_whole("window_months", window_months, _MOST_MONTHS, failures)
    if not _is_number(half_life_days) or not half_life_days > 0:
        failures.append(f"half_life_days must be a number above 0, got {half_life_days!r}")
    if not _is_number(tolerance) or not 0 <= tolerance < 1:
        failures.append(f"tolerance must be a number from 0 to below 1, got {tolerance!r}")
    if outcome not in ("bernoulli", "poisson"):
        failures.append(f"outcome must be 'bernoulli' or 'poisson', got {outcome!r}")
    chosen = _read_policies(policies, failures)
    listed = _read_seeds(seeds, failures)
    read, wrong = read_truth(truth, rates, n_months, "poisson" if outcome == "poisson" else "bernoulli")
    if failures or wrong or read is None:
        message = f"No policy can be simulated: {'; '.join([*wrong, *failures])}."
        raise SchemaError(message, (*wrong, *failures)) if wrong else ParameterError(message)
    return Settings(read, chosen, n_months, listed, n_visits, outcome, float(half_life_days), window, float(tolerance))


def name_policy(policy: Policy) -> str:
    """Its ``name``, the function's name, or the class's."""
    for name in (getattr(policy, "name", None), getattr(policy, "__name__", None)):
        if isinstance(name, str) and name:
            return name
    return type(policy).__name__


def _read_policies(policies: Any, failures: list[str]) -> dict[str, Policy]:
    if isinstance(policies, str) or callable(policies):
        policies = [policies]
    if isinstance(policies, Mapping):
        pairs = list(policies.items())
    elif isinstance(policies, Iterable):
        pairs = [(each if isinstance(each, str) else None, each) for each in policies]
    else:
        pairs = [(None, policies)]
    chosen: dict[str, Policy] = {}
    for given, policy in pairs:
        if isinstance(policy, str) and policy in POLICIES:
            found = POLICIES[policy]
        elif callable(policy) and not isinstance(policy, type):
            found = policy
        else:
            failures.append(f"policy {policy!r} is none of {', '.join(POLICIES)}, and no function of a Past")
            continue
        name = name_policy(found) if given is None else str(given)
        if name in chosen:
            failures.append(f"two policies are called {name}; give a mapping of names to policies")
        chosen[name] = found
    if not pairs:
        failures.append("there is no policy to simulate")
    return chosen


def _read_seeds(seeds: Any, failures: list[str]) -> tuple[int, ...]:
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        seeds = [seeds]
    listed = list(seeds)
    strange = [each for each in listed if not _is_whole(each) or each < 0]
    if strange or not listed or len(listed) > _MOST_RUNS:
        what = f"got {strange[0]!r}" if strange else f"got {len(listed)} of them"
        failures.append(f"seeds must be 1 to {_MOST_RUNS} whole numbers of 0 or more, {what}")
        return ()
    if len(set(listed)) < len(listed):
        failures.append("seeds come twice: the same run would count as two")
    return tuple(int(each) for each in listed)


def _check_whole(name: str, value: Any, most: int, failures: list[str]) -> int:
    if _is_whole(value) and 1 <= value <= most:
        return int(value)
    failures.append(f"{name} must be a whole number from 1 to {most}, got {value!r}")
    return 1


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value)
