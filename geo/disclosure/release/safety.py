"""Whether a group of records may be told of: enough employers, and none or two of them nearly all of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.sites import Sites
from geo.disclosure.tables.cells import Rule

__all__ = ["DOMINANCE", "TOO_FEW", "find_fault", "is_harmless"]

TOO_FEW, DOMINANCE = "too_few", "dominance"
# sums of sizes that are told apart from a share of them only by rounding
_SLACK = 1e-9


def find_fault(sites: Sites, chosen: NDArray[np.int64], rule: Rule) -> str:
    """Why records may not be a row: ``too_few``, ``dominance``; empty where they may.

    Parameters
    ----------
    sites : Sites
    chosen : (m,) int64, positions of the records
    rule : Rule
        Of the sites, and of the employees or beds where there are any, the two largest employers have no larger share.
    """
    if len(chosen) < rule.min_firms:
        return TOO_FEW
    employers = sites.employer[chosen]
    order = np.argsort(employers, kind="stable")
    ordered = employers[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    if len(starts) < rule.min_firms:
        return TOO_FEW
    counts = np.diff(starts, append=len(ordered)).astype(np.float64)
    for measure in (counts, np.add.reduceat(sites.size[chosen][order], starts)):
        n = len(measure)
        largest = measure.max() if n == 1 else np.partition(measure, n - 2)[-2:].sum()
        total = measure.sum()
        if largest > rule.max_share * total + _SLACK * total:
            return DOMINANCE
    return ""


def is_harmless(sites: Sites, chosen: NDArray[np.int64], rule: Rule) -> bool:
    """Whether records may be told of, or there are none of which anything could be told."""
    return not len(chosen) or not find_fault(sites, chosen, rule)
