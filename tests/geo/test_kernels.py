"""Kernel density against a sum over every point at every centre, and what must hold whatever the points are.

Grids here are small, and points are scattered; `test_kernel_sweep` is about the other way. A centre within a rounding
error of a disc's rim may come out as 0 or as next to nothing; everywhere else zeros are exact.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import kernels
from geo.density import kernel_density, kernel_values
from geo.errors import CRSError, InputError, MemoryLimitError, ParameterError, ShapeError
from geo.grid import Grid
from geo.kernels import compile_kernels, empty_lines
from geo.points import KERNELS, sort_points
from tests.oracles import Weighted, brute_density, density_at, nearest_rim

ROOT = Path(__file__).resolve().parents[2]
RIM = 1e-7
N_ROWS, N_COLS = 7, 9

# a place in cells from the lower left corner: anywhere near, on a border, on a centre, in a cluster
place_in_cells = st.one_of(
    st.floats(-7, 16),
    st.integers(-1, 10).map(float),
    st.integers(-1, 9).map(lambda i: i + 0.5),
    st.floats(3.0, 3.01),
)
weights = st.one_of(
    st.just(0.0), st.builds(lambda sign, power: sign * 10.0**power, st.sampled_from([1, -1]), st.floats(-6, 6))
)
grids = st.builds(
    lambda origin, cell_m, crs: Grid(*origin, cell_m, N_ROWS, N_COLS, crs),
    st.sampled_from([(0.0, 0.0), (759_000.0, 7_072_000.0), (-123.456, 98_765.4321), (500_000.25, -4_000_000.5)]),
    st.sampled_from([1_000.0, 250.0, 33.3]),
    st.sampled_from(["EPSG:3006", "EPSG:32610"]),
)


@st.composite
def scenes(
    draw: st.DrawFn, weight: st.SearchStrategy[float] = weights, grid: st.SearchStrategy[Grid] = grids
) -> tuple[Grid, float, list[Weighted]]:
    """A grid, a bandwidth, and points, some of them twice."""
    on = draw(grid)
    bandwidth = draw(st.floats(0.3, 6.0)) * on.cell_m
    cells = draw(st.lists(st.tuples(place_in_cells, place_in_cells, weight), max_size=12))
    cells += draw(st.lists(st.sampled_from(cells), max_size=3)) if cells else []
    return on, bandwidth, [(on.x_min + x * on.cell_m, on.y_min + y * on.cell_m, w, bandwidth) for x, y, w in cells]


def columns(points: Sequence[Weighted]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y, w, _ = np.array(points, dtype=float).reshape(-1, 4).T
    return x, y, w


def density(
    points: Sequence[Weighted], grid: Grid, bandwidth: float, kernel: str = "quartic", **options: int
) -> np.ndarray:
    try:
        return kernel_density(*columns(points), grid, bandwidth, kernel, **options)
    except CRSError:
        # all drawn points may lie out of reach and look like another CRS; then there is nothing to add up
        return np.zeros(grid.shape)


def brute(points: Sequence[Weighted], grid: Grid, kernel: str = "quartic") -> np.ndarray:
    return brute_density(points, grid.easting.tolist(), grid.northing.tolist(), kernel)


def peak(points: Sequence[Weighted]) -> float:
    """What the heaviest point gives at its own place, times the number of points: the scale of rounding errors."""
    return sum(density_at([(0, 0, abs(w), b)], 0, 0) for _, _, w, b in points)


def make_points(grid: Grid, n: int, seed: int = 1) -> list[Weighted]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(grid.x_min - grid.cell_m, grid.x_max + grid.cell_m, n)
    y = rng.uniform(grid.y_min - grid.cell_m, grid.y_max + grid.cell_m, n)
    return list(zip(x.tolist(), y.tolist(), rng.lognormal(1, 1, n).tolist(), [0.0] * n, strict=True))


# ---- against the oracle ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", sorted(KERNELS))
@given(scene=scenes())
def test_agrees_with_every_point_at_every_centre(kernel: str, scene: tuple[Grid, float, list[Weighted]]) -> None:
    grid, bandwidth, points = scene
    expected = brute(points, grid, kernel)
    size = brute([(x, y, abs(w), b) for x, y, w, b in points], grid, kernel).max(initial=0)

    found = density(points, grid, bandwidth, kernel)

    assert found.shape == grid.shape
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * size + 1e-11 * peak(points))


@given(scenes())
def test_zeros_are_exact_off_the_rim(scene: tuple[Grid, float, list[Weighted]]) -> None:
    grid, bandwidth, points = scene
    off_rim = np.array([[nearest_rim(points, x, y) > RIM for x in grid.easting] for y in grid.northing])
    absolute = [(x, y, abs(w), b) for x, y, w, b in points]

    found = density(absolute, grid, bandwidth)

    np.testing.assert_array_equal((found == 0)[off_rim], (brute(absolute, grid) == 0)[off_rim])


@pytest.mark.parametrize("kernel", sorted(KERNELS))
@pytest.mark.parametrize("bandwidth", [400.0, 2_500.0, 15_000.0])
def test_is_exact_to_the_last_digits_where_the_region_lies(kernel: str, bandwidth: float) -> None:
    grid = Grid(740_000, 7_066_000, 1_000, n_rows=40, n_cols=30)
    points = [(x, y, w, bandwidth) for x, y, w, _ in make_points(grid, 25)]
    expected = brute(points, grid, kernel)

    found = density(points, grid, bandwidth, kernel)

    assert np.abs(found - expected).max() <= 1e-11 * expected.max()


@pytest.mark.parametrize(("kernel", "height"), [("quartic", 3 / np.pi), ("epanechnikov", 2 / np.pi)])
def test_one_point_by_hand(kernel: str, height: float) -> None:
    grid = Grid(0, 0, 1_000, n_rows=3, n_cols=3)

    found = kernel_density([1_500], [1_500], [8], grid, 2_000, kernel)

    # distances 0, 1 and √2 km in bandwidths of 2 km: u² = 0, 1/4, 1/2
    power = {"quartic": 2, "epanechnikov": 1}[kernel]
    at = {0: 1.0, 1: (3 / 4) ** power, 2: (1 / 2) ** power}
    expected = [[8 * height / 4 * at[abs(i - 1) + abs(j - 1)] for j in range(3)] for i in range(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


# ---- what holds for any points ---------------------------------------------------------------------------------


@given(scenes(), st.randoms(use_true_random=False))
def test_order_changes_no_bit(scene: tuple[Grid, float, list[Weighted]], random) -> None:  # type: ignore[no-untyped-def]
    grid, bandwidth, points = scene
    shuffled = random.sample(points, len(points))

    assert density(points, grid, bandwidth).tobytes() == density(shuffled, grid, bandwidth).tobytes()


@given(scenes(), st.integers(-1_000, 1_000), st.integers(-1_000, 1_000))
def test_moving_everything_changes_nothing(scene: tuple[Grid, float, list[Weighted]], east: int, north: int) -> None:
    grid, bandwidth, points = scene
    moved = Grid(grid.x_min + east, grid.y_min + north, grid.cell_m, N_ROWS, N_COLS, grid.crs)

    found = density([(x + east, y + north, w, b) for x, y, w, b in points], moved, bandwidth)

    np.testing.assert_allclose(found, density(points, grid, bandwidth), rtol=0, atol=1e-8 * peak(points))


@given(scenes())
def test_a_mirror_shows_the_mirrored_density(scene: tuple[Grid, float, list[Weighted]]) -> None:
    grid, bandwidth, points = scene
    mirrored = [(grid.x_min + grid.x_max - x, grid.y_min + grid.y_max - y, w, b) for x, y, w, b in points]

    found = density(mirrored, grid, bandwidth)

    np.testing.assert_allclose(found[::-1, ::-1], density(points, grid, bandwidth), rtol=0, atol=1e-8 * peak(points))


@given(scenes(), st.integers(0, 20))
def test_parts_add_up(scene: tuple[Grid, float, list[Weighted]], cut: int) -> None:
    grid, bandwidth, points = scene

    parts = density(points[:cut], grid, bandwidth) + density(points[cut:], grid, bandwidth)

    np.testing.assert_allclose(density(points, grid, bandwidth), parts, rtol=0, atol=1e-13 * peak(points))


@given(scenes())
def test_twice_the_weight_is_twice_the_density_to_the_bit(scene: tuple[Grid, float, list[Weighted]]) -> None:
    grid, bandwidth, points = scene

    doubled = density([(x, y, 2 * w, b) for x, y, w, b in points], grid, bandwidth)

    np.testing.assert_array_equal(doubled, 2 * density(points, grid, bandwidth))


@given(scenes(), st.integers(0, 14), st.floats(1e-6, 1e6))
def test_more_weight_never_means_less_density(
    scene: tuple[Grid, float, list[Weighted]], which: int, extra: float
) -> None:
    grid, bandwidth, points = scene
    heavier = [(x, y, w + extra * (i == which), b) for i, (x, y, w, b) in enumerate(points)]

    gain = density(heavier, grid, bandwidth) - density(points, grid, bandwidth)

    assert gain.min(initial=0) >= -1e-13 * (peak(points) + peak(heavier))


@given(scenes())
def test_points_without_weight_count_for_nothing(scene: tuple[Grid, float, list[Weighted]]) -> None:
    grid, bandwidth, points = scene
    ghosts = [(x + 1, y + 1, 0.0, b) for x, y, _, b in points]

    np.testing.assert_array_equal(density(points + ghosts, grid, bandwidth), density(points, grid, bandwidth))


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_the_volume_is_the_weight(kernel: str) -> None:
    grid = Grid(0, 0, 100, n_rows=60, n_cols=50)
    x, y, w = [1_730, 2_510, 2_512], [3_333, 2_000, 2_000.5], [3.0, 40.0, 0.5]

    found = kernel_density(x, y, w, grid, 1_500, kernel)

    # 15 cells to a bandwidth; the midpoint rule errs with the square of the cell at the rim's kink
    assert found.sum() * grid.cell_km2 == pytest.approx(43.5, rel=1e-3)


def test_finer_cells_sample_the_same_density() -> None:
    coarse = Grid(0, 0, 900, n_rows=4, n_cols=5)
    fine = Grid(0, 0, 300, n_rows=12, n_cols=15)
    points = make_points(coarse, 9)

    np.testing.assert_allclose(
        density(points, fine, 2_000)[1::3, 1::3], density(points, coarse, 2_000), rtol=0, atol=1e-12 * 9 * 100
    )


# ---- small and odd ---------------------------------------------------------------------------------------------


def test_no_points_give_zeros() -> None:
    grid = Grid(759_000, 7_072_000, 1_000, 3, 4)

    found = kernel_density([], [], [], grid, 500)

    assert found.shape == (3, 4)
    assert not found.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_grids_of_one_row_or_column(shape: tuple[int, int]) -> None:
    grid = Grid(-0.5, 12.25, 10, *shape)
    points = [(x, y, w, 25.0) for x, y, w, _ in make_points(grid, 8)]

    np.testing.assert_allclose(density(points, grid, 25.0), brute(points, grid), rtol=1e-12, atol=1e-12)


def test_far_points_are_silent_zeros() -> None:
    grid = Grid(759_000, 7_072_000, 1_000, 3, 4)

    assert not kernel_density([300_000.0], [6_500_000.0], [1.0], grid, 5_000).any()


def test_points_off_the_grid_count_as_far_as_they_reach() -> None:
    grid = Grid(0, 0, 1_000, n_rows=1, n_cols=3)

    found = kernel_density([-700], [500], [1], grid, 2_000)

    assert found[0, 0] > 0
    assert found[0, 1] == found[0, 2] == 0


def test_any_sequence_of_numbers_will_do_and_stays_as_it_was() -> None:
    grid = Grid(0, 0, 1_000, n_rows=3, n_cols=3)
    x, y, w = np.array([2_500, 500]), pd.Series([500, 2_500], index=[7, 3]), [1, 2]

    found = kernel_density(x, y, w, grid, 2_000)

    np.testing.assert_array_equal(found, kernel_density([2_500.0, 500.0], [500.0, 2_500.0], [1.0, 2.0], grid, 2_000))
    assert (x.tolist(), y.tolist(), w) == ([2_500, 500], [500, 2_500], [1, 2])


def test_strided_input_is_read_right() -> None:
    grid = Grid(0, 0, 1_000, n_rows=3, n_cols=3)
    table = np.array([[500.0, 1_500.0, 1.0], [2_500.0, 500.0, 4.0]], order="F")

    found = kernel_density(*table.T, grid, 2_000)

    np.testing.assert_array_equal(found, kernel_density(*table.T.copy(), grid, 2_000))


# ---- one place -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", sorted(KERNELS))
@given(scene=scenes())
def test_what_each_point_adds_sums_to_the_density(kernel: str, scene: tuple[Grid, float, list[Weighted]]) -> None:
    grid, bandwidth, points = scene
    raster = density(points, grid, bandwidth, kernel)

    for row, col in ((0, 0), (3, 4), (6, 8)):
        values = kernel_values(*columns(points), bandwidth, grid.centre(row, col), kernel)
        assert values.shape == (len(points),)
        assert values.sum() == pytest.approx(raster[row, col], abs=1e-11 * peak(points))


def test_each_point_may_have_its_own_bandwidth() -> None:
    points = [(0.0, 0.0, 2.0, 1_000.0), (300.0, 0.0, 5.0, 400.0), (900.0, 0.0, 7.0, 500.0)]
    x, y, w = columns(points)

    values = kernel_values(x, y, w, [b for *_, b in points], (100.0, 50.0))

    np.testing.assert_allclose(values, [density_at([point], 100.0, 50.0) for point in points], rtol=1e-12)
    assert values[2] == 0


# ---- threads and processes -------------------------------------------------------------------------------------

TALL = Grid(740_000, 7_000_000, 1_000, n_rows=150, n_cols=12)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system knows no priority of one thread")
def test_threads_that_help_step_back_as_far_as_the_caller() -> None:
    def work_nicely(niceness: int) -> set[int]:
        os.nice(niceness)
        both, seen = Barrier(2, timeout=20), set()

        def note(_: range) -> None:
            both.wait()
            seen.add(os.nice(0))

        kernels._run(note, 2, 2)
        return seen

    mine = os.nice(0)
    for more in (0, 3, 0, 5):
        with ThreadPoolExecutor(1) as caller:
            assert caller.submit(work_nicely, more).result() == {mine + more}
    assert os.nice(0) == mine


def test_threads_change_no_bit() -> None:
    points = columns(make_points(TALL, 60))
    once = kernel_density(*points, TALL, 6_000, n_threads=1)

    for n_threads in (2, 3, 4, None):
        assert kernel_density(*points, TALL, 6_000, n_threads=n_threads).tobytes() == once.tobytes()
    assert once.any()


def test_four_callers_at_once_get_the_same_bits() -> None:
    inputs = [columns(make_points(TALL, 60, seed)) for seed in (1, 2, 3, 4)]
    alone = [kernel_density(*points, TALL, 6_000, n_threads=1).tobytes() for points in inputs]

    with ThreadPoolExecutor(4) as callers:
        calls = [callers.submit(kernel_density, *inputs[i % 4], TALL, 6_000, n_threads=2 + i % 2) for i in range(16)]
        together = [call.result().tobytes() for call in calls]

    assert together == alone * 4


@pytest.mark.parametrize("n_cols", [16, 17])
def test_the_place_of_an_array_in_memory_changes_no_bit(n_cols: int) -> None:
    """One that begins with a cache line is filled in place, others are not."""
    grid = Grid(740_000, 7_000_000, 1_000, n_rows=70, n_cols=n_cols)
    points = columns(make_points(grid, 60))
    expected = kernel_density(*points, grid, 6_000)
    on_line, room = empty_lines(grid.shape), np.full(grid.n_cells + 2, 7.0)
    off_line = room[1:-1].reshape(grid.shape)

    assert on_line.ctypes.data % 64 == 0
    assert kernel_density(*points, grid, 6_000, out=on_line).tobytes() == expected.tobytes()
    assert kernel_density(*points, grid, 6_000, out=off_line).tobytes() == expected.tobytes()
    assert room[0] == room[-1] == 7.0


FORK = """
import multiprocessing, numpy as np
from geo.grid import Grid
from geo.density import kernel_density

grid = Grid(740_000, 7_000_000, 1_000, n_rows=150, n_cols=12)
x, y, w = np.linspace(7.4e5, 7.5e5, 40), np.linspace(7.0e6, 7.14e6, 40), np.arange(40.0)

def work(queue=None):
    bits = kernel_density(x, y, w, grid, 6_000, n_threads=3).tobytes()
    if queue is not None:
        queue.put(bits)
    return bits

here = work()
context = multiprocessing.get_context("fork")
queue = context.Queue()
child = context.Process(target=work, args=(queue,))
child.start()
there = queue.get(timeout=50)
child.join(timeout=10)
assert child.exitcode == 0, child.exitcode
assert here == there == work()
print("same bits")
"""

PLAIN = """
import numpy as np
import numba
assert numba.config.DISABLE_JIT
from geo.grid import Grid
from geo.density import kernel_density
from geo.kernels import compile_kernels
from tests.oracles import brute_density

compile_kernels()
grid = Grid(100.5, -7, 10, n_rows=4, n_cols=5)
points = [(120.0, 10.0, 2.0, 25.0), (97.0, 40.0, -1.0, 25.0), (148.0, -9.0, 3.0, 25.0)]
for kernel in ("quartic", "epanechnikov"):
    found = kernel_density(*np.array(points).T[:3], grid, 25.0, kernel)
    expected = brute_density(points, grid.easting.tolist(), grid.northing.tolist(), kernel)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-9)
print("as plain Python")
"""


def run_script(text: str, **environment: str) -> str:
    # a fork with threads around is the very thing tested; Python warns of it
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", text]
    done = subprocess.run(  # noqa: S603  our own script
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_worker_computes_after_its_parent_did() -> None:
    assert "same bits" in run_script(FORK)


def test_the_kernels_are_right_as_plain_python() -> None:
    assert "as plain Python" in run_script(PLAIN, NUMBA_DISABLE_JIT="1")


def test_warming_up_needs_nothing() -> None:
    compile_kernels()


# ---- bad input -------------------------------------------------------------------------------------------------

GRID = Grid(759_000, 7_072_000, 1_000, 3, 4)
X, Y, W = [760_000.0, 761_000.0], [7_073_000.0, 7_074_000.0], [1.0, 2.0]


@pytest.mark.parametrize(
    "bandwidth", [0, -1, np.nan, np.inf, -np.inf, None, "wide", "", [500, 600], 1e-300, 1e300, 1 + 2j]
)
def test_a_bandwidth_that_is_none_is_refused(bandwidth: float) -> None:
    with pytest.raises(ParameterError, match="bandwidth_m must be a finite number of metres above 0"):
        kernel_density(X, Y, W, GRID, bandwidth)


@pytest.mark.parametrize("bandwidth", [1e-6, 1e12])
def test_the_widest_and_the_narrowest_bandwidth_give_numbers(bandwidth: float) -> None:
    found = kernel_density([759_500.0], [7_072_500.0], [1.0], GRID, bandwidth)

    assert np.isfinite(found).all()
    assert found[2, 0] == pytest.approx(3 / np.pi / bandwidth**2 * 1e6)


def test_an_unknown_kernel_is_refused_with_those_there_are() -> None:
    with pytest.raises(ParameterError, match="quartic, epanechnikov"):
        kernel_density(X, Y, W, GRID, 500, "gaussian")


@pytest.mark.parametrize("n_threads", [0, -1, 1.5, "two"])
def test_a_number_of_threads_that_is_none_is_refused(n_threads: int) -> None:
    with pytest.raises(ParameterError, match="n_threads must be"):
        kernel_density(X, Y, W, GRID, 500, n_threads=n_threads)


@pytest.mark.parametrize(
    ("x", "y", "w"),
    [
        (X, Y, [1.0]),
        (X[:1], Y, W),
        ([X], [Y], [W]),
        (760_000.0, 7_073_000.0, 1.0),
        (X, [], W),
    ],
)
def test_arrays_that_do_not_fit_are_refused(x: list[float], y: list[float], w: list[float]) -> None:
    with pytest.raises(ShapeError, match="one length"):
        kernel_density(x, y, w, GRID, 500)


def test_every_array_that_is_not_finite_is_named() -> None:
    with pytest.raises(ParameterError) as caught:
        kernel_density([np.nan, 1], [1, np.inf], [None, 1], GRID, 500)

    for words in ("easting has 1", "northing has 1", "weight has 1", "first at 0", "first at 1", "Drop or mend"):
        assert words in str(caught.value)


@pytest.mark.parametrize("bad", [["a", "b"], [1 + 2j, 1], [[1], [2, 3]], [object(), 1], [{}, 1]])
def test_what_is_no_number_is_refused(bad: list[object]) -> None:
    for arguments in ((bad, Y, W), (X, bad, W), (X, Y, bad)):
        with pytest.raises(InputError):
            kernel_density(*arguments, GRID, 500)


def test_degrees_are_refused() -> None:
    with pytest.raises(CRSError, match="degrees"):
        kernel_density([20.26, 18.1], [63.83, 59.3], [1, 1], GRID, 500)


@pytest.mark.parametrize("grid", [GRID, Grid(500_000, 4_000_000, 1_000, 3, 4, crs="EPSG:32610")])
def test_swapped_axes_are_refused(grid: Grid) -> None:
    x, y = grid.easting[:2], grid.northing[:2]

    with pytest.raises(CRSError, match="swapped"):
        kernel_density(y, x, W, grid, 500)


def test_far_points_are_no_mistake_where_axes_cannot_be_told_apart() -> None:
    # in EPSG:3035 eastings and northings have the same size: a neighbouring tile is not a swapped one
    tile = Grid(4_500_000, 4_300_000, 1_000, 3, 4, crs="EPSG:3035")

    found = kernel_density([4_301_000.0, 4_900_000.0], [4_501_000.0, 4_900_000.0], [1, 1], tile, 500)

    assert not found.any()


def test_small_coordinates_are_no_degrees_beside_a_grid_at_the_origin() -> None:
    assert not kernel_density([5.0], [7.0], [1.0], Grid(1_000, 1_000, 10, 2, 2, crs="EPSG:32610"), 50).any()


def test_weights_beyond_what_can_be_summed_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"weight has 2 value\(s\) beyond 1e\+100 \(first at 1\)"):
        kernel_density([760_000.0] * 3, [7_073_000.0] * 3, [1e100, 1.1e100, -1e300], GRID, 500)


@pytest.mark.parametrize("bandwidth", [0.0, -5.0, np.nan, np.inf, [500.0, 0.0]])
def test_a_place_is_not_asked_about_with_a_bandwidth_that_is_none(bandwidth: object) -> None:
    with pytest.raises(ParameterError, match="bandwidth_m must be finite numbers of metres above 0"):
        kernel_values(X, Y, W, bandwidth, (760_000.0, 7_073_000.0))  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", ["500", True])
def test_words_and_truth_values_are_no_bandwidth(bad: object) -> None:
    with pytest.raises(ParameterError, match="bandwidth_m must be a finite number"):
        kernel_density(X, Y, W, GRID, bad)  # type: ignore[arg-type]


def test_a_truth_value_is_no_number_of_threads() -> None:
    with pytest.raises(ParameterError, match="n_threads must be a whole number"):
        kernel_density(X, Y, W, GRID, 500, n_threads=True)


def test_a_list_of_points_that_does_not_fit_into_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.points._MANY", 10)
    monkeypatch.setattr("geo.memory.available_bytes", lambda: 100)

    with pytest.raises(MemoryLimitError, match="list of the points"):
        kernel_density(*columns(make_points(TALL, 60)), TALL, 60_000)


# ---- the order of the points -----------------------------------------------------------------------------------

coordinates = st.one_of(
    st.floats(-1e6, 1e6),
    st.integers(0, 3).map(float),
    st.floats(5.0, 5.0 + 1e-9),
    st.floats(-1e300, 1e300),
    st.just(0.0),
)


@given(st.lists(st.tuples(coordinates, coordinates, st.floats(1e-6, 1e6)), max_size=40))
def test_points_are_sorted_by_place_and_added_up_from_the_least_weight(cells: list[tuple[float, float, float]]) -> None:
    weight_at: dict[tuple[float, float], float] = {}
    for x, y, w in sorted(cells):
        weight_at[x, y] = weight_at.get((x, y), 0.0) + w

    found = sort_points(*np.array(cells, dtype=float).reshape(-1, 3).T)

    assert list(zip(*(values.tolist() for values in found[:2]), strict=True)) == sorted(weight_at)
    np.testing.assert_allclose(found[2], [weight_at[place] for place in sorted(weight_at)], rtol=1e-14)
