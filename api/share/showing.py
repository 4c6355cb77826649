"""What a link shows, in the forms that its routes answer with: rows of the link's scope, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from starlette.requests import Request

from api.share.sessions import NoShareError, Share, load_shared
from geo.disclosure.release.rows import ReleaseCell, ReleaseRow
from geo.disclosure.release.scope import Scope
from geo.recent import Recent
from geo.reference import county_names
from geo.region import load_region
from geo.store.people.users import find_agency
from maps.basemap import build_basemap
from maps.pages.accounts import say_title
from maps.pages.links import say_layer, say_sector, say_size
from maps.shared_rows import SharedTable, say_class, say_middle, say_municipalities, write_watermark
from maps.shared_tiles import SharedSquares

__all__ = [
    "SharedPictures",
    "describe_all",
    "describe_square",
    "draw_tile",
    "make_ground",
    "make_table",
    "name_controller",
]

# what the link of each of a few recipients shows; some hundred kilobytes each
_KEPT = 32


class SharedPictures:
    """Squares of releases made ready to draw, by release and scope: a release never changes.

    Who may see them is never kept: `draw_tile` is given a share that was read from the database for this request.
    """

    def __init__(self) -> None:
        self._kept: Recent[tuple[str, Scope, str, str], SharedSquares] = Recent(_KEPT)

    def find(self, request: Request, share: Share, layer: str, sector: str) -> SharedSquares:
        """The squares of a share's rows of one sector and layer.

        Raises
        ------
        NoShareError
            The release is gone.
        """
        key = (share.release_id, share.scope, layer, sector)
        squares = self._kept.get(key)
        if squares is None:
            _, rows = load_shared(request, share)
            squares = SharedSquares([row for row in rows if (row.layer, row.sector) == (layer, sector)])
            self._kept.put(key, squares)
        return squares


def draw_tile(request: Request, share: Share, view: tuple[str, str], tile: tuple[int, int, int]) -> bytes:
    """A tile with the link's mark.

    Raises
    ------
    NoShareError
        The sector or layer is not the link's.
    NotFoundError
        There is no such tile.
    """
    layer, sector = view
    scope = share.scope
    if layer not in scope.layers or (scope.sectors is not None and sector not in scope.sectors):
        message = "Another sector or layer than the link's."
        raise NoShareError(message)
    pictures: SharedPictures = request.app.state.shared_pictures
    return pictures.find(request, share, layer, sector).render(*tile, mark=share.link_id)


def make_table(request: Request, share: Share) -> SharedTable:
    """What a link shows and for whom, now.

    Raises
    ------
    NoShareError
        The release is gone, or has nothing that is the link's.
    """
    release, rows = load_shared(request, share)
    if not rows:
        message = "The release has nothing that is the link's."
        raise NoShareError(message)
    settings = request.app.state.service.settings
    return SharedTable(
        recipient=share.recipient,
        link_id=share.link_id,
        purpose=share.purpose,
        contact=share.contact,
        circle=share.circle,
        expires_at=share.expires_at,
        at=float(request.app.state.accounts.clock()),
        rows=rows,
        scored_for=release.scored_for,
        data_from=release.data_from,
        finest_m=share.scope.finest_m,
        is_synthetic=release.is_synthetic,
        keep_days=settings.audit_days,
    )


def name_controller(request: Request, share: Share, lang: str) -> str:
    """Which agency is responsible for what is kept of a recipient; empty where nobody knows any more who sent the link.

    Raises
    ------
    StoreError
    """
    settings = request.app.state.service.settings
    if settings.controller:
        return str(settings.controller)
    agency = find_agency(settings.home, share.link.created.user_id)
    return agency and say_title(lang, "agencies", "agency", agency)


def describe_all(lang: str, table: SharedTable) -> dict[str, Any]:
    """Everything, for scripts."""
    together: dict[ReleaseCell, list[ReleaseRow]] = {}
    for row in table.rows:
        together.setdefault(row.cell, []).append(row)
    return {
        "watermark": write_watermark(lang, table),
        "scored_for": table.scored_for.isoformat(),
        "data_from": table.data_from,
        "finest_m": table.finest_m,
        "synthetic": table.is_synthetic,
        "cells": [{**_place(cell), "rows": [_count(row) for row in rows]} for cell, rows in sorted(together.items())],
    }


def describe_square(lang: str, rows: Sequence[ReleaseRow], cell_id: str) -> dict[str, Any]:
    """What is told of one square, in words.

    Raises
    ------
    NoShareError
        It is none of the rows'.
    """
    own = [row for row in rows if row.cell.cell_id == cell_id]
    if not own:
        message = "Another square than the link's."
        raise NoShareError(message)
    cell = own[0].cell
    kinds = {(row.layer, row.sector) for row in own}
    finer = (row for row in rows if row.cell != cell and row.cell.cover(cell.size_m) == cell)
    return {
        **_place(cell),
        "size": say_size(lang, cell.size_m),
        "middle": say_middle(lang, cell),
        "municipalities": say_municipalities(lang, cell),
        "has_finer": any((row.layer, row.sector) in kinds for row in finer),
        "rows": [
            {
                **_count(row),
                "layer_name": say_layer(lang, row.layer),
                "sector_name": say_sector(lang, row.sector),
                "class_name": say_class(lang, row.score_class),
            }
            for row in own
        ],
    }


def _place(cell: ReleaseCell) -> dict[str, Any]:
    return {"cell_id": cell.cell_id, "size_m": cell.size_m, "northing": cell.northing, "easting": cell.easting}


def _count(row: ReleaseRow) -> dict[str, Any]:
    return {
        "layer": row.layer,
        "sector": row.sector,
        "n_employers": row.n_employers,
        "score_class": row.score_class,
    }


@lru_cache(maxsize=1)
def make_ground() -> bytes:
    """Borders and names that the package brings along, which anybody can look up, and nothing of the data folder."""
    region = load_region()
    data = build_basemap(region.municipalities, region.localities, county_names())
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
