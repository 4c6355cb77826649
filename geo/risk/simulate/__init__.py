"""What a policy of choosing inspections leads to, followed against a known truth.

Records of inspections decide where the next ones go, and so what will be recorded. Here the truth is known, so it shows
whether the shares of inspections become those of the truth or run away from them.
"""

from geo.risk.simulate.comparison import PolicyComparison, compare_policies
from geo.risk.simulate.drawing import draw_exploration, round_at_random
from geo.risk.simulate.frame_rate import FrameRate, estimate_frame_rate
from geo.risk.simulate.outcome import PolicyRun
from geo.risk.simulate.past import Past
from geo.risk.simulate.policies import POLICIES, Allocation, Norrsyn
from geo.risk.simulate.run import simulate_policy

__all__ = [
    "POLICIES",
    "Allocation",
    "FrameRate",
    "Norrsyn",
    "Past",
    "PolicyComparison",
    "PolicyRun",
    "compare_policies",
    "draw_exploration",
    "estimate_frame_rate",
    "round_at_random",
    "simulate_policy",
]
