"""What every page of ours is made with: templates, texts, the language switch; and the page that tells of an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from maps.i18n import LANGUAGES, format_number, translate
from maps.narrow_words import said_of_some_records

__all__ = [
    "STATIC_FOLDER",
    "TEMPLATES_FOLDER",
    "Query",
    "Viewer",
    "environment",
    "leaflet_folder",
    "render_error_page",
    "render_page",
    "seen_by",
]

TEMPLATES_FOLDER = Path(__file__).parents[1] / "templates"
STATIC_FOLDER = Path(__file__).parents[1] / "static"

_DECISION = re.compile(r"docs/adr/0*(\d+)-[\w-]+\.md")

Query = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Viewer:
    """Who looks at a page: what its head says of them, and which pages it leads to.

    Attributes
    ----------
    user_id, name : str
    roles : frozenset of str
    pages : frozenset of str
        Paths of the pages that these roles may open, as they are written at their routes.
    sees_all : bool
        Whether their sharing circle may see every record.
    """

    user_id: str
    name: str
    roles: frozenset[str]
    pages: frozenset[str] = frozenset()
    sees_all: bool = True


# The head of every page names its viewer, and no page's own words depend on it: it need not pass through all of them.
_VIEWER: ContextVar[Viewer | None] = ContextVar("viewer", default=None)


@contextmanager
def seen_by(viewer: Viewer | None) -> Iterator[None]:
    """Pages that are rendered, and words that are chosen, in the block are for this viewer."""
    token = _VIEWER.set(viewer)
    try:
        with said_of_some_records(viewer is not None and not viewer.sees_all):
            yield
    finally:
        _VIEWER.reset(token)


def leaflet_folder() -> Path:
    """Folder of Leaflet's script, style and images, to be served as /static/leaflet."""
    from xstatic.pkg import leaflet  # noqa: PLC0415  a namespace package, found only when it is used

    return Path(leaflet.BASE_DIR)


def render_error_page(
    lang: str, status: int, heading: str, detail: str = "", *, query: Query = (), root: str = "/"
) -> str:
    """Render an error for somebody who reads pages; programs get problem details instead.

    Parameters
    ----------
    lang : str
    status : int
        HTTP status.
    heading, detail : str
        Plain text; the heading is translated where we have it.
    query : pairs of str
    root : str

    Returns
    -------
    str
    """
    heading = translate(lang, heading)
    return render_page(
        "error.html", lang, root, query, status=str(status), heading=heading, detail=detail, synthetic=False
    )


def render_page(template: str, lang: str, root: str, query: Query, **context: Any) -> str:
    """Render a template with what every page has: texts, numbers, the way to the root and the language switch.

    Parameters
    ----------
    template : str
        Name of a file in `TEMPLATES_FOLDER`.
    lang : str
    root : str
        Way from the page to the site's root.
    query : pairs of str
        The request's query, kept in the language switch.
    **context
        What the template needs besides.

    Returns
    -------
    str
    """
    kept = [(name, value) for name, value in query if name != "lang"]
    page = environment().get_template(template)
    return page.render(
        _=partial(translate, lang),
        number=partial(format_number, lang),
        lang=lang,
        root=root,
        viewer=_VIEWER.get(),
        language_links={code: "?" + urlencode([("lang", code), *kept]) for code in LANGUAGES},
        **context,
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Jinja environment of our pages: autoescaped, and an unknown name in a template is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["cite"] = split_source
    return made


def split_source(source: str) -> list[tuple[str, str]]:
    """A source in parts: plain text with an empty number, and what names a decision (``docs/adr/0003-…``) with its."""
    parts = _DECISION.split(source)
    return [(text, "" if at % 2 == 0 else text) for at, text in enumerate(parts) if text]
