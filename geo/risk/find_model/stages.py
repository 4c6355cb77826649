"""The two stages of the model: a penalised logistic regression, and a forest for what it leaves over.

Both know who visited while they are fitted, so that neither explains an inspector by the places that he was sent to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from geo.risk.find_model.agency import AgencyEffects, estimate_effects

__all__ = ["Settings", "Stages", "Training", "choose_settings", "fit_stages"]

# Prior standard deviation of a coefficient (log-odds per standard deviation of its column): what is tried.
COEFFICIENT_SDS = (0.02, 0.04, 0.06, 0.1, 0.18, 0.32, 0.6, 1.2)
DEFAULT_COEFFICIENT_SD = 0.06
FOREST_SHARES = (0.0, 0.5, 1.0)
N_TREES = 200
MIN_LEAF_ROWS = 30
# so that a leaf's share of finds is not one lucky visit
MIN_LEAF_FINDS = 5.0
SPLIT_COLUMNS_SHARE = 0.5
MAX_TREE_ROWS = 20_000
# The forest corrects the regression; it does not overrule it.
MAX_CORRECTION = 2.0
# Shares of the visits, in order of time: each fold is fitted up to one and tried up to the next.
FOLD_ENDS = (0.4, 0.55, 0.7, 0.85, 1.0)
MIN_FIT_OF_A_KIND = 20
MIN_TRIED_OF_A_KIND = 5


@dataclass(frozen=True)
class Training:
    """Rows to learn from, in order of time.

    Attributes
    ----------
    columns : (n, n_columns) float64, finite, standard scores and 0/1
    position : (n, 0 or 2) float64, m, finite
    found : (n,) float64, 0 or 1
    agency : (n,) intp
    n_agencies : int
    day : (n,) float64, ascending
    """

    columns: NDArray[np.float64]
    position: NDArray[np.float64]
    found: NDArray[np.float64]
    agency: NDArray[np.intp]
    n_agencies: int
    day: NDArray[np.float64]

    def take(self, rows: slice) -> Training:
        """Some of the rows."""
        return replace(
            self,
            columns=self.columns[rows],
            position=self.position[rows],
            found=self.found[rows],
            agency=self.agency[rows],
            day=self.day[rows],
        )


@dataclass(frozen=True)
class Settings:
    """What the folds decide.

    Attributes
    ----------
    coefficient_sd : float
        Prior standard deviation of the regression's coefficients.
    forest_share : float, 0 to 1
        How much of the forest's correction is taken.
    n_folds : int
        Folds that decided; 0 where there were too few finds for any, and defaults stand.
    """

    coefficient_sd: float = DEFAULT_COEFFICIENT_SD
    forest_share: float = 0.0
    n_folds: int = 0


@dataclass(frozen=True)
class Stages:
    """Fitted regression and forest.

    Attributes
    ----------
    intercept : float
    coefficients : (n_columns,) float64, log-odds
    agency_effects : (n_agencies,) float64, log-odds, 0 for one without visits
    agency_sd : float
        Between agencies, estimated from the counts.
    forest : fitted forest or None
    forest_share : float
    """

    intercept: float
    coefficients: NDArray[np.float64]
    agency_effects: NDArray[np.float64]
    agency_sd: float
    forest: Any
    forest_share: float

    def log_odds(self, columns: NDArray[np.float64], position: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) log-odds of a find at an agency whose effect is none."""
        log_odds: NDArray[np.float64] = columns @ self.coefficients + self.intercept
        if self.forest is not None and self.forest_share > 0:
            log_odds = log_odds + self.forest_share * correct(self.forest, columns, position)
        return log_odds


def fit_stages(training: Training, settings: Settings, seed: int) -> Stages:
    """Fit both stages with given settings.

    The regression has an effect for each agency, whose prior variance is estimated from the counts; the forest fits the
    regression's working residuals (one Newton step of the log-likelihood), agency effects included.

    Source: Breslow & Clayton (1993) for the first stage; Friedman (2001), section 4.6 and Geurts, Ernst & Wehenkel
    (2006) for the second
    """
    effects = _count_effects(training)
    stages = _fit_regression(training, settings.coefficient_sd, effects)
    if settings.forest_share == 0:
        return stages
    return replace(stages, forest=_fit_forest(training, stages, seed), forest_share=settings.forest_share)


def choose_settings(training: Training, seed: int) -> Settings:
    """Penalty, then the forest's share, by log-loss on later visits than those fitted.

    Parameters
    ----------
    training : Training
    seed : int

    Returns
    -------
    Settings
        The defaults without a forest, if no fold has enough finds, and enough visits without.
    """
    folds = _cut_folds(training)
    if not folds:
        return Settings()
    loss = np.zeros(len(COEFFICIENT_SDS))
    for fit_rows, tried_rows in folds:
        fitted, tried = training.take(fit_rows), training.take(tried_rows)
        effects = _count_effects(fitted)
        for i, sd in enumerate(COEFFICIENT_SDS):
            loss[i] += _log_loss(_fit_regression(fitted, sd, effects), tried)
    settings = Settings(COEFFICIENT_SDS[int(np.argmin(loss))], 1.0, len(folds))
    loss = np.zeros(len(FOREST_SHARES))
    for fit_rows, tried_rows in folds:
        stages, tried = fit_stages(training.take(fit_rows), settings, seed), training.take(tried_rows)
        for i, share in enumerate(FOREST_SHARES):
            loss[i] += _log_loss(replace(stages, forest_share=share), tried)
    return replace(settings, forest_share=FOREST_SHARES[int(np.argmin(loss))])


def correct(forest: Any, columns: NDArray[np.float64], position: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) the forest's correction of the log-odds."""
    if not len(columns):
        return np.empty(0)
    correction: NDArray[np.float64] = forest.predict(np.hstack([columns, position]))
    return np.clip(correction, -MAX_CORRECTION, MAX_CORRECTION)


def _count_effects(training: Training) -> AgencyEffects:
    n_visits = np.bincount(training.agency, minlength=training.n_agencies).astype(np.float64)
    n_found = np.bincount(training.agency, weights=training.found, minlength=training.n_agencies).astype(np.float64)
    return estimate_effects(n_visits, n_found)


def _fit_regression(training: Training, coefficient_sd: float, effects: AgencyEffects) -> Stages:
    """Logistic regression with normal priors: one spread for the columns, one for the agencies."""
    from scipy import sparse  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    n, n_columns = training.columns.shape
    scale = effects.sd / coefficient_sd
    if scale == 0 and n_columns == 0:
        return Stages(effects.base, np.empty(0), effects.effect, effects.sd, None, 0.0)
    design: Any = training.columns
    if scale > 0:
        who = sparse.csr_array((np.full(n, scale), (np.arange(n), training.agency)), shape=(n, training.n_agencies))
        # a few agencies are columns like others; thousands would not fit into memory
        many = training.n_agencies > n_columns
        design = sparse.hstack([sparse.csr_array(design), who]).tocsr() if many else np.hstack([design, who.toarray()])
    model = LogisticRegression(C=coefficient_sd**2, tol=1e-6, max_iter=2000).fit(design, training.found)
    coefficients = model.coef_[0]
    agency = coefficients[n_columns:] * scale if scale > 0 else np.zeros(training.n_agencies)
    return Stages(float(model.intercept_[0]), coefficients[:n_columns], agency, effects.sd, None, 0.0)


def _fit_forest(training: Training, stages: Stages, seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor  # noqa: PLC0415

    expected = expit(stages.log_odds(training.columns, training.position) + stages.agency_effects[training.agency])
    weight = np.maximum(expected * (1 - expected), 1e-9)
    n, rate = len(expected), float(training.found.mean())
    leaf = max(MIN_LEAF_ROWS, int(np.ceil(MIN_LEAF_FINDS / min(rate, 1 - rate))))
    forest = ExtraTreesRegressor(
        n_estimators=N_TREES,
        min_samples_leaf=min(leaf, max(1, n // 2)),
        max_features=SPLIT_COLUMNS_SHARE,
        bootstrap=n > MAX_TREE_ROWS,
        max_samples=MAX_TREE_ROWS if n > MAX_TREE_ROWS else None,
        random_state=seed,
        n_jobs=1,
    )
    columns = np.hstack([training.columns, training.position])
    return forest.fit(columns, (training.found - expected) / weight, sample_weight=weight)


def _cut_folds(training: Training) -> list[tuple[slice, slice]]:
    """Rows to fit and rows to try, all later; visits of one moment stay together."""
    n = len(training.day)
    ends = [int(np.searchsorted(training.day, training.day[min(int(n * share), n - 1)])) for share in FOLD_ENDS[:-1]]
    folds = []
    for end, stop in zip(ends, [*ends[1:], n], strict=True):
        fitted, tried = training.found[:end], training.found[end:stop]
        if min(fitted.sum(), len(fitted) - fitted.sum()) < MIN_FIT_OF_A_KIND:
            continue
        if min(tried.sum(), len(tried) - tried.sum()) >= MIN_TRIED_OF_A_KIND:
            folds.append((slice(0, end), slice(end, stop)))
    return folds


def _log_loss(stages: Stages, tried: Training) -> float:
    """Sum over the rows, with the effect of the agency that visited."""
    log_odds = stages.log_odds(tried.columns, tried.position) + stages.agency_effects[tried.agency]
    return float(np.logaddexp(0.0, np.where(tried.found > 0, -log_odds, log_odds)).sum())
