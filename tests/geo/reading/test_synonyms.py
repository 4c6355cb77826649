"""Columns are recognised by name and synonym, the same whatever the spelling, and what is left unused is said."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.layers.registry import LAYERS, get_layer
from geo.reading.columns import COORDINATES
from geo.reading.synonyms import KEYS, list_synonyms, match_columns, sni_version_in_name
from geo.reference import read_table, refused_reason
from geo.reference.names import fold_name

ROOT = Path(__file__).resolve().parents[3]
_COORDINATES = {name for names in COORDINATES for name in names}
TABLE = read_table("column_synonyms")
PAIRS = [
    (layer.name, column, synonym)
    for layer in LAYERS.values()
    for column, synonyms in list_synonyms(layer).items()
    for synonym in synonyms
]


def find_target(layer_name: str, *names: str) -> dict[str, str]:
    return dict(match_columns(get_layer(layer_name), names, {}).renamed)


# ---- the table -------------------------------------------------------------------------------------------------


def test_every_row_of_the_table_leads_to_a_column_that_exists() -> None:
    columns = {(name, column) for name, layer in LAYERS.items() for column in layer.schema.columns}
    shared = {column for _, column in columns} | _COORDINATES | set(KEYS)
    for layer, column in set(zip(TABLE["layer"], TABLE["column"], strict=True)):
        assert layer in {"", *LAYERS}
        assert column in shared if not layer else (layer, column) in columns or column in KEYS, (layer, column)


def test_every_column_of_every_layer_has_a_swedish_and_an_english_name() -> None:
    """The column's own name is English, so only Swedish must be there."""
    for layer in LAYERS.values():
        synonyms = list_synonyms(layer)
        swedish = set(TABLE.loc[TABLE["language"] == "sv", "synonym"])
        for column in (*layer.schema.columns, *_COORDINATES, *KEYS):
            if column in {"business_area", "cell_m"} and layer.name != "sectors":
                continue
            if column == "size_class" and layer.name != "workplaces":
                continue
            if layer.name == "gazetteer" and column not in layer.schema.columns:
                continue
            assert set(synonyms.get(column, ())) & swedish, (layer.name, column)


def test_no_synonym_is_a_refused_column() -> None:
    refused = [(layer, synonym) for layer, _, synonym in PAIRS if refused_reason(synonym, layer)]
    assert refused == []


def test_no_synonym_is_another_columns_own_name() -> None:
    for layer, column, synonym in PAIRS:
        own = {fold_name(name) for name in LAYERS[layer].schema.columns} - {fold_name(column)}
        assert fold_name(synonym) not in own, (layer, column, synonym)


# ---- matching --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "name", "column"),
    [
        ("workplaces", "arbetsställenummer", "workplace_id"),
        ("workplaces", "CFAR", "workplace_id"),
        ("workplaces", "PeOrgNr", "employer_id"),
        ("workplaces", "organisationsnummer", "employer_id"),
        ("workplaces", "Företagsnamn", "name"),
        ("workplaces", "SNI1", "sni"),
        ("workplaces", "Bransch_1, kod", "sni"),
        ("workplaces", "Stkl, kod", "size_class"),
        ("workplaces", "Antal anställda", "employees"),
        ("workplaces", "ANTAL_ANST", "employees"),
        ("workplaces", "Startdatum", "active_from"),
        ("workplaces", "kommunkod", "municipality"),
        ("workplaces", "BesöksPostNr", "postcode"),
        ("workplaces", "Fastighetsbeteckning", "property"),
        ("workplaces", "lanskod", "county"),
        ("sectors", "rutid_scb", "grid"),
        ("sectors", "desokod", "deso"),
        ("sectors", "regsokod", "regso"),
        ("sectors", "vo_kod", "business_area"),
        ("sectors", "anstallda", "employees"),
        ("sectors", "arbetsstallen", "workplaces"),
        ("localities", "tatortskod", "locality_id"),
        ("localities", "tatort", "name"),
        ("visits", "tatort", "locality"),
        ("visits", "cfar", "site_id"),
        ("findings", "källa", "source"),
        ("establishments", "skede", "phase"),
        ("borders", "kommunkod", "municipality"),
        ("borders", "kommunnamn", "name"),
        ("accommodation", "antal_baddar", "beds"),
        ("workplaces", "Employees", "employees"),
        ("workplaces", "active from", "active_from"),
    ],
)
def test_usual_names_are_recognised(layer: str, name: str, column: str) -> None:
    match = match_columns(get_layer(layer), [name, "Något annat"], {})
    assert dict(match.renamed) == {name: column}
    assert match.notes == ()


@pytest.mark.parametrize("name", ["id", "typ", "status", "kod", "code", "beskrivning", "antal", "från", "till", ""])
def test_names_that_could_be_anything_are_left_alone(name: str) -> None:
    assert find_target("workplaces", name) == {}


def respell(name: str, way: int, joint: str) -> str:
    """The name in another case, accents and joints."""
    words = name.replace("_", " ").replace("-", " ").split()
    text = joint.join(words)
    text = [text.upper(), text.lower(), text.title(), text.swapcase()][way % 4]
    text = unicodedata.normalize(["NFC", "NFD"][way // 4 % 2], text)
    return text if way < 8 else text.translate(str.maketrans("åäöÅÄÖéÉ", "aaoAAOeE"))


@given(st.sampled_from(PAIRS), st.integers(0, 15), st.sampled_from([" ", "_", "-", "", ". ", " - "]))
def test_case_accents_and_joints_make_no_difference(pair: tuple[str, str, str], way: int, joint: str) -> None:
    layer, column, synonym = pair
    name = respell(synonym, way, joint)
    if refused_reason(name, layer):
        # the door looks at words, so a name written together may read as a refused one; it is then never matched
        return
    partner = {"easting": "northing", "northing": "easting", "lon": "lat", "lat": "lon"}.get(column)
    match = match_columns(get_layer(layer), [name, *([partner] if partner else [])], {})
    assert match.renamed.get(name, column) == column
    assert (name == column) == (name not in match.renamed)


@given(
    st.sampled_from(list(LAYERS)),
    st.lists(
        st.sampled_from([*TABLE["synonym"], *TABLE["column"], "x1", "Övrigt", "personnummer", "kön"]), max_size=12
    ),
)
def test_no_two_columns_become_one_and_what_loses_is_said(layer_name: str, names: list[str]) -> None:
    layer = get_layer(layer_name)
    match = match_columns(layer, names, {})
    as_read = [match.renamed.get(name, name) for name in dict.fromkeys(names)]
    known = [new for new in as_read if new in layer.schema.columns]
    assert len(known) == len(set(known))
    assert len(set(match.renamed.values())) == len(match.renamed)
    assert not {name for name in match.renamed if refused_reason(name, layer_name)}
    told = " ".join(match.notes)
    for name in set(names) - set(match.renamed) - set(layer.schema.columns):
        alone = match_columns(layer, [name], {}).renamed.get(name)
        if alone is not None:
            assert repr(name) in told, (name, alone, match)


def test_the_layers_own_name_goes_before_a_synonym_and_the_rename_before_both() -> None:
    layer = get_layer("workplaces")
    match = match_columns(layer, ["anställda", "employees"], {})
    assert dict(match.renamed) == {}
    assert match.notes == (
        "'anställda' could be employees as well as 'employees', which was read; it is left unused; "
        "--rename anställda=employees reads it instead",
    )
    match = match_columns(layer, ["employees", "anställda", "Antal"], {"Antal": "employees"})
    assert dict(match.renamed) == {"Antal": "employees"}
    assert len(match.notes) == 2


def test_the_better_synonym_wins_whatever_the_order_of_the_file() -> None:
    assert find_target("workplaces", "Företagsnamn", "Benämning") == {"Benämning": "name"}
    assert find_target("workplaces", "Benämning", "Företagsnamn") == {"Benämning": "name"}
    assert find_target("workplaces", "PostNr", "BesöksPostNr") == {"BesöksPostNr": "postcode"}


def test_a_column_set_for_all_rows_is_read_from_no_column() -> None:
    match = match_columns(get_layer("workplaces"), ["anställda"], {}, taken={"employees"})
    assert dict(match.renamed) == {}
    assert match.notes == ("'anställda' could be employees, which is set for all rows; it is left unused",)


def test_refused_columns_are_never_matched_even_as_a_synonym_of_a_shape() -> None:
    match = match_columns(get_layer("workplaces"), ["kontaktperson"], {}, synonyms={"kontaktperson": "name"})
    assert dict(match.renamed) == {}


def test_a_shapes_synonym_goes_before_the_tables() -> None:
    match = match_columns(get_layer("workplaces"), ["Firma", "Objekt"], {}, synonyms={"Objekt": "name"})
    assert dict(match.renamed) == {"Objekt": "name"}


# ---- coordinates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["N", "E"], {"N": "northing", "E": "easting"}),
        (["X-koordinat", "Y-koordinat"], {"X-koordinat": "easting", "Y-koordinat": "northing"}),
        (["RT90 X", "RT90 Y"], {"RT90 X": "northing", "RT90 Y": "easting"}),
        (["Latitud", "Longitud"], {"Latitud": "lat", "Longitud": "lon"}),
        (["WKT"], {"WKT": "geometry"}),
        (["Easting", "NORTHING"], {"Easting": "easting", "NORTHING": "northing"}),
        (["N", "antal"], {}),
        (["long"], {}),
    ],
)
def test_coordinates_are_recognised_in_pairs(names: list[str], expected: dict[str, str]) -> None:
    assert find_target("workplaces", *names) == expected


def test_coordinates_with_their_own_names_leave_others_unused() -> None:
    match = match_columns(get_layer("workplaces"), ["lon", "lat", "x", "y"], {})
    assert dict(match.renamed) == {}
    assert [note.split(";")[0] for note in match.notes] == [
        "'x' could be easting as well as 'lon, lat', which was read",
        "'y' could be northing as well as 'lon, lat', which was read",
    ]


def test_a_file_with_shapes_has_no_coordinate_columns() -> None:
    names = ["x", "y", "kommunkod", "postnr", "anställda"]
    match = match_columns(get_layer("workplaces"), names, {}, has_geometry=True)
    assert dict(match.renamed) == {"anställda": "employees"}
    match = match_columns(get_layer("sectors"), ["desokod", "x", "y"], {}, has_geometry=True)
    assert dict(match.renamed) == {"desokod": "deso"}


# ---- editions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("SNI2007", "2007"), ("sni_2025", "2025"), ("ng1_2025", "2025"), ("Ng1 2007", "2007"), ("FtgSni07", "2007"),
        ("SNI 2025, kod", "2025"), ("SNI", None), ("sni1", None), ("Ng1", None), ("year_2025", None),
        ("sni_2020", None),
    ],
)  # fmt: skip
def test_a_name_may_tell_the_edition(name: str, version: str | None) -> None:
    assert sni_version_in_name(name) == version


def test_the_edition_in_a_name_holds_unless_the_file_or_the_user_says_it() -> None:
    layer = get_layer("workplaces")
    match = match_columns(layer, ["SNI2025"], {})
    assert dict(match.implied) == {"sni_version": "2025"}
    assert match.notes == ("'SNI2025' says that its codes are of SNI 2025",)
    assert dict(match_columns(layer, ["SNI2025", "sni_version"], {}).implied) == {}
    assert dict(match_columns(layer, ["SNI2025"], {}, taken={"sni_version"}).implied) == {}
    assert dict(match_columns(layer, ["Kod SNI25"], {"Kod SNI25": "sni"}).implied) == {"sni_version": "2025"}


# ---- the page --------------------------------------------------------------------------------------------------


def render_synonyms(layer_name: str) -> str:
    """The table of synonyms of one layer (empty: all layers), as it must stand in the page."""
    rows = TABLE[TABLE["layer"] == layer_name]
    lines = ["| column | Swedish | English |", "| --- | --- | --- |"]
    for column, group in rows.groupby("column", sort=False):
        names = {
            language: ", ".join(f"`{synonym}`" for synonym in group.loc[group["language"] == language, "synonym"])
            for language in ("sv", "en")
        }
        lines.append(f"| `{column}` | {names['sv'] or '–'} | {names['en'] or '–'} |")
    return "\n".join(lines)


@pytest.mark.parametrize("layer_name", ["", *LAYERS])
def test_the_page_lists_the_synonyms(layer_name: str) -> None:
    page = (ROOT / "docs" / "columns.md").read_text("utf-8")
    heading = f"### `{layer_name}`" if layer_name else "### Every layer"
    section = page.split(f"{heading}\n", 1)[1].split("\n### ", 1)[0].split("\n## ", 1)[0]
    expected = render_synonyms(layer_name)
    assert expected in section, f"below {heading!r} this must stand:\n\n{expected}\n"


def test_the_table_has_sources_that_say_what_is_assumed() -> None:
    assert pd.Series(TABLE["source"]).str.contains("SCB|Skogsstyrelsen|working assumption").all()
