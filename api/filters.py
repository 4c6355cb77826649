"""Which cells a request asks for: one set of query parameters for tiles, rankings, distributions and exports."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import AfterValidator, BeforeValidator

from api.params import CountyParameter, CurrentSnapshot, OneSurface, SurfaceByPath, TheService
from geo.risk.filters import CellFilter, Shown

__all__ = [
    "CellsShown",
    "CellsShownByPath",
    "CellsShownInAreas",
    "OneFilter",
    "PlaceFilter",
    "get_filter",
]


def _drop_blank(value: Any) -> Any:
    return [each for each in value if each != ""] if isinstance(value, list) else value


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


def _check(field: str) -> AfterValidator:
    """Have the filter itself say what is wrong, so that each parameter is told by its name."""

    def check(value: Any) -> Any:
        if value:
            CellFilter(**{field: frozenset(value) if isinstance(value, list) else value})  # type: ignore[arg-type]
        return value

    return AfterValidator(check)


_ALL = "all when left out"
Counties = Annotated[
    list[str] | None,
    Query(description=f"County code, may be repeated: cells in one of them; {_ALL}", examples=[["24"]]),
    BeforeValidator(_drop_blank),
    _check("counties"),
]
Municipalities = Annotated[
    list[str] | None,
    Query(description=f"Municipality code, may be repeated: cells in one of them; {_ALL}", examples=[["2480"]]),
    BeforeValidator(_drop_blank),
    _check("municipalities"),
]
State = Annotated[
    str | None,
    Query(description=f"`never_inspected` or `inspected`; {_ALL}"),
    BeforeValidator(_blank_is_none),
    _check("state"),
]
Agencies = Annotated[
    list[str] | None,
    Query(
        description=f"Agency, may be repeated: cells in or within 1 km of which each has a power on site; {_ALL}",
        examples=[["skatteverket"]],
    ),
    BeforeValidator(_drop_blank),
    _check("agencies"),
]
Certainty = Annotated[
    str | None,
    Query(description=f"`certain`, `likely` or `could_be`: cells at least so sure to be among the 20 highest; {_ALL}"),
    BeforeValidator(_blank_is_none),
    _check("certainty"),
]
LowestClass = Annotated[
    str | None,
    Query(description=f"Code of a score class: cells of this class or a higher one; {_ALL}", examples=["3"]),
    BeforeValidator(_blank_is_none),
    _check("min_class"),
]


async def get_filter(
    county: Counties = None,
    municipality: Municipalities = None,
    state: State = None,
    agency: Agencies = None,
    certainty: Certainty = None,
    min_class: LowestClass = None,
) -> CellFilter:
    """The filter that the query names."""
    return CellFilter(
        counties=frozenset(county or ()),
        municipalities=frozenset(municipality or ()),
        state=state,
        agencies=frozenset(agency or ()),
        certainty=certainty,
        min_class=min_class,
    )


OneFilter = Annotated[CellFilter, Depends(get_filter)]


async def get_filter_within_areas(
    state: State = None, agency: Agencies = None, certainty: Certainty = None, min_class: LowestClass = None
) -> CellFilter:
    """The filter that the query names beside the area, where the route itself takes that."""
    return CellFilter(state=state, agencies=frozenset(agency or ()), certainty=certainty, min_class=min_class)


Municipality = Annotated[
    str | None,
    Query(description="Municipality code; all of the county, or of the region, when left out", examples=["2480"]),
    BeforeValidator(_blank_is_none),
    AfterValidator(lambda code: _check_one("municipalities", code)),
]


def _check_one(field: str, code: str | None) -> str | None:
    if code is not None:
        CellFilter(**{field: frozenset({code})})  # type: ignore[arg-type]
    return code


async def get_filter_of_place(
    chosen: Annotated[CellFilter, Depends(get_filter_within_areas)],
    county: CountyParameter = None,
    municipality: Municipality = None,
) -> CellFilter:
    """The filter that the query names, with one county and one municipality at most: what has a name of its own."""
    return replace(
        chosen,
        counties=frozenset() if county is None else frozenset({county}),
        municipalities=frozenset() if municipality is None else frozenset({municipality}),
    )


PlaceFilter = Annotated[CellFilter, Depends(get_filter_of_place)]


def choose_cells(service: TheService, snapshot: CurrentSnapshot, served: OneSurface, chosen: OneFilter) -> Shown | None:
    """The cells to show of the surface that the query names; None for all.

    Raises
    ------
    BusyError
        How sure the scores are is asked for and not known yet; it is being computed from now on.
    """
    return served.show(chosen, snapshot.layers, service.drawing, service.turns)


def choose_cells_by_path(
    service: TheService, snapshot: CurrentSnapshot, served: SurfaceByPath, chosen: OneFilter
) -> Shown | None:
    """The cells to show of the surface that the path names; None for all. See `choose_cells`."""
    return served.show(chosen, snapshot.layers, service.drawing, service.turns)


def choose_cells_in_areas(
    service: TheService,
    snapshot: CurrentSnapshot,
    served: OneSurface,
    chosen: Annotated[CellFilter, Depends(get_filter_within_areas)],
) -> Shown | None:
    """The cells to show wherever they lie; None for all. See `choose_cells`."""
    return served.show(chosen, snapshot.layers, service.drawing, service.turns)


CellsShown = Annotated[Shown | None, Depends(choose_cells)]
CellsShownByPath = Annotated[Shown | None, Depends(choose_cells_by_path)]
CellsShownInAreas = Annotated[Shown | None, Depends(choose_cells_in_areas)]
