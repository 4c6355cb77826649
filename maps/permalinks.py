"""The parameters of the map's address, as ``maps/static/js/state.js`` reads and writes them.

A view that is saved is such an address without its language. Only parameters of this list are kept, each in one way to
write it, so that what is opened later is what the page itself would have written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from geo.errors import ParameterError

__all__ = ["MAX_SENT", "PERMALINK_PARAMETERS", "read_corners", "read_day", "tidy_query"]

# as long as an address may be that is looked at; what is left of it is shorter
MAX_SENT = 8_000
_MAX_PARAMETERS = 200
_PARTS = ("scores", "workplaces", "accommodation", "establishments", "counties", "municipalities", "names", "base")
_PARTS_ON_DEMAND = ("visits", "findings")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_WEIGHT = re.compile(r"[a-z_]{1,40}:([0-9]{1,3})")
_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,12})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
_MOST_POINTS = 100
_MOST_CORNERS = 100
_LEAST_CORNERS = 3
_DEGREES = re.compile(r"[0-9]{1,2}(\.[0-9]{1,12})?")
# around Sweden, as drawn areas are taken
_LON, _LAT = (5, 30), (54, 72)
_AREA_DECIMALS = 5
_MOST_TRIES = 20
_TRIED_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TRIED_NUMBER = re.compile(r"[0-9]{1,7}")


def _read_number(low: float, high: float, decimals: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not (_NUMBER.fullmatch(text) and low <= float(text) <= high):
            raise ValueError
        # no zero below zero
        value = round(float(text), decimals) + 0.0
        return f"{value:.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:.0f}"

    return read


def _read_code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError
    return text


def _read_day(text: str) -> str:
    if not (_DAY.fullmatch(text) and _FIRST_DAY <= date.fromisoformat(text) <= _LAST_DAY):
        raise ValueError
    return text


def read_day(text: str) -> date | None:
    """The scoring date that a parameter names; None where it names none that is scored."""
    try:
        return date.fromisoformat(_read_day(text))
    except ValueError:
        return None


def _read_weight(text: str) -> str:
    found = _WEIGHT.fullmatch(text)
    if found is None or int(found[1]) > _MOST_POINTS:
        raise ValueError
    return text


def _read_other(text: str) -> str:
    return _read_day(text) if _DAY.fullmatch(text) else _read_code(text)


def _read_parts(known: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        parts = set(text.split(","))
        if not parts <= set(known):
            raise ValueError
        return ",".join(sorted(parts))

    return read


def read_corners(text: str) -> tuple[tuple[float, float], ...]:
    """Corners of a drawn area as an address has them: lon_lat_lon_lat and so on.

    Returns
    -------
    tuple of (lon, lat), degrees, the last corner not the first again

    Raises
    ------
    ValueError
        The text is no area, or has too few or too many corners, or corners far away.
    """
    parts = text.split("_")
    n_corners, odd = divmod(len(parts), 2)
    if odd or not _LEAST_CORNERS <= n_corners <= _MOST_CORNERS:
        raise ValueError
    for i, part in enumerate(parts):
        low, high = _LAT if i % 2 else _LON
        if not (_DEGREES.fullmatch(part) and low <= float(part) <= high):
            raise ValueError
    numbers = [float(part) for part in parts]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _read_area(text: str) -> str:
    return "_".join(
        f"{degrees:.{_AREA_DECIMALS}f}".rstrip("0").rstrip(".") for corner in read_corners(text) for degrees in corner
    )


def _read_whole(low: int, high: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not (_TRIED_NUMBER.fullmatch(text) and low <= int(text) <= high):
            raise ValueError
        return str(int(text))

    return read


def _read_tried_code(text: str) -> str:
    if not _TRIED_CODE.fullmatch(text):
        raise ValueError
    return text


def _read_tried_layer(text: str) -> str:
    if text not in {"workplaces", "accommodation", "establishments"}:
        raise ValueError
    return text


_PLACE = (_read_whole(100_000, 1_100_000), _read_whole(6_000_000, 7_900_000))
_MANY = _read_whole(1, 100_000)
# what follows each kind of change; a record is told by its place, never by an id or a name
_TRIED: Mapping[str, tuple[Callable[[str], str], ...]] = MappingProxyType(
    {
        "add_accommodation": (*_PLACE, _MANY, _read_tried_code),
        "add_establishment": (*_PLACE, _MANY, _read_tried_code, _read_tried_code),
        "set_phase": (*_PLACE, _read_tried_code),
        "close_site": (_read_tried_layer, *_PLACE),
        "withdraw_sector": (_read_tried_code, _read_whole(1, 100)),
    }
)


def _read_tried(text: str) -> str:
    """A change of a what-if, such as ``add_accommodation.758500.7088500.400.work_camp``."""
    kind, *values = text.split(".")
    readers = _TRIED.get(kind, ())
    if len(values) != len(readers) or not readers:
        raise ValueError
    return ".".join([kind, *(read(value) for read, value in zip(readers, values, strict=True))])


def _read_word(word: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text != word:
            raise ValueError
        return text

    return read


# in the order in which the page writes them; what each value becomes, or ValueError
PERMALINK_PARAMETERS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "lat": _read_number(-85, 85, 4),
        "lon": _read_number(-180, 180, 4),
        "z": _read_number(3, 16, 2),
        "at": _read_day,
        "sector": _read_code,
        "weight": _read_weight,
        "county": _read_code,
        "municipality": _read_code,
        "state": _read_code,
        "agency": _read_code,
        "certainty": _read_code,
        "min_class": _read_code,
        "cell": _read_code,
        "opacity": _read_number(0, 100, 0),
        "sites": _read_number(0, 100, 0),
        "base": _read_number(0, 100, 0),
        "off": _read_parts(_PARTS),
        "on": _read_parts(_PARTS_ON_DEMAND),
        "never": _read_word("0"),
        "list": _read_word("cells"),
        # what is compared: a day, or a surface by its id and by what it was scored for
        "with": _read_other,
        "with_at": _read_day,
        "with_sector": _read_code,
        "with_weight": _read_weight,
        "as": _read_word("swipe"),
        "line": _read_number(0, 100, 0),
        "area": _read_area,
        "try": _read_tried,
    }
)
_REPEATABLE = frozenset({"sector", "weight", "with_sector", "with_weight", "try"})
# changes follow one another, and two of them may be the same
_IN_ORDER = frozenset({"try"})
_DROPPED = frozenset({"lang"})


def _read_values(name: str, values: list[str]) -> list[str]:
    read = PERMALINK_PARAMETERS[name]
    if name not in _IN_ORDER:
        return sorted({read(value) for value in values})
    if len(values) > _MOST_TRIES:
        raise ValueError
    return [read(value) for value in values]


def tidy_query(text: str) -> str:
    """The parameters of an address of the map as they are kept: without language, in one order, each once.

    Parameters
    ----------
    text : str, such as ``?lang=en&at=2026-07-15&sector=green``; the question mark may be left out

    Returns
    -------
    str, without a question mark; the same for the same view

    Raises
    ------
    ParameterError
        All that is wrong, in one message that repeats names of parameters only.
    """
    if len(text) > MAX_SENT:
        message = f"The address has {len(text):,} characters; a view has far fewer."
        raise ParameterError(message)
    try:
        pairs = parse_qsl(
            text.removeprefix("?"), keep_blank_values=True, max_num_fields=_MAX_PARAMETERS, errors="strict"
        )
    except ValueError as error:
        message = f"The address cannot be read: it is no UTF-8, or has more than {_MAX_PARAMETERS} parameters."
        raise ParameterError(message) from error
    failures, kept = [], {}
    for name in sorted({name for name, _ in pairs} - _DROPPED):
        values = [value for other, value in pairs if other == name]
        if name not in PERMALINK_PARAMETERS:
            failures.append(f"it has no parameter {name}" if _CODE.fullmatch(name) else "a parameter's name is no word")
        elif len(values) > 1 and name not in _REPEATABLE:
            failures.append(f"{name} is given several times")
        else:
            try:
                kept[name] = _read_values(name, values)
            except ValueError:
                failures.append(f"{name} has a value that the map would not write")
    if failures:
        message = f"The address is no view of the map: {'; '.join(failures)}."
        raise ParameterError(message)
    return urlencode([(name, value) for name in PERMALINK_PARAMETERS for value in kept.get(name, ())])
