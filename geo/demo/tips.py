"""Tips from outside inspections: some true, more not; known environments are talked about, new ones hardly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.demo.sites import Sites
from geo.demo.truth import PAST_MONTHS, Truth

__all__ = ["Tips", "hear_tips"]

_CHANCE_PER_MONTH = {"known": 0.15, "new": 0.022}
_FALSE_PER_MONTH = 1.6
_CONDUCT_PULL = 0.6


@dataclass(frozen=True, eq=False)
class Tips:
    """Tips by month.

    Attributes
    ----------
    site : (n,) int64, position among the sites
    month : (n,) int64, from that of the demo's date, negative or 0
    """

    site: NDArray[np.int64]
    month: NDArray[np.int64]


def hear_tips(rng: np.random.Generator, sites: Sites, truth: Truth) -> Tips:
    """Tips of the last three years.

    Parameters
    ----------
    rng : Generator
    sites : Sites
    truth : Truth

    Returns
    -------
    Tips, by month
    """
    watched = (sites.sector != "other") & (sites.sector != "staffing")
    weight = np.where(watched, np.exp(_CONDUCT_PULL * sites.conduct), 0.0)
    chance = np.array([_CHANCE_PER_MONTH[environment] for environment in truth.environment.tolist()])
    site, month = [], []
    for now in range(1 - PAST_MONTHS, 1):
        going_on = (truth.first <= now) & (now <= truth.last)
        heard = truth.site[going_on & (rng.random(len(chance)) < chance)]
        wrong = rng.choice(len(sites), size=rng.poisson(_FALSE_PER_MONTH), p=weight / weight.sum())
        site.append(np.concatenate([heard, wrong]))
        month.append(np.full(len(heard) + len(wrong), now))
    return Tips(np.concatenate(site).astype(np.int64), np.concatenate(month).astype(np.int64))
