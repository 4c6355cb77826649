"""What a ranking is evaluated on, checked; every failure is told at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.risk.find_model.visits import Failures, code_values, name_rows, read_days, read_outcome, to_numbers

__all__ = ["RankingInput", "check_ranking"]

# no day is further away, and sums of larger numbers lose the days
MAX_DAYS = 1e9


@dataclass(frozen=True)
class RankingInput:
    """A ranking and what came of it.

    Attributes
    ----------
    p : (n,) float64, 0 to 1
    found : (n,) float64, 0 or 1
    day : (n,) float64, days
    group : (n,) intp, −1 for an inspection in no group
    """

    p: NDArray[np.float64]
    found: NDArray[np.float64]
    day: NDArray[np.float64]
    group: NDArray[np.intp]


def check_ranking(p: Any, outcome: Any, days: Any, groups: Any) -> RankingInput:
    """Arrays of one length.

    Raises
    ------
    ParameterError
    """
    failures = Failures("ranking")
    given = {"p": p, "outcome": outcome, "days": days} | ({} if groups is None else {"groups": groups})
    series = {name: _to_series(values, name, failures) for name, values in given.items()}
    _raise(failures)
    lengths = {name: len(values) for name, values in series.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
        failures.add(f"lengths differ ({listed}): give one value per inspection")
    elif not lengths["p"]:
        failures.add("there are no inspections: give at least one")
    else:
        _check_alignment(given, failures)
    _raise(failures)
    table = pd.DataFrame({name: values.array for name, values in series.items()})
    probability = to_numbers(table["p"])
    bad = ~((probability >= 0) & (probability <= 1))
    if bad.any():
        failures.add(f"p is not between 0 and 1 in {name_rows(table, bad)}: give probabilities")
    found = read_outcome(table, "outcome", failures)
    day = _read_days(table, failures)
    group = np.full(len(table), -1, dtype=np.intp)
    if groups is not None:
        codes, _ = code_values(table["groups"])
        group = np.where(table["groups"].notna().to_numpy(), codes, -1)
    _raise(failures)
    return RankingInput(probability, found, day, group)


def _read_days(table: pd.DataFrame, failures: Failures) -> NDArray[np.float64]:
    column = table["days"]
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        day = to_numbers(column)
        bad = ~(np.abs(day) <= MAX_DAYS)
        if bad.any():
            failures.add(
                f"days is not a number within ±{MAX_DAYS:.0e} in {name_rows(table, bad)}: mend it or leave them out"
            )
        return day
    dates: NDArray[np.float64] = read_days(table, "days", failures)
    return dates


def _to_series(values: Any, name: str, failures: Failures) -> pd.Series:
    try:
        series = pd.Series(values) if not isinstance(values, pd.DataFrame) and np.ndim(values) == 1 else None
    except (TypeError, ValueError):
        series = None
    if series is None:
        failures.add(f"{name} must be a column or list of values, one per inspection, got {type(values).__name__}")
        return pd.Series(dtype=np.float64)
    return series


def _check_alignment(given: dict[str, Any], failures: Failures) -> None:
    """Values are matched by position; two series with the same labels in another order cannot be meant so."""
    labelled = {name: values.index for name, values in given.items() if isinstance(values, pd.Series)}
    names = list(labelled)
    for name in names[1:]:
        one, other = labelled[names[0]], labelled[name]
        if one.is_unique and other.is_unique and not one.equals(other) and one.isin(other).all():
            failures.add(
                f"{names[0]} and {name} have the same rows in different order: use {name}.loc[{names[0]}.index]"
            )


def _raise(failures: Failures) -> None:
    if failures.lines:
        message = "The ranking cannot be evaluated:\n" + "\n".join(f"- {line}" for line in failures.lines)
        raise ParameterError(message)
