"""The yearly picture: a page with charts, and tables of it that can be shared outside."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from api.caching import REVALIDATE, respond_cached
from api.params import CurrentSnapshot, LanguageParameter, TheService, known_parameters_only
from api.pictures import PictureShelf, YearPage
from api.routes.charts import SizeParameter, ThemeParameter
from api.routes.pages import PageLanguage
from api.snapshots import Snapshot
from api.witness import TheWitness
from geo.errors import NotFoundError, ParameterError
from geo.exporting.picture import can_share, share_picture
from geo.exporting.tables import FORMS
from geo.layers.circles import INNER_CIRCLE
from geo.planning.daylight import LOCAL_TIME
from geo.planning.yearly import Period, read_records
from maps.charts.yearly import YEARLY_CHARTS, collect_bars, describe_bars, draw_bars
from maps.i18n import pick_language
from maps.pages.charts import ShownChart
from maps.pages.yearly import render_picture_page
from maps.yearly import make_sheets, name_file

__all__ = ["router"]

router = APIRouter(tags=["pages"])

YearParameter = Annotated[int | None, Query(description="Calendar year; the latest with visits when left out")]
EndedYearParameter = Annotated[
    int | None, Query(description="Calendar year that has ended; the latest such with visits when left out")
]
FirstParameter = Annotated[date | None, Query(alias="from", description="First day of another period, with `to`")]
LastParameter = Annotated[date | None, Query(alias="to", description="Its last day")]


@lru_cache(maxsize=1)
def get_pictures() -> PictureShelf:
    """What has been counted already; its keys hold digests of the records, so services may share it."""
    return PictureShelf()


Pictures = Annotated[PictureShelf, Depends(get_pictures)]


def choose_period(
    snapshot: CurrentSnapshot, year: YearParameter = None, first: FirstParameter = None, last: LastParameter = None
) -> Period:
    """The period that the query names.

    Raises
    ------
    ParameterError
        A year and days, one day without the other, or a period that ends before it begins.
    """
    if (first is None) != (last is None) or (year is not None and first is not None):
        message = "Give a year, or the first and the last day of a period."
        raise ParameterError(message)
    if first is not None and last is not None:
        return Period(first, last)
    return Period.of_year(list_years(snapshot)[0] if year is None else year)


ChosenPeriod = Annotated[Period, Depends(choose_period)]


def make_page(service: TheService, snapshot: CurrentSnapshot, pictures: Pictures, period: ChosenPeriod) -> YearPage:
    """The picture of the chosen period, and what plans expected."""
    return pictures.get(service.settings.home, snapshot, period)


ChosenPicture = Annotated[YearPage, Depends(make_page)]


def list_years(snapshot: Snapshot, this_year: int | None = None) -> list[int]:
    """Years with visits, the latest first; this year where there are none.

    A year after this one is a slip of somebody's pen, and none to begin with.
    """
    last = datetime.now(LOCAL_TIME).year if this_year is None else this_year
    years = snapshot.layers["visits"]["visited_on"].dt.year.unique().tolist()
    return sorted((int(year) for year in years if year <= last), reverse=True) or [last]


@router.get("/picture", summary="The yearly picture", response_class=HTMLResponse)
def show_picture(
    request: Request, snapshot: CurrentSnapshot, made: ChosenPicture, lang: PageLanguage = None
) -> HTMLResponse:
    """Visits, checks, firms, persons and findings of a year, in tables and charts; and whether expectations hold."""
    language, period = pick_language(lang), made.picture.period
    days = {"year": period.year} if period.year else {"from": period.first, "to": period.last}
    query = urlencode({**days, "lang": language})
    shown = [
        ShownChart(
            name,
            describe_bars(language, collect_bars(name, made.picture)),
            f"picture/charts/{name}.svg?{query}",
            f"picture/charts/{name}.svg?{query}&size=narrow",
        )
        for name in YEARLY_CHARTS
    ]
    page = render_picture_page(
        language,
        made.picture,
        made.report,
        shown,
        years=sorted({*list_years(snapshot), *([period.year] if period.year else [])}, reverse=True),
        sees_all=snapshot.circle == INNER_CIRCLE,
        has_ended=can_share(period, datetime.fromtimestamp(float(request.app.state.accounts.clock()), UTC).date()),
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page, headers={"Cache-Control": REVALIDATE})


@router.get(
    "/picture/charts/{chart}.svg",
    summary="A chart of the yearly picture",
    response_class=Response,
    tags=["charts"],
    dependencies=[Depends(known_parameters_only)],
    responses={200: {"content": {"image/svg+xml": {}}, "description": "One SVG with title and description"}},
)
def get_picture_chart(
    request: Request,
    made: ChosenPicture,
    chart: Annotated[str, Path(description=f"What the bars are by: {', '.join(YEARLY_CHARTS)}")],
    size: SizeParameter = "wide",
    theme: ThemeParameter = "light",
    lang: LanguageParameter = "sv",
) -> Response:
    """Visits of a year beside those of the year before, as SVG without script, style element or foreign address."""
    if chart not in YEARLY_CHARTS:
        message = f"There is no chart {chart!r}; there are {', '.join(YEARLY_CHARTS)}."
        raise NotFoundError(message)
    figures = collect_bars(chart, made.picture)
    return respond_cached(request, draw_bars(lang, figures, size, theme).encode(), "image/svg+xml", REVALIDATE)


@router.get(
    "/picture/files/{form}",
    summary="Tables of a year to share",
    response_class=Response,
    dependencies=[Depends(known_parameters_only)],
    responses={
        200: {"content": {form.media_type.partition(";")[0]: {} for form in FORMS.values()}, "description": "The file"}
    },
)
def get_picture_file(
    snapshot: CurrentSnapshot,
    form: Annotated[str, Path(description=f"Form of the file: {', '.join(FORMS)}")],
    witness: TheWitness,
    year: EndedYearParameter = None,
    lang: LanguageParameter = "sv",
) -> Response:
    """Tables of a calendar year that has ended, in which no firm can be seen, nor worked out from all of them together.

    For the circle that sees every record only: files of two circles would tell each other's difference. That the file
    was made is noted in the log of what was done.
    """
    if form not in FORMS or snapshot.circle != INNER_CIRCLE:
        message = f"There is no such file to share; there are {', '.join(FORMS)}, for those who may see every record."
        raise NotFoundError(message)
    now = witness.now
    made_at = datetime.fromtimestamp(now, UTC)
    ended = [one for one in list_years(snapshot) if one < made_at.year] or [made_at.year - 1]
    period = Period.of_year(ended[0] if year is None else year)
    shared = share_picture(read_records(snapshot.layers, period), today=made_at.date())
    sheets = make_sheets(lang, shared, made_at=made_at, synthetic=snapshot.layers.is_synthetic)
    chosen = FORMS[form]
    witness.note("picture-shared", f"{shared.year} {form}")
    disposition = f'attachment; filename="{name_file(shared.year, chosen)}"'
    headers = {"Cache-Control": "no-store", "Content-Disposition": disposition}
    return Response(chosen.write(sheets), media_type=chosen.media_type, headers=headers)
