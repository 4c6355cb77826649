"""Surfaces ready to be served: the published one, and a bounded shelf of others.

A surface asked for by several at once is scored once; more than the operator allows is refused, not piled up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.errors import BusyError
from api.turns import Turns
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.recent import Recent
from geo.risk.explain import explain_cell
from geo.risk.filters import CellFilter, Shown, show_cells
from geo.risk.powers import map_powers
from geo.risk.ranking import Place
from geo.risk.surface import NEVER_INSPECTED, RiskSurface
from geo.risk.table_row import Glance, glance_at
from geo.risk.uncertainty import Uncertainty
from maps.answers import LayerSource, describe_surface
from maps.palette import class_colours, classify, count_classes
from maps.record_names import RecordNames
from maps.tiles import TileSet

__all__ = ["ScoreKey", "ServedSurface", "SurfaceShelf"]

_RANKINGS_KEPT, _UNCERTAINTIES_KEPT, _POWERS_KEPT = 64, 2, 2
# Cells are sure to be among so many, as the map and the certainty of a cell say when nobody asks for another number.
_TOP = 20
_BYTES_PER_MB = 1_000_000
T = TypeVar("T")


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
    """

    layers: str
    at: date
    sectors: frozenset[str] | None
    model: str
    grid: Grid


class ServedSurface:
    """A surface with everything that is made of it once and asked for often.

    Parameters
    ----------
    surface : RiskSurface
    names : RecordNames of the layers that were scored
    sources : layer name to where it came from
    created : str, ISO 8601, None where it is not known
    """

    def __init__(
        self,
        surface: RiskSurface,
        names: RecordNames,
        sources: Mapping[str, LayerSource],
        created: str | None = None,
    ) -> None:
        self.surface = surface
        self.names = names
        self.created = created
        self._sources = sources
        classed = classify(surface.score, surface.state)
        self._n_cells = count_classes(classed)
        self._tiles = TileSet(surface.grid, classed, class_colours(), surface.state == NEVER_INSPECTED)
        self._rankings: Recent[Hashable, Any] = Recent(_RANKINGS_KEPT)
        self._powers: Recent[Hashable, NDArray[np.unsignedinteger]] = Recent(_POWERS_KEPT)
        self._certainty: NDArray[np.uint8] | None = None
        self._drawn: Future[Uncertainty] | None = None
        self._uncertainties: Recent[int, Uncertainty] = Recent(_UNCERTAINTIES_KEPT)
        self._making, self._drawing, self._starting = Lock(), Lock(), Lock()

    @property
    def id(self) -> str:
        """Id of the surface."""
        return self.surface.id

    @property
    def n_bytes(self) -> int:
        """Memory that the rasters and their tiles take."""
        # the score and the points of each component in float32, the state in a byte
        per_cell = 4 * (1 + len(self.surface.model.weights)) + 1
        return (per_cell + self._n_facts) * self.surface.grid.n_cells + self._tiles.n_bytes

    @property
    def _n_facts(self) -> int:
        """Rasters of a byte that filters ask for: powers of agencies, and how sure the scores are."""
        return len(self._powers) + (self._certainty is not None)

    def warm(self) -> ServedSurface:
        """Prepare what the first explanation would otherwise wait for."""
        if not self.surface.stale_layers:
            self.surface.sources  # noqa: B018  computed on first use
        return self

    def draw_tile(self, z: int, x: int, y: int, shown: Shown | None, *, stripes: bool) -> bytes:
        """A PNG tile; see `maps.tiles.TileSet.render`."""
        return self._tiles.render(z, x, y, shown, stripes=stripes)

    def top(self, n: int, shown: Shown | None = None) -> pd.DataFrame:
        """See `RiskSurface.top`."""
        return self._remember(("top", n, shown and shown.key), lambda: self.surface.top(n, shown=shown))

    def places(self, n: int, shown: Shown | None = None) -> tuple[Place, ...]:
        """See `RiskSurface.places`."""
        return self._remember(("places", n, shown and shown.key), lambda: self.surface.places(n, shown=shown))

    def glances(self, n: int, shown: Shown | None = None) -> tuple[Glance, ...]:
        """What weighs most in each of the cells of `top`."""

        def make() -> tuple[Glance, ...]:
            cells = self.surface.grid.parse_cell_id
            explain = partial(explain_cell, self.surface, with_rank=False)
            return tuple(glance_at(explain(*cells(cell_id))) for cell_id in self.top(n, shown)["cell_id"])

        return self._remember(("glances", n, shown and shown.key), make)

    def show(self, chosen: CellFilter, layers: Layers, drawing: Executor, turns: Turns) -> Shown | None:
        """The cells that a filter shows; None for all.

        Parameters
        ----------
        chosen : CellFilter
        layers : Layers, whose sites say where agencies have powers
        drawing : Executor, which computes how sure the scores are where that is asked for and not known
        turns : Turns

        Raises
        ------
        BusyError
            How sure the scores are is not known yet.
        """
        if chosen.is_open:
            return None
        powers, key = None, None
        if chosen.agencies:
            key = tuple(layers.hashes.get(name) for name in ("workplaces", "accommodation"))
            powers = self._powers.get(key)
            if powers is None:
                with self._making:
                    powers = self._powers.get(key)
                    if powers is None:
                        powers = self._powers.put(key, map_powers(layers, self.surface.grid, self.surface.at))
        certainty = None if chosen.certainty is None else self._require_certainty(drawing, turns)
        return show_cells(self.surface, chosen, powers=powers, certainty=certainty, key=key)

    @property
    def certainty(self) -> NDArray[np.uint8] | None:
        """How sure cells are to be among the 20 highest, as `Uncertainty.certainty`; None until it was asked for."""
        found = self._uncertainties.get(_TOP)
        if self._certainty is None and found is not None:
            self._certainty = found.certainty
        return self._certainty

    def _require_certainty(self, drawing: Executor, turns: Turns) -> NDArray[np.uint8]:
        with self._starting:
            known = self.certainty
            if known is not None:
                return known
            if self._drawn is None:
                self._drawn = drawing.submit(self.uncertainty, _TOP, turns)
            elif self._drawn.done():
                failed, self._drawn = self._drawn, None
                # raises what went wrong; the next request tries anew
                self._certainty = failed.result().certainty
                return self._certainty
        message = "How sure the scores are is being computed, which takes some seconds; ask again then."
        raise BusyError(message)

    def uncertainty(self, top_k: int, turns: Turns) -> Uncertainty:
        """See `RiskSurface.uncertainty`; drawn once for each k, and the last two are kept.

        Raises
        ------
        BusyError
            It would have to be drawn, and too many wait already.
        """
        known = self._uncertainties.get(top_k)
        if known is not None:
            return known
        # seconds of drawing: nobody waits for it who does not need it, and what two ask for is drawn once
        with turns.take(), self._drawing:
            known = self._uncertainties.get(top_k)
            return self._uncertainties.put(top_k, self.surface.uncertainty(top_k=top_k)) if known is None else known

    def describe(self) -> dict[str, Any]:
        """The surface in figures, in English; see `maps.answers.describe_surface`."""
        return describe_surface(self.surface, self._sources, self.created, self._n_cells)

    def _remember(self, key: Hashable, make: Callable[[], T]) -> T:
        known: T | None = self._rankings.get(key)
        if known is None:
            # one at a time: at 100 m each takes 200 MB while it is made, and many ask for the same
            with self._making:
                known = self._rankings.get(key)
                if known is None:
                    known = self._rankings.put(key, make())
        return known


class SurfaceShelf:
    """Surfaces beside the published one: scored on demand, replaced, or read from the data folder by id.

    Parameters
    ----------
    max_surfaces, max_mb : int
        What is kept; the one used longest ago goes first.
    n_workers, n_waiting : int
        How many are scored at once, and how many more may wait.
    """

    def __init__(self, max_surfaces: int, max_mb: int, n_workers: int, n_waiting: int) -> None:
        self._max_surfaces, self._max_bytes = max_surfaces, max_mb * _BYTES_PER_MB
        self._n_under_way = n_workers + n_waiting
        self._pool = ThreadPoolExecutor(n_workers, thread_name_prefix="norrsyn-score")
        self._lock = Lock()
        self._kept: OrderedDict[str, ServedSurface] = OrderedDict()
        self._ids: dict[ScoreKey, str] = {}
        self._under_way: dict[ScoreKey, Future[ServedSurface]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, surface_id: str) -> ServedSurface | None:
        """The surface of that id, if it is still here."""
        with self._lock:
            return self._touch(surface_id)

    def list(self) -> list[ServedSurface]:
        """What is here, the one used last at the end."""
        with self._lock:
            return list(self._kept.values())

    def keep(self, served: ServedSurface, key: ScoreKey | None = None) -> None:
        """Put a surface on the shelf, and take off what has become too much."""
        with self._lock:
            self._kept[served.id] = served
            self._kept.move_to_end(served.id)
            if key is not None:
                self._ids[key] = served.id
            while len(self._kept) > 1 and (
                len(self._kept) > self._max_surfaces
                or sum(one.n_bytes for one in self._kept.values()) > self._max_bytes
            ):
                self._kept.popitem(last=False)
            self._ids = {one: surface_id for one, surface_id in self._ids.items() if surface_id in self._kept}

    def submit(self, key: ScoreKey, make: Callable[[], ServedSurface]) -> Future[ServedSurface]:
        """The surface of a key: from the shelf, from whoever is making it now, or made by `make` in turn.

        Raises
        ------
        BusyError
            Too many wait already.
        """
        with self._lock:
            kept = self._touch(self._ids.get(key, ""))
            if kept is not None:
                done: Future[ServedSurface] = Future()
                done.set_result(kept)
                return done
            if key in self._under_way:
                return self._under_way[key]
            if len(self._under_way) >= self._n_under_way:
                message = (
                    f"{len(self._under_way)} surfaces are being scored or wait to be; try again in a few seconds, or "
                    "ask for a date that is shown already."
                )
                raise BusyError(message)
            future = self._pool.submit(self._make, key, make)
            self._under_way[key] = future
            return future

    def close(self) -> None:
        """Take no more work; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _make(self, key: ScoreKey, make: Callable[[], ServedSurface]) -> ServedSurface:
        try:
            served = make()
            self.keep(served, key)
            return served
        finally:
            with self._lock:
                del self._under_way[key]

    def _touch(self, surface_id: str) -> ServedSurface | None:
        served = self._kept.get(surface_id)
        if served is not None:
            self._kept.move_to_end(surface_id)
        return served
