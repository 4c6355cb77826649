"""The known truth that a policy is held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.risk.drawing import to_shares

__all__ = ["Truth", "read_truth"]

Floats = NDArray[np.float64]
Rates = ArrayLike | Callable[[int], ArrayLike]
_SHOWN = 5
_OPTIONAL = {"sites": 1.0, "past_visits": 0.0, "past_findings": 0.0}


@dataclass(frozen=True, eq=False)
class Truth:
    """Places, and what a visit to each finds on average.

    Attributes
    ----------
    places : (n_places,) Index, names
    rates : (n_months, n_places) float64, findings per visit
    sites : (n_places,) float64, what is exposed
    past_visits, past_findings : (n_places,) float64, the records of before
    """

    places: pd.Index
    rates: Floats
    sites: Floats
    past_visits: Floats
    past_findings: Floats

    @property
    def shares(self) -> Floats:
        """(n_months, n_places) float64, each place's part of what a visit to every site would find."""
        return to_shares(self.rates * self.sites)


def read_truth(
    frame: Any, rates: Rates | None, months: int, outcome: Literal["bernoulli", "poisson"]
) -> tuple[Truth | None, list[str]]:
    """A truth from a table, or why it is none.

    Parameters
    ----------
    frame : DataFrame, a row per place
    rates : (n_places, months) array-like, or function of the month that gives (n_places,); instead of a column ``rate``
    months : int
    outcome : ``bernoulli`` or ``poisson``

    Returns
    -------
    truth : Truth, or None if there are failures
    failures : list of str
    """
    if not isinstance(frame, pd.DataFrame):
        return None, [f"truth must be a DataFrame with a row per place, got {type(frame).__name__}"]
    if frame.empty:
        return None, ["truth has no places; give a row for each"]
    failures: list[str] = []
    places = pd.Index(frame["place"]) if "place" in frame.columns else frame.index
    if places.has_duplicates:
        failures.append(f"places come twice: {_list(places[places.duplicated()].unique())}; name each once")
    if places.hasnans:
        failures.append("places have no name; name each")
    columns = {name: _read_column(frame, name, default, places, failures) for name, default in _OPTIONAL.items()}
    by_month = _read_rates(frame, rates, months, places, failures)
    if outcome == "bernoulli" and (by_month > 1).any():
        above = places[np.flatnonzero((by_month > 1).any(axis=0))]
        failures.append(
            f"rate is above 1 at {_list(above)}: a visit cannot find more than one thing; "
            "use rates of at most 1, or outcome='poisson'"
        )
    truth = Truth(places, by_month, columns["sites"], columns["past_visits"], columns["past_findings"])
    failures += _check_together(truth)
    return (None if failures else truth), failures


def _check_together(truth: Truth) -> list[str]:
    failures = []
    if not (truth.sites > 0).any():
        failures.append("no place has exposure: column sites is 0 everywhere; there is nowhere to go")
    elif not (np.nan_to_num(truth.rates) * truth.sites > 0).any(axis=1).all():
        failures.append("in some month there is nothing to find at any exposed place; its shares mean nothing")
    strange = truth.places[(truth.past_findings > 0) & (truth.past_visits == 0)]
    if len(strange):
        failures.append(f"past_findings without past_visits at {_list(strange)}; give the visits that found them")
    return failures


def _read_column(frame: pd.DataFrame, name: str, default: float, places: pd.Index, failures: list[str]) -> Floats:
    if name not in frame.columns:
        return np.full(len(frame), default)
    values = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return _check_numbers(name, values, places, failures)


def _read_rates(frame: pd.DataFrame, rates: Rates | None, months: int, places: pd.Index, failures: list[str]) -> Floats:
    none = np.zeros((months, len(frame))) + 0.5
    if rates is None:
        if "rate" not in frame.columns:
            failures.append("truth has no column rate (findings per visit); add it, or give rates")
            return none
        return np.tile(_read_column(frame, "rate", 0.0, places, failures), (months, 1))
    try:
        given = [rates(month) for month in range(months)] if callable(rates) else np.asarray(rates).T
        by_month = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        failures.append(f"rates are no numbers ({error}); give findings per visit")
        return none
    if by_month.shape != none.shape:
        wanted = f"a function of the month that gives ({len(frame)},) numbers, or a ({len(frame)}, {months}) array"
        shape = by_month.shape if callable(rates) else by_month.T.shape
        failures.append(f"rates must be {wanted} (places, months), got shape {shape}")
        return none
    return _check_numbers("rates", by_month, places, failures)


def _check_numbers(name: str, values: Floats, places: pd.Index, failures: list[str]) -> Floats:
    fine = np.isfinite(values) & (values >= 0)
    if not fine.all():
        at = places[np.flatnonzero(~fine if fine.ndim == 1 else ~fine.all(axis=0))]
        failures.append(f"{name} must be finite numbers of 0 or more, but is not at {_list(at)}")
    return values


def _list(places: pd.Index) -> str:
    shown = ", ".join(str(place) for place in places[:_SHOWN])
    return f"{shown} and {len(places) - _SHOWN} more" if len(places) > _SHOWN else shown
