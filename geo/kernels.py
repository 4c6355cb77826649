"""Kernel density, fused scoring, draws, hills of a raster, areas into cells, crews' days: all jitted code of Norrsyn.

Numpy and numba only.

Three tiers: scalar functions, private loops that fill rows of ``out``, and public wrappers that check what they fill,
and split the rows over threads. Points are made ready for the loops in `geo.points`; what people call with numbers of
their own, and what checks those, is in `geo.density`.

Inside the loops everything is measured in cells: a point lies at column ``x`` and row ``y`` (whole numbers at cell
centres), and with the bandwidth ``b`` its kernel is ``w·t²`` (quartic) or ``w·t`` (Epanechnikov) with
``t = b² − dy² − dx²``, where that is positive. Two exact ways add it up, both derived in ``docs/kernel.md``:

*Clamp scatter*, for small discs: point by point, row by row, ``max(t, 0)`` over the width of the disc, eight cells at a
time. No square root and no branch.

*Segment sweep*, for large ones: within a row, t² is a polynomial of degree 4 in x between the two ends of a chord. Its
coefficients are added where the chord starts and taken off where it ends; one pass along the row then carries their sum
and evaluates it. A row is cut into segments with an origin each, which keeps the numbers small.

Which way a segment of a row takes follows from the points whose discs, taken as squares, reach that segment of that
row, and from nothing else. Each cell sums its points in one canonical order. So the result has the same bits for any
number of threads, any tile, any window, from run to run and whatever order the points came in. Loops release the GIL;
no numba threading layer is involved, because its workqueue aborts the process when two callers meet.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic
from numpy.typing import NDArray

from geo.errors import ParameterError, ShapeError

__all__ = [
    "TILE_COLS",
    "TILE_ROWS",
    "DrawnCells",
    "DrawnOutputs",
    "Draws",
    "Hills",
    "Leaders",
    "Outputs",
    "PointIndex",
    "Weighing",
    "check_arrays",
    "check_threads",
    "compile_kernels",
    "draw_cells",
    "empty_lines",
    "fill_ceilings",
    "fill_density",
    "index_group",
    "join_peaks",
    "paint_runs",
    "score_tiles",
]

S = TypeVar("S", bound=np.generic)
# Points are listed by bands of rows, and scores are computed in tiles. Neither changes a bit of a result; both are
# small enough for a core's cache.
TILE_ROWS, TILE_COLS = 32, 512
# Further down than any grid's last row.
_FAR = 1e9
# Rows that are swept together, points that are looked at before any is added, and by how many of those the chords of
# one are found before its events are added.
_SWEEP_ROWS, _SWEEP_POINTS, _AHEAD = 16, 256, 16
# Rounding of roots in float32 moves the end of a chord by less than this share of a bandwidth and a segment. Where that
# may be more than so much of a cell, float32 is not tried.
_ROUGH_SHARE, _ROUGH_CELLS = 2.0**-20, 0.01
# Nanoseconds, fitted by benchmarks/fit_dispatch.py (docs/adr/0007-two-kernels.md): a point in a row costs
# SCATTER_POINT + SCATTER_CELL · width when scattered and SWEEP_POINT when swept, and then SWEEP_CELL for each cell.
# SWEEP_POINT stands above its fit: where points lie in clusters, sweeping costs more than where they lie evenly.
_SCATTER_POINT, _SCATTER_CELL, _SWEEP_POINT, _SWEEP_CELL = 0.8, 0.083, 4.3, 1.76
_TASKS_PER_THREAD = 8
# What is divided by the exponential of more is 0 for a score, and the exponential is still a float32.
_LARGEST_EXPONENT = 80.0
# What a cell within reach of positive weights holds at least when rounding would leave nothing.
_TINY = 1e-300


class PointIndex(NamedTuple):
    """Points of several groups in cells of one grid, in an order that does not depend on how they came.

    Attributes
    ----------
    points : (n, 3) float64
        Column and row in cells, whole numbers at centres, and weight; each group in the order of `sort_points`.
    member : (m,) int32, positions of points, by group and band of rows that they reach
    start : (n_groups, n_bands + 1) int64, where the members of each band begin
    bandwidth : (n_groups,) float64, cells
    segment : (n_groups,) int64, cells
    scale : (n_groups,) float64, what a sum of kernels in cells is multiplied with to be a density per km²
    is_positive : (n_groups,) bool, whether no weight is negative
    is_quartic : bool, else Epanechnikov
    """

    points: NDArray[np.float64]
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
    is_exposure : (n_components,) bool, whether any density above 0 is something to visit; kernels only
    is_rate : (n_components,) bool, whether the value is not the density O but the rate
        ``(prior[0] + effort_km2 · O) / (prior[1] + effort_km2 · E)`` with the density E of the effort
    prior : (float, float), both > 0
    effort_km2 : float, km², what turns a density of visits into effective visits: the square of their bandwidth
    effort_threshold : float, effective visits from which on a cell counts as inspected
    """

    first_group: NDArray[np.int64]
    areal: NDArray[np.int64]
    code_points: NDArray[np.float64]
    max_points: NDArray[np.float64]
    level: NDArray[np.float64]
    is_exposure: NDArray[np.bool_]
    is_rate: NDArray[np.bool_]
    prior: tuple[float, float]
    effort_km2: float
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


class Draws(NamedTuple):
    """What is drawn for all cells together, and the table that turns a cell's noise into draws of its own.

    Attributes
    ----------
    first : (n_shifts + 1,) int64, draws of one grid shift stand together: where those of each begin
    drawn : int, position of the component whose value is drawn from a Gamma distribution in each cell, -1 for none
    log_shape : first and step of the table's shapes, natural logarithms, evenly spaced
    normal : first and step of the table's standard normal deviates, evenly spaced
    table : (n_shapes, n_normals) float64, ``ln(q/a) · a/(1 + √a)`` for the quantile q of Gamma(a, 1) at each deviate
    """

    first: NDArray[np.int64]
    drawn: int
    log_shape: tuple[float, float]
    normal: tuple[float, float]
    table: NDArray[np.float64]


class DrawnCells(NamedTuple):
    """What the scores of some cells are drawn from.

    Attributes
    ----------
    points : (n_components, n_draws) float32, the most that each component can give in each draw
    share : (n_cells, n_components, n_shifts) float32, 0 to 1, the part of its points that each component gives
    log_shape : (n_cells, n_shifts) float64, of the Gamma distribution, natural logarithm
    log_scale : (n_cells, n_shifts) float64, ln(rate · reference level)
    """

    points: NDArray[np.float32]
    share: NDArray[np.float32]
    log_shape: NDArray[np.float64]
    log_scale: NDArray[np.float64]


class DrawnOutputs(NamedTuple):
    """What `draw_cells` fills.

    Attributes
    ----------
    quantiles : (n_kinds, n_quantiles, n_cells) float32
        Kinds: the score; where two surfaces are compared, before, after and their difference.
    levels : (n_quantiles,) float64, 0 to 1
    """

    quantiles: NDArray[np.float32]
    levels: NDArray[np.float64]


class Leaders(NamedTuple):
    """The highest cells of each draw so far, a heap with the least of them first.

    Attributes
    ----------
    score : (n_draws, k) float32, minus infinity where there is no cell yet
    cell : (n_draws, k) int64
    """

    score: NDArray[np.float32]
    cell: NDArray[np.int64]


class _Room(NamedTuple):
    """Memory to work in.

    Attributes
    ----------
    squares : a disc's dx² along a row
    events : of the rows that are swept together; 0 between sweeps
    first : where those of each row begin
    total : the sum of a row's events so far
    chosen : some points: x, y and weight
    height, start, stop : of the chords of a few of them in each row
    """

    squares: NDArray[np.float64]
    events: NDArray[np.float64]
    first: NDArray[np.int32]
    total: NDArray[np.float64]
    chosen: NDArray[np.float64]
    height: NDArray[np.float64]
    start: NDArray[np.int32]
    stop: NDArray[np.int32]


@numba.njit(nogil=True, cache=True)
def _bands_of(y, bandwidth, first_band, n_bands):
    """The first band that a point reaches, and one past the last."""
    highest, lowest = int(max(y - bandwidth, 0.0)) // TILE_ROWS, int(min(y + bandwidth, _FAR)) // TILE_ROWS
    return max(highest - first_band, 0), min(lowest - first_band + 1, n_bands)


@numba.njit(nogil=True, cache=True)
def index_group(easting, northing, weight, origin, cell_m, bandwidth, window, points, start):
    """Fill `points` with those that reach a window, `start` with where each band's begin, and list them by bands.

    Bands are told from the grid's rows alone, so that a band's list is the same in every window. Columns are not asked
    about: who calls has left out what is too far east or west.
    """
    (top, bottom), n_bands, n = window, len(start) - 1, 0
    # a cell more than the points reach: which way a row is summed must not depend on the window
    reach, first_band = bandwidth + 1.0, top // TILE_ROWS
    # by how many a band's list is longer than the one before
    change = np.zeros(n_bands + 1, dtype=np.int64)
    for k in range(len(easting)):
        x, y = (easting[k] - origin[0]) / cell_m, (origin[1] - northing[k]) / cell_m
        if not (top - reach < y < bottom + reach and weight[k] != 0.0):
            continue
        points[n, 0], points[n, 1], points[n, 2] = x, y, weight[k]
        first, last = _bands_of(y, bandwidth, first_band, n_bands)
        change[first] += 1
        change[last] -= 1
        n += 1
    for band in range(n_bands):
        change[band + 1] += change[band]
        start[band + 1] = start[band] + change[band]
    member, free = np.empty(start[n_bands], dtype=np.int32), start[:-1].copy()
    for k in range(n):
        for band in range(*_bands_of(points[k, 1], bandwidth, first_band, n_bands)):
            member[free[band]] = k
            free[band] += 1
    return member, n


def _spread(builder, value, n):
    """A vector of n times the same number."""
    one = builder.insert_element(ir.Constant(_vector(n), ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), n), [0] * n))


def _vector(n):
    return ir.VectorType(ir.DoubleType(), n)


def _multiply_add(builder, a, b, c):
    """``a · b + c``, rounded once where the processor can."""
    kind = a.type
    name = f"llvm.fmuladd.v{kind.count}f64"
    return builder.call(get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * 3), name), [a, b, c])


def _place(context, builder, kind, array, row, first, n):
    """Where n neighbouring numbers begin, as a place for a vector; `row` is None in an array of one dimension."""
    made = context.make_array(kind)(context, builder, array)
    at = builder.bitcast(made.data, ir.IntType(8).as_pointer())
    if row is not None:
        at = builder.gep(at, [builder.mul(row, builder.extract_value(made.strides, 0))])
    at = builder.gep(at, [builder.shl(first, ir.Constant(ir.IntType(64), 3))])
    return builder.bitcast(at, _vector(n).as_pointer())


@intrinsic
def _add_block_at_once(typing_context, out, row, col, squares, first, height, weight, is_quartic):  # noqa: ARG001
    """`_add_block` in six instructions; a loop of the compiler's own takes what exceeds a multiple one by one."""

    def generate(context, builder, signature, arguments):
        out, row, col, squares, first, height, weight, is_quartic = arguments
        nothing, one = ir.Constant(_vector(8), [0.0] * 8), ir.Constant(_vector(8), [1.0] * 8)
        dx2 = builder.load(_place(context, builder, signature.args[3], squares, None, first, 8), align=8)
        t = builder.fsub(_spread(builder, height, 8), dx2)
        t = builder.select(builder.fcmp_ordered(">", t, nothing), t, nothing)
        weighed = builder.fmul(_spread(builder, weight, 8), builder.select(is_quartic, t, one))
        cells = _place(context, builder, signature.args[0], out, row, col, 8)
        builder.store(_multiply_add(builder, weighed, t, builder.load(cells, align=8)), cells, align=8)
        return context.get_dummy_value()

    whole, number = numba.int64, numba.float64
    return numba.void(out, whole, whole, squares, whole, number, number, numba.boolean), generate


def _add_block(out, row, col, squares, first, height, weight, is_quartic):
    """Add a point to eight cells of a row, from its dx² there, the row's b² − dy² and its weight times the scale.

    The kernel is t² or t where ``t = b² − dy² − dx²`` is above 0.
    """
    t = np.maximum(height - squares[first : first + 8], 0.0)
    out[row, col : col + 8] += weight * (t if is_quartic else 1.0) * t


@intrinsic
def _add_chord_at_once(typing_context, events, start, stop, c, base, linear, square):  # noqa: ARG001
    """`_add_chord` in a few instructions; numba's own compiler makes some fifty."""
    lanes = len(base)

    def generate(context, builder, signature, arguments):
        events, start, stop, c = arguments[:4]

        def gather(position):
            vector = ir.Constant(_vector(lanes), [0.0] * lanes)
            for lane in range(len(signature.args[position])):
                value = builder.extract_value(arguments[position], lane)
                vector = builder.insert_element(vector, value, ir.Constant(ir.IntType(32), lane))
            return vector

        c = _spread(builder, c, lanes)
        event = _multiply_add(builder, c, _multiply_add(builder, c, gather(6), gather(5)), gather(4))
        for at, change in ((start, builder.fadd), (stop, builder.fsub)):
            first = builder.zext(at, ir.IntType(64))
            place = _place(context, builder, signature.args[0], events, None, first, lanes)
            builder.store(change(builder.load(place, align=8), event), place, align=8)
        return context.get_dummy_value()

    return numba.void(events, numba.uint32, numba.uint32, numba.float64, base, linear, square), generate


def _add_chord(events, start, stop, c, base, linear, square):
    """Add a chord's event at the place of its first cell and take it off at that of the cell after its last.

    The event is base + c·(linear + c·square). Each of the three holds a count and the coefficients of 1, u, u² …; what
    is missing at their ends is 0.
    """
    event = np.zeros(len(base))
    event[: len(square)] = square
    event *= c
    event[: len(linear)] += linear
    event = event * c + base
    for place, sign in ((int(start), 1.0), (int(stop), -1.0)):
        events[place : place + len(base)] += sign * event


@intrinsic
def _guess_chords_at_once(typing_context, x, dy, p, square, size, tolerance, first, shift, slot, height, start, stop):  # noqa: ARG001
    """`_guess_chords` as vectors of sixteen rows."""

    def generate(context, builder, signature, arguments):
        x, dy, p, square, size, tolerance, first, shift, slot, height, start, stop = arguments
        singles, wholes = ir.VectorType(ir.FloatType(), 16), ir.VectorType(ir.IntType(32), 16)
        nothing, slot = ir.Constant(singles, [0.0] * 16), builder.shl(slot, ir.Constant(slot.type, 4))

        def spread(value):
            kind = ir.VectorType(value.type, 16)
            one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
            return builder.shuffle_vector(one, one, ir.Constant(wholes, [0] * 16))

        def whole_rows(position, array, at):
            data = context.make_array(signature.args[position])(context, builder, array).data
            return builder.bitcast(builder.gep(data, [at]), wholes.as_pointer())

        def cut(value):
            value = builder.fsub(spread(builder.fptrunc(value, ir.FloatType())), reach)
            return builder.fptosi(builder.select(builder.fcmp_ordered(">", value, nothing), value, nothing), wholes)

        halves, p2 = [], _spread(builder, builder.fmul(p, p), 8)
        for half in (0, 8):
            steps = ir.Constant(_vector(8), [float(half + r) for r in range(8)])
            each_dy = builder.fadd(_spread(builder, dy, 8), steps)
            a = builder.fsub(_spread(builder, square, 8), builder.fmul(each_dy, each_dy))
            at = builder.add(slot, ir.Constant(slot.type, half))
            place = _place(context, builder, signature.args[9], height, None, at, 8)
            builder.store(builder.fsub(a, p2), place, align=8)
            halves.append(builder.fptrunc(a, ir.VectorType(ir.FloatType(), 8)))
        a = builder.shuffle_vector(*halves, ir.Constant(wholes, list(range(16))))
        a = builder.select(builder.fcmp_ordered(">", a, nothing), a, nothing)
        root = get_or_insert_function(builder.module, ir.FunctionType(singles, [singles]), "llvm.sqrt.v16f32")
        reach, sure = builder.call(root, [a]), ir.Constant(ir.VectorType(ir.IntType(1), 16), [1] * 16)
        row, shift = builder.load(whole_rows(6, first, ir.Constant(slot.type, 0)), align=4), spread(shift)
        after, before = builder.fadd(x, ir.Constant(ir.DoubleType(), 1.0)), builder.fsub(size, x)
        for position, array, edge in ((10, start, after), (11, stop, before)):
            cell, other = cut(builder.fsub(edge, tolerance)), cut(builder.fadd(edge, tolerance))
            sure = builder.and_(sure, builder.icmp_signed("==", cell, other))
            if array is stop:
                cell = builder.sub(spread(builder.fptosi(size, ir.IntType(32))), cell)
            builder.store(builder.add(row, builder.shl(cell, shift)), whole_rows(position, array, slot), align=4)
        every = ir.Constant(ir.IntType(16), 0xFFFF)
        return builder.icmp_unsigned("==", builder.bitcast(sure, every.type), every)

    number, whole = numba.float64, numba.int32
    numbers = (number,) * 6
    return numba.boolean(*numbers, first, whole, numba.int64, height, start, stop), generate


def _guess_chords(x, dy, p, square, size, tolerance, first, shift, slot, height, start, stop):
    """`_find_chords` by roots in float32, which take less time, and whether that left no doubt.

    `x` is the point's distance from the segment's left border, `p` from its middle and `dy` from the first row. There
    is no doubt where ends that lie `tolerance` further left or right would fall into the same cells.
    """
    each_dy = dy + np.arange(_SWEEP_ROWS)
    a = square - each_dy * each_dy
    reach = np.sqrt(np.maximum(a, 0.0).astype(np.float32))
    after, before = (
        [np.maximum(np.float32(edge + change) - reach, 0.0).astype(np.int32) for change in (-tolerance, tolerance)]
        for edge in (x + 1.0, size - x)
    )
    lines = slice(_SWEEP_ROWS * slot, _SWEEP_ROWS * (slot + 1))
    height[lines], start[lines] = a - p * p, first + (after[0] << shift)
    stop[lines] = first + ((np.int32(size) - before[0]) << shift)
    return bool((after[0] == after[1]).all() and (before[0] == before[1]).all())


def _transpose(builder, rows):
    """Eight vectors of eight, mirrored: one bit after the other changes sides between number and lane."""
    for bit in (1, 2, 4):
        low = [lane if not lane & bit else 8 + (lane ^ bit) for lane in range(8)]
        high = [lane ^ bit if not lane & bit else 8 + lane for lane in range(8)]
        rows = [
            builder.shuffle_vector(
                rows[i & ~bit], rows[i | bit], ir.Constant(ir.VectorType(ir.IntType(32), 8), high if i & bit else low)
            )
            for i in range(8)
        ]
    return rows


def _sum_eight_at_once(n_coefficients):
    """`_sum_eight` for one kernel, as vectors that are turned on their side."""
    lanes = 8 if n_coefficients > 3 else 4  # noqa: PLR2004

    @intrinsic
    def sum_eight(typing_context, events, cell, state, u, scale, floor, out):  # noqa: ARG001
        def generate(context, builder, signature, arguments):
            events, cell, state, u, scale, floor, out = arguments
            nothing = ir.Constant(_vector(8), [0.0] * 8)
            widen = ir.Constant(ir.VectorType(ir.IntType(32), 8), [*range(lanes), *[lanes] * (8 - lanes)])
            zero, size = (ir.Constant(ir.IntType(64), number) for number in (0, lanes))
            at_state = _place(context, builder, signature.args[2], state, None, zero, lanes)
            total, totals = builder.load(at_state, align=8), []
            for i in range(8):
                first = builder.mul(builder.add(cell, ir.Constant(ir.IntType(64), i)), size)
                place = _place(context, builder, signature.args[0], events, None, first, lanes)
                total = builder.fadd(total, builder.load(place, align=8))
                builder.store(ir.Constant(_vector(lanes), [0.0] * lanes), place, align=8)
                totals.append(builder.shuffle_vector(total, ir.Constant(_vector(lanes), [0.0] * lanes), widen))
            builder.store(total, at_state, align=8)
            count, *coefficients = _transpose(builder, totals)[: 1 + n_coefficients]
            steps = ir.Constant(_vector(8), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
            distance, value = builder.fadd(_spread(builder, u, 8), steps), coefficients[-1]
            for coefficient in reversed(coefficients[:-1]):
                value = _multiply_add(builder, value, distance, coefficient)
            value, floor = builder.fmul(value, _spread(builder, scale, 8)), _spread(builder, floor, 8)
            value = builder.select(builder.fcmp_ordered(">", value, floor), value, floor)
            value = builder.select(builder.fcmp_ordered(">", count, nothing), value, nothing)
            cells = _place(context, builder, signature.args[6], out, None, cell, 8)
            builder.store(builder.fadd(builder.load(cells, align=8), value), cells, align=8)
            return context.get_dummy_value()

        number = numba.float64
        return numba.void(events, numba.int64, state, number, number, number, out), generate

    return sum_eight


def _sum_eight(n_coefficients, events, cell, state, u, scale, floor, out):
    """Carry the sum of events past eight cells, and add its value to each that a chord holds; the events are 0 then.

    `u` is the first one's distance from the segment's middle. Where no chord holds a cell, the sum is 0 but for
    rounding.
    """
    lanes = len(state)
    for i in range(8):
        event = events[lanes * (cell + i) : lanes * (cell + i + 1)]
        state += event
        event[:] = 0.0
        value = 0.0
        for coefficient in state[n_coefficients:0:-1]:
            value = value * (u + i) + coefficient
        out[cell + i] += max(scale * value, floor) if state[0] > 0.0 else 0.0


_sum_eight_quartic, _sum_eight_epanechnikov = partial(_sum_eight, 5), partial(_sum_eight, 3)
if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    _sum_eight_quartic, _sum_eight_epanechnikov = _sum_eight_at_once(5), _sum_eight_at_once(3)
    _add_block, _add_chord = _add_block_at_once, _add_chord_at_once  # type: ignore[assignment]
    _guess_chords = _guess_chords_at_once  # type: ignore[assignment]


@numba.njit(nogil=True, cache=True)
def _scatter(points, bandwidth, scale, is_quartic, first_row, first_col, low, high, room, out):
    """Add points to columns `low` to `high` of ``out``, eight cells at a time.

    ``out[0, 0]`` is the cell at `first_row`, `first_col`, and a cache line of eight cells begins there; `low` and
    `high` are whole lines further on.
    """
    (x, y, weight), squares = points, room.squares
    last_row = first_row + len(out) - 1.0
    for k in range(len(x)):
        left, right = int(max(x[k] - bandwidth, low)), int(min(x[k] + bandwidth, high - 1.0)) + 1
        top, bottom = int(max(y[k] - bandwidth, first_row)), int(min(y[k] + bandwidth, last_row)) + 1
        if right <= left or bottom <= top:
            continue
        begin, end = (left - first_col) // 8 * 8, (right - first_col + 7) // 8 * 8
        dx2 = squares[: end - begin]
        for j in range(len(dx2)):
            dx = (first_col + begin + j) - x[k]
            dx2[j] = dx * dx
        w = scale * weight[k]
        for i in range(top, bottom):
            dy = i - y[k]
            height = bandwidth * bandwidth - dy * dy
            for j in range(begin, end, 8):
                _add_block(out, i - first_row, j, dx2, j - begin, height, w, is_quartic)


@numba.njit(nogil=True, cache=True)
def _find_chords(x, y, bandwidth, first_row, left, length, first, shift, slot, height, start, stop):
    """Where a disc cuts `_SWEEP_ROWS` rows of a segment: b² − dy² − p², and the places of two events in each row.

    They belong to the chord's first cell and the cell after its last; a chord without a cell has ``start >= stop``.
    Fractions are cut off towards 0, on either side counted so that the cells on a rim itself are left out.
    """
    size, square, dy, p = float(length), bandwidth * bandwidth, first_row - y, x - (left + length // 2)
    tolerance = _ROUGH_SHARE * (bandwidth + size)
    if tolerance < _ROUGH_CELLS and _guess_chords(
        x - left, dy, p, square, size, tolerance, first, shift, slot, height, start, stop
    ):
        return
    after, before = x - left + 1.0, size - (x - left)
    for r in range(_SWEEP_ROWS):
        a = max(square - (dy + r) * (dy + r), 0.0)
        reach, i = math.sqrt(a), _SWEEP_ROWS * slot + r
        height[i] = a - p * p
        start[i] = first[r] + (np.int32(min(max(after - reach, 0.0), size)) << shift)
        stop[i] = first[r] + ((length - np.int32(min(max(before - reach, 0.0), size))) << shift)


@numba.njit(nogil=True, cache=True)
def _add_chords(p, w, is_quartic, slot, height, start, stop, events):
    """Add a point's polynomial in u, the distance from the segment's middle, to the rows where it has a chord."""
    wp = w * p
    for r in range(_SWEEP_ROWS):
        i = _SWEEP_ROWS * slot + r
        begin, end = start[i], stop[i]
        if begin < end:
            # read here and not before, or it is spread over a vector by an instruction of its own
            c = height[i]
            if is_quartic:  # w (c + 2pu − u²)²
                base, linear = (1.0, 0.0, 0.0, 4.0 * wp * p, -4.0 * wp, w, 0.0, 0.0), (0.0, 0.0, 4.0 * wp, -2.0 * w)
                _add_chord(events, begin, end, c, base, linear, (0.0, w))
            else:  # w (c + 2pu − u²)
                _add_chord(events, begin, end, c, (1.0, 0.0, 2.0 * wp, -w), (0.0, w), (0.0,))


@numba.njit(nogil=True, cache=True)
def _add_points(n, bandwidth, is_quartic, swept, first_row, left, length, room):
    """Add the first n of the chosen points to the events of a segment.

    Chords are found a few points ahead: the processor then knows which ones are empty when it gets there, and finds
    roots while it waits for the memory of events.
    """
    x, y, weight = room.chosen[0], room.chosen[1], room.chosen[2]
    first, height, start, stop, events = room.first, room.height, room.start, room.stop, room.events.reshape(-1)
    middle, shift, n_rows = left + length // 2, np.int32(3 if is_quartic else 2), len(swept)
    every = n_rows == _SWEEP_ROWS and swept.all()
    for k in range(n + _AHEAD):
        slot = k % _AHEAD
        if k >= _AHEAD:
            i = k - _AHEAD
            _add_chords(x[i] - middle, weight[i], is_quartic, slot, height, start, stop, events)
        if k < n:
            _find_chords(x[k], y[k], bandwidth, first_row, left, length, first, shift, slot, height, start, stop)
            if not every:
                for r in range(_SWEEP_ROWS):
                    if r >= n_rows or not swept[r]:
                        stop[_SWEEP_ROWS * slot + r] = start[_SWEEP_ROWS * slot + r]


@numba.njit(nogil=True, cache=True)
def _sum_row(events, length, is_quartic, scale, floor, state, out):
    """Carry the sum of a row's events along the segment and add its value to ``out``; the events are 0 afterwards.

    Cells come by eight; those after the segment's end hold nothing, because all chords have been taken off there.
    """
    lanes = 8 if is_quartic else 4
    state[:] = 0.0
    for cell in range(0, length, 8):
        u = float(cell - length // 2)
        if is_quartic:
            _sum_eight_quartic(events, cell, state, u, scale, floor, out)
        else:
            _sum_eight_epanechnikov(events, cell, state[:4], u, scale, floor, out)
    events[lanes * length : lanes * (length + 1)] = 0.0


@numba.njit(nogil=True, cache=True)
def _sweep(points, bandwidth, scale, floor, is_quartic, swept, first_row, left, length, room, out):
    """Add points to the `swept` ones of at most `_SWEEP_ROWS` rows of a segment.

    ``out[0, 0]`` is the cell at `first_row`, `left`; rows go on to a whole cache line. An event is a vector: a count
    of the chords that hold the cell, then the coefficients. Neighbouring events fall into different rows.
    """
    x, y, weight = points
    px, py, w, square = room.chosen[0], room.chosen[1], room.chosen[2], bandwidth * bandwidth
    right, bottom = left + length - 1.0, first_row + len(out) - 1.0
    for begin in range(0, len(x), _SWEEP_POINTS):
        n = 0
        for k in range(begin, min(begin + _SWEEP_POINTS, len(x))):
            # the corners of the points' rectangle are out of reach
            dx, dy = max(left - x[k], x[k] - right, 0.0), max(first_row - y[k], y[k] - bottom, 0.0)
            px[n], py[n], w[n] = x[k], y[k], weight[k]
            n += dx * dx + dy * dy < square
        _add_points(n, bandwidth, is_quartic, swept, first_row, left, length, room)
    for r in range(len(swept)):
        if swept[r]:
            _sum_row(room.events[r], length, is_quartic, scale, floor, room.total, out[r])


@numba.njit(nogil=True, cache=True)
def _first_from(points, member, value):
    """Position of the first member with ``x >= value``."""
    low, high = 0, len(member)
    while low < high:
        middle = (low + high) // 2
        if points[member[middle], 0] < value:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(nogil=True, cache=True)
def _gather(index, group, band, low, high):
    """The points of a group, side by side, that may reach some columns of a band: x, y and weight."""
    points, bandwidth = index.points, index.bandwidth[group]
    member = index.member[index.start[group, band] : index.start[group, band + 1]]
    member = member[_first_from(points, member, low - bandwidth) : _first_from(points, member, high + bandwidth)]
    x, y, weight = np.empty(len(member)), np.empty(len(member)), np.empty(len(member))
    for k in range(len(member)):
        x[k], y[k], weight[k] = points[member[k], 0], points[member[k], 1], points[member[k], 2]
    return x, y, weight


@numba.njit(nogil=True, cache=True)
def _near(points, bandwidth, low, high):
    """Those of some points that may reach columns `low` to `high`."""
    x, y, weight = points
    some = slice(np.searchsorted(x, low - bandwidth), np.searchsorted(x, high + bandwidth))
    return x[some], y[some], weight[some]


@numba.njit(nogil=True, cache=True)
def _make_lines(n):
    """Zeros, the first of n at the beginning of a cache line."""
    raw = np.zeros(n + 8)
    first = -(raw.ctypes.data // 8) % 8
    return raw[first : first + n]


@numba.njit(nogil=True, cache=True)
def _make_rows(n_rows, n_cols):
    """Rows of zeros that begin with a cache line and are at least `n_cols` long.

    An odd number of lines, so that the rows of one column do not crowd into the same few places of the cache.
    """
    width = 8 * ((n_cols + 7) // 8 | 1)
    return _make_lines(n_rows * width).reshape(n_rows, width)


@numba.njit(nogil=True, cache=True)
def _make_room(index, n_cols):
    """Room for rows of at most `n_cols` cells, and for the longest segment of a sweep."""
    segment = 1
    for group in range(len(index.segment)):
        segment = max(segment, min(index.segment[group], n_cols))
    events, start = _make_rows(_SWEEP_ROWS, 8 * (segment + 8)), np.empty(_AHEAD * _SWEEP_ROWS, dtype=np.int32)
    return _Room(
        _make_lines(n_cols + 16),
        events,
        (events.shape[1] * np.arange(_SWEEP_ROWS)).astype(np.int32),
        _make_lines(8),
        np.empty((3, _SWEEP_POINTS)),
        _make_lines(_AHEAD * _SWEEP_ROWS),
        start,
        start.copy(),
    )


@numba.njit(nogil=True, cache=True)
def _choose_rows(y, bandwidth, saved, cost, first_row, swept):
    """Mark the rows of a segment that are cheaper swept: those that enough points reach. Their number."""
    n_rows = len(swept)
    # most often the points that reach every row are enough, or all points are too few
    n_everywhere = 0
    for k in range(len(y)):
        n_everywhere += (y[k] - bandwidth < first_row) & (y[k] + bandwidth > first_row + n_rows)
    if n_everywhere * saved > cost or len(y) * saved <= cost:
        swept[:] = n_everywhere * saved > cost
        return n_rows if swept[0] else 0
    reached = np.zeros(n_rows + 1, dtype=np.int64)
    for k in range(len(y)):
        reached[int(max(y[k] - bandwidth - first_row, 0.0))] += 1
        reached[int(min(y[k] + bandwidth - first_row, n_rows - 1.0)) + 1] -= 1
    n_reaching = n_swept = 0
    for i in range(n_rows):
        n_reaching += reached[i]
        swept[i] = n_reaching * saved > cost
        n_swept += swept[i]
    return n_swept


@numba.njit(nogil=True, cache=True)
def _add_group(index, group, band, first_row, first_col, last_col, low, high, room, out):
    """Add one group to columns `low` to `high` of ``out``, whose rows are those of one band or the first of them.

    ``out[0, 0]`` is the cell at `first_row`, `first_col`; segments begin there and end at `last_col`. Some columns
    beside those asked for are filled too.
    """
    # whole cache lines: a segment is a number of them
    low, high = first_col + (low - first_col) // 8 * 8, first_col + (high - first_col + 7) // 8 * 8
    bandwidth, segment, scale = index.bandwidth[group], index.segment[group], index.scale[group]
    # a segment is summed from all points that reach it, even where only a part of it is asked for
    first = first_col + (low - first_col) // segment * segment
    last = first_col + -((first_col - high) // segment) * segment
    is_quartic, n_rows, points = index.is_quartic, len(out), _gather(index, group, band, first, last)
    swept = np.zeros(n_rows, dtype=np.bool_)
    # what sweeping a point saves in a row
    saved = _SCATTER_POINT + _SCATTER_CELL * min(2.0 * bandwidth, float(segment)) - _SWEEP_POINT
    if saved <= 0.0:
        some = _near(points, bandwidth, low, high)
        _scatter(some, bandwidth, scale, is_quartic, first_row, first_col, low, high, room, out)
        return
    floor, waiting = _TINY if index.is_positive[group] else -math.inf, low
    for left in range(first, min(high, last_col), segment):
        right = min(left + segment, last_col)
        near = _near(points, bandwidth, left, right)
        n_swept = _choose_rows(near[1], bandwidth, saved, (right - left) * _SWEEP_CELL, first_row, swept)
        if n_swept == 0:
            continue
        # segments without a swept row are scattered together
        west, east = max(low, left), min(high, left + segment)
        if waiting < west:
            some = _near(points, bandwidth, waiting, west)
            _scatter(some, bandwidth, scale, is_quartic, first_row, first_col, waiting, west, room, out)
        waiting = east
        if n_swept < n_rows:
            top = 0
            while top < n_rows:
                bottom = top
                while bottom < n_rows and not swept[bottom]:
                    bottom += 1
                if bottom > top:
                    rows = out[top:bottom]
                    _scatter(near, bandwidth, scale, is_quartic, first_row + top, first_col, west, east, room, rows)
                top = bottom + 1
        for top in range(0, n_rows, _SWEEP_ROWS):
            part, rows = out[top : top + _SWEEP_ROWS, left - first_col :], swept[top : top + _SWEEP_ROWS]
            _sweep(near, bandwidth, scale, floor, is_quartic, rows, first_row + top, left, right - left, room, part)
    if waiting < high:
        some = _near(points, bandwidth, waiting, high)
        _scatter(some, bandwidth, scale, is_quartic, first_row, first_col, waiting, high, room, out)


@numba.njit(nogil=True, cache=True)
def _fill_bands(index, first_band, last_band, out):
    """Density of the index's one group in the rows of some bands; whole rows.

    Rows that begin and end with a cache line are filled in place, others by way of such rows.
    """
    n_cols = out.shape[1]
    in_place = out.ctypes.data % 64 == 0 and n_cols % 8 == 0
    room = _make_room(index, n_cols)
    lines = _make_rows(1 if in_place else TILE_ROWS, n_cols)
    for band in range(first_band, last_band):
        first_row = band * TILE_ROWS
        filled = out[first_row : first_row + TILE_ROWS]
        if in_place or index.start[0, band + 1] == index.start[0, band]:
            filled[:] = 0.0
        if index.start[0, band + 1] > index.start[0, band]:
            rows = filled if in_place else lines[: len(filled)]
            if not in_place:
                rows[:] = 0.0
            _add_group(index, 0, band, first_row, 0, n_cols, 0, n_cols, room, rows)
            if not in_place:
                filled[:] = rows[:, :n_cols]


@numba.njit(nogil=True, cache=True)
def _find_inside(region, top, bottom, left, right):
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
def _weigh_row(value, max_points, level, contribution, total):
    """Points of one component, into its raster and onto the total."""
    for j in range(len(value)):
        points = max_points * (value[j] / (value[j] + level))
        contribution[j] = points
        total[j] += points


@numba.njit(nogil=True, cache=True)
def _weigh_rate_row(value, effort, prior, effort_km2, max_points, level, contribution, total):
    """Points of findings per visit: of ``x = a / b``, ``x / (x + level)`` is ``a / (a + level · b)``."""
    for j in range(len(value)):
        findings, visits = prior[0] + effort_km2 * value[j], prior[1] + effort_km2 * effort[j]
        points = max_points * (findings / (findings + level * visits))
        contribution[j] = points
        total[j] += points


@numba.njit(nogil=True, cache=True)
def _look_up_row(code, points_of, contribution, total):
    """Points of an areal component, into its raster and onto the total."""
    for j in range(len(code)):
        contribution[j] = points_of[code[j]]
        total[j] += points_of[code[j]]


@numba.njit(nogil=True, cache=True)
def _mark_row(value, exposed):
    """Note where a component has something to visit."""
    for j in range(len(value)):
        exposed[j] |= value[j] > 0.0


@numba.njit(nogil=True, cache=True)
def _state_row(effort, exposed, effort_km2, threshold, state):
    """1 where there is nothing to visit, 2 where nobody has inspected what there is, 3 where somebody has."""
    for j in range(len(effort)):
        state[j] = (3 if effort_km2 * effort[j] >= threshold else 2) if exposed[j] else 1


@numba.njit(nogil=True, cache=True)
def _fill_density(index, weighing, component, band, first_cell, last_col, west, east, room, density):
    """Density of one component in the columns from `west` to `east` of a tile."""
    first_row, first_col = first_cell
    density[:] = 0.0
    for group in range(weighing.first_group[component], weighing.first_group[component + 1]):
        if index.start[group, band + 1] > index.start[group, band]:
            _add_group(index, group, band, first_row, first_col, last_col, west, east, room, density)


@numba.njit(nogil=True, cache=True)
def _score_tile(index, weighing, band, tile, last_col, corner, rows, cols, sheets, room, codes, out):
    """Score some columns of one tile, component by component; what lies outside the region included.

    `tile` is the tile's first cell and `last_col` where it ends in the grid; `rows` and `cols` are those of the window,
    whose own first cell is `corner`; `sheets` are a tile's effort, density, points so far and places to visit. The
    effort comes first: the rate and the state both need it.
    """
    (top, bottom), (low, high), (west, east) = rows, cols, (corner[1] + cols[0], corner[1] + cols[1])
    part = slice(west - tile[1], east - tile[1])
    effort, density, total = sheets[0][: bottom - top], sheets[1][: bottom - top], sheets[2][: bottom - top]
    exposed, effort_km2, n_components = sheets[3], weighing.effort_km2, len(weighing.areal)
    total[:], exposed[:] = 0.0, False
    _fill_density(index, weighing, n_components, band, tile, last_col, west, east, room, effort)
    for component in range(n_components):
        areal, max_points, level = weighing.areal[component], weighing.max_points[component], weighing.level[component]
        if areal < 0:
            _fill_density(index, weighing, component, band, tile, last_col, west, east, room, density)
        for i in range(bottom - top):
            contribution = out.contributions[component, top + i][low:high]
            if areal >= 0:
                code = codes[areal, top + i][low:high]
                _look_up_row(code, weighing.code_points[areal], contribution, total[i][part])
                continue
            if weighing.is_exposure[component]:
                _mark_row(density[i][part], exposed[i][part])
            value, points = density[i][part], total[i][part]
            if weighing.is_rate[component]:
                prior, visits = weighing.prior, effort[i][part]
                _weigh_rate_row(value, visits, prior, effort_km2, max_points, level, contribution, points)
            else:
                _weigh_row(value, max_points, level, contribution, points)
    for i in range(bottom - top):
        out.score[top + i][low:high] = total[i][part]
        state, threshold = out.state[top + i][low:high], weighing.effort_threshold
        _state_row(effort[i][part], exposed[i][part], effort_km2, threshold, state)


@numba.njit(nogil=True, cache=True)
def _blank_outside(region, top, bottom, left, right, out):
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
def _score_bands(index, weighing, first_band, last_band, corner, grid_cols, region, codes, out):
    """Score some bands of a window, whose first cell is `corner`, tile by tile: tiles are those of the whole grid."""
    n_rows, n_cols = region.shape
    room, exposed = _make_room(index, TILE_COLS), np.empty((TILE_ROWS, TILE_COLS), dtype=np.bool_)
    effort, density = _make_rows(TILE_ROWS, TILE_COLS), _make_rows(TILE_ROWS, TILE_COLS)
    sheets = effort, density, _make_rows(TILE_ROWS, TILE_COLS), exposed
    first_row, first_col = corner
    for band in range(first_band, last_band):
        top, bottom = band * TILE_ROWS, min((band + 1) * TILE_ROWS, n_rows)
        for tile_col in range(first_col // TILE_COLS * TILE_COLS, first_col + n_cols, TILE_COLS):
            last_col = min(tile_col + TILE_COLS, grid_cols)
            left, right = max(tile_col - first_col, 0), min(last_col - first_col, n_cols)
            n_inside, low, high = _find_inside(region, top, bottom, left, right)
            if n_inside > 0:
                at, cells = (first_row + top, tile_col), ((top, bottom), (low, high))
                _score_tile(index, weighing, band, at, last_col, corner, *cells, sheets, room, codes, out)
            if n_inside < (bottom - top) * (right - left):
                _blank_outside(region, top, bottom, left, right, out)


@numba.njit(nogil=True, cache=True)
def _paint_runs(flat, first, last, value):
    for k in range(len(first)):
        flat[first[k] : last[k]] = value[k]


@numba.njit(nogil=True, cache=True)
def _find_root(parent, i):
    """First of the chain of parents; the chain is halved on the way."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@numba.njit(nogil=True, cache=True)
def _join_peaks(row, col, value, saddle_share, hill_at, n_hills, peak_row, peak_col, height, parent):
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


@numba.njit(nogil=True, cache=True)
def _fill_ceilings(go, early, late, service, back, worth, minute_cost, best, next_stop, second):
    m, n_minutes = best.shape
    for minute in range(n_minutes - 1, -1, -1):
        for i in range(m):
            most, following, other = -np.inf, -1, -np.inf
            if minute + back[i] < n_minutes:
                most = -minute_cost * back[i]
            for j in range(m):
                start = max(minute + go[i, j], early[j])
                if j == i or start > late[j]:
                    continue
                end = start + service[j]
                # not straight back to where one was
                more = second[j, end] if next_stop[j, end] == i else best[j, end]
                value = worth[j] - minute_cost * go[i, j] + more
                if value > most:
                    most, following, other = value, j, most
                elif value > other:
                    other = value
            best[i, minute], next_stop[i, minute], second[i, minute] = most, following, other


@numba.njit(nogil=True, cache=True)
def _smooth_noise(noise, x, y, bandwidth, normal):
    """Noise of a lattice under a quartic kernel around a place, scaled to variance 1, one number for each draw."""
    normal[:] = 0.0
    sum_of_squares, reach = 0.0, bandwidth * bandwidth
    for row in range(max(math.ceil(y - bandwidth), 0), min(int(y + bandwidth) + 1, noise.shape[0])):
        for col in range(max(math.ceil(x - bandwidth), 0), min(int(x + bandwidth) + 1, noise.shape[1])):
            t = reach - (row - y) ** 2 - (col - x) ** 2
            if t > 0.0:
                weight = (t / reach) ** 2
                sum_of_squares += weight * weight
                factor, some = np.float32(weight), noise[row, col]
                for d in range(len(normal)):
                    normal[d] += factor * some[d]
    scale = np.float32(1.0 / math.sqrt(sum_of_squares))
    for d in range(len(normal)):
        normal[d] *= scale


@numba.njit(nogil=True, cache=True)
def _cubic(t):
    """Weights of four neighbouring nodes for a place t beyond the second of them, 0 to 1."""
    return (
        -t * (t - 1.0) * (t - 2.0) / 6.0,
        (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0,
        -(t + 1.0) * t * (t - 2.0) / 2.0,
        (t + 1.0) * t * (t - 1.0) / 6.0,
    )


@numba.njit(nogil=True, cache=True)
def _fill_curve(draws, log_shape, log_scale, curve):
    """Logarithm of a Gamma quantile over the reference level at each deviate of the table."""
    n_shapes, least = len(draws.table), draws.log_shape[0] + draws.log_shape[1]
    log_shape = max(log_shape, least)
    place = min((log_shape - draws.log_shape[0]) / draws.log_shape[1], n_shapes - 2.0)
    node = min(int(place), n_shapes - 3)
    a, b, c, d = _cubic(place - node)
    root = math.exp(0.5 * log_shape)
    spread = (1.0 + root) / (root * root)
    low, second, third, high = draws.table[node - 1], draws.table[node], draws.table[node + 1], draws.table[node + 2]
    for j in range(len(curve)):
        curve[j] = (a * low[j] + b * second[j] + c * third[j] + d * high[j]) * spread + (log_shape - log_scale)


@numba.njit(nogil=True, cache=True)
def _add_drawn(points, curve, first_normal, step, normal, scores):
    """Add the points of a component whose value is a Gamma quantile: ``points / (1 + 1/value)``."""
    last = len(curve) - 3
    for d in range(len(scores)):
        place = min(max((normal[d] - first_normal) / step, 1.0), last + 1.0)
        node = min(int(place), last)
        p, q, r, s = _cubic(place - node)
        log_value = p * curve[node - 1] + q * curve[node] + r * curve[node + 1] + s * curve[node + 2]
        scores[d] += np.float32(points[d] / (1.0 + math.exp(min(-log_value, _LARGEST_EXPONENT))))


@numba.njit(nogil=True, cache=True)
def _draw_scores(cells, i, draws, normal, curve, scores):
    """One cell's score in each draw."""
    for shift in range(len(draws.first) - 1):
        some = slice(draws.first[shift], draws.first[shift + 1])
        part = scores[some]
        part[:] = 0.0
        for component in range(len(cells.points)):
            share = cells.share[i, component, shift]
            if component != draws.drawn and share > 0.0:
                points = cells.points[component][some]
                for d in range(len(part)):
                    part[d] += points[d] * share
        if draws.drawn >= 0 and len(part) > 0:
            _fill_curve(draws, cells.log_shape[i, shift], cells.log_scale[i, shift], curve)
            points = cells.points[draws.drawn][some]
            _add_drawn(points, curve, draws.normal[0], draws.normal[1], normal[some], part)


@numba.njit(nogil=True, cache=True)
def _fill_quantiles(values, levels, at):
    """Quantiles of some numbers, which are sorted on the way; linear between neighbours."""
    values.sort()
    for q in range(len(levels)):
        place = levels[q] * (len(values) - 1)
        below = min(int(place), len(values) - 2)
        low, high = float(values[below]), float(values[below + 1])
        at[q] = low + (place - below) * (high - low)


@numba.njit(nogil=True, cache=True)
def _is_higher(score, cell, other_score, other_cell):
    """Whether a cell comes before another: by score, then by its number."""
    return score > other_score or (score == other_score and cell < other_cell)


@numba.njit(nogil=True, cache=True)
def _lead(score, cell, scores, cells):
    """Put a cell that is higher than the first of a heap into its place, and the heap in order again."""
    at, n = 0, len(scores)
    while True:
        least = 2 * at + 1
        if least >= n:
            break
        if least + 1 < n and _is_higher(scores[least], cells[least], scores[least + 1], cells[least + 1]):
            least += 1
        if not _is_higher(score, cell, scores[least], cells[least]):
            break
        scores[at], cells[at] = scores[least], cells[least]
        at = least
    scores[at], cells[at] = score, cell


@numba.njit(nogil=True, cache=True)
def _lead_draws(scores, cell, leaders):
    """Note a cell in every draw in which it is among the highest so far."""
    for d in range(len(scores)):
        if _is_higher(scores[d], cell, leaders.score[d, 0], leaders.cell[d, 0]):
            _lead(scores[d], cell, leaders.score[d], leaders.cell[d])


@numba.njit(nogil=True, cache=True)
def _draw_cells(before, after, is_pair, draws, noise, some, easting, northing, bandwidth, ranked, leaders, out):
    """Draw the scores of some cells of one surface, or of two with the same noise."""
    n_draws, curve = before.points.shape[1], np.empty(draws.table.shape[1])
    normal, first, second = np.zeros(n_draws, np.float32), np.empty(n_draws, np.float32), np.empty(n_draws, np.float32)
    for j in range(len(some)):
        i = some[j]
        if draws.drawn >= 0:
            _smooth_noise(noise, easting[j], northing[j], bandwidth, normal)
        _draw_scores(before, i, draws, normal, curve, first)
        if ranked[0][i]:
            _lead_draws(first, i, leaders[0])
        if is_pair:
            _draw_scores(after, i, draws, normal, curve, second)
            if ranked[1][i]:
                _lead_draws(second, i, leaders[1])
            difference = second - first
            _fill_quantiles(second, out.levels, out.quantiles[1, :, i])
            _fill_quantiles(difference, out.levels, out.quantiles[2, :, i])
        _fill_quantiles(first, out.levels, out.quantiles[0, :, i])


def fill_density(index: PointIndex, out: NDArray[np.float64], n_threads: int | None = None) -> None:
    """Density of an index's one group in every cell of its grid.

    Parameters
    ----------
    index : PointIndex of the whole grid
    out : (n_rows, n_cols) float64, C order, filled
    n_threads : int, >= 1, optional
        Default: one per core. Does not change a bit of the result.

    Raises
    ------
    ShapeError, ParameterError
    """
    threads = check_threads(n_threads)

    def fill(bands: range) -> None:
        _fill_bands(index, bands.start, bands.stop, out)

    _run(fill, index.start.shape[1] - 1, threads)


def score_tiles(
    index: PointIndex,
    weighing: Weighing,
    region: NDArray[np.int16],
    codes: NDArray[np.uint16] | NDArray[np.int32],
    out: Outputs,
    *,
    first_cell: tuple[int, int] = (0, 0),
    grid_cols: int | None = None,
    n_threads: int | None = None,
) -> None:
    """Score a window tile by tile: all components, their points, the score and the state in one pass.

    Parameters
    ----------
    index : PointIndex of the window, quartic, segments no longer than `TILE_COLS`
    weighing : Weighing
    region : (n_rows, n_cols) int16, C order, below 0 where a cell is not scored
    codes : (n_areal, n_rows, n_cols) uint16 or int32, C order, each one a column of ``weighing.code_points``
    out : Outputs, C order, filled
    first_cell : row and column of the window's first cell in the grid, the row a multiple of `TILE_ROWS`
        The window ends with such a row too, or with the grid. Columns may be any.
    grid_cols : int, columns of the grid
        Default: the grid ends with the window.
    n_threads : int, >= 1, optional
        Default: one per core. Does not change a bit of the result.

    Raises
    ------
    ShapeError
        An array does not fit the window; nothing was written.
    ParameterError
        The number of threads is none.
    """
    shape, last_col = region.shape, first_cell[1] + region.shape[1] if grid_cols is None else grid_cols
    check_arrays(
        {
            "out.score": (out.score, shape, np.float32),
            "out.state": (out.state, shape, np.uint8),
            "out.contributions": (out.contributions, (len(weighing.areal), *shape), np.float32),
        }
    )
    n_areal = len(weighing.code_points)
    if (
        codes.shape != (n_areal, *shape)
        or first_cell[0] % TILE_ROWS
        or index.start.shape[1] - 1 != -(-shape[0] // TILE_ROWS)
    ):
        message = (
            f"codes must be {(n_areal, *shape)}, and the window begin with a band of {TILE_ROWS} rows and be that of "
            f"the index; got codes of {codes.shape} and the first cell {first_cell}."
        )
        raise ShapeError(message)
    # the loops are compiled for arrays that are not written to
    region, codes = region.view(), codes.view()
    region.flags.writeable = codes.flags.writeable = False

    def fill(bands: range) -> None:
        _score_bands(index, weighing, bands.start, bands.stop, first_cell, last_col, region, codes, out)

    _run(fill, -(-len(region) // TILE_ROWS), check_threads(n_threads))


def paint_runs(flat: NDArray[Any], first: NDArray[np.int64], last: NDArray[np.int64], value: NDArray[np.int64]) -> None:
    """Write a value into each run of neighbouring cells, in the order given: where runs overlap, the last one stays.

    Parameters
    ----------
    flat : (n,) int16, uint16 or int32, changed in place
    first, last : (n_runs,) int64, a run's first cell and one past its last, 0 to n
    value : (n_runs,) int64
    """
    _paint_runs(flat, first, last, value)


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


def fill_ceilings(
    go: NDArray[np.int64],
    window: tuple[NDArray[np.int64], NDArray[np.int64]],
    service: NDArray[np.int64],
    back: NDArray[np.int64],
    worth: NDArray[np.float64],
    minute_cost: float,
    n_minutes: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """How much a crew can still gain once service at a stop ends at some minute of its shift.

    An upper bound: stops may be visited again, though not two in turn. Minutes count from the beginning of the shift.

    Parameters
    ----------
    go : (m, m) int64, drive minutes between stops
    window : early and late, (m,) int64 each, minutes between which service may begin; from late a crew is back in time
    service : (m,) int64, minutes, >= 1
    back : (m,) int64, drive minutes to the end of the shift
    worth : (m,) float64, of each visit
    minute_cost : float, >= 0, of a minute's drive
    n_minutes : int, of the shift, its last included

    Returns
    -------
    best : (m, n_minutes) float64, the most that can be gained, the way back paid; -inf where one is not back in time
    next_stop : (m, n_minutes) int64, the stop with which that begins; -1 for the way back
    second : (m, n_minutes) float64, the most without that stop as the next

    Source: Houck et al. (1980), routes without cycles of two stops
    """
    m = len(service)
    check_arrays(
        {
            "go": (go, (m, m), np.int64),
            **{name: (values, (m,), np.int64) for name, values in zip(("early", "late"), window, strict=True)},
            "service": (service, (m,), np.int64),
            "back": (back, (m,), np.int64),
            "worth": (worth, (m,), np.float64),
        }
    )
    if m and (service.min() < 1 or min(go.min(), back.min()) < 0 or (window[1] + service + back).max() >= n_minutes):
        message = "Service must take a minute, drives 0 or more, and a crew must be back from every stop's late start."
        raise ParameterError(message)
    best, second, next_stop = np.empty((m, n_minutes)), np.empty((m, n_minutes)), np.empty((m, n_minutes), np.int64)
    _fill_ceilings(go, *window, service, back, worth, float(minute_cost), best, next_stop, second)
    return best, next_stop, second


def _resize(values: NDArray[S], n: int) -> NDArray[S]:
    resized = np.empty(n, values.dtype)
    resized[: len(values)] = values[:n]
    return resized


def draw_cells(
    surfaces: tuple[DrawnCells, ...],
    draws: Draws,
    noise: NDArray[np.float32],
    some: NDArray[np.int64],
    at: tuple[NDArray[np.float64], NDArray[np.float64]],
    bandwidth: float,
    ranked: tuple[NDArray[np.bool_], ...],
    leaders: tuple[Leaders, ...],
    out: DrawnOutputs,
) -> None:
    """Draw the scores of some cells of one surface, or of two by the same draws: quantiles, and the highest cells.

    Calls for different cells may run at once, each with leaders of its own; neither the order of cells nor that of
    calls changes a bit of what is filled, nor who leads.

    Parameters
    ----------
    surfaces : one DrawnCells, or the two to compare
    draws : Draws
    noise : (n_rows, n_cols, n_draws) float32, independent standard normal numbers on a lattice
    some : (n,) int64, the cells to draw
    at : (n,) float64 twice, column and row of each of them on the lattice
    bandwidth : float, > 0, steps of the lattice; what stands within it of a cell makes the cell's noise
    ranked : (n_cells,) bool for each surface, cells that may lead
    leaders : Leaders for each surface, changed in place
    out : DrawnOutputs, filled

    Raises
    ------
    ShapeError
    """
    first, last = surfaces[0], surfaces[-1]
    n_cells, (n_components, n_draws), n_shifts = len(first.share), first.points.shape, len(draws.first) - 1
    fit = [
        *(cells.points.shape == (n_components, n_draws) for cells in surfaces),
        *(cells.share.shape == (n_cells, n_components, n_shifts) for cells in surfaces),
        *(cells.log_shape.shape == cells.log_scale.shape == (n_cells, n_shifts) for cells in surfaces),
        *(each.shape == (n_cells,) for each in ranked),
        *(leader.score.shape == leader.cell.shape and len(leader.score) == n_draws for leader in leaders),
        out.quantiles.shape == (2 * len(surfaces) - 1, len(out.levels), n_cells),
        noise.ndim == 3 and noise.shape[2] == n_draws,  # noqa: PLR2004  rows, columns, draws
        len(some) == len(at[0]) == len(at[1]),
        len(surfaces) == len(ranked) == len(leaders),
        n_draws > 1 and draws.first[0] == 0 and draws.first[-1] == n_draws,
    ]
    if not all(fit):
        message = f"Arrays to draw {n_cells} cells {n_draws} times from {n_components} components do not fit together."
        raise ShapeError(message)
    two_ranked, two_leaders = (ranked[0], ranked[-1]), (leaders[0], leaders[-1])
    _draw_cells(
        first, last, len(surfaces) > 1, draws, noise, some, at[0], at[1], bandwidth, two_ranked, two_leaders, out
    )


def compile_kernels() -> None:
    """Compile (or load from the cache) every jitted function with production dtypes; call once at start-up."""
    nothing = np.empty(0)
    index = PointIndex(
        points=np.empty((0, 3)),
        member=np.empty(0, np.int32),
        start=np.zeros((1, 2), np.int64),
        bandwidth=np.ones(1),
        segment=np.ones(1, np.int64),
        scale=np.ones(1),
        is_positive=np.ones(1, np.bool_),
        is_quartic=True,
    )
    index_group(nothing, nothing, nothing, (0.0, 0.0), 1.0, 1.0, (0, 1), np.empty((0, 3)), np.zeros(2, np.int64))
    _fill_bands(index, 0, 1, np.zeros((1, 1)))
    weighing = Weighing(
        np.zeros(2, np.int64),
        np.empty(0, np.int64),
        np.empty((0, 0)),
        nothing,
        nothing,
        is_exposure=nothing > 0,
        is_rate=nothing > 0,
        prior=(1.0, 1.0),
        effort_km2=1.0,
        effort_threshold=0.0,
    )
    out = Outputs(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.uint8), np.zeros((0, 1, 1), np.float32))
    score_tiles(index, weighing, np.full((1, 1), -1, np.int16), np.zeros((0, 1, 1), np.uint16), out, n_threads=1)
    for dtype in (np.int16, np.uint16, np.int32):
        paint_runs(np.zeros(1, dtype), *np.zeros((3, 1), np.int64))
    join_peaks(np.zeros(1, np.int64), np.zeros(1, np.int64), np.ones(1), 0.5, np.zeros((3, 3), np.int32))
    some = np.ones(1, np.int64)
    fill_ceilings(some[:, None] - 1, (some, some), some, some, np.ones(1), 1.0, 4)
    _compile_draws()


def _compile_draws() -> None:
    draws = Draws(np.array([0, 2]), 0, (0.0, 1.0), (0.0, 1.0), np.zeros((5, 5)))
    points, share = np.zeros((1, 2), np.float32), np.zeros((0, 1, 1), np.float32)
    cells = DrawnCells(points, share, np.zeros((0, 1)), np.zeros((0, 1)))
    leaders = Leaders(np.zeros((2, 1), np.float32), np.zeros((2, 1), np.int64))
    out = DrawnOutputs(np.zeros((1, 1, 0), np.float32), np.zeros(1))
    nothing = np.zeros(0)
    noise, ranked = np.zeros((1, 1, 2), np.float32), np.zeros(0, np.bool_)
    draw_cells((cells,), draws, noise, np.zeros(0, np.int64), (nothing, nothing), 1.0, (ranked,), (leaders,), out)


@lru_cache(maxsize=8)
def _pool(n_threads: int, process_id: int, niceness: int) -> ThreadPoolExecutor:  # noqa: ARG001  see below
    # a forked child needs threads of its own, and so does a caller that steps back from others: threads are as nice as
    # the one that starts them
    return ThreadPoolExecutor(n_threads, thread_name_prefix="norrsyn-kernel")


def _niceness() -> int:
    """How far the calling thread steps back from others; where the system knows that of whole processes, 0."""
    return os.nice(0) if sys.platform == "linux" else 0


def _run(fill: Callable[[range], None], n_bands: int, threads: int) -> None:
    """Have all bands filled, several in one call, so that room is made seldom and threads end together.

    The caller's thread is one of them: it need not be woken.
    """
    size = max(1, n_bands // (threads * _TASKS_PER_THREAD))
    waiting = iter([range(first, min(first + size, n_bands)) for first in range(0, n_bands, size)])

    def work() -> None:
        # several threads take from one iterator; each task goes to one of them
        for bands in waiting:
            fill(bands)

    n_helpers = min(threads, -(-n_bands // size)) - 1
    if n_helpers < 1:
        fill(range(n_bands))
        return
    helpers = [_pool(threads - 1, os.getpid(), _niceness()).submit(work) for _ in range(n_helpers)]
    try:
        work()
    finally:
        for helper in helpers:
            # one that has not begun by now has nothing left to do
            if not helper.cancel():
                helper.result()


def empty_lines(shape: tuple[int, int]) -> NDArray[np.float64]:
    """An array that begins with a cache line, not filled: densities are then added up in place."""
    raw = np.empty(math.prod(shape) + 8)
    first = -(raw.ctypes.data // 8) % 8
    return raw[first : first + math.prod(shape)].reshape(shape)


def check_arrays(arrays: Mapping[str, tuple[object, tuple[int, ...], type[np.generic]]]) -> None:
    """Refuse arrays that compiled code cannot fill: those of another shape, type or order, and read-only ones.

    Parameters
    ----------
    arrays : name to array, shape and type that it must have

    Raises
    ------
    ShapeError
        Names all of them.
    """
    failures = []
    for name, (array, shape, dtype) in arrays.items():
        if isinstance(array, np.ndarray) and array.shape == shape and array.dtype == dtype:
            if array.flags.c_contiguous and array.flags.writeable:
                continue
            what = "read-only" if array.flags.c_contiguous else "not in C order"
            got = f"{array.shape} {array.dtype}, {what}"
        else:
            got = f"{array.shape} {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
        failures.append(f"{name} must be a writeable {shape} {dtype.__name__} array in C order, got {got}.")
    if failures:
        raise ShapeError(" ".join(failures))


def check_threads(n_threads: int | None) -> int:
    """The number of threads, one per core where None is given.

    Raises
    ------
    ParameterError
    """
    if n_threads is None:
        return os.cpu_count() or 1
    if isinstance(n_threads, bool) or not isinstance(n_threads, (int, np.integer)) or n_threads < 1:
        message = f"n_threads must be a whole number of 1 or more, or None for one per core, got {n_threads!r}."
        raise ParameterError(message)
    return int(n_threads)
