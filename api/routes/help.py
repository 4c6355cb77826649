"""Pages that help: what the words mean, how the score is made, and how accessible the pages are."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from api.caching import REVALIDATE
from api.params import CurrentSnapshot, TheService
from api.routes.pages import PageLanguage
from geo.risk.model import load_model
from maps.i18n import pick_language
from maps.pages.accessibility import render_accessibility_page
from maps.pages.glossary import render_glossary_page
from maps.pages.model import render_model_page

__all__ = ["router"]

router = APIRouter(prefix="/help", tags=["pages"])


@router.get("/glossary", summary="Glossary", response_class=HTMLResponse)
def show_glossary(request: Request, lang: PageLanguage = None) -> HTMLResponse:
    """The program's words in Swedish and English, each with an anchor to link to."""
    return _page(render_glossary_page(pick_language(lang), query=request.query_params.multi_items()))


@router.get("/model", summary="How the score is made", response_class=HTMLResponse)
def show_model(request: Request, snapshot: CurrentSnapshot, lang: PageLanguage = None) -> HTMLResponse:
    """The model that the published surface was scored with, from the same numbers; the program's own before that."""
    query, served = request.query_params.multi_items(), snapshot.published
    if served is None:
        return _page(render_model_page(pick_language(lang), load_model(), query=query))
    surface = served.surface
    page = render_model_page(
        pick_language(lang),
        surface.model,
        at=surface.at,
        surface_id=served.id,
        manifest=surface.manifest,
        query=query,
    )
    return _page(page)


@router.get("/accessibility", summary="Accessibility statement", response_class=HTMLResponse)
def show_accessibility(request: Request, service: TheService, lang: PageLanguage = None) -> HTMLResponse:
    """What meets the law's demands and what does not, whom to tell, and how it was tested."""
    contact = service.settings.accessibility_contact
    page = render_accessibility_page(pick_language(lang), contact=contact, query=request.query_params.multi_items())
    return _page(page)


def _page(text: str) -> HTMLResponse:
    return HTMLResponse(text, headers={"Cache-Control": REVALIDATE})
