"""How much has to be known before weights can be learned from it, and what is said where it is not."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.risk.learned.folds import Sample, cut_folds

__all__ = ["check_numbers", "check_visits"]

# Ten events for every number that is fitted: Peduzzi et al. (1996), Journal of Clinical Epidemiology 49
_PER_COMPONENT = 10
_PER_FOLD = 10
_LIMITS = {"n_folds": (2, 12), "n_draws": (20, 10_000), "seed": (0, 2**32 - 1)}


def check_numbers(n_folds: Any, n_draws: Any, seed: Any) -> None:
    """Refuse numbers that cannot be used, all in one message.

    Raises
    ------
    ParameterError
    """
    failures = []
    for (name, (low, high)), value in zip(_LIMITS.items(), (n_folds, n_draws, seed), strict=True):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not (whole and low <= value <= high):
            failures.append(f"{name} must be a whole number from {low} to {high}, got {value!r}")
    if failures:
        message = f"Weights cannot be learned this way: {'; '.join(failures)}."
        raise ParameterError(message)


def check_visits(layers: Layers, sample: Sample, at: date, n_folds: int) -> None:
    """Refuse visits that say too little: how many there are, and how many are needed.

    Raises
    ------
    ParameterError
        Everything that is missing, in one message.
    """
    failures = _find_failures(layers, sample) or _find_thin_folds(sample, n_folds)
    if failures:
        message = (
            f"No weights can be learned from the visits up to {at}: {'; '.join(failures)}. Score with the experts' "
            "weights until then."
        )
        raise ParameterError(message)


def _find_failures(layers: Layers, sample: Sample) -> list[str]:
    visits, needed = sample.visits, _PER_COMPONENT * len(sample.prior)
    if not len(visits):
        return [f"there are none whose place is known, of {len(layers['visits'])} on record; import the layer visits"]
    findings = layers["findings"]
    if len(findings) and not findings["visit_id"].isin(layers["visits"]["visit_id"]).any():
        return [f"none of {len(findings)} findings names the visit that it was made at; fill in their visit_id"]
    with_findings = int((visits.found() > 0).sum())
    without = len(visits) - with_findings
    if not with_findings:
        return [f"none of {len(visits)} visits has a finding that counts (tips and dismissed ones do not)"]
    if not without:
        return [f"all {len(visits)} visits found something; those that found nothing are needed too, import them"]
    return [
        f"{n} of {len(visits)} visits {what}, and at least {needed} such visits are needed, "
        f"{_PER_COMPONENT} for each component"
        for n, what in ((with_findings, "have findings"), (without, "found nothing"))
        if n < needed
    ]


def _find_thin_folds(sample: Sample, n_folds: int) -> list[str]:
    blocks = cut_folds(sample.scored_on, n_folds)
    if len(blocks) < n_folds:
        n_dates = len(np.unique(sample.scored_on))
        return [
            f"they lie in {n_dates} quarters, too few for n_folds={n_folds} after the first third; choose fewer folds, "
            "or wait"
        ]
    cutoff = blocks[0][0]
    known = int((sample.visits.found(cutoff)[sample.visits.day <= cutoff] > 0).sum())
    thin = [int(np.isin(sample.scored_on, block).sum()) for block in blocks]
    failures = []
    if known < _PER_FOLD:
        failures.append(f"{known} visits up to {cutoff} have findings known by then, and {_PER_FOLD} are needed there")
    if min(thin) < _PER_FOLD:
        failures.append(f"a fold has {min(thin)} visits, and {_PER_FOLD} are needed; choose fewer folds (n_folds)")
    return failures
