"""What all rows of one run share: the other programs, if they are installed, and what was checked on the way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from peer_process import Peers
from rows import Row
from workload import Case, Check, Floats, check

__all__ = ["THREADS", "Session"]

THREADS = os.cpu_count() or 1


@dataclass
class Session:
    """One run of the benchmarks.

    Attributes
    ----------
    peers : the process of the other programs, or None before ``make bench-peers``
    quick : fewer and smaller cases
    checks : every comparison of our own rasters with plain sums so far, by the name of the case
    """

    peers: Peers | None
    quick: bool
    checks: dict[str, Check] = field(default_factory=dict)

    def lacks(self, package: str) -> str:
        """Why a package cannot be called, in words; empty when it can."""
        if self.peers is None:
            return "not run: make bench-peers"
        if package not in self.peers.versions:
            python = self.peers.versions["python"]
            return f"not run: {package} is not installed for Python {python}, see docs/benchmarks.md"
        return ""

    def require_peers(self) -> Peers:
        """The process of the other programs, for rows that asked `lacks` first."""
        if self.peers is None:
            message = "make bench-peers was not run"
            raise RuntimeError(message)
        return self.peers

    def check_ours(self, raster: Floats, case: Case, kernel: str = "quartic") -> float:
        """Error of one of our own rasters; it counts towards the rows on errors too."""
        checked = check(raster, case, kernel)
        self.checks[f"{kernel}, {case.name}, {case.grid.n_cells:,} cells"] = checked
        return checked.error


def arrays_of(case: Case) -> Mapping[str, NDArray[Any]]:
    """A case as the worker takes it."""
    return {
        "x": case.x,
        "y": case.y,
        "weight": case.weight,
        "easting": case.grid.easting,
        "northing": case.grid.northing,
    }


def not_run(work: str, case: str, why: str, **known: Any) -> Row:
    """A row that only says what is missing."""
    return Row(work, case, note=why, **known)
