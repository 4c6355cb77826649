"""How sure a score is: intervals and the probability of being among the highest cells, by simulation."""

from __future__ import annotations

from geo.risk.uncertainty.apart import ApartDrawings
from geo.risk.uncertainty.estimate import compare_uncertainty, estimate_uncertainty
from geo.risk.uncertainty.result import CellUncertainty, DeltaUncertainty, Uncertainty

__all__ = [
    "ApartDrawings",
    "CellUncertainty",
    "DeltaUncertainty",
    "Uncertainty",
    "compare_uncertainty",
    "estimate_uncertainty",
]
