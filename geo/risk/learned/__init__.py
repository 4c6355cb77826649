"""Weights of the score learned from what visits found: an option beside the experts', never used unasked."""

from __future__ import annotations

from geo.risk.learned.learn import learn_weights
from geo.risk.learned.result import LearnedWeights

__all__ = ["LearnedWeights", "learn_weights"]
