"""Pages for people, and what they are made of: the skeleton's script and style, and the texts of a language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from api.auth import TheUser
from api.auth.permissions import find_rule, is_allowed
from api.caching import REVALIDATE, respond_cached
from api.middleware import ASKING_WHERE
from api.params import CurrentSnapshot, SurfaceByPath, TheService, check_language
from api.witness import TheWitness
from geo.layers.circles import INNER_CIRCLE
from maps.i18n import catalogue, narrow_catalogue, pick_language
from maps.pages.map import render_map_page, render_setup_page
from maps.pages.surface import render_surface_page

__all__ = [
    "PageLanguage",
    "router",
]

router = APIRouter(tags=["pages"])

PageLanguage = Annotated[str | None, Query(alias="lang", description="sv or en; Swedish when left out or unknown")]


@router.get("/", summary="The map", response_class=HTMLResponse)
def show_map(
    request: Request,
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUser,
    witness: TheWitness,
    lang: PageLanguage = None,
) -> HTMLResponse:
    """The map page; before anything is scored, a page that says which command to run."""
    language, query = pick_language(lang), request.query_params.multi_items()
    rule = find_rule("GET", "/import")
    may_import = snapshot.circle == INNER_CIRCLE and rule is not None and is_allowed(user.roles, rule)
    can_import = service.settings.allow_uploads and may_import
    if snapshot.published is None:
        return _page(render_setup_page(language, has_layers=snapshot.has_layers, query=query, can_import=can_import))
    witness.see("map-viewed", snapshot.published.id)
    page = render_map_page(
        language,
        service.skeleton,
        surface_id=snapshot.published.id,
        synthetic=bool(snapshot.published.surface.manifest["synthetic"]),
        query=query,
        base_map=service.base_map,
        can_import=can_import,
        can_save=service.settings.allow_offline,
        at=snapshot.published.surface.at,
    )
    return _page(page, ASKING_WHERE)


@router.get("/surfaces/{surface}", summary="About a surface", response_class=HTMLResponse)
def show_surface(request: Request, served: SurfaceByPath, lang: PageLanguage = None) -> HTMLResponse:
    """Statistics, likeness to plain employee density, age of the data, layers, weights and manifest of a surface."""
    page = render_surface_page(
        pick_language(lang),
        served.describe(),
        dict(served.surface.manifest),
        query=request.query_params.multi_items(),
    )
    return _page(page)


@router.get(
    "/map/skeleton.js",
    summary="The map's script",
    response_class=Response,
    responses={200: {"content": {"text/javascript": {}}}},
)
def get_skeleton_script(request: Request, service: TheService) -> Response:
    """Folium's rendered script: settings of the map, no data."""
    return respond_cached(request, service.skeleton.script.encode(), "text/javascript; charset=utf-8")


@router.get(
    "/map/skeleton.css",
    summary="The map's style",
    response_class=Response,
    responses={200: {"content": {"text/css": {}}}},
)
def get_skeleton_style(request: Request, service: TheService) -> Response:
    """Folium's rendered style."""
    return respond_cached(request, service.skeleton.style.encode(), "text/css; charset=utf-8")


@router.get("/i18n/{lang}.json", summary="Texts of a language", response_model=dict[str, str])
def get_texts(
    request: Request,
    lang: Annotated[str, Path(description="sv or en")],
    records: Annotated[
        Literal["all", "some"], Query(description="some: as said to circles that may not see every record")
    ] = "all",
) -> Response:
    """Every text of the pages in a language, by its English form; of English only what is said otherwise."""
    find = catalogue if records == "all" else narrow_catalogue
    texts = json.dumps(dict(find(check_language(lang))), ensure_ascii=False)
    return respond_cached(request, texts.encode(), "application/json")


def _page(text: str, headers: Mapping[str, str] = MappingProxyType({})) -> HTMLResponse:
    return HTMLResponse(text, headers={"Cache-Control": REVALIDATE, **headers})
