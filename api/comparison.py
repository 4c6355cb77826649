"""Differences between surfaces, made once and kept for as long as people look at them."""

from __future__ import annotations

from functools import cached_property
from threading import Lock

from api.surfaces import ServedSurface
from geo.recent import Recent
from geo.risk.difference import SurfaceDifference, compare_cells
from maps.difference_answers import make_difference_tiles
from maps.tiles import TileSet

__all__ = ["Comparison", "Comparisons"]

# At 100 m each takes 130 MB.
_KEPT = 2


class Comparison:
    """A difference and its tiles.

    Parameters
    ----------
    difference : SurfaceDifference
    """

    def __init__(self, difference: SurfaceDifference) -> None:
        self.difference = difference

    @cached_property
    def tiles(self) -> TileSet:
        """Its tiles."""
        return make_difference_tiles(self.difference)


class Comparisons:
    """The differences asked for last."""

    def __init__(self) -> None:
        self._kept: Recent[tuple[str, str], Comparison] = Recent(_KEPT)
        self._making = Lock()

    def get(self, before: ServedSurface, after: ServedSurface) -> Comparison:
        """How one surface differs from another; the tiles are made with it.

        Raises
        ------
        ParameterError
            The grids differ.
        """
        key = (before.id, after.id)
        known = self._kept.get(key)
        if known is None:
            with self._making:
                known = self._kept.get(key)
                if known is None:
                    made = Comparison(compare_cells(before.surface, after.surface))
                    made.tiles  # noqa: B018  computed on first use
                    known = self._kept.put(key, made)
        return known
