"""An area that somebody draws on the map, and what stands and has happened in it."""

from geo.risk.area.drawn import DrawnArea, parse_area
from geo.risk.area.totals import AreaTotals, LayerTotals, sum_area

__all__ = ["AreaTotals", "DrawnArea", "LayerTotals", "parse_area", "sum_area"]
