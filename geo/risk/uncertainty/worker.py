"""The process that draws once: ``python geo/risk/uncertainty/worker.py FILE``, started by `geo.risk.uncertainty.apart`.

It steps back before it imports anything but the standard library, takes one question, pickled by its parent, from its
standard input, writes what it found into the open file whose number it is given, and answers in a line of JSON on its
standard output: ``done``, an error, or what it failed on. Whatever else writes to standard output ends up in standard
error. When its input is closed, because whoever asked is gone, it ends at once.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import pickle
import resource
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

__all__ = ["draw", "step_back"]

_ROOT = Path(__file__).resolve().parents[3]
_ORPHANED = 3
# How far it steps back where the system knows no policy for what runs when nothing else does.
_NICE = 19
# How much likelier than others it is ended when the system runs out of memory, of 1000.
_ENDED_RATHER = 500
_LEAST_FILE_BYTES = 2**20


def draw(file: int) -> None:
    """Take one question, draw, answer, and end.

    Parameters
    ----------
    file : int, number of the open file that the numbers are written into
    """
    step_back()
    answers = _keep_answers_apart()
    try:
        answer = _draw(file)
    except BaseException as error:
        answer = _describe(error)
        if not isinstance(error, Exception | MemoryError):
            raise
    answers.write(json.dumps(answer) + "\n")
    # without the clean-up that a library's threads could hang in
    answers.flush()
    sys.stderr.flush()
    os._exit(0)


def step_back() -> None:
    """Let everything else that runs go first, and be the first to go where memory is short."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(_ENDED_RATHER))
        with suppress(OSError):
            # threads started later have the same; what answers takes its core at once (docs/adr/0032-drawn-apart.md)
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return
    os.nice(_NICE)


def _draw(file: int) -> dict[str, Any]:
    if str(_ROOT) not in sys.path:
        sys.path.insert(0, str(_ROOT))
    estimate: Any = importlib.import_module("geo.risk.uncertainty.estimate")
    question = pickle.load(sys.stdin.buffer)  # noqa: S301  of our parent, who has started us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    numbers = estimate.answer_question(question)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(numbers.nbytes, _LEAST_FILE_BYTES), hard))
    with os.fdopen(file, "wb") as out:
        out.write(numbers.data)
    return {"done": True}


def _keep_answers_apart() -> TextIO:
    """A stream to whoever asked; what libraries print goes to standard error instead."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(_ORPHANED)


def _describe(error: BaseException) -> dict[str, Any]:
    """An error in words that fit into JSON; the rest of it goes to standard error."""
    errors = sys.modules.get("geo.errors")
    if errors is not None and isinstance(error, errors.NorrsynError):
        return {"error": type(error).__name__, "message": str(error)}
    if isinstance(error, MemoryError):
        return {"crash": "memory ran out"}
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return {"crash": "the disk for temporary files is full"}
    import traceback  # noqa: PLC0415  what is only needed when all else fails

    traceback.print_exception(error)
    return {"crash": type(error).__name__}


if __name__ == "__main__":
    draw(int(sys.argv[1]))
