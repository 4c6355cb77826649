"""Back-test on Portland's auto thefts: 29 rolling one-month forecasts, beside the numbers that peers published."""

from __future__ import annotations

import math
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from evidence_section import Section, draw_table, require_file

import geo

__all__ = ["build_section"]

SEED = 68656048
N_DRAWS = 5_000
KM2_PER_SQ_MI = 1.609344**2
CELL_M = 600 * 0.3048
AREAS_SQ_MI = (0.25, 0.75)
WINDOW_SQ_MI = 147.70
CUTOFFS = pd.date_range("2015-01-01", "2017-05-01", freq="MS")
HORIZON_DAYS = 30
METRES = "EPSG:32610"
# EPSG:2913 in metres: cells as the peers laid them
PEERS_METRES = "EPSG:2838"
MODELS = ("count", "kde", "kde_decay", "norrsyn")
# the lines of the grid: parts of a cell that it is moved by, west and south, and its projection
GRIDS = {
    "as above": ((0.0, 0.0), METRES),
    "half a cell to the south": ((0.0, 0.5), METRES),
    "half a cell to the west": ((0.5, 0.0), METRES),
    "half a cell to both": ((0.5, 0.5), METRES),
    "Oregon North (EPSG:2838), from its minimum": ((0.0, 0.0), PEERS_METRES),
}

# PAI and PEI* asked for, the best of 11 published baselines, and a trial
BARS = {0.25: (23.5, 0.265), 0.75: (14.4, 0.210)}
PEERS = {
    "best of 11 baselines, picked on the test months": {0.25: ("23.6", "0.271"), 0.75: ("14.4", "0.212")},
    "a trial with parameters from the past only": {0.25: ("23.9", "0.274"), 0.75: ("14.5", "0.214")},
}


def build_section(data: Path) -> Section:
    """Score the models month by month.

    Parameters
    ----------
    data : folder of the public data

    Raises
    ------
    DataMissingError
    """
    events, boundary = read_data(data)
    start = time.perf_counter()
    result = run(events, boundary, (0.0, 0.0), MODELS)
    seconds = time.perf_counter() - start
    totals = geo.summarise_backtest(result, n_draws=N_DRAWS, seed=SEED)
    parts = [
        describe(events, seconds),
        draw_totals(totals),
        draw_differences(result),
        draw_grids(events, boundary, result),
        TRIED,
    ]
    return Section("Portland: where the next month's auto thefts will be", "\n\n".join(parts))


def read_data(data: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoSeries]:
    """Thefts and study area, in metres."""
    table = pd.read_csv(require_file(data / "backtest" / "portland_auto_theft.csv"))
    boundary = gpd.read_file(require_file(data / "backtest" / "portland_boundary_2913.gpkg"))
    places = gpd.points_from_xy(table["x_ft"], table["y_ft"])
    events = gpd.GeoDataFrame(table[["occurred_on"]], geometry=places, crs="EPSG:2913")
    return events, boundary.geometry


def run(
    events: gpd.GeoDataFrame,
    boundary: gpd.GeoSeries,
    shift: tuple[float, float],
    models: tuple[str, ...],
    crs: str = METRES,
) -> pd.DataFrame:
    """The back-test on cells whose origin is the boundary's minimum, moved by parts of a cell."""
    boundary = boundary.to_crs(crs)
    x_min, y_min, x_max, y_max = boundary.total_bounds
    x_min, y_min = x_min - shift[0] * CELL_M, y_min - shift[1] * CELL_M
    n_rows, n_cols = math.ceil((y_max - y_min) / CELL_M), math.ceil((x_max - x_min) / CELL_M)
    return geo.backtest(
        events,
        geo.Grid(x_min, y_min, CELL_M, n_rows, n_cols, crs),
        time="occurred_on",
        cutoffs=CUTOFFS,
        horizon_days=HORIZON_DAYS,
        area_km2=[area * KM2_PER_SQ_MI for area in AREAS_SQ_MI],
        region=boundary,
        models=list(models),
        window_km2=WINDOW_SQ_MI * KM2_PER_SQ_MI,
    )


def describe(events: gpd.GeoDataFrame, seconds: float) -> str:
    """What was done."""
    return (
        f"{len(events)} thefts from {events['occurred_on'].min()} to {events['occurred_on'].max()}, in EPSG:2913. "
        f"{len(CUTOFFS)} cutoffs on the first of each month, 2015-01 to 2017-05; horizon {HORIZON_DAYS} days; cells of "
        f"{CELL_M:g} m in {METRES} from the boundary's minimum, those at least 99 % inside; A = {WINDOW_SQ_MI:.2f} sq "
        f"mi, and N all thefts in it; cell counts rounded down. Totals over the cutoffs: hits by events over share of "
        f"the area, hits by best possible. In brackets the 90 % interval of {N_DRAWS} bootstrap draws of the cutoffs, "
        f"seed {SEED}. All four models took {seconds:.0f} s."
    )


def draw_totals(totals: pd.DataFrame) -> str:
    """Ours, with intervals, above the bars and what others reached."""
    lines = []
    for asked_sq_mi in AREAS_SQ_MI:
        rows = []
        mine = totals[np.isclose(totals["asked_km2"], asked_sq_mi * KM2_PER_SQ_MI)]
        bar_pai, bar_pei = BARS[asked_sq_mi]
        for row in mine.itertuples():
            met = [
                f"{name} {'met' if value >= bar else 'NOT MET'}"
                for name, value, bar in (("PAI", row.pai, bar_pai), ("PEI*", row.pei_star, bar_pei))
            ]
            rows.append(
                (
                    f"`{row.model}`",
                    f"{row.hits} of {row.n_events}",
                    f"{row.pai:.1f} ({row.pai_low:.1f}–{row.pai_high:.1f})",
                    f"{row.pei_star:.3f} ({row.pei_star_low:.3f}–{row.pei_star_high:.3f})",
                    ", ".join(met) if row.model == "norrsyn" else "",
                )
            )
        rows += [(name, "", *of_area[asked_sq_mi], "") for name, of_area in PEERS.items()]
        rows.append(("the bar for ours", "", f"{bar_pai:.1f}", f"{bar_pei:.3f}", ""))
        lines.append(
            f"### {asked_sq_mi:g} sq mi\n\n{draw_table(('model', 'hits', 'PAI', 'PEI*', 'against the bar'), rows)}"
        )
    return "\n\n".join(lines)


def draw_differences(result: pd.DataFrame) -> str:
    """Hits of ours less those of each baseline at the same cutoffs, with their interval."""
    generator, rows = np.random.default_rng(SEED), []
    drawn = generator.integers(len(CUTOFFS), size=(N_DRAWS, len(CUTOFFS)))
    for asked_km2, of_area in result.groupby("asked_km2"):
        hits = of_area.pivot_table(index="cutoff", columns="model", values="hits")
        for model in MODELS[:-1]:
            difference = (hits["norrsyn"] - hits[model]).to_numpy()
            low, high = np.quantile(difference[drawn].sum(axis=1), [0.05, 0.95])
            verdict = "noise" if low <= 0 <= high else ("more" if low > 0 else "fewer")
            rows.append(
                (
                    f"{asked_km2 / KM2_PER_SQ_MI:g} sq mi, less `{model}`",
                    f"{difference.sum():+.0f}",
                    f"{low:+.0f} to {high:+.0f}",
                    verdict,
                )
            )
    table = draw_table(("hits of `norrsyn`", "difference", "90 % interval", "which is"), rows)
    return f"### Better, or luck?\n\nAt the same cutoffs, drawn together:\n\n{table}"


def draw_grids(events: gpd.GeoDataFrame, boundary: gpd.GeoSeries, result: pd.DataFrame) -> str:
    """What the lines of the grid do."""
    rows = []
    for name, (shift, crs) in GRIDS.items():
        models = ("count", "norrsyn") if shift == (0.0, 0.0) else ("count",)
        is_first = (shift, crs) == ((0.0, 0.0), METRES)
        moved = result if is_first else run(events, boundary, shift, models, crs)
        totals = geo.summarise_backtest(moved, n_draws=1, seed=SEED)
        for model in models:
            cells = []
            for area in AREAS_SQ_MI:
                is_mine = (totals["model"] == model) & np.isclose(totals["asked_km2"], area * KM2_PER_SQ_MI)
                row = totals[is_mine].iloc[0]
                cells.append(f"{row['pai']:.1f} / {row['pei_star']:.3f}")
            rows.append((f"{name}, `{model}`", *cells))
    headings = ("cells, model", *(f"{area:g} sq mi" for area in AREAS_SQ_MI))
    return f"### What the lines of the grid do\n\n{GRID_REMARK}\n\n{draw_table(headings, rows)}"


GRID_REMARK = """The same back-test on other cells of the same size (PAI / PEI*). Thefts pile up at a few addresses, and
whether two of them share a cell is luck: moving the lines changes the figures by more than the choice of a model does.
The published numbers agree with cells laid in Oregon North, the data's own projection (turned by 1.6° against UTM),
with whole calendar months and the area not rounded to cells: there best possible and events give 87.2 and 67.8 as
PAI / PEI*, which is the ratio of every published pair; on the cells above it is 90.5 and 68.8. So the tables above
compare models with each other, and only the last lines below with the published numbers."""

TRIED = """### What was tried

The first design was decided on 16 cutoffs before 2015, on three grids: there four learners found 276 and 484 events
where `count` found 238 and 426. On the test months hardly anything of that lead was left, with twice as long a past to
count in. They were looked at five times. One change came of it: a half-life and a window of 36 horizons, because
`count` liked to look back that far (222 and 390 hits before, 227 and 394 after: noise). Without effect beyond chance,
before 2015: kernels averaged over the parts of a cell, with a bandwidth of half a cell; last year's same month; how
much of a cell's past lies at few addresses; larger and smaller trees; stronger penalties. Without effect on the test
months: 48 past horizons instead of 24. The 250-feet kernels that the published baselines use, quartic or Gaussian, at
centres or averaged over cells, find fewer events on these cells than plain counts do.

A second attempt at 0.75 sq mi was developed on 35 cutoffs of 2013-07 to 2014-12 and four grids, scored by the mean hits
of all areas between 0.5 and 1 sq mi; later events were not loaded. Counts carried on by how their surroundings changed,
more weight for the sum of rates and no regression on logs gave 1.3 % more (standard error 0.3 %) at the same hits
at 0.25 sq mi (-0.6 ± 0.4 %): that is what `norrsyn` now is
([ADR 21](adr/0021-surroundings-that-change.md)). Two candidates were then tried on the test months, once. The
one decided on beforehand gave 227 and 398 hits where 227 and 394 had been; the sum of rates alone 227 and 409, but
before 2015 it found 2.4 ± 1.0 % fewer around 0.25 sq mi. Neither reaches the 418 that the bar asks for.

Without effect beyond chance before 2015 (at most 0.6 % more, where the bar asks for 6 %): rows of four shifted grids
to learn from; 12 or 40 horizons; months with an event instead of events; sums of neighbours; geometric means of cell
and surroundings; narrower kernels; the same months of all earlier years; more or fewer steps towards the greatest
likelihood; learning at the cells on top only; trees that may only rise; cells drawn to their surroundings as by a gamma
prior (the best of 36 fixed choices does as well as all that is learned). Worse: trees on top of the sum, a prior on the
weights, mixing ranks with those of `count`. Many different models within 1 % of each other look like all that these
events can tell; what is left to the bar is about one standard deviation of the test itself.
"""
