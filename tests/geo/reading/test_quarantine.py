"""Nothing is lost: a row is accepted, waits in quarantine with the reason, or repeats another one."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.layers.base import Layer
from geo.layers.bundle import content_hash
from geo.layers.registry import get_layer
from geo.reading import read_layer_file
from geo.reading.columns import Choice
from geo.reading.files import Request, stage_file
from geo.reading.formulas import escape_formula, restore_formula
from geo.reading.quarantine import MARKS, QuarantinedRow, write_quarantine_csv
from geo.reading.staging import Staged
from tests.geo.reading.conftest import LULEA, SKANE, UMEA

Write = Callable[..., Path]
KEY = "ab" * 32
HEAD = ["workplace_id", "name", "sni", "employees", "lon", "lat"]
quick = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

cells = st.fixed_dictionaries(
    {
        "workplace_id": st.sampled_from(["1", "2", "3", "4", "", "=1+1"]),
        "name": st.sampled_from(["Firma A", "", "=cmd()", "'", "811228-9874"]),
        "sni": st.sampled_from(["41.20", "99999", "56100"]),
        "employees": st.sampled_from(["1", "2", "-1", "many"]),
        "place": st.sampled_from([UMEA, LULEA, SKANE, (None, None), UMEA[::-1], ("x", 1)]),
    }
)


def stage(folder: Path, *paths: Path, layer: str = "workplaces", **options: Any) -> Staged:
    folder.mkdir(parents=True)
    request = Request(tuple(map(str, paths)), layer, Choice.of(), pseudonym_key=KEY, **options)
    stage_file(request.to_dict(), folder, lambda *_: None)
    return Staged(folder)


def write_cells(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEAD)
        writer.writerow(["good", "Firma B", "41.20", "1", *UMEA])
        writer.writerows([*(row[name] for name in HEAD[:4]), *row["place"]] for row in rows)
    return path


@quick
@given(rows=st.lists(cells, max_size=12), rows_at_once=st.integers(1, 14))
def test_rows_in_are_accepted_quarantined_or_duplicate(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], rows_at_once: int
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    path = write_cells(folder / "rows.csv", rows)
    staged = stage(folder / "runs", path, rows_at_once=rows_at_once)
    (report,) = staged.reports
    quarantined = list(staged.quarantine())
    assert report.rows_in == report.rows_read == len(rows) + 1
    assert report.rows_in == report.rows_accepted + report.rows_quarantined + report.rows_duplicate
    assert len(quarantined) == len({row.row for row in quarantined}) == report.rows_quarantined
    assert len(staged.frame()) == report.rows_accepted
    assert all(row.failures and all(each.rule and each.remedy for each in row.failures) for row in quarantined)
    whole = stage(folder / "whole", path)
    assert whole.reports == staged.reports
    assert content_hash(whole.frame()) == content_hash(staged.frame())
    assert sorted(quarantined, key=lambda row: row.row) == sorted(whole.quarantine(), key=lambda row: row.row)


def test_a_row_tells_everything_that_is_wrong_with_it(write_csv: Write, tmp_path: Path) -> None:
    path = write_csv(HEAD, ["1", "Firma A", "41.20", 1, *UMEA], ["2", "Firma B", "x", "-1", "here", 1])
    staged = stage(tmp_path / "runs", path)
    (row,) = staged.quarantine()
    assert (row.source, row.row) == (path.name, 2)
    assert dict(row.cells) == {
        "workplace_id": "2", "name": "Firma B", "sni": "x", "employees": "-1", "lon": "here", "lat": "1"
    }  # fmt: skip
    told = {(each.column, each.value, each.rule) for each in row.failures}
    assert told == {
        ("geometry", "", "lon 'here' is no finite number"),
        ("employees", "-1.0", "must be 0 or more"),
        ("sni", "x in SNI 2007", "unknown industry code"),
    }


def test_rows_of_one_id_all_wait(write_csv: Write, tmp_path: Path) -> None:
    """Which one is right is for a person to say, whatever the order and however far apart they stand."""
    rows = [[str(number), "Firma", "41.20", 1, *UMEA] for number in range(6)]
    path = write_csv(HEAD, *rows, ["0", "Firma", "41.20", 2, *UMEA])
    for rows_at_once in (2, 100):
        staged = stage(tmp_path / str(rows_at_once), path, rows_at_once=rows_at_once)
        assert staged.frame()["workplace_id"].tolist() == ["1", "2", "3", "4", "5"]
        assert [row.row for row in staged.quarantine()] == [1, 7]
        assert {row.cells["employees"] for row in staged.quarantine()} == {"1", "2"}


def test_several_files_are_one_import(write_csv: Write, tmp_path: Path) -> None:
    first = write_csv(HEAD, ["1", "Firma", "41.20", 1, *UMEA], ["2", "Firma", "41.20", 1, *UMEA]).rename(
        tmp_path / "a.csv"
    )
    second = write_csv(HEAD, ["2", "Firma", "41.20", 9, *UMEA], ["1", "Firma", "41.20", 1, *UMEA]).rename(
        tmp_path / "b.csv"
    )
    staged = stage(tmp_path / "runs", first, second)
    assert [report.source_name for report in staged.reports] == ["a.csv", "b.csv"]
    assert [(report.rows_accepted, report.rows_quarantined, report.rows_duplicate) for report in staged.reports] == [
        (1, 1, 0),
        (0, 1, 1),
    ]
    assert [(row.source, row.row) for row in staged.quarantine()] == [("a.csv", 2), ("b.csv", 1)]
    assert staged.frame()["workplace_id"].tolist() == ["1"]


def test_rows_wait_in_the_order_of_the_files_whenever_their_fault_was_found(write_csv: Write, tmp_path: Path) -> None:
    wrong, twice, right = (["", "Firma", "41.20", 1], ["7", "Firma", "41.20"], "41.20")
    rows = [
        wrong,
        [*twice, 1],
        ["2", "Firma", right, 1],
        ["", "F", right, 1],
        ["3", "Firma", right, -1],
        ["4", "Firma", right, 1],
    ]
    first = write_csv(HEAD, *([*row, *UMEA] for row in [*rows, [*twice, 2]])).rename(tmp_path / "a.csv")
    second = write_csv(HEAD, *([*row, *UMEA] for row in [["5", "Firma", right, -1], [*twice, 3]])).rename(
        tmp_path / "b.csv"
    )
    for rows_at_once in (1, 2, 3, 100):
        staged = stage(tmp_path / str(rows_at_once), first, second, rows_at_once=rows_at_once)
        assert [(row.source, row.row) for row in staged.quarantine()] == [
            *(("a.csv", row) for row in (1, 2, 4, 5, 7)),
            ("b.csv", 1),
            ("b.csv", 2),
        ]


@quick
@given(rows=st.lists(cells, min_size=1, max_size=8))
def test_a_quarantine_file_is_read_as_the_rows_it_came_from(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    """Fed back unmended, the same rows break the same rules."""
    folder = tmp_path_factory.mktemp("rows")
    staged = stage(folder / "runs", write_cells(folder / "rows.csv", rows))
    quarantined = list(staged.quarantine())
    if not quarantined:
        return
    (before,) = staged.reports
    n_rows = write_quarantine_csv(folder / "quarantine.csv", quarantined, before.columns, "import-1")
    again = stage(folder / "again", folder / "quarantine.csv", crs=before.crs, is_swapped=before.is_swapped)
    assert n_rows == len(quarantined)
    (report,) = again.reports
    cells_before = {tuple(sorted(row.cells.items())) for row in quarantined}
    assert {tuple(sorted(row.cells.items())) for row in again.quarantine()} <= cells_before
    assert report.rows_in == report.rows_quarantined + report.rows_duplicate + report.rows_accepted
    # rows whose id stood twice may be right once the others are gone; all else is as wrong as before
    ids = [row for row in quarantined if all(each.rule.startswith("the same id") for each in row.failures)]
    assert report.rows_accepted <= len(ids)


def test_mended_rows_are_accepted(write_geojson: Write, workplaces: Layer, tmp_path: Path) -> None:
    path = write_geojson([
        (UMEA, {"workplace_id": "1", "sni": "41.20", "employees": 3}),
        (LULEA, {"workplace_id": "2", "sni": "41.20", "employees": "three"}),
    ])  # fmt: skip
    staged = stage(tmp_path / "runs", path)
    write_quarantine_csv(tmp_path / "quarantine.csv", staged.quarantine(), staged.reports[0].columns, "import-1")
    table = pd.read_csv(tmp_path / "quarantine.csv", dtype=str)
    assert list(table.columns[: len(MARKS)]) == list(MARKS)
    assert table["norrsyn_remedy"].str.contains("write digits").all()
    table["employees"] = "3"
    table.to_csv(tmp_path / "mended.csv", index=False)
    reading = read_layer_file(tmp_path / "mended.csv", workplaces, crs="OGC:CRS84")
    assert reading.frame["workplace_id"].tolist() == ["2"]
    whole = read_layer_file(write_geojson([(LULEA, {"workplace_id": "2", "sni": "41.20", "employees": 3})]), workplaces)
    assert content_hash(reading.frame) == content_hash(whole.frame)


@given(st.text())
def test_formulas_are_text_and_come_back(text: str) -> None:
    escaped = escape_formula(text)
    assert restore_formula(escaped) == text
    harmless = not escaped.startswith(tuple("=+-@\t\r\n"))
    assert (
        harmless
        or escaped.strip()
        .lstrip("+-")
        .replace(".", "")
        .replace(",", "")
        .replace("e", "")
        .replace("E", "")
        .replace("+", "")
        .replace("-", "")
        .isdecimal()
    )


def test_what_identifies_a_person_is_nowhere(write_csv: Write, tmp_path: Path) -> None:
    """Neither in accepted rows nor in quarantine, its file or the report: not the number, not the refused column."""
    number = "811228-9874"
    head = [*HEAD, "orgnr", "personnummer", "note"]
    path = write_csv(
        head,
        ["1", "Firma A", "41.20", 1, *UMEA, number, number, "x"],
        ["2", f"Firma {number}", "41.20", "many", *UMEA, number.replace("-", ""), number, number],
        ["3", "Firma C", "41.20", "many", *UMEA, "811228-9873", number, "19" + number],
    )
    staged = stage(tmp_path / "runs", path)
    write_quarantine_csv(tmp_path / "quarantine.csv", staged.quarantine(), staged.reports[0].columns)
    (report,) = staged.reports
    assert (report.rows_accepted, report.rows_quarantined, report.rows_pseudonymised) == (1, 2, 2)
    texts = [
        (tmp_path / "quarantine.csv").read_text("utf-8"),
        str(report.to_dict()),
        str(staged.frame().to_dict()),
        str([row.to_dict() for row in staged.quarantine()]),
    ]
    for text in texts:
        assert "9874" not in text
        assert "9873" not in text
        assert "8112289874" not in text
    assert "personnummer" in report.refused_columns


def test_rows_without_coordinates_are_placed_by_name(write_csv: Write, tmp_path: Path) -> None:
    path = write_csv(
        ["cfar", "namn", "sni", "antal anställda", "ort", "kommun"],
        ["1", "Firma A", "41.20", 1, "Umeå", "Umeå"],
        ["2", "Firma B", "41.20", 1, "Ingenstans", "Ingenstans"],
    )
    staged = stage(tmp_path / "runs", path)
    (report,) = staged.reports
    frame = staged.frame()
    assert frame["precision"].tolist() == ["locality"]
    assert frame["spread_m"].iloc[0] > 500
    assert frame.geometry.iloc[0].distance(frame.geometry.iloc[0]) == 0
    assert report.renamed["antal anställda"] == "employees"
    (row,) = staged.quarantine()
    assert row.cells["namn"] == "Firma B"
    assert any(each.column == "geometry" for each in row.failures)


def test_the_edition_of_industry_codes_is_told_from_them(write_csv: Write, tmp_path: Path) -> None:
    path = write_csv(HEAD, ["1", "Firma A", "95311", 1, *UMEA], ["2", "Firma B", "41000", 1, *UMEA])
    staged = stage(tmp_path / "runs", path)
    assert set(staged.frame()["sni_version"]) == {"2025"}


def test_areas_are_drawn_from_their_codes(write_csv: Write, tmp_path: Path) -> None:
    path = write_csv(["kommunkod", "sector", "anstallda"], ["2480", "construction", 10], ["9999", "green", 2])
    staged = stage(tmp_path / "runs", path, layer="sectors")
    frame = staged.frame()
    assert frame["area_id"].tolist() == ["2480"]
    assert frame.geometry.iloc[0].area > 1e9
    (row,) = staged.quarantine()
    assert row.row == 2
    assert get_layer("sectors").name == staged.layer.name


def test_a_row_of_the_quarantine_compares_by_content() -> None:
    assert QuarantinedRow("a", 1, (), {}) == QuarantinedRow("a", 1, (), {})
