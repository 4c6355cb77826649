"""Pages for recipients, who have no account: opening a link, its refusal, the map that it shows, and that on paper.

They lead to no other page, and load nothing but their own style and scripts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from geo.disclosure.release.rows import ReleaseRow
from geo.reference import read_table, score_classes
from maps.i18n import catalogue, format_date, format_day_of, translate
from maps.pages.accounts import say_moment, say_title
from maps.pages.base import render_page
from maps.pages.links import say_layer, say_sector, say_size
from maps.shared_rows import SORTS, SharedTable, View, find_views, say_row, sort_rows, write_watermark
from maps.shared_sheet import draw_sheet
from maps.skeleton import build_share_skeleton

__all__ = [
    "SCRIPT_TEXTS",
    "render_share_left_page",
    "render_share_opening_page",
    "render_share_page",
    "render_share_print_page",
    "render_share_refused_page",
]

_FEW_SECONDS = 90
# of a table on paper; the rest is in the file
_MOST_ON_PAPER = 60
# what the page for printing says once its link has ended
_END_TEXTS = (
    "This map is shown no more",
    "Its link has ended, another one was opened in this browser, or the map was left alone for long. "
    "What it showed has been cleared from this screen.",
    "Open the link from the message again. If it does not open, ask: {contact}",
)
# What the page's scripts say: recipients are not sent the texts of all other pages.
SCRIPT_TEXTS = (
    "Map. Arrow keys move it, plus and minus zoom, Enter explains the cell in the middle.",
    "Zoom in",
    "Zoom out",
    "N {northing}  E {easting}",
    "Nothing is shown here: there are few employers, or none, or nothing is known.",
    "Nothing can be told of this square now.",
    "Parts of the map could not be loaded.",
    "Try again",
    "Close",
    "Employers",
    "Class",
    "What",
    "Side",
    "Its middle",
    "Municipalities",
    "Less the smaller squares within it, which are told by themselves.",
    *_END_TEXTS,
    "Sorted by {column}.",
)


def render_share_opening_page(lang: str) -> str:
    """Render the page that opens a link, served at ``/s/{token}`` whatever the token is."""
    return render_page("share_open.html", lang, "/", (), synthetic=False)


def render_share_refused_page(lang: str, *, wait_s: int = 0) -> str:
    """Render what is said where nothing is opened or shown: the same for every reason."""
    wait = ""
    if wait_s > _FEW_SECONDS:
        wait = translate(lang, "Too many attempts. Wait {n} minutes and try again.", n=-(-wait_s // 60))
    elif wait_s:
        wait = translate(lang, "Too many attempts. Wait {n} seconds and try again.", n=wait_s)
    return render_page("share_refused.html", lang, "/", (), wait=wait, synthetic=False)


def render_share_left_page(lang: str) -> str:
    """Render what is said once a recipient has left, served at ``/share/leave``."""
    return render_page("share_left.html", lang, "/", (), synthetic=False)


def render_share_page(
    lang: str, table: SharedTable, view: View | None = None, sort: str = "", *, controller: str = ""
) -> str:
    """Render what a link shows as a map and as a table, served at ``/share``.

    Parameters
    ----------
    lang : str
    table : SharedTable
    view : (layer, sector), optional
        What the map begins with; the first where it is none of the table's.
    sort : str
        What the table is sorted by, see `sort_rows`.
    controller : str
        Which agency is responsible for what is kept of the recipient; empty where that is not known.
    """
    views = find_views(table.rows)
    view = view if view in views else views[0]
    return render_page(
        "share.html",
        lang,
        "/",
        [("layer", view[0]), ("sector", view[1]), *([("sort", sort)] if sort else [])],
        # Our own constant output, not data: rendered from the skeleton's settings alone.
        skeleton_html=Markup(build_share_skeleton().html),  # noqa: S704
        texts=_pick_texts(lang, SCRIPT_TEXTS),
        views=[
            {
                "layer": layer,
                "sector": sector,
                "name": _say_view(lang, (layer, sector)),
                "print_link": _link_print(lang, table, (layer, sector)),
            }
            for layer, sector in views
        ],
        rows=[say_row(lang, row) for row in sort_rows(lang, table.rows, sort)],
        sorts=_link_sorts(lang, view, sort),
        controller=controller,
        print_link=_link_print(lang, table, view),
        csv_link=f"share/cells.csv?{urlencode({'lang': lang, 'link': table.link_id})}",
        **_describe(lang, table, view),
    )


def _link_print(lang: str, table: SharedTable, view: View) -> str:
    shown = {"lang": lang, "layer": view[0], "sector": view[1], "link": table.link_id}
    return f"share/print?{urlencode(shown)}"


def render_share_print_page(lang: str, table: SharedTable, view: View | None = None) -> str:
    """Render the same for paper, with a drawing in place of the map, served at ``/share/print``."""
    views = find_views(table.rows)
    view = view if view in views else views[0]
    described = _describe(lang, table, view)
    shown = _choose_rows(table.rows, view)
    listed = sort_rows(lang, shown)[:_MOST_ON_PAPER]
    return render_page(
        "share_print.html",
        lang,
        "/",
        [("layer", view[0]), ("sector", view[1])],
        texts=_pick_texts(lang, _END_TEXTS),
        sheet=draw_sheet(shown, described["view_name"], described["watermark"]),
        rows=[say_row(lang, row) for row in listed],
        n_shown=len(shown),
        back_link=f"share?{urlencode({'lang': lang, 'layer': view[0], 'sector': view[1]})}",
        **described,
    )


def _describe(lang: str, table: SharedTable, view: View) -> dict[str, Any]:
    """What map and paper both say."""
    return {
        "watermark": write_watermark(lang, table),
        "link_id": table.link_id,
        "purpose": table.purpose,
        "contact": table.contact,
        "classification": translate(lang, "Public: anyone may see this map.")
        if table.circle == "public"
        else translate(
            lang,
            "Not public. Only for: {circle}. Do not pass it on.",
            circle=say_title(lang, "circles", "circle", table.circle),
        ),
        "expires": say_moment(lang, table.expires_at - 1),
        "expires_at": int(table.expires_at),
        "scored_for": format_date(lang, table.scored_for),
        "data_from": format_day_of(lang, table.data_from),
        "finest": say_size(lang, table.finest_m),
        "view": {"layer": view[0], "sector": view[1]},
        "view_name": _say_view(lang, view),
        "legend": _count_classes(lang, _choose_rows(table.rows, view)),
        "n_rows": len(table.rows),
        "phones": read_table("support_lines").set_index("line")["phone"].to_dict(),
        "synthetic": table.is_synthetic,
        "keep_days": table.keep_days,
    }


def _pick_texts(lang: str, wanted: Sequence[str]) -> dict[str, str]:
    texts = catalogue(lang)
    return {text: texts.get(text, text) for text in wanted}


def _choose_rows(rows: Sequence[ReleaseRow], view: View) -> list[ReleaseRow]:
    return [row for row in rows if (row.layer, row.sector) == view]


def _say_view(lang: str, view: View) -> str:
    layer, sector = view
    if layer != "workplaces":
        return say_layer(lang, layer)
    return f"{say_layer(lang, layer)}: {say_sector(lang, sector)}"


def _count_classes(lang: str, rows: Sequence[ReleaseRow]) -> list[Mapping[str, Any]]:
    """Classes with the squares of each, the highest first, then those without."""
    counted = [row.score_class or 0 for row in rows]
    classes = [
        {
            "code": int(one.code),
            "name": translate(lang, one.name),
            "colour": one.colour,
            "range": f"{one.low:.0f}–{one.high:.0f}",
            "n": counted.count(int(one.code)),
        }
        for one in reversed(score_classes())
    ]
    without = {"code": 0, "name": translate(lang, "No class"), "colour": "", "range": "", "n": counted.count(0)}
    return [*classes, without]


def _link_sorts(lang: str, view: View, sort: str) -> dict[str, Mapping[str, str]]:
    """For each column its link and how it is sorted now: a column that is asked for twice is turned."""
    current = sort or SORTS[0]
    found: dict[str, Mapping[str, str]] = {}
    for name in SORTS:
        wanted = f"-{name}" if current == name else name
        query = urlencode({"lang": lang, "layer": view[0], "sector": view[1], "sort": wanted})
        down = (name in ("class", "employers", "size")) != current.startswith("-")
        state = ("descending" if down else "ascending") if current.removeprefix("-") == name else ""
        found[name] = {"link": f"share?{query}#rows", "state": state}
    return found
