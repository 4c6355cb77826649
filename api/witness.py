"""Who saw what, when and on which basis, noted before it is shown.

A view is noted once for each session, thing and clock hour: whoever drags a map over the same cells does not fill the
log. What was noted is remembered in the process, so that several workers may note a view once each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Annotated

from fastapi import Depends, Request

from api.auth.signed_in import TheSession
from geo.store.people.events import note_events

__all__ = ["Sightings", "TheWitness", "Witness", "get_witness"]

_HOUR_S = 3600.0
_MAX_REMEMBERED = 50_000


class Sightings:
    """Which views of the last hours were noted."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._noted: OrderedDict[tuple[str, ...], None] = OrderedDict()

    def has(self, *view: str) -> bool:
        """Whether a view was noted."""
        with self._lock:
            return view in self._noted

    def add(self, *view: str) -> None:
        """Remember a view; the oldest are forgotten, which at worst notes one twice."""
        with self._lock:
            self._noted[view] = None
            while len(self._noted) > _MAX_REMEMBERED:
                self._noted.popitem(last=False)


class Witness:
    """Notes what whoever asks does and sees.

    Parameters
    ----------
    home : Path, data folder
    user_id, session_id : str
    basis : str, roles and circle that let them
    now : float, s
    sightings : Sightings
    """

    def __init__(self, home: Path, user_id: str, session_id: str, basis: str, now: float, sightings: Sightings) -> None:
        self.now, self.user_id = now, user_id
        self._home, self._session_id, self._basis = home, session_id, basis
        self._sightings = sightings

    def note(self, what: str, about: str = "") -> None:
        """Note what they do.

        Raises
        ------
        StoreError
            It cannot be noted, so it must not be done either.
        """
        note_events(self._home, self.user_id, what, [about], now=self.now, basis=self._basis)

    def see(self, what: str, about: str = "") -> None:
        """Note what they see, unless it was noted within the same hour.

        Raises
        ------
        StoreError
            It cannot be noted, so it must not be shown either.
        """
        self.see_all(what, [about])

    def see_all(self, what: str, things: Iterable[str]) -> None:
        """`see` for several things at once.

        Raises
        ------
        StoreError
        """
        views = {about: (self._session_id, what, about, str(int(self.now // _HOUR_S))) for about in things}
        new = {about: view for about, view in views.items() if not self._sightings.has(*view)}
        if not new:
            return
        note_events(self._home, self.user_id, what, list(new), now=self.now, basis=self._basis)
        for view in new.values():
            self._sightings.add(*view)


async def get_witness(request: Request, session: TheSession) -> Witness:
    """The witness of a request."""
    state = request.app.state
    basis: str = request.state.basis
    home, now = state.service.settings.home, float(state.accounts.clock())
    return Witness(home, session.user.user_id, session.session_id, basis, now, state.sightings)


TheWitness = Annotated[Witness, Depends(get_witness)]
