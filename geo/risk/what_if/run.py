"""Scoring after changes: only what they reach, to the bit as scored anew; now, or quarter by quarter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from geo.risk.what_if.changes import Change
from geo.risk.what_if.outcome import WhatIf

__all__ = ["list_quarters", "what_if", "what_if_by_quarter"]

_MONTHS, _MONTHS_OF_QUARTER = 12, 3
_MOST_QUARTERS = 80


def what_if(surface: RiskSurface, changes: Change | Iterable[Change]) -> WhatIf:
    """The surface after some changes, on the same scale as before.

    Parameters
    ----------
    surface : RiskSurface
    changes : one change or several, made one after the other

    Returns
    -------
    WhatIf

    Raises
    ------
    ParameterError
        There is no change, or one cannot be made; or the layers are no longer those that were scored.
    NotFoundError
        A change names what is not there.
    InputError
        A change makes records that fail their layer's checks.
    """
    listed = _check_changes(changes)
    return WhatIf(surface, surface.rescored(_apply(surface, listed, surface.at)), listed)


def what_if_by_quarter(
    surface: RiskSurface, changes: Change | Iterable[Change], n_quarters: int = 8
) -> Iterator[WhatIf]:
    """The same on the first day of each of the coming quarters, through the phases of what is being built.

    Changes hold from the surface's own date, where they name none themselves.

    Parameters
    ----------
    surface : RiskSurface; its grid, sectors and model are used
    changes : as for `what_if`
    n_quarters : int, from 1 to 80

    Yields
    ------
    WhatIf
        One per quarter; none is kept once the next is asked for.

    Raises
    ------
    As `what_if`.
    """
    listed = _check_changes(changes)
    days = list_quarters(surface.at, n_quarters)
    if surface.stale_layers:
        message = f"Layers have changed since this was scored ({', '.join(surface.stale_layers)}); score again."
        raise ParameterError(message)
    layers = _apply(surface, listed, surface.at)

    def run() -> Iterator[WhatIf]:
        for day in days:
            before = surface.at_date(day)
            yield WhatIf(before, before.rescored(layers), listed)

    return run()


def list_quarters(after: date, n: int) -> tuple[date, ...]:
    """First days of the n quarters that begin after a day.

    Raises
    ------
    ParameterError
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= _MOST_QUARTERS:
        message = f"n_quarters must be a whole number from 1 to {_MOST_QUARTERS}, got {n!r}."
        raise ParameterError(message)
    first = (after.year * _MONTHS + after.month - 1) // _MONTHS_OF_QUARTER + 1
    months = [(first + i) * _MONTHS_OF_QUARTER for i in range(n)]
    return tuple(date(month // _MONTHS, month % _MONTHS + 1, 1) for month in months)


def _check_changes(changes: Change | Iterable[Change]) -> tuple[Change, ...]:
    listed = tuple(changes) if isinstance(changes, Iterable) else (changes,)
    strange = [
        repr(each)
        for each in listed
        # a class is none before it says what is changed
        if isinstance(each, type) or not (hasattr(each, "apply") and hasattr(each, "describe"))
    ]
    if strange or not listed:
        what = f"{', '.join(strange)} is no change" if strange else "there is no change to make"
        message = f"{what}; use those of geo.risk.what_if, such as AddAccommodation(easting, northing, beds=400)."
        raise ParameterError(message)
    return listed


def _apply(surface: RiskSurface, changes: tuple[Change, ...], at: date) -> Layers:
    layers = surface.layers
    for change in changes:
        layers = change.apply(layers, at)
    return layers
