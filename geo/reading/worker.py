"""The process that reads one file from outside: ``python geo/reading/worker.py``, started by `geo.reading.sandbox`.

It lowers what it may use before it imports anything but the standard library, takes one request as a line of JSON from
its standard input, and answers in lines of JSON on its standard output: how far it has come, and in the end ``done``,
an error, or the limit it ran into. Whatever else writes to standard output ends up in standard error. When its input is
closed, because whoever asked is gone, it ends at once.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import resource
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

__all__ = ["StageFile", "find_stage_file", "serve"]

StageFile = Callable[[Mapping[str, Any], Path, Callable[[str, int, int | None], None]], None]

_ROOT = Path(__file__).resolve().parents[2]
_ORPHANED = 3
_GRACE_S = 5
_FULL = {
    errno.ENOSPC: "space",
    errno.EDQUOT: "space",
    errno.EFBIG: "written_bytes",
    errno.EMFILE: "open_files",
    errno.ENOMEM: "memory_bytes",
}


def serve(find: Callable[[], StageFile]) -> None:
    """Take one request, do it, answer, and end.

    Parameters
    ----------
    find : gives the function that does the work; called once the limits hold
    """
    answers = _keep_answers_apart()
    asked = json.loads(sys.stdin.buffer.readline())
    lower_limits(asked["limits"])
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def answer(**message: Any) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    try:
        stage_file = find()
        stage_file(asked["request"], Path(asked["folder"]), lambda *done: answer(progress=done))
    except BaseException as error:
        answer(**_describe(error))
        if not isinstance(error, Exception | MemoryError):
            raise
    else:
        answer(done=True)
    # without the clean-up that a library's threads could hang in
    answers.flush()
    sys.stderr.flush()
    os._exit(0)


def lower_limits(limits: Mapping[str, Any]) -> None:
    """Hold this process to some limits, for good.

    Parameters
    ----------
    limits : fields of `geo.reading.limits.Limits` by name
    """
    os.umask(0o077)
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["processor_s"]),
        (resource.RLIMIT_FSIZE, limits["written_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
    ):
        _, highest = resource.getrlimit(name)
        bound = int(value) if highest == resource.RLIM_INFINITY else min(int(value), highest)
        # the system kills at the upper bound of computing without saying why, and at the lower one it says
        upper = bound + _GRACE_S if name == resource.RLIMIT_CPU and highest == resource.RLIM_INFINITY else bound
        resource.setrlimit(name, (bound, upper))


def find_stage_file() -> StageFile:
    """``geo.reading.files.stage_file``."""
    if str(_ROOT) not in sys.path:
        sys.path.insert(0, str(_ROOT))
    stage_file: StageFile = importlib.import_module("geo.reading.files").stage_file
    return stage_file


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
        failures = list(map(str, getattr(error, "failures", ())))
        return {"error": type(error).__name__, "message": str(error), "failures": failures}
    if isinstance(error, MemoryError):
        return {"limit": "memory_bytes"}
    if isinstance(error, OSError) and error.errno in _FULL:
        return {"limit": _FULL[error.errno]}
    import traceback  # noqa: PLC0415  what is only needed when all else fails

    traceback.print_exception(error)
    return {"crash": type(error).__name__}


if __name__ == "__main__":
    serve(find_stage_file)
