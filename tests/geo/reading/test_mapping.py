"""A mapping file says what columns mean; all its faults are told at once, and one is written to start from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.layers.registry import LAYERS, get_layer
from geo.reading.mapping import MAX_MAPPING_BYTES, ColumnMapping, merge_mapping, read_mapping, write_mapping
from geo.reading.synonyms import match_columns
from geo.reference import refused_reason

WHOLE = """
layer = "visits"
crs = "EPSG:3006"
shape = "construction_notice"

[columns]
"Företagets namn" = "site_id"
Datum = "visited_on"

[set]
persons_met = 3
synthetic = false

[where]
Status = "Klar"
"År" = 2025
Dag = 2025-05-01

[values.outcome]
"Inget" = "nothing_found"
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "mapping.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_everything_a_file_can_say(tmp_path: Path) -> None:
    mapping = read_mapping(write(tmp_path, WHOLE), get_layer("visits"), ["construction_notice"])
    assert mapping == ColumnMapping(
        columns={"Företagets namn": "site_id", "Datum": "visited_on"},
        set_values={"persons_met": "3", "synthetic": "false"},
        where={"Status": "Klar", "År": "2025", "Dag": "2025-05-01"},
        values={"outcome": {"Inget": "nothing_found"}},
        layer="visits",
        shape="construction_notice",
        crs="EPSG:3006",
    )


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert read_mapping(write(tmp_path, "\ufeff# nothing\n")) == ColumnMapping()


def test_what_was_read_cannot_be_changed(tmp_path: Path) -> None:
    mapping = read_mapping(write(tmp_path, WHOLE))
    for part in (mapping.columns, mapping.set_values, mapping.where, mapping.values, mapping.values["outcome"]):
        with pytest.raises(TypeError):
            part["new"] = "x"  # type: ignore[index]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = """
colums = 1
crs = 3006
where = "Status"
shape = "construction_notise"
layer = "findings"
[columns]
Namn = "visit"
A = "outcome"
B = "outcome"
C = ["x"]
D = "lat"
Kontaktperson = "site_id"
[set]
outcome = "ban"
colour = "red"
persons_met = [1]
[values]
outcome = "x"
[values.outcom]
x = "ban"
[values.agencies]
y = 3
"""
    with pytest.raises(SchemaError) as caught:
        read_mapping(write(tmp_path, text), get_layer("visits"), ["construction_notice", "road_works"])
    assert caught.value.failures == (
        "crs: must be text in quotes, not a number",
        "where: must be a table, a line [where] with lines below it, not text",
        "colums: is nothing that a mapping file has; did you mean 'columns'?",
        "[columns] 'C': must be text in quotes, not a list",
        "[set] 'persons_met': must be text, a number, a date or true/false, not a list",
        "values.outcome: must be a table, a line [values.outcome] with lines below it, not text",
        "[values.agencies] 'y': must be text in quotes, not a number",
        "[columns]: 'A', 'B' would all be 'outcome'; keep one",
        "[set] 'outcome': stands in [columns] too; keep one of the two",
        "layer: the file is meant for 'findings', not for 'visits'; take the other file",
        "[columns] 'Namn': the layer visits has no column 'visit'; did you mean 'visit_id'?",
        "[columns] 'Kontaktperson': identifies a person; Norrsyn scores places, never persons; it is never read, so "
        "take the line out",
        "[set] 'colour': the layer visits has no such column; there are visit_id, visited_on, site_id, agencies, "
        "persons_met, outcome, precision, spread_m, circle, synthetic",
        "[values] 'outcom': the layer visits has no such column; did you mean 'outcome'?",
        "shape: there is no shape 'construction_notise'; did you mean 'construction_notice'?",
    )
    assert "mapping.toml: cannot be used as a mapping file; 15 fault(s):" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 (byte 1)"),
        (b"[columns\n", "is not TOML"),
        (b"Namn = name\n", "is not TOML"),
        (b'a = "1"\na = "2"\n', "is not TOML"),
        (b"# " + b"x" * MAX_MAPPING_BYTES, "is larger than 1 MiB"),
        (b"x = " + b"[" * 200_000, "mapping.toml: is"),
        (b"[set]\nday = 2025-13-01\n", "is not TOML"),
    ],
)
def test_what_is_no_mapping_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        read_mapping(write(tmp_path, content))
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"gone\.toml: there is no such mapping file"):
        read_mapping(tmp_path / "gone.toml")
    with pytest.raises(SchemaError, match="there is no such mapping file"):
        read_mapping(tmp_path)


# ---- the command line goes first -------------------------------------------------------------------------------


def test_the_command_line_beats_the_file() -> None:
    mapping = ColumnMapping(
        columns={"A": "name", "B": "sni", "C": "employees"},
        set_values={"kind": "temporary", "workplace_id": "x"},
        where={"Status": "Klar"},
        crs="EPSG:3006",
        shape="road_works",
    )
    merged = merge_mapping(
        mapping,
        rename={"D": "name", "E": "workplace_id"},
        set_values={"kind": "registered", "employees": 7},
        where={"Status": "Pågår", "Typ": 3},
        crs="EPSG:4326",
    )
    assert merged == ColumnMapping(
        columns={"B": "sni", "D": "name", "E": "workplace_id"},
        set_values={"kind": "registered", "employees": "7"},
        where={"Status": "Pågår", "Typ": "3"},
        crs="EPSG:4326",
        shape="road_works",
    )
    assert merge_mapping(mapping) == mapping


# ---- a file to start from --------------------------------------------------------------------------------------

NAMES = st.one_of(
    st.sampled_from(
        ["Antal anställda", "SNI2025", "kontaktperson", "namn", 'Företagets "namn"', "employees", "#", "="]
    ),
    st.text(st.characters(exclude_categories=()), max_size=12),
)


@given(st.sampled_from(list(LAYERS)), st.lists(NAMES, max_size=10, unique=True), st.booleans())
def test_a_written_file_reads_back_as_what_was_recognised(
    tmp_path_factory: pytest.TempPathFactory, layer_name: str, names: list[str], has_geometry: bool
) -> None:
    layer = get_layer(layer_name)
    text = write_mapping(layer, names, has_geometry=has_geometry)
    path = tmp_path_factory.getbasetemp() / "written.toml"
    path.write_text(text, "utf-8")
    mapping = read_mapping(path, layer)
    expected = dict(match_columns(layer, names, {}, has_geometry=has_geometry).renamed)
    expected |= {name: name for name in names if name in layer.schema.columns}
    assert dict(mapping.columns) == expected
    assert (mapping.layer, mapping.crs, dict(mapping.set_values)) == (layer_name, None, {})
    assert not {name for name in mapping.columns if refused_reason(name, layer_name)}


def test_a_written_file_shows_what_is_left_to_do() -> None:
    text = write_mapping(get_layer("workplaces"), ["CFARNr", "Antal", "personnummer"])
    assert '"CFARNr" = "workplace_id"' in text
    assert '# "Antal" = "…"' in text
    assert '# "personnummer" identifies a person; Norrsyn scores places, never persons; it is never read' in text
    assert '# employees = "…"  # Number of employees at the workplace; at most 200000; needed' in text
    assert tomllib.loads(text)["columns"] == {"CFARNr": "workplace_id"}


def test_what_a_key_tells_is_not_asked_for() -> None:
    text = write_mapping(get_layer("workplaces"), ["Stkl, kod"])
    assert '"Stkl, kod" = "size_class"' in text
    assert "employees" not in text
    text = write_mapping(get_layer("sectors"), ["rutid_scb", "anstallda"])
    assert '"rutid_scb" = "grid"' in text
    assert "area_id" not in text
    assert "level" not in text
