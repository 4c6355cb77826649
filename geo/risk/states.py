"""What is known of a cell beside its score."""

from __future__ import annotations

__all__ = ["INSPECTED", "NEVER_INSPECTED", "NOTHING_KNOWN", "OUTSIDE", "STATE_NAMES"]

# as `geo.kernels.score_tiles` writes them
OUTSIDE, NOTHING_KNOWN, NEVER_INSPECTED, INSPECTED = 0, 1, 2, 3
STATE_NAMES = {
    OUTSIDE: "outside",
    NOTHING_KNOWN: "nothing_known",
    NEVER_INSPECTED: "never_inspected",
    INSPECTED: "inspected",
}
