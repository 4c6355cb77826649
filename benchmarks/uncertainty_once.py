"""How sure the demo region's scores are, in a process of its own: ``python uncertainty_once.py CELL_M DRAWS THREADS``.

Prints what it took as JSON.
"""

from __future__ import annotations

import json
import sys
import time

from import_once import read_peak_bytes
from score_load import DAY, demo_layers

import geo
from geo.kernels import compile_kernels


def main() -> None:
    """Score, then draw; the score and loading compiled code are not counted, the memory of both is."""
    cell_m, n_draws, n_threads = map(int, sys.argv[1:])
    compile_kernels()
    surface = geo.score(demo_layers(), geo.region_grid(cell_m), at=DAY)
    before = read_peak_bytes()
    wall, processor = time.perf_counter(), time.process_time()
    surface.uncertainty(n_draws, n_threads=n_threads)
    measured = {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - processor,
        "peak_bytes": read_peak_bytes(),
        "before_bytes": before,
        "n_ranked": surface.n_ranked,
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
