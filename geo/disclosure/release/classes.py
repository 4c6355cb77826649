"""Classes of the score that a row's workplaces lie in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.rows import LAYERS
from geo.disclosure.release.sites import Sites, see
from geo.layers.circles import select_visible_layers
from geo.reference import score_classes
from geo.risk.surface import RiskSurface

__all__ = ["classify", "score_sites"]


def score_sites(surface: RiskSurface, circle: str, sites: Sites) -> NDArray[np.float64]:
    """Score of the cell that each record lies in, by what a circle may see; NaN where there is none.

    What the circle may not see must not colour its map either: the surface is scored anew without it.

    Parameters
    ----------
    surface : RiskSurface
    circle : str
    sites : Sites of its layers

    Returns
    -------
    (n,) float64
    """
    score = np.full(len(sites), np.nan)
    if not (see(sites, circle) & (sites.layer == LAYERS.index("workplaces"))).any():
        return score
    layers = select_visible_layers(surface.layers, circle)
    if any(layers[name] is not surface.layers[name] for name in layers):
        surface = surface.rescored(layers)
    row, column = surface.grid.cell_at(sites.x, sites.y)
    inside = row >= 0
    score[inside] = surface.score[row[inside], column[inside]]
    return score


def classify(sites: Sites, inside: NDArray[np.int64], score: NDArray[np.float64], min_firms: int) -> int | None:
    """Class of the mean score of some records, each of them counting once; None where too few employers have one.

    Parameters
    ----------
    sites : Sites
    inside : (m,) int64, positions of the records
    score : (n,) float64, NaN where there is none
    min_firms : int
    """
    scores = score[inside]
    scored = ~np.isnan(scores)
    if len(np.unique(sites.employer[inside[scored]])) < min_firms:
        return None
    breaks = [each.low for each in score_classes()[1:]]
    return 1 + int(np.searchsorted(breaks, float(scores[scored].mean()), side="right"))
