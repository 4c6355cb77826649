"""Parameters of the routes: what they are, and what they must be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BeforeValidator

from api.records import MAP_LAYERS, PAST_LAYERS, SITE_LAYERS
from api.service import CURRENT, MAX_POINTS, Service, Snapshot
from api.sites import Bounds
from api.surfaces import ServedSurface
from api.viewers import TheCircle, TheUserName
from geo.crs import classify_sweref
from geo.errors import CRSError, NotFoundError, ParameterError
from geo.reference import county_names, read_table
from geo.risk.model import load_model
from geo.risk.scoring import parse_day
from maps.degrees import to_metres
from maps.i18n import LANGUAGES

__all__ = [
    "AROUND_SWEDEN",
    "AtParameter",
    "BoxParameter",
    "CountParameter",
    "CountyParameter",
    "CrsParameter",
    "CurrentSnapshot",
    "LanguageParameter",
    "LayersParameter",
    "OneSurface",
    "Point",
    "SectorsParameter",
    "SurfaceByPath",
    "SurfaceParameter",
    "TheService",
    "WeightsParameter",
    "check_language",
    "is_latitude_first",
    "known_parameters_only",
    "locate",
    "parse_box",
    "parse_weights",
]

MAX_RANKED = 500
# Sweden with a margin, degrees: west, south, east, north. Beyond, SWEREF 99 TM is not defined well.
AROUND_SWEDEN = (5.0, 54.0, 30.0, 72.0)
# Latitude and longitude that a map in these parts can show.
_DEGREES_MAX = (180.0, 90.0)
_PLAIN_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]{1,17})?")
# Parameters that take a list.
_REPEATABLE = frozenset({"layer", "sector", "county", "municipality", "agency", "weight"})


async def known_parameters_only(request: Request) -> None:
    """Refuse query parameters that the route does not know, and several values where one is meant.

    A misspelled filter must not look like an absent one, nor one of two as if it were both.
    """
    route = request.scope.get("route")
    dependant = getattr(route, "dependant", None)
    if dependant is None:
        return
    known = _query_names(dependant) | {"lang", "surface"}
    failures = {
        name: ("unknown_parameter", f"there is no such parameter; there are {', '.join(sorted(known))}")
        for name in set(request.query_params) - known
    }
    failures |= {
        name: ("repeated_parameter", "is given several times; give it once")
        for name in set(request.query_params) - set(failures) - _REPEATABLE
        if len(request.query_params.getlist(name)) > 1
    }
    if failures:
        raise RequestValidationError(
            [
                {"type": kind, "loc": ("query", name), "msg": words, "input": request.query_params[name]}
                for name, (kind, words) in sorted(failures.items())
            ]
        )


def _query_names(dependant: Any) -> set[str]:
    names = {parameter.alias for parameter in dependant.query_params}
    return names.union(*(_query_names(one) for one in dependant.dependencies))


def _one_of(what: str, codes: Callable[[], Any]) -> AfterValidator:
    def check(code: Any) -> Any:
        known = list(codes())
        if code is not None and code not in known:
            message = f"unknown {what}; use one of {', '.join(known)}"
            raise ValueError(message)
        return code

    return AfterValidator(check)


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


def _check_day(day: str | None) -> str | None:
    if day is not None:
        parse_day(day)
    return day


def _check_box(text: str) -> str:
    parse_box(text)
    return text


def _check_weight(text: str) -> str:
    name, colon, points = text.partition(":")
    known = load_model().weights
    if not colon:
        message = "must be component:points, such as findings:30"
        raise ValueError(message)
    if name not in known:
        message = f"unknown component; use one of {', '.join(known)}"
        raise ValueError(message)
    if not (_PLAIN_NUMBER.fullmatch(points) and float(points) <= MAX_POINTS):
        message = f"points must be a number from 0 to {MAX_POINTS:.0f}, such as 30 or 12.5"
        raise ValueError(message)
    return text


def _check_weights(weights: list[str] | None) -> list[str] | None:
    names = [text.partition(":")[0] for text in weights or ()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"give one weight for each component; several are given for {', '.join(twice)}"
        raise ValueError(message)
    points = parse_weights(weights)
    if points.keys() == load_model().weights.keys() and not any(points.values()):
        message = "at least one component must have more than 0 points"
        raise ValueError(message)
    return weights


def parse_weights(weights: list[str] | None) -> dict[str, float]:
    """Component to points, from what `WeightsParameter` has checked."""
    pairs = (text.partition(":")[::2] for text in weights or ())
    return {name: float(points) for name, points in pairs}


def parse_box(text: str) -> Bounds:
    """Four numbers, lower left and upper right corner.

    Raises
    ------
    ParameterError
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        message = "must be four numbers with commas between them: west,south,east,north"
        raise ParameterError(message) from None
    if not all(map(math.isfinite, (west, south, east, north))):
        message = "must be four finite numbers: west,south,east,north"
        raise ParameterError(message)
    if west > east or south > north:
        message = "must be west,south,east,north with west <= east and south <= north"
        raise ParameterError(message)
    return west, south, east, north


LanguageParameter = Annotated[Literal["sv", "en"], Query(alias="lang", description="Language of words for people")]
CountyParameter = Annotated[
    str | None,
    Query(description="County code; all four when left out", examples=["24"]),
    BeforeValidator(_blank_is_none),
    _one_of("county", county_names),
]
CountParameter = Annotated[int, Query(ge=1, le=MAX_RANKED, description="How many")]
AtParameter = Annotated[
    str | None,
    Query(description="Scoring date, YYYY-MM-DD; that of the published surface when left out", examples=["2026-07-15"]),
    BeforeValidator(_blank_is_none),
    AfterValidator(_check_day),
]
_Sector = Annotated[str, _one_of("sector group", lambda: read_table("sectors")["sector"])]
SectorsParameter = Annotated[
    list[_Sector] | None,
    Query(alias="sector", description="Sector group, may be repeated; all when left out", examples=[["green"]]),
]
_Weight = Annotated[str, AfterValidator(_check_weight)]
WeightsParameter = Annotated[
    list[_Weight] | None,
    Query(
        alias="weight",
        description="component:points, 0 to 100, in place of what the published model gives it; may be repeated",
        examples=[["findings:30"]],
    ),
    AfterValidator(_check_weights),
]
_SiteLayer = Annotated[str, _one_of("layer of sites", lambda: MAP_LAYERS)]
LayersParameter = Annotated[
    list[_SiteLayer] | None,
    Query(
        alias="layer",
        description=f"Layer, may be repeated: {', '.join(SITE_LAYERS)}, all of these when left out; "
        f"{', '.join(PAST_LAYERS)} on demand",
    ),
]
BoxParameter = Annotated[
    str,
    Query(description="west,south,east,north in the units of `crs`", examples=["20.1,63.7,20.5,63.9"]),
    AfterValidator(_check_box),
]
CrsParameter = Annotated[Literal["EPSG:4326", "EPSG:3006"], Query(description="Reference system of `bbox`")]
SurfaceParameter = Annotated[
    str | None,
    Query(description="Surface id; the published surface when left out"),
    BeforeValidator(_blank_is_none),
]
Metres = Annotated[float | None, Query(allow_inf_nan=False, description="Metres, EPSG:3006")]
Degrees = Annotated[float | None, Query(allow_inf_nan=False, description="Degrees, WGS84")]


# What only hands on what is there is a coroutine: a plain function goes to a thread and back, which costs a request
# half a millisecond each, and far more while another thread computes.
async def get_service(request: Request) -> Service:
    """The service of the application."""
    service: Service = request.app.state.service
    return service


TheService = Annotated[Service, Depends(get_service)]


def get_snapshot(service: TheService, circle: TheCircle) -> Snapshot:
    """The state to answer from: the records that the circle of whoever asks may see, and nothing else."""
    return service.snapshot(circle)


CurrentSnapshot = Annotated[Snapshot, Depends(get_snapshot)]


def get_surface(
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUserName,
    surface: SurfaceParameter = None,
) -> ServedSurface:
    """The surface that the query names."""
    return service.find_surface(snapshot, surface or CURRENT, user)


def get_surface_by_path(
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUserName,
    surface: Annotated[str, Path(description="Surface id, or `current` for the published one")],
) -> ServedSurface:
    """The surface that the path names."""
    return service.find_surface(snapshot, surface, user)


OneSurface = Annotated[ServedSurface, Depends(get_surface)]
SurfaceByPath = Annotated[ServedSurface, Depends(get_surface_by_path)]


def locate(
    easting: Metres = None, northing: Metres = None, lon: Degrees = None, lat: Degrees = None
) -> tuple[float, float]:
    """A point from easting and northing, or from lon and lat: easting, northing, m, EPSG:3006.

    Raises
    ------
    ParameterError
        Neither pair, or both.
    CRSError, NotFoundError
        Degrees for metres, swapped axes, or a place that is not in Sweden.
    """
    metres, degrees = (easting, northing), (lon, lat)
    if [None in metres, None in degrees].count(False) != 1 or (
        any(value is not None for value in metres) and any(value is not None for value in degrees)
    ):
        message = "Give easting and northing (metres, EPSG:3006), or lon and lat (degrees, WGS84)."
        raise ParameterError(message)
    if lon is not None and lat is not None:
        if abs(lon) > _DEGREES_MAX[0] or abs(lat) > _DEGREES_MAX[1]:
            message = f"lon must be from -180 to 180 and lat from -90 to 90, got {lon:g} and {lat:g}."
            raise ParameterError(message)
        if is_latitude_first(lon, lat):
            message = f"lon and lat are swapped: lon={lat:g}, lat={lon:g} would be in Sweden."
            raise CRSError(message)
        easting, northing = to_metres(lon, lat)
    return _check_place(float(easting or 0), float(northing or 0))


Point = Annotated[tuple[float, float], Depends(locate)]


def is_latitude_first(lon: float, lat: float) -> bool:
    """Whether two degrees lie in or around Sweden only the other way round."""
    west, south, east, north = AROUND_SWEDEN
    return west <= lat <= east and south <= lon <= north


def check_language(lang: str) -> str:
    """A language of ours.

    Raises
    ------
    NotFoundError
    """
    if lang not in LANGUAGES:
        message = f"There is no language {lang!r}; there are {', '.join(LANGUAGES)}."
        raise NotFoundError(message)
    return lang


def _check_place(easting: float, northing: float) -> tuple[float, float]:
    place = classify_sweref(np.array([easting]), np.array([northing]))[0]
    if place == "degrees":
        message = "easting and northing look like degrees; give metres in EPSG:3006, or lon and lat."
        raise CRSError(message)
    if place == "swapped axes":
        message = "easting and northing are swapped: here an easting has six digits, a northing seven."
        raise CRSError(message)
    if place != "inside":
        message = f"easting {easting:.9g}, northing {northing:.9g} lies outside Sweden; choose a place in Region Nord."
        raise NotFoundError(message)
    return easting, northing
