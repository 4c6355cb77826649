"""Charts made once and kept for as long as others are not asked for more often."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from api.service import Snapshot
from api.surfaces import ServedSurface
from geo.recent import Recent
from geo.risk.filters import CellFilter, Shown
from maps.charts.base import ChartWords, Question
from maps.charts.registry import Chart
from maps.charts.style import Size, Theme

__all__ = ["ChartShelf", "OneChart"]

_ALL = CellFilter()
# A drawing takes 15 kB, figures less than 10 kB.
_DRAWINGS_KEPT, _FIGURES_KEPT = 256, 128


@dataclass(frozen=True)
class OneChart:
    """A chart of one surface, for a county and a cell where it looks at them.

    Attributes
    ----------
    chart : Chart
    snapshot : Snapshot that the layers come from
    served : ServedSurface
    cell_id : str, None for none
    chosen : CellFilter with one county and one municipality at most
    shown : the cells that it shows; None for all
    """

    chart: Chart
    snapshot: Snapshot
    served: ServedSurface
    cell_id: str | None = None
    chosen: CellFilter = _ALL
    shown: Shown | None = None

    @property
    def county(self) -> str | None:
        """Code of the county, None for all."""
        return next(iter(self.chosen.counties), None)

    @property
    def municipality(self) -> str | None:
        """Code of the municipality, None for all."""
        return next(iter(self.chosen.municipalities), None)

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What makes two of them show the same figures."""
        return (
            self.chart.name,
            self.served.id,
            self.snapshot.fingerprint,
            self.snapshot.circle,
            (self.county, self.municipality) if self.chart.takes_county else None,
            self.shown.key if self.shown is not None and self.chart.takes_filter else None,
            self.cell_id or "" if self.chart.takes_cell else "",
        )


class ChartShelf:
    """Figures and drawings, the ones used last."""

    def __init__(self) -> None:
        self._figures: Recent[Hashable, object] = Recent(_FIGURES_KEPT)
        self._drawings: Recent[Hashable, str] = Recent(_DRAWINGS_KEPT)

    def figures(self, one: OneChart) -> object:
        """The figures of a chart.

        Raises
        ------
        ParameterError, NotFoundError
            The cell's id is none, or none of this surface.
        """
        known = self._figures.get(one.key)
        if known is None:
            surface = one.served.surface
            cell = None if one.cell_id is None else surface.grid.parse_cell_id(one.cell_id)
            places = replace(one.chosen, counties=frozenset(), municipalities=frozenset())
            known = one.chart.collect(
                Question(
                    surface,
                    one.snapshot.layers,
                    one.county,
                    cell,
                    one.municipality,
                    one.shown,
                    is_filtered=not places.is_open,
                )
            )
            self._figures.put(one.key, known)
        return known

    def words(self, one: OneChart, lang: str) -> ChartWords:
        """Title, summary, notes and table of a chart."""
        return one.chart.describe(lang, self.figures(one))

    def draw(self, one: OneChart, lang: str, size: Size, theme: Theme) -> str:
        """The drawing of a chart, SVG."""
        key = (*one.key, lang, size, theme)
        known = self._drawings.get(key)
        if known is None:
            known = self._drawings.put(key, one.chart.draw(lang, self.figures(one), size, theme))
        return known
