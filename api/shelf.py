"""A bounded shelf of surfaces beside the published one, and the queue of those that are being scored.

A surface asked for by several at once is scored once; more than the operator allows is refused, not piled up. Circles
know nothing of one another's surfaces, and users nothing of those that others made with weights of their own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

from api.errors import BusyError, SupersededError
from api.surfaces import ServedSurface
from geo.grid import Grid
from geo.layers.circles import INNER_CIRCLE

__all__ = ["KEPT_PER_USER", "Asker", "ScoreKey", "SurfaceShelf"]

# So many surfaces with weights of their own each user finds again.
KEPT_PER_USER = 12
_BYTES_PER_MB = 1_000_000
_Address = tuple[str, str]


@dataclass(frozen=True)
class Asker:
    """Whoever asks.

    Attributes
    ----------
    circle : str, sharing circle
    user : str, what tells users apart; empty without sign-in
    """

    circle: str = INNER_CIRCLE
    user: str = ""


@dataclass(frozen=True)
class ScoreKey:
    """What makes two scored surfaces the same.

    Attributes
    ----------
    layers : digest of the layers' content
    at : date
    sectors : None for all
    model : hash of the model's numbers
    grid : Grid
    circle : sharing circle that they were scored for
    """

    layers: str
    at: date
    sectors: frozenset[str] | None
    model: str
    grid: Grid
    circle: str = INNER_CIRCLE


@dataclass(eq=False)
class _Kept:
    """A surface on the shelf; users are those whose weights it was made with, None for everybody of the circle."""

    served: ServedSurface
    users: set[str] | None = None


@dataclass(eq=False)
class _Job:
    """A surface on its way.

    Attributes
    ----------
    future : what those who wait are given
    users : as in `_Kept`
    dragging : users who will ask for another in its place, should it still wait then
    is_wanted : whether somebody waits for it who will not
    running : its place in the pool
    """

    users: set[str] | None
    future: Future[ServedSurface] = field(default_factory=Future)
    dragging: set[Asker] = field(default_factory=set)
    is_wanted: bool = False
    running: Future[None] | None = None


class SurfaceShelf:
    """Surfaces beside the published one: scored on demand, replaced, or read from the data folder by id.

    Parameters
    ----------
    max_surfaces, max_mb : int
        What is kept; the one used longest ago goes first. Surfaces with users' own weights are counted apart, so many
        for each user, and give way to all others where memory is short.
    n_workers, n_waiting : int
        How many are scored at once, and how many more may wait.
    """

    def __init__(self, max_surfaces: int, max_mb: int, n_workers: int, n_waiting: int) -> None:
        self._max_surfaces, self._max_bytes = max_surfaces, max_mb * _BYTES_PER_MB
        self._n_under_way = n_workers + n_waiting
        self._pool = ThreadPoolExecutor(n_workers, thread_name_prefix="norrsyn-score")
        self._lock = Lock()
        self._kept: OrderedDict[_Address, _Kept] = OrderedDict()
        self._ids: dict[ScoreKey, str] = {}
        self._under_way: dict[ScoreKey, _Job] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def n_under_way(self) -> int:
        """How many surfaces are being scored or wait for it."""
        with self._lock:
            return len(self._under_way)

    def get(self, surface_id: str, asker: Asker | None = None) -> ServedSurface | None:
        """The surface of that id, if it is still here and may be seen."""
        asker = asker or Asker()
        with self._lock:
            kept = self._kept.get((asker.circle, surface_id))
            if kept is None or not _may_see(kept, asker):
                return None
            self._kept.move_to_end((asker.circle, surface_id))
            return kept.served

    def list(self, asker: Asker | None = None) -> list[ServedSurface]:
        """What is here and may be seen, the one used last at the end."""
        asker = asker or Asker()
        with self._lock:
            return [
                kept.served
                for (circle, _), kept in self._kept.items()
                if circle == asker.circle and _may_see(kept, asker)
            ]

    def find_alike(self, key: ScoreKey) -> ServedSurface | None:
        """A surface of the same layers, day, sectors, grid and circle, whatever its weights: its inputs may serve."""
        with self._lock:
            alike = (
                one
                for one in self._ids
                if (one.layers, one.at, one.sectors, one.grid, one.circle)
                == (key.layers, key.at, key.sectors, key.grid, key.circle)
            )
            return next((self._kept[one.circle, self._ids[one]].served for one in alike), None)

    def keep(self, served: ServedSurface, key: ScoreKey | None = None, *, circle: str = INNER_CIRCLE) -> None:
        """Put a surface on the shelf for everybody of a circle, and take off what has become too much."""
        with self._lock:
            self._put((circle, served.id), served, None, key)

    def submit(
        self,
        key: ScoreKey,
        make: Callable[[], ServedSurface],
        asker: Asker | None = None,
        *,
        is_own: bool = False,
        is_dragging: bool = False,
    ) -> Future[ServedSurface]:
        """The surface of a key: from the shelf, from whoever is making it now, or made by `make` in turn.

        Parameters
        ----------
        key : ScoreKey
        make : makes the surface
        asker : Asker
        is_own : whether it has weights of the asker's own, so that nobody else sees it
        is_dragging : whether it takes the place of what the asker was dragging towards before, where that still waits

        Raises
        ------
        BusyError
            Too many wait already.
        """
        asker = asker or Asker(key.circle)
        with self._lock:
            if is_dragging:
                self._supersede(asker, key)
            kept = self._kept.get((key.circle, self._ids.get(key, "")))
            if kept is not None:
                return _done(
                    self._put((key.circle, kept.served.id), kept.served, {asker.user} if is_own else None, key)
                )
            job = self._under_way.get(key) or self._start(key, make, {asker.user} if is_own else None)
            if not is_own:
                job.users = None
            elif job.users is not None:
                job.users.add(asker.user)
            if is_dragging:
                job.dragging.add(asker)
            else:
                job.is_wanted = True
            return job.future

    def close(self) -> None:
        """Take no more work; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, key: ScoreKey, make: Callable[[], ServedSurface], users: set[str] | None) -> _Job:
        if len(self._under_way) >= self._n_under_way:
            message = (
                f"{len(self._under_way)} surfaces are being scored or wait to be; try again in a few seconds, or "
                "ask for a date that is shown already."
            )
            raise BusyError(message)
        job = _Job(users)
        # those who wait may go away, but cannot call it off for the others
        job.future.set_running_or_notify_cancel()
        job.running = self._pool.submit(self._make, key, job, make)
        job.running.add_done_callback(lambda running: _call_off(job) if running.cancelled() else None)
        self._under_way[key] = job
        return job

    def _supersede(self, asker: Asker, wanted: ScoreKey) -> None:
        """Call off what the asker was dragging towards, unless it is being made or somebody else waits for it."""
        for key, job in list(self._under_way.items()):
            if key == wanted or asker not in job.dragging:
                continue
            job.dragging.discard(asker)
            if not job.dragging and not job.is_wanted and job.running is not None and job.running.cancel():
                del self._under_way[key]

    def _make(self, key: ScoreKey, job: _Job, make: Callable[[], ServedSurface]) -> None:
        try:
            served = make()
        except BaseException as error:
            with self._lock:
                del self._under_way[key]
            job.future.set_exception(error)
            return
        with self._lock:
            self._put((key.circle, served.id), served, job.users, key)
            del self._under_way[key]
        job.future.set_result(served)

    def _put(
        self, address: _Address, served: ServedSurface, users: set[str] | None, key: ScoreKey | None
    ) -> ServedSurface:
        there = self._kept.get(address)
        if there is None:
            self._kept[address] = _Kept(served, users)
        elif users is None or there.users is None:
            there.users = None
        else:
            there.users |= users
        self._kept.move_to_end(address)
        if key is not None:
            self._ids[key] = served.id
        self._tidy(address, users or set())
        self._ids = {one: surface_id for one, surface_id in self._ids.items() if (one.circle, surface_id) in self._kept}
        return self._kept[address].served

    def _tidy(self, newest: _Address, users: set[str]) -> None:
        for user in users:
            for address in self._list_own(user)[:-KEPT_PER_USER]:
                self._leave(address, user)
        shared = [address for address, kept in self._kept.items() if kept.users is None]
        for address in shared[: max(len(shared) - self._max_surfaces, 0)]:
            del self._kept[address]
        while len(self._kept) > 1 and sum(kept.served.n_bytes for kept in self._kept.values()) > self._max_bytes:
            goes = self._choose_victim(newest, users)
            if goes is None:
                break
            del self._kept[goes]

    def _choose_victim(self, newest: _Address, users: set[str]) -> _Address | None:
        """What goes where memory is short: never a shared surface for the sake of one user's own weights."""
        own = [address for user in users for address in self._list_own(user) if address != newest]
        private = [address for address, kept in self._kept.items() if kept.users is not None and address != newest]
        if users:
            return next(iter(own or private), None)
        shared = [address for address, kept in self._kept.items() if kept.users is None and address != newest]
        return next(iter(private or shared), None)

    def _list_own(self, user: str) -> Sequence[_Address]:
        return [address for address, kept in self._kept.items() if kept.users is not None and user in kept.users]

    def _leave(self, address: _Address, user: str) -> None:
        users = self._kept[address].users or set()
        users.discard(user)
        if not users:
            del self._kept[address]


def _may_see(kept: _Kept, asker: Asker) -> bool:
    return kept.users is None or asker.user in kept.users


def _done(served: ServedSurface) -> Future[ServedSurface]:
    done: Future[ServedSurface] = Future()
    done.set_result(served)
    return done


def _call_off(job: _Job) -> None:
    message = "You have asked for another surface since; this one was not scored."
    job.future.set_exception(SupersededError(message))
