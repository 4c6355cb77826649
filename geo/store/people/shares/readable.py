"""Whether a link's row is such as Norrsyn writes: whoever may write to the database may have made anything of it.

A row that is not opens nothing, and keeps no other from being read.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from geo.disclosure.release.partition import LARGEST_M
from geo.disclosure.release.rows import ALL_SECTORS, BASE_M, LAYERS, parse_cell_id
from geo.errors import ParameterError
from geo.layers.circles import VISIBLE
from geo.reference.tables import read_columns
from geo.store.people.tables import SHARE_LINKS

__all__ = ["AREA_KINDS", "ENDS", "LANGUAGES", "find_misfits", "find_row", "read_rows"]

LANGUAGES: Final = ("sv", "en")
# how an area is asked for
AREA_KINDS: Final = ("all", "counties", "municipality", "drawn")
# why a link is over
ENDS: Final = frozenset({"expired", "revoked", "restored"})
# moments after it, s, are no dates of the calendar, or not in every time zone
_LAST: Final = 250_000_000_000.0
_MOST: Final = 2**31
_CODES: Final[Mapping[str, Container[str]]] = {"circle": VISIBLE, "lang": LANGUAGES}
# what the reading of a row raises that holds no JSON, none that is text, or one nested without end
_UNREADABLE: Final = (ValueError, RecursionError)


def read_rows(connection: sa.Connection, ask: sa.Select[Any]) -> Iterator[tuple[str, Any]]:
    """Ids of links, and their rows; None where one cannot be read.

    Parameters
    ----------
    connection : Connection
    ask : Select, of `SHARE_LINKS`
    """
    try:
        rows = connection.execute(ask).all()
    except _UNREADABLE:
        # one ends the reading of all: those that can be read, one by one
        for link_id in connection.execute(ask.with_only_columns(SHARE_LINKS.c.link_id)).scalars().all():
            yield str(link_id), find_row(connection, sa.select(SHARE_LINKS).where(SHARE_LINKS.c.link_id == link_id))
        return
    for row in rows:
        yield str(row.link_id), row if _is_readable(row) else None


def find_row(connection: sa.Connection, ask: sa.Select[Any]) -> Any:
    """The first row, which has all columns of `SHARE_LINKS`; None where there is none, or it cannot be read."""
    try:
        row = connection.execute(ask).first()
    except _UNREADABLE:
        return None
    return row if row is not None and _is_readable(row) else None


def _is_readable(row: Any) -> bool:
    return not find_misfits({column.name: getattr(row, column.name) for column in SHARE_LINKS.c})


def find_misfits(values: Mapping[str, Any]) -> list[str]:
    """Columns of a link that hold what Norrsyn does not write there.

    Parameters
    ----------
    values : mapping of column to value; what is left out is None
    """
    found = [column.name for column in SHARE_LINKS.c if not _fits(column, values.get(column.name))]
    ended_why, is_over = values.get("ended_why"), values.get("ended_at") is not None
    if (ended_why not in ENDS) if is_over else ended_why is not None:
        found.append("ended_why")
    return found


def _fits(column: sa.Column[Any], value: Any) -> bool:
    """Whether a value is of the column's kind, and within what it may be."""
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, sa.JSON):
        return _fits_json(column.name, value)
    kind = column.type.python_type
    if kind is float:
        return isinstance(value, int | float) and 0 <= value < _LAST
    if kind is int:
        return isinstance(value, int) and 0 <= value < _MOST and (column.name != "finest_m" or _is_side(value))
    return isinstance(value, kind) and value in _CODES.get(column.name, (value,))


def _fits_json(name: str, value: Any) -> bool:
    if name == "area_asked":
        return isinstance(value, dict) and value.get("kind") in AREA_KINDS and _are_texts(value.get("codes", []))
    if not value or not _are_texts(value):
        return False
    if name == "area":
        return all(_is_cell(each) for each in value)
    known = {"sectors": {ALL_SECTORS, *(code for (code,) in read_columns("sectors", "sector"))}, "layers": {*LAYERS}}
    return known[name].issuperset(value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


# asked with every request of a shared map, of thousands of squares
@lru_cache(maxsize=16_384)
def _is_cell(text: str) -> bool:
    try:
        parse_cell_id(text)
    except ParameterError:
        return False
    return True


def _is_side(size_m: int) -> bool:
    times, rest = divmod(size_m, BASE_M)
    return times > 0 and not rest and not times & (times - 1) and size_m <= LARGEST_M
