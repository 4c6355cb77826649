"""Days as people in Sweden mean them, as moments."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from geo.errors import ParameterError
from geo.risk.scoring import parse_day
from maps.i18n import SWEDEN

__all__ = ["begin_day", "end_day"]


def begin_day(day: str) -> float:
    """The first moment of a day, s since 1970.

    Raises
    ------
    ParameterError
    """
    return _find(day, 0)


def end_day(day: str) -> float:
    """The first moment after a day, s since 1970.

    Raises
    ------
    ParameterError
    """
    return _find(day, 1)


def _find(day: str, days: int) -> float:
    found = parse_day(day)
    try:
        return datetime.combine(found + timedelta(days=days), time(), SWEDEN).timestamp()
    except (OverflowError, ValueError) as error:
        message = f"{day} is too far away; give a day such as 2026-07-15."
        raise ParameterError(message) from error
