"""Where a browser goes on to after signing in: a page of ours, whatever the address says."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from starlette.requests import Request

from maps.i18n import LANGUAGES, pick_language

__all__ = ["HOME", "choose_next", "make_sign_in_path", "read_language"]

HOME = "/"
_MAX_NEXT = 2000
# One slash, and nothing that a browser drops or takes for a slash: //host and /\host lead elsewhere.
_LOCAL = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


def choose_next(wanted: str | None, lang: str | None = None) -> str:
    """The page to go on to, in a language if one is given; the map where what is wanted is no path of this server."""
    home = f"{HOME}?{urlencode({'lang': lang})}" if lang in LANGUAGES else HOME
    if wanted is None or len(wanted) > _MAX_NEXT or _LOCAL.fullmatch(wanted) is None:
        return home
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or parts.path.startswith(("/sign-", "/welcome/")):
        return home
    return _in_language(wanted, lang) if lang in LANGUAGES else wanted


def _in_language(path: str, lang: str) -> str:
    """The same page in the language that was chosen last, whatever its address says."""
    page, hash_sign, fragment = path.partition("#")
    page, _, query = page.partition("?")
    parts = [part for part in query.split("&") if part]
    kept = [part for part in parts if part.partition("=")[0] != "lang"]
    if parts == kept and lang == pick_language(None):
        # what an address that names no language is read in
        return path
    return f"{page}?{'&'.join([*kept, f'lang={lang}'])}{hash_sign}{fragment}"


def read_language(path: str) -> str | None:
    """The language that an address of ours names; None where it names none."""
    named = parse_qs(urlsplit(path).query).get("lang", [])
    return named[-1] if named and named[-1] in LANGUAGES else None


def make_sign_in_path(request: Request) -> str:
    """The sign-in page's address, which leads back to the page that is asked for."""
    # what a form sends is not sent twice: whoever signs in again goes on at the account, or at the admin's pages
    path = request.url.path if request.method == "GET" else f"/{request.url.path.split('/')[1]}"
    wanted = quote(path, safe="/:@!$&'()*+,;=~-._")
    if request.url.query and request.method == "GET":
        wanted += f"?{request.url.query}"
    lang = request.query_params.get("lang")
    query = {"next": wanted} | ({"lang": lang} if lang in LANGUAGES else {})
    if request.method != "GET":
        # whoever sent the form is told that nothing came of it
        query["problem"] = "ended"
    return f"/sign-in?{urlencode(query)}"
