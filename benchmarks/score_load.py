"""The score of Region Nord as the benchmarks call it: one full pass, and one new finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from workload import Case

import geo
from geo.demo import make_demo
from geo.risk.components.base import PointSource
from geo.risk.model import Model
from geo.risk.rasters import Patch, Rasters
from geo.risk.scoring import parse_day
from geo.risk.tiles import Inputs, make_outputs, prepare_inputs, score_window
from geo.risk.update import changed_windows, update_inputs

__all__ = ["DAY", "N_RASTERS", "Update", "demo_layers", "list_groups", "prepare_pass", "prepare_update"]

DAY = parse_day("2026-07-15")
# score and contributions, one float32 each; the state (uint8) is apart
N_RASTERS = 7
# Umeå: a finding there reaches land on all sides, and many points of other layers
FINDING_AT = (758_000.0, 7_088_000.0)
FINDING_BANDWIDTH_M = 10_000.0


@lru_cache(maxsize=1)
def demo_layers() -> geo.Layers:
    """The synthetic demo region, made once."""
    return geo.Layers(make_demo().layers)


@lru_cache(maxsize=1)
def demo_inputs() -> Inputs:
    """Its points and areas, as the score takes them."""
    return prepare_inputs(demo_layers(), DAY, None, geo.load_model())


def prepare_pass(cell_m: float) -> Callable[[], object]:
    """One pass over all layers, from arrays of points to score, state and contributions.

    The layers are read, and the region and areas laid over the grid, beforehand; the index of points is built in it.
    The rasters are filled anew each time.
    """
    inputs, region, grid = demo_inputs(), demo_layers().region, geo.region_grid(cell_m)
    out = make_outputs(len(inputs.sources), grid.shape)
    return lambda: score_window(inputs, region, grid, out=out)


class Update(NamedTuple):
    """One new finding on a surface.

    Attributes
    ----------
    rescore, score : the tiles that it touches, and all of them, from arrays of points
    update, make : the public update, and the surface made anew, from the layers' frames
    count_differing : how many rasters of the updated surface differ in a bit from those of the surface made anew
    """

    rescore: Callable[[], object]
    score: Callable[[], object]
    update: Callable[[], geo.RiskSurface]
    make: Callable[[], geo.RiskSurface]
    count_differing: Callable[[], int]


def prepare_update(cell_m: float) -> Update:
    """A new finding with a bandwidth of 10 km, which is wider than the model's own."""
    region, grid = demo_layers().region, geo.region_grid(cell_m)
    own = geo.load_model()
    model = replace(own, parameters={**own.parameters, "findings_bandwidth_m": FINDING_BANDWIDTH_M})
    surface = make_surface(demo_layers(), model, grid)
    added = {"findings": make_finding(demo_layers()["findings"])}
    layers = demo_layers().updated(added)
    inputs = update_inputs(surface, layers, frozenset(added))

    def rescore() -> list[Patch]:
        windows = changed_windows(surface.inputs, inputs, grid)
        return [score_window(inputs, region, grid, window) for window in windows]

    def make() -> geo.RiskSurface:
        return make_surface(layers, model, grid)

    def update() -> geo.RiskSurface:
        return surface.update(added=added)

    def count_differing() -> int:
        updated, expected = update().rasters, make().rasters
        return sum(updated[name].tobytes() != expected[name].tobytes() for name in expected)

    out = make_outputs(len(inputs.sources), grid.shape)
    return Update(rescore, lambda: score_window(inputs, region, grid, out=out), update, make, count_differing)


def make_surface(layers: geo.Layers, model: Model, grid: geo.Grid) -> geo.RiskSurface:
    """A scored surface of a model of one's own; `geo.score` takes weights only."""
    rasters = Rasters(score_window(prepare_inputs(layers, DAY, None, model), layers.region, grid).values)
    return geo.RiskSurface(grid, DAY, None, model, layers, rasters)


def make_finding(findings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A copy of the finding that weighs most, elsewhere."""
    strong = findings[(findings["grade"] == "S") & (findings["verification"] == "decided")]
    finding = (strong if len(strong) else findings).sort_values("observed_on").tail(1)
    return finding.assign(finding_id="benchmark-1", geometry=[shapely.Point(FINDING_AT)])


def list_groups(grid: geo.Grid) -> list[Case]:
    """The score's points, one case for each sector's workplaces and for each bandwidth of the other layers."""
    cases = []
    for name, source in demo_inputs().sources.items():
        if not isinstance(source, PointSource):
            continue
        points = source.points
        kinds = points.group if name == "workplaces" else np.full(len(points), name)
        for kind in np.unique(kinds.astype(str)):
            for bandwidth_m in np.unique(points.bandwidth_m[kinds == kind]):
                group = points.take((kinds == kind) & (points.bandwidth_m == bandwidth_m))
                b = float(bandwidth_m / grid.cell_m)
                cases.append(Case(group.easting, group.northing, group.weight, grid, b))
    return cases
