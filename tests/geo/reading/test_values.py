"""Words become codes, counts become bands, keys become areas; what means nothing stays for the layer's rules."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.layers.registry import LAYERS, get_layer
from geo.reading.values import CODED, list_value_synonyms, match_values
from geo.reference import municipality_names, read_table

ROOT = Path(__file__).resolve().parents[3]
TABLE = read_table("value_synonyms")


def translate(layer: str, column: str, *cells: object) -> list[object]:
    frame = pd.DataFrame({column: pd.Series(list(cells), dtype=object)})
    return match_values(get_layer(layer), frame)[0][column].tolist()


def list_codes(layer: str, column: str) -> set[str]:
    """The codes that the layer's own rule allows."""
    checks = LAYERS[layer].schema.columns[column].checks
    found = [set(check.statistics["allowed_values"]) for check in checks if "allowed_values" in check.statistics]
    if found:
        return found[0]
    return set(read_table("agencies")["agency"])  # visits.agencies: codes joined by +


def test_every_synonym_leads_to_a_code_that_the_layer_takes() -> None:
    for layer, column, value in set(zip(TABLE["layer"], TABLE["column"], TABLE["value"], strict=True)):
        for name in [layer] if layer else [each for each in LAYERS if column in LAYERS[each].schema.columns]:
            assert value in list_codes(name, column), (name, column, value)


@pytest.mark.parametrize(("layer", "column"), [*CODED, ("workplaces", "kind"), ("visits", "circle")])
def test_codes_and_titles_in_both_languages_are_read(layer: str, column: str) -> None:
    codes = sorted(list_codes(layer, column))
    assert translate(layer, column, *codes) == codes
    assert translate(layer, column, *[code.upper().replace("_", " ") for code in codes]) == codes
    if (layer, column) in CODED:
        table, key = CODED[layer, column]
        rows = read_table(table)
        for title in ("title", "title_sv"):
            assert translate(layer, column, *rows[title]) == rows[key].tolist()


@pytest.mark.parametrize(
    ("layer", "column", "word", "code"),
    [
        ("workplaces", "kind", "Tillfällig", "temporary"),
        ("workplaces", "kind", "registrerad", "registered"),
        ("workplaces", "sni_version", "SNI 2025", "2025"),
        ("accommodation", "housing_type", "Baracker", "work_camp"),
        ("accommodation", "housing_type", "Lägenhetshotell", "hostel"),
        ("visits", "outcome", "Utan anmärkning", "nothing_found"),
        ("visits", "outcome", "INGET", "nothing_found"),
        ("visits", "agencies", "Polisen, Skatteverket", "polismyndigheten+skatteverket"),
        ("visits", "agencies", "SKV/AV", "skatteverket+arbetsmiljoverket"),
        ("visits", "agencies", "skatteverket+polismyndigheten", "skatteverket+polismyndigheten"),
        ("visits", "agencies", "Polisen, Trollen", "Polisen, Trollen"),
        ("visits", "persons_met", "10 eller fler", "10+"),
        ("visits", "persons_met", "1 – 4", "1-4"),
        ("visits", "persons_met", ">10", "10+"),
        ("findings", "persons_band", 0, "0"),
        ("findings", "persons_band", 3.0, "1-4"),
        ("findings", "persons_band", "5", "5-9"),
        ("findings", "persons_band", 14, "10+"),
        ("findings", "persons_band", -1, -1),
        ("findings", "persons_band", 2.5, 2.5),
        ("findings", "persons_band", "2024-04-01", "2024-04-01"),
        ("findings", "grade", "stark", "S"),
        ("findings", "verification", "Ej verifierad", "unverified"),
        ("establishments", "phase", "byggskede", "construction_peak"),
        ("establishments", "sector", "Bygg", "construction"),
        ("sectors", "level", "Ruta", "scb_grid"),
        ("visits", "municipality", "Umeå kommun", "2480"),
        ("visits", "municipality", "Östersunds kommun", "2380"),
        ("visits", "municipality", "KRAMFORS KOMMUN", "2282"),
        ("visits", "municipality", "2480", "2480"),
        ("visits", "municipality", "Stockholm", "Stockholm"),
        ("workplaces", "name", "Tillfällig", "Tillfällig"),
        ("workplaces", "kind", "sometimes", "sometimes"),
        ("workplaces", "kind", None, None),
    ],
)
def test_words_are_read(layer: str, column: str, word: object, code: object) -> None:
    assert translate(layer, column, word) == [code]


@given(st.integers(0, 10**6))
def test_a_count_of_persons_falls_into_its_band(count: int) -> None:
    expected = "0" if count == 0 else "1-4" if count < 5 else "5-9" if count < 10 else "10+"
    assert translate("visits", "persons_met", count, str(count), float(count)) == [expected] * 3


@given(st.sampled_from(sorted(municipality_names().items())), st.sampled_from(["{}", "{} kommun", "{}s kommun"]))
def test_municipalities_are_read_by_name(municipality: tuple[str, str], form: str) -> None:
    code, name = municipality
    if form == "{}s kommun" and name.endswith("s"):
        form = "{} kommun"
    assert translate("workplaces", "municipality", form.format(name).lower()) == [code]


@given(
    st.sampled_from(list(CODED)), st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.booleans(), st.none())
)
def test_what_means_nothing_stays_and_what_changes_is_a_code(where: tuple[str, str], cell: object) -> None:
    layer, column = where
    (out,) = translate(layer, column, cell)
    unchanged = out is cell or out == cell
    assert unchanged or set(str(out).split("+")) <= list_codes(layer, column)


def test_the_mapping_files_words_go_first() -> None:
    frame = pd.DataFrame({"outcome": ["Inget", "Grönt", "Rött"]}, dtype=object)
    out, notes = match_values(
        get_layer("visits"), frame, {"outcome": {"grönt": "nothing_found", "Inget": "deficiency"}}
    )
    assert out["outcome"].tolist() == ["deficiency", "nothing_found", "Rött"]
    assert frame["outcome"].tolist() == ["Inget", "Grönt", "Rött"]
    assert notes == ("outcome: read 'Inget' as deficiency (1 row(s)), 'Grönt' as nothing_found (1 row(s))",)


def test_codes_that_stand_as_codes_are_not_worth_a_note() -> None:
    frame = pd.DataFrame({"outcome": ["ban", None], "circle": ["public", "public"]}, dtype=object)
    assert match_values(get_layer("visits"), frame)[1] == ()


# ---- size classes ----------------------------------------------------------------------------------------------


def test_a_size_class_stands_in_for_a_count_that_is_missing() -> None:
    frame = pd.DataFrame(
        {
            "size_class": ["2", 4, "10-19 anställda", "0", "Uppgift saknas", None, 5],
            "employees": [None, None, None, None, None, None, 23],
        },
        dtype=object,
    )
    out, notes = match_values(get_layer("workplaces"), frame)
    assert out["employees"].tolist() == [2.0, 14.0, 14.0, None, None, None, 23]
    assert notes == (
        "employees: 3 row(s) have a size class and no count; each got its class's number of employees (table "
        "size_classes), an assumption",
    )


def test_size_classes_follow_each_other_and_hold_their_number() -> None:
    classes = read_table("size_classes").iloc[1:]
    assert (classes["low"].to_numpy()[1:] == classes["high"].to_numpy()[:-1] + 1).all()
    assert (classes["employees"] >= classes["low"]).all()
    assert (classes["employees"].iloc[:-1] <= classes["high"].iloc[:-1]).all()


# ---- areas -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "area_id", "level"),
    [
        ({"municipality": "2480"}, "2480", "municipality"),
        ({"municipality": "Umeå", "deso": "2480A0010"}, "2480A0010", "deso"),
        ({"grid": "7590007088000", "municipality": "2480"}, "7590007088000", "scb_grid"),
        ({"business_area": "V1234"}, "V1234", "scb_business_area"),
        ({"municipality": "Umeå"}, "2480", "municipality"),
    ],
)
def test_the_smallest_areas_key_names_the_area(keys: dict[str, str], area_id: str, level: str) -> None:
    frame = pd.DataFrame({key: [value] for key, value in keys.items()}, dtype=object)
    out, notes = match_values(get_layer("sectors"), frame)
    assert out[["area_id", "level"]].iloc[0].tolist() == [area_id, level]
    assert any(note.startswith("area_id") for note in notes)


def test_an_area_id_of_the_file_is_left_alone() -> None:
    frame = pd.DataFrame({"area_id": ["A"], "deso": ["2480A0010"]}, dtype=object)
    out, _ = match_values(get_layer("sectors"), frame)
    assert out["area_id"].tolist() == ["A"]
    assert "level" not in out.columns


# ---- the page --------------------------------------------------------------------------------------------------


def render_values(layer_name: str, column: str) -> str:
    rows = TABLE[(TABLE["layer"] == layer_name) & (TABLE["column"] == column)]
    lines = ["| code | words |", "| --- | --- |"]
    for value, group in rows.groupby("value", sort=False):
        lines.append(f"| `{value}` | {', '.join(f'`{word}`' for word in group['synonym'])} |")
    return "\n".join(lines)


@pytest.mark.parametrize(("layer_name", "column"), sorted(set(zip(TABLE["layer"], TABLE["column"], strict=True))))
def test_the_page_lists_the_words(layer_name: str, column: str) -> None:
    page = (ROOT / "docs" / "columns.md").read_text("utf-8")
    heading = f"### `{column}` of `{layer_name}`" if layer_name else f"### `{column}` of every layer"
    section = page.split(f"{heading}\n", 1)[1].split("\n### ", 1)[0].split("\n## ", 1)[0]
    expected = render_values(layer_name, column)
    assert expected in section, f"below {heading!r} this must stand:\n\n{expected}\n"


def test_synonyms_are_listed_by_column_and_code() -> None:
    listed = list_value_synonyms(get_layer("workplaces"))
    assert "tillfällig" in listed["kind"]["temporary"]
    assert "circle" in listed
