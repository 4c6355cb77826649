"""How time grows with points, bandwidth and cells: slopes of a least-squares line through the logarithms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from rows import Bar, Row, at_most
from session import THREADS, Session
from side_by_side import compare, timed
from workload import Case, make_case

from geo.kernels import empty_lines

__all__ = ["growth_rows"]


@dataclass(frozen=True)
class Series:
    """Cases that differ in one size only."""

    what: str
    fixed: str
    cases: Mapping[int, Case]
    bar: Bar


def make_series(quick: bool) -> Iterator[Series]:
    """Points from 10,000 to a million, bandwidths from 5 to 200 cells, grids from a quarter to 49 million cells."""
    counts = (10_000, 30_000, 100_000) if quick else (10_000, 30_000, 100_000, 300_000, 1_000_000)
    widths = (5, 10, 20) if quick else (5, 10, 20, 50, 100, 200)
    sides = (500, 1_000, 2_000) if quick else (500, 1_000, 2_000, 4_000, 7_000)
    n, b, side = 100_000, 20, 1_000
    yield Series("points", f"b = {b}, {side}² cells", {i: make_case(i, b, side, side) for i in counts}, at_most(1.05))
    wide = 2 * side
    yield Series(
        "bandwidth", f"n = {n:,}, {wide}² cells", {i: make_case(n, i, wide, wide) for i in widths}, at_most(1.1)
    )
    yield Series("cells", f"n = {n:,}, b = {b}", {i * i: make_case(n, b, i, i) for i in sides}, at_most(1.0))


def growth_rows(session: Session) -> Iterator[Row]:
    """One row for each size that can grow."""
    for series in make_series(session.quick):
        buffers = {case.grid.shape: empty_lines(case.grid.shape) for case in series.cases.values()}
        timing = compare(
            {
                str(size): timed(case.density("quartic", THREADS, buffers[case.grid.shape]))
                for size, case in series.cases.items()
            }
        )
        seconds = list(timing.seconds.values())
        sizes = list(series.cases)
        yield Row(
            f"growth with {series.what}",
            f"{sizes[0]:,} to {sizes[-1]:,}; {series.fixed}",
            threads=str(THREADS),
            figure=float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0]),
            unit="power",
            bar=series.bar,
            rounds=timing.rounds,
            note="milliseconds " + ", ".join(f"{second * 1e3:.3g}" for second in seconds),
        )
