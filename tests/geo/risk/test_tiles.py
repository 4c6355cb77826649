"""The pass over tiles with layers: memory of one's own, and windows of any columns."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import ShapeError
from geo.layers.bundle import Layers
from geo.risk.model import load_model
from geo.risk.scoring import parse_day
from geo.risk.tiles import Inputs, make_outputs, prepare_inputs, score_window, snap_to_bands
from tests.frames import GRID, SCORING_DAY


@pytest.fixture(scope="module")
def inputs(layers: Layers) -> Inputs:
    return prepare_inputs(layers, parse_day(SCORING_DAY), None, load_model())


def test_rasters_that_are_filled_again_hold_the_same_bits(layers: Layers, inputs: Inputs) -> None:
    new = score_window(inputs, layers.region, GRID)
    out = make_outputs(len(inputs.sources), GRID.shape)
    for raster in out:
        raster[...] = 7

    again = score_window(inputs, layers.region, GRID, out=out)

    assert again.values["score"] is out.score
    for name, raster in new.values.items():
        assert again.values[name].tobytes() == raster.tobytes(), name


def test_rasters_of_another_shape_are_refused(layers: Layers, inputs: Inputs) -> None:
    n_rows, n_cols = GRID.shape
    out = make_outputs(6, GRID.shape)._replace(state=np.zeros((n_rows, n_cols + 1), np.uint8))
    with pytest.raises(ShapeError, match=rf"out.state must be a writeable \({n_rows}, {n_cols}\) uint8 array"):
        score_window(inputs, layers.region, GRID, out=out)


@pytest.mark.parametrize("cols", [slice(0, 1), slice(5, 6), slice(3, None), slice(None, -2)])
def test_a_window_of_any_columns_is_that_part_of_the_whole(layers: Layers, inputs: Inputs, cols: slice) -> None:
    whole = score_window(inputs, layers.region, GRID)
    window = snap_to_bands(GRID, slice(None), cols)

    part = score_window(inputs, layers.region, GRID, window)

    for name, raster in whole.values.items():
        assert part.values[name].tobytes() == raster[:, cols].tobytes(), name
        assert np.isfinite(raster[:, cols]).any()
