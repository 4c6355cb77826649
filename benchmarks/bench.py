"""Every bar of the scoring kernel, of draws, of imports, of the map page and of plans in one table and one run.

``make bench`` runs it, ``docs/benchmarks.md`` shows it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from density_rows import fft_rows, libkdv_rows, sklearn_rows, xarray_spatial_rows
from exact_rows import bits_rows, error_rows
from growth_rows import growth_rows
from import_rows import import_rows
from limit_rows import limit_rows
from live_rows import live_rows
from page_rows import page_rows
from peer_process import Peers
from planning_rows import planning_rows
from report import describe_machine, draw_table, put_into_page, summarise, write_json
from rows import Row
from score_rows import fused_rows, incremental_rows, join_rows, question_rows
from session import Session
from uncertainty_rows import uncertainty_rows

ROOT = Path(__file__).resolve().parents[1]
# errors come last: they speak for the rasters of all rows before
SUBJECTS: Mapping[str, Callable[[Session], Iterator[Row]]] = {
    "libkdv": libkdv_rows,
    "xarray-spatial": xarray_spatial_rows,
    "sklearn": sklearn_rows,
    "fft": fft_rows,
    "limit": limit_rows,
    "join": join_rows,
    "fused": fused_rows,
    "incremental": incremental_rows,
    "questions": question_rows,
    "uncertainty": uncertainty_rows,
    "live": live_rows,
    "growth": growth_rows,
    "import": import_rows,
    "page": page_rows,
    "planning": planning_rows,
    "bits": bits_rows,
    "error": error_rows,
}


def read_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, default=list(SUBJECTS), help="subjects to run")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller cases; says little about the bars")
    parser.add_argument("--peers", type=Path, default=ROOT / ".venv-peers", help="environment of the other programs")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json", help="where all figures go")
    parser.add_argument("--markdown", type=Path, help="page whose table is replaced by this run's")
    return parser.parse_args()


def main() -> None:
    """Run the subjects in turn, then print the table."""
    arguments = read_arguments()
    rows: list[Row] = []
    with ExitStack() as stack:
        peers = None
        if (arguments.peers / "bin" / "python").exists():
            peers = stack.enter_context(Peers(arguments.peers))
        else:
            print("The other programs are not installed: their rows are left out. Run `make bench-peers` once.")
        session = Session(peers, arguments.quick)
        machine = describe_machine({} if peers is None else peers.versions)
        for name in (name for name in SUBJECTS if name in arguments.only):
            start = time.perf_counter()
            found = list(SUBJECTS[name](session))
            rows += found
            print(f"  {name}: {len(found)} rows in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    print(f"\n{draw_table(rows)}\n\n{summarise(rows)}")
    write_json(arguments.json, rows, machine)
    if arguments.markdown:
        put_into_page(arguments.markdown, rows, machine)


if __name__ == "__main__":
    main()
