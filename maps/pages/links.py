"""Pages on which coordinators make share links and look after them: the list, the form, and one link."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import chain
from typing import Any

from geo.disclosure.release.rows import LAYERS, Release
from geo.reference import county_names, municipality_names, read_table
from geo.store.people.shares.links import DAY_S, MAX_LASTS_S, STATES, ShareLink, find_approval_limit
from geo.store.people.shares.opening import SHARE_LASTS_S
from maps.i18n import SWEDEN, format_date, format_number, translate
from maps.pages.accounts import Fault, say_moment, say_title
from maps.pages.base import Query, render_page

__all__ = [
    "LinkFilter",
    "LinkForm",
    "LinkRights",
    "LinkView",
    "NewAddress",
    "name_state",
    "render_link_form_page",
    "render_link_page",
    "render_links_page",
    "say_area",
    "say_layer",
    "say_link_faults",
    "say_sector",
    "say_size",
]

SIZES_M = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000)


@dataclass(frozen=True)
class NewAddress:
    """What opens a link, shown now and never again: its address, and the code that goes another way."""

    address: str
    code: str | None


@dataclass(frozen=True)
class LinkRights:
    """What whoever looks may do with a link, or with links at all."""

    may_make: bool = False
    may_approve: bool = False
    may_issue: bool = False
    may_extend: bool = False
    may_revoke: bool = False


@dataclass(frozen=True)
class LinkForm:
    """What the form for a new link is filled with, and what is wrong with it.

    Attributes
    ----------
    form_token : str
    typed : mapping, field to text, as a form sends them
    faults : sequence of Fault
    taken : links that the recipient has already
    """

    form_token: str
    typed: Mapping[str, str]
    faults: Sequence[Fault] = ()
    taken: Sequence[ShareLink] = field(default_factory=tuple)


@dataclass(frozen=True)
class LinkFilter:
    """Which links are listed.

    Attributes
    ----------
    state : str, a state, ``active`` or empty for all
    search : str, what recipient, purpose or id must hold
    n_all : int, how many there are without filters
    revoked : int, how many were revoked just now; None where nothing was
    unreadable : tuple of str, ids of links whose rows were changed by hand so that they cannot be listed
    """

    state: str
    search: str
    n_all: int
    revoked: int | None = None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class LinkView:
    """What a link's page says beside the link.

    Attributes
    ----------
    form_token : str
    is_released : bool, whether its release may still be shown
    last_day, next_day : str, YYYY-MM-DD, the last day that it may be extended to, and the one that is proposed
    new : NewAddress, what opens it, where that was made just now
    shown : mapping, what it shows, as `maps.link_scope.describe_scope`; None for those who may not see it
    faults : sequence of Fault
    typed_day : str, what stood in the form that extends it
    done : str, what was done just now: ``created``, ``approved``, ``extended``, ``revoked`` or ``was-revoked``
    """

    form_token: str
    is_released: bool
    last_day: str
    next_day: str
    new: NewAddress | None = None
    shown: Mapping[str, Any] | None = None
    faults: Sequence[Fault] = ()
    typed_day: str = ""
    done: str = ""


def render_links_page(
    lang: str,
    links: Iterable[ShareLink],
    rights: LinkRights,
    asked: LinkFilter,
    *,
    form_token: str,
    query: Query = (),
) -> str:
    """Render the list of links, served at ``/links``.

    Parameters
    ----------
    lang : str
    links : iterable of ShareLink, newest first, filtered
    rights : LinkRights
    asked : LinkFilter
    form_token : str
    query : pairs of str

    Returns
    -------
    str
    """
    states = [("active", translate(lang, "Open or on the way")), ("", translate(lang, "All"))]
    found = list(links)
    recipients = {link.recipient_key for link in found if not link.is_over}
    return render_page(
        "links.html",
        lang,
        "",
        [pair for pair in query if pair[0] != "revoked"],
        links=[_say_link(lang, each) for each in found],
        rights=rights,
        states=[*states, *((code, name_state(lang, code)) for code in STATES)],
        state=asked.state,
        search=asked.search,
        form_token=form_token,
        revoked=asked.revoked,
        n_all=asked.n_all,
        unreadable=", ".join(asked.unreadable),
        # whoever looks for one recipient may end all that they have
        one_recipient=found[0].recipient if asked.search and len(recipients) == 1 else "",
        synthetic=False,
    )


def render_link_form_page(
    lang: str, releases: Sequence[Release], form: LinkForm, *, first_day: str, last_day: str, query: Query = ()
) -> str:
    """Render the form for a new link, served at ``/links/new``.

    Parameters
    ----------
    lang : str
    releases : sequence of Release, which may be shared, the newest first
    form : LinkForm
    first_day, last_day : str, YYYY-MM-DD, between which a link may end
    query : pairs of str

    Returns
    -------
    str
    """
    # sectors that each tells of
    told = {each.release_id: sorted({row.sector for row in each.rows}) for each in releases}
    return render_page(
        "link_new.html",
        lang,
        "../",
        query,
        releases=[(each, _say_release(lang, each), " ".join(told[each.release_id])) for each in releases],
        typed=form.typed,
        form_token=form.form_token,
        taken=[_say_link(lang, each) for each in form.taken],
        first_day=first_day,
        last_day=last_day,
        approval_size=say_size(lang, find_approval_limit()),
        most_days=int(MAX_LASTS_S / DAY_S),
        open_hours=int(SHARE_LASTS_S / 3600),
        synthetic=any(release.is_synthetic for release in releases),
        **_list_choices(lang, {*chain.from_iterable(told.values()), *_list_typed(form.typed)}),
        **_list_by_circle(lang, {release.circle for release in releases}),
        **say_link_faults(lang, form.faults),
    )


def _list_typed(typed: Mapping[str, str]) -> list[str]:
    """Sectors that were chosen, also where nothing tells of them any more."""
    return [name.removeprefix("sector-") for name, value in typed.items() if name.startswith("sector-") and value]


def _list_choices(lang: str, told: Collection[str]) -> dict[str, Any]:
    """What can be chosen in the form, code and name; of sectors those that some release tells of."""
    return {
        "counties": list(county_names().items()),
        "municipalities": sorted(municipality_names().items(), key=lambda one: one[1]),
        "sectors": [("all", translate(lang, "All sectors together"))]
        + [(code, say_sector(lang, code)) for code in map(str, read_table("sectors")["sector"]) if code in told],
        "layers": [(code, say_layer(lang, code)) for code in LAYERS],
        "sizes": [(str(size), say_size(lang, size)) for size in SIZES_M],
        "languages": [("sv", "Svenska"), ("en", "English")],
    }


def _list_by_circle(lang: str, wanted: Collection[str]) -> dict[str, Any]:
    """Finest squares and legal bases of circles, in their order."""
    circles, bases = read_table("circles"), read_table("sharing_bases")
    finest = dict(zip(circles["circle"], circles["finest_cell_m"], strict=True))
    named = [(code, say_title(lang, "circles", "circle", code)) for code in map(str, finest) if code in wanted]

    def list_bases(circle: str) -> list[tuple[str, str]]:
        rows = bases[bases["circle"] == circle].itertuples()
        return [(str(row.basis), translate(lang, str(row.title))) for row in rows]

    return {
        "finest": finest,
        "limits": [(title, say_size(lang, int(finest[code]))) for code, title in named],
        "bases": [(code, title, list_bases(code)) for code, title in named],
    }


def render_link_page(lang: str, link: ShareLink, rights: LinkRights, view: LinkView, *, query: Query = ()) -> str:
    """Render one link with all that may be done, served at ``/links/{link_id}``.

    Parameters
    ----------
    lang : str
    link : ShareLink
    rights : LinkRights
    view : LinkView
    query : pairs of str

    Returns
    -------
    str
    """
    return render_page(
        "link.html",
        lang,
        "../",
        [pair for pair in query if pair[0] != "done"],
        link=_say_link(lang, link),
        rights=rights,
        form_token=view.form_token,
        is_released=view.is_released,
        new=view.new,
        shown=view.shown,
        letter=None if view.new is None else write_letter(link, view.new.address),
        done=view.done,
        typed_day=view.typed_day or view.next_day,
        last_day=view.last_day,
        synthetic=view.shown is not None and view.shown["is_synthetic"],
        **say_link_faults(lang, view.faults),
    )


def write_letter(link: ShareLink, address: str) -> str:
    """A text to put into an e-mail, in the recipient's language; it holds no password and no code."""
    lang = link.lang
    lines = [
        translate(lang, "Hello,"),
        "",
        translate(lang, "here is a link to a map from Norrsyn, for you: {recipient}.", recipient=link.recipient),
        translate(lang, "Purpose: {purpose}", purpose=link.purpose),
        "",
        address,
        "",
        _say_until(lang, link.expires_at),
    ]
    if link.has_password and link.is_single_use:
        lines.append(translate(lang, "You get a password and a code another way. It opens once."))
    elif link.has_password:
        lines.append(translate(lang, "You get the password another way."))
    elif link.is_single_use:
        lines.append(translate(lang, "You get a code another way. It opens once."))
    lines += [translate(lang, "Questions: {contact}", contact=link.contact), ""]
    return "\n".join(lines)


def _say_until(lang: str, at: float) -> str:
    """Until when the recipient may look: a whole day, or, where the release ends before that, an hour."""
    if datetime.fromtimestamp(at, SWEDEN).time() == time():
        day = _say_day(lang, at)
        return translate(lang, "The link works until {day} and is yours alone. Do not pass it on.", day=day)
    moment = say_moment(lang, at)
    return translate(lang, "The link works until {moment} and is yours alone. Do not pass it on.", moment=moment)


# ---- words


def name_state(lang: str, state: str) -> str:
    """What a state is called."""
    return {
        "awaiting": translate(lang, "Waits for approval"),
        "ready": translate(lang, "Has no address yet"),
        "issued": translate(lang, "Not opened yet"),
        "opened": translate(lang, "Opened"),
        "used-up": translate(lang, "Used up"),
        "expired": translate(lang, "Expired"),
        "revoked": translate(lang, "Revoked"),
        "restored": translate(lang, "From a backup, opens nothing"),
    }[state]


def say_size(lang: str, size_m: int) -> str:
    """Side of a square."""
    return f"{format_number(lang, size_m / 1000, 0)} km"


def say_sector(lang: str, sector: str) -> str:
    """What a row's sector is called."""
    return translate(lang, "All sectors together") if sector == "all" else say_title(lang, "sectors", "sector", sector)


def say_layer(lang: str, layer: str) -> str:
    """What a row's layer is called."""
    titles = {"workplaces": translate(lang, "Workplaces"), "accommodation": translate(lang, "Accommodation")}
    return titles.get(layer, layer)


def say_area(lang: str, link: ShareLink) -> str:
    """A link's area in words."""
    asked = link.area_asked
    codes = [str(code) for code in asked.get("codes", ())]
    if link.scope.area is None and not link.is_emptied:
        return translate(lang, "All of the release")
    if link.is_emptied:
        return translate(lang, "Erased")
    if asked.get("kind") == "counties":
        return ", ".join(county_names().get(code, code) for code in codes)
    if asked.get("kind") == "municipality":
        return ", ".join(municipality_names().get(code, code) for code in codes)
    return translate(lang, "A drawn area")


def _say_link(lang: str, link: ShareLink) -> dict[str, Any]:
    scope = link.scope
    return {
        "id": link.link_id,
        "state": link.state,
        "state_name": name_state(lang, link.state),
        "is_over": link.is_over,
        # one that ended long ago says no more whom it was for
        "recipient": translate(lang, "Name erased") if link.is_emptied else link.recipient,
        "purpose": link.purpose or "–",
        "contact": link.contact or "–",
        "basis": say_title(lang, "sharing_bases", "basis", link.basis),
        "circle": say_title(lang, "circles", "circle", link.circle),
        "release_id": scope.release_id,
        "area": say_area(lang, link),
        "sectors": ", ".join(say_sector(lang, each) for each in scope.sectors),
        "layers": ", ".join(say_layer(lang, each) for each in scope.layers),
        "finest": say_size(lang, scope.finest_m),
        "lang": {"sv": "Svenska", "en": "English"}.get(link.lang, link.lang),
        "expires": say_moment(lang, link.expires_at - 1),
        "expires_day": _say_day(lang, link.expires_at),
        "opened": "" if link.opened_at is None else say_moment(lang, link.opened_at),
        "openings": link.openings,
        "max_openings": link.max_openings,
        "views": link.views,
        "has_password": link.has_password,
        "is_single_use": link.is_single_use,
        "needs_approval": link.needs_approval,
        "history": [
            (title, say_moment(lang, moment.at), moment.name or "–")
            for title, moment in (
                (translate(lang, "Made"), link.created),
                (translate(lang, "Approved"), link.approved),
                (translate(lang, "Address made"), link.issued),
                (translate(lang, "Extended"), link.extended),
                (_say_end(lang, link), link.revoked),
            )
            if moment is not None
        ],
    }


def _say_end(lang: str, link: ShareLink) -> str:
    if link.state == "restored":
        return translate(lang, "Ended, because it came back from a backup")
    return translate(lang, "Revoked")


def _say_release(lang: str, release: Release) -> str:
    circle = say_title(lang, "circles", "circle", release.circle)
    return translate(
        lang,
        "{day}: {circle}, shown until {last}",
        circle=circle,
        day=format_date(lang, release.scored_for),
        last=format_date(lang, release.expires_at.astimezone(SWEDEN).date()),
    )


def _say_day(lang: str, at: float) -> str:
    # a link that ends at midnight ends with the day before
    return format_date(lang, datetime.fromtimestamp(at - 1, SWEDEN).date())


def say_link_faults(lang: str, faults: Sequence[Fault]) -> dict[str, Any]:
    """What is wrong with a form in words, in order and by field, for templates."""
    said = [(fault.field, _say_fault(lang, fault)) for fault in faults]
    return {"faults": said, "fault_of": dict(said)}


def _say_fault(lang: str, fault: Fault) -> str:
    n = fault.n
    said = {
        "release missing": translate(lang, "Choose a release that may be shared."),
        "area missing": translate(lang, "Choose an area."),
        "area two": translate(
            lang,
            "Counties or a municipality are chosen beside another kind of area. Choose the kind that is meant, and "
            "leave the rest empty.",
        ),
        "area drawn": translate(lang, "The drawn area cannot be used. Draw it anew on the map, in Region Nord."),
        "area nothing": translate(
            lang, "The release shows nothing there, or nothing of what is chosen. Choose a larger area, or more of it."
        ),
        "counties missing": translate(lang, "Choose at least one county."),
        "municipality missing": translate(lang, "Choose a municipality."),
        "sectors missing": translate(lang, "Choose at least one sector."),
        "sectors untold": translate(
            lang,
            "The release tells nothing of: {sectors}. Leave that out.",
            sectors=", ".join(say_sector(lang, code) for code in fault.codes),
        ),
        "sectors needs-all": translate(
            lang, "Accommodation belongs to no sector: choose “All sectors together” too, or leave accommodation out."
        ),
        "layers missing": translate(lang, "Choose workplaces, accommodation, or both."),
        "finest_m unknown": translate(lang, "Choose how large the smallest squares are."),
        "finest_m fine": translate(lang, "The circle of the release gets squares of {n} km or more.", n=n),
        "recipient missing": translate(lang, "Write who gets the link."),
        "recipient taken": translate(
            lang, "This recipient has a link already. Revoke it, or have it replaced by this one, below."
        ),
        "purpose missing": translate(lang, "Write what the recipient needs it for."),
        "contact missing": translate(lang, "Write whom the recipient may ask."),
        "contact unreachable": translate(
            lang, "Add a telephone number or an e-mail address, so that the recipient can ask."
        ),
        "basis missing": translate(lang, "Choose the legal basis."),
        "basis other-circle": translate(
            lang, "This legal basis is of another sharing circle than the release. Choose one of the release's circle."
        ),
        "lang unknown": translate(lang, "Choose the recipient's language."),
        "expires_on unreadable": translate(lang, "Write the last day as year-month-day, such as 2026-07-15."),
        "expires_on past": translate(lang, "The last day is in the past. Choose a later one."),
        "expires_on far": translate(lang, "A link lasts {n} days at most. Choose an earlier day.", n=n),
        "expires_on after-release": translate(
            lang, "The release is shown no longer than until then. Choose an earlier day, or a newer release."
        ),
        "expires_on not-later": translate(lang, "The link lasts until then already. Choose a later day."),
        "max_openings single": translate(
            lang, "A link that opens only once is opened once: leave the number empty, or do without the code."
        ),
        "max_openings number": translate(lang, "Write a number from 1 to {n}, or leave it empty.", n=n),
        "unseen": translate(lang, "The text holds characters that cannot be seen. Write it anew."),
        "long": translate(lang, "The text is too long: {n} characters at most.", n=n),
        "short": translate(lang, "The password needs at least {n} characters.", n=n),
        "name": translate(lang, "The password may not be the recipient's name."),
        "obvious": translate(lang, "The password is easy to guess. Take several words that do not belong together."),
        "has_looked missing": translate(lang, "Look at what is shown, and tick that you have, before you approve."),
        "own": translate(lang, "Whoever made a link cannot approve it. Ask another coordinator or an administrator."),
        "own-extension": translate(lang, "This link had to be approved, so somebody who did not make it extends it."),
        "changed": translate(lang, "The link has changed meanwhile: see how it stands now. Nothing else was done."),
        "busy": translate(lang, "The server is busy. Try again in a moment."),
        "stale": translate(lang, "The form was not complete. Nothing is changed; send it again."),
    }
    return said.get(f"{fault.field} {fault.word}") or said[fault.word]
