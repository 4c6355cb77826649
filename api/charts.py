"""Charts made once and kept for as long as others are not asked for more often."""

from __future__ import annotations

from dataclasses import dataclass

from api.service import Snapshot
from api.surfaces import ServedSurface
from geo.recent import Recent
from maps.charts.base import ChartWords, Question
from maps.charts.registry import Chart
from maps.charts.style import Size, Theme

__all__ = ["ChartShelf", "OneChart"]

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
    county, cell_id : str, None for all and for none
    """

    chart: Chart
    snapshot: Snapshot
    served: ServedSurface
    county: str | None = None
    cell_id: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two of them show the same figures."""
        return (
            self.chart.name,
            self.served.id,
            self.snapshot.fingerprint,
            self.snapshot.circle,
            self.county or "" if self.chart.takes_county else "",
            self.cell_id or "" if self.chart.takes_cell else "",
        )


class ChartShelf:
    """Figures and drawings, the ones used last."""

    def __init__(self) -> None:
        self._figures: Recent[tuple[str, ...], object] = Recent(_FIGURES_KEPT)
        self._drawings: Recent[tuple[str, ...], str] = Recent(_DRAWINGS_KEPT)

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
            known = one.chart.collect(Question(surface, one.snapshot.layers, one.county, cell))
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
