"""Charts: pictures of figures as SVG, the same figures as JSON, and a page that shows all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BeforeValidator
from starlette.responses import HTMLResponse, Response

from api.auth import TheUser
from api.caching import REVALIDATE, respond_cached
from api.chart_schemas import ChartAnswer
from api.charts import ChartShelf, OneChart
from api.errors import BusyError
from api.filters import PlaceFilter
from api.params import (
    AtParameter,
    CurrentSnapshot,
    LanguageParameter,
    OneSurface,
    SectorsParameter,
    SurfaceParameter,
    TheService,
    WeightsParameter,
    known_parameters_only,
    parse_weights,
)
from api.routes.pages import PageLanguage
from api.service import CURRENT, Service, Snapshot
from api.surfaces import ServedSurface
from api.viewers import TheUserName, may_change_weights
from geo.errors import NotFoundError
from geo.risk.filters import CellFilter, Shown
from maps.charts.registry import CHARTS
from maps.i18n import pick_language
from maps.pages.charts import Choice, MapChart, render_charts_page

__all__ = ["router"]

router = APIRouter(tags=["charts"])

CellParameter = Annotated[
    str | None,
    Query(description="A cell to mark: INSPIRE id or SCB id; none when left out"),
    BeforeValidator(lambda value: None if value == "" else value),
]
SizeParameter = Annotated[Literal["wide", "narrow"], Query(description="680 px wide, or 360 for phones and panels")]
ThemeParameter = Annotated[Literal["light", "dark"], Query(description="Colours of the drawing")]


@lru_cache(maxsize=1)
def get_shelf() -> ChartShelf:
    """What has been drawn already; its keys are digests, so services in one process may share it."""
    return ChartShelf()


Shelf = Annotated[ChartShelf, Depends(get_shelf)]


def choose_chart(
    service: TheService,
    snapshot: CurrentSnapshot,
    served: OneSurface,
    chosen: PlaceFilter,
    name: Annotated[str, Path(description=f"Name of the chart: {', '.join(CHARTS)}")],
    cell: CellParameter = None,
) -> OneChart:
    """The chart that the path names.

    Raises
    ------
    NotFoundError
    """
    if name not in CHARTS:
        message = f"There is no chart {name!r}; there are {', '.join(CHARTS)}."
        raise NotFoundError(message)
    chart = CHARTS[name]
    shown = _show(service, snapshot, served, chosen) if chart.takes_filter else None
    return OneChart(chart, snapshot, served, cell, chosen, shown)


def _show(service: Service, snapshot: Snapshot, served: ServedSurface, chosen: CellFilter) -> Shown | None:
    return served.show(chosen, snapshot.layers, service.drawing, service.turns)


ChosenChart = Annotated[OneChart, Depends(choose_chart)]


@router.get(
    "/charts/{name}.svg",
    summary="A chart's picture",
    response_class=Response,
    dependencies=[Depends(known_parameters_only)],
    responses={200: {"content": {"image/svg+xml": {}}, "description": "One SVG with title and description"}},
)
def get_chart(
    request: Request,
    shelf: Shelf,
    chosen: ChosenChart,
    size: SizeParameter = "wide",
    theme: ThemeParameter = "light",
    lang: LanguageParameter = "sv",
) -> Response:
    """A chart of a surface as SVG without script, style element or foreign address."""
    content = shelf.draw(chosen, lang, size, theme).encode()
    return respond_cached(request, content, "image/svg+xml", REVALIDATE)


@router.get(
    "/api/charts/{name}",
    summary="A chart's numbers",
    response_model=ChartAnswer,
    dependencies=[Depends(known_parameters_only)],
)
def get_chart_numbers(shelf: Shelf, chosen: ChosenChart, lang: LanguageParameter = "en") -> dict[str, Any]:
    """What a chart shows, in words and as a table."""
    words = shelf.words(chosen, lang)
    return {
        "name": chosen.chart.name,
        "surface": chosen.served.id,
        "at": chosen.served.surface.at,
        "county": chosen.county if chosen.chart.takes_county else None,
        "title": words.title,
        "summary": words.summary,
        "notes": list(words.notes),
        "columns": [{"name": column.name, "title": column.title} for column in words.table.columns],
        "rows": words.table.to_records(),
    }


async def choose_surface(
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUser,
    user_name: TheUserName,
    at: AtParameter = None,
    sector: SectorsParameter = None,
    weight: WeightsParameter = None,
    surface: SurfaceParameter = None,
) -> ServedSurface:
    """The surface that the query names, or the one for the map's date, sectors and weights, scored unless it is there.

    Weights are left out for whoever may not change them, as the map does.
    """
    points = parse_weights(weight) if may_change_weights(user) else {}
    if surface is not None or (at is None and sector is None and not points):
        return await asyncio.to_thread(service.find_surface, snapshot, surface or CURRENT, user_name)
    future = service.score(snapshot, at, sector, points, user=user_name)
    # shielded: others may wait for the same surface when this client goes away
    return await asyncio.shield(asyncio.wrap_future(future))


def choose_filter(chosen: PlaceFilter) -> CellFilter:
    """The filter of the map; there a municipality of another county than the one beside it is none."""
    if any(code[:2] not in chosen.counties for code in chosen.municipalities if chosen.counties):
        return replace(chosen, municipalities=frozenset())
    return chosen


@router.get("/charts", summary="Charts", response_class=HTMLResponse, tags=["pages"])
def show_charts(
    request: Request,
    shelf: Shelf,
    service: TheService,
    snapshot: CurrentSnapshot,
    served: Annotated[ServedSurface, Depends(choose_surface)],
    chosen: Annotated[CellFilter, Depends(choose_filter)],
    cell: CellParameter = None,
    lang: PageLanguage = None,
) -> HTMLResponse:
    """All charts with their numbers as tables; works without scripts.

    It takes the map's address: what is chosen there is what is shown here, and said; the rest of it leads back.
    """
    language = pick_language(lang)
    wanted = chosen
    try:
        shown = _show(service, snapshot, served, chosen)
    except BusyError:
        # being drawn: until then they show what all else leaves
        chosen = replace(chosen, certainty=None)
        shown = _show(service, snapshot, served, chosen)
    charts = []
    for name, chart in CHARTS.items():
        one = OneChart(chart, snapshot, served, cell, chosen, shown)
        query = urlencode([("surface", served.id), *_list_parameters(one), ("lang", language)])
        address = f"charts/{name}.svg?{query}"
        charts.append(MapChart(name, shelf.words(one, language), address, f"{address}&size=narrow", chart))
    choice = Choice(
        chosen,
        sectors=served.surface.sectors,
        weights=served.changed_weights,
        is_published=snapshot.published is not None and served.id == snapshot.published.id,
        is_waiting=wanted != chosen,
    )
    page = render_charts_page(
        language,
        charts,
        at=served.surface.at,
        choice=choice,
        cell=cell,
        synthetic=bool(served.surface.manifest["synthetic"]),
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page, headers={"Cache-Control": REVALIDATE})


def _list_parameters(one: OneChart) -> Iterator[tuple[str, str]]:
    """What the chart's own address says of the filter and the cell: nothing that it does not look at."""
    chosen, chart = one.chosen, one.chart
    if chart.takes_county:
        yield from (("county", code) for code in chosen.counties)
        yield from (("municipality", code) for code in chosen.municipalities)
    if chart.takes_filter:
        named = {"state": chosen.state, "certainty": chosen.certainty, "min_class": chosen.min_class}
        yield from ((name, code) for name, code in named.items() if code is not None)
        yield from (("agency", code) for code in sorted(chosen.agencies))
    if chart.takes_cell and one.cell_id is not None:
        yield "cell", one.cell_id
