"""One number, however written, gives one result; a person's comes back nowhere, and nobody can guess it.

Persons' numbers here are made of a day of birth and a check digit at random, and the Tax Agency's published examples.
"""

from __future__ import annotations

import hashlib
import hmac
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import geo
from geo.demo.identity import invalid_organisation_numbers
from geo.errors import ParameterError, ShapeError
from geo.layers.persons import reads_as_personal_number
from geo.layers.registry import LAYERS
from geo.reading.employers import PSEUDONYM, EmployerIds, fingerprint_key, make_pseudonym, treat_employer_ids
from tests.frames import make_frame, make_workplace

KEY = b"0123456789abcdef0123456789abcdef"
OTHER_KEY = b"fedcba9876543210fedcba9876543210"
# the Tax Agency's examples: a personal number and a co-ordination number
PERSON, COORDINATION = "6408233234", "7010632391"


def treat(*cells: object, key: bytes | None = KEY) -> EmployerIds:
    return treat_employer_ids(pd.Series(list(cells), dtype=object), key)


def add_check_digit(nine: str) -> str:
    """The tenth digit by Luhn's rule, counted the long way."""
    total = 0
    for position, digit in enumerate(nine):
        product = int(digit) * (2 if position % 2 == 0 else 1)
        total += product // 10 + product % 10
    return f"{nine}{-total % 10}"


@st.composite
def persons(draw: st.DrawFn) -> str:
    day = draw(st.integers(1, 31)) + draw(st.sampled_from([0, 60]))
    stem = f"{draw(st.integers(0, 99)):02d}{draw(st.integers(1, 12)):02d}{day:02d}{draw(st.integers(0, 999)):03d}"
    return add_check_digit(stem)


@st.composite
def organisations(draw: st.DrawFn) -> str:
    rest = "".join(draw(st.lists(st.sampled_from("0123456789"), min_size=6, max_size=6)))
    return add_check_digit(
        f"{draw(st.sampled_from('123456789'))}{draw(st.integers(0, 9))}{draw(st.integers(2, 9))}{rest}"
    )


@st.composite
def writings(draw: st.DrawFn, number: str, centuries: tuple[str, ...]) -> str:
    """The number as people and systems write it."""
    gap = draw(st.sampled_from(["", "-", " ", " - ", "\u2013", "\u2212", ".", "\u00a0", "\u200b", "-\u00ad"]))
    text = f"{number[:6]}{gap}{number[6:]}"
    vat = draw(st.booleans())
    if vat:
        text = draw(st.sampled_from(["SE{}01", "SE {} 01", "se{}-01", "SE{}"])).format(text)
    else:
        text = draw(st.sampled_from(["", *centuries])) + text
        text = draw(st.sampled_from(["", "Org.nr ", "orgnr: ", "organisationsnummer "])) + text
    if draw(st.booleans()):
        text = text.translate({ord(digit): ord(digit) - ord("0") + 0xFF10 for digit in "0123456789"})
    return draw(st.sampled_from(["", " ", "\t"])) + text + draw(st.sampled_from(["", " ", "\n"]))


# ---- organisation numbers --------------------------------------------------------------------------------------


@given(st.data(), organisations())
def test_every_writing_of_an_organisation_number_gives_its_ten_digits(data: st.DataObject, number: str) -> None:
    cells = [data.draw(writings(number, ("16",))), number, int(number), float(number)]
    treated = treat(*cells)
    assert treated.ids.tolist() == [number] * len(cells)
    assert dict(treated.problems) == {}
    assert treated.n_pseudonymised == 0


@given(organisations(), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_found(number: str, position: int, by: int) -> None:
    wrong = number[:position] + str((int(number[position]) + by) % 10) + number[position + 1 :]
    treated = treat(wrong)
    assert list(treated.problems) == [0]
    assert wrong not in treated.problems[0]


@pytest.mark.parametrize("number", ["556016-0680", "212000-0142", "165560160680", "SE556036079301", "5560360793"])
def test_published_organisation_numbers_pass(number: str) -> None:
    treated = treat(number)
    assert dict(treated.problems) == {}
    assert re.fullmatch(r"\d{10}", treated.ids[0])


def test_a_wrong_check_digit_is_told_by_row_with_a_remedy() -> None:
    treated = treat("556016-0680", None, "556016-0681")
    assert dict(treated.problems) == {
        2: "has a wrong check digit, so that a digit is wrong; mend it or leave the cell empty (a foreign number has "
        "the letters of its country in front)"
    }
    assert treated.ids.tolist() == ["5560160680", None, "5560160681"]


def test_made_up_records_may_have_a_wrong_check_digit_but_no_person() -> None:
    numbers = invalid_organisation_numbers(np.arange(50))
    values = pd.Series([*numbers, PERSON], dtype=object)
    synthetic = pd.Series([True] * 51)
    treated = treat_employer_ids(values, KEY, synthetic=synthetic)
    assert treated.ids.tolist()[:50] == numbers.tolist()
    assert dict(treated.problems) == {}
    assert treated.n_pseudonymised == 1
    assert len(treat_employer_ids(values, KEY).problems) == 50
    with pytest.raises(ShapeError):
        treat_employer_ids(values, KEY, synthetic=synthetic[:3])


# ---- persons ---------------------------------------------------------------------------------------------------


@given(st.data(), persons())
@example(None, PERSON)
@example(None, COORDINATION)
def test_every_writing_of_a_persons_number_gives_one_pseudonym(data: st.DataObject | None, number: str) -> None:
    cells = [number, f"19{number}", f"{number[:6]}+{number[6:]}", f"16{number}", f"SE{number}01", int(f"19{number}")]
    cells += [f"{number}001", f"{number[:6]}-{number[6:]} 002"]
    if int(number[:2]) > 0:
        cells.append(int(number))
    if data is not None:
        cells.append(data.draw(writings(number, ("18", "19", "20", "16"))))
    treated = treat(*cells)
    assert dict(treated.problems) == {}
    assert set(treated.ids) == {make_pseudonym(number, KEY)}
    assert treated.n_pseudonymised == len(cells)


@given(persons(), persons())
def test_two_persons_have_two_pseudonyms_and_another_key_others(one: str, other: str) -> None:
    assume(one != other)
    assert make_pseudonym(one, KEY) != make_pseudonym(other, KEY)
    assert make_pseudonym(one, KEY) != make_pseudonym(one, OTHER_KEY)


@given(st.data(), persons(), st.sampled_from([KEY, None]))
def test_nothing_of_a_persons_number_comes_back(data: st.DataObject, number: str, key: bytes | None) -> None:
    cells: list[object] = [
        data.draw(writings(number, ("18", "19", "20", "16"))),
        f"Anna {number[:6]}-{number[6:]}",
        number[:-1] + str((int(number[-1]) + 1) % 10),
        f"{number[:6]}-T{number[7:]}",
        int(number),
        f"{number}01",
    ]
    treated = treat(*cells, key=key)
    shown = " ".join([repr(treated), str(treated.ids.tolist()), repr(treated.ids), *treated.problems.values()])
    digits = re.sub(r"\D", "", " ".join(re.findall(r"\d{3,}", shown)))
    for start in range(len(number) - 5):
        assert number[start : start + 6] not in digits
    assert treated.n_pseudonymised + len(treated.problems) == len(cells)
    if key is None:
        assert treated.n_pseudonymised == 0


def test_the_pseudonym_is_the_keyed_hash_in_letters() -> None:
    digest = hmac.new(KEY, b"employer:" + PERSON.encode(), hashlib.sha256).hexdigest()
    pseudonym = make_pseudonym(PERSON, KEY)
    assert PSEUDONYM.fullmatch(pseudonym)
    assert [int(digit, 16) for digit in digest[:20]] == [ord(letter) - ord("a") for letter in pseudonym[2:]]


def test_pseudonyms_pass_again_and_through_the_layers_own_check() -> None:
    treated = treat(PERSON, "196408233234", "556016-0680")
    again = treat_employer_ids(treated.ids, None)
    assert again.ids.tolist() == treated.ids.tolist()
    assert dict(again.problems) == {}
    assert again.n_pseudonymised == 0
    frame = make_frame([make_workplace(row) for row in range(3)])
    frame["employer_id"] = treated.ids.astype("str")
    assert geo.validate(LAYERS["workplaces"], frame)["employer_id"].tolist() == treated.ids.tolist()
    assert not reads_as_personal_number(treated.ids.astype("str")).any()


def test_without_a_key_a_persons_number_is_refused() -> None:
    treated = treat("640823-3234", "556016-0680", key=None)
    assert list(treated.problems) == [0]
    assert "personal identity number" in treated.problems[0]
    assert treated.ids.tolist() == ["••••••-••••", "5560160680"]


# ---- other text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["NO974760673MVA", "974760673", "DE123456789", "PL5261040828", "FI01120389", "0112038-9", "LV40003032949",
             "HRB 12345", "okänd", "EE10137025", "p-1", "Firma A"],
)  # fmt: skip
def test_foreign_numbers_and_other_text_stay(text: str) -> None:
    treated = treat(f" {text} ")
    assert treated.ids.tolist() == [text]
    assert dict(treated.problems) == {}


@pytest.mark.parametrize(
    "text", ["Anna 640823-3234", "640823-T234", "19640823-T234", "131052-308T", "131052A308T", "01018012345",
             "37605030299", "LV01018012345", "BG8001011238", "640823-3235", "19640823 3235", "641323-3234",
             "640823323401", "6408233234/5560160680", "1,96408E+11", "5.56016E+09", "٦٤٠٨٢٣-٣٢٣٥"],
)  # fmt: skip
def test_what_may_be_a_persons_number_is_refused_and_blotted_out(text: str) -> None:
    treated = treat(text)
    assert list(treated.problems) == [0]
    assert treated.ids.tolist() == ["••••••-••••"]
    assert re.search(r"mend|leave|export", treated.problems[0])


@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.none(), st.booleans()))
def test_any_cell_is_treated_one_way(cell: object) -> None:
    treated = treat(cell, cell)
    assert len(treated.ids) == 2
    assert set(treated.problems) in ({0, 1}, set())
    assert treated.ids[0] == treated.ids[1]
    if treated.ids[0] is not None:
        assert isinstance(treated.ids[0], str)
        again = treat(treated.ids[0])
        assert again.ids.tolist() == [treated.ids[0]]


def test_a_number_whose_leading_zero_is_lost_is_still_a_persons() -> None:
    number = add_check_digit("050612123")
    treated = treat(int(number), number.lstrip("0"), number)
    assert set(treated.ids) == {make_pseudonym(number, KEY)}


@given(persons())
def test_a_persons_vat_number_without_its_letters_is_never_taken_for_another_number(number: str) -> None:
    """Twelve digits that could begin with 16 or a century, too."""
    for beginning in ("16", "18", "19", "20", number[:2]):
        whole = add_check_digit(f"{beginning}{number[2:9]}")
        treated = treat(f"{whole}01")
        shown = treated.ids.tolist()[0]
        assert shown == "••••••-••••" or PSEUDONYM.fullmatch(shown)


def test_the_index_is_kept_and_problems_count_positions() -> None:
    values = pd.Series(["556016-0680", "1"], index=[7, 9], dtype=object)
    treated = treat_employer_ids(values, KEY)
    assert treated.ids.index.tolist() == [7, 9]
    assert list(treat_employer_ids(pd.Series(["", "641323-3234"], index=[7, 9], dtype=object), KEY).problems) == [1]


# ---- keys ------------------------------------------------------------------------------------------------------


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ParameterError, match="has 5 bytes; it needs 32"):
        treat(PERSON, key=b"short")
    with pytest.raises(ParameterError, match="ten digits") as caught:
        make_pseudonym("196408233234", KEY)
    assert "1964" not in str(caught.value)


def test_a_fingerprint_tells_keys_apart_and_gives_none_away() -> None:
    assert fingerprint_key(KEY) != fingerprint_key(OTHER_KEY)
    assert re.fullmatch("[a-p]{8}", fingerprint_key(KEY))
