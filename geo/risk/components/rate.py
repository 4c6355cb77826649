"""Points per point: findings over visits, both spread by one kernel, drawn towards what is usual in the region."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from geo.points import Group
from geo.risk.components.base import Driver, PointSource
from geo.risk.effort.posterior import Prior, posterior_mean, posterior_shape_rate

__all__ = ["RateSource"]


@dataclass(frozen=True, eq=False)
class RateSource:
    """Findings and visits of one bandwidth, and the findings per visit that they speak for in each cell.

    Attributes
    ----------
    findings : PointSource, severity-weighted findings
    effort : PointSource, effective visits
    prior : Prior
    effort_km2 : float, km², the square of the bandwidth: density per km² times it is ``Σ weight · K(u)``
    """

    findings: PointSource
    effort: PointSource
    prior: Prior
    effort_km2: float

    @property
    def groups(self) -> tuple[Group, ...]:
        """The findings by bandwidth; the visits are those of `effort`."""
        return self.findings.groups

    def posterior(self, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Shape and rate of the gamma distribution of findings per visit, (n_rows, n_cols) float64 each."""
        found, visited = (source.raster(grid) * self.effort_km2 for source in (self.findings, self.effort))
        return posterior_shape_rate(found, visited, self.prior)

    def raster(self, grid: Grid) -> NDArray[np.float64]:
        """Findings per visit at every cell centre; what is usual where nobody was."""
        shape, rate = self.posterior(grid)
        return np.divide(shape, rate, out=shape)

    def value_at(self, grid: Grid, row: int, col: int) -> float:
        """Findings per visit in one cell."""
        return posterior_mean(*self._counts_at(grid, row, col), self.prior)

    def drivers_at(self, grid: Grid, row: int, col: int) -> tuple[Driver, ...]:
        """Findings within reach, the largest share first, then visits, the one that counts most first.

        Shares are of the value; what is missing to 1 is the prior's. Visits only divide: their share is 0.
        """
        findings, _ = self._counts_at(grid, row, col)
        known = findings / (self.prior.findings + findings)
        found = (replace(each, share=each.share * known) for each in self.findings.drivers_at(grid, row, col))
        visits = (replace(each, share=0.0) for each in self.effort.drivers_at(grid, row, col))
        return (*found, *visits)

    def _counts_at(self, grid: Grid, row: int, col: int) -> tuple[float, float]:
        """Findings and effective visits that count in a cell."""
        findings, visits = (source.value_at(grid, row, col) for source in (self.findings, self.effort))
        return findings * self.effort_km2, visits * self.effort_km2
