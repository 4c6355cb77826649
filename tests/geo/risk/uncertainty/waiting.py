"""A process that draws and can be held up, for tests of what becomes of whoever waits for it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

__all__ = ["find_process", "make_command", "wait_until"]

WORKER = Path(__file__).with_name("waiting_worker.py")


def make_command(flag: Path) -> tuple[str, ...]:
    """The process waits before it draws for as long as the file is there, and writes "begun" into it."""
    return sys.executable, "-P", str(WORKER), str(flag)


def wait_until(holds: Callable[[], object], within_s: float = 60) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def find_process(flag: Path, parent: int | None = None) -> psutil.Process:
    """The process that draws, once it has begun."""
    wait_until(lambda: flag.read_text() == "begun")
    (found,) = [each for each in psutil.Process(parent).children() if str(flag) in _read_command(each)]
    return found


def _read_command(process: psutil.Process) -> list[str]:
    # another test's process may be gone by now, or wait for somebody to ask how it ended
    with suppress(psutil.Error):
        return process.cmdline()
    return []
