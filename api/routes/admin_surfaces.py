"""Pages on which an admin publishes a surface, or goes back to an earlier one."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.auth.forms import has_form_token, make_form_token
from api.auth.signed_in import TheSession
from api.params import TheService
from api.routes.accounts import TheAccounts, TheForm
from api.routes.admin import NO_STORE
from api.routes.pages import PageLanguage
from api.service import Service
from api.viewers import require_inner_circle
from geo.errors import NotFoundError, StoreError
from geo.store.files import StoredSurface, list_surfaces, publish
from geo.store.people.events import note_event
from geo.store.people.sessions import Session
from maps.i18n import pick_language
from maps.pages.accounts import Fault
from maps.pages.admin import SurfaceLine, render_publish_page, render_surfaces_page

__all__ = ["router"]

# what is published rests on all records, and everybody sees what is published
router = APIRouter(prefix="/admin/surfaces", tags=["admin"], dependencies=[Depends(require_inner_circle)])

SurfaceId = Annotated[str, Path(description="Id of a surface in the data folder")]


@router.get("", summary="Surfaces in the data folder", response_class=HTMLResponse)
def show_surfaces(
    request: Request,
    service: TheService,
    lang: PageLanguage = None,
    done: Annotated[str, Query(description="What has just been done: published")] = "",
) -> Response:
    """Every stored surface with its manifest, newest first, and which one is published."""
    page = render_surfaces_page(
        pick_language(lang),
        map(_tell, _list(service)),
        done=done if done == "published" else "",
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page, headers=NO_STORE)


@router.get("/{surface_id}/publish", summary="Publish a surface?", response_class=HTMLResponse)
def ask_to_publish(
    request: Request, service: TheService, session: TheSession, surface_id: SurfaceId, lang: PageLanguage = None
) -> Response:
    """What publishing a surface, or going back to it, would change, and the button that does it."""
    return _ask(request, service, session, surface_id, lang)


@router.post("/{surface_id}/publish", include_in_schema=False)
def publish_surface(
    request: Request,
    service: TheService,
    accounts: TheAccounts,
    session: TheSession,
    surface_id: SurfaceId,
    form: TheForm,
    lang: PageLanguage = None,
) -> Response:
    """Make a surface the one that everybody sees at first; maps that are open keep theirs until they are reloaded."""
    stored = _list(service)
    before = next((each.id for each in stored if each.is_current), "")
    if not has_form_token(form, session.session_hash):
        return _ask(request, service, session, surface_id, lang, Fault("", "stale"))
    if form.get("published", "") != before:
        return _ask(request, service, session, surface_id, lang, Fault("", "moved"))
    _find(stored, surface_id)
    try:
        # what this server could not show is not published
        service.find_surface(service.snapshot(), surface_id)
        publish(service.settings.home, surface_id)
    except StoreError:
        return _ask(request, service, session, surface_id, lang, Fault("", "damaged"))
    about = f"{before} → {surface_id}" if before else surface_id
    note_event(service.settings.home, session.user.user_id, "surface-published", about, now=accounts.clock())
    query = urlencode({"lang": pick_language(lang), "done": "published"})
    return RedirectResponse(f"/admin/surfaces?{query}", 303)


def _ask(
    request: Request,
    service: Service,
    session: Session,
    surface_id: str,
    lang: str | None,
    fault: Fault | None = None,
) -> Response:
    stored = _list(service)
    wanted = _find(stored, surface_id)
    page = render_publish_page(
        pick_language(lang),
        _tell(wanted),
        next((_tell(each) for each in stored if each.is_current), None),
        form_token=make_form_token(session.session_hash),
        faults=[] if fault is None else [fault],
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page, 200 if fault is None else 422, headers=NO_STORE)


def _list(service: Service) -> tuple[StoredSurface, ...]:
    try:
        return list_surfaces(service.settings.home)
    except NotFoundError:
        # no data folder yet
        return ()


def _find(stored: tuple[StoredSurface, ...], surface_id: str) -> StoredSurface:
    for each in stored:
        if each.id == surface_id:
            return each
    message = f"There is no surface {surface_id[:32]!r} in the data folder any more."
    raise NotFoundError(message)


def _tell(stored: StoredSurface) -> SurfaceLine:
    return SurfaceLine(
        stored.id, stored.saved_at, stored.size, stored.is_current, stored.problem, dict(stored.manifest)
    )
