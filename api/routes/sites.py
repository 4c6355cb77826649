"""Sites: what stands in a window, and what is nearest."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends, Path, Query

from api.params import (
    AROUND_SWEDEN,
    AtParameter,
    BoxParameter,
    CrsParameter,
    CurrentSnapshot,
    LanguageParameter,
    LayersParameter,
    OneSurface,
    Point,
    SectorsParameter,
    SurfaceParameter,
    TheService,
    is_latitude_first,
    known_parameters_only,
    parse_box,
)
from api.records import SITE_LAYERS, describe_site
from api.schemas import NearestAnswer, SitePanel, SitesAnswer
from api.site_groups import group_sites
from api.sites import Bounds, Site
from api.viewers import TheUserName
from api.witness import TheWitness
from geo.crs import SWEREF99_TM, classify_sweref
from geo.errors import CRSError
from geo.risk.scoring import parse_day
from maps.degrees import bounds_in_metres
from maps.site_panel import describe_record

__all__ = ["router"]

router = APIRouter(prefix="/api/sites", tags=["sites"], dependencies=[Depends(known_parameters_only)])

MAX_SITES = 20_000
MAX_NEAREST = 200
MIN_GROUP_M, MAX_GROUP_M = 10.0, 100_000.0
_LON_MAX, _LAT_MAX = 180.0, 90.0
# nobody looks further off
_FAR_M = 2e7


def choose_day(
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUserName,
    at: AtParameter = None,
    surface: SurfaceParameter = None,
) -> date:
    """The day on which sites must be active: the one asked for, else the surface's, else today."""
    if at is not None:
        return parse_day(at)
    if surface is None and snapshot.published is None:
        return parse_day(None)
    return service.find_surface(snapshot, surface or "current", user).surface.at


Day = Annotated[date, Depends(choose_day)]


@dataclass(frozen=True)
class Choice:
    """Which sites are asked for."""

    day: date
    layers: tuple[str, ...]
    sectors: frozenset[str] | None

    def keep(self, site: Site) -> bool:
        """Whether a site is."""
        is_chosen = site.layer in self.layers and (self.sectors is None or site.sector in self.sectors)
        return is_chosen and site.is_active(self.day)


def choose_sites(day: Day, layer: LayersParameter = None, sector: SectorsParameter = None) -> Choice:
    """The sites asked for."""
    layers = tuple(SITE_LAYERS if layer is None else dict.fromkeys(layer))
    return Choice(day, layers, None if sector is None else frozenset(sector))


TheChoice = Annotated[Choice, Depends(choose_sites)]


@router.get("", summary="Sites in a window", response_model=SitesAnswer)
def list_sites(
    snapshot: CurrentSnapshot,
    choice: TheChoice,
    bbox: BoxParameter,
    witness: TheWitness,
    crs: CrsParameter = "EPSG:4326",
    limit: Annotated[int, Query(ge=1, le=MAX_SITES, description="How many at most")] = 2000,
    group_m: Annotated[
        float | None,
        Query(ge=MIN_GROUP_M, le=MAX_GROUP_M, description="Put sites of a layer within squares of this side together"),
    ] = None,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """Workplaces, accommodation and establishments in a window that are active on the surface's date.

    Where there are more than `limit`, those in risk sectors come first, then the largest; `total` counts all. With
    `group_m` sites that lie close together are told as groups, with their number, and all others by themselves. Visits
    and findings up to the date are there when `layer` asks for them.
    """
    box = parse_box(bbox)
    inside = find_in_box(partial(snapshot.sites.window, layers=choice.layers), box, crs)
    found = [site for site in inside if choice.keep(site)]
    total = len(found)
    witness.see("sites-listed", f"{say_box(box, crs)}; {', '.join(choice.layers)}")
    groups, found = ([], found) if group_m is None else group_sites(found, group_m)
    told = heapq.nsmallest(limit, groups, key=lambda group: (-group["n"], group["layer"], group["lon"], group["lat"]))
    limit = max(limit - len(told), 0)
    shown = heapq.nsmallest(limit, found, key=lambda site: (not site.is_risk, -site.size, site.key))
    return {
        "total": total,
        "truncated": len(shown) + sum(group["n"] for group in told) < total,
        "sites": [describe_site(lang, site) for site in shown],
        "groups": told,
    }


@router.get("/nearest", summary="The nearest sites", response_model=NearestAnswer)
def list_nearest(
    snapshot: CurrentSnapshot,
    choice: TheChoice,
    point: Point,
    witness: TheWitness,
    n: Annotated[int, Query(ge=1, le=MAX_NEAREST, description="How many")] = 10,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """The n sites nearest to a point, nearest first: `easting` and `northing`, or `lon` and `lat`."""
    easting, northing = point
    where = say_box((easting, northing, easting, northing), SWEREF99_TM)
    witness.see("sites-listed", f"{where}; {', '.join(choice.layers)}; the {n} nearest")
    near = snapshot.sites.nearest(*point, n, choice.keep)
    return {"sites": [{**describe_site(lang, site), "distance_m": distance} for distance, site in near]}


@router.get("/{layer}/{record_id:path}", summary="A site", response_model=SitePanel)
def get_site(
    snapshot: CurrentSnapshot,
    served: OneSurface,
    layer: Annotated[
        Literal["workplaces", "accommodation", "establishments", "visits", "findings", "reported"],
        Path(description="Layer of the record"),
    ],
    record_id: Annotated[str, Path(description="Id of the record, as drivers and sites give it")],
    witness: TheWitness,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """A record of any layer that drivers name: its fields in words, the cell around it, and the visits there."""
    told = describe_record(lang, served.surface, snapshot.layers, layer, record_id)
    witness.see("site-viewed", f"{layer}/{record_id}")
    return told


def say_box(box: Bounds, crs: str) -> str:
    """Where somebody looked, for the log: whole kilometres of SWEREF 99 TM, roughly.

    The steps are powers of two no smaller than the window's longer side, so that whoever drags the map a little looks
    at the same.
    """
    if crs == SWEREF99_TM:
        found = np.clip(box, -_FAR_M, _FAR_M)
    else:
        limits = AROUND_SWEDEN
        found = np.array(bounds_in_metres(tuple(np.clip(box, limits[:2] * 2, limits[2:] * 2))))
    west, south, east, north = found / 1000
    step = 2 ** max(0, math.ceil(math.log2(max(east - west, north - south, 1.0))))
    low = [math.floor(side / step) * step for side in (south, west)]
    high = [(math.floor(side / step) + 1) * step for side in (north, east)]
    return f"N {low[0]}–{high[0]} km, E {low[1]}–{high[1]} km"


def find_in_box(window: Callable[[Bounds], list[Site]], box: Bounds, crs: str) -> list[Site]:
    """Sites in a rectangle of degrees or of metres.

    Raises
    ------
    CRSError
        The numbers belong to the other reference system.
    """
    west, south, east, north = box
    if crs == SWEREF99_TM:
        if max(map(abs, box)) <= _LON_MAX:
            message = "bbox looks like degrees; leave crs out, or give metres in EPSG:3006."
            raise CRSError(message)
        if (classify_sweref(np.array([west, east]), np.array([south, north])) == "swapped axes").all():
            message = "bbox has northing before easting; give west,south,east,north: an easting has six digits here."
            raise CRSError(message)
        return window(box)
    if max(abs(west), abs(east)) > _LON_MAX or max(abs(south), abs(north)) > _LAT_MAX:
        message = "bbox is not in degrees (lon -180 to 180, lat -90 to 90); for metres add crs=EPSG:3006."
        raise CRSError(message)
    if is_latitude_first(west, south) and is_latitude_first(east, north):
        message = "bbox has latitude before longitude; give west,south,east,north."
        raise CRSError(message)
    limits = AROUND_SWEDEN
    clipped = (max(west, limits[0]), max(south, limits[1]), min(east, limits[2]), min(north, limits[3]))
    if clipped[0] > clipped[2] or clipped[1] > clipped[3]:
        return []
    x_min, y_min, x_max, y_max = bounds_in_metres(clipped)
    # a rectangle of degrees is not one of metres: take the one around it, then look closely
    around = window((x_min - 1, y_min - 1, x_max + 1, y_max + 1))
    return [site for site in around if west <= site.lon <= east and south <= site.lat <= north]
