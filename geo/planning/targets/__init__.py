"""Targets: the sites where a joint inspection is worth its drive, ranked by their own record and their surroundings."""

from geo.planning.targets.choice import TargetFilter
from geo.planning.targets.exploration import Exploration, draw_exploration
from geo.planning.targets.find import find_targets
from geo.planning.targets.result import Candidates, Exclusion, Target, TargetPoints, Targets
from geo.planning.targets.sites import SiteKey

__all__ = [
    "Candidates",
    "Exclusion",
    "Exploration",
    "SiteKey",
    "Target",
    "TargetFilter",
    "TargetPoints",
    "Targets",
    "draw_exploration",
    "find_targets",
]
