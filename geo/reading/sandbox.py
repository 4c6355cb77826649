"""A file from outside is read in a process of its own, which may use so much and no more, and may crash.

The process is started anew, never forked, so that it shares neither memory nor locks with a server of many threads. It
gets the request on its standard input, an environment that holds nothing but what finding libraries takes, and limits
that it cannot raise again. What it answers is taken as a file from outside itself is: as data that may be wrong.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

import geo.errors
from geo.errors import ConfigError, InputError, NorrsynError, SchemaError, StoreError
from geo.reading.limits import DEFAULT_LIMITS, Limits
from geo.reading.source import name_file

__all__ = ["ENVIRONMENT", "Progress", "run_worker"]

_LOG = logging.getLogger(__name__)

# all that the process gets of its parent's environment: where programs, libraries and their data are, and the language
ENVIRONMENT = frozenset(
    {
        "GDAL_DATA",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "PATH",
        "PROJ_DATA",
        "PROJ_LIB",
        "PYTHONHOME",
        "PYTHONPATH",
        "SYSTEMROOT",
        "TMPDIR",
        "TZ",
        "VIRTUAL_ENV",
    }
)
# no network for PROJ; one thread for linear algebra that nobody needs here, each of which takes its memory beforehand
_SET = {"PROJ_NETWORK": "OFF", "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
_COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("worker.py")))
_PIECE_BYTES = 2**16
_LONGEST_ANSWER_BYTES = 64 * 2**20
_LOGGED_CHARACTERS = 4000
_TOLD_CHARACTERS = 200


@dataclass(frozen=True)
class Progress:
    """How far the reading of a file has come.

    Attributes
    ----------
    stage : str, what is being done
    rows_done : int
    rows_in_all : int, None while nobody knows
    """

    stage: str
    rows_done: int
    rows_in_all: int | None


def run_worker(
    request: Mapping[str, Any],
    folder: Path,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Callable[[Progress], None] | None = None,
    *,
    command: Sequence[str] = _COMMAND,
) -> None:
    """Read a file in a process of its own, by `geo.reading.files.stage_file`.

    Parameters
    ----------
    request : plain values that fit into JSON, as `geo.reading.files.Request.to_dict` gives them
    folder : Path, where the process writes
    limits : Limits
    on_progress : called in this thread, at most as often as the process tells; what it raises ends the process
    command : program and arguments of the process

    Raises
    ------
    NorrsynError
        Whatever the process raised, of the same class and with the same words.
    ConfigError
        The process cannot be started.
    InputError
        The file takes more time, memory, rows or bytes than it may, or crashes its reader.
    StoreError
        The folder cannot take what the process writes.
    """
    name = _name_files(request)
    asked = json.dumps({"request": dict(request), "folder": str(folder), "limits": asdict(limits)})
    deadline = time.monotonic() + limits.time_s
    with tempfile.TemporaryFile() as told:
        worker = _start(command, told)
        try:
            last = _converse(worker, asked, deadline, on_progress)
            code = worker.wait(max(0.0, deadline - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired) as error:
            message = (
                f"{name}: reading it took more than {limits.time_s:g} s; split it, or leave out what is not needed."
            )
            raise InputError(message) from error
        finally:
            _end(worker)
            _log(name, told)
    if last.get("done") is not True:
        _raise(name, last, code, limits)


def _name_files(request: Mapping[str, Any]) -> str:
    names = [name_file(str(path)) for path in request.get("paths", ())]
    return ", ".join(names) or "the file"


def _start(command: Sequence[str], told: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  our own interpreter and module
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
            env={**{key: os.environ[key] for key in ENVIRONMENT & set(os.environ)}, **_SET},
            # Ctrl-C in a terminal is for the parent alone, who ends the worker in its own way
            start_new_session=True,
        )
    except OSError as error:
        message = f"the process that reads files cannot be started ({error}); see that memory and processes are free."
        raise ConfigError(message) from error


def _converse(
    worker: subprocess.Popen[bytes], asked: str, deadline: float, on_progress: Callable[[Progress], None] | None
) -> dict[str, Any]:
    """The last answer; the worker's input stays open until then, because its end would end the worker."""
    # where it is gone already, its exit tells why
    with suppress(BrokenPipeError):
        if worker.stdin is not None:
            worker.stdin.write(asked.encode() + b"\n")
            worker.stdin.flush()
    last: dict[str, Any] = {}
    for line in _read_lines(worker, deadline):
        try:
            last = dict(json.loads(line))
        except (ValueError, TypeError, RecursionError):
            return {}
        if "progress" not in last:
            return last
        if on_progress is not None:
            stage, done, in_all = last["progress"]
            on_progress(Progress(str(stage), int(done), None if in_all is None else int(in_all)))
    return {}


def _read_lines(worker: subprocess.Popen[bytes], deadline: float) -> Iterator[bytes]:
    if worker.stdout is None:
        return
    waiting = b""
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            piece = os.read(worker.stdout.fileno(), _PIECE_BYTES)
            if not piece:
                return
            *lines, waiting = (waiting + piece).split(b"\n")
            yield from lines
            if len(waiting) > _LONGEST_ANSWER_BYTES:
                return


def _end(worker: subprocess.Popen[bytes]) -> None:
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    if worker.poll() is None:
        worker.kill()
    worker.wait()


def _log(name: str, told: IO[bytes]) -> None:
    n_bytes = told.seek(0, os.SEEK_END)
    if n_bytes:
        told.seek(max(0, n_bytes - _LOGGED_CHARACTERS))
        _LOG.warning("reading %r, the worker wrote: %r", name, told.read().decode("utf-8", "replace"))


def _raise(name: str, last: dict[str, Any], code: int, limits: Limits) -> NoReturn:
    kind = getattr(geo.errors, str(last.get("error")), None) if last.get("error") in geo.errors.__all__ else None
    if isinstance(kind, type) and issubclass(kind, NorrsynError):
        message = str(last.get("message"))
        if issubclass(kind, SchemaError):
            raise kind(message, tuple(map(str, last.get("failures") or ())))
        raise kind(message)
    limit = "processor_s" if code == -signal.SIGXCPU else str(last.get("limit"))
    if limit in _WORDS:
        error, words = _WORDS[limit]
        bound = getattr(limits, limit, 0)
        message = f"{name}: {words.format(bound=bound, mib=bound // 2**20)}"
        raise error(message)
    if code == -signal.SIGKILL:
        how = "was ended by the system, probably because the memory ran out; try again, or split the file"
    elif code < 0:
        how = (
            f"crashed on it ({signal.Signals(-code).name}); the file is damaged, or too large to read; export it again"
        )
    else:
        what = str(last.get("crash", f"exit {code}"))[:_TOLD_CHARACTERS]
        how = f"failed on it ({what}); export it again, in another format if it stays so"
    message = f"{name}: the process that read it {how}."
    raise InputError(message)


_WORDS: Mapping[str, tuple[type[NorrsynError], str]] = {
    "memory_bytes": (InputError, "reading it takes more than {mib} MiB of memory; split it into several files."),
    "processor_s": (InputError, "reading it took more than {bound} s of computing; split it into several files."),
    "written_bytes": (StoreError, "reading it would write a file of more than {mib} MiB; split it into several files."),
    "open_files": (StoreError, "reading it needs more than {bound} open files; export it as one plain file."),
    "space": (StoreError, "the disk is full; make room, then read the file again."),
}
