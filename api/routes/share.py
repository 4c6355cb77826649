"""What a recipient without an account sees: the page that opens a link, and what the link shows.

Everything here is public in the table of permissions; each route below ``/share`` asks `api.share.require_share`
instead, which reads the link from the database on every request.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.auth.cookies import clear_share_cookie, set_share_cookie
from api.auth.forms import read_form
from api.routes.pages import PageLanguage
from api.share.answers import respond_to_refusal
from api.share.opening import Opened, leave_share, open_share
from api.share.sessions import Share, load_shared, note_view, require_share
from maps.i18n import LANGUAGES, pick_language
from maps.pages.share import SharedTable, render_share_left_page, render_share_opening_page, render_share_page

__all__ = ["TheShare", "router"]

router = APIRouter(tags=["share"])

Token = Annotated[str, Path(description="Token of a share link, or any other text: it is never told which")]
TheForm = Annotated[dict[str, str], Depends(read_form)]
TheShare = Annotated[Share, Depends(require_share)]


@router.get("/s/{token:path}", summary="A share link", response_class=HTMLResponse)
def show_opening(token: Token, lang: PageLanguage = None) -> Response:  # noqa: ARG001  it is not looked at
    """What a link is, and a button that opens it: the same page for every text, and nothing is used up by it."""
    return HTMLResponse(render_share_opening_page(pick_language(lang)))


@router.post("/s/{token:path}", include_in_schema=False)
def open_link(request: Request, token: Token, form: TheForm, lang: PageLanguage = None) -> Response:
    """Open a link with whatever password and code it asks for."""
    done = open_share(request, token, form.get("password", ""), form.get("code", ""))
    if not isinstance(done, Opened):
        return respond_to_refusal(request, done.wait_s)
    chosen = lang if lang in LANGUAGES else done.link.lang
    response = RedirectResponse(f"/share?lang={chosen}", 303)
    set_share_cookie(request, response, done.token)
    return response


@router.get("/share", summary="What is shared", response_class=HTMLResponse)
def show_share(request: Request, share: TheShare, lang: PageLanguage = None) -> Response:
    """What the link of whoever asks shows, as a table with the watermark."""
    release, rows = load_shared(request, share)
    note_view(request, share)
    table = SharedTable(
        recipient=share.recipient,
        link_id=share.link_id,
        purpose=share.purpose,
        contact=share.contact,
        expires_at=share.expires_at,
        at=float(request.app.state.accounts.clock()),
        rows=rows,
        scored_for=release.scored_for,
        data_from=release.data_from,
        finest_m=share.scope.finest_m,
        is_synthetic=release.is_synthetic,
    )
    return HTMLResponse(render_share_page(lang if lang in LANGUAGES else share.lang, table))


@router.post("/share/leave", include_in_schema=False)
def leave(request: Request, lang: PageLanguage = None) -> Response:
    """Forget the link in this browser; it can be opened again as long as it is good."""
    leave_share(request)
    response = HTMLResponse(render_share_left_page(pick_language(lang)))
    clear_share_cookie(request, response)
    return response
