"""Pages for recipients, who have no account: opening a link, its refusal, and what it shows as a table.

They lead to no other page, and load nothing but their own style and the script of the theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from geo.disclosure.release.rows import ReleaseRow
from geo.reference import read_table
from maps.degrees import to_degrees
from maps.i18n import format_date, format_number, translate
from maps.pages.accounts import SWEDEN, say_moment
from maps.pages.base import render_page
from maps.pages.links import say_layer, say_sector, say_size

__all__ = [
    "SharedTable",
    "render_share_left_page",
    "render_share_opening_page",
    "render_share_page",
    "render_share_refused_page",
    "write_watermark",
]

_FEW_SECONDS = 90


@dataclass(frozen=True)
class SharedTable:
    """What a page of a link shows, and for whom.

    Attributes
    ----------
    recipient, link_id, purpose, contact : str
    expires_at, at : float, s, when the link ends, and now
    rows : sequence of ReleaseRow, those of the link's scope and no others
    scored_for : date
    data_from : str, ISO 8601, when the newest of the data came in; empty where that is not known
    finest_m : int, m
    is_synthetic : bool
    """

    recipient: str
    link_id: str
    purpose: str
    contact: str
    expires_at: float
    at: float
    rows: Sequence[ReleaseRow]
    scored_for: date
    data_from: str
    finest_m: int
    is_synthetic: bool


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


def render_share_page(lang: str, table: SharedTable) -> str:
    """Render what a link shows as a table, served at ``/share``."""
    return render_page(
        "share.html",
        lang,
        "/",
        (),
        watermark=write_watermark(lang, table),
        purpose=table.purpose,
        contact=table.contact,
        expires=say_moment(lang, table.expires_at - 1),
        scored_for=format_date(lang, table.scored_for),
        data_from=_say_day(lang, table.data_from),
        finest=say_size(lang, table.finest_m),
        rows=[_say_row(lang, row) for row in table.rows],
        n_rows=len(table.rows),
        synthetic=table.is_synthetic,
    )


def write_watermark(lang: str, table: SharedTable) -> str:
    """Who looks, when, and by which link: on every page and every print."""
    return translate(
        lang,
        "For {recipient} · {moment} · link {link}",
        recipient=table.recipient,
        moment=say_moment(lang, table.at),
        link=table.link_id,
    )


def _say_row(lang: str, row: ReleaseRow) -> dict[str, Any]:
    half = row.cell.size_m / 2
    lon, lat = to_degrees(row.cell.easting + half, row.cell.northing + half)
    classes = {int(each.code): translate(lang, str(each.name)) for each in _read_classes()}
    return {
        "cell": row.cell.cell_id,
        "size": say_size(lang, row.cell.size_m),
        "place": f"{format_number(lang, lat, 2)}° N, {format_number(lang, lon, 2)}° {translate(lang, 'E')}",
        "layer": say_layer(lang, row.layer),
        "sector": say_sector(lang, row.sector),
        "n": row.n_employers,
        "class": "" if row.score_class is None else classes[row.score_class],
    }


def _read_classes() -> list[Any]:
    table = read_table("score_classes")
    return [_Class(code, name) for code, name in zip(table["code"], table["name"], strict=True)]


@dataclass(frozen=True)
class _Class:
    code: int
    name: str


def _say_day(lang: str, text: str) -> str:
    return format_date(lang, datetime.fromisoformat(text).astimezone(SWEDEN).date()) if text else ""
