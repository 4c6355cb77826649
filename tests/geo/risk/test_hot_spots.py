"""Getis-Ord Gi* against its formula, and what chance alone makes of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy.stats import norm

import geo
from geo.errors import MemoryLimitError, ParameterError
from geo.grid import Grid
from geo.risk import hot_spots as module
from geo.risk.hot_spots import COLD, HOT
from geo.risk.surface import RiskSurface
from geo.store.files import Provenance, load_surface, save_layer, save_layers, save_surface
from tests.frames import SCORING_DAY, make_area, make_frame, make_workplace

# inland, so that every cell is land
INLAND = Grid(640_000, 7_150_000, 1_000, n_rows=40, n_cols=40)
EVERYWHERE = make_area("A", "construction", 1_000.0, shapely.box(630_000, 7_140_000, 690_000, 7_200_000))


def strew(rng: np.random.Generator, n: int, *, at: tuple[float, float] | None = None) -> list[dict[str, object]]:
    """Workplaces at random over the grid, or within 2 km of a place."""
    if at is None:
        east = rng.uniform(INLAND.x_min, INLAND.x_min + 40_000, n)
        north = rng.uniform(INLAND.y_min, INLAND.y_min + 40_000, n)
    else:
        east, north = at[0] + rng.uniform(-2_000, 2_000, n), at[1] + rng.uniform(-2_000, 2_000, n)
    employees = rng.exponential(10, n) + 1
    return [
        {"easting": float(x), "northing": float(y), "employees": float(e)}
        for x, y, e in zip(east, north, employees, strict=True)
    ]


def score(rows: list[dict[str, object]]) -> RiskSurface:
    workplaces = make_frame([make_workplace(number, **row) for number, row in enumerate(rows, 1)])
    return geo.score({"workplaces": workplaces}, INLAND, SCORING_DAY)


@pytest.fixture(scope="module")
def clustered() -> RiskSurface:
    rng = np.random.default_rng(3)
    return score(strew(rng, 300) + strew(rng, 60, at=(660_000, 7_170_000)))


def gi_star(values: dict[tuple[int, int], float], radius: float) -> dict[tuple[int, int], float]:
    """Ord & Getis (1995), eq. 14, cell by cell."""
    n, mean = len(values), sum(values.values()) / len(values)
    spread = math.sqrt(sum(value**2 for value in values.values()) / n - mean**2)
    found = {}
    for cell in values:
        near = [other for other in values if math.dist(cell, other) <= radius]
        w = len(near)
        above = sum(values[other] for other in near) - mean * w
        scale = spread * math.sqrt((n * w - w**2) / (n - 1))
        found[cell] = above / scale if scale > 0 else 0.0
    return found


def test_it_is_the_formula(clustered: RiskSurface) -> None:
    found = clustered.hot_spots("workplaces", distance_m=3_000)
    sums = dict.fromkeys(zip(*np.nonzero(clustered.ranked), strict=True), 0.0)
    points = clustered.sources["workplaces"].points  # type: ignore[attr-defined]
    for x, y, weight in zip(points.easting, points.northing, points.weight, strict=True):
        row = INLAND.n_rows - 1 - int((y - INLAND.y_min) // 1_000)
        sums[row, int((x - INLAND.x_min) // 1_000)] += weight
    expected = gi_star({(int(row), int(col)): value for (row, col), value in sums.items()}, 3)
    assert found.n_cells == len(expected)
    for (row, col), z in expected.items():
        assert found.z[row, col] == pytest.approx(z, abs=1e-9)
    assert np.isnan(found.z[~clustered.ranked]).all()


def test_false_discoveries_are_held(clustered: RiskSurface) -> None:
    """Benjamini & Hochberg: the largest p that lies below its rank's share of the rate."""
    found = clustered.hot_spots("workplaces", distance_m=3_000)
    p = np.sort(found.p[clustered.ranked])
    below = np.flatnonzero(p < 0.05 * np.arange(1, len(p) + 1) / len(p))
    assert np.count_nonzero(found.kind) == np.count_nonzero(p <= p[below[-1]])
    more = clustered.hot_spots("workplaces", distance_m=3_000, false_discovery_rate=0.2)
    assert np.count_nonzero(more.kind) > np.count_nonzero(found.kind)
    assert (more.z[clustered.ranked] == found.z[clustered.ranked]).all()


def test_the_planted_cluster_is_hot(clustered: RiskSurface) -> None:
    found = clustered.hot_spots("workplaces")
    frame = found.to_frame()
    assert frame["z"].is_monotonic_decreasing
    assert frame["kind"].iloc[0] == "hot"
    middle = frame.geometry.iloc[0].centroid
    assert math.dist((middle.x, middle.y), (660_000, 7_170_000)) < 3_000
    row, col = INLAND.parse_cell_id(frame["cell_id"].iloc[0])
    assert found.kind[row, col] == HOT
    assert set(np.unique(found.kind)) <= {0, HOT, COLD}
    assert frame["municipality"].iloc[0]


def test_chance_makes_no_hot_spots_before_the_kernel_and_many_after() -> None:
    before = after = 0
    for seed in range(10):
        surface = score(strew(np.random.default_rng(seed), 250))
        found = surface.hot_spots("workplaces", distance_m=3_000)
        before += bool(found.kind.any())
        values = surface.sources["workplaces"].raster(INLAND)[surface.ranked]
        pairs = module._pair_up(surface.ranked, *module._list_steps(3.0))
        _, p, critical = module._test(values, pairs, 0.05)
        after += bool((p <= critical).any())
    # of ten maps at a rate of 5 %: four or more have a chance of 1 in 1 000
    assert before <= 3
    assert after >= 9


def test_values_where_there_are_no_records() -> None:
    rows = strew(np.random.default_rng(0), 50)
    workplaces = make_frame([make_workplace(number, **row) for number, row in enumerate(rows, 1)])
    half = make_area("B", "other", 500.0, shapely.box(630_000, 7_140_000, 660_000, 7_200_000))
    layers = {"workplaces": workplaces, "sectors": make_frame([EVERYWHERE, half])}
    found = geo.score(layers, INLAND, SCORING_DAY).hot_spots("sector_density")
    assert found.is_overstated
    assert found.distance_m == 5_000
    assert not geo.score(layers, INLAND, SCORING_DAY).hot_spots("workplaces").is_overstated


def test_p_is_that_of_drawing_without_putting_back() -> None:
    """Against a hundred thousand draws, for values of which most are 0 and a few are large."""
    rng = np.random.default_rng(1)
    values = np.where(rng.random(400) < 0.15, rng.exponential(10, 400), 0.0)
    near = 25
    sums = np.sort([rng.choice(values, near, replace=False).sum() for _ in range(100_000)])
    variance = near * (400 - near) / 399 * values.var()
    (skewness,) = module._compute_skewness(values, np.array([near]))
    z = (sums - near * values.mean()) / math.sqrt(variance)
    assert skewness == pytest.approx(((z - z.mean()) ** 3).mean(), abs=0.03)
    for share in (0.05, 0.01, 0.001):
        above = np.quantile(z, 1 - share)
        p, _ = module._weigh_up(np.array([above]), np.array([skewness]), 0.05)
        off = abs(math.log(p[0] / (2 * share)))
        # never off by more than a factor of two, and where it matters far less than the normal distribution
        assert off < math.log(2)
        if share < 0.05:
            assert off < abs(math.log(2 * norm.sf(above) / (2 * share))) / 2


def test_the_same_everywhere_is_no_spot(clustered: RiskSurface) -> None:
    found = clustered.hot_spots("accommodation")
    assert not found.kind.any()
    assert (found.z[clustered.ranked] == 0).all()
    assert len(found.to_frame()) == 0


def test_what_cannot_be_asked(clustered: RiskSurface, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"no component 'x'.*from one cell \(1000 m\).*got 10.*below 1, got 2"):
        clustered.hot_spots("x", distance_m=10, false_discovery_rate=2)
    with pytest.raises(ParameterError, match="no component"):
        clustered.hot_spots(["workplaces"])  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="got nan"):
        clustered.hot_spots("workplaces", distance_m=math.nan)
    empty = geo.score({}, INLAND, SCORING_DAY)
    with pytest.raises(ParameterError, match="only 0 cells have something to visit"):
        empty.hot_spots("workplaces")
    frames = {name: (frame, Provenance("a.csv")) for name, frame in clustered.layers.items() if len(frame)}
    save_layers(tmp_path, frames)
    save_surface(tmp_path, clustered)
    save_layer(tmp_path, "workplaces", make_frame([make_workplace(1)]), Provenance("b.csv"))
    with pytest.raises(ParameterError, match="layers have changed"):
        load_surface(tmp_path, clustered.id).hot_spots("workplaces")


def test_too_much_is_refused_before_it_is_taken(clustered: RiskSurface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.memory.available_bytes", lambda: 10_000_000)
    with pytest.raises(MemoryLimitError, match=r"within 15000 m needs .* choose a shorter distance or larger cells"):
        clustered.hot_spots("workplaces", distance_m=15_000)
