"""Columns: renamed, set, filtered by, refused and left out, exactly as told and said."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputError, SchemaError
from geo.layers.base import Layer
from geo.layers.registry import get_layer
from geo.reading import read_layer_file
from geo.reading.columns import decode_entities
from tests.geo.reading.conftest import LULEA, UMEA

Write = Callable[..., Path]
SITE = {"workplace_id": "1", "sni": "41.20", "employees": 3}


def test_rename_set_and_where(write_geojson: Write, workplaces: Layer) -> None:
    path = write_geojson(
        [
            (UMEA, {"id": "1", "Name": "Bro", "Status": "Byggande pågår"}),
            (LULEA, {"id": "2", "Name": "Väg", "Status": "Planering pågår"}),
        ]
    )
    reading = read_layer_file(
        path,
        workplaces,
        rename={"id": "workplace_id", "Name": "name"},
        set_values={"sni": "42.11", "employees": 40, "kind": "temporary"},
        where={"Status": " Byggande pågår"},
    )
    row = reading.frame.iloc[0]
    assert (row["workplace_id"], row["name"], row["sni"], row["employees"], row["kind"]) == (
        "1", "Bro", "42.11", 40.0, "temporary",
    )  # fmt: skip
    report = reading.report
    assert (report.rows_read, report.rows_filtered_out, report.rows_accepted) == (2, 1, 1)
    assert report.unused_columns == ("Status",)
    assert report.to_dict()["set_values"] == {"sni": "42.11", "employees": "40", "kind": "temporary"}
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()


@pytest.mark.parametrize(
    ("values", "wanted", "expected"),
    [
        ([1, 2, None], "1", 1),
        ([1.0, 2.5, None], "1", 1),
        ([1.0, 2.5, None], "2.50", 1),
        ([True, False, None], "true", 1),
        (["01", "1", None], "01", 1),
        (["a ", " a", "A"], "a", 2),
        (["", "  ", None], "", 3),
        ([0, False, "0"], "0", 2),
    ],
)
def test_where_compares_numbers_as_numbers_and_text_as_text(
    write_geojson: Write, workplaces: Layer, values: list[object], wanted: str, expected: int
) -> None:
    rows = [(UMEA, SITE | {"workplace_id": str(number), "x": value}) for number, value in enumerate(values)]
    reading = read_layer_file(write_geojson(rows), workplaces, where={"x": wanted})
    assert reading.report.rows_accepted == expected


def test_where_without_a_match_lists_what_there_is(write_geojson: Write, workplaces: Layer) -> None:
    rows = [(UMEA, SITE | {"Status": status}) for status in ("Klar", "Klar", "Byggs", None)]
    with pytest.raises(InputError, match=re.escape("'Klar' (2), 'Byggs' (1), '(empty)' (1)")):
        read_layer_file(write_geojson(rows), workplaces, where={"Status": "klar"})


def test_every_option_that_does_not_fit_is_told_at_once(write_geojson: Write, workplaces: Layer) -> None:
    path = write_geojson([(UMEA, SITE | {"Name": "a", "Namn": "b", "Status": "c", "fodelseland": "d", "more": [1]})])
    with pytest.raises(SchemaError) as caught:
        read_layer_file(
            path,
            workplaces,
            rename={"Name": "name", "Namn": "name", "gone": "sni", "fodelseland": "circle", "more": "employer_id"},
            set_values={"colour": "red", "name": "x"},
            where={"status": "c"},
            skip_rows=[0, 2],
        )
    expected = [
        "--rename gone=…: the file has no column 'gone'; its columns are workplace_id, sni, employees, Name, Namn, "
        "Status",
        "--rename fodelseland=…: fodelseland tells nationality, origin or a proxy for them, which must never enter the "
        "model; it is never read",
        "--rename more=…: more holds lists or objects; give it as a plain column",
        "--where status=…: the file has no column 'status'; its columns are workplace_id, sni, employees, Name, Namn, "
        "Status; did you mean 'Status'?",
        "--set colour=…: the layer workplaces has no column 'colour'",
        "--rename: Name, Namn would all be called 'name'; rename one",
        "--set name=…: a column is renamed to 'name' as well; do one or the other",
    ]
    for line, start in zip(caught.value.failures, expected, strict=True):
        assert line.startswith(start)


def test_a_renamed_or_set_column_replaces_the_files_own(write_geojson: Write, workplaces: Layer) -> None:
    path = write_geojson([(UMEA, SITE | {"name": "old", "Name": "new", "kind": "registered"})])
    reading = read_layer_file(path, workplaces, rename={"Name": "name"}, set_values={"kind": "temporary"})
    assert reading.frame[["name", "kind"]].iloc[0].tolist() == ["new", "temporary"]
    assert reading.report.unused_columns == ("name", "kind")


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "csv"])
def test_refused_columns_leave_no_trace(write_geojson: Write, tmp_path: Path, ending: str) -> None:
    """Their values are in no frame, no report and no error message; what else the file holds is read."""
    layer = get_layer("findings")
    row = {
        "finding_id": "1", "observed_on": "2026-05-01", "indicator": "very_long_hours", "grade": "S",
        "source": "observed", "Nationalitet": "SECRET-1", "personnummer": "SECRET-2", "Beskrivning": "SECRET-3",
    }  # fmt: skip
    path = convert(write_geojson([(UMEA, row)]), tmp_path / f"findings.{ending}")
    reading = read_layer_file(path, layer)
    assert set(reading.report.refused_columns) == {"Nationalitet", "personnummer", "Beskrivning"}
    assert all(reading.report.refused_columns.values())
    assert "SECRET" not in reading.frame.to_csv() + json.dumps(reading.report.to_dict())
    with pytest.raises(InputError) as caught:
        read_layer_file(path, layer, set_values={"grade": "very"}, where={"Nationalitet": "SECRET-1"})
    assert "SECRET" not in str(caught.value)


def test_columns_hidden_in_objects_are_not_read(write_geojson: Write, workplaces: Layer) -> None:
    path = write_geojson([(UMEA, SITE | {"firm": {"nationality": "SECRET"}, "list": ["SECRET"]})])
    reading = read_layer_file(path, workplaces)
    assert reading.report.unused_columns == ("firm", "list")
    assert "SECRET" not in reading.frame.to_csv()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("F&ouml;rbifart &Aring;sele", "Förbifart Åsele"),
        ("V&#228;g &#x34;4", "Väg 44"),
        ("a&nbsp;b", "a\xa0b"),
        ("R&D, AT&T, A&notB, &; &x;", "R&D, AT&T, A&notB, &; &x;"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("{{ 7*7 }}<img src=x onerror=alert(1)>", "{{ 7*7 }}<img src=x onerror=alert(1)>"),
        ("&lt;script&gt;", "<script>"),
        ("a\nb\tc", "a b c"),
        ("&#0;a&#10;", "\ufffda"),
        ("&#99999999;", "&#99999999;"),
    ],
)
def test_names_are_plain_text(write_geojson: Write, workplaces: Layer, text: str, expected: str) -> None:
    reading = read_layer_file(write_geojson([(UMEA, SITE | {"name": text})]), workplaces)
    assert reading.frame["name"].tolist() == [expected]


@given(st.text().filter(lambda text: ";" not in text))
def test_text_without_references_stays_as_it_is(text: str) -> None:
    """But for control characters and marks that turn the direction of text, which become blanks."""
    turning = {*range(0x2028, 0x202F), *range(0x2066, 0x206A)}
    plain = "".join(" " if ord(each) < 32 or 127 <= ord(each) < 160 or ord(each) in turning else each for each in text)
    assert decode_entities(text).replace(" ", "") == plain.replace(" ", "").strip()


def test_only_names_are_decoded(write_geojson: Write, workplaces: Layer) -> None:
    reading = read_layer_file(write_geojson([(UMEA, SITE | {"workplace_id": "a&ouml;1"})]), workplaces)
    assert reading.frame["workplace_id"].tolist() == ["a&ouml;1"]


def test_half_a_surrogate_pair_is_no_reason_to_fail(tmp_path: Path, workplaces: Layer) -> None:
    path = tmp_path / "odd.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": '
        '[20.26, 63.83]}, "properties": {"workplace_id": "1", "sni": "41.20", "employees": 1, "name": "a\\ud800b", '
        '"\\udc00": 1}}]}'
    )
    reading = read_layer_file(path, workplaces)
    assert reading.frame["name"].tolist() == ["a\ufffdb"]
    json.dumps(reading.report.to_dict(), ensure_ascii=False).encode()


def convert(geojson: Path, path: Path) -> Path:
    """The same rows in another format, by hand or by geopandas."""
    if path.suffix == ".gpkg":
        import geopandas as gpd  # noqa: PLC0415

        gpd.read_file(geojson).to_file(path, driver="GPKG")
    elif path.suffix == ".csv":
        features = json.loads(geojson.read_text("utf-8"))["features"]
        header = list(features[0]["properties"])
        lines = [";".join([*header, "lon", "lat"])]
        lines += [
            ";".join(map(str, [*(each["properties"][name] for name in header), *each["geometry"]["coordinates"]]))
            for each in features
        ]
        path.write_text("\n".join(lines), "utf-8")
    else:
        path = geojson
    return path
