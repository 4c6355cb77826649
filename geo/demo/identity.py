"""Identifiers that look right and can belong to nobody."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIRST_REGISTERED", "FIRST_TEMPORARY", "invalid_organisation_numbers", "luhn_check_digits", "number_names"]

# No register hands out workplace numbers up here; eight digits, as theirs have.
FIRST_REGISTERED = 99_000_001
FIRST_TEMPORARY = 99_800_001
# The third digit of an organisation number is at least 2, in a personal identity number at most 1 (it counts months):
# with 9 there, nothing made here can be read as a person's number.
_PREFIX = 9_999
_SERIALS = 100_000
_WRONG_BY = 5


def luhn_check_digits(stem: NDArray[np.int64]) -> NDArray[np.int64]:
    """Luhn check digit of nine-digit numbers.

    Parameters
    ----------
    stem : (n,) int64, nine digits

    Returns
    -------
    (n,) int64, 0 to 9

    Source: ISO/IEC 7812-1, annex B.
    """
    digits = stem[:, np.newaxis] // 10 ** np.arange(8, -1, -1) % 10
    doubled = digits * np.array([2, 1, 2, 1, 2, 1, 2, 1, 2])
    return np.asarray(-(doubled // 10 + doubled % 10).sum(axis=1) % 10)


def invalid_organisation_numbers(serial: NDArray[np.int64]) -> NDArray[np.object_]:
    """Ten-digit numbers in the form of organisation numbers whose check digit is always wrong.

    Parameters
    ----------
    serial : (n,) int64, from 0 to 99 999, one per employer

    Returns
    -------
    (n,) str objects
    """
    stem = _PREFIX * _SERIALS + serial
    numbers = stem * 10 + (luhn_check_digits(stem) + _WRONG_BY) % 10
    return numbers.astype(str).astype(object)


def number_names(titles: NDArray[np.object_]) -> NDArray[np.object_]:
    """``Synthetic <title> 00001`` and so on, counted within each title.

    Parameters
    ----------
    titles : (n,) str objects

    Returns
    -------
    (n,) str objects
    """
    counts: dict[str, int] = {}
    names = []
    for title in titles.tolist():
        counts[title] = counts.get(title, 0) + 1
        names.append(f"Synthetic {title} {counts[title]:05d}")
    return np.array(names, dtype=object)
