"""Industry codes: from SNI 2007 or SNI 2025 to sector groups, and the season of each.

SNI 2025 is no renaming of SNI 2007: codes were split and moved, so every lookup needs the edition beside the code.
The longest prefix wins. A trailing 0 in a code only says that the level above is not divided further
(02.300 = 02.30 = 02.3), so codes are compared without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import ParameterError, SchemaError, ShapeError
from geo.reference.tables import read_columns

__all__ = ["known_sni", "normalise_sni", "season_factors", "sector_of", "sectors_of"]

SNI_VERSIONS = ("2007", "2025")
_SPELLING = re.compile(r"(\d{2})(?:\.?(\d{1,3}))?")
_DIVISION_DIGITS = 2
_SHOWN_CODES = 5

T = TypeVar("T")


def normalise_sni(sni: object) -> str:
    """An industry code as its digits, whatever the spelling.

    Parameters
    ----------
    sni : str
        2 to 5 digits, with or without a full stop after the second: ``"42.11"``, ``"42110"``, ``"42"``. A number is
        no code: ``02.300`` read as a number has lost its first digit.

    Returns
    -------
    str, the digits; empty if the text is no industry code
    """
    found = _SPELLING.fullmatch(sni.strip()) if isinstance(sni, str) and sni.isascii() else None
    return "".join(found.groups(default="")) if found else ""


def known_sni(sni: ArrayLike, sni_version: ArrayLike) -> NDArray[np.bool_]:
    """Which codes are industry codes of their edition, judged by form and division.

    Parameters
    ----------
    sni : (n,) str
    sni_version : (n,) str or one str, ``2007`` or ``2025``

    Returns
    -------
    (n,) bool
    """
    return np.array(_map_pairs(sni, sni_version, _is_known), dtype=bool)


def sector_of(sni: str, sni_version: str) -> str:
    """Sector group of one industry code.

    Parameters
    ----------
    sni : str, in any usual spelling
    sni_version : str, ``2007`` or ``2025``

    Returns
    -------
    str, code of ``sectors``; ``other`` for industries outside the risk sectors

    Raises
    ------
    SchemaError
        If the code does not belong to that edition.
    """
    return str(sectors_of([sni], sni_version)[0])


def sectors_of(sni: ArrayLike, sni_version: ArrayLike) -> NDArray[np.object_]:
    """Sector group of each industry code; the longest prefix in ``sector_sni`` wins.

    A code that is coarser than every prefix (for instance only the division 56) counts as ``other``.

    Parameters
    ----------
    sni : (n,) str, in any usual spelling
    sni_version : (n,) str or one str, ``2007`` or ``2025``

    Returns
    -------
    (n,) str objects, codes of ``sectors``

    Raises
    ------
    SchemaError
        If a code does not belong to its edition.
    """
    groups = _map_pairs(sni, sni_version, _sector_or_none)
    unknown = [position for position, group in enumerate(groups) if group is None]
    if unknown:
        codes = np.broadcast_to(np.asarray(sni, dtype=object), len(groups))[unknown]
        versions = np.broadcast_to(np.asarray(sni_version, dtype=object), len(groups))[unknown]
        pairs = dict.fromkeys(f"{code!r} in SNI {version}" for code, version in zip(codes, versions, strict=True))
        shown = ", ".join(list(pairs)[:_SHOWN_CODES])
        message = (
            f"sni: unknown industry code in {len(unknown)} row(s): {shown}; use 2 to 5 digits, as text, of SNI 2007 or "
            "SNI 2025, and say in sni_version which one."
        )
        raise SchemaError(message)
    return _objects(groups)


def season_factors(sector: ArrayLike, sni: ArrayLike, sni_version: ArrayLike, at: date) -> NDArray[np.float64]:
    """How much of its yearly peak each industry has in the month of a date.

    The longest prefix in ``sni_seasons`` wins over the season of the sector group, so that wild berries weigh nothing
    in January although forestry does.

    Parameters
    ----------
    sector : (n,) str, codes of ``sectors``
    sni : (n,) str
    sni_version : (n,) str or one str
    at : date, the scoring date

    Returns
    -------
    (n,) float64, 0 to 1

    Raises
    ------
    SchemaError
        If a sector is unknown.
    ParameterError
        If `at` is no date.
    """
    month = month_of(at)
    by_sector = _sector_season(month)
    names = _one_dimension("sector", sector)
    unknown = sorted({str(name) for name in names.tolist() if name not in by_sector})
    if unknown:
        message = f"sector: unknown sector group {', '.join(unknown[:_SHOWN_CODES])}; use {', '.join(by_sector)}."
        raise SchemaError(message)
    factors = _map_pairs(sni, sni_version, lambda code, version: _sni_season(code, version, month))
    if len(factors) != len(names):
        message = f"sector and sni need one length; got {len(names)} and {len(factors)}."
        raise ShapeError(message)
    return np.array(
        [by_sector[name] if factor is None else factor for name, factor in zip(names.tolist(), factors, strict=True)],
        dtype=np.float64,
    )


def month_of(at: date) -> int:
    """Month 1 to 12 of a scoring date; ParameterError if it is none."""
    if not isinstance(at, date) or at != at:  # noqa: PLR0124  a missing timestamp is a date that differs from itself
        message = f"at: {at!r} is not a date; give one such as datetime.date(2026, 7, 15)."
        raise ParameterError(message)
    return at.month


def _one_dimension(name: str, values: ArrayLike) -> NDArray[np.object_]:
    array = np.asarray(values, dtype=object)
    if array.ndim != 1:
        message = f"{name} must be one-dimensional; got shape {array.shape}."
        raise ShapeError(message)
    return array


def _objects(values: list[str | None]) -> NDArray[np.object_]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _map_pairs(sni: ArrayLike, sni_version: ArrayLike, lookup: Callable[[object, object], T]) -> list[T]:
    """Look each (code, edition) up, each distinct pair once."""
    codes = _one_dimension("sni", sni)
    versions = np.asarray(sni_version, dtype=object)
    if versions.shape not in {(), codes.shape}:
        message = f"sni and sni_version need one length; got {codes.shape} and {versions.shape}."
        raise ShapeError(message)
    found: dict[tuple[object, object], T] = {}
    out = []
    for pair in zip(codes.tolist(), np.broadcast_to(versions, codes.shape).tolist(), strict=True):
        if pair not in found:
            found[pair] = lookup(*pair)
        out.append(found[pair])
    return out


def _stem(digits: str) -> str:
    return digits[:_DIVISION_DIGITS] + digits[_DIVISION_DIGITS:].rstrip("0")


@lru_cache(maxsize=1)
def _divisions() -> Mapping[str, frozenset[str]]:
    rows = tuple(read_columns("sni_divisions", "division", *(f"sni_{version}" for version in SNI_VERSIONS)))
    return MappingProxyType(
        {version: frozenset(row[0] for row in rows if row[i]) for i, version in enumerate(SNI_VERSIONS, start=1)}
    )


def _is_known(sni: object, sni_version: object) -> bool:
    digits = normalise_sni(sni)
    return bool(digits) and digits[:_DIVISION_DIGITS] in _divisions().get(str(sni_version), frozenset())


@lru_cache(maxsize=1)
def _sector_prefixes() -> Mapping[tuple[str, str], str]:
    rows = read_columns("sector_sni", "sni_version", "prefix", "sector")
    return MappingProxyType({(version, _stem(prefix)): sector for version, prefix, sector in rows})


@lru_cache(maxsize=4096)
def _prefixes(digits: str) -> tuple[str, ...]:
    """All stems of a code, longest first."""
    stem = _stem(digits)
    return tuple(stem[:length] for length in range(len(stem), _DIVISION_DIGITS - 1, -1))


def _sector_or_none(sni: object, sni_version: object) -> str | None:
    if not _is_known(sni, sni_version):
        return None
    sectors = _sector_prefixes()
    keys = ((str(sni_version), prefix) for prefix in _prefixes(normalise_sni(sni)))
    return next((sectors[key] for key in keys if key in sectors), "other")


@lru_cache(maxsize=12)
def _sector_season(month: int) -> Mapping[str, float]:
    rows = read_columns("sector_seasons", "sector", "factor", "month")
    return MappingProxyType({sector: factor for sector, factor, row_month in rows if row_month == month})


@lru_cache(maxsize=12)
def _sni_seasons(month: int) -> Mapping[tuple[str, str], float]:
    rows = read_columns("sni_seasons", "sni_version", "prefix", "factor", "month")
    return MappingProxyType(
        {(version, _stem(prefix)): factor for version, prefix, factor, row_month in rows if row_month == month}
    )


def _sni_season(sni: object, sni_version: object, month: int) -> float | None:
    """Season of the longest prefix that has one of its own; None leaves it to the sector group."""
    seasons = _sni_seasons(month)
    keys = ((str(sni_version), prefix) for prefix in _prefixes(normalise_sni(sni)))
    return next((seasons[key] for key in keys if key in seasons), None)
