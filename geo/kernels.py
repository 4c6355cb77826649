"""Kernel density on a grid, fused scoring, and the hills of a raster: all jitted code of Norrsyn, numpy and numba only.

Three tiers: scalar functions, private loops that fill rows of ``out``, and public wrappers that validate once, index
the points, split the rows over threads and convert units.

Inside the loops everything is measured in cells: a point lies at column ``x`` and row ``y`` (whole numbers at cell
centres), and with the bandwidth ``b`` its kernel is ``w·t²`` (quartic) or ``w·t`` (Epanechnikov) with
``t = b² − dy² − dx²``, where that is positive. Two exact ways add it up, both derived in ``docs/kernel.md``:

*Clamp scatter*, for small discs: point by point, row by row, ``max(t, 0)`` over the width of the disc. No square root
and no branch, so the compiler works on several cells at once.

*Segment sweep*, for large ones: within a row, t² is a polynomial of degree 4 in x between the two ends of a chord. Its
coefficients are added where the chord starts and taken off where it ends; one pass along the row then carries their sum
and evaluates it. A row is cut into segments with an origin each, which keeps the numbers small.

Which way a segment of a row takes follows from the points that reach that segment of that row and from nothing else.
Each cell sums its points in one canonical order. So the result has the same bits for any number of threads, any tile,
any window, from run to run and whatever order the points came in. Loops release the GIL; no numba threading layer is
involved, because its workqueue aborts the process when two callers meet.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic
from numpy.typing import ArrayLike, NDArray

from geo.errors import ParameterError, ShapeError
from geo.memory import require_memory

if TYPE_CHECKING:
    from geo.grid import Grid

__all__ = [
    "KERNELS",
    "TILE_COLS",
    "TILE_ROWS",
    "Group",
    "Hills",
    "Outputs",
    "PointIndex",
    "Weighing",
    "compile_kernels",
    "index_points",
    "join_peaks",
    "kernel_density",
    "kernel_values",
    "score_tiles",
]

S = TypeVar("S", bound=np.generic)
# volume of (1 − u²)^p over the unit disc is π/(p + 1); the exponent p of each kernel, and 1/volume
KERNELS = {"quartic": (2, 3.0 / math.pi), "epanechnikov": (1, 2.0 / math.pi)}
_M2_PER_KM2 = 1e6
# Beyond these the square of a bandwidth is no longer a number that means anything.
_BANDWIDTH_M = (1e-6, 1e12)
# Points are listed by bands of rows, and scores are computed in tiles. Neither changes a bit of a result; both are
# small enough for a core's cache.
TILE_ROWS, TILE_COLS = 32, 512
# Cells between a tile's rows in memory: rows 4096 bytes apart would crowd into the same few lines of the cache.
_ROW_PADDING = 8
# Further down than any grid's last row.
_FAR = 1e9
# Rows that are swept together, and points whose chords are found together.
_SWEEP_ROWS, _SWEEP_POINTS = 16, 16
# Nanoseconds, fitted by benchmarks/fit_dispatch.py (docs/adr/0007-two-kernels.md): a point in a row costs
# SCATTER_POINT + SCATTER_CELL · width when scattered and SWEEP_POINT when swept, and then SWEEP_CELL for each cell.
# SWEEP_POINT stands above its fit of 2.95, because it also pays for the counting, and for short segments.
_SCATTER_POINT, _SCATTER_CELL, _SWEEP_POINT, _SWEEP_CELL = 1.95, 0.045, 3.8, 1.75
_TASKS_PER_THREAD = 8
# What a cell within reach of positive weights holds at least when rounding would leave nothing.
_TINY = 1e-300


class Group(NamedTuple):
    """Points that share a bandwidth.

    Attributes
    ----------
    easting, northing : (n,) float64, m, grid CRS
    weight : (n,) float64
    bandwidth_m : float, m
    """

    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    weight: NDArray[np.float64]
    bandwidth_m: float


class PointIndex(NamedTuple):
    """Points of several groups in cells of one grid, in an order that does not depend on how they came.

    Attributes
    ----------
    x, y : (n,) float64, cells: columns and rows, whole numbers at centres; each group sorted by x, then y, no two alike
    weight : (n,) float64
    member : (m,) int32, positions of points, by group and band of rows that they reach
    start : (n_groups, n_bands + 1) int64, where the members of each band begin
    bandwidth : (n_groups,) float64, cells
    segment : (n_groups,) int64, cells
    scale : (n_groups,) float64, what a sum of kernels in cells is multiplied with to be a density per km²
    is_positive : (n_groups,) bool, whether no weight is negative
    is_quartic : bool, else Epanechnikov
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    member: NDArray[np.int32]
    start: NDArray[np.int64]
    bandwidth: NDArray[np.float64]
    segment: NDArray[np.int64]
    scale: NDArray[np.float64]
    is_positive: NDArray[np.bool_]
    is_quartic: bool


class Weighing(NamedTuple):
    """How values of components become points of the score.

    Attributes
    ----------
    first_group : (n_components + 2,) int64
        Groups of each component in the index; the last two bound those of the inspection effort.
    areal : (n_components,) int64, position among `codes` of a component that is looked up by area, -1 for kernels
    code_points : (n_areal, n_codes) float64, points that each code gives
    max_points, level : (n_components,) float64, ``points = max_points · value / (value + level)``
    is_exposure : (n_components,) bool, whether any value above 0 is something to visit; kernels only
    effort_threshold : float
    """

    first_group: NDArray[np.int64]
    areal: NDArray[np.int64]
    code_points: NDArray[np.float64]
    max_points: NDArray[np.float64]
    level: NDArray[np.float64]
    is_exposure: NDArray[np.bool_]
    effort_threshold: float


class Outputs(NamedTuple):
    """Rasters that `score_tiles` fills, all of one window.

    Attributes
    ----------
    score : (n_rows, n_cols) float32, NaN outside
    state : (n_rows, n_cols) uint8, 0 outside, 1 nothing known, 2 never inspected, 3 inspected
    contributions : (n_components, n_rows, n_cols) float32, NaN outside
    """

    score: NDArray[np.float32]
    state: NDArray[np.uint8]
    contributions: NDArray[np.float32]


class Hills(NamedTuple):
    """Hills of a raster, the highest first, as far down as its cells were added.

    Attributes
    ----------
    row, col : (n_hills,) int64, of the highest cell
    height : (n_hills,) float64, its value
    parent : (n_hills,) int32, number of the hill that it is part of: its own where it stands alone
    """

    row: NDArray[np.int64]
    col: NDArray[np.int64]
    height: NDArray[np.float64]
    parent: NDArray[np.int32]

    def resize(self, n: int) -> Hills:
        """A copy of the first n of them; of more than there are, the others are not set."""
        return Hills(_resize(self.row, n), _resize(self.col, n), _resize(self.height, n), _resize(self.parent, n))


@numba.njit(nogil=True, cache=True)
def _kernel(t: float, is_quartic: bool) -> float:
    """The kernel, not scaled, from ``t = b² − d²``: t² or t inside the disc, 0 outside."""
    t = t if t > 0.0 else 0.0
    return t * t if is_quartic else t


@numba.njit(nogil=True, cache=True)
def _list_members(y, bandwidth, first_band, start):  # type: ignore[no-untyped-def]
    """Points that may reach each band of rows, in their order; `start` is filled with where each band begins.

    Bands are told from the grid's rows alone, so that a band's list is the same in every window.
    """
    n_bands = len(start) - 1
    bands = np.empty((len(y), 2), dtype=np.int32)
    for k in range(len(y)):
        top, bottom = int(max(y[k] - bandwidth, 0.0)) // TILE_ROWS, int(min(y[k] + bandwidth, _FAR)) // TILE_ROWS
        bands[k, 0], bands[k, 1] = max(top - first_band, 0), min(bottom - first_band + 1, n_bands)
        for band in range(bands[k, 0], bands[k, 1]):
            start[band + 1] += 1
    for band in range(n_bands):
        start[band + 1] += start[band]
    member = np.empty(start[n_bands], dtype=np.int32)
    free = start[:-1].copy()
    for k in range(len(y)):
        for band in range(bands[k, 0], bands[k, 1]):
            member[free[band]] = k
            free[band] += 1
    return member


@numba.njit(nogil=True, cache=True)
def _scatter(x, y, weight, member, bandwidth, scale, is_quartic, swept, first_row, first_col, low, high, squares, out):  # type: ignore[no-untyped-def]
    """Add points to columns `low` to `high` of the rows of ``out`` that are not `swept`.

    ``out[0, 0]`` is the cell at `first_row`, `first_col`; `squares` is room for one disc's width.
    """
    last_row = first_row + len(out) - 1.0
    for k in member:
        left, right = int(max(x[k] - bandwidth, low)), int(min(x[k] + bandwidth, high - 1.0)) + 1
        if right <= left:
            continue
        w = scale * weight[k]
        dx2 = squares[: right - left]
        for j in range(right - left):
            dx = (left + j) - x[k]
            dx2[j] = dx * dx
        for i in range(int(max(y[k] - bandwidth, first_row)), int(min(y[k] + bandwidth, last_row)) + 1):
            if swept[i - first_row]:
                continue
            dy = i - y[k]
            a = bandwidth * bandwidth - dy * dy
            row = out[i - first_row][left - first_col : right - first_col]
            for j in range(right - left):
                row[j] += w * _kernel(a - dx2[j], is_quartic)


@intrinsic
def _add_chord_at_once(typing_context, events, row, start, stop, c0, c1, c2, c3, c4):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """`_add_chord` as one vector addition and one subtraction; numba's own compiler makes twelve of them."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        row_bytes, index = builder.extract_value(array.strides, 0), ir.IntType(64)
        data = builder.bitcast(array.data, ir.IntType(8).as_pointer())
        at_row = builder.gep(data, [builder.mul(arguments[1], row_bytes)])
        eight = ir.VectorType(ir.DoubleType(), 8)
        event = ir.Constant(eight, [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0])
        for lane, coefficient in enumerate(arguments[4:]):
            event = builder.insert_element(event, coefficient, ir.Constant(ir.IntType(32), lane))
        for cell, change in ((arguments[2], builder.fadd), (arguments[3], builder.fsub)):
            place = builder.gep(at_row, [builder.shl(builder.zext(cell, index), ir.Constant(index, 6))])
            place = builder.bitcast(place, eight.as_pointer())
            builder.store(change(builder.load(place, align=8), event), place, align=8)
        return context.get_dummy_value()

    return numba.void(events, numba.int64, numba.uint32, numba.uint32, *[numba.float64] * 5), generate


def _add_chord(events, row, start, stop, c0, c1, c2, c3, c4):  # type: ignore[no-untyped-def]
    """Add a chord's polynomial, and 1 to the count, at its first cell; take them off at the cell after its last."""
    event = np.array([c0, c1, c2, c3, c4, 1.0, 0.0, 0.0])
    events[row, start] += event
    events[row, stop] -= event


if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    _add_chord = _add_chord_at_once  # type: ignore[assignment]


@numba.njit(nogil=True, cache=True)
def _find_chords(x, y, member, bandwidth, first_row, left, length, height, start, stop):  # type: ignore[no-untyped-def]
    """Where the discs of a few points cut `_SWEEP_ROWS` rows of a segment: b² − dy², first cell, one past the last.

    The root only gives the cell nearest to each end of a chord; whether that cell is in is decided by t itself. A
    chord without a cell has ``start >= stop``.
    """
    last = length + 0.5
    for i in range(len(member)):
        px, py = x[member[i]], y[member[i]]
        for r in range(_SWEEP_ROWS):
            dy = (first_row + r) - py
            a = max(bandwidth * bandwidth - dy * dy, 0.0)
            reach = math.sqrt(a)
            low = int(min(max(px - reach - left + 0.5, 0.0), last))
            high = int(min(max(px + reach - left + 0.5, 0.0), last))
            to_low, to_high = (left + low) - px, (left + high) - px
            height[i, r] = a
            start[i, r] = low + (1 if a - to_low * to_low <= 0.0 else 0)
            stop[i, r] = min(high + (1 if a - to_high * to_high > 0.0 else 0), length)


@numba.njit(nogil=True, cache=True)
def _add_chords(x, weight, member, middle, is_quartic, swept, height, start, stop, events):  # type: ignore[no-untyped-def]
    """Add the points' polynomials in u, the distance from the segment's `middle`, to the rows that are `swept`."""
    for i in range(len(member)):
        p, w = x[member[i]] - middle, weight[member[i]]
        wp = w * p
        for r in range(len(swept)):
            begin, end = start[i, r], stop[i, r]
            if begin < end and swept[r]:
                c = height[i, r] - p * p
                if is_quartic:  # w (c + 2pu − u²)²
                    c2 = 4.0 * wp * p - 2.0 * w * c
                    _add_chord(events, r, begin, end, w * (c * c), 4.0 * wp * c, c2, -4.0 * wp, w)  # type: ignore[no-untyped-call]
                else:  # w (c + 2pu − u²)
                    _add_chord(events, r, begin, end, w * c, 2.0 * wp, -w, 0.0, 0.0)  # type: ignore[no-untyped-call]


@numba.njit(nogil=True, cache=True)
def _sum_row(events, row, length, scale, floor, out):  # type: ignore[no-untyped-def]
    """Carry the sum of a row's events along the segment and add its value to ``out``; the events are 0 afterwards.

    Where no chord holds a cell, the sum is 0 but for rounding, and nothing is added.
    """
    middle = length // 2
    s0 = s1 = s2 = s3 = s4 = count = 0.0
    for j in range(length + 1):
        event = events[row, j]
        s0 += event[0]
        s1 += event[1]
        s2 += event[2]
        s3 += event[3]
        s4 += event[4]
        count += event[5]
        if count > 0.0:
            u = float(j - middle)
            out[j] += max(scale * (s0 + u * (s1 + u * (s2 + u * (s3 + u * s4)))), floor)
        for lane in range(8):
            event[lane] = 0.0


@numba.njit(nogil=True, cache=True)
def _sweep(x, y, weight, member, bandwidth, scale, floor, is_quartic, swept, first_row, left, events, out):  # type: ignore[no-untyped-def]
    """Add points to the `swept` ones of at most `_SWEEP_ROWS` rows of a segment.

    ``out[0, 0]`` is the cell at `first_row`, `left`. An event is eight numbers: five coefficients, a count of the
    chords that hold the cell, and two to fill a cache line. Chords come first and events after, a few points at a
    time, because the processor does either well on its own; neighbouring events fall into different rows.
    """
    length = out.shape[1]
    height = np.empty((_SWEEP_POINTS, _SWEEP_ROWS))
    start = np.empty((_SWEEP_POINTS, _SWEEP_ROWS), dtype=np.uint32)
    stop = np.empty((_SWEEP_POINTS, _SWEEP_ROWS), dtype=np.uint32)
    for first in range(0, len(member), _SWEEP_POINTS):
        some = member[first : first + _SWEEP_POINTS]
        _find_chords(x, y, some, bandwidth, first_row, left, length, height, start, stop)
        _add_chords(x, weight, some, left + length // 2, is_quartic, swept, height, start, stop, events)
    for r in range(len(swept)):
        if swept[r]:
            _sum_row(events, r, length, scale, floor, out[r])


@numba.njit(nogil=True, cache=True)
def _first_from(x, member, value):  # type: ignore[no-untyped-def]
    """Position of the first member with ``x >= value``."""
    low, high = 0, len(member)
    while low < high:
        middle = (low + high) // 2
        if x[member[middle]] < value:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(nogil=True, cache=True)
def _make_room(n_cols):  # type: ignore[no-untyped-def]
    """Room to work in: one disc's width, and zeroed events for `_SWEEP_ROWS` rows of a segment, by cache lines."""
    n_events = _SWEEP_ROWS * (n_cols + 1) * 8
    raw = np.zeros(n_events + 8)
    first = -(raw.ctypes.data // 8) % 8
    return np.empty(n_cols), raw[first : first + n_events].reshape(_SWEEP_ROWS, n_cols + 1, 8)


@numba.njit(nogil=True, cache=True)
def _add_group(index, group, band, first_row, first_col, last_col, low, high, squares, events, out):  # type: ignore[no-untyped-def]
    """Add one group to columns `low` to `high` of ``out``, whose rows are those of one band or the first of them.

    ``out[0, 0]`` is the cell at `first_row`, `first_col`; segments begin there and end at `last_col`. Where rows are
    swept, all columns of a segment are filled.
    """
    x, y, weight, is_quartic = index.x, index.y, index.weight, index.is_quartic
    bandwidth, segment, scale = index.bandwidth[group], index.segment[group], index.scale[group]
    member = index.member[index.start[group, band] : index.start[group, band + 1]]
    n_rows = len(out)
    swept = np.zeros(n_rows, dtype=np.bool_)
    # what sweeping a point saves in a row, and what sweeping a row costs
    saved = _SCATTER_POINT + _SCATTER_CELL * min(2.0 * bandwidth, float(segment)) - _SWEEP_POINT
    if saved <= 0.0:
        _scatter(
            x, y, weight, member, bandwidth, scale, is_quartic, swept, first_row, first_col, low, high, squares, out
        )
        return
    floor = _TINY if index.is_positive[group] else -math.inf
    reached, nothing, waiting = np.zeros(n_rows + 1, dtype=np.int64), np.zeros(n_rows, dtype=np.bool_), low
    for left in range(first_col + (low - first_col) // segment * segment, high, segment):
        right = min(left + segment, last_col)
        near = member[_first_from(x, member, left - bandwidth) : _first_from(x, member, right + bandwidth)]
        reached[:] = 0
        for k in near:
            reached[int(max(y[k] - bandwidth - first_row, 0.0))] += 1
            reached[int(min(y[k] + bandwidth - first_row, n_rows - 1.0)) + 1] -= 1
        n_reaching = n_swept = 0
        for i in range(n_rows):
            n_reaching += reached[i]
            swept[i] = n_reaching * saved > (right - left) * _SWEEP_CELL
            n_swept += swept[i]
        west, east = max(low, left), min(high, right)
        if n_swept > 0:
            if waiting < west:
                some = member[_first_from(x, member, waiting - bandwidth) : _first_from(x, member, west + bandwidth)]
                _scatter(
                    x,
                    y,
                    weight,
                    some,
                    bandwidth,
                    scale,
                    is_quartic,
                    nothing,
                    first_row,
                    first_col,
                    waiting,
                    west,
                    squares,
                    out,
                )
            waiting = east
        if 0 < n_swept < n_rows:
            _scatter(
                x, y, weight, near, bandwidth, scale, is_quartic, swept, first_row, first_col, west, east, squares, out
            )
        if n_swept > 0:
            for top in range(0, n_rows, _SWEEP_ROWS):
                part = out[top : top + _SWEEP_ROWS, left - first_col : right - first_col]
                rows = swept[top : top + _SWEEP_ROWS]
                _sweep(
                    x, y, weight, near, bandwidth, scale, floor, is_quartic, rows, first_row + top, left, events, part
                )
    if waiting < high:
        some = member[_first_from(x, member, waiting - bandwidth) : _first_from(x, member, high + bandwidth)]
        _scatter(
            x, y, weight, some, bandwidth, scale, is_quartic, nothing, first_row, first_col, waiting, high, squares, out
        )


@numba.njit(nogil=True, cache=True)
def _fill_bands(index, first_band, last_band, out):  # type: ignore[no-untyped-def]
    """Density of the index's one group in the rows of some bands; whole rows."""
    n_cols = out.shape[1]
    squares, events = _make_room(min(max(index.segment[0], 2 * int(index.bandwidth[0]) + 3), n_cols))
    for band in range(first_band, last_band):
        first_row = band * TILE_ROWS
        rows = out[first_row : first_row + TILE_ROWS]
        rows[:] = 0.0
        if index.start[0, band + 1] > index.start[0, band]:
            _add_group(index, 0, band, first_row, 0, n_cols, 0, n_cols, squares, events, rows)


@numba.njit(nogil=True, cache=True)
def _find_inside(region, top, bottom, left, right):  # type: ignore[no-untyped-def]
    """Number of cells of the region in a tile, the first column that holds one, and one past the last."""
    n_inside, low, high = 0, right, left
    for i in range(top, bottom):
        row = region[i][left:right]
        n_in_row = 0
        for j in range(len(row)):
            n_in_row += row[j] >= 0
        if n_in_row == right - left:
            low, high = left, right
        elif n_in_row > 0:
            first, last = 0, len(row) - 1
            while row[first] < 0:
                first += 1
            while row[last] < 0:
                last -= 1
            low, high = min(low, left + first), max(high, left + last + 1)
        n_inside += n_in_row
    return n_inside, low, high


@numba.njit(nogil=True, cache=True)
def _weigh_row(value, max_points, level, contribution, total):  # type: ignore[no-untyped-def]
    """Points of one component, into its raster and onto the total."""
    for j in range(len(value)):
        points = max_points * (value[j] / (value[j] + level))
        contribution[j] = points
        total[j] += points


@numba.njit(nogil=True, cache=True)
def _look_up_row(code, points_of, contribution, total):  # type: ignore[no-untyped-def]
    """Points of an areal component, into its raster and onto the total."""
    for j in range(len(code)):
        contribution[j] = points_of[code[j]]
        total[j] += points_of[code[j]]


@numba.njit(nogil=True, cache=True)
def _mark_row(value, exposed):  # type: ignore[no-untyped-def]
    """Note where a component has something to visit."""
    for j in range(len(value)):
        exposed[j] |= value[j] > 0.0


@numba.njit(nogil=True, cache=True)
def _state_row(effort, exposed, threshold, state):  # type: ignore[no-untyped-def]
    """1 where there is nothing to visit, 2 where nobody has inspected what there is, 3 where somebody has."""
    for j in range(len(effort)):
        state[j] = (3 if effort[j] >= threshold else 2) if exposed[j] else 1


@numba.njit(nogil=True, cache=True)
def _fill_density(index, weighing, component, band, first_cell, last_col, west, east, room, density):  # type: ignore[no-untyped-def]
    """Density of one component in the columns from `west` to `east` of a tile."""
    (first_row, first_col), (squares, events) = first_cell, room
    density[:] = 0.0
    for group in range(weighing.first_group[component], weighing.first_group[component + 1]):
        if index.start[group, band + 1] > index.start[group, band]:
            _add_group(index, group, band, first_row, first_col, last_col, west, east, squares, events, density)


@numba.njit(nogil=True, cache=True)
def _score_tile(index, weighing, band, first_cell, rows, cols, inside, room, codes, out):  # type: ignore[no-untyped-def]
    """Score the columns `inside` of one tile, component by component; what lies outside the region included."""
    (top, bottom), (left, right), (low, high) = rows, cols, inside
    tile, last_col = (first_cell[0] + top, first_cell[1] + left), first_cell[1] + right
    west, east, part = first_cell[1] + low, first_cell[1] + high, slice(low - left, high - left)
    (both, exposed), room = room[:2], room[2:]
    density, total, n_components = both[0, : bottom - top], both[1, : bottom - top], len(weighing.areal)
    total[:], exposed[:] = 0.0, False
    for component in range(n_components):
        areal, max_points, level = weighing.areal[component], weighing.max_points[component], weighing.level[component]
        if areal < 0:
            _fill_density(index, weighing, component, band, tile, last_col, west, east, room, density)
        for i in range(bottom - top):
            contribution = out.contributions[component, top + i][low:high]
            if areal >= 0:
                code = codes[areal, top + i][low:high]
                _look_up_row(code, weighing.code_points[areal], contribution, total[i][part])
            else:
                _weigh_row(density[i][part], max_points, level, contribution, total[i][part])
                if weighing.is_exposure[component]:
                    _mark_row(density[i][part], exposed[i][part])
    _fill_density(index, weighing, n_components, band, tile, last_col, west, east, room, density)
    for i in range(bottom - top):
        out.score[top + i][low:high] = total[i][part]
        _state_row(density[i][part], exposed[i][part], weighing.effort_threshold, out.state[top + i][low:high])


@numba.njit(nogil=True, cache=True)
def _blank_outside(region, top, bottom, left, right, out):  # type: ignore[no-untyped-def]
    for i in range(top, bottom):
        row = region[i][left:right]
        score, state = out.score[i][left:right], out.state[i][left:right]
        for j in range(len(row)):
            score[j] = score[j] if row[j] >= 0 else np.float32(np.nan)
            state[j] = state[j] if row[j] >= 0 else 0
        for component in range(len(out.contributions)):
            contribution = out.contributions[component, i][left:right]
            for j in range(len(row)):
                contribution[j] = contribution[j] if row[j] >= 0 else np.float32(np.nan)


@numba.njit(nogil=True, cache=True)
def _score_bands(index, weighing, first_band, last_band, first_row, first_col, region, codes, out):  # type: ignore[no-untyped-def]
    """Score the tiles of some bands of rows; the window's first cell is at `first_row`, `first_col`."""
    n_rows, n_cols = region.shape
    tile = np.empty((2, TILE_ROWS, TILE_COLS + _ROW_PADDING)), np.empty((TILE_ROWS, TILE_COLS), dtype=np.bool_)
    room = (*tile, *_make_room(TILE_COLS))
    for band in range(first_band, last_band):
        top, bottom = band * TILE_ROWS, min((band + 1) * TILE_ROWS, n_rows)
        for left in range(0, n_cols, TILE_COLS):
            right = min(left + TILE_COLS, n_cols)
            n_inside, low, high = _find_inside(region, top, bottom, left, right)
            if n_inside > 0:
                cells = (top, bottom), (left, right), (low, high)
                _score_tile(index, weighing, band, (first_row, first_col), *cells, room, codes, out)
            if n_inside < (bottom - top) * (right - left):
                _blank_outside(region, top, bottom, left, right, out)


@numba.njit(nogil=True, cache=True)
def _find_root(parent, i):  # type: ignore[no-untyped-def]
    """First of the chain of parents; the chain is halved on the way."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@numba.njit(nogil=True, cache=True)
def _join_peaks(row, col, value, saddle_share, hill_at, n_hills, peak_row, peak_col, height, parent):  # type: ignore[no-untyped-def]
    """Union-find over hills, from the highest cell down; joined hills stand under the one with the highest peak."""
    for i in range(len(row)):
        r, c = row[i] + 1, col[i] + 1
        highest = n_hills
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                near = hill_at[r + dr, c + dc] - 1
                if near >= 0:
                    highest = min(highest, _find_root(parent, near))
        if highest == n_hills:
            peak_row[n_hills], peak_col[n_hills], height[n_hills], parent[n_hills] = row[i], col[i], value[i], n_hills
            n_hills += 1
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                near = hill_at[r + dr, c + dc] - 1
                if near >= 0:
                    root = _find_root(parent, near)
                    # cell i is the saddle between the two hills
                    if root != highest and value[i] >= saddle_share * height[root]:
                        parent[root] = highest
        hill_at[r, c] = highest + 1
    for hill in range(n_hills):
        parent[hill] = _find_root(parent, hill)
    return n_hills


def kernel_density(
    easting: ArrayLike,
    northing: ArrayLike,
    weight: ArrayLike,
    grid: Grid,
    bandwidth_m: float,
    kernel: str = "quartic",
    *,
    n_threads: int | None = None,
    out: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Sum of weighted kernels at every cell centre, exact: no binning, no truncation.

    Parameters
    ----------
    easting, northing : (n,) float64, m, grid CRS, finite; points off the grid count as far as they reach
    weight : (n,) float64, unit of choice, finite
    grid : Grid
    bandwidth_m : float, m, from 1e-6 to 1e12
        Below half a cell's diagonal a point may reach no centre at all. It may be larger than the grid.
    kernel : {"quartic", "epanechnikov"}
    n_threads : int, >= 1, optional
        Default: one per core. Does not change a bit of the result.
    out : (n_rows, n_cols) float64, C order, optional
        Array to fill and return; memory used before is faster than new memory.

    Returns
    -------
    (n_rows, n_cols) float64, weight unit per km², row 0 northmost
        Within 1e-11 of the density's maximum, on the grid or beside it, of the exact sum where no weight is negative,
        and 0 exactly where no point reaches.

    Raises
    ------
    ShapeError
        Arrays are not one-dimensional and of one length, or `out` does not fit.
    ParameterError
        Anything not finite, a bandwidth or number of threads out of range, an unknown kernel.
    MemoryLimitError
        The raster would not fit into memory.
    CRSError
        No point reaches the grid and the coordinates look like degrees or have swapped axes.

    Source: Silverman (1986), Density Estimation for Statistics and Data Analysis, eq. 4.5
    """
    _check_kernel(kernel)
    group = Group(*_check_points(easting, northing, weight), _check_bandwidth(bandwidth_m))
    threads = _check_threads(n_threads)
    grid.check_axes(group.easting, group.northing, group.bandwidth_m)
    if out is None:
        require_memory(grid.n_cells * 8, "A float64 raster of this grid", "choose larger cells")
        out = np.empty(grid.shape)
    elif not _can_be_filled(out, grid.shape):
        message = f"out must be a writeable {grid.shape} float64 array in C order, got {_describe_array(out)}."
        raise ShapeError(message)
    raster = out
    index = index_points([group], grid, kernel=kernel)

    def fill(bands: range) -> None:
        _fill_bands(index, bands.start, bands.stop, raster)

    _run(fill, index.start.shape[1] - 1, threads)
    return raster


def index_points(
    groups: Sequence[Group],
    grid: Grid,
    window: tuple[slice, slice] = (slice(None), slice(None)),
    *,
    max_segment: int | None = None,
    kernel: str = "quartic",
) -> PointIndex:
    """Points of some groups, made ready for the loops.

    Parameters
    ----------
    groups : sequence of Group, checked
    grid : Grid
    window : rows and columns of the grid, the first row a multiple of `TILE_ROWS`
        Points that reach none of its cells are left out.
    max_segment : int, cells, optional
        Longest segment of a sweep; default, what suits each bandwidth.
    kernel : {"quartic", "epanechnikov"}

    Returns
    -------
    PointIndex
    """
    power, norm = KERNELS[kernel]
    (top, bottom, _), (left, right, _) = window[0].indices(grid.n_rows), window[1].indices(grid.n_cols)
    start = np.zeros((len(groups), -(-(bottom - top) // TILE_ROWS) + 1), dtype=np.int64)
    points: list[NDArray[np.float64]] = [np.empty((3, 0))]
    members: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
    n_points = n_members = 0
    for position, group in enumerate(groups):
        b = group.bandwidth_m / grid.cell_m
        x = (group.easting - grid.easting[0]) / grid.cell_m
        y = (grid.northing[0] - group.northing) / grid.cell_m
        # a cell more than the points reach: which way a row is summed must not depend on the window
        reach = b + 1.0
        near = (x > left - reach) & (x < right + reach) & (y > top - reach) & (y < bottom + reach)
        near &= group.weight != 0
        points.append(_put_in_order(x[near], y[near], group.weight[near]))
        members.append(_list_members(points[-1][1], b, top // TILE_ROWS, start[position]) + np.int32(n_points))
        start[position] += n_members
        n_points, n_members = n_points + points[-1].shape[1], n_members + len(members[-1])
    bandwidth_m = np.array([group.bandwidth_m for group in groups])
    bandwidth = bandwidth_m / grid.cell_m
    widest = grid.n_cols if max_segment is None else max_segment
    x, y, weight = np.concatenate(points, axis=1)
    return PointIndex(
        x=x,
        y=y,
        weight=weight,
        member=np.concatenate(members),
        start=start,
        bandwidth=bandwidth,
        segment=np.array([min(_segment_length(b), widest) for b in bandwidth], dtype=np.int64),
        scale=norm * _M2_PER_KM2 / bandwidth_m**2 / bandwidth ** (2 * power),
        is_positive=np.array([bool((group.weight >= 0).all()) for group in groups]),
        is_quartic=kernel == "quartic",
    )


def score_tiles(
    index: PointIndex,
    weighing: Weighing,
    region: NDArray[np.int16],
    codes: NDArray[np.uint16] | NDArray[np.int32],
    out: Outputs,
    *,
    first_cell: tuple[int, int] = (0, 0),
    n_threads: int | None = None,
) -> None:
    """Score a window tile by tile: all components, their points, the score and the state in one pass.

    Parameters
    ----------
    index : PointIndex of the window, quartic, segments no longer than `TILE_COLS`
    weighing : Weighing
    region : (n_rows, n_cols) int16, C order, below 0 where a cell is not scored
    codes : (n_areal, n_rows, n_cols) uint16 or int32, C order
    out : Outputs, C order, filled
    first_cell : row and column of the window's first cell in the grid, multiples of `TILE_ROWS` and `TILE_COLS`
        Or the grid's last ones, where the window ends with the grid.
    n_threads : int, >= 1, optional
        Default: one per core. Does not change a bit of the result.
    """
    first_row, first_col = first_cell
    # the loops are compiled for arrays that are not written to
    region, codes = region.view(), codes.view()
    region.flags.writeable = codes.flags.writeable = False

    def fill(bands: range) -> None:
        _score_bands(index, weighing, bands.start, bands.stop, first_row, first_col, region, codes, out)

    _run(fill, -(-len(region) // TILE_ROWS), _check_threads(n_threads))


def kernel_values(
    easting: ArrayLike,
    northing: ArrayLike,
    weight: ArrayLike,
    bandwidth_m: ArrayLike,
    at: tuple[float, float],
    kernel: str = "quartic",
) -> NDArray[np.float64]:
    """What each point adds to the density at one place; the sum is what `kernel_density` gives there.

    Parameters
    ----------
    easting, northing, weight : (n,) float64, as for `kernel_density`
    bandwidth_m : float or (n,) float64, m, > 0
    at : easting and northing, m

    Returns
    -------
    (n,) float64, weight unit per km²
    """
    power, norm = _check_kernel(kernel)
    x, y, w = _check_points(easting, northing, weight)
    b = np.asarray(bandwidth_m, dtype=np.float64)
    u2 = ((x - at[0]) / b) ** 2 + ((y - at[1]) / b) ** 2
    values: NDArray[np.float64] = w * np.maximum(1.0 - u2, 0.0) ** power * (norm / b**2 * _M2_PER_KM2)
    return values


def join_peaks(
    row: NDArray[np.int64],
    col: NDArray[np.int64],
    value: NDArray[np.floating],
    saddle_share: float,
    hill_at: NDArray[np.int32],
    hills: Hills | None = None,
) -> Hills:
    """Add cells to the hills of a raster, from the highest down, and say which hills belong together.

    Two neighbouring hills are one when the way from the lower peak to a higher one never falls below `saddle_share`
    of the lower peak. Cells may come in several calls, each going on where the last one stopped: what is found does
    not depend on where that was.

    Parameters
    ----------
    row, col : (n,) int64, distinct cells, the highest value first; order decides between equals
    value : (n,) float, >= 0, not rising, none above those of earlier calls
    saddle_share : float, 0 to 1
    hill_at : (n_rows + 2, n_cols + 2) int32, C order, changed in place
        Of each cell, inside a border of one, the number of its hill plus 1; 0 where none was added yet.
    hills : Hills, as the last call returned them; None in the first one

    Returns
    -------
    Hills

    Raises
    ------
    ShapeError, ParameterError

    Source: Edelsbrunner, Letscher & Zomorodian (2002), Topological persistence and simplification
    """
    if not (row.shape == col.shape == value.shape and row.ndim == 1):
        message = f"row, col and value must be (n,) arrays of one length, got {row.shape}, {col.shape}, {value.shape}."
        raise ShapeError(message)
    if not 0 <= saddle_share <= 1:
        message = f"saddle_share must be from 0 to 1, got {saddle_share!r}."
        raise ParameterError(message)
    nothing = np.empty(0, np.int64)
    known = Hills(nothing, nothing, np.empty(0), nothing.astype(np.int32)) if hills is None else hills
    if not len(row):
        return known
    n_rows, n_cols = hill_at.shape
    if row.min() < 0 or col.min() < 0 or row.max() >= n_rows - 2 or col.max() >= n_cols - 2:
        message = f"Cells must lie within hill_at and its border, {n_rows - 2} rows and {n_cols - 2} columns."
        raise ShapeError(message)
    levels = value.astype(np.float64)
    if not (levels[0] >= levels[-1] >= 0 and (np.diff(levels) <= 0).all()):
        message = "value must be finite, 0 or more, and sorted from the highest down."
        raise ParameterError(message)
    # each cell may be a peak
    room = known.resize(len(known.parent) + len(row))
    n_hills = _join_peaks(row, col, levels, float(saddle_share), hill_at, len(known.parent), *room)
    return room.resize(n_hills)


def _resize(values: NDArray[S], n: int) -> NDArray[S]:
    resized = np.empty(n, values.dtype)
    resized[: len(values)] = values[:n]
    return resized


def compile_kernels() -> None:
    """Compile (or load from the cache) every jitted function with production dtypes; call once at start-up."""
    nothing = np.empty(0)
    index = PointIndex(
        x=nothing,
        y=nothing,
        weight=nothing,
        member=np.empty(0, np.int32),
        start=np.zeros((1, 2), np.int64),
        bandwidth=np.ones(1),
        segment=np.ones(1, np.int64),
        scale=np.ones(1),
        is_positive=np.ones(1, np.bool_),
        is_quartic=True,
    )
    _list_members(nothing, 1.0, 0, np.zeros(2, np.int64))
    _fill_bands(index, 0, 1, np.zeros((1, 1)))
    weighing = Weighing(
        np.zeros(2, np.int64), np.empty(0, np.int64), np.empty((0, 0)), nothing, nothing, nothing > 0, 0.0
    )
    out = Outputs(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.uint8), np.zeros((0, 1, 1), np.float32))
    score_tiles(index, weighing, np.full((1, 1), -1, np.int16), np.zeros((0, 1, 1), np.uint16), out, n_threads=1)
    join_peaks(np.zeros(1, np.int64), np.zeros(1, np.int64), np.ones(1), 0.5, np.zeros((3, 3), np.int32))


@lru_cache(maxsize=8)
def _pool(n_threads: int, process_id: int) -> ThreadPoolExecutor:  # noqa: ARG001  a forked child needs threads of its own
    return ThreadPoolExecutor(n_threads, thread_name_prefix="norrsyn-kernel")


def _run(fill: Callable[[range], None], n_bands: int, threads: int) -> None:
    """Have all bands filled, several in one call, so that room is made seldom and threads end together."""
    size = max(1, n_bands // (threads * _TASKS_PER_THREAD))
    tasks = [range(first, min(first + size, n_bands)) for first in range(0, n_bands, size)]
    if threads == 1 or len(tasks) <= 1:
        fill(range(n_bands))
        return
    for _ in _pool(threads, os.getpid()).map(fill, tasks):
        pass


def _segment_length(bandwidth: float) -> int:
    """Cells in a segment: the least of 16, 24, 32, 48, 64 … that is at least two bandwidths.

    Longer ones have fewer chords cut in two; but the rounding error grows with the fourth power of their length in
    bandwidths (docs/kernel.md).
    """
    power = max(4, math.ceil(math.log2(2.0 * bandwidth))) if bandwidth > 1 else 4
    return 3 << (power - 2) if power > 4 and 3 << (power - 2) >= 2.0 * bandwidth else 1 << power  # noqa: PLR2004


def _put_in_order(x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, n) float64: points by x, then y; those at one place are one, their weights added from the least up.

    A plain sort by x comes first, and then only what it leaves undecided is sorted by all three.
    """
    order = np.argsort(x)
    equal = x[order[1:]] == x[order[:-1]]
    if not equal.any():
        return np.array([x[order], y[order], weight[order]])
    tied = np.append(equal, False)
    tied[1:] |= equal
    undecided = order[tied]
    order[tied] = undecided[np.lexsort((weight[undecided], y[undecided], x[undecided]))]
    x, y, weight = x[order], y[order], weight[order]
    first = np.flatnonzero(np.append(True, (x[1:] != x[:-1]) | (y[1:] != y[:-1])))
    return np.array([x[first], y[first], np.add.reduceat(weight, first)])


def _can_be_filled(out: object, shape: tuple[int, int]) -> bool:
    is_array = isinstance(out, np.ndarray) and out.shape == shape and out.dtype == np.float64
    return is_array and out.flags.c_contiguous and out.flags.writeable  # type: ignore[attr-defined]


def _describe_array(out: object) -> str:
    if not isinstance(out, np.ndarray):
        return type(out).__name__
    return f"{out.shape} {out.dtype}{'' if out.flags.c_contiguous else ', not in C order'}" + (
        "" if out.flags.writeable else ", read-only"
    )


def _check_kernel(kernel: str) -> tuple[int, float]:
    if not isinstance(kernel, str) or kernel not in KERNELS:
        message = f"kernel must be one of {', '.join(KERNELS)}, got {kernel!r}."
        raise ParameterError(message)
    return KERNELS[kernel]


def _check_bandwidth(bandwidth_m: float) -> float:
    try:
        value = math.nan if isinstance(bandwidth_m, bool) else float(bandwidth_m)
    except (TypeError, ValueError):
        value = math.nan
    low, high = _BANDWIDTH_M
    if not low <= value <= high:
        message = f"bandwidth_m must be a finite number of metres above 0 ({low:g} to {high:g}), got {bandwidth_m!r}."
        raise ParameterError(message)
    return value


def _check_threads(n_threads: int | None) -> int:
    if n_threads is None:
        return os.cpu_count() or 1
    if not isinstance(n_threads, (int, np.integer)) or n_threads < 1:
        message = f"n_threads must be a whole number of 1 or more, or None for one per core, got {n_threads!r}."
        raise ParameterError(message)
    return int(n_threads)


def _check_points(
    easting: ArrayLike, northing: ArrayLike, weight: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    x, y, w = _as_floats("easting", easting), _as_floats("northing", northing), _as_floats("weight", weight)
    if not (x.ndim == y.ndim == w.ndim == 1 and len(x) == len(y) == len(w)):
        message = (
            f"easting, northing and weight must be (n,) arrays of one length, got {x.shape}, {y.shape}, {w.shape}."
        )
        raise ShapeError(message)
    failures = []
    for name, values in (("easting", x), ("northing", y), ("weight", w)):
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            failures.append(f"{name} has {bad.size} value(s) that are not finite (first at {bad[0]})")
    if failures:
        message = "; ".join(failures) + ". Drop or mend those points."
        raise ParameterError(message)
    return x, y, w


def _as_floats(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.asarray(values)
        if np.iscomplexobj(array):
            raise TypeError(array.dtype)
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        message = f"{name} must hold numbers only ({error})."
        raise ParameterError(message) from error
