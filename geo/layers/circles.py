"""Which records a sharing circle may see, and what is said of a file that holds records of some circles.

Source: Law 2024:307 for the nine agencies' circle; reference table ``circles``
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import geopandas as gpd

from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.layers.hashes import content_hash
from geo.reference import read_table

__all__ = ["INNER_CIRCLE", "VISIBLE", "classify", "keep_from_public", "select_visible", "select_visible_layers"]

# the nine agencies', who may see every record
INNER_CIRCLE = "joint-inspection"
# circle to the circles whose records it may see
VISIBLE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "joint-inspection": frozenset({"joint-inspection", "municipality", "public"}),
        "municipality": frozenset({"municipality", "public"}),
        "public": frozenset({"public"}),
    }
)


def keep_from_public(circle: str) -> str:
    """The circle itself; for ``public`` the next one in, for records that are nobody's to see outside."""
    return "municipality" if circle == "public" else circle


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
    return frame[frame["circle"].isin(_find_visible(circle))].reset_index(drop=True)


def select_visible_layers(layers: Layers, circle: str) -> Layers:
    """Layers with the records that a circle may see; their hashes are of those records alone.

    Parameters
    ----------
    layers : Layers
    circle : str

    Returns
    -------
    Layers
        Frames of which the circle may see everything are shared with `layers`.

    Raises
    ------
    ParameterError
        There is no such circle.
    """
    visible = _find_visible(circle)
    frames = {
        name: frame if frame["circle"].isin(visible).all() else select_visible(frame, circle)
        for name, frame in layers.items()
    }
    hashes = {
        name: layers.hashes[name] if frame is layers[name] else content_hash(frame)
        for name, frame in frames.items()
        if len(frame)
    }
    return Layers.known(frames, hashes, layers.region if _share_region(layers, frames) else None)


def _find_visible(circle: str) -> list[str]:
    if circle not in VISIBLE:
        message = f"There is no sharing circle {circle!r}; the circles are {', '.join(VISIBLE)}."
        raise ParameterError(message)
    return sorted(VISIBLE[circle])


def _share_region(layers: Layers, frames: Mapping[str, gpd.GeoDataFrame]) -> bool:
    return all(frames[name] is layers[name] for name in ("borders", "localities"))


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
