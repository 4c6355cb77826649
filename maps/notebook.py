"""The map inside a notebook: the stand-alone page in a frame that can reach nothing around it.

``GeoDataFrame.explore`` passes names in the data through Folium's templates; this does not.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import UTC, datetime

from geo.errors import ParameterError
from geo.risk.surface import RiskSurface
from maps.standalone import draw_surface

__all__ = ["MapFrame", "show"]

_MIN_HEIGHT_PX, _MAX_HEIGHT_PX = 200, 4000


@dataclass(frozen=True)
class MapFrame:
    """A map that a notebook shows when it is the value of a cell.

    Attributes
    ----------
    page : str, a whole HTML page
    height_px : int
    """

    page: str
    height_px: int

    def _repr_html_(self) -> str:
        # scripts may run, but without the origin of the notebook: they see neither its page nor its cookies
        source = html.escape(self.page, quote=True)
        return (
            f'<iframe srcdoc="{source}" sandbox="allow-scripts" width="100%" height="{self.height_px}" '
            'title="Norrsyn"></iframe>'
        )


def show(surface: RiskSurface, lang: str = "en", height_px: int = 640) -> MapFrame:
    """The map of a surface, to look at in a notebook.

    Parameters
    ----------
    surface : RiskSurface
    lang : {"en", "sv"}
    height_px : int, from 200 to 4000

    Returns
    -------
    MapFrame

    Raises
    ------
    ParameterError
    """
    if not _MIN_HEIGHT_PX <= height_px <= _MAX_HEIGHT_PX:
        message = f"height_px must be from {_MIN_HEIGHT_PX} to {_MAX_HEIGHT_PX}, got {height_px!r}."
        raise ParameterError(message)
    return MapFrame(draw_surface(lang, surface, written=datetime.now(UTC).date()), height_px)
