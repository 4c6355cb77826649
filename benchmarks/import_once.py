"""One import in a process of its own: ``python benchmarks/import_once.py HOME FILE``; prints what it took as JSON."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from geo.store.ingest import Order, import_files

BYTES_PER_KIB = 1024


def read_peak_bytes() -> int:
    """The most memory that this process had at any time; what it was started from does not count."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * BYTES_PER_KIB


def main() -> None:
    """Import the file into the layer of workplaces."""
    home, path = sys.argv[1:]
    done = import_files(home, Order((path,), "workplaces"))
    ours, worker = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    (report,) = done.reports
    measured = {
        "cpu_s": ours.ru_utime + ours.ru_stime + worker.ru_utime + worker.ru_stime,
        "parent_bytes": read_peak_bytes(),
        "worker_bytes": worker.ru_maxrss * BYTES_PER_KIB,
        "accepted": report.rows_accepted,
        "quarantined": report.rows_quarantined,
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
