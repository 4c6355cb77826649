"""Codes tell their edition where they can; what is assumed is said, and what contradicts is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ParameterError
from geo.reading.editions import find_edition, tell_sni_version
from geo.reference import known_sni, read_table

CLASSES = read_table("sni_classes")
ONLY_2007 = CLASSES.loc[CLASSES["sni_2007"] & ~CLASSES["sni_2025"], "sni_class"].tolist()
ONLY_2025 = CLASSES.loc[~CLASSES["sni_2007"] & CLASSES["sni_2025"], "sni_class"].tolist()
BOTH = CLASSES.loc[CLASSES["sni_2007"] & CLASSES["sni_2025"], "sni_class"].tolist()


def tell(*codes: object, named: str | None = None) -> tuple[list[str | None], tuple[str, ...]]:
    versions, notes = tell_sni_version(pd.Series(list(codes), dtype=object), named)
    return versions.tolist(), notes


# ---- the table -------------------------------------------------------------------------------------------------


def test_the_editions_have_as_many_classes_as_nace_has() -> None:
    assert int(CLASSES["sni_2007"].sum()) == 615
    assert int(CLASSES["sni_2025"].sum()) == 651


def test_classes_and_divisions_agree() -> None:
    divisions = read_table("sni_divisions")
    for version in ("2007", "2025"):
        of_classes = set(CLASSES.loc[CLASSES[f"sni_{version}"], "sni_class"].str[:2])
        assert of_classes == set(divisions.loc[divisions[f"sni_{version}"], "division"])
        assert known_sni(CLASSES.loc[CLASSES[f"sni_{version}"], "sni_class"], version).all()


@pytest.mark.parametrize("table", ["sector_sni", "housing_sni", "sni_seasons"])
def test_the_prefixes_of_other_tables_are_in_their_edition(table: str) -> None:
    prefixes = read_table(table)
    for prefix, version in set(zip(prefixes["prefix"], prefixes["sni_version"], strict=True)):
        classes = CLASSES.loc[CLASSES[f"sni_{version}"], "sni_class"]
        assert classes.str.startswith(prefix[:4]).any(), (prefix, version)


def test_a_published_list_of_sni_2007_agrees(shared_data: Path) -> None:
    path = shared_data / "swe" / "sni2007_4siffer.csv"
    if not path.is_file():
        pytest.skip("needs the list of SNI 2007 codes, which is not part of the product")
    with path.open(encoding="utf-8", newline="") as file:
        listed = {row["kod"] for row in csv.DictReader(file)}
    ours = set(CLASSES.loc[CLASSES["sni_2007"], "sni_class"])
    # the list ends division 47 at 47.59 and numbers the last of it on
    assert listed - ours == {"4755", "4756", "4757", "4758"}
    assert {code[:3] for code in ours - listed} == {"476", "477", "478", "479"}


# ---- one code --------------------------------------------------------------------------------------------------


def write_code(code: str, form: int) -> str:
    return [
        code,
        f"{code[:2]}.{code[2:]}",
        f"{code}0",
        f"{code[:2]}.{code[2:]}0",
        f" {code} ",
        f"{code[:2]}.{code[2:]}1",
    ][form]


@given(st.sampled_from(ONLY_2007 + ONLY_2025), st.integers(0, 5))
def test_a_code_of_one_edition_tells_it_in_every_writing(code: str, form: int) -> None:
    expected = "2007" if code in ONLY_2007 else "2025"
    assert tell(write_code(code, form)) == ([expected], ())


@pytest.mark.parametrize(
    ("code", "version"),
    [
        ("56.10", "2007"), ("56100", "2007"), ("56.100", "2007"), ("56.11", "2025"), ("41.2", "2007"), ("41.0", "2025"),
        ("41000", "2025"), ("45", "2007"), ("45.20", "2007"), ("95.311", "2025"), ("96.022", "2007"), ("96.22", "2025"),
        ("81.29", "2007"), ("81.230", "2025"), (96022, "2007"), (96220.0, "2025"), ("62.01", "2007"), ("62.1", "2025"),
    ],
)  # fmt: skip
def test_codes_of_one_edition(code: object, version: str) -> None:
    assert tell(code)[0] == [version]


@pytest.mark.parametrize("cell", [None, "", "okänd", "99.99", "04.10", 1130, 5610, 56.1, float("nan"), True, "5610000"])
def test_what_is_no_code_of_either_edition_has_none(cell: object) -> None:
    assert tell(cell) == ([None], ())


# ---- a file ----------------------------------------------------------------------------------------------------


def test_codes_of_both_editions_alone_are_taken_for_2007_and_it_is_said() -> None:
    versions, notes = tell("02.30", "55.10", None)
    assert versions == ["2007", "2007", None]
    assert notes == (
        "sni: all codes stand in SNI 2007 and in SNI 2025; SNI 2007 was assumed. If the file is of the other edition, "
        "say --set sni_version=2025",
    )


@given(st.lists(st.sampled_from(BOTH), min_size=1, max_size=20), st.booleans(), st.data())
def test_one_telling_code_tells_the_edition_of_the_file(shared: list[str], new: bool, data: st.DataObject) -> None:
    telling = data.draw(st.sampled_from(ONLY_2025 if new else ONLY_2007))
    expected = "2025" if new else "2007"
    versions, notes = tell(*shared, telling)
    assert versions == [expected] * (len(shared) + 1)
    assert len(notes) == 1
    assert f"read as SNI {expected}, of which 1 other row(s) are" in notes[0]


def test_contradicting_rows_are_named_and_the_rest_left_open() -> None:
    versions, notes = tell("56.10", "56.11", "02.30", "45.20")
    assert versions == ["2007", "2025", None, "2007"]
    assert notes == (
        "sni: codes such as 5611 stand in SNI 2025 alone, but 2 other row(s) are of SNI 2007: row 2 were read as SNI "
        "2025; check them",
        "sni: 1 row(s) have codes that stand in both editions, and the others contradict each other; say the edition "
        "in a column sni_version or with --set sni_version=2007",
    )


def test_a_slip_among_many_leaves_the_rest_told() -> None:
    versions, notes = tell(*["56.10"] * 200, "56.11", "02.30")
    assert versions == ["2007"] * 200 + ["2025", "2007"]
    assert len(notes) == 2


def test_the_columns_name_decides_codes_of_both_editions() -> None:
    assert tell("02.30", named="2025") == (["2025"], ())
    versions, notes = tell("02.30", "56.10", named="2025")
    assert versions == ["2025", "2007"]
    assert notes == (
        "sni: codes such as 5610 stand in SNI 2007 alone, but the column's name or earlier rows say SNI 2025: row 2 "
        "were read as SNI 2007; check them",
    )
    with pytest.raises(ParameterError, match="2002"):
        tell("02.30", named="2002")


def test_the_index_is_kept() -> None:
    versions, _ = tell_sni_version(pd.Series(["56.10"], index=[7], dtype=object))
    assert versions.index.tolist() == [7]


@pytest.mark.parametrize(
    ("codes", "edition"),
    [(["56.10", "02.30"], "2007"), (["56.11"], "2025"), (["02.30"], None), (["56.10", "56.11"], None), ([], None)],
)
def test_a_run_of_rows_tells_the_edition_of_those_that_follow(codes: list[str], edition: str | None) -> None:
    assert find_edition(pd.Series(codes, dtype=object)) == edition
