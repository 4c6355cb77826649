"""Surfaces ready to be served."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from functools import partial
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.drawing import STILL_DRAWING, Drawing
from api.errors import BusyError
from api.turns import Turns
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
from maps.distribution import AreaSpreads, measure_area_spreads
from maps.nearby_answers import describe_panel
from maps.palette import class_colours, classify, count_classes
from maps.record_names import RecordNames
from maps.tiles import TileSet

__all__ = ["ServedSurface"]

_RANKINGS_KEPT, _UNCERTAINTIES_KEPT, _POWERS_KEPT = 64, 2, 2
# Cells are sure to be among so many, as the map and the certainty of a cell say when nobody asks for another number.
_TOP = 20
T = TypeVar("T")


class ServedSurface:
    """A surface with everything that is made of it once and asked for often.

    Parameters
    ----------
    surface : RiskSurface
    names : RecordNames of the layers that were scored
    sources : layer name to where it came from
    created : str, ISO 8601, None where it is not known
    changed_weights : component to its points in the published model and here, where they differ
    rests_on : which records it rests on, English, where they are not all
    """

    def __init__(
        self,
        surface: RiskSurface,
        names: RecordNames,
        sources: Mapping[str, LayerSource],
        created: str | None = None,
        *,
        changed_weights: Mapping[str, tuple[float, float]] | None = None,
        rests_on: str | None = None,
    ) -> None:
        self.surface = surface
        self.names = names
        self.created = created
        self.changed_weights = dict(changed_weights or {})
        self._rests_on = rests_on
        self._sources = sources
        classed = classify(surface.score, surface.state)
        self._n_cells = count_classes(classed)
        self._tiles = TileSet(surface.grid, classed, class_colours(), surface.state == NEVER_INSPECTED)
        self._rankings: Recent[Hashable, Any] = Recent(_RANKINGS_KEPT)
        self._powers: Recent[Hashable, NDArray[np.unsignedinteger]] = Recent(_POWERS_KEPT)
        self._certainty: NDArray[np.uint8] | None = None
        self._drawn: Future[Uncertainty] | None = None
        self._under_way: dict[int, Future[Uncertainty]] = {}
        self._uncertainties: Recent[int, Uncertainty] = Recent(_UNCERTAINTIES_KEPT)
        self._making, self._drawing, self._starting, self._sorting = Lock(), Lock(), Lock(), Lock()

    @property
    def id(self) -> str:
        """Id of the surface."""
        return self.surface.id

    @property
    def n_bytes(self) -> int:
        """Memory that the rasters and their tiles take."""
        # the score and the points of each component in float32, the state in a byte
        per_cell = 4 * (1 + len(self.surface.model.weights)) + 1
        # the order of the ranked cells and the place of each, four bytes each, made for the first filter
        return (per_cell + self._n_facts) * self.surface.grid.n_cells + self._n_sorted + self._tiles.n_bytes

    @property
    def _n_facts(self) -> int:
        """Rasters of a byte that filters ask for: powers of agencies, and how sure the scores are."""
        return len(self._powers) + (self._certainty is not None)

    @property
    def _n_sorted(self) -> int:
        made = {"best_first", "placed"} & self.surface.__dict__.keys()
        return 4 * len(made) * self.surface.n_ranked

    def warm(self) -> ServedSurface:
        """Prepare what the first explanation would otherwise wait for."""
        if not self.surface.stale_layers:
            self.surface.sources  # noqa: B018  computed on first use
        self.names.prepare()
        return self

    def prepare(self) -> None:
        """Prepare what the first panel and the first filter would otherwise wait for: some seconds' work at 100 m."""
        with self._sorting:
            order = self.surface.best_first
        if len(order):
            # tables, titles and words that are read when they are first asked for, pages of the rasters too
            row, col = divmod(int(order[0]), self.surface.grid.n_cols)
            describe_panel("sv", self.surface, self.names, self.surface.layers, self.surface.grid.cell_id(row, col))
        self._sort()
        self.area_spreads  # noqa: B018  counted on first use

    def _sort(self) -> None:
        with self._sorting:
            self.surface.best_first  # noqa: B018  computed on first use
            self.surface.placed  # noqa: B018

    def draw_tile(self, z: int, x: int, y: int, shown: Shown | None, *, stripes: bool) -> bytes:
        """A PNG tile; see `maps.tiles.TileSet.render`."""
        return self._tiles.render(z, x, y, shown, stripes=stripes)

    def top(self, n: int, shown: Shown | None = None) -> pd.DataFrame:
        """See `RiskSurface.top`."""
        return self._remember(("top", n, shown and shown.key), lambda: self._rank(self.surface.top, n, shown))

    def places(self, n: int, shown: Shown | None = None) -> tuple[Place, ...]:
        """See `RiskSurface.places`."""
        return self._remember(("places", n, shown and shown.key), lambda: self._rank(self.surface.places, n, shown))

    def glances(self, n: int, shown: Shown | None = None) -> tuple[Glance, ...]:
        """What weighs most in each of the cells of `top`."""

        def make() -> tuple[Glance, ...]:
            cells = self.surface.grid.parse_cell_id
            explain = partial(explain_cell, self.surface, with_rank=False)
            return tuple(glance_at(explain(*cells(cell_id))) for cell_id in self.top(n, shown)["cell_id"])

        return self._remember(("glances", n, shown and shown.key), make)

    @property
    def area_spreads(self) -> AreaSpreads:
        """Cells of each municipality by score and state."""
        return self._remember("area spreads", lambda: measure_area_spreads(self.surface))

    def _rank(self, rank: Callable[..., T], n: int, shown: Shown | None) -> T:
        if shown is None:
            return rank(n)
        self._sort()
        return rank(n, shown=shown)

    def show(self, chosen: CellFilter, layers: Layers, drawing: Drawing, turns: Turns) -> Shown | None:
        """The cells that a filter shows; None for all.

        Parameters
        ----------
        chosen : CellFilter
        layers : Layers, whose sites say where agencies have powers
        drawing : Drawing, which computes how sure the scores are where that is asked for and not known
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
        """How sure cells are to be among the 20 highest, as `Uncertainty.certainty`; None until it has been drawn."""
        return self._certainty

    def _require_certainty(self, drawing: Drawing, turns: Turns) -> NDArray[np.uint8]:
        with self._starting:
            known = self.certainty
            if known is not None:
                return known
            if self._drawn is None:
                self._drawn = self._start_drawing(_TOP, drawing, turns)
            elif self._drawn.done():
                failed, self._drawn = self._drawn, None
                # raises what went wrong; the next request tries anew
                return failed.result().certainty
        raise BusyError(STILL_DRAWING)

    def ask_uncertainty(self, top_k: int, drawing: Drawing, turns: Turns) -> Future[Uncertainty]:
        """See `RiskSurface.uncertainty`; drawn behind whoever asks: once, however many ask.

        Raises
        ------
        BusyError
            It would have to be drawn, and too many wait already.
        """
        known = self._uncertainties.get(top_k)
        if known is not None:
            there: Future[Uncertainty] = Future()
            there.set_result(known)
            return there
        with self._starting:
            return self._start_drawing(top_k, drawing, turns)

    def _start_drawing(self, top_k: int, drawing: Drawing, turns: Turns) -> Future[Uncertainty]:
        under_way = self._under_way.get(top_k)
        if under_way is not None and not under_way.done():
            return under_way
        # what is done is kept as one of the last two, and not here
        self._under_way = {k: one for k, one in self._under_way.items() if not one.done()}
        drawn = self._under_way[top_k] = drawing.submit(partial(self._estimate, top_k, drawing, turns))
        return drawn

    def _estimate(self, top_k: int, drawing: Drawing, turns: Turns) -> Uncertainty:
        """See `RiskSurface.uncertainty`; drawn once for each k, and the last two are kept."""
        with self._drawing:
            known = self._uncertainties.get(top_k)
            if known is not None:
                return known
            made = drawing.estimate(self.surface, top_k, turns)
            if top_k == _TOP:
                # half a second's work at 100 m, which the next ranking would wait for otherwise
                self._certainty = made.certainty
            return self._uncertainties.put(top_k, made)

    def describe(self) -> dict[str, Any]:
        """The surface in figures, in English; see `maps.answers.describe_surface`."""
        return {
            **describe_surface(self.surface, self._sources, self.created, self._n_cells),
            "is_stale": bool(self.surface.stale_layers),
            "changed_weights": {name: list(pair) for name, pair in self.changed_weights.items()},
            "rests_on": self._rests_on,
        }

    def _remember(self, key: Hashable, make: Callable[[], T]) -> T:
        known: T | None = self._rankings.get(key)
        if known is None:
            # one at a time: at 100 m each takes 200 MB while it is made, and many ask for the same
            with self._making:
                known = self._rankings.get(key)
                if known is None:
                    known = self._rankings.put(key, make())
        return known
