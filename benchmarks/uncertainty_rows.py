"""How long it takes to say how sure the scores of Region Nord are, and how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from rows import Row, at_most
from session import THREADS, Session

__all__ = ["uncertainty_rows"]

GIB, MIB = 2**30, 2**20
CELL_M, N_DRAWS = 1_000, 500
# of the whole region on two cores
TIME_BAR, MEMORY_BAR = at_most(20), at_most(3)
ROUNDS = 3


def uncertainty_rows(session: Session) -> Iterator[Row]:
    """Intervals and the chance of being among the top 20, each time in a new process, on one core and on two."""
    n_draws, rounds = (50, 1) if session.quick else (N_DRAWS, ROUNDS)
    for n_threads in (1, THREADS):
        runs = [_draw(n_draws, n_threads) for _ in range(rounds)]
        case = f"{CELL_M} m, {n_draws} draws, {runs[0]['n_ranked']:,} ranked cells"
        seconds = median(run["wall_s"] for run in runs)
        bar = None if session.quick else TIME_BAR
        yield Row(
            "how sure, Region Nord",
            case,
            threads=str(n_threads),
            ours_s=seconds,
            figure=seconds,
            unit="s",
            bar=bar,
            rounds=rounds,
            note=f"{median(run['cpu_s'] for run in runs):.3g} s of processor",
        )
        peak, before = (max(run[name] for run in runs) for name in ("peak_bytes", "before_bytes"))
        yield Row(
            "how sure, memory of the process",
            case,
            threads=str(n_threads),
            figure=peak / GIB,
            unit="GiB",
            bar=None if session.quick else MEMORY_BAR,
            rounds=rounds,
            note=f"{before / MIB:,.0f} MiB of it before the first draw",
        )


def _draw(n_draws: int, n_threads: int) -> dict[str, Any]:
    program = Path(__file__).with_name("uncertainty_once.py")
    command = [sys.executable, str(program), str(CELL_M), str(n_draws), str(n_threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  our own program
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured
