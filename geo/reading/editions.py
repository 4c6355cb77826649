"""Which edition industry codes are written in: SNI 2007 or SNI 2025.

Many codes stand in both editions, and some mean different things there. A code that stands in one edition alone tells
which it is; and since a file is written in one edition, a few such codes tell the edition of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.reading.table import list_rows
from geo.reference import normalise_sni
from geo.reference.tables import read_columns

__all__ = ["SNI_VERSIONS", "find_edition", "tell_sni_version"]

SNI_VERSIONS = ("2007", "2025")
_CLASS_DIGITS = 4
_ALL_DIGITS = 5
# a file whose telling codes agree to this share is of that edition, and the rest are slips
_CLEAR_MAJORITY = 0.99
_SHOWN_CODES = 3


def find_edition(codes: pd.Series) -> str | None:
    """The edition that a run of codes is written in, for the runs that follow it in the same file.

    Parameters
    ----------
    codes : (n,) objects, as for `tell_sni_version`

    Returns
    -------
    ``2007`` or ``2025``; None where no code tells, or codes contradict each other
    """
    digits = _read_codes(codes)
    assumed, _ = _conclude(only := _find_telling(digits)[0], None, digits)
    return assumed if any(rows.any() for rows in only.values()) else None


def tell_sni_version(codes: pd.Series, named: str | None = None) -> tuple[pd.Series, tuple[str, ...]]:
    """The edition of each industry code.

    Parameters
    ----------
    codes : (n,) objects
        Codes as they stand in the file: ``56.10``, ``5610``, ``56.100``, ``56100``, `` 56.1``. A number counts only
        with five digits: one with fewer may have lost its leading 0.
    named : edition that the column's name (`geo.reading.synonyms.sni_version_in_name`) or an earlier run of rows
        (`find_edition`) tells, optional

    Returns
    -------
    versions : (n,) objects, index as given
        ``2007``, ``2025``, or None where the cell holds no code of either edition, or the codes of the file contradict
        each other and this one stands in both.
    notes : what was found and what was assumed, for the report; no note where the cells hold no codes

    Raises
    ------
    ParameterError
        `named` is no edition.
    """
    if named is not None and named not in SNI_VERSIONS:
        message = f"named: {named!r} is no edition of SNI; use {' or '.join(SNI_VERSIONS)}."
        raise ParameterError(message)
    digits = _read_codes(codes)
    only, both = _find_telling(digits)
    versions = np.full(len(digits), None, dtype=object)
    for version in SNI_VERSIONS:
        versions[only[version]] = version
    assumed, notes = _conclude(only, named, digits)
    if both.any():
        versions[both] = assumed
        notes += _say_assumed(int(both.sum()), only, named, assumed)
    return pd.Series(list(versions), index=codes.index, dtype=object), tuple(notes)


def _find_telling(digits: Sequence[str]) -> tuple[dict[str, NDArray[np.bool_]], NDArray[np.bool_]]:
    """Codes of each edition alone, and codes of both."""
    fits = {version: {code: _fits(code, version) for code in set(digits)} for version in SNI_VERSIONS}
    old, new = (np.array([fits[version][code] for code in digits], dtype=bool) for version in SNI_VERSIONS)
    return {"2007": old & ~new, "2025": new & ~old}, old & new


def _read_codes(codes: pd.Series) -> list[str]:
    """The digits of each code, each distinct cell looked at once."""
    cells = codes.tolist()
    # 1, 1.0 and true are one key of a dict and three different cells
    keys = list(zip(map(type, cells), cells, strict=True))
    known = {key: _read_code(key[1]) for key in set(keys)}
    return [known[key] for key in keys]


def _read_code(cell: object) -> str:
    if isinstance(cell, str):
        return normalise_sni(cell)
    if isinstance(cell, bool) or not isinstance(cell, int | float) or cell != cell:  # noqa: PLR0124  a missing number
        return ""
    text = str(int(cell)) if float(cell).is_integer() else ""
    return text if len(text) == _ALL_DIGITS else ""


def _fits(digits: str, version: str) -> bool:
    return bool(digits) and digits[:_CLASS_DIGITS] in _prefixes()[version]


@lru_cache(maxsize=1)
def _prefixes() -> Mapping[str, frozenset[str]]:
    """Divisions, groups and classes of each edition."""
    rows = tuple(read_columns("sni_classes", "sni_class", *(f"sni_{version}" for version in SNI_VERSIONS)))
    return MappingProxyType(
        {
            version: frozenset(row[0][:length] for row in rows if row[i] for length in range(2, _CLASS_DIGITS + 1))
            for i, version in enumerate(SNI_VERSIONS, start=1)
        }
    )


def _conclude(
    only: Mapping[str, NDArray[np.bool_]], named: str | None, digits: Sequence[str]
) -> tuple[str | None, list[str]]:
    """The edition of codes that stand in both, and what speaks against it."""
    counts = {version: int(rows.sum()) for version, rows in only.items()}
    total = sum(counts.values())
    likely = named or max(SNI_VERSIONS, key=lambda version: counts[version])
    against = next(version for version in SNI_VERSIONS if version != likely)
    if not counts[against]:
        return likely, []
    rows = np.flatnonzero(only[against]).tolist()
    shown = ", ".join(list(dict.fromkeys(digits[row] for row in rows))[:_SHOWN_CODES])
    reason = "the column's name or earlier rows say" if named else f"{counts[likely]} other row(s) are of"
    note = (
        f"sni: codes such as {shown} stand in SNI {against} alone, but {reason} SNI {likely}: {list_rows(rows)} "
        f"were read as SNI {against}; check them"
    )
    clear = named is not None or counts[likely] >= _CLEAR_MAJORITY * total
    return likely if clear else None, [note]


def _say_assumed(
    n_rows: int, only: Mapping[str, NDArray[np.bool_]], named: str | None, assumed: str | None
) -> list[str]:
    if named is not None:
        return []
    told = 0 if assumed is None else int(only[assumed].sum())
    if assumed is None:
        return [
            f"sni: {n_rows} row(s) have codes that stand in both editions, and the others contradict each other; say "
            "the edition in a column sni_version or with --set sni_version=2007"
        ]
    if told:
        return [
            f"sni: {n_rows} row(s) have codes that stand in both editions; they were read as SNI {assumed}, of which "
            f"{told} other row(s) are"
        ]
    return [
        f"sni: all codes stand in SNI 2007 and in SNI 2025; SNI {assumed} was assumed. If the file is of the other "
        "edition, say --set sni_version=2025"
    ]
