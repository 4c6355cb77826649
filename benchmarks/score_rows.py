"""The whole score of Region Nord: one pass over all layers, one new finding, and a spatial join for the same sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from limit_rows import LAYER_SHAPE, fill_with
from rows import Row, at_least, at_most
from score_load import DAY, N_RASTERS, demo_layers, list_groups, prepare_pass, prepare_update
from session import THREADS, Session, not_run
from side_by_side import compare, timed
from workload import check

import geo

__all__ = ["fused_rows", "incremental_rows", "join_rows", "question_rows"]

CELLS_M = (1_000, 250, 100)
UPDATE_BARS = {1_000: at_least(5), 250: at_least(30), 100: at_least(70)}


def fused_rows(session: Session) -> Iterator[Row]:
    """A full pass beside writing its own outputs once, and at 100 m beside one layer of 54 million cells."""
    with ThreadPoolExecutor(THREADS) as pool:
        for cell_m in CELLS_M[:1] if session.quick else CELLS_M:
            shape = geo.region_grid(cell_m).shape
            own = [np.empty((N_RASTERS, *shape), dtype=np.float32), np.empty(shape, dtype=np.uint8)]
            ways = {
                "ours": timed(prepare_pass(cell_m)),
                "writing its own rasters once": timed(fill_with(pool, *own)),
            }
            finest = cell_m == min(CELLS_M)
            layer = f"writing {LAYER_SHAPE[0] * LAYER_SHAPE[1] / 1e6:g} M numbers (float64) once"
            if finest:
                ways[layer] = timed(fill_with(pool, np.empty(LAYER_SHAPE)))
            timing = compare(ways)
            for other in list(ways)[1:]:
                yield Row(
                    "fused score, Region Nord",
                    f"{cell_m} m, {shape[0] * shape[1] / 1e6:.3g} M cells",
                    threads=f"{THREADS} each",
                    ours_s=timing.seconds["ours"],
                    other_s=timing.seconds[other],
                    other=other,
                    figure=timing.seconds["ours"] / timing.seconds[other],
                    bar=at_most(18) if other == layer else None,
                    rounds=timing.rounds,
                )


def incremental_rows(session: Session) -> Iterator[Row]:
    """One new finding beside a full pass: the scoring alone, and the public calls with all that is around it."""
    work = "one new finding, Region Nord"
    for cell_m in CELLS_M[:1] if session.quick else CELLS_M:
        prepared = prepare_update(cell_m)
        pairs = {
            "the full pass": (prepared.rescore, prepared.score),
            "the surface made anew": (prepared.update, prepared.make),
        }
        for other, (ours, full) in pairs.items():
            timing = compare({"ours": timed(ours), "full": timed(full)})
            yield Row(
                work,
                f"{cell_m} m, {'what it touches' if ours is prepared.rescore else 'surface.update'}",
                threads=f"{THREADS} each",
                ours_s=timing.seconds["ours"],
                other_s=timing.seconds["full"],
                other=other,
                figure=timing.seconds["full"] / timing.seconds["ours"],
                bar=UPDATE_BARS[cell_m] if ours is prepared.rescore else None,
                rounds=timing.rounds,
            )
        yield Row(
            "rasters that differ in a bit",
            f"one new finding, {cell_m} m; {N_RASTERS + 1} rasters",
            figure=float(prepared.count_differing()),
            unit="rasters",
            bar=at_most(0),
        )


def join_rows(session: Session) -> Iterator[Row]:
    """A full pass at 1 km beside ``geopandas.sjoin`` and groupby, which give the densities of its groups only.

    Whoever asks what lies near each cell joins the cells with the points: the bar is for that. The other way round,
    with an index of half a million cells that is kept between calls and not counted, is faster, and stands beside it.
    """
    cell_m, work = 1_000, "fused score, Region Nord"
    others = {
        "cells": ("geopandas.sjoin(cells, points) + groupby", at_least(300)),
        "points": ("geopandas.sjoin(points, cells) + groupby, its index kept", None),
    }
    grid = geo.region_grid(cell_m)
    groups = list_groups(grid)
    name = f"{cell_m} m, {len(groups)} groups, {sum(len(group.x) for group in groups):,} points"
    missing = session.lacks("geopandas")
    if missing:
        yield from (not_run(work, name, missing, other=other, bar=bar) for other, bar in others.values())
        return
    peers = session.require_peers()
    for left, (other, bar) in others.items():
        peers.prepare(
            "join",
            {
                "x": np.concatenate([group.x for group in groups]),
                "y": np.concatenate([group.y for group in groups]),
                "weight": np.concatenate([group.weight for group in groups]),
                "group": np.repeat(np.arange(len(groups)), [len(group.x) for group in groups]),
                "easting": grid.easting,
                "northing": grid.northing,
            },
            bandwidths_m=[group.bandwidth_m for group in groups],
            left=left,
        )
        timing = compare({"ours": timed(prepare_pass(cell_m)), "other": peers.call})
        rasters = peers.raster()
        yield Row(
            work,
            name,
            threads=f"{THREADS}, other 1",
            ours_s=timing.seconds["ours"],
            other_s=timing.seconds["other"],
            other=other,
            figure=timing.seconds["other"] / timing.seconds["ours"],
            bar=bar,
            our_error=max(
                session.check_ours(group.density("quartic", THREADS, np.empty(grid.shape))(), group) for group in groups
            ),
            other_error=max(check(raster, group).error for raster, group in zip(rasters, groups, strict=True)),
            rounds=timing.rounds,
        )


def question_rows(session: Session) -> Iterator[Row]:
    """What a reader asks of a scored surface; nothing to compare with."""
    del session
    surface = geo.score(demo_layers(), geo.region_grid(1_000), at=DAY)
    best = surface.top(1)["cell_id"][0]
    questions: dict[str, Callable[[], object]] = {
        "top 20 cells": lambda: surface.top(20),
        "top 20 places in words": lambda: surface.places(20),
        "explain one cell": lambda: surface.explain(best),
    }
    timing = compare({name: timed(question) for name, question in questions.items()})
    for name, seconds in timing.seconds.items():
        yield Row(name, "1000 m", threads="1", ours_s=seconds, rounds=timing.rounds)
