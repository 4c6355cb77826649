"""Identifiers that can belong to nobody."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.demo import Demo
from geo.demo.identity import invalid_organisation_numbers, luhn_check_digits, number_names


def passes_luhn(number: str) -> bool:
    """The textbook way: from the right, every second digit doubled, its digits added."""
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def test_luhn_knows_a_published_number() -> None:
    # the Swedish Tax Agency's own organisation number
    assert luhn_check_digits(np.array([202_100_544])).tolist() == [8]
    assert passes_luhn("2021005448")


@given(st.integers(0, 999_999_999))
def test_luhn_agrees_with_the_textbook(stem: int) -> None:
    digit = int(luhn_check_digits(np.array([stem]))[0])
    assert [d for d in range(10) if passes_luhn(f"{stem:09d}{d}")] == [digit]


def test_no_organisation_number_there_can_be_passes_luhn_or_is_a_persons() -> None:
    numbers = invalid_organisation_numbers(np.arange(100_000)).tolist()
    assert len(set(numbers)) == 100_000
    assert not any(map(passes_luhn, numbers))
    # in a personal identity number the third digit begins a month
    assert {len(number) for number in numbers} == {10}
    assert min(number[2] for number in numbers) >= "2"


def test_all_employers_of_the_demo_fail_luhn(demo: Demo) -> None:
    numbers = demo.layers["workplaces"]["employer_id"]
    assert numbers.notna().all()
    assert not numbers.map(passes_luhn).any()
    assert (numbers.str[2] >= "2").all()
    assert 0.7 < numbers.nunique() / len(numbers) < 0.95


def test_temporary_workplaces_are_run_by_registered_firms(demo: Demo) -> None:
    workplaces = demo.layers["workplaces"]
    temporary = workplaces["kind"] == "temporary"
    assert set(workplaces.loc[temporary, "employer_id"]) <= set(workplaces.loc[~temporary, "employer_id"])


def test_ids_lie_in_a_range_of_their_own(demo: Demo) -> None:
    ids = demo.layers["workplaces"]["workplace_id"]
    assert ids.str.fullmatch(r"99\d{6}").all()


def test_names_say_that_they_are_synthetic(demo: Demo) -> None:
    for layer in ("workplaces", "accommodation"):
        assert demo.layers[layer]["name"].str.fullmatch(r"Synthetic [a-z ]+ \d{5}").all()
    assert demo.layers["workplaces"]["name"].is_unique
    assert demo.layers["accommodation"]["name"].is_unique


def test_names_count_within_their_title() -> None:
    assert number_names(np.array(["bar", "inn", "bar"], dtype=object)).tolist() == [
        "Synthetic bar 00001",
        "Synthetic inn 00001",
        "Synthetic bar 00002",
    ]
