"""Layers from the store to files: what is in them, what is said of them, and what is never left behind."""

from __future__ import annotations

import csv
import hashlib
import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest

from geo.errors import NotFoundError, ParameterError, StoreError
from geo.exporting import Exported, export_layer
from geo.exporting.dictionary import UNITS, describe_columns
from geo.exporting.formats import METADATA_KEY, WRITERS
from geo.layers.circles import VISIBLE, classify
from geo.layers.hashes import content_hash
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.reading import read_layer_file
from geo.reading.exports import AS_IT_IS, EXPORT_MARK
from geo.reference import read_table
from geo.store.files import Provenance, import_frames, load_layers, load_snapshot, remove_layer, save_layer
from tests.frames import make_frame, make_workplace, small_frames

SOURCE = Provenance("register.csv", "ab" * 32, 120, licence="CC0 1.0", legal_basis="Law 2024:307", note="assumed a=1")
CIRCLES = ("joint-inspection", "municipality", "public")


def save(home: Path, *rows: dict[str, Any], source: Provenance = SOURCE, mode: str = "replace") -> None:
    frame = validate(LAYERS["workplaces"], make_frame(list(rows)))
    import_frames(home, "workplaces", [frame], source, mode=mode)


def one_of_each_circle(home: Path) -> None:
    save(home, *(make_workplace(number, circle=circle) for number, circle in enumerate(CIRCLES, 1)))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_gpkg(path: Path) -> list[dict[str, str]]:
    return gpd.read_file(path, layer="norrsyn_dictionary").fillna("").to_dict("records")


DICTIONARIES: dict[str, Callable[[Exported], list[dict[str, str]]]] = {
    ".gpkg": lambda done: read_gpkg(done.path),
    ".parquet": lambda done: json.loads(pq.read_schema(done.path).metadata[METADATA_KEY]),
    ".csv": lambda done: read_csv(done.dictionary_path or Path("none")),
}


@pytest.mark.usefixtures("database")
class TestSnapshots:
    def test_the_current_one_and_an_older_one(self, tmp_path: Path) -> None:
        save(tmp_path, make_workplace(1), make_workplace(2))
        save(tmp_path, make_workplace(1, name="=1+1"), make_workplace(3))
        for ending in WRITERS:
            for number, chosen in ((2, None), (2, 2), (1, 1)):
                out = tmp_path / f"out{chosen}{ending}"
                done = export_layer(tmp_path, "workplaces", out, snapshot=chosen)
                expected = load_snapshot(tmp_path, "workplaces", number)
                assert (done.path, done.rows, done.snapshot, done.circle) == (out, 2, number, None)
                assert done.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
                assert done.content_sha256 == content_hash(expected)
                assert content_hash(read_layer_file(out, "workplaces", strict=True).frame) == content_hash(expected)

    def test_an_export_that_is_imported_changes_no_record(self, tmp_path: Path) -> None:
        for name, frame in small_frames().items():
            save_layer(tmp_path, name, frame, SOURCE)
            before = load_layers(tmp_path).hashes[name]
            done = export_layer(tmp_path, name, tmp_path / f"{name}.csv")
            reading = read_layer_file(done.path, name, strict=True)
            again = import_frames(tmp_path, name, [reading.frame], Provenance.from_report(reading.report))
            assert (again.is_new, again.added, again.changed, again.gone) == (False, 0, 0, 0)
            assert load_layers(tmp_path).hashes[name] == before

    def test_what_is_not_there_is_said(self, tmp_path: Path) -> None:
        out = tmp_path / "out.csv"
        save(tmp_path, make_workplace(1))
        with pytest.raises(NotFoundError, match="Nothing was ever imported into roads"):
            export_layer(tmp_path, "roads", out)
        with pytest.raises(NotFoundError, match="workplaces has no snapshot 7; there are 1"):
            export_layer(tmp_path, "workplaces", out, snapshot=7)
        with pytest.raises(NotFoundError, match="no layer 'work'"):
            export_layer(tmp_path, "work", out)
        remove_layer(tmp_path, "workplaces")
        with pytest.raises(NotFoundError, match="workplaces has no current snapshot; there are 1"):
            export_layer(tmp_path, "workplaces", out)
        assert not out.exists()


class TestCircles:
    @pytest.mark.parametrize(
        ("circle", "seen"),
        [(None, CIRCLES), ("joint-inspection", CIRCLES), ("municipality", CIRCLES[1:]), ("public", CIRCLES[2:])],
    )
    def test_only_what_a_circle_may_see_is_written(
        self, circle: str | None, seen: tuple[str, ...], tmp_path: Path
    ) -> None:
        one_of_each_circle(tmp_path)
        done = export_layer(tmp_path, "workplaces", tmp_path / "out.parquet", circle=circle)
        assert sorted(gpd.read_parquet(done.path)["circle"]) == sorted(seen)
        assert (done.rows, done.rows_left_out, done.circle) == (len(seen), 3 - len(seen), circle)
        # not even in the bytes of the file
        assert all(
            (name in pq.read_table(done.path).column("circle").to_pylist()) == (name in seen) for name in CIRCLES
        )
        assert done.classification == classify(seen)

    def test_without_a_record_to_see_nothing_is_written(self, tmp_path: Path) -> None:
        save(tmp_path, make_workplace(1))
        with pytest.raises(NotFoundError, match="No record of workplaces may be seen by circle public"):
            export_layer(tmp_path, "workplaces", tmp_path / "out.gpkg", circle="public")
        assert not (tmp_path / "out.gpkg").exists()

    def test_a_circle_that_is_none(self, tmp_path: Path) -> None:
        save(tmp_path, make_workplace(1))
        with pytest.raises(ParameterError, match="no sharing circle 'all'; the circles are joint-inspection"):
            export_layer(tmp_path, "workplaces", tmp_path / "out.gpkg", circle="all")

    def test_every_circle_sees_itself_and_the_public(self) -> None:
        assert set(VISIBLE) == set(read_table("circles")["circle"])
        assert all({name, "public"} <= seen for name, seen in VISIBLE.items())

    def test_the_file_says_who_may_see_it(self) -> None:
        assert classify(["public"]) == "Public: anyone may see every record."
        assert classify(["public", "municipality"]).startswith("Not public: for circle municipality (Municipality)")
        assert classify(CIRCLES).startswith("Not public: for circle joint-inspection (Joint inspections")


class TestDictionary:
    @pytest.mark.parametrize("ending", WRITERS)
    def test_it_says_what_is_in_the_file(self, ending: str, tmp_path: Path) -> None:
        source = Provenance("=cmd.csv", "cd" * 32, 7, licence="CC BY 4.0", retain_until="2099-01-31")
        save(tmp_path, make_workplace(1, synthetic=True), make_workplace(2), source=source)
        done = export_layer(tmp_path, "workplaces", tmp_path / f"out{ending}")
        assert (done.dictionary_path is None) == (ending != ".csv")
        lines = DICTIONARIES[ending](done)
        about = {line["entry"]: line["meaning"] for line in lines if line["kind"] == "about"}
        assert about["attribution"] == "Source: =cmd.csv (CC BY 4.0); compiled with Norrsyn." == done.attribution
        assert about["classification"] == done.classification
        assert about["content_sha256"] == done.content_sha256
        assert about["erase_after"] == "2099-01-31"
        assert about["synthetic"] == "1 of 2 records are made up"
        escaped = "'" if ending == ".csv" else ""
        assert about["source"] == (
            f"{escaped}=cmd.csv; SHA-256 {'cd' * 32}; licence CC BY 4.0; legal basis not stated; "
            "may be kept until 2099-01-31"
        )
        columns = {line["entry"]: line for line in lines if line["kind"] != "about"}
        assert set(columns) == set(read_header(done.path)), "a line for each column of the file and no other"
        assert (columns["employees"]["unit"], columns["employees"]["where_missing"]) == ("employees", "refused")
        assert columns["sni_version"]["codes"] == "2007 2025"
        assert columns["circle"]["where_missing"] == "joint-inspection"

    def test_rows_that_were_added_name_their_sources_too(self, tmp_path: Path) -> None:
        save(tmp_path, make_workplace(9), source=Provenance("gone.csv"))
        save(tmp_path, make_workplace(1), source=Provenance("first.csv", licence="A"))
        save(tmp_path, make_workplace(2), source=Provenance("second.csv", licence="B"), mode="add")
        done = export_layer(tmp_path, "workplaces", tmp_path / "out.csv")
        assert "second.csv (B), first.csv (A)" in done.attribution
        only = export_layer(tmp_path, "workplaces", tmp_path / "old.csv", snapshot=2)
        assert only.attribution == "Source: first.csv (A); compiled with Norrsyn."

    @pytest.mark.parametrize("name", LAYERS)
    def test_every_column_of_numbers_has_a_unit(self, name: str) -> None:
        lines = describe_columns(LAYERS[name], ("geometry",), AS_IT_IS)
        assert [line.entry for line in lines] == [*LAYERS[name].schema.columns, EXPORT_MARK, "geometry"]
        for line in lines:
            assert line.meaning
            assert bool(line.unit) == (line.kind == "number" or line.entry == "geometry")

    def test_every_unit_is_of_a_column(self) -> None:
        assert set(UNITS) <= {column for layer in LAYERS.values() for column in layer.schema.columns}


def read_header(path: Path) -> list[str]:
    if path.suffix == ".csv":
        return list(read_csv(path)[0])
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    return list(gpd.read_file(path, layer="workplaces").columns)


class TestFiles:
    def test_other_programs_read_them(self, tmp_path: Path) -> None:
        save(tmp_path, make_workplace(1, active_from="2026-01-02"))
        for ending in (".gpkg", ".parquet"):
            done = export_layer(tmp_path, "workplaces", tmp_path / f"out{ending}")
            found = gpd.read_file(done.path, layer="workplaces") if ending == ".gpkg" else gpd.read_parquet(done.path)
            assert found.crs.to_epsg() == 3006
            assert pd.Timestamp(found["active_from"][0]) == pd.Timestamp("2026-01-02")
            assert found.geometry.x[0] == make_workplace(1)["easting"]

    @pytest.mark.parametrize("ending", WRITERS)
    def test_a_file_that_is_there_is_replaced_only_when_asked(self, ending: str, tmp_path: Path) -> None:
        save(tmp_path, make_workplace(1))
        out = tmp_path / f"out{ending}"
        out.write_text("mine")
        with pytest.raises(ParameterError, match="is there already; choose another name, or replace it with --replace"):
            export_layer(tmp_path, "workplaces", out)
        assert out.read_text() == "mine"
        export_layer(tmp_path, "workplaces", out, replace=True)
        assert len(read_layer_file(out, "workplaces").frame) == 1

    def test_a_dictionary_that_is_there_is_not_replaced_either(self, tmp_path: Path) -> None:
        save(tmp_path, make_workplace(1))
        (tmp_path / "out.dictionary.csv").write_text("mine")
        with pytest.raises(ParameterError, match=r"out\.dictionary\.csv is there already"):
            export_layer(tmp_path, "workplaces", tmp_path / "out.csv")
        assert not (tmp_path / "out.csv").exists()

    def test_an_unknown_ending(self, tmp_path: Path) -> None:
        with pytest.raises(ParameterError, match=r"ending in \.gpkg, \.parquet, \.csv"):
            export_layer(tmp_path, "workplaces", tmp_path / "out.xlsx")

    @pytest.mark.parametrize("ending", WRITERS)
    def test_a_folder_that_is_not_there(self, ending: str, tmp_path: Path) -> None:
        save(tmp_path, make_workplace(1))
        with pytest.raises(StoreError, match="cannot be written"):
            export_layer(tmp_path, "workplaces", tmp_path / "none" / f"out{ending}")

    @pytest.mark.parametrize("ending", WRITERS)
    @pytest.mark.parametrize("n_bytes", [0, 200, 3_000])
    def test_a_writer_that_fails_leaves_the_old_file(
        self, n_bytes: int, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save(tmp_path, *(make_workplace(number, name=f"{number * 7919 % 1000003:06d} " * 20) for number in range(100)))
        out = tmp_path / "out" / f"rows{ending}"
        out.parent.mkdir()
        out.write_text("mine")
        write = WRITERS[ending]

        def write_as_if_disk_were_full(*arguments: Any) -> None:
            with no_larger_files_than(n_bytes):
                write(*arguments)

        monkeypatch.setattr("geo.exporting.layer.WRITERS", {**WRITERS, ending: write_as_if_disk_were_full})
        with pytest.raises(StoreError, match=rf"rows{ending} cannot be written: .*check disk space"):
            export_layer(tmp_path, "workplaces", out, replace=True)
        assert [(each.name, each.read_text()) for each in out.parent.iterdir()] == [(out.name, "mine")]


@contextmanager
def no_larger_files_than(n_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond that, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
