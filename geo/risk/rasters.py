"""The rasters of a scored surface, and those of a surface that differs from another in a few places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

__all__ = ["Patch", "Raster", "Rasters"]

Raster = NDArray[Any]
# So many updates one upon another are laid into rasters of their own.
_MAX_PATCHES = 32


@dataclass(frozen=True, eq=False)
class Patch:
    """What the rasters hold in one window.

    Attributes
    ----------
    rows, cols : slice of the grid, start and stop given
    values : raster name to (n_rows, n_cols) array of the window
    """

    rows: slice
    cols: slice
    values: Mapping[str, Raster]

    def __contains__(self, cell: tuple[int, int]) -> bool:
        return cell[0] in range(self.rows.start, self.rows.stop) and cell[1] in range(self.cols.start, self.cols.stop)


class Rasters(Mapping[str, Raster]):
    """Rasters by name, all of one shape, read-only.

    An updated surface shares the rasters of the one it came from and lays patches over them. A whole raster is copied
    when it is first asked for; single values never need that.

    Parameters
    ----------
    whole : raster name to (n_rows, n_cols) array
    patches : laid over them, the last one on top
    """

    def __init__(self, whole: Mapping[str, Raster], patches: Iterable[Patch] = ()) -> None:
        self._whole = dict(whole)
        self._patches = tuple(patches)
        self._made: dict[str, Raster] = {}
        for raster in self._whole.values():
            raster.flags.writeable = False

    def __getitem__(self, name: str) -> Raster:
        if not self._patches:
            return self._whole[name]
        if name not in self._made:
            raster = self._whole[name].copy()
            for patch in self._patches:
                raster[patch.rows, patch.cols] = patch.values[name]
            raster.flags.writeable = False
            # two threads at once make the same twice; the first one stays
            self._made.setdefault(name, raster)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole)

    def __len__(self) -> int:
        return len(self._whole)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """What differs from the rasters that are shared."""
        return self._patches

    def value(self, name: str, row: int, col: int) -> float:
        """One cell's value."""
        for patch in reversed(self._patches):
            if (row, col) in patch:
                return float(patch.values[name][row - patch.rows.start, col - patch.cols.start])
        return float(self._whole[name][row, col])

    def choose(self, names: Iterable[str]) -> Rasters:
        """Some of the rasters, in the order asked for."""
        return Rasters({name: self._whole[name] for name in names}, self._patches)

    def lay(self, patches: Iterable[Patch]) -> Rasters:
        """The same rasters with patches laid over them."""
        laid = (*self._patches, *patches)
        return Rasters(self._whole, laid) if len(laid) <= _MAX_PATCHES else Rasters(dict(self), patches)
