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
        for name, values in _rankings(surface, demo.layers).items():
            found += [{"seed": seed, "ranking": name, **row} for row in _go(surface, values, truth)]
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


def _go(surface: RiskSurface, values: NDArray[np.float64], truth: gpd.GeoDataFrame) -> list[dict[str, float]]:
    """Cells with an active site among the first so many, by whether the surroundings are known ones."""
    grid = surface.grid
    rows, cols = grid.cell_at(truth.geometry.x.to_numpy(), truth.geometry.y.to_numpy())
    cells = {
        kind: set((rows * grid.n_cols + cols)[(truth["environment"] == kind).to_numpy()].tolist())
        for kind in ("known", "new")
    }
    order = np.argsort(-values, axis=None, kind="stable")
    answers = []
    for n in VISITS:
        if np.ptp(values[surface.ranked]) == 0:
            # each cell is as likely as any other
            ranked = set(np.flatnonzero(surface.ranked.ravel()).tolist())
            hits = {kind: n * len(each & ranked) / len(ranked) for kind, each in cells.items()}
        else:
            first = set(order[:n].tolist())
            hits = {kind: float(len(each & first)) for kind, each in cells.items()}
        answers.append(
            {"visits": n, **hits, "finds": hits["known"] + hits["new"], "of": len(cells["known"] | cells["new"])}
        )
    return answers


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
                 f"{some['known'].mean():.2f}", f"{some['new'].mean():.2f}"]
            )  # fmt: skip
    headings = ["cells by", "visits", "finds per 100 visits", "90 % interval", "finds, known surroundings", "new ones"]
    return "\n\n".join(
        [
            f"{len(SEEDS)} synthetic regions (seeds {SEEDS.start}–{SEEDS.stop - 1}, none of which the model or the "
            f"demo was tuned on), scored for {AT} at 1 km. A visit goes to a cell and finds what is planted there and "
            "active on that day. The intervals are bootstraps over the regions. The planted truth knows "
            "no weight of the model, and a good part of it lies in surroundings that nobody watches, where no weight "
            "helps (decision 4): the figures compare rankings, and say nothing about how much exploitation there is.",
            draw_table(headings, rows),
            f"Rank correlation with employees per km² over the ranked cells: {correlation.mean():.2f} "
            f"({correlation.min():.2f}–{correlation.max():.2f}); of the 20 highest cells {overlap.mean():.1f} "
            f"({overlap.min():.0f}–{overlap.max():.0f}) are the same. " + _compare(table),
        ]
    )


def _compare(table: pd.DataFrame) -> str:
    """The difference to employee density, pairwise over the regions, for the visits in the middle."""
    n = VISITS[1]
    wide = table[table["visits"] == n].pivot_table(index="seed", columns="ranking", values="finds")
    difference = (wide["norrsyn"] - wide["employees"]).to_numpy() / n * 100
    low, high = _interval(difference)
    verdict = "more than noise" if low > 0 else "no more than noise" if high > 0 else "less"
    return (
        f"At {n} visits the score finds {difference.mean():.2f} more per 100 visits than employee density "
        f"(90 % interval {low:.2f}–{high:.2f}): {verdict}."
    )


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = rng.choice(values, (N_BOOTSTRAP, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.05, 0.95])
    return float(low), float(high)
