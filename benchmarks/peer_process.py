"""The process that the other programs run in: their own environment, asked line by line."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PeerError", "Peers"]

WORKER = Path(__file__).parent / "peers" / "worker.py"


class PeerError(Exception):
    """The other program failed; the message is its own traceback."""


class Peers:
    """The running worker; leave the context to end it.

    Parameters
    ----------
    environment : Path
        The environment that ``make bench-peers`` made.
    """

    def __init__(self, environment: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="norrsyn-bench-")
        self._process = subprocess.Popen(  # noqa: S603  our own script, with the Python of our own environment
            [environment / "bin" / "python", "-u", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.versions: Mapping[str, str] = self._ask(do="versions")["versions"]

    def __enter__(self) -> Peers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def prepare(self, task: str, arrays: Mapping[str, NDArray[Any]], **options: Any) -> None:
        """Hand over the arrays and options of a task; the task before it is forgotten.

        Raises
        ------
        PeerError
        """
        path = Path(self._folder.name) / "arrays.npz"
        np.savez(path, **arrays)
        self._ask(do="prepare", task=task, arrays=str(path), options=options)

    def call(self) -> float:
        """Run the prepared task once; the seconds that it took there, without the way to and fro."""
        return float(self._ask(do="call")["seconds"])

    def raster(self) -> NDArray[np.float64]:
        """What the last call gave, weight per km², row 0 northmost."""
        path = Path(self._folder.name) / "raster.npy"
        self._ask(do="save", raster=str(path))
        return np.load(path)

    def _ask(self, **request: Any) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            message = "the worker has no pipes"
            raise PeerError(message)
        try:
            print(json.dumps(request), file=stdin, flush=True)
            line = stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            message = f"the worker ended with status {self._process.wait()} while asked to {request['do']}"
            raise PeerError(message)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer
