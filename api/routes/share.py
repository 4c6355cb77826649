"""What a recipient without an account sees: the page that opens a link, and what the link shows.

Everything here is public in the table of permissions; each route below ``/share`` asks `api.share.require_share`
instead, which reads the link from the database on every request.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.auth.cookies import clear_share_cookie, set_share_cookie
from api.auth.forms import read_form
from api.routes.pages import PageLanguage
from api.schemas import BaseMapData
from api.share.answers import respond_to_refusal
from api.share.opening import Opened, leave_share, open_share
from api.share.sessions import NoShareError, Share, note_export, note_view, require_share
from api.share.showing import describe_all, describe_square, draw_tile, make_ground, make_table, name_controller
from api.shared_schemas import SharedAnswer, SharedSquareAnswer
from geo.disclosure.release.rows import ALL_SECTORS
from geo.errors import NotFoundError
from maps.i18n import LANGUAGES, pick_language
from maps.pages.share import (
    render_share_left_page,
    render_share_opening_page,
    render_share_page,
    render_share_print_page,
)
from maps.shared_rows import SORTS, write_shared_csv
from maps.skeleton import build_share_skeleton
from maps.tiles import MAX_ZOOM, MIN_ZOOM

__all__ = ["TheShare", "router"]

router = APIRouter(tags=["share"])

Token = Annotated[str, Path(description="Token of a share link, or any other text: it is never told which")]
TheForm = Annotated[dict[str, str], Depends(read_form)]
TheShare = Annotated[Share, Depends(require_share)]
OneLayer = Annotated[str, Query(description="workplaces or accommodation; the link's first when left out")]
OneSector = Annotated[str, Query(description="A sector of the link, or all")]
_SCRIPT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/javascript": {}}}}
_STYLE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/css": {}}}}


@router.get("/s/{token:path}", summary="A share link", response_class=HTMLResponse)
def show_opening(token: Token, lang: PageLanguage = None) -> Response:  # noqa: ARG001  it is not looked at
    """What a link is, and a button that opens it: the same page for every text, and nothing is used up by it."""
    return HTMLResponse(render_share_opening_page(pick_language(lang)))


@router.post("/s/{token:path}", include_in_schema=False)
async def open_link(request: Request, token: Token, form: TheForm, lang: PageLanguage = None) -> Response:
    """Open a link with whatever password and code it asks for."""
    done = await open_share(request, token, form.get("password", ""), form.get("code", ""))
    if not isinstance(done, Opened):
        return respond_to_refusal(request, done.wait_s)
    chosen = lang if lang in LANGUAGES else done.link.lang
    response = RedirectResponse(f"/share?lang={chosen}", 303)
    set_share_cookie(request, response, done.token)
    return response


@router.get("/share", summary="The shared map", response_class=HTMLResponse)
def show_share(
    request: Request,
    share: TheShare,
    lang: PageLanguage = None,
    layer: OneLayer = "",
    sector: OneSector = "",
    sort: Annotated[str, Query(description="What the table is sorted by: class, -class, place …")] = "",
) -> Response:
    """What the link of whoever asks shows, as a map and as a table, with the watermark."""
    table = make_table(request, share)
    note_view(request, share)
    known = sort if sort.removeprefix("-") in SORTS else ""
    lang = choose_language(share, lang)
    controller = name_controller(request, share, lang)
    return HTMLResponse(render_share_page(lang, table, (layer, sector), known, controller=controller))


@router.get("/share/print", summary="The shared map on paper", response_class=HTMLResponse)
def show_share_print(
    request: Request, share: TheShare, lang: PageLanguage = None, layer: OneLayer = "", sector: OneSector = ""
) -> Response:
    """The same to print: a drawing, legend, scale, age of the data, who it is for. It is noted as taken along."""
    table = make_table(request, share)
    note_export(request, share, "print")
    return HTMLResponse(render_share_print_page(choose_language(share, lang), table, (layer, sector)))


@router.get("/share/skeleton.js", summary="The shared map's script", response_class=Response, responses=_SCRIPT)
def get_share_script(share: TheShare) -> Response:  # noqa: ARG001  whoever has none gets nothing
    """Folium's rendered script: settings of the map, no data, and no online base map."""
    return Response(build_share_skeleton().script, media_type="text/javascript; charset=utf-8")


@router.get("/share/skeleton.css", summary="The shared map's style", response_class=Response, responses=_STYLE)
def get_share_style(share: TheShare) -> Response:  # noqa: ARG001
    """Folium's rendered style."""
    return Response(build_share_skeleton().style, media_type="text/css; charset=utf-8")


@router.get("/share/ground.json", summary="Base map", response_class=Response, responses={200: {"model": BaseMapData}})
def get_share_ground(share: TheShare) -> Response:  # noqa: ARG001
    """Counties, municipalities and place names, as the package has them."""
    return Response(make_ground(), media_type="application/json")


@router.get(
    "/share/tiles/{z}/{x}/{y}.png",
    summary="A tile of the shared map",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "256 × 256 PNG"}},
)
def get_share_tile(
    request: Request,
    share: TheShare,
    z: Annotated[int, Path(description=f"Zoom, {MIN_ZOOM} to {MAX_ZOOM}")],
    x: Annotated[int, Path(description="Column from the west")],
    y: Annotated[int, Path(description="Row from the north")],
    layer: OneLayer = "",
    sector: OneSector = "",
) -> Response:
    """Squares of the link's scope as a Web Mercator tile; clear where something is withheld, and where nothing is."""
    scope = share.scope
    first = ALL_SECTORS if scope.sectors is None or ALL_SECTORS in scope.sectors else scope.sectors[0]
    view = (layer or scope.layers[0], sector or first)
    try:
        tile = draw_tile(request, share, view, (z, x, y))
    except NotFoundError as error:
        message = "There is no such tile."
        raise NoShareError(message) from error
    note_view(request, share)
    return Response(tile, media_type="image/png")


@router.get("/share/cells.json", summary="Squares of the shared map", response_model=SharedAnswer)
def list_share_cells(request: Request, share: TheShare, lang: PageLanguage = None) -> dict[str, Any]:
    """Every row of the link's scope, by square."""
    table = make_table(request, share)
    note_view(request, share)
    return describe_all(choose_language(share, lang), table)


@router.get("/share/cells/{square_id}", summary="A square of the shared map", response_model=SharedSquareAnswer)
def get_share_cell(
    request: Request,
    share: TheShare,
    square_id: Annotated[str, Path(description="A square, such as RES4000mN7072000E756000")],
    lang: PageLanguage = None,
) -> dict[str, Any]:
    """What is told of a square, in words; 404 for one that is not the link's, as for one that does not exist."""
    told = describe_square(choose_language(share, lang), make_table(request, share).rows, square_id)
    note_view(request, share, square_id)
    return told


@router.get(
    "/share/cells.csv",
    summary="The shared map as a table",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
def get_share_csv(request: Request, share: TheShare, lang: PageLanguage = None) -> Response:
    """Every row of the link's scope; the first line says for whom. It is noted as taken along."""
    content = write_shared_csv(choose_language(share, lang), make_table(request, share))
    note_export(request, share, "csv")
    name = f'attachment; filename="norrsyn-{share.link_id}.csv"'
    return Response(content, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def choose_language(share: Share, lang: str | None) -> str:
    """The language that is asked for, or else the link's."""
    return lang if lang in LANGUAGES else share.lang


@router.post("/share/leave", include_in_schema=False)
def leave(request: Request, lang: PageLanguage = None) -> Response:
    """Forget the link in this browser; it can be opened again as long as it is good."""
    leave_share(request)
    response = HTMLResponse(render_share_left_page(pick_language(lang)))
    clear_share_cookie(request, response)
    return response
