"""Section of the evidence: what the score finds of planted exploitation, beside plain employee density."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from evidence_section import Section, draw_table
from numpy.typing import NDArray

import geo
from geo.demo import make_demo
from geo.layers.base import active_on
from geo.layers.workplaces import employees_to_arrays
from geo.risk.components.base import PointSource
from geo.risk.surface import RiskSurface

__all__ = ["build_section"]

# none of those that the demo or the model was looked at with (docs/adr/0004-demo-region.md)
SEEDS = range(101, 113)
AT = "2026-07-15"
CELL_M = 1000.0
VISITS = (20, 100, 500)
N_BOOTSTRAP = 2_000
NAMES = {
    "norrsyn": "Norrsyn's score",
    "no_findings": "the score without findings",
    "employees": "employees per km²",
    "chance": "any place with something to visit",
}


def build_section(data: Path) -> Section:  # noqa: ARG001  everything it needs is made here
    """Score demo regions, go to the highest cells, and count the sites of planted exploitation there."""
    found, likeness = [], []
    for seed in SEEDS:
        demo = make_demo(seed)
        truth = demo.truth[(demo.truth["active_from"] <= AT) & (demo.truth["active_to"] >= AT)]
        surface = geo.score(demo.layers, geo.region_grid(CELL_M), AT)
        likeness.append(surface.manifest["comparison"])
        n_sites = _count_sites(surface)
        for name, values in _rankings(surface, demo.layers).items():
            found += [{"seed": seed, "ranking": name, **row} for row in _go(surface, values, truth, n_sites)]
    table = pd.DataFrame(found)
    return Section(
        "Planted exploitation: finds per visit, and more than a map of where people work", _tell(table, likeness)
    )


def _rankings(surface: RiskSurface, layers: Mapping[str, gpd.GeoDataFrame]) -> dict[str, NDArray[np.float64]]:
    """What each ranking sorts the cells by; minus infinity where there is nothing to visit."""
    employees = PointSource("workplaces", employees_to_arrays(layers["workplaces"], surface.at)).raster(surface.grid)
    without = geo.score(layers, surface.grid, AT, weights={"findings": 0.0})
    values = {"norrsyn": surface.score, "no_findings": without.score, "employees": employees}
    return {name: np.where(surface.ranked, each.astype(np.float64), -np.inf) for name, each in values.items()} | {
        "chance": np.where(surface.ranked, 0.0, -np.inf)
    }


def _go(
    surface: RiskSurface, values: NDArray[np.float64], truth: gpd.GeoDataFrame, n_sites: NDArray[np.int64]
) -> list[dict[str, float]]:
    """What visits to the first so many cells find: at one site of each cell, drawn at random, or at all of them."""
    planted = {kind: _count(surface, truth[truth["environment"] == kind]) for kind in ("known", "new")}
    chance = {kind: each / np.maximum(n_sites, 1) for kind, each in planted.items()}
    order = np.argsort(-values, axis=None, kind="stable")
    is_chance = np.ptp(values[surface.ranked]) == 0
    answers = []
    for n in VISITS:
        # without an order each ranked cell is as likely as any other
        chosen, share = (np.flatnonzero(surface.ranked), n / surface.n_ranked) if is_chance else (order[:n], 1.0)
        finds = {kind: share * float(each.ravel()[chosen].sum()) for kind, each in chance.items()}
        cells = share * float(np.count_nonzero(sum(planted.values()).ravel()[chosen]))  # type: ignore[union-attr]
        answers.append({"visits": n, **finds, "finds": finds["known"] + finds["new"], "cells": cells})
    return answers


def _count(surface: RiskSurface, places: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Places in each cell."""
    total = np.zeros(surface.grid.shape, dtype=np.int64)
    row, col = surface.grid.cell_at(places.geometry.x.to_numpy(), places.geometry.y.to_numpy())
    np.add.at(total, (row[row >= 0], col[row >= 0]), 1)
    return total


def _count_sites(surface: RiskSurface) -> NDArray[np.int64]:
    """Workplaces and accommodation in each cell that a visit on that day could go to."""
    frames = [surface.layers[name] for name in ("workplaces", "accommodation")]
    return sum((_count(surface, frame[active_on(frame, surface.at)]) for frame in frames), np.int64(0))


def _tell(table: pd.DataFrame, likeness: list[dict[str, float | None]]) -> str:
    correlation = np.array([each["rank_correlation"] for each in likeness], dtype=float)
    overlap = 20 * np.array([each["top20_overlap"] for each in likeness], dtype=float)
    rows = []
    for n in VISITS:
        for name, title in NAMES.items():
            some = table[(table["visits"] == n) & (table["ranking"] == name)].set_index("seed")
            low, high = _interval(some["finds"].to_numpy() / n)
            rows.append(
                [title, str(n), f"{100 * some['finds'].mean() / n:.2f}", f"{100 * low:.2f}–{100 * high:.2f}",
                 f"{100 * some['known'].mean() / n:.2f}", f"{100 * some['new'].mean() / n:.2f}",
                 f"{some['cells'].mean():.1f}"]
            )  # fmt: skip
    headings = ["cells by", "visits", "finds per 100 visits", "90 % interval", "known", "new", "cells with a site"]
    words = (
        f"{len(SEEDS)} synthetic regions (seeds {SEEDS.start}–{SEEDS.stop - 1}, none of which the model or the demo "
        f"was tuned on), scored for {AT} at 1 km. Each of the highest cells gets one visit, to one of its workplaces "
        "and housing sites, drawn at random, as if nothing but the map were known; it finds what is planted there and "
        "active on that day. The last column counts the cells that hold such a site at all: where hundreds of firms "
        "stand, one more likely does, and one visit hardly finds it. Intervals are bootstraps over the regions. The "
        "planted truth knows no weight of the model, and a good part of it lies in surroundings that nobody watches "
        "(“new”), where no weight helps (decision 4): the figures compare rankings, and say nothing about how much "
        "exploitation there is."
    )
    alike = (
        f"Rank correlation with employees per km² over the ranked cells: {correlation.mean():.2f} "
        f"({correlation.min():.2f}–{correlation.max():.2f}); of the 20 highest cells {overlap.mean():.1f} "
        f"({overlap.min():.0f}–{overlap.max():.0f}) are the same."
    )
    return "\n\n".join([words, draw_table(headings, rows), alike, *(_compare(table, n) for n in VISITS)])


def _compare(table: pd.DataFrame, n: int) -> str:
    """The difference to employee density, pairwise over the regions."""
    wide = table[table["visits"] == n].pivot_table(index="seed", columns="ranking", values="finds")
    difference = (wide["norrsyn"] - wide["employees"]).to_numpy() / n * 100
    low, high = _interval(difference)
    verdict = "more than noise" if low > 0 else "no more than noise" if high > 0 else "fewer, and more than noise"
    return (
        f"At {n} visits the score finds {difference.mean():+.2f} per 100 visits against employee density "
        f"(90 % interval {low:+.2f} to {high:+.2f}): {verdict}."
    )


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = rng.choice(values, (N_BOOTSTRAP, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.05, 0.95])
    return float(low), float(high)
