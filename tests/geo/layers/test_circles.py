"""What of the layers each sharing circle may see."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.layers.circles import INNER_CIRCLE, VISIBLE, select_visible_layers
from geo.layers.hashes import content_hash
from tests.frames import small_frames


@pytest.mark.parametrize("seed", range(3))
def test_a_circle_sees_its_records_and_no_others(seed: int) -> None:
    rng, frames = np.random.default_rng(seed), small_frames()
    for frame in frames.values():
        frame["circle"] = rng.choice(list(VISIBLE), len(frame))
    layers = Layers(frames)
    for circle, seen in VISIBLE.items():
        visible = select_visible_layers(layers, circle)
        for name in layers:
            is_seen = np.array([one in seen for one in layers[name]["circle"]], dtype=bool)
            assert visible[name].equals(layers[name][is_seen].reset_index(drop=True)), name
        assert visible.hashes == {name: content_hash(visible[name]) for name in layers if len(visible[name])}


def test_what_is_seen_whole_is_shared() -> None:
    frames = small_frames()
    frames["workplaces"]["circle"] = "public"
    layers = Layers(frames)
    inner, outer = (select_visible_layers(layers, circle) for circle in (INNER_CIRCLE, "public"))
    assert all(inner[name] is layers[name] for name in layers)
    assert outer["workplaces"] is layers["workplaces"]
    assert outer["accommodation"].empty
    assert outer.region is layers.region


def test_there_is_no_other_circle() -> None:
    with pytest.raises(ParameterError, match="no sharing circle 'all'; the circles are joint-inspection"):
        select_visible_layers(Layers({}), "all")


def test_what_is_made_of_layers_is_made_once_and_not_handed_on() -> None:
    layers, made = Layers(small_frames()), []
    for _ in range(3):
        assert layers.recall("sum", lambda: made.append(1) or len(made)) == 1
    fewer = layers.updated(removed={"workplaces": ["w001"]})
    assert fewer.recall("sum", lambda: 7) == 7
    assert layers.recall("sum", lambda: 8) == 1
