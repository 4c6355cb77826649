"""A drawn area is counted as by hand, and whatever is wrong with it is told in words."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
import shapely

from geo.crs import project
from geo.errors import CRSError, GeometryError, NorrsynError, NotFoundError, ParameterError
from geo.reference import score_classes
from geo.risk.area import parse_area, sum_area
from geo.risk.surface import RiskSurface
from tests.frames import SCORING_DAY, TOWN


def ring(*offsets_m: tuple[float, float]) -> list[list[float]]:
    """A closed ring of degrees around the town."""
    x, y = (np.array([TOWN[axis] + place[axis] for place in offsets_m], dtype=np.float64) for axis in (0, 1))
    lon, lat = project(x, y, "EPSG:3006", "EPSG:4326")
    places = np.column_stack([lon, lat]).tolist()
    return [*places, places[0]]


SQUARE = ring((-9_500, -7_300), (6_200, -7_300), (6_200, 9_100), (-9_500, 9_100))
HOLE = ring((-2_000, -2_000), (-2_000, 2_500), (3_000, 2_500), (3_000, -2_000))
FAR = ring((4_000, 3_000), (12_000, 3_000), (12_000, 9_000), (4_000, 9_000))
AREAS: dict[str, dict[str, Any]] = {
    "a square": {"type": "Polygon", "coordinates": [SQUARE]},
    "a hole": {"type": "Polygon", "coordinates": [SQUARE, HOLE]},
    "two parts": {"type": "MultiPolygon", "coordinates": [[HOLE[::-1]], [FAR]]},
    "a feature": {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [FAR]}},
}


@pytest.mark.parametrize("name", AREAS)
def test_an_area_is_counted_as_by_hand(surface: RiskSurface, name: str) -> None:
    area = parse_area(AREAS[name], surface.region, surface.grid)
    totals = sum_area(surface, area, surface.layers)
    drawn = AREAS[name].get("geometry", AREAS[name])
    shape = shapely.transform(
        shapely.geometry.shape(drawn),
        lambda places: np.column_stack(project(places[:, 0], places[:, 1], "EPSG:4326", "EPSG:3006")),
    )
    assert totals.km2 == pytest.approx(shape.area / 1e6, rel=1e-4)

    cells = [
        (row, col)
        for row, col in np.argwhere(surface.state > 0).tolist()
        if shape.contains(shapely.Point(*surface.grid.centre(row, col)))
    ]
    assert totals.n_cells == len(cells) > 0
    states = Counter(int(surface.state[cell]) for cell in map(tuple, cells))
    found = (totals.n_nothing_known, totals.n_never_inspected, totals.n_inspected)
    assert found == tuple(states[code] for code in (1, 2, 3))
    ranked = [cell for cell in map(tuple, cells) if surface.state[cell] >= 2]
    scores = [float(surface.score[cell]) for cell in ranked]
    assert totals.mean_score == pytest.approx(sum(scores) / len(scores))
    assert totals.highest is not None
    assert totals.highest.score == max(scores)
    assert surface.grid.parse_cell_id(totals.highest.cell_id) in ranked
    for one in score_classes():
        above = [low.low for low in score_classes() if low.low > one.low]
        expected = sum(one.low <= score < min(above, default=math.inf) for score in scores)
        assert totals.classes[one.code] == expected
    codes = Counter(surface.municipality_codes(*np.array(cells).T))
    assert totals.municipalities == pytest.approx({code: n / len(cells) for code, n in codes.items()})

    def inside(layer: str) -> list[dict[str, Any]]:
        return [row for row in surface.layers[layer].to_dict("records") if shape.intersects(row["geometry"])]

    def is_active(row: dict[str, Any]) -> bool:
        start, end = (str(row[column])[:10] for column in ("active_from", "active_to"))
        return (start == "NaT" or start <= str(SCORING_DAY)) and (end == "NaT" or end >= str(SCORING_DAY))

    for layer, size in (("workplaces", "employees"), ("accommodation", "beds"), ("establishments", "workforce")):
        active = [row for row in inside(layer) if is_active(row)]
        assert totals.sites[layer].n == len(active) == sum(n for n, _ in totals.sites[layer].groups.values())
        assert totals.sites[layer].size == pytest.approx(sum(row[size] for row in active))
    phases = Counter(row["phase"] for row in inside("establishments") if is_active(row))
    assert {phase: n for phase, (n, _) in totals.sites["establishments"].groups.items()} == phases
    visits = [row for row in inside("visits") if row["visited_on"].date() <= SCORING_DAY]
    assert totals.visits == Counter(row["outcome"] for row in visits)
    assert [str(month) for month in (totals.months[0], totals.months[-1])] == ["2024-08-01", "2026-07-01"]
    assert len(totals.months) == len(totals.findings_by_month) == 24
    findings = Counter(
        str(row["observed_on"])[:7]
        for row in inside("findings")
        if row["source"] != "tip"
        and row["observed_on"].date() <= SCORING_DAY
        and not (str(row["retain_until"]) != "NaT" and row["retain_until"].date() < SCORING_DAY)
    )
    for month, n_findings, n_visits in zip(
        totals.months, totals.findings_by_month, totals.visits_by_month, strict=True
    ):
        assert n_findings == findings[str(month)[:7]]
        assert n_visits == sum(str(row["visited_on"])[:7] == str(month)[:7] for row in visits)


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


CROSSED = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]
AT_SEA = ring((14_500, -21_500), (19_500, -21_500), (19_500, -17_000), (14_500, -17_000))
TINY = ring((10, 10), (30, 10), (30, 30), (10, 30))
MANY = [[20.2 + 0.1 * math.cos(t), 63.8 + 0.05 * math.sin(t)] for t in np.linspace(0, 6.2, 2_001)]
STOCKHOLM = [[18.0, 59.3], [18.2, 59.3], [18.2, 59.4], [18.0, 59.3]]
WRONG: dict[str, tuple[Any, type[NorrsynError], str]] = {
    "crossed lines": (polygon(CROSSED), GeometryError, r"its lines cross at 63\.\d{4}° N, 20\.\d{4}° E \(.*Umeå"),
    "a hole outside": (polygon(HOLE, FAR), GeometryError, "a hole lies outside the area at"),
    "parts over another": (
        {"type": "MultiPolygon", "coordinates": [[SQUARE], [HOLE]]},
        GeometryError,
        "a part lies inside another part at",
    ),
    "no area": (polygon([SQUARE[0], SQUARE[1], SQUARE[0], SQUARE[0]]), GeometryError, "a ring has no area"),
    "over the sea": (polygon(AT_SEA), NotFoundError, "no land of Region Nord"),
    "elsewhere": (polygon(STOCKHOLM), NotFoundError, "outside Region Nord"),
    "too large": (polygon([[-20, 40], [60, 40], [60, 80], [-20, 40]]), ParameterError, "keep within 5–30° E"),
    "latitude first": (polygon([place[::-1] for place in SQUARE]), CRSError, "latitude before longitude"),
    "metres": (polygon([[759_000, 7_088_000]] * 4), CRSError, "not in degrees"),
    "NaN": (polygon([[math.nan, 63.8], *SQUARE]), ParameterError, "ring 1 has no .* at position 1"),
    "infinity": (polygon(SQUARE, [*HOLE[:2], [math.inf, 63], HOLE[0]]), ParameterError, "ring 2 has .* position 3"),
    "text": (polygon([["20", "63"], *SQUARE]), ParameterError, "two finite numbers"),
    "truth": (polygon([[True, 63], *SQUARE]), ParameterError, "two finite numbers"),
    "open": (polygon(SQUARE[:-1]), ParameterError, "is not closed"),
    "a line": (polygon(SQUARE[:3]), ParameterError, "has 3 positions"),
    "many vertices": (polygon([*MANY, MANY[0]]), ParameterError, "2,002 vertices; at most 2,000"),
    "a point": ({"type": "Point", "coordinates": [20, 63]}, ParameterError, "got 'Point'"),
    "nothing": ({"type": "Polygon", "coordinates": []}, ParameterError, "lists of rings"),
    "no list": ({"type": "Polygon", "coordinates": {"a": 1}}, ParameterError, "lists of rings"),
    "a flat list": ({"type": "Polygon", "coordinates": [1, 2]}, ParameterError, "lists of rings"),
    "no coordinates": ({"type": "MultiPolygon"}, ParameterError, "lists of rings"),
    "a feature of nothing": ({"type": "Feature", "geometry": None}, ParameterError, "got 'Feature'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_used_is_told(surface: RiskSurface, name: str) -> None:
    drawn, error, words = WRONG[name]
    with pytest.raises(error, match=words):
        parse_area(drawn, surface.region, surface.grid)


def test_an_area_off_the_grid_or_with_nothing_to_visit_has_an_answer(surface: RiskSurface) -> None:
    """Cells of which nothing is known have no score, and a mean of none is none."""
    quiet = np.argwhere(surface.state == 1)
    row, col = quiet[len(quiet) // 2].tolist()
    x, y = surface.grid.centre(row, col)
    around = ring(*((x - TOWN[0] + dx, y - TOWN[1] + dy) for dx, dy in ((-900, -900), (900, -900), (0, 900))))

    totals = sum_area(surface, parse_area(polygon(around), surface.region, surface.grid), surface.layers)

    assert (totals.n_cells, totals.n_nothing_known, totals.mean_score, totals.highest) == (1, 1, None, None)
    assert sum(totals.classes.values()) == 0


SMALL = {
    "in one cell": TINY,
    "across an edge": ring((-1_200, -900), (1_100, -900), (1_100, -880), (-1_200, -880)),
    "a strip across the town": ring((-21_000, -20_050), (21_000, 20_950), (21_000, 20_951), (-21_000, -20_049)),
}


@pytest.mark.parametrize("name", SMALL)
def test_an_area_that_holds_no_centre_is_told_by_the_cells_that_it_reaches_into(
    surface: RiskSurface, name: str
) -> None:
    area = parse_area(polygon(SMALL[name]), surface.region, surface.grid)
    half = surface.grid.cell_m / 2
    reached = set()
    for row, col in np.argwhere(surface.state > 0).tolist():
        x, y = surface.grid.centre(row, col)
        if area.polygon.intersection(shapely.box(x - half, y - half, x + half, y + half)).area > 0:
            reached.add((row, col))
    found = {(row + area.rows.start, col + area.cols.start) for row, col in np.argwhere(area.inside).tolist()}
    centres = [row for row in reached if area.polygon.contains(shapely.Point(*surface.grid.centre(*row)))]

    assert not centres
    assert not area.holds_centres
    assert found == reached
    totals = sum_area(surface, area, surface.layers)
    assert (totals.n_cells, totals.holds_centres) == (len(reached), False)
    assert sum(totals.municipalities.values()) == pytest.approx(1)
    workplaces = surface.layers["workplaces"]
    assert totals.sites["workplaces"].n <= shapely.intersects(area.polygon, workplaces.geometry.to_numpy()).sum()
