"""The demo region has something to share with every circle."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import geo
from geo.demo import Demo
from geo.disclosure.release import Built, build_release, order_circles
from geo.grid import Grid
from geo.layers.circles import VISIBLE


@pytest.mark.parametrize("circle", ["municipality", "public"])
def test_an_outer_circle_has_a_release(demo: Demo, circle: str) -> None:
    """Of the country around Umeå."""
    workplaces = demo.layers["workplaces"].cx[740_000:780_000, 7_070_000:7_110_000].reset_index(drop=True)
    day = date(2026, 7, 15)
    surface = geo.score(geo.Layers({"workplaces": workplaces}), Grid(740_000, 7_070_000, 2_000, 20, 20), at=day)
    rows = build_release(surface, circle, b"key", now=datetime(2026, 7, 15, tzinfo=UTC)).release.rows
    assert len(rows) >= 20
    assert {row.layer for row in rows} == {"workplaces"}
    assert any(row.score_class is not None for row in rows)


@pytest.mark.long
def test_every_circle_is_told_of_nearly_all_employers(demo: Demo) -> None:
    """Releases of one surface for all circles, in the order in which they are made: 95 % of employers in some cell."""
    surface = geo.score(demo.layers, geo.region_grid(2_000), at=date(2026, 7, 15))
    made: list[Built] = []
    for circle in order_circles(VISIBLE):
        now = datetime(2026, 7, 15, len(made), tzinfo=UTC)
        made.append(build_release(surface, circle, b"key", [one.memory for one in made], now=now))
    told = {
        (one.release.circle, layer): 1 - one.release.withheld.n_in_no_cell[layer] / n
        for one in made
        for layer, n in one.release.withheld.n_employers.items()
        if n
    }
    assert {circle for circle, _ in told} == set(VISIBLE)
    assert all(share >= 0.95 for share in told.values()), told
