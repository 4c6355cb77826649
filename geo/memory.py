"""How much memory is left, asked before much of it is taken.

A raster of 10⁸ cells takes seconds to fill and may take the machine down with it; refusing in time costs nothing.
"""

from __future__ import annotations

from pathlib import Path

import psutil

from geo.errors import MemoryLimitError

__all__ = ["available_bytes", "format_bytes", "require_memory"]

# Memory limit and use of the container, where there is one. Source: Linux kernel, Control Group v2, "Memory".
_CGROUP = Path("/sys/fs/cgroup")
# Left for everything else that runs: what is asked for may take at most this share of what is free.
_SHARE = 0.9


def available_bytes() -> int:
    """Memory that can still be taken, bytes: of the machine, or of the container where that is less."""
    free = int(psutil.virtual_memory().available)
    try:
        limit = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
        figures = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        # no container, or one without a limit ("max")
        return free
    # files that were read and not written to are let go when memory is short
    return min(free, max(limit - used + int(figures.get("inactive_file", 0)), 0))


def require_memory(n_bytes: int, what: str, instead: str) -> None:
    """Refuse what would not fit, before anything is allocated.

    Parameters
    ----------
    n_bytes : int, bytes that will be taken at most
    what : str, what takes them, as the subject of a sentence
    instead : str, what to do otherwise

    Raises
    ------
    MemoryLimitError
    """
    free = available_bytes()
    if n_bytes > free * _SHARE:
        message = (
            f"{what} needs {n_bytes} bytes ({format_bytes(n_bytes)}) of memory, and {format_bytes(free)} are free; "
            f"{instead}."
        )
        raise MemoryLimitError(message)


def format_bytes(n_bytes: float) -> str:
    """A number of bytes for people: ``1.5 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000 or unit == "GB":  # noqa: PLR2004  SI steps
            break
        n_bytes /= 1000
    return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.1f} {unit}"
