"""What a policy may know when it chooses a month's inspections: records, never the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Past"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Past:
    """The records at the beginning of a month.

    Attributes
    ----------
    month : int, months since the simulation began
    n_visits : int, inspections to be placed this month
    sites : (n_places,) float64, >= 0, what is exposed at each place; no visits where it is 0
    visits, findings : (n_places,) float64, recorded so far, older ones weighing less by the half-life
    visits_by_month, findings_by_month : (month, n_places) int64, since the simulation began, not decayed
    """

    month: int
    n_visits: int
    sites: Floats
    visits: Floats
    findings: Floats
    visits_by_month: Whole
    findings_by_month: Whole

    def __post_init__(self) -> None:
        for values in (self.sites, self.visits, self.findings, self.visits_by_month, self.findings_by_month):
            values.flags.writeable = False
