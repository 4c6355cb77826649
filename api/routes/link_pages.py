"""Pages of share links for those who make them and look after them: the list, the form, and one link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.auth import TheUser
from api.auth.forms import has_form_token, make_form_token, read_text_form
from api.auth.signed_in import TheSession
from api.errors import BusyError
from api.params import CurrentSnapshot
from api.routes.pages import PageLanguage
from api.service import Service
from api.share.asking import (
    AskedShare,
    FaultsError,
    default_day,
    list_open_releases,
    read_area_text,
)
from api.share.managing import LinkKeeper
from api.share.sessions import make_scope
from api.witness import TheWitness
from geo.disclosure.release.rows import LAYERS, Release
from geo.disclosure.release.scope import select_rows
from geo.errors import ChangedError, NotFoundError, UnreadableError
from geo.store.people.sessions import Session
from geo.store.people.shares.life import Issued, RecipientTakenError
from geo.store.people.shares.links import DEFAULT_LASTS_S, MAX_LASTS_S, STATES, ShareLink, find_approval_limit
from maps.i18n import SWEDEN, pick_language
from maps.link_scope import describe_scope
from maps.pages.accounts import Fault, say_title
from maps.pages.links import (
    LinkFilter,
    LinkForm,
    LinkView,
    NewAddress,
    render_link_form_page,
    render_link_page,
    render_links_page,
)

__all__ = [
    "LinkId",
    "TheKeeper",
    "get_keeper",
    "router",
]

router = APIRouter(prefix="/links", tags=["links"])

_MOST_DIGITS = 5
_DONE = {"approved", "extended", "revoked", "was-revoked"}


def get_keeper(request: Request, user: TheUser) -> LinkKeeper:
    """Share links as whoever asks may see and change them."""
    return LinkKeeper(request, user)


TheKeeper = Annotated[LinkKeeper, Depends(get_keeper)]
TheForm = Annotated[dict[str, str], Depends(read_text_form)]
LinkId = Annotated[str, Path(description="Id of a share link, as its watermark shows it")]


@router.get("", summary="Share links", response_class=HTMLResponse)
def show_links(
    request: Request,
    keeper: TheKeeper,
    session: TheSession,
    witness: TheWitness,
    state: Annotated[str, Query(description="A state, or active; all when empty")] = "active",
    search: Annotated[str, Query(alias="q", description="What recipient, purpose or id must hold")] = "",
    revoked: Annotated[str, Query(description="How many were revoked just now")] = "",
    lang: PageLanguage = None,
) -> Response:
    """Links that one may see, newest first, with their state and how often they were opened."""
    witness.see("links-viewed")
    every, unreadable = keeper.list()
    wanted = state if state in {*STATES, "active", ""} else "active"
    text = search.casefold().strip()
    n_revoked = int(revoked) if revoked.isascii() and revoked.isdigit() and len(revoked) <= _MOST_DIGITS else None
    page = render_links_page(
        pick_language(lang),
        [link for link in every if _is_of_state(link, wanted) and _holds(link, text)],
        keeper.find_rights(),
        LinkFilter(wanted, search[:200], len(every), n_revoked, tuple(unreadable)),
        form_token=make_form_token(session.session_hash),
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page)


@router.post("", include_in_schema=False)
def revoke_all(keeper: TheKeeper, session: TheSession, form: TheForm, lang: PageLanguage = None) -> Response:
    """Revoke every link of a recipient."""
    query = {"lang": pick_language(lang), "state": "", "q": form.get("recipient", "")[:200]}
    if has_form_token(form, session.session_hash) and form.get("recipient", "").strip():
        query["revoked"] = str(len(keeper.revoke_recipient(form["recipient"])))
    return RedirectResponse(f"/links?{urlencode(query)}", 303)


# ---- a new one


@router.get("/new", summary="A new share link", response_class=HTMLResponse)
def show_new_link(
    request: Request,
    keeper: TheKeeper,
    session: TheSession,
    witness: TheWitness,
    area: Annotated[
        str, Query(description="Drawn area, lon_lat_lon_lat… in WGS84 degrees, as the map's address has it")
    ] = "",
    like: Annotated[str, Query(description="Id of a link whose recipient, purpose and scope are taken over")] = "",
    lang: PageLanguage = None,
) -> Response:
    """The form for a new link; a drawn area of the map may stand in the address."""
    typed = _begin(keeper, request, area, like, pick_language(lang))
    if like and "recipient" in typed:
        witness.see("links-viewed", like)
    return _show_form(request, keeper, session, lang, typed)


@router.post("/new", include_in_schema=False)
def make_link(
    request: Request,
    keeper: TheKeeper,
    session: TheSession,
    snapshot: CurrentSnapshot,
    form: TheForm,
    lang: PageLanguage = None,
) -> Response:
    """Make a link; its page shows the address, this once. Whatever is wrong is told at once, and nothing is stored."""
    if not has_form_token(form, session.session_hash):
        return _show_form(request, keeper, session, lang, form, [Fault("", "stale")])
    try:
        done = keeper.create(_read_asked(form), snapshot, replaces="replaces" in form)
    except FaultsError as error:
        return _show_form(request, keeper, session, lang, form, error.faults)
    except RecipientTakenError as error:
        return _show_form(request, keeper, session, lang, form, [Fault("recipient", "taken")], error.links)
    except BusyError:
        return _show_form(request, keeper, session, lang, form, [Fault("", "busy")])
    return _show_link(request, keeper, session, lang, done.link, issued=done, done="created")


def _begin(keeper: LinkKeeper, request: Request, area: str, like: str, lang: str) -> dict[str, str]:
    """What the form is filled with at first."""
    service: Service = request.app.state.service
    releases = list_open_releases(service, keeper.user.circle, keeper.now)
    of_circle = [each for each in releases if each.circle == keeper.user.circle]
    newest = next(iter(of_circle or releases), None)
    typed = {
        "release": "" if newest is None else newest.release_id,
        "area_kind": "drawn" if area else "all",
        "area": area,
        "sector-all": "1",
        **{f"layer-{layer}": "1" for layer in LAYERS},
        "finest_m": str(max(find_approval_limit(), 0 if newest is None else newest.finest_m)),
        "expires_on": default_day(keeper.now, None if newest is None else newest.expires_at.timestamp()),
        # how to reach them is for them to add
        "contact": f"{keeper.user.name}, {say_title(lang, 'agencies', 'agency', keeper.user.agency)}",
        "lang": "sv",
    }
    if like:
        try:
            link = keeper.find(like)
            typed |= _take_over(link)
            if any(each.release_id == link.scope.release_id for each in releases):
                typed["release"] = link.scope.release_id
        except (NotFoundError, UnreadableError):
            return typed
    return typed


def _take_over(link: ShareLink) -> dict[str, str]:
    kind = str(link.area_asked.get("kind", "all"))
    codes = [str(code) for code in link.area_asked.get("codes", ())]
    return {
        "recipient": link.recipient,
        "purpose": link.purpose,
        "contact": link.contact,
        "basis": link.basis,
        "lang": link.lang,
        "finest_m": str(link.scope.finest_m),
        # a drawn area is not kept as it was drawn: nothing is chosen, so that nothing wider is shared unnoticed
        "area_kind": kind if kind in {"all", "counties", "municipality"} else "",
        **({f"county-{code}": "1" for code in codes} if kind == "counties" else {}),
        **({"municipality": codes[0]} if kind == "municipality" and codes else {}),
        "sector-all": "1" if "all" in link.scope.sectors else "",
        **{f"sector-{code}": "1" for code in link.scope.sectors},
        **{f"layer-{layer}": "1" if layer in link.scope.layers else "" for layer in LAYERS},
    }


def _read_asked(form: Mapping[str, str]) -> AskedShare:
    def pick(prefix: str) -> tuple[str, ...]:
        return tuple(name.removeprefix(prefix) for name, value in form.items() if name.startswith(prefix) and value)

    return AskedShare(
        release_id=form.get("release", ""),
        area_kind=form.get("area_kind", ""),
        counties=pick("county-"),
        municipality=form.get("municipality", ""),
        # kept by the form also while another kind is chosen
        polygon=read_area_text(form.get("area", "")) if form.get("area_kind") == "drawn" else None,
        sectors=pick("sector-"),
        layers=pick("layer-"),
        finest_m=form.get("finest_m", ""),
        recipient=form.get("recipient", ""),
        purpose=form.get("purpose", ""),
        basis=form.get("basis", ""),
        contact=form.get("contact", ""),
        lang=form.get("lang", ""),
        expires_on=form.get("expires_on", "").strip(),
        password=form.get("password", ""),
        is_single_use="is_single_use" in form,
        max_openings=form.get("max_openings", "").strip(),
    )


def _show_form(
    request: Request,
    keeper: LinkKeeper,
    session: Session,
    lang: str | None,
    typed: Mapping[str, str],
    faults: Sequence[Fault] = (),
    taken: Sequence[ShareLink] = (),
) -> Response:
    today = datetime.fromtimestamp(keeper.now, SWEDEN).date()
    page = render_link_form_page(
        pick_language(lang),
        list_open_releases(request.app.state.service, keeper.user.circle, keeper.now),
        LinkForm(make_form_token(session.session_hash), typed, faults, taken),
        first_day=today.isoformat(),
        last_day=(today + timedelta(seconds=MAX_LASTS_S)).isoformat(),
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page, 422 if faults else 200)


# ---- one link


@router.get("/{link_id}", summary="A share link", response_class=HTMLResponse)
def show_link(
    request: Request,
    keeper: TheKeeper,
    session: TheSession,
    witness: TheWitness,
    link_id: LinkId,
    done: Annotated[str, Query(description="What has just been done")] = "",
    lang: PageLanguage = None,
) -> Response:
    """One link: whom it is for, what it shows, its history, and what may be done with it."""
    try:
        link = keeper.find(link_id)
    except UnreadableError:
        return _show_unreadable(lang)
    witness.see("links-viewed", link.link_id)
    return _show_link(request, keeper, session, lang, link, done=done if done in _DONE else "")


@router.post("/{link_id}", include_in_schema=False)
def look_after_link(
    request: Request,
    keeper: TheKeeper,
    session: TheSession,
    witness: TheWitness,
    link_id: LinkId,
    form: TheForm,
    lang: PageLanguage = None,
) -> Response:
    """Do what the form's ``do`` says: approve, make the address, extend or revoke."""
    wanted, is_sent = form.get("do", ""), has_form_token(form, session.session_hash)
    try:
        link = keeper.find(link_id)
    except UnreadableError:
        if is_sent and wanted == "revoke":
            with suppress(UnreadableError):
                keeper.revoke(link_id)
        return _show_unreadable(lang)
    witness.see("links-viewed", link.link_id)
    if not is_sent or wanted not in {"approve", "issue", "extend", "revoke"}:
        return _show_link(request, keeper, session, lang, link, faults=[Fault("", "stale")])
    state: dict[str, Any] = {}
    try:
        done = _do(keeper, link_id, wanted, form)
        if isinstance(done, Issued):
            return _show_link(request, keeper, session, lang, done.link, issued=done)
    except FaultsError as error:
        state = {"faults": error.faults, "typed_day": form.get("expires_on", "")}
    except ChangedError:
        state = {"faults": [Fault("", "changed")]}
    else:
        query = urlencode({"lang": pick_language(lang), "done": done})
        return RedirectResponse(f"/links/{quote(link_id, safe='')}?{query}", 303)
    return _show_link(request, keeper, session, lang, keeper.find(link_id), **state)


def _show_unreadable(lang: str | None) -> Response:
    """The list, which says which links somebody has changed by hand."""
    return RedirectResponse(f"/links?{urlencode({'lang': pick_language(lang)})}", 303)


def _do(keeper: LinkKeeper, link_id: str, wanted: str, form: Mapping[str, str]) -> str | Issued:
    if wanted == "approve":
        keeper.approve(link_id, has_looked="has_looked" in form)
        return "approved"
    if wanted == "extend":
        keeper.extend(link_id, form.get("expires_on", "").strip())
        return "extended"
    if wanted == "issue":
        if not keeper.find_rights(keeper.find(link_id)).may_issue:
            raise ChangedError("The link has changed, or its address is for a coordinator to make.")  # noqa: EM101
        return keeper.issue(link_id)
    _, is_ended = keeper.revoke(link_id)
    return "revoked" if is_ended else "was-revoked"


def _show_link(
    request: Request,
    keeper: LinkKeeper,
    session: Session,
    lang: str | None,
    link: ShareLink,
    *,
    issued: Issued | None = None,
    **state: Any,
) -> Response:
    """One link; ``state`` is that of `LinkView`: faults, typed_day or done."""
    release = keeper.find_release(link)
    last = None if release is None else release.expires_at.timestamp()
    lang = pick_language(lang)
    end = min(keeper.now + MAX_LASTS_S, keeper.now + MAX_LASTS_S if last is None else last)
    new = None
    if issued is not None and issued.token is not None:
        new = NewAddress(keeper.make_address(issued), issued.code)
    view = LinkView(
        make_form_token(session.session_hash),
        is_released=last is not None,
        last_day=datetime.fromtimestamp(end, SWEDEN).date().isoformat(),
        next_day=datetime.fromtimestamp(min(end, link.expires_at + DEFAULT_LASTS_S), SWEDEN).date().isoformat(),
        new=new,
        shown=None if release is None else _say_shown(lang, keeper, link, release),
        **state,
    )
    query = request.query_params.multi_items()
    page = render_link_page(lang, link, keeper.find_rights(link), view, query=query)
    return HTMLResponse(page, 422 if state.get("faults") else 200)


def _say_shown(lang: str, keeper: LinkKeeper, link: ShareLink, release: Release) -> Mapping[str, Any] | None:
    """What a link shows, for those whose circle may see it, as long as it shows anything."""
    if link.is_over or link.circle not in keeper.own_circles:
        return None
    return describe_scope(lang, release, select_rows(release, make_scope(link.scope)))


def _is_of_state(link: ShareLink, wanted: str) -> bool:
    if not wanted:
        return True
    return link.is_active if wanted == "active" else link.state == wanted


def _holds(link: ShareLink, text: str) -> bool:
    return not text or any(text in part.casefold() for part in (link.recipient, link.purpose, link.link_id))
