"""Region Nord in cells of 100 m: every question is answered in little memory, and much as in cells of 1 km."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import geo
from api.surfaces import ServedSurface
from geo.demo import make_demo
from geo.layers.bundle import Layers
from geo.risk.filters import show_county
from geo.risk.ranking import Place
from geo.risk.surface import RiskSurface
from maps.record_names import RecordNames
from maps.standalone import draw_surface
from tests.frames import SCORING_DAY

pytestmark = pytest.mark.long

# Beside the 1.5 GB of the rasters: what no answer may take, whatever the order in which they are asked for.
MOST_MB = 300


@pytest.fixture(scope="module")
def demo_layers() -> Layers:
    return geo.Layers(make_demo().layers)


@pytest.fixture(scope="module")
def coarse(demo_layers: Layers) -> RiskSurface:
    return geo.score(demo_layers, geo.region_grid(1_000), at=SCORING_DAY)


@pytest.fixture(scope="module")
def fine(demo_layers: Layers) -> RiskSurface:
    return geo.score(demo_layers, geo.region_grid(100), at=SCORING_DAY)


def read_status(name: str) -> int:
    """A line of what Linux knows of this process, kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def measure_mb(ask: Callable[[], object]) -> float:
    """Memory that a call took at its highest, beside what was taken before."""
    Path("/proc/self/clear_refs").write_text("5")
    before = read_status("VmRSS")
    ask()
    return (read_status("VmHWM") - before) / 1_024


def test_every_question_is_answered_in_little_memory(fine: RiskSurface, tmp_path: Path) -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("only Linux tells how much memory a call took")
    served = ServedSurface(fine, RecordNames(fine.layers), {})
    best = fine.top(1)["cell_id"][0]
    fine.explain(best)
    tiles = [(z, math.floor(2**z * 0.556), math.floor(2**z * 0.264)) for z in range(3, 17)]

    taken = {
        "top": measure_mb(lambda: [fine.top(20), fine.top(200, "23")]),
        "places": measure_mb(lambda: fine.places(50)),
        "all places of a county": measure_mb(lambda: fine.places(10_000, "22")),
        "explain": measure_mb(lambda: fine.explain(best)),
        "serve": measure_mb(lambda: ServedSurface(fine, RecordNames(fine.layers), {})),
        "tiles": measure_mb(
            lambda: [
                served.draw_tile(*tile, shown, stripes=True)
                for tile in tiles
                for shown in (None, show_county(fine, "24"))
            ]
        ),
        "file": measure_mb(lambda: fine.to_geotiff(tmp_path / "fine.tif")),
        "map": measure_mb(lambda: draw_surface("sv", fine, written=SCORING_DAY)),
        "dataset": measure_mb(fine.to_xarray),
    }

    assert {name: round(mb) for name, mb in taken.items() if mb > MOST_MB} == {}


def test_fine_places_are_the_coarse_ones(coarse: RiskSurface, fine: RiskSurface) -> None:
    ours, theirs = fine.places(20), coarse.places(30)
    pairs = [(place, min(theirs, key=lambda other: math.dist(place_of(place), place_of(other)))) for place in ours]
    same = [(a, b) for a, b in pairs if math.dist(place_of(a), place_of(b)) <= 1_000]

    assert len(same) >= 18
    for a, b in same[:15]:
        # the middle of a large cell is the corner of four small ones; a peak between such middles only stands higher
        row, col = fine.grid.cell_at([b.easting], [b.northing])
        around = fine.score[row[0] : row[0] + 2, col[0] - 1 : col[0] + 1]
        assert around.mean() == pytest.approx(b.score, abs=0.2)
        assert a.score > b.score - 0.2
    assert np.median([a.score - b.score for a, b in same[:15]]) < 1
    areas = [(a.n_cells * 0.01, float(b.n_cells)) for a, b in same]
    assert np.median([abs(a - b) / b for a, b in areas]) < 0.1


def place_of(place: Place) -> tuple[float, float]:
    return place.easting, place.northing


def test_the_figures_of_both_mean_the_same(coarse: RiskSurface, fine: RiskSurface) -> None:
    found, expected = fine.manifest["comparison"], coarse.manifest["comparison"]
    assert found["rank_correlation"] == pytest.approx(expected["rank_correlation"], abs=0.02)
    assert found["top20_overlap"] == pytest.approx(expected["top20_overlap"], abs=0.15)
