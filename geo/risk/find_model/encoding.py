"""Columns of a table as numbers that a model takes: scaled, one column per category, gaps marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.risk.find_model.visits import Failures, name_rows, to_numbers

__all__ = ["Encoder", "check_features", "explain_unused", "fit_encoder"]

MISSING = "(missing)"
# A category rarer than this says nothing by itself; it shares the baseline with categories never seen.
MIN_CATEGORY_ROWS = 20
MAX_CATEGORIES = 40
# squares of larger numbers have no room in a float
MAX_NUMBER = 1e100
# a number more lopsided than this is taken as its logarithm
_SKEWED = 2.0
_FEW_VALUES = 2


@dataclass(frozen=True)
class NumberCode:
    """How a column of numbers becomes standard scores.

    Attributes
    ----------
    name : str
    low : float or None
        Least value seen, where ``log(1 + x − low)`` is taken instead of x.
    fill : float
        Median, which stands for a gap.
    mean, sd : float
        Of what is left after both.
    marks_gaps : bool
        Whether a column says where the gaps were.
    """

    name: str
    low: float | None
    fill: float
    mean: float
    sd: float
    marks_gaps: bool

    @property
    def titles(self) -> tuple[str, ...]:
        """Of the columns it makes."""
        return (self.name, f"{self.name} is missing") if self.marks_gaps else (self.name,)

    def encode(self, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Columns of one feature."""
        gaps = np.isnan(values)
        filled = np.where(gaps, self.fill, values)
        columns = [(_unskew(filled, self.low) - self.mean) / self.sd]
        return [*columns, gaps.astype(np.float64)] if self.marks_gaps else columns


@dataclass(frozen=True)
class CategoryCode:
    """One column of 0 and 1 per category that is common enough."""

    name: str
    categories: tuple[str, ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """Of the columns it makes."""
        return tuple(f"{self.name} = {category}" for category in self.categories)

    def encode(self, values: NDArray[np.object_]) -> list[NDArray[np.float64]]:
        """Columns of one feature."""
        return [(values == category).astype(np.float64) for category in self.categories]


@dataclass(frozen=True)
class Encoder:
    """Codes of all features, frozen at the fit."""

    codes: tuple[NumberCode | CategoryCode, ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """Of all columns."""
        return tuple(title for code in self.codes for title in code.titles)

    def encode(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """(n, n_columns) float64, finite."""
        columns: list[NDArray[np.float64]] = []
        for code in self.codes:
            if isinstance(code, NumberCode):
                columns += code.encode(to_numbers(table[code.name]))
            else:
                columns += code.encode(_categories(table[code.name]))
        return np.column_stack(columns) if columns else np.empty((len(table), 0))


def check_features(table: pd.DataFrame, features: Sequence[str], failures: Failures, encoder: Encoder | None) -> None:
    """Add a failure for each feature that is infinite, a date, or of another kind than at the fit."""
    number_names = {code.name for code in encoder.codes if isinstance(code, NumberCode)} if encoder else set()
    for name in features:
        column = table[name]
        if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_timedelta64_dtype(column.dtype):
            failures.add(f"feature {name!r} holds times: give a number, such as the days since then")
        elif pd.api.types.is_complex_dtype(column.dtype):
            failures.add(f"feature {name!r} holds complex numbers: give real ones, such as their absolute values")
        elif _is_number(column):
            huge = np.abs(to_numbers(column)) > MAX_NUMBER
            if huge.any():
                failures.add(
                    f"feature {name!r} is infinite or beyond {MAX_NUMBER:.0e} in {name_rows(table, huge)}: mend it or "
                    "leave it empty"
                )
        elif name in number_names and column.notna().any():
            failures.add(f"feature {name!r} held numbers at the fit and holds {column.dtype} here: make them numbers")


def fit_encoder(table: pd.DataFrame, features: Sequence[str]) -> Encoder:
    """Codes of the features of a table.

    Booleans count as 0 and 1. A gap in numbers becomes the median and is marked in a column of its own; a gap in
    categories is a category. Columns that are the same in every row are left out.
    """
    codes: list[NumberCode | CategoryCode] = []
    for name in features:
        code = _fit_number(name, to_numbers(table[name])) if _is_number(table[name]) else _fit_category(table[name])
        if code is not None:
            codes.append(code)
    return Encoder(tuple(codes))


def explain_unused(table: pd.DataFrame, features: Sequence[str], encoder: Encoder) -> list[str]:
    """A note for each feature that no column was made of."""
    used, notes = {code.name for code in encoder.codes}, []
    for name in features:
        if name in used:
            continue
        if not table[name].notna().any():
            why = "it is empty in every row"
        elif _is_number(table[name]) or len(set(_categories(table[name]))) == 1:
            why = "it is the same in every row"
        else:
            why = f"no value of it is in {_least_rows(len(table))} rows or more (numbers must not be text)"
        notes.append(f"Feature {name!r} is not used: {why}.")
    return notes


def _least_rows(n_rows: int) -> int:
    return min(MIN_CATEGORY_ROWS, max(2, n_rows // 20))


def _fit_number(name: str, values: NDArray[np.float64]) -> NumberCode | None:
    gaps = np.isnan(values)
    known = values[~gaps]
    if not known.size:
        return None
    fill, low = float(np.median(known)), None
    if len(np.unique(known)) > _FEW_VALUES and _skewness(known) > _SKEWED:
        low = float(known.min())
    used = _unskew(np.where(gaps, fill, values), low)
    sd = float(used.std())
    # the spread of equal numbers may be a rounding error
    if not sd > 1e-12 * max(1.0, float(np.abs(used).max())):
        sd = 1.0
        if not gaps.any():
            return None
    return NumberCode(name, low, fill, float(used.mean()), sd, bool(gaps.any()))


def _fit_category(column: pd.Series) -> CategoryCode | None:
    counts = pd.Series(_categories(column)).value_counts()
    common = sorted(
        counts.index[counts >= _least_rows(len(column))], key=lambda category: (-counts[category], category)
    )
    common = common[:MAX_CATEGORIES]
    return CategoryCode(str(column.name), tuple(common)) if len(counts) > 1 and common else None


def _is_number(column: pd.Series) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return True
    known = column.dropna()
    return bool(len(known)) and all(isinstance(value, Real | Decimal) for value in known)


def _categories(column: pd.Series) -> NDArray[np.object_]:
    text = column.astype(object).map(str)
    return text.where(column.notna(), MISSING).to_numpy(dtype=object)


def _unskew(values: NDArray[np.float64], low: float | None) -> NDArray[np.float64]:
    # below the least value seen there is nothing to tell apart
    return values if low is None else np.log1p(np.maximum(values - low, 0.0))


def _skewness(values: NDArray[np.float64]) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        centred = values - values.mean()
        variance = float(np.mean(centred**2))
        return float(np.mean(centred**3) / variance**1.5) if 0 < variance < np.inf else 0.0
