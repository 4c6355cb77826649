"""The oracle's answer for the small surface, and a surface over all four counties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest
import shapely

import geo
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from tests.frames import SCORING_DAY, make_accommodation, make_establishment, make_frame, make_visit, make_workplace
from tests.oracles import COMPONENTS, Model


@dataclass(frozen=True)
class Expected:
    """What the oracle says of every cell of the region."""

    units: dict[str, np.ndarray]
    points: dict[str, np.ndarray]
    score: np.ndarray
    state: np.ndarray


def expect(
    layers: Layers,
    grid: Grid,
    inside: np.ndarray,
    at: date,
    sectors: Iterable[str] | None = None,
    weights: Mapping[str, float] | None = None,
) -> Expected:
    """Recompute a surface cell by cell; NaN and "outside" where `inside` is false."""
    model = Model(layers, at, sectors, weights)
    totals = model.area_totals()
    values = {name: np.full(grid.shape, np.nan) for name in COMPONENTS}
    points = {name: np.full(grid.shape, np.nan) for name in COMPONENTS}
    score, state = np.full(grid.shape, np.nan), np.full(grid.shape, "outside", dtype=object)
    for row, col in zip(*np.nonzero(inside), strict=True):
        x, y = float(grid.easting[col]), float(grid.northing[row])
        around = [totals[name] for name in sorted(totals) if totals[name][0].contains(shapely.Point(x, y))]
        quotient = model.quotient_at(*around[-1][1:]) if around else 0.0
        of_cell = model.values_at(x, y, quotient)
        for name, value in of_cell.items():
            values[name][row, col] = value
        for name, value in model.points_of(of_cell).items():
            points[name][row, col] = value
        score[row, col] = sum(model.points_of(of_cell).values())
        state[row, col] = model.state_at(of_cell, x, y)
    return Expected(values, points, score, state)


@pytest.fixture(scope="session")
def expected(layers: Layers, surface: RiskSurface) -> Expected:
    """The oracle's surface beside `surface`."""
    return expect(layers, surface.grid, surface.state > 0, SCORING_DAY)


# one town in each county: easting, northing, its municipality
TOWNS = {
    "Sundsvall": (618_000, 6_919_000, "2281"),
    "Östersund": (482_500, 7_005_500, "2380"),
    "Umeå": (758_600, 7_088_600, "2480"),
    "Luleå": (828_000, 7_291_000, "2580"),
}


@pytest.fixture(scope="session")
def wide_layers() -> Layers:
    """A works in each county, ever larger to the north, with housing beside one of them and a visit at another."""
    works = [
        make_establishment(i, workforce=100.0 * i, easting=x, northing=y)
        for i, (x, y, _) in enumerate(TOWNS.values(), 1)
    ]
    crews = [
        make_workplace(i, employees=5.0 * i, easting=x, northing=y) for i, (x, y, _) in enumerate(TOWNS.values(), 1)
    ]
    x, y, _ = TOWNS["Östersund"]
    homes = [make_accommodation(1, easting=x + 100, northing=y)]
    x, y, _ = TOWNS["Luleå"]
    visits = [make_visit(1, easting=x, northing=y)]
    rows = {"establishments": works, "workplaces": crews, "accommodation": homes, "visits": visits}
    return geo.Layers({name: make_frame(of_layer) for name, of_layer in rows.items()})


@pytest.fixture(scope="session")
def wide_surface(wide_layers: Layers) -> RiskSurface:
    """All of Region Nord in cells of 5 km."""
    return geo.score(wide_layers, geo.region_grid(5_000), at=SCORING_DAY)
