"""Layers that cross every border between windows, their surface from one process, and a small cluster."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import shapely
from distributed import Client, LocalCluster

import geo
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.region import Region
from geo.risk.surface import RiskSurface
from tests.frames import (
    GRID,
    SCORING_DAY,
    make_accommodation,
    make_area,
    make_establishment,
    make_finding,
    make_frame,
    make_report,
    make_visit,
    make_workplace,
    near_town,
)

# 1,280 × 1,600 cells where the small surface has 16 × 20
FINE = Grid(GRID.x_min, GRID.y_min, 25, n_rows=1_280, n_cols=1_600)


@pytest.fixture(scope="session")
def scattered(region: Region) -> Layers:
    """Records all over the grid and far around it: pairs that a border divides, a line across, areas of a few cells."""
    random = np.random.default_rng(5)

    def places(n: int) -> list[dict[str, float]]:
        found = [near_town(*offset) for offset in random.normal(0, 20_000, (n, 2)).round(1).tolist()]
        return [at for at in found if region.municipality_at(*at.values())[0]]

    # a housing site 250 m from a workplace, on the other side of where windows of 512 cells meet
    x, y = FINE.x_min + 512 * 25.0, FINE.y_max - 512 * 25.0
    workplaces = [make_workplace(i, sni=("41200", "02300", "55101")[i % 3], **at) for i, at in enumerate(places(300))]
    workplaces.append(make_workplace(900, easting=x - 100.0, northing=y + 20.0))
    housing = [make_accommodation(i, **at) for i, at in enumerate(places(80))]
    housing.append(make_accommodation(900, easting=x + 150.0, northing=y - 20.0))
    line = shapely.LineString([(x - 40_000, y - 3_000), (x + 3_000, y + 200), (x + 45_000, y + 30_000)])
    areas = [shapely.box(x + dx, y + dy, x + dx + 40, y + dy + 9_000) for dx, dy in ((-20, -4_000), (90, 500))]
    rows = {
        "workplaces": workplaces,
        "accommodation": housing,
        "visits": [make_visit(i, agencies="polismyndigheten", **at) for i, at in enumerate(places(40))],
        "findings": [make_finding(i, **at) for i, at in enumerate(places(30))],
        "establishments": [make_establishment(1, geometry=line), make_establishment(2, **places(1)[0])],
        "reported": [make_report(i, **at) for i, at in enumerate(places(30))],
        "sectors": [make_area(f"a{i}", "construction", 50.0, area) for i, area in enumerate(areas)],
    }
    return geo.Layers({name: make_frame(of_layer) for name, of_layer in rows.items()})


@pytest.fixture(scope="session")
def one_process(scattered: Layers) -> RiskSurface:
    """The scattered layers scored without a cluster."""
    return geo.score(scattered, FINE, at=SCORING_DAY)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two workers in this process."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0", memory_limit="8GB"
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
