"""Which records a sharing circle may see, and what is said of a file that holds records of some circles.

Source: Law 2024:307 for the nine agencies' circle; reference table ``circles``
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import geopandas as gpd

from geo.errors import ParameterError
from geo.reference import read_table

__all__ = ["VISIBLE", "classify", "select_visible"]

# circle to the circles whose records it may see
VISIBLE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "joint-inspection": frozenset({"joint-inspection", "municipality", "public"}),
        "municipality": frozenset({"municipality", "public"}),
        "public": frozenset({"public"}),
    }
)


def select_visible(frame: gpd.GeoDataFrame, circle: str | None) -> gpd.GeoDataFrame:
    """Records that a circle may see, in the order given.

    Parameters
    ----------
    frame : GeoDataFrame with a column ``circle``
    circle : str, optional; None for all records

    Returns
    -------
    GeoDataFrame

    Raises
    ------
    ParameterError
        There is no such circle.
    """
    if circle is None:
        return frame
    if circle not in VISIBLE:
        message = f"There is no sharing circle {circle!r}; the circles are {', '.join(VISIBLE)}."
        raise ParameterError(message)
    return frame[frame["circle"].isin(sorted(VISIBLE[circle]))].reset_index(drop=True)


def classify(circles: Iterable[str]) -> str:
    """Who may see a file, English, by the circles of its records.

    Parameters
    ----------
    circles : circle of each record, or each circle once

    Returns
    -------
    str
    """
    there = set(circles)
    # the circle that may see all of them is the one that sees most: circles lie within one another
    allowed = min((name for name in VISIBLE if there <= VISIBLE[name]), key=lambda name: len(VISIBLE[name]))
    titles = read_table("circles").set_index("circle")["title"]
    if allowed == "public":
        return "Public: anyone may see every record."
    return f"Not public: for circle {allowed} ({titles[allowed]}) only; do not pass it on beyond."
