"""What files of plans need of the server: places for those who wait for one, and the ground that maps are drawn on."""

from __future__ import annotations

from api.snapshots import Snapshot
from api.turns import Turns
from maps.plan_files import Ground, make_ground

__all__ = ["PlanFiles"]

# laying out a brief takes a processor for seconds, other forms a part of one
_BRIEFS_AT_ONCE, _BRIEFS_WAITING = 1, 4
_OTHERS_AT_ONCE, _OTHERS_WAITING = 2, 8


class PlanFiles:
    """Who makes files of plans just now, and what maps were drawn on last.

    Attributes
    ----------
    briefs, others : Turns, for those who ask for a brief and for another form
    """

    def __init__(self) -> None:
        self.briefs = Turns(_BRIEFS_AT_ONCE, _BRIEFS_WAITING)
        self.others = Turns(_OTHERS_AT_ONCE, _OTHERS_WAITING)
        self._last: tuple[str, Ground] | None = None

    def find_ground(self, snapshot: Snapshot) -> Ground:
        """The ground of a snapshot, kept for as long as the layers stay the same."""
        last = self._last
        if last is None or last[0] != snapshot.fingerprint:
            last = self._last = snapshot.fingerprint, make_ground(snapshot.layers.region, snapshot.layers)
        return last[1]
