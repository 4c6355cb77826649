"""Gamma quantiles by table: a standard normal deviate and a shape give the quantile of that probability.

Tabulated is ``h(a, z) = ln(q / a) · a / (1 + √a)``, q being the quantile of Gamma(a, 1) at the probability Φ(z). It is
smooth in z and in ln a over the whole range: for large shapes it tends to z, for small ones to ln Φ(z). Interpolation
is cubic in both.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST_NORMAL", "LOG_ERROR", "SMALLEST_SHAPE", "GammaTable", "gamma_table"]

# Below it a value is 0 but for one draw in a thousand, and counts as this shape's.
SMALLEST_SHAPE = 1e-4
_LARGEST_SHAPE = 1e6
_STEPS_PER_E = 5
# Beyond it (one draw in a thousand million) a deviate counts as this one.
LARGEST_NORMAL = 6.0
_STEPS_PER_NORMAL = 8
# Largest error of ln q times the lesser of 1 and the shape, within the table; tested against scipy.
LOG_ERROR = 1e-4
# Below this logarithm the first term of the quantile's series is all there is to it in double precision.
_SERIES_BELOW = -40.0


class GammaTable(NamedTuple):
    """Quantiles as described above.

    Attributes
    ----------
    log_shape, normal : first and step of the rows' shapes (natural logarithms) and of the columns' deviates
    values : (n_shapes, n_normals) float64; one row and one column more at each end than is asked for
    """

    log_shape: tuple[float, float]
    normal: tuple[float, float]
    values: NDArray[np.float64]


@lru_cache(maxsize=1)
def gamma_table() -> GammaTable:
    """The table, made once in some 0.1 s."""
    log_step, step = 1.0 / _STEPS_PER_E, 1.0 / _STEPS_PER_NORMAL
    first = np.log(SMALLEST_SHAPE) - log_step
    n_shapes = int(np.ceil((np.log(_LARGEST_SHAPE) - first) / log_step)) + 2
    log_shape = first + log_step * np.arange(n_shapes)
    normal = np.arange(-LARGEST_NORMAL - step, LARGEST_NORMAL + 1.5 * step, step)
    shape = np.exp(log_shape)[:, np.newaxis]
    log_ratio = log_quantile(shape, normal) - log_shape[:, np.newaxis]
    values = log_ratio * (shape / (1.0 + np.sqrt(shape)))
    values.flags.writeable = False
    return GammaTable((float(first), log_step), (float(normal[0]), step), values)


def log_quantile(shape: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural logarithm of the quantile of Gamma(shape, 1) at the probability Φ(normal), also where it underflows.

    Source: DiDonato & Morris (1986), ACM TOMS 12, as in scipy; in the far lower tail ``q = (p · Γ(a + 1))^(1/a)``
    """
    # slow to load, and every command would wait for it
    from scipy.special import gammainccinv, gammaincinv, gammaln, log_ndtr, ndtr  # noqa: PLC0415

    shape, normal = np.broadcast_arrays(shape, normal)
    logarithm: NDArray[np.float64] = (log_ndtr(normal) + gammaln(shape + 1.0)) / shape
    low = (logarithm >= _SERIES_BELOW) & (normal <= 0)
    high = (logarithm >= _SERIES_BELOW) & (normal > 0)
    logarithm[low] = np.log(gammaincinv(shape[low], ndtr(normal[low])))
    logarithm[high] = np.log(gammainccinv(shape[high], ndtr(-normal[high])))
    return logarithm
