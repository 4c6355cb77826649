"""Imports that run behind the server: one at a time, a few waiting, each with its progress and its outcome.

A thread starts the process that reads and writes what it read into the store. Whatever becomes of a file, the server
goes on, and the file goes.
"""

from __future__ import annotations

import logging
import secrets
import shutil
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Condition, Thread
from typing import Any, Literal

from api.errors import BusyError, find_kind, problem_document
from api.importing.uploads import UploadFolder
from geo.errors import NorrsynError, NotFoundError
from geo.reading.limits import Limits
from geo.reading.sandbox import Progress
from geo.store.ingest import FileImport, Order, import_files

__all__ = ["ImportJob", "ImportJobs", "ImportSlot"]

KEPT = 50
_END_WITHIN_S = 5.0
_log = logging.getLogger("norrsyn")

Status = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class ImportJob:
    """One state of an import that was ordered over HTTP.

    Attributes
    ----------
    id : str, not to be guessed
    layer : str
    files : names of the files
    is_dry_run : bool
    created_at : str, ISO 8601 in UTC
    status : ``waiting``, ``running``, ``done`` or ``failed``
    stage : str, what is being done, English
    rows_done : int
    rows_in_all : int, None while nobody knows
    outcome : FileImport without its quarantined rows, where it is done
    problem : problem details, where it failed
    change : int, grows with every change
    """

    id: str
    layer: str
    files: tuple[str, ...]
    is_dry_run: bool
    created_at: str
    status: Status = "waiting"
    stage: str = "waiting"
    rows_done: int = 0
    rows_in_all: int | None = None
    outcome: FileImport | None = None
    problem: Mapping[str, Any] | None = None
    change: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in {"done", "failed"}


class ImportSlot:
    """A place in the queue, with a folder for the files that are still on their way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_used = False


class _StoppedError(Exception):
    """The server ends."""


class ImportJobs:
    """The imports of one server.

    Parameters
    ----------
    home : Path of the data folder
    limits : Limits of the process that reads
    queue : int, how many may wait while one runs
    """

    def __init__(self, home: Path, limits: Limits, queue: int) -> None:
        self.limits = limits
        self._home = home
        self._places = 1 + queue
        self._uploads = UploadFolder(home)
        self._changed = Condition()
        self._taken = 0
        self._jobs: OrderedDict[str, ImportJob] = OrderedDict()
        self._waiting: deque[tuple[str, Order, ImportSlot]] = deque()
        self._thread: Thread | None = None
        self.is_stopping = False

    def start(self) -> None:
        """Remove files that a server that was killed left behind."""
        self._uploads.sweep()

    @contextmanager
    def open_slot(self) -> Iterator[ImportSlot]:
        """A place in the queue, given back at the end unless `submit` has taken it.

        Raises
        ------
        BusyError
            There is none.
        StoreError
            The data folder cannot be written to.
        """
        with self._changed:
            if self.is_stopping or self._taken >= self._places:
                message = "Other imports are under way; try again when one of them is done."
                raise BusyError(message)
            self._taken += 1
        slot: ImportSlot | None = None
        try:
            slot = ImportSlot(self._uploads.make())
            yield slot
        finally:
            if slot is None or not slot.is_used:
                self._give_back(slot)

    def submit(self, slot: ImportSlot, order: Order) -> ImportJob:
        """Import files when it is their turn.

        Parameters
        ----------
        slot : ImportSlot; its folder holds the files and goes with them
        order : Order
        """
        names = tuple(Path(path).name for path in order.paths)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        job = ImportJob(secrets.token_urlsafe(16), order.layer, names, order.dry_run, now)
        with self._changed:
            if self.is_stopping:
                message = "The server is about to end; try again when it is back."
                raise BusyError(message)
            slot.is_used = True
            self._jobs[job.id] = job
            self._forget_old()
            self._waiting.append((job.id, order, slot))
            if self._thread is None:
                # a daemon: an import that does not end must not keep the server from ending
                self._thread = Thread(target=self._work, name="norrsyn-import", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return job

    def find(self, job_id: str) -> ImportJob:
        """An import's newest state.

        Raises
        ------
        NotFoundError
            There is none, or it was forgotten: the last 50 are kept, until the server ends.
        """
        with self._changed:
            if job_id in self._jobs:
                return self._jobs[job_id]
        message = "There is no such import under way; /api/imports lists those that are done."
        raise NotFoundError(message)

    def list_jobs(self) -> list[ImportJob]:
        """Every import that is remembered, the newest first."""
        with self._changed:
            return list(reversed(self._jobs.values()))

    def stop(self) -> None:
        """Take on nothing more, and end what runs at its next sign of life; nothing of it is written."""
        with self._changed:
            self.is_stopping = True
            self._changed.notify_all()

    def close(self) -> None:
        """End what runs, and remove every file."""
        self.stop()
        if self._thread is not None:
            self._thread.join(_END_WITHIN_S)
        self._uploads.close()

    def make_folder(self) -> Path:
        """A private folder for something that is written on the way out; whoever asks removes it."""
        return self._uploads.make()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self.is_stopping:
                    self._changed.wait()
                if self.is_stopping:
                    return
                job_id, order, slot = self._waiting.popleft()
            try:
                self._import(job_id, order, slot)
            finally:
                self._give_back(slot)

    def _import(self, job_id: str, order: Order, slot: ImportSlot) -> None:
        def tell(progress: Progress) -> None:
            if self.is_stopping:
                raise _StoppedError
            self._change(job_id, stage=progress.stage, rows_done=progress.rows_done, rows_in_all=progress.rows_in_all)

        self._change(job_id, status="running", stage="reading")
        try:
            try:
                done = import_files(self._home, order, self.limits, tell)
            finally:
                # before anybody is told that it is over
                shutil.rmtree(slot.folder, ignore_errors=True)
        except _StoppedError:
            return
        except Exception as error:
            # whatever it was: the server and the next import go on
            if not isinstance(error, NorrsynError) or not find_kind(error).is_told:
                _log.exception("the import of %r into %s failed", self._jobs[job_id].files, order.layer)
            self._change(job_id, status="failed", problem=problem_document(error))
        else:
            self._change(job_id, status="done", stage="done", outcome=replace(done, quarantine=()))

    def _change(self, job_id: str, **changes: Any) -> None:
        with self._changed:
            job = self._jobs[job_id]
            self._jobs[job_id] = replace(job, change=job.change + 1, **changes)

    def _give_back(self, slot: ImportSlot | None) -> None:
        if slot is not None:
            shutil.rmtree(slot.folder, ignore_errors=True)
        with self._changed:
            self._taken -= 1

    def _forget_old(self) -> None:
        over = [job_id for job_id, job in self._jobs.items() if job.is_over]
        for job_id in over[: max(0, len(self._jobs) - KEPT)]:
            del self._jobs[job_id]
