"""A world that weights are learned from, and what is learned."""

from __future__ import annotations

import pytest

import geo
from geo.layers.bundle import Layers
from geo.risk.learned.result import LearnedWeights
from tests.frames import SCORING_DAY
from tests.geo.risk.learned.world import make_world, to_layers


@pytest.fixture(scope="package")
def world() -> Layers:
    return to_layers(make_world())


@pytest.fixture(scope="package")
def learned(world: Layers) -> LearnedWeights:
    return geo.learn_weights(world, SCORING_DAY, n_draws=40)
