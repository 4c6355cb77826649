"""How exact: errors against plain sums, zeros, and the same bits whatever runs beside."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from rows import Row, at_most
from session import THREADS, Session
from workload import Case, Floats, make_case

import geo
from geo.kernels import empty_lines

__all__ = ["bits_rows", "error_rows"]

N_CALLERS = 4


def error_rows(session: Session) -> Iterator[Row]:
    """The worst of every raster of ours that this run compared, and of a few cases of its own."""
    for kernel in ("quartic", "epanechnikov"):
        for b in (1, 5, 20, 100, 400):
            case = make_case(20_000, b)
            session.check_ours(case.density(kernel, THREADS, empty_lines(case.grid.shape))(), case, kernel)
    checks = session.checks
    worst = max(checks, key=lambda name: checks[name].error)
    yield Row(
        "error",
        f"{len(checks)} rasters",
        figure=checks[worst].error,
        unit="max",
        bar=at_most(1e-11),
        note=f"against plain sums, over the raster's maximum; worst: {worst}",
    )
    unclean = [name for name, checked in checks.items() if not checked.has_exact_zeros]
    yield Row(
        "cells that should be 0 and are not",
        f"{len(checks)} rasters",
        figure=float(len(unclean)),
        unit="rasters",
        bar=at_most(0),
        note="; ".join(unclean),
    )


def bits_rows(session: Session) -> Iterator[Row]:
    """Rasters that differ in a bit from the one of a single thread."""
    for b in (5, 20, 100):
        case = make_case(10_000 if session.quick else 100_000, b)
        expected = compute(case, 1).tobytes()
        others = [compute(case, n_threads) for n_threads in (1, 2, 3, 7)]
        shuffled = np.random.default_rng(b).permutation(len(case.x))
        mixed = Case(case.x[shuffled], case.y[shuffled], case.weight[shuffled], case.grid, case.b)
        others.append(compute(mixed, THREADS))
        with ThreadPoolExecutor(N_CALLERS) as callers:
            others += callers.map(compute, [case] * N_CALLERS, [THREADS] * N_CALLERS)
        yield Row(
            "rasters that differ in a bit",
            f"{case.name}; {len(others)} rasters",
            figure=float(sum(raster.tobytes() != expected for raster in others)),
            unit="rasters",
            bar=at_most(0),
            note=f"1, 1, 2, 3 and 7 threads, points in another order, {N_CALLERS} callers at once",
        )


def compute(case: Case, n_threads: int) -> Floats:
    """A raster of its own, as callers at once need."""
    return geo.kernel_density(case.x, case.y, case.weight, case.grid, case.bandwidth_m, n_threads=n_threads)
