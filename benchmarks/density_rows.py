"""One kernel density on a grid of 1000 × 1000 cells, beside the programs that a Python user would take for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from rows import Bar, Row, at_least
from session import Session, arrays_of, not_run
from side_by_side import compare, timed
from workload import SEED, check, make_case, sum_kernels

from geo.kernels import empty_lines

__all__ = ["fft_rows", "libkdv_rows", "sklearn_rows", "xarray_spatial_rows"]


@dataclass(frozen=True)
class Rival:
    """Another program and what it is given.

    Attributes
    ----------
    work, other : the row's names
    task : of ``peers/worker.py``
    package : whose absence leaves the rows out
    kernel, n_threads : the same on both sides
    cases : points and bandwidth in cells
    quick_cases : the same, for a quick run
    bars : by bandwidth in cells
    relative : whether it answers with shares of the maximum
    """

    work: str
    other: str
    task: str
    package: str
    kernel: str
    n_threads: int
    cases: tuple[tuple[int, int], ...]
    quick_cases: tuple[tuple[int, int], ...]
    bars: Mapping[int, Bar] = field(default_factory=dict)
    relative: bool = False


LIBKDV = Rival(
    work="density, Epanechnikov",
    other="libkdv",
    task="libkdv",
    package="libkdv",
    kernel="epanechnikov",
    n_threads=2,
    cases=((10_000, 5), (10_000, 20), (10_000, 100), (100_000, 5), (100_000, 20), (100_000, 100)),
    quick_cases=((10_000, 5), (10_000, 20)),
    bars=dict.fromkeys((5, 20, 100), at_least(150)),
    relative=True,
)
XARRAY_SPATIAL = Rival(
    work="density, quartic",
    other="xarray-spatial",
    task="xarray-spatial",
    package="xarray-spatial",
    kernel="quartic",
    n_threads=1,
    cases=((10_000, 5), (10_000, 20), (10_000, 100), (100_000, 5), (100_000, 20), (100_000, 100)),
    quick_cases=((10_000, 5), (10_000, 20), (10_000, 100)),
    bars={5: at_least(2.5), 20: at_least(8), 100: at_least(50)},
)
# No bar: an approximation, and the one that is faster where points and bandwidths are many and wide.
FFT = Rival(
    work="density, quartic",
    other="FFT of binned weights (scipy)",
    task="fft",
    package="scipy",
    kernel="quartic",
    n_threads=2,
    cases=((10_000, 20), (10_000, 100), (100_000, 20), (100_000, 100), (1_000_000, 20), (1_000_000, 100)),
    quick_cases=((10_000, 20), (100_000, 100)),
)


def libkdv_rows(session: Session) -> Iterator[Row]:
    """LIBKDV as PyPI ships it."""
    return compare_with(LIBKDV, session)


def xarray_spatial_rows(session: Session) -> Iterator[Row]:
    """xarray-spatial's kde."""
    return compare_with(XARRAY_SPATIAL, session)


def fft_rows(session: Session) -> Iterator[Row]:
    """The FFT of scipy, with its error."""
    return compare_with(FFT, session)


def compare_with(rival: Rival, session: Session) -> Iterator[Row]:
    """One row for each case of a rival."""
    for n_points, b in rival.quick_cases if session.quick else rival.cases:
        case = make_case(n_points, b)
        missing = session.lacks(rival.package)
        if missing:
            yield not_run(rival.work, case.name, missing, other=rival.other, bar=rival.bars.get(b))
            continue
        peers = session.require_peers()
        peers.prepare(rival.task, arrays_of(case), n_threads=rival.n_threads, bandwidth_m=case.bandwidth_m)
        out = empty_lines(case.grid.shape)
        timing = compare({"ours": timed(case.density(rival.kernel, rival.n_threads, out)), "other": peers.call})
        yield Row(
            rival.work,
            case.name,
            threads=f"{rival.n_threads} each",
            ours_s=timing.seconds["ours"],
            other_s=timing.seconds["other"],
            other=rival.other,
            figure=timing.seconds["other"] / timing.seconds["ours"],
            bar=rival.bars.get(b),
            our_error=session.check_ours(out, case, rival.kernel),
            other_error=check(peers.raster(), case, rival.kernel, relative=rival.relative).error,
            rounds=timing.rounds,
        )


def sklearn_rows(session: Session) -> Iterator[Row]:
    """scikit-learn at a thousand cells beside ours at all million: it has no way to share work between cells."""
    n_sampled, n_threads, kernel = 1_000, 1, "epanechnikov"
    other = f"scikit-learn, {n_sampled:,} of the cells only"
    for n_points, b in ((10_000, 20),) if session.quick else ((10_000, 20), (100_000, 20), (100_000, 100)):
        case = make_case(n_points, b)
        missing = session.lacks("scikit-learn")
        if missing:
            yield not_run("density, Epanechnikov", case.name, missing, other=other)
            continue
        peers = session.require_peers()
        rows, cols = np.random.default_rng(SEED).integers(0, case.grid.shape, (n_sampled, 2)).T
        cells = {"cell_easting": case.grid.easting[cols], "cell_northing": case.grid.northing[rows]}
        peers.prepare("sklearn", {**arrays_of(case), **cells}, bandwidth_m=case.bandwidth_m)
        out = empty_lines(case.grid.shape)
        timing = compare({"ours": timed(case.density(kernel, n_threads, out)), "other": peers.call})
        expected = sum_kernels(case, kernel, rows, cols)
        yield Row(
            "density, Epanechnikov",
            case.name,
            threads=f"{n_threads} each",
            ours_s=timing.seconds["ours"],
            other_s=timing.seconds["other"],
            other=other,
            figure=timing.seconds["other"] / timing.seconds["ours"],
            our_error=session.check_ours(out, case, kernel),
            other_error=float(np.max(np.abs(peers.raster() - expected)) / expected.max()),
            rounds=timing.rounds,
        )
