"""Fit the four constants by which the kernel chooses between its two ways; ``docs/kernel.md`` says what they are.

The private loops of ``geo.kernels`` run on one thread over one band of rows, with everything scattered, everything
swept, and as the rule has it. Times are the least of many rounds, in turn, because machines are shared.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from geo import kernels
from geo.grid import Grid
from geo.points import Group, index_points, segment_length, sort_points

SEED = 68656048
NAMES = ("SCATTER_POINT", "SCATTER_CELL", "SWEEP_POINT", "SWEEP_CELL")
BANDWIDTHS = (3.0, 6.0, 12.0, 18.0, 25.0, 40.0, 60.0, 100.0, 160.0, 250.0)
# points that reach a segment of a row
REACHING = (3, 10, 30, 100, 300, 1_000)
CLOSE = 2.0
# each timing covers as many cells and lasts at least as long as this
MIN_CELLS, MIN_S = 2_048, 0.002
# some of the bandwidths and numbers, for a quick look
QUICK = slice(None, None, 2)

# Everything scattered over whole rows, as where nothing is swept; scattered segment by segment, as where some are;
# everything swept; and as the rule has it.
WHOLE, PIECES, SWEPT, RULE = WAYS = range(4)

Times = Sequence[float]


@numba.njit(nogil=True)
def _add_all(way, index, n_cols, room, out):  # type: ignore[no-untyped-def]
    """All points of the index's one band, one way throughout; segments as in `geo.kernels._add_group`."""
    bandwidth, segment, scale, n_rows = index.bandwidth[0], index.segment[0], index.scale[0], len(out)
    points = kernels._gather(index, 0, 0, 0, n_cols)
    if way == WHOLE:
        kernels._scatter(points, bandwidth, scale, True, 0, 0, 0, n_cols, room, out)
        return
    swept = np.ones(n_rows, dtype=np.bool_)
    for left in range(0, n_cols, segment):
        right = min(left + segment, n_cols)
        near = kernels._near(points, bandwidth, left, right)
        if way == PIECES:
            kernels._scatter(near, bandwidth, scale, True, 0, 0, left, right, room, out)
            continue
        for top in range(0, n_rows, kernels._SWEEP_ROWS):
            part, rows = out[top : top + kernels._SWEEP_ROWS, left:], swept[top : top + kernels._SWEEP_ROWS]
            kernels._sweep(near, bandwidth, scale, 0.0, True, rows, top, left, right - left, room, part)


@numba.njit(nogil=True)
def _repeat(way, times, index, n_cols):  # type: ignore[no-untyped-def]
    """One of the ways several times, so that calling it costs nothing."""
    room, out = kernels._make_room(index, n_cols), kernels._make_rows(kernels.TILE_ROWS, n_cols)
    for _ in range(times):
        if way == RULE:
            kernels._add_group(index, 0, 0, 0, 0, n_cols, 0, n_cols, room, out)
        else:
            _add_all(way, index, n_cols, room, out)


@dataclass(frozen=True)
class Case:
    """Points spread evenly over a band of rows and as far around it as they reach.

    Attributes
    ----------
    index : PointIndex
    n_pairs : int, points that reach a segment of a row, summed over both
    n_cells : int
    width : float, cells of a row that a point costs when it is scattered, as the rule counts them
    """

    index: kernels.PointIndex
    n_pairs: int
    n_cells: int
    width: float


def make_case(b: float, reaching: int) -> Case:
    """A case from the fixed seed: bandwidth in cells, and the points that reach a segment of a row on average."""
    segment = segment_length(b)
    n_rows, n_cols = kernels.TILE_ROWS, max(4 * segment, MIN_CELLS // kernels.TILE_ROWS)
    rng = np.random.default_rng([SEED, int(10 * b), reaching])
    around = (n_rows + 2 * b) * (n_cols + 2 * b)
    n_points = max(1, round(reaching * around / (2 * b * (segment + 2 * b))))
    x, y = rng.uniform(-b, n_cols + b, n_points), rng.uniform(-b, n_rows + b, n_points)
    grid = Grid(0.0, 0.0, 1.0, n_rows, n_cols)
    group = Group(*sort_points(x, y, rng.uniform(0.1, 1.0, n_points)), b)
    index = index_points([group], grid)
    return Case(index, count_pairs(index, n_rows, n_cols), n_rows * n_cols, min(2 * b, segment))


def count_pairs(index: kernels.PointIndex, n_rows: int, n_cols: int) -> int:
    """Points that reach each segment of each row, summed."""
    b, segment = index.bandwidth[0], int(index.segment[0])
    x, y, _ = index.points.T
    low, high = np.maximum(y - b, 0).astype(int), np.minimum(y + b, n_rows - 1).astype(int)
    n_in_rows = np.append(0, np.cumsum(high - low + 1))
    lefts = np.arange(0, n_cols, segment)
    rights = np.minimum(lefts + segment, n_cols)
    pairs = n_in_rows[np.searchsorted(x, rights + b)] - n_in_rows[np.searchsorted(x, lefts - b)]
    return int(pairs.sum())


def time_case(case: Case, rounds: int) -> Times:
    """Least nanoseconds of each way."""
    n_cols = case.n_cells // kernels.TILE_ROWS
    often = [max(1, round(MIN_S / clock(lambda way=way: _repeat(way, 1, case.index, n_cols)))) for way in WAYS]
    least = [np.inf] * len(WAYS)
    for _ in range(rounds):
        for way in WAYS:
            seconds = clock(lambda way=way: _repeat(way, often[way], case.index, n_cols))
            least[way] = min(least[way], 1e9 * seconds / often[way])
    return least


def clock(function: Callable[[], None]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def fit(cases: list[Case], times: list[Times]) -> NDArray[np.float64]:
    """The four constants, by least squares of the relative errors, so that small cases count as much as large ones.

    Only cases count in which neither way takes more than `CLOSE` times as long as the other: elsewhere nobody errs.
    """
    close = np.array([1 / CLOSE < t[SWEPT] / t[WHOLE] < CLOSE for t in times])
    pairs, cells, width = np.array([(case.n_pairs, case.n_cells, case.width) for case in cases])[close].T
    scattered, swept = np.array([(t[WHOLE], t[SWEPT]) for t in times])[close].T
    of_scatter = np.linalg.lstsq(np.array([pairs, pairs * width] / scattered).T, np.ones(close.sum()))[0]
    of_sweep = np.linalg.lstsq(np.array([pairs, cells] / swept).T, np.ones(close.sum()))[0]
    return np.concatenate([of_scatter, of_sweep])


def choose(case: Case, constants: NDArray[np.float64]) -> int:
    """The way that the rule takes with some constants where points lie evenly."""
    scatter_point, scatter_cell, sweep_point, sweep_cell = constants
    saved = scatter_point + scatter_cell * case.width - sweep_point
    if saved <= 0:
        return WHOLE
    return SWEPT if case.n_pairs * saved > case.n_cells * sweep_cell else WHOLE


def describe_losses(name: str, losses: list[float]) -> str:
    """Ratios to the best way, over all cases."""
    return f"{name:22}  mean {np.mean(losses):.2f}, worst {max(losses):.2f}"


def main() -> None:
    """Measure, fit, and print the constants beside those in use."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer cases; says little")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each case; the least time counts")
    arguments = parser.parse_args()
    some = QUICK if arguments.quick else slice(None)
    cases = [make_case(b, reaching) for b in BANDWIDTHS[some] for reaching in REACHING[some]]
    time_case(cases[0], 1)  # compiles
    times = [time_case(case, arguments.rounds) for case in cases]
    in_use = np.array([getattr(kernels, f"_{name}") for name in NAMES])
    fitted = fit(cases, times)

    best = [min(t[:RULE]) for t in times]
    print("       points of   ns per point and segment of a row")
    print("   b  a segment   whole  pieces   swept    rule   rule / best")
    for case, t, b in zip(cases, times, best, strict=True):
        reaching = case.n_pairs / case.n_cells * case.index.segment[0]
        each = "".join(f"{t[way] / case.n_pairs:8.2f}" for way in WAYS)
        print(f"{case.index.bandwidth[0]:4g} {reaching:10.0f}{each} {t[RULE] / b:13.2f}")
    print(f"\n{'ns':13}  fitted  in use")
    for name, new, old in zip(NAMES, fitted, in_use, strict=True):
        print(f"{name:13} {new:7.3f} {old:7.3f}")
    print("\ntime / that of the best of the three ways")
    print(describe_losses("the rule, measured", [t[RULE] / b for t, b in zip(times, best, strict=True)]))
    for name, constants in (("the choices, as in use", in_use), ("the choices, as fitted", fitted)):
        losses = [t[choose(c, constants)] / b for c, t, b in zip(cases, times, best, strict=True)]
        print(describe_losses(name, losses))


if __name__ == "__main__":
    main()
