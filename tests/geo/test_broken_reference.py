"""A broken reference table stops the program with one message that names every failure."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from geo import reference
from geo.errors import ConfigError
from geo.reference import tables

FOLDER = Path(__file__).resolve().parents[2] / "data" / "reference"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "reference"))


def edit(path: Path, change: Callable[[list[list[str]]], None]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def failures_of(name: str, folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        reference.load_table(name, folder)
    message = str(caught.value)
    assert message.startswith(f"Reference table {name} (")
    lines = [line.strip() for line in message.splitlines()[1:-1]]
    assert f"{len(lines)} failure(s)" in message
    return lines


def test_all_broken_cells_are_listed_at_once(folder: Path) -> None:
    def change(rows: list[list[str]]) -> None:
        header = rows[0]
        rows[1][header.index("risk_weight")] = "high"
        rows[2][header.index("risk_weight")] = "1.5"
        rows[3][header.index("risk_weight")] = "nan"
        rows[4][header.index("bandwidth_m")] = "0"
        rows[5][header.index("source")] = ""
        rows[6][header.index("role")] = "danger"
        rows[7][header.index("sector")] = "green"
        rows[8][header.index("title")] = " Recycling"

    edit(folder / "sectors.csv", change)
    assert sorted(failures_of("sectors", folder)) == sorted(
        [
            "line 2, column risk_weight: 'high' is not a number",
            "line 3, column risk_weight: 1.5 is above 1",
            "line 4, column risk_weight: 'nan' is not a finite number",
            "line 5, column bandwidth_m: 0 is below 1",
            "line 6, column source: is empty",
            "line 7, column role: 'danger' does not have the form risk|multiplier|denominator",
            "line 8, column sector: green stands on line 2 already",
            "line 9, column title: ' Recycling' begins or ends with a space",
        ]
    )


def test_unknown_codes_flags_dates_and_patterns_are_listed(folder: Path) -> None:
    def break_period(rows: list[list[str]]) -> None:
        rows[1][0], rows[2][1], rows[3][2], rows[4][3] = "atlantis", "party", "2023-02-30", "20230630"

    edit(folder / "establishment_periods.csv", break_period)
    assert sorted(failures_of("establishment_periods", folder)) == [
        "line 2, column establishment_id: 'atlantis' is not in establishments.establishment_id",
        "line 3, column phase: 'party' is not in establishment_phases.phase",
        "line 4, column active_from: '2023-02-30' is not a date as YYYY-MM-DD",
        "line 5, column active_to: '20230630' is not a date as YYYY-MM-DD",
    ]
    edit(folder / "sni_divisions.csv", lambda rows: rows[1].__setitem__(1, "yes"))
    assert failures_of("sni_divisions", folder) == ["line 2, column sni_2007: 'yes' is neither true nor false"]
    edit(folder / "refused_columns.csv", lambda rows: rows[1].__setitem__(0, "(person"))
    assert failures_of("refused_columns", folder) == ["line 2, column pattern: '(person' is not a regular expression"]
    edit(folder / "sector_seasons.csv", lambda rows: rows[1].__setitem__(1, "1.5"))
    assert failures_of("sector_seasons", folder) == ["line 2, column month: '1.5' is not a whole number"]


def test_missing_and_unknown_columns_and_short_rows_are_listed(folder: Path) -> None:
    def change(rows: list[list[str]]) -> None:
        rows[0][0] = "lan"
        rows[2].append("surplus")

    edit(folder / "counties.csv", change)
    assert failures_of("counties", folder) == [
        "line 1: column county is missing",
        "line 1: column lan is not in the data dictionary",
        "line 3: 4 cells, the header has 3",
    ]


def test_rules_across_rows_are_held(folder: Path) -> None:
    edit(folder / "score_classes.csv", lambda rows: rows[3].__setitem__(3, "20.5"))
    before = int(reference.score_classes()[1].high)
    assert failures_of("score_classes", folder) == [
        f"column low: class 3 begins at 20.5, but the class before ends at {before}"
    ]
    edit(folder / "model_components.csv", lambda rows: rows[1].__setitem__(rows[0].index("weight"), "0.3"))
    assert failures_of("model_components", folder) == ["column weight: adds up to 1.1, must be 1"]
    edit(folder / "certainty_classes.csv", lambda rows: (rows.pop(4), rows[3].__setitem__(3, "0.6")))
    assert failures_of("certainty_classes", folder) == [
        "column p_top_min: the last row must hold 0, not 0.6",
        "column p_top_min: 0.6 must be below the row before, 0.5",
    ]
    edit(folder / "sector_seasons.csv", lambda rows: rows.pop(5))
    assert failures_of("sector_seasons", folder) == ["column month: green has no row for month 5"]
    edit(folder / "establishment_periods.csv", lambda rows: rows.pop(2))
    assert failures_of("establishment_periods", folder) == [
        "column active_from: northvolt_ett has a gap or an overlap between 2023-12-31 and 2024-10-01"
    ]
    edit(folder / "calibration.csv", lambda rows: rows[1].__setitem__(3, "160"))
    assert failures_of("calibration", folder) == ["column high: 160 is below low, 161"]


def test_files_that_are_missing_empty_or_not_text_are_named(folder: Path) -> None:
    (folder / "counties.csv").unlink()
    assert failures_of("counties", folder) == ["the file is missing"]
    assert len(failures_of("municipalities", folder)) == 44
    (folder / "circles.csv").write_text("circle,title,title_sv,finest_cell_m,note,source\n", "utf-8")
    assert failures_of("circles", folder) == ["the table has no rows"]
    (folder / "sectors.csv").write_bytes("sector\nbär".encode("latin-1"))
    assert "cannot be read as UTF-8 CSV" in failures_of("sectors", folder)[0]


def test_byte_order_mark_and_windows_lines_are_read(folder: Path) -> None:
    path = folder / "circles.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    pd.testing.assert_frame_equal(reference.load_table("circles", folder), reference.read_table("circles"))


def test_tables_are_found_in_a_wheel_and_in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "files", lambda _package: tmp_path / "geo" / "reference")
    with pytest.raises(ConfigError, match="Install Norrsyn again, or run it from a complete checkout"):
        reference.find_reference_folder()
    checkout, wheel = tmp_path / "data" / "reference", tmp_path / "geo" / "data" / "reference"
    for place in (checkout, wheel):
        shutil.copytree(FOLDER, place)
        assert reference.find_reference_folder() == place


def test_wrong_parameter_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(rows: list[list[str]]) -> None:
        rows[2][1] = "wide"
        rows[3][1] = "far"

    edit(folder / "model_parameters.csv", change)
    monkeypatch.setattr("geo.reference.tables.find_reference_folder", lambda: folder)
    reference.model_parameters.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r"'wide' is not a number.*'far' is not a number"):
            reference.model_parameters()
    finally:
        reference.model_parameters.cache_clear()
