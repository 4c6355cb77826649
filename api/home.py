"""The data folder as the server reads it: what is in it, and whether it has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from geo.errors import NotFoundError, StoreError
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from geo.store.files import Stamp, find_current, list_surfaces, load_layers, load_surface, read_stamp
from maps.answers import LayerSource

__all__ = ["DataFolder", "Stamp"]

_OUT_OF_REACH = Stamp("out of reach", "out of reach")


class DataFolder:
    """A data folder that may be empty, or not be there yet.

    Parameters
    ----------
    home : Path
    """

    def __init__(self, home: Path) -> None:
        self.home = home

    def stamp(self) -> Stamp:
        """What the store's pointers look like now; cheap enough for every request.

        A store that cannot be reached has a stamp of its own: whoever reads it next learns why.
        """
        try:
            return read_stamp(self.home)
        except NotFoundError:
            return Stamp()
        except StoreError:
            return _OUT_OF_REACH

    def read_layers(self) -> tuple[Layers, Mapping[str, LayerSource]]:
        """All layers from one moment, and where each came from.

        Raises
        ------
        StoreError
        """
        try:
            layers = load_layers(self.home)
        except NotFoundError:
            return Layers({}, checked=True), {}
        sources = {
            name: LayerSource(each.added_at or None, each.source_name or None)
            for name, each in layers.provenance.items()
        }
        return layers, sources

    def read_published(self, layers: Layers) -> tuple[RiskSurface, str | None] | None:
        """The published surface and when it was saved, None where there is none.

        Raises
        ------
        StoreError
        """
        try:
            published = find_current(self.home)
            return None if published is None else self._read(published, layers)
        except NotFoundError:
            return None

    def read_surface(self, surface_id: str, layers: Layers) -> tuple[RiskSurface, str | None] | None:
        """A surface by id and when it was saved, None where there is none.

        Raises
        ------
        StoreError
        """
        try:
            return self._read(surface_id, layers)
        except NotFoundError:
            return None

    def _read(self, surface_id: str, layers: Layers) -> tuple[RiskSurface, str | None]:
        surface = load_surface(self.home, surface_id, layers)
        saved = {each.id: each.saved_at for each in list_surfaces(self.home)}
        return surface, saved.get(surface_id) or None
