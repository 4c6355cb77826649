"""The page's own SWEREF 99 TM against PROJ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pyproj import Transformer

pytestmark = pytest.mark.browser

TO_SWEREF = "(module, points) => points.map(([lon, lat]) => Object.values(module.toSweref(lon, lat)))"
FROM_SWEREF = "(module, points) => points.map(([e, n]) => Object.values(module.fromSweref(e, n)))"


def test_it_agrees_with_proj_to_a_millimetre(run_module: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(10, 25, 500), rng.uniform(54.9, 69.2, 500)
    ours = np.array(run_module("sweref.js", TO_SWEREF, np.column_stack([lon, lat]).tolist()))
    theirs = np.column_stack(Transformer.from_crs(4326, 3006, always_xy=True).transform(lon, lat))
    assert np.abs(ours - theirs).max() < 1e-3
    back = np.array(run_module("sweref.js", FROM_SWEREF, theirs.tolist()))
    assert np.abs(back - np.column_stack([lon, lat])).max() < 1e-8
