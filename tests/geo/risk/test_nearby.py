"""Visits and establishments near a cell are those that a ruler finds."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import shapely

from geo.layers.bundle import Layers
from geo.risk.nearby import find_establishments, find_visits
from geo.risk.surface import RiskSurface
from geo.risk.table_row import days_since_visits
from tests.frames import GRID, SCORING_DAY, TOWN, make_establishment, make_frame, near_town


def test_visits_are_those_within_reach_the_last_first(surface: RiskSurface) -> None:
    frame = surface.layers["visits"]
    seen = 0
    for cell in np.argwhere(surface.state > 0).tolist():
        x, y = surface.grid.centre(*cell)
        west, south = surface.grid.corner(*cell)
        expected = []
        for row in frame.to_dict("records"):
            place = row["geometry"]
            inside = west <= place.x < west + GRID.cell_m and south <= place.y < south + GRID.cell_m
            away = float(np.hypot(place.x - x, place.y - y))
            if row["visited_on"].date() <= SCORING_DAY and (inside or away <= 2_000):
                expected.append((row["visited_on"].date(), row["visit_id"], row["outcome"], away))
        n, found = find_visits(frame, surface.grid, tuple(cell), SCORING_DAY)
        assert n == len(expected)
        assert {(one.on, one.visit_id, one.outcome, one.distance_m) for one in found} == set(expected)
        assert [one.on for one in found] == sorted((one.on for one in found), reverse=True)
        days = days_since_visits(frame, surface.grid, SCORING_DAY, [tuple(cell)])
        assert days == [(SCORING_DAY - found[0].on).days if found else None]
        seen += n
    assert seen > 0


def test_establishments_tell_their_phase_and_the_next_one() -> None:
    line = shapely.LineString([(TOWN[0] - 30_000, TOWN[1] + 5_000), (TOWN[0] + 30_000, TOWN[1] + 5_000)])
    rows = [
        make_establishment(1, name="Verket", active_from="2026-01-01", active_to="2026-12-31", **near_town(9_000, 0)),
        make_establishment(1, phase="operation", active_from="2027-01-01", **near_town(9_000, 0)),
        {**make_establishment(2, name=None, active_from="2025-01-01"), "geometry": line},
        make_establishment(3, active_to="2026-07-14", **near_town(100, 0)),
        make_establishment(4, active_from="2026-07-16", **near_town(100, 0)),
        make_establishment(5, **near_town(-60_000, 0)),
        *(make_establishment(number, **near_town(1_000 * number, 0)) for number in range(10, 16)),
    ]
    frame = Layers({"establishments": make_frame(rows)})["establishments"]

    found = find_establishments(frame, *TOWN, SCORING_DAY)

    assert [one.establishment_id for one in found] == ["e002", "e001", "e010", "e011", "e012"]
    railway, works = found[:2]
    assert (railway.name, railway.next_phase, railway.months_to_next) == ("e002", None, None)
    assert railway.distance_m == pytest.approx(5_000)
    assert (railway.easting, railway.northing) == pytest.approx((TOWN[0], TOWN[1] + 5_000))
    assert (works.name, works.phase) == ("Verket", "construction_peak")
    assert (works.next_phase, works.months_to_next) == ("operation", 5)
    assert find_establishments(frame, *TOWN, date(2026, 12, 31))[2].months_to_next == 0
    assert find_establishments(frame.iloc[:0], *TOWN, SCORING_DAY) == ()
