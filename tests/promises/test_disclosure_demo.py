"""Promise: nothing small follows of the demo region, of which each circle is told a part; apart, for it takes long."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

import geo
from geo.demo import make_demo
from geo.disclosure.release import build_release
from geo.risk.surface import RiskSurface
from tests.promises.attacker import recover_by_sums
from tests.promises.attacking.seen import SEES, read_rows
from tests.promises.attacking.truth import read_records
from tests.promises.attacking.worlds import CIRCLES, COARSE_FIRST, KEY, NOW


def _share_demo(day: date) -> RiskSurface:
    """The demo region, of which a part is for each circle."""
    frames = dict(make_demo(at=day).layers)
    random = np.random.default_rng(1)
    for layer in ("workplaces", "accommodation"):
        frame = frames[layer].copy()
        frame["circle"] = random.choice(list(SEES), len(frame), p=[0.2, 0.3, 0.5])
        frames[layer] = frame
    return geo.score(frames, geo.region_grid(2_000), at=day)


@pytest.mark.long
@pytest.mark.parametrize("circles", [CIRCLES, COARSE_FIRST], ids=["fine_first", "coarse_first"])
def test_nothing_follows_in_the_demo_region(circles: tuple[str, ...]) -> None:
    """Half a million pairs of parts could hold whoever dominates a group, hours of work: one in 500 is looked at."""
    day = date(2026, 7, 15)
    surface = _share_demo(day)
    built = []
    for circle in circles:
        built.append(build_release(surface, circle, KEY, [one.memory for one in built], now=NOW))
    releases = [read_rows(number, one.release.circle, one.release.rows) for number, one in enumerate(built)]
    assert [str(recovery) for recovery in recover_by_sums(releases, read_records(surface.layers, day), every=500)] == []
