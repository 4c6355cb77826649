"""What is exported and read again is the same layer, to the last bit, in every format."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.exporting.formats import WRITERS
from geo.layers.hashes import content_hash
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.reading import read_layer_file
from geo.reading.columns import Choice
from geo.reading.exports import AS_IT_IS, EXPORT_MARK
from geo.reading.files import Request, stage_file
from geo.reading.formulas import escape_formula
from geo.reading.quarantine import write_quarantine_csv
from geo.reading.staging import Staged
from tests.frames import make_frame, make_workplace
from tests.geo.exporting.made import NASTY, frames_of

quick = settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.mark.parametrize("name", LAYERS)
@quick
@given(data=st.data())
def test_every_layer_comes_back_from_every_format(name: str, data: st.DataObject, tmp_path: Path) -> None:
    layer = LAYERS[name]
    frame = data.draw(frames_of(layer))
    for ending, write in WRITERS.items():
        path = tmp_path / f"rows{ending}"
        path.unlink(missing_ok=True)
        write(path, layer, frame, ())
        reading = read_layer_file(path, layer, strict=True)
        assert content_hash(reading.frame) == content_hash(frame), ending
        assert (reading.report.unused_columns, reading.report.notes) == ((), ())


def named(*names: str) -> gpd.GeoDataFrame:
    """Workplaces of these names."""
    rows = [make_workplace(number, name=name) for number, name in enumerate(names, 1)]
    return validate(LAYERS["workplaces"], make_frame(rows))


@pytest.mark.parametrize("ending", WRITERS)
def test_text_comes_back_letter_by_letter(ending: str, tmp_path: Path) -> None:
    frame, path = named(*NASTY), tmp_path / f"rows{ending}"
    WRITERS[ending](path, LAYERS["workplaces"], frame, ())
    reading = read_layer_file(path, "workplaces", strict=True)
    assert reading.frame["name"].tolist() == list(NASTY)
    assert content_hash(reading.frame) == content_hash(frame)


@pytest.mark.parametrize("ending", WRITERS)
def test_what_could_turn_a_sentence_round_does_not_come_in_by_an_export(ending: str, tmp_path: Path) -> None:
    """Whoever adds the mark to a file gets nothing past the checks by it; Python alone can put such text in a layer."""
    frame, path = named("a\u202eb", "line\none"), tmp_path / f"rows{ending}"
    WRITERS[ending](path, LAYERS["workplaces"], frame, ())
    assert read_layer_file(path, "workplaces").frame["name"].tolist() == ["a b", "line one"]


class TestSpreadsheets:
    """What a person or a spreadsheet does to an exported CSV on its way back."""

    def export(self, folder: Path, *names: str) -> list[dict[str, str]]:
        self.path = folder / "rows.csv"
        WRITERS[".csv"](self.path, LAYERS["workplaces"], named(*names), ())
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def read(self, rows: list[dict[str, str]], delimiter: str = ",") -> list[str]:
        with self.path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
        return read_layer_file(self.path, "workplaces", strict=True).frame["name"].tolist()

    def test_no_cell_runs(self, tmp_path: Path) -> None:
        for row in self.export(tmp_path, *NASTY):
            for cell in row.values():
                assert escape_formula(cell) == cell or cell.startswith("'")

    def test_semicolons_and_decimal_commas(self, tmp_path: Path) -> None:
        rows = self.export(tmp_path, "=1+1", "'a", "b;c")
        for row in rows:
            row["employees"] = "10,5"
        assert self.read(rows, ";") == ["=1+1", "'a", "b;c"]

    def test_rows_that_a_person_added_are_taken_as_they_stand(self, tmp_path: Path) -> None:
        rows = self.export(tmp_path, "=1+1")
        assert rows[0]["name"] == "'=1+1"
        added = {**rows[0], "workplace_id": "w2", "name": "'a", EXPORT_MARK: ""}
        assert self.read([*rows, added]) == ["=1+1", "'a"]

    def test_a_row_that_waits_in_quarantine_is_still_one_of_an_export(self, tmp_path: Path) -> None:
        rows = self.export(tmp_path, "'R&amp;D", "good")
        rows[0]["employees"] = "many"
        with self.path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        (tmp_path / "staged").mkdir()
        request = Request((str(self.path),), "workplaces", Choice.of())
        stage_file(request.to_dict(), tmp_path / "staged", lambda *_: None)
        staged = Staged(tmp_path / "staged")
        mended = [replace(row, cells={**row.cells, "employees": "3"}) for row in staged.quarantine()]
        assert [row.cells["name"] for row in mended] == ["'R&amp;D"]
        assert mended[0].cells[EXPORT_MARK] == AS_IT_IS
        write_quarantine_csv(tmp_path / "mended.csv", mended, staged.reports[0].columns)
        assert read_layer_file(tmp_path / "mended.csv", "workplaces").frame["name"].tolist() == ["'R&amp;D"]
