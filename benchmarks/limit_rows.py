"""How close to the memory's own speed: a density of 54 million cells beside writing so many numbers once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rows import Row, at_most
from session import THREADS, Session
from side_by_side import compare, timed
from workload import make_case

from geo.kernels import empty_lines

__all__ = ["LAYER_SHAPE", "fill_with", "limit_rows"]

LAYER_SHAPE = (9_000, 6_000)
N_POINTS = 60_000
BARS = {20: at_most(3), 250: at_most(12)}


def fill_with(pool: ThreadPoolExecutor, *arrays: NDArray[Any]) -> Callable[[], None]:
    """Fill arrays with ones, one after the other, each split over the threads that ours has."""
    parts = [np.array_split(array.reshape(-1), THREADS) for array in arrays]

    def fill() -> None:
        for bands in parts:
            list(pool.map(lambda band: band.fill(1), bands))

    return fill


def limit_rows(session: Session) -> Iterator[Row]:
    """One layer of 54 million cells, as time over the time to fill a reused array of the same size."""
    shape = (900, 600) if session.quick else LAYER_SHAPE
    out, written = empty_lines(shape), np.empty(shape)
    with ThreadPoolExecutor(THREADS) as pool:
        for b, bar in BARS.items():
            case = make_case(N_POINTS, b, *shape)
            timing = compare(
                {"ours": timed(case.density("quartic", THREADS, out)), "limit": timed(fill_with(pool, written))}
            )
            yield Row(
                "density, quartic",
                f"{case.name}, {case.grid.n_cells / 1e6:g} M cells",
                threads=f"{THREADS} each",
                ours_s=timing.seconds["ours"],
                other_s=timing.seconds["limit"],
                other="writing the raster once",
                figure=timing.seconds["ours"] / timing.seconds["limit"],
                bar=None if session.quick else bar,
                our_error=session.check_ours(out, case),
                rounds=timing.rounds,
            )
