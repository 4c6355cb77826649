"""What an inspection ends with: exploitation is seen by chance, and the better the more of the right people look."""

from __future__ import annotations

import numpy as np

from geo.demo.crews import Crew

__all__ = ["chance_of_seeing", "draw_outcome"]

# What each agency on site adds to the chance that exploitation is recognised, where it is
_SEES = {
    "arbetsmiljoverket": 0.2,
    "polismyndigheten": 0.35,
    "skatteverket": 0.1,
    "municipality": 0.05,
    "regional_coordinator": 0.45,
}
_FEW_VICTIMS = 0.6
_PER_VICTIM = 0.09
_NOBODY_THERE = 0.1
_FALSE_ALARM = 0.012
_NO_RIGHT_TO_WORK = 0.052
_BAN = 0.16
_DEFICIENCY = 0.50
_CONDUCT_ODDS = 0.55
# Inspectors go to sites with worse conduct than most; the shares above are meant for those.
_USUAL_CONDUCT = 1.0


def chance_of_seeing(crew: Crew, persons_met: int, n_victims: int) -> float:
    """Probability that exploitation at a site is recognised, 0 to 1; 0 without victims.

    Parameters
    ----------
    crew : Crew
    persons_met : int
    n_victims : int
    """
    if n_victims == 0:
        return 0.0
    missed = 1.0
    for agency in crew.agencies:
        missed *= 1 - _SEES.get(agency, 0.0)
    visible = min(1.0, _FEW_VICTIMS + _PER_VICTIM * n_victims)
    return (1 - missed) * visible * (1.0 if persons_met else _NOBODY_THERE)


def draw_outcome(
    rng: np.random.Generator, crew: Crew, conduct: float, persons_met: int, n_victims: int
) -> tuple[str, int]:
    """Outcome of a visit and how many potential victims it identified.

    Parameters
    ----------
    rng : Generator
    crew : Crew
    conduct : float
        Hidden conduct of the site.
    persons_met, n_victims : int

    Returns
    -------
    outcome : str, code of ``visit_outcomes``, the gravest one
    n_identified : int, 0 where the sign was a false alarm
    """
    if rng.random() < chance_of_seeing(crew, persons_met, n_victims):
        return "trafficking_indicator", 1 + int(rng.binomial(n_victims - 1, rng.uniform(0.25, 0.85)))
    present = 1.0 if persons_met else 0.25
    if rng.random() < _FALSE_ALARM * present:
        return "trafficking_indicator", 0
    right_to_work = _NO_RIGHT_TO_WORK * present * ("polismyndigheten" in crew.agencies)
    for outcome, share in (("no_right_to_work", right_to_work / 0.82), ("ban", _BAN), ("deficiency", _DEFICIENCY)):
        odds = share / (1 - share) * np.exp(_CONDUCT_ODDS * (conduct - _USUAL_CONDUCT))
        if rng.random() < odds / (1 + odds):
            return outcome, 0
    return "nothing_found", 0
