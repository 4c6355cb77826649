"""Folds in the order of time: later visits predicted by what was known before them, and the penalty that does best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.risk.learned.fit import RateFit, fit_rate
from geo.risk.learned.history import Visits
from geo.risk.learned.performance import poisson_deviance

__all__ = ["PENALTIES", "Fold", "Sample", "choose_penalty", "cut_folds", "predict_folds"]

Floats = NDArray[np.float64]
# The strongest first: infinite is the experts' proportions, the last hardly a penalty at all.
PENALTIES = (math.inf, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
# Of the scoring dates, those that only teach.
_FIRST_PART = 3


@dataclass(frozen=True, eq=False)
class Sample:
    """Visits with what the components said of their places before.

    Attributes
    ----------
    visits : Visits, n of them
    cell : (n,) int64
    scored_on : (n,) datetime64[D], before the day of the visit
    features : (n, n_components) float64
    prior : (n_components,) float64, the experts' weights
    """

    visits: Visits
    cell: NDArray[np.int64]
    scored_on: NDArray[np.datetime64]
    features: Floats
    prior: Floats

    def fit(self, rows: NDArray[Any], penalty: float, known_on: date | np.datetime64 | None = None) -> RateFit:
        """Slopes from the visits at a mask or at positions, and from what was known on a day of what they found."""
        found = self.visits.found(known_on)[rows]
        return fit_rate(self.features[rows], found, self.visits.effort[rows], self.prior, penalty)


@dataclass(frozen=True, eq=False)
class Fold:
    """Visits after a cutoff, and what is predicted for them from what was known on it.

    Attributes
    ----------
    cutoff : datetime64[D]
    test : (m,) int64, positions of the visits predicted
    rates : (n_penalties, m) float64, findings per usual visit, one row per penalty
    slopes : (n_penalties, n_components) float64
    """

    cutoff: np.datetime64
    test: NDArray[np.int64]
    rates: Floats
    slopes: Floats


def cut_folds(scored_on: NDArray[np.datetime64], n_folds: int) -> list[NDArray[np.datetime64]]:
    """Scoring dates of each fold's visits: the first third of all dates teaches only, the rest is cut in order.

    Parameters
    ----------
    scored_on : (n,) datetime64[D]
    n_folds : int; fewer folds come back where there are not so many dates
    """
    dates = np.unique(scored_on)
    later = dates[-(-len(dates) // _FIRST_PART) :]
    return [block for block in np.array_split(later, n_folds) if len(block)]


def predict_folds(sample: Sample, n_folds: int) -> list[Fold]:
    """Each fold's visits predicted from the visits up to its cutoff, with every penalty.

    The cutoff is the fold's first scoring date. What a visit before it found counts only as far as it was known then.
    """
    folds = []
    for block in cut_folds(sample.scored_on, n_folds):
        cutoff = block[0]
        train = sample.visits.day <= cutoff
        test = np.flatnonzero(np.isin(sample.scored_on, block))
        fits = [sample.fit(train, penalty, cutoff) for penalty in PENALTIES]
        rates = np.array([fit.rate(sample.features[test]) for fit in fits])
        folds.append(Fold(cutoff, test, rates, np.array([fit.slopes for fit in fits])))
    return folds


def choose_penalty(visits: Visits, folds: Sequence[Fold], known_on: date | np.datetime64 | None = None) -> int:
    """Position of the penalty with the least deviance over some folds; of equals the strongest.

    Parameters
    ----------
    visits : Visits
    folds : sequence of Fold
    known_on : day, optional
        Count what was known then of what the folds' visits found. Default: all of it.
    """
    found = visits.found(known_on)
    total = np.zeros(len(PENALTIES))
    for fold in folds:
        total += poisson_deviance(found[fold.test], visits.effort[fold.test] * fold.rates).sum(axis=1)
    # a difference of rounding is none
    return int(np.argmin(np.round(total, 9)))
