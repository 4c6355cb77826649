"""Scores are drawn in a process of its own, which steps back from everything else that runs, and may crash.

At 100 m a drawing takes minutes and gigabytes. In the process that answers requests it would share with them locks, and
memory that the system maps and unmaps; and where memory runs out, everything would end. The process is started anew for
each drawing, never forked. It gets the question on its standard input, which ends when whoever asked is gone, and then
it ends too. What it found it writes into a file without a name, which is mapped, and which nobody has to remove.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

import geo.errors
from geo.errors import EndedError, NorrsynError
from geo.reading.sandbox import ENVIRONMENT
from geo.risk.scored import ScoredSurface
from geo.risk.uncertainty.arguments import parse_choices
from geo.risk.uncertainty.estimate import Question, ask_question, read_answer
from geo.risk.uncertainty.result import Uncertainty

__all__ = ["COMMAND", "ApartDrawings"]

_LOG = logging.getLogger(__name__)
# where compiled functions are kept, beside what finding libraries takes
_ENVIRONMENT = ENVIRONMENT | {"HOME", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"}
# one thread for linear algebra that nobody needs here, each of which takes its memory beforehand
_SET = {"OPENBLAS_NUM_THREADS": "1", "PROJ_NETWORK": "OFF", "PYTHONUTF8": "1"}
COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("worker.py")))
_LONGEST_ANSWER_BYTES = 2**16
_LOGGED_CHARACTERS = 4000
_N_NUMBERS = 4


class ApartDrawings:
    """Draws in processes of its own, one for each drawing.

    Parameters
    ----------
    command : program and arguments of the process; that of this package when left out
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = tuple(COMMAND if command is None else command)
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = Lock()
        self._is_closed = False

    def estimate(
        self,
        surface: ScoredSurface,
        n_draws: int = 500,
        top_k: int = 20,
        seed: int = 0,
        county: str | None = None,
        *,
        n_threads: int | None = None,
    ) -> Uncertainty:
        """The bits of `geo.risk.surface.RiskSurface.uncertainty`, drawn in another process; this thread waits for it.

        Raises
        ------
        ParameterError, MemoryLimitError
            As there.
        EndedError
            The process cannot be started, or ended before it was done; asked again, another one draws.
        """
        choices = parse_choices([surface], n_draws, top_k, seed, county, n_threads)
        question = ask_question(surface, choices)
        return read_answer(surface, choices, question.cells, self._draw(question))

    def close(self) -> None:
        """End what is under way, and start nothing more."""
        with self._lock:
            self._is_closed = True
            for process in self._running:
                process.kill()

    def _draw(self, question: Question) -> NDArray[np.float32]:
        with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as drawn:
            process = self._start(told, drawn)
            try:
                answer = _converse(process, question)
                code = process.wait()
            finally:
                self._end(process)
                _log(told)
            shape = (_N_NUMBERS, len(question.cells))
            n_bytes = os.fstat(drawn.fileno()).st_size
            if answer.get("done") is not True or n_bytes != _N_NUMBERS * 4 * len(question.cells):
                raise _explain(answer, code)
            return np.asarray(np.memmap(drawn, np.float32, "r", shape=shape))

    def _start(self, told: IO[bytes], drawn: IO[bytes]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_closed:
                message = "How sure the scores are is drawn no more: the program ends; ask again when it is back."
                raise EndedError(message)
            try:
                process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                    [*self._command, str(drawn.fileno())],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=told,
                    pass_fds=(drawn.fileno(),),
                    env={**{key: os.environ[key] for key in _ENVIRONMENT & set(os.environ)}, **_SET},
                    # Ctrl-C in a terminal is for the parent alone. A session of its own would be weighed against the
                    # parent's as a whole, whatever its priority (sched(7), autogroup)
                    process_group=0,
                )
            except OSError as error:
                _LOG.exception("the process that draws cannot be started")
                message = (
                    f"How sure the scores are could not be drawn: its process failed ({error.strerror}); ask again, "
                    "and see the log if it stays so."
                )
                raise EndedError(message) from error
            self._running.add(process)
            return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(process)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        if process.poll() is None:
            process.kill()
        process.wait()


def _converse(process: subprocess.Popen[bytes], question: Question) -> dict[str, Any]:
    """What the process answers; its input stays open until then, because its end would end the process."""
    # where it is gone already, its exit tells why
    with suppress(BrokenPipeError):
        if process.stdin is not None:
            pickle.dump(question, process.stdin, protocol=5)
            process.stdin.flush()
    line = b"" if process.stdout is None else process.stdout.readline(_LONGEST_ANSWER_BYTES)
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return {}


def _explain(answer: dict[str, Any], code: int) -> NorrsynError:
    name = str(answer.get("error"))
    kind = getattr(geo.errors, name, None) if name in geo.errors.__all__ else None
    if isinstance(kind, type) and issubclass(kind, NorrsynError):
        return kind(str(answer.get("message")))
    if code < 0:
        message = (
            f"How sure the scores are was not drawn to the end: its process was ended ({signal.Signals(-code).name}), "
            "perhaps because memory ran out; ask again."
        )
    else:
        message = (
            f"How sure the scores are could not be drawn: its process failed ({answer.get('crash', f'exit {code}')}); "
            "ask again, and see the log if it stays so."
        )
    return EndedError(message)


def _log(told: IO[bytes]) -> None:
    n_bytes = told.seek(0, os.SEEK_END)
    if n_bytes:
        told.seek(max(0, n_bytes - _LOGGED_CHARACTERS))
        _LOG.warning("drawing, the process wrote: %r", told.read().decode("utf-8", "replace"))
