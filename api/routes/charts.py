"""Charts: pictures of figures as SVG, the same figures as JSON, and a page that shows all of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BeforeValidator
from starlette.responses import HTMLResponse, Response

from api.caching import REVALIDATE, respond_cached
from api.chart_schemas import ChartAnswer
from api.charts import ChartShelf, OneChart
from api.params import CountyParameter, CurrentSnapshot, LanguageParameter, OneSurface, known_parameters_only
from api.routes.pages import PageLanguage
from geo.errors import NotFoundError
from maps.charts.registry import CHARTS
from maps.i18n import pick_language
from maps.pages.charts import ShownChart, render_charts_page

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
    snapshot: CurrentSnapshot,
    served: OneSurface,
    name: Annotated[str, Path(description=f"Name of the chart: {', '.join(CHARTS)}")],
    county: CountyParameter = None,
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
    return OneChart(CHARTS[name], snapshot, served, county, cell)


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


@router.get("/charts", summary="Charts", response_class=HTMLResponse, tags=["pages"])
def show_charts(
    request: Request,
    shelf: Shelf,
    snapshot: CurrentSnapshot,
    served: OneSurface,
    county: CountyParameter = None,
    cell: CellParameter = None,
    lang: PageLanguage = None,
) -> HTMLResponse:
    """All charts of a surface with their numbers as tables, for a county or for all four; works without scripts."""
    language = pick_language(lang)
    shown = []
    for name, chart in CHARTS.items():
        one = OneChart(chart, snapshot, served, county, cell)
        asked = {"surface": served.id, "county": county, "cell": cell, "lang": language}
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        address = f"charts/{name}.svg?{query}"
        shown.append(ShownChart(name, shelf.words(one, language), address, f"{address}&size=narrow"))
    page = render_charts_page(
        language,
        shown,
        at=served.surface.at,
        county=county,
        cell=cell,
        synthetic=bool(served.surface.manifest["synthetic"]),
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page, headers={"Cache-Control": REVALIDATE})
