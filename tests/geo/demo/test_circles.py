"""The demo region has something to share with every circle."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import geo
from geo.demo import Demo
from geo.disclosure.release import build_release
from geo.grid import Grid


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
