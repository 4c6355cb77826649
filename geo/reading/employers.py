"""Employers' numbers at the door: organisation numbers checked, persons' numbers replaced by a pseudonym.

A sole trader's organisation number is a personal identity number. It is replaced by a keyed hash before anything else
is done with the row, so that workplaces of one employer still belong together and nobody can read, or guess by trying
all numbers, whose they are. The number itself comes back in no value, message or error.

Source: The Swedish Tax Agency, SKV 709 (organisation numbers), SKV 704 (personal identity numbers), SKV 707
(co-ordination numbers); law 1974:174 on identity designations of legal persons.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError, ShapeError
from geo.layers.persons import HIDDEN, has_check_digit

__all__ = ["MIN_KEY_BYTES", "PSEUDONYM", "EmployerIds", "fingerprint_key", "make_pseudonym", "treat_employer_ids"]

MIN_KEY_BYTES = 32
# Sixteen letters instead of hexadecimal digits: a pseudonym holds no digit, so it can neither repeat a piece of the
# number nor be taken for one.
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_PSEUDONYM_LETTERS = 20
PSEUDONYM = re.compile(rf"p-[a-p]{{{_PSEUDONYM_LETTERS}}}")
_N_DIGITS = 10
# day of birth, plus 60 in a co-ordination number
_BIRTH = r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]|6[1-9]|[78][0-9]|9[01])"
_PERSON = re.compile(rf"{_BIRTH}[0-9]{{4}}")
_LABEL = r"(?:ORG|ORGNR|ORGNUMMER|ORGANISATIONSNUMMER|ORGANISATIONSNR|PNR|PERSNR|PERSONNUMMER|NR)?"
# with 16 or a century in front; as VAT number; with the running number of one of several firms
_SWEDISH = re.compile(
    rf"{_LABEL}(?:(?:16)?([0-9]{{10}})|(?:18|19|20)({_BIRTH}[0-9]{{4}})|SE([0-9]{{10}})(?:[0-9]{{2}})?"
    rf"|(?:18|19|20)?({_BIRTH}[0-9]{{4}})[0-9]{{3}})"
)
# a number of fewer digits may be a person's that lost the zeros of a year of birth such as 05
_SHORT = range(7, _N_DIGITS)
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]{2}")
# an interim number has a letter behind the day of birth; a Finnish one a sign or letter, three digits, one more sign
_LETTERED = re.compile(
    rf"(?:18|19|20)?{_BIRTH}[A-Z][0-9]{{3}}"
    r"|(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2}[A-Z]?[0-9]{3}[0-9A-Y]"
)
# eleven or thirteen digits with a date in them are a person's in the Nordic, Baltic and other countries
_DATED = re.compile(
    r"(?:[0-9]{2}(?:[02468][1-9]|[13579][0-2])(?:0[1-9]|[12][0-9]|3[01])|(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2})[0-9]{5}"
)
_CENTURY_FIRST = re.compile(rf"[1-9]{_BIRTH}[0-9]{{4}}(?:[0-9]{{2}})?")
_REFUSED = "reads as a personal identity number; Norrsyn scores places, never persons, so leave the cell empty"


@dataclass(frozen=True, eq=False)
class EmployerIds:
    """Employers' numbers as they may be kept.

    Attributes
    ----------
    ids : (n,) objects, index as given
        Ten digits for a Swedish legal person, a pseudonym for a person, the text itself for others, None where the cell
        is empty. A value that has a problem stays as it is unless it may be a person's: then it is blotted out.
    problems : row position to what is wrong and what to do, English; no number stands in it
    n_pseudonymised : rows whose number was replaced by a pseudonym
    """

    ids: pd.Series
    problems: Mapping[int, str]
    n_pseudonymised: int


@dataclass(frozen=True)
class _Treated:
    value: str | None
    problem: str = ""
    pseudonymised: bool = False


def treat_employer_ids(values: pd.Series, key: bytes | None, *, synthetic: pd.Series | None = None) -> EmployerIds:
    """Check organisation numbers and replace persons' numbers by pseudonyms.

    Parameters
    ----------
    values : (n,) objects
        Numbers as text or as whole numbers, however written: with dashes or blanks, twelve digits with 16 or a century
        in front, VAT numbers (``SE…01``). Pseudonyms made here pass as they are.
    key : secret of `MIN_KEY_BYTES` or more; None refuses persons' numbers
    synthetic : (n,) bool, optional; made-up records, whose numbers have a wrong check digit on purpose

    Returns
    -------
    EmployerIds

    Raises
    ------
    ParameterError
        The key is too short.
    ShapeError
        `synthetic` has another length.
    """
    if key is not None:
        _check_key(key)
    made_up = np.zeros(len(values), dtype=bool) if synthetic is None else synthetic.to_numpy(dtype=bool)
    if len(made_up) != len(values):
        message = f"values and synthetic need one length; got {len(values)} and {len(made_up)}."
        raise ShapeError(message)
    texts = [_as_text(cell) for cell in values.tolist()]
    ids: list[str | None] = list(texts)
    known: dict[tuple[str, bool], _Treated] = {}
    problems: dict[int, str] = {}
    n_pseudonymised = 0
    for row in np.flatnonzero(~_find_usual(texts)).tolist():
        pair = (texts[row], bool(made_up[row]))
        if pair not in known:
            known[pair] = _treat(texts[row], key, check=not made_up[row])
        treated = known[pair]
        ids[row] = treated.value
        n_pseudonymised += treated.pseudonymised
        if treated.problem:
            problems[row] = treated.problem
    return EmployerIds(
        ids=pd.Series(ids, index=values.index, dtype=object),
        problems=MappingProxyType(problems),
        n_pseudonymised=n_pseudonymised,
    )


def make_pseudonym(number: str, key: bytes) -> str:
    """The pseudonym of a person's number: ``p-`` and twenty letters of HMAC-SHA-256.

    Parameters
    ----------
    number : ten digits, without century, so that every way of writing it gives the same pseudonym
    key : secret of `MIN_KEY_BYTES` or more

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        The key is too short, or the number has not ten digits.
    """
    _check_key(key)
    if re.fullmatch(r"[0-9]{10}", number) is None:
        message = "A pseudonym is made of a number of ten digits; take century, dashes and blanks out."
        raise ParameterError(message)
    digest = hmac.new(key, b"employer:" + number.encode(), hashlib.sha256).hexdigest()
    return f"p-{digest[:_PSEUDONYM_LETTERS].translate(_LETTERS)}"


def fingerprint_key(key: bytes) -> str:
    """Eight letters that tell two keys apart and give neither away; kept beside data, they show that a key changed."""
    _check_key(key)
    return hmac.new(key, b"fingerprint", hashlib.sha256).hexdigest()[:8].translate(_LETTERS)


def _check_key(key: bytes) -> None:
    if len(key) < MIN_KEY_BYTES:
        message = f"The key for pseudonyms has {len(key)} bytes; it needs {MIN_KEY_BYTES} or more."
        raise ParameterError(message)


def _as_text(cell: object) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


def _find_usual(texts: list[str]) -> NDArray[np.bool_]:
    """Texts that are a right organisation number and nothing else: most of a register, found quickly."""
    usual = np.array(
        [len(text) == _N_DIGITS and text.isascii() and text.isdigit() and text[2] >= "2" for text in texts], dtype=bool
    )
    together = "".join(text for text, likely in zip(texts, usual.tolist(), strict=True) if likely)
    digits = np.frombuffer(together.encode(), dtype=np.uint8).reshape(-1, _N_DIGITS) - ord("0")
    doubled = digits * np.array([2, 1] * (_N_DIGITS // 2), dtype=np.uint8)
    usual[usual] = (doubled // 10 + doubled % 10).sum(axis=1) % 10 == 0
    return usual


def _treat(text: str, key: bytes | None, *, check: bool) -> _Treated:
    if not text or PSEUDONYM.fullmatch(text):
        return _Treated(text or None)
    if _ROUNDED.fullmatch(text):
        problem = (
            "is a rounded number such as 1.6E+11, whose last digits are lost; format the column as text and export"
        )
        return _Treated(HIDDEN, f"{problem} it again")
    plain = _squeeze(text)
    found = _SWEDISH.fullmatch(plain)
    if found is not None:
        number = next(filter(None, found.groups()))
    elif plain.isdigit() and len(plain) in _SHORT and _is_person(plain.zfill(_N_DIGITS)):
        number = plain.zfill(_N_DIGITS)
    else:
        return _Treated(HIDDEN, _REFUSED) if _may_be_person(plain) else _Treated(text)
    treated = _treat_number(number, key, check=check)
    return _Treated(HIDDEN, treated.problem) if treated.problem and _may_be_person(plain) else treated


def _treat_number(number: str, key: bytes | None, *, check: bool) -> _Treated:
    """Ten digits: of a person where they begin with a day of birth, of a legal person where the third is 2 or more."""
    right = has_check_digit(number)
    if _PERSON.fullmatch(number):
        if not right:
            problem = "reads as a personal identity number with a wrong check digit; mend it or leave the cell empty"
            return _Treated(HIDDEN, problem)
        if key is None:
            return _Treated(HIDDEN, f"{_REFUSED}, or set a key so that it gets a pseudonym")
        return _Treated(make_pseudonym(number, key), pseudonymised=True)
    if number[2] < "2":
        problem = "is no organisation number: its third digit is 2 or more; mend it or leave the cell empty"
        return _Treated(HIDDEN, problem)
    if check and not right:
        problem = (
            "has a wrong check digit, so that a digit is wrong; mend it or leave the cell empty (a foreign number has "
            "the letters of its country in front)"
        )
        return _Treated(number, problem)
    return _Treated(number)


def _squeeze(text: str) -> str:
    """Capital letters and digits alone, whatever alphabet the digits are from."""
    normal = unicodedata.normalize("NFKC", text).upper()
    digits = "".join(mark if (value := unicodedata.decimal(mark, None)) is None else str(value) for mark in normal)
    return re.sub(r"[\W_]+", "", digits)


def _may_be_person(plain: str) -> bool:
    """Whether other text holds a person's number, Swedish or foreign; better one too many than one too few."""
    if _LETTERED.fullmatch(plain) or _CENTURY_FIRST.fullmatch(plain):
        return True
    for run in re.findall(r"[0-9]+", plain):
        if _DATED.fullmatch(run) or (len(run) in {10, 12} and _PERSON.fullmatch(run[-_N_DIGITS:])):
            return True
        windows = (run[start : start + _N_DIGITS] for start in range(len(run) - _N_DIGITS + 1))
        if any(_is_person(window) for window in windows):
            return True
    return False


def _is_person(number: str) -> bool:
    return _PERSON.fullmatch(number) is not None and has_check_digit(number)
