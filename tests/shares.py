"""A small release, and links of it, for tests."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from geo.disclosure.release.rows import Release, ReleaseCell, ReleaseRow, Withheld
from geo.store.people.database import write_people
from geo.store.people.shares.links import NewShare, ShareScope
from geo.store.releases import save_release

__all__ = ["DAY_S", "break_row", "make_new", "make_release", "put_release"]

DAY_S = 86_400.0
# squares of 4 km around Umeå and inland, and one of 8 km
CELLS = (
    ReleaseCell(4_000, 7_084_000, 756_000),
    ReleaseCell(4_000, 7_088_000, 756_000),
    ReleaseCell(8_000, 7_200_000, 640_000),
)


def make_release(
    release_id: str = "0123456789abcdef",
    circle: str = "joint-inspection",
    *,
    days: float = 60,
    now: float | None = None,
) -> Release:
    """A release of a few rows, of which some tell of a sector."""
    made = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    rows = (
        *(ReleaseRow(cell, "all", "accommodation", 12 + at) for at, cell in enumerate(CELLS[:1])),
        *(ReleaseRow(cell, "all", "workplaces", 40 + at, at + 2) for at, cell in enumerate(CELLS)),
        ReleaseRow(CELLS[0], "construction", "workplaces", 14),
    )
    return Release(
        release_id=release_id,
        circle=circle,
        surface_id="s" * 16,
        scored_for=date(2026, 7, 15),
        data_from="2026-07-01T00:00:00+00:00",
        made_at=made,
        expires_at=made + timedelta(days=days),
        finest_m={"joint-inspection": 1_000, "municipality": 2_000, "public": 8_000}[circle],
        rows=rows,
        withheld=Withheld(),
        manifest=MappingProxyType({"synthetic": True}),
    )


def put_release(home: Path, *args: Any, **kwargs: Any) -> Release:
    """A release in a data folder."""
    release = make_release(*args, **kwargs)
    save_release(home, release, b"{}")
    return release


def make_new(now: float, **changes: Any) -> NewShare:
    """A link to be, with two weeks to go."""
    scope = ShareScope("0123456789abcdef", None, ("all",), ("workplaces",), 4_000)
    new = NewShare(
        recipient="Berit Lund, Skatteverket",
        purpose="Planering av vecka 30",
        contact="Anna Berg, 090-123 45",
        basis="law-2024-307",
        circle="joint-inspection",
        scope=scope,
        area_asked={"kind": "all"},
        lang="sv",
        expires_at=now + 14 * DAY_S,
        needs_approval=False,
    )
    return replace(new, **changes)


def break_row(home: Path, link_id: str, values: str) -> None:
    """Change a link's row by hand, past everything that would refuse it."""
    statement = sa.text(f"UPDATE share_links SET {values} WHERE link_id = :link")  # noqa: S608
    with write_people(home) as connection:
        assert connection.execute(statement, {"link": link_id}).rowcount == 1
