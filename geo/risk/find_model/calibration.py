"""Expected beside actual finds, in bins of p."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

__all__ = ["tabulate_calibration"]


def tabulate_calibration(p: NDArray[np.float64], found: NDArray[np.float64], n_bins: int, level: float) -> pd.DataFrame:
    """Bins of about as many inspections each, equal p never parted.

    Parameters
    ----------
    p : (n,) float64, 0 to 1
    found : (n,) float64, 0 or 1
    n_bins : int
        At most; fewer where many p are equal.
    level : float
        Of the interval of the actual share.

    Returns
    -------
    DataFrame, from the lowest p up
        ``p_low``, ``p_high``, ``n``, ``expected``, ``actual``, ``expected_share``, ``actual_share``, ``low``, ``high``.

    Source: Wilson (1927) for the interval
    """
    _, run, count = np.unique(p, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    bins = np.floor(middle / len(p) * n_bins).astype(np.intp)[run]
    grouped = pd.DataFrame({"p": p, "found": found}).groupby(bins)
    n, expected, actual = grouped.size().to_numpy(), grouped["p"].sum().to_numpy(), grouped["found"].sum().to_numpy()
    low, high = _wilson(actual, n.astype(np.float64), level)
    return pd.DataFrame(
        {
            "p_low": grouped["p"].min().to_numpy(),
            "p_high": grouped["p"].max().to_numpy(),
            "n": n,
            "expected": expected,
            "actual": actual.astype(np.int64),
            "expected_share": expected / n,
            "actual_share": actual / n,
            "low": low,
            "high": high,
        }
    )


def _wilson(
    found: NDArray[np.float64], n: NDArray[np.float64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    z = float(ndtri((1 + level) / 2))
    share = found / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
