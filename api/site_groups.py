"""Sites close together told as one, so that from afar a town shows how many there are and what lies below them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Any

from api.sites import Site

__all__ = ["group_sites"]


def group_sites(sites: Iterable[Site], side_m: float) -> tuple[list[dict[str, Any]], list[Site]]:
    """Put sites of a layer that lie in the same square of a fixed grid together.

    Parameters
    ----------
    sites : iterable of Site
    side_m : float, > 0, side of the squares of EPSG:3006, of which one begins at the origin

    Returns
    -------
    groups : list of `api.schemas.SiteGroup` as dicts, of two sites or more
    alone : list of Site, those whose square holds no other of their layer
    """
    squares: defaultdict[tuple[str, int, int], list[Site]] = defaultdict(list)
    for site in sites:
        squares[site.layer, math.floor(site.easting / side_m), math.floor(site.northing / side_m)].append(site)
    alone = [held[0] for held in squares.values() if len(held) == 1]
    return [_describe(held) for held in squares.values() if len(held) > 1], alone


def _describe(held: list[Site]) -> dict[str, Any]:
    lons, lats = sorted(site.lon for site in held), sorted(site.lat for site in held)
    return {
        "layer": held[0].layer,
        "n": len(held),
        "lon": round(fmean(lons), 6),
        "lat": round(fmean(lats), 6),
        "bounds": [lons[0], lats[0], lons[-1], lats[-1]],
    }
