"""What is promised of data: nothing is lost, nothing is half done, nothing is kept that must not be."""

import csv
import gzip
import hashlib
import io
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import NorrsynError
from geo.reading.formulas import escape_formula, restore_formula
from geo.store.database import close_databases
from geo.store.files import (
    backup,
    check,
    list_imports,
    list_snapshots,
    load_layers,
    load_quarantine,
    load_surface,
    restore,
)
from geo.store.ingest import FileImport, Order, export_quarantine, import_files

HEAD = ["workplace_id", "name", "sni", "employees", "easting", "northing"]
GOOD = ["1", "Firma A", "41200", "5", "758000", "7088000"]
SOLE_TRADER = "811228-9874"
# what a row may hold in each column, sound or not
CELLS = [
    st.sampled_from(["1", "2", "3", ""]),
    st.sampled_from(["Firma A", "=1+1", SOLE_TRADER, ""]),
    st.sampled_from(["41200", "x", ""]),
    st.sampled_from(["5", "-1", "many", ""]),
    st.sampled_from(["758000", "400000", "0", "nan", ""]),
    st.sampled_from(["7088000", "6200000", "758000", ""]),
]


def write(path: Path, *rows: list[str], head: list[str] = HEAD) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def bring_in(home: Path, path: Path, **options: object) -> FileImport:
    return import_files(home, Order((str(path),), "workplaces", **options))  # type: ignore[arg-type]


def digest(home: Path) -> dict[str, str]:
    close_databases()
    return dict(load_layers(home).hashes)


# ---- every source row is accounted for -------------------------------------------------------------------------


@pytest.mark.long
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(*CELLS).map(list), max_size=8))
def test_every_row_is_accounted_for_and_no_number_is_kept(
    tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture, rows: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    home, path = folder / "home", write(folder / "a.csv", GOOD, *rows)
    with caplog.at_level(logging.DEBUG):
        done = bring_in(home, path)
    (report,) = done.reports
    assert report.rows_in == len(rows) + 1
    assert report.rows_in == report.rows_accepted + report.rows_quarantined + report.rows_duplicate
    assert done.imported is not None
    kept = load_quarantine(home, done.imported.import_id)
    assert len(kept) == report.rows_quarantined
    assert len(load_layers(home)["workplaces"]) == report.rows_accepted
    (told,) = list_imports(home, "workplaces")
    content = path.read_bytes()
    assert (told.provenance.source_name, told.provenance.source_size) == ("a.csv", len(content))
    assert told.provenance.source_sha256 == hashlib.sha256(content).hexdigest()
    export_quarantine(home, done.imported.import_id, folder / "quarantine.csv")
    close_databases()
    written = [each.read_bytes() for each in (*home.rglob("*"), folder / "quarantine.csv") if each.is_file()]
    for number in (SOLE_TRADER, SOLE_TRADER.replace("-", "")):
        assert not any(number.encode() in each for each in written)
        assert number not in caplog.text


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    home, path = tmp_path / "home", write(tmp_path / "a.csv", GOOD, ["2", *GOOD[1:]], ["3", "", "x", *GOOD[3:]])
    bring_in(home, path)
    before = digest(home), len(list_snapshots(home, "workplaces")), len(list_imports(home, "workplaces"))
    again = bring_in(home, path)
    assert again.imported is not None
    assert again.imported.is_known
    assert (digest(home), len(list_snapshots(home, "workplaces")), len(list_imports(home, "workplaces"))) == before


# ---- the old state or the new one, never a mix -----------------------------------------------------------------


@pytest.mark.long
def test_a_few_kills_here_and_many_in_the_long_tests(tmp_path: Path) -> None:
    """The sixty of `tests/geo/store/test_import_crashes.py` fall at random; these fall where it matters most."""
    home = tmp_path / "home"
    old = write(tmp_path / "old.csv", *([str(row), *GOOD[1:]] for row in range(400)))
    new = write(tmp_path / "new.csv", *([str(row), "Firma B", *GOOD[2:]] for row in range(400)))
    bring_in(home, old)
    states = {str(digest(home))}
    program = (
        "import os, signal, sys; from geo.store import importing; from geo.store.ingest import Order, import_files\n"
        "step = sys.argv[3]\n"
        "original = getattr(importing, step)\n"
        "def die(*arguments, **options):\n"
        "    original(*arguments, **options)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "setattr(importing, step, die)\n"
        "import_files(sys.argv[1], Order((sys.argv[2],), 'workplaces'))\n"
    )
    for step in ("_receive", "_write_versions", "write_import", "_make_snapshot", "move_pointer"):
        killed = subprocess.run([sys.executable, "-c", program, str(home), str(new), step], check=False)  # noqa: S603
        assert killed.returncode == -signal.SIGKILL, step
        assert str(digest(home)) in states, step
    assert not check(home).problems
    bring_in(home, new)
    assert str(digest(home)) not in states
    assert list(home.glob(".reading-*")) == []


@pytest.mark.long
def test_two_imports_and_twenty_readers(tmp_path: Path) -> None:
    home = tmp_path / "home"
    files = [write(tmp_path / f"{name}.csv", *([str(row), name, *GOOD[2:]] for row in range(60))) for name in "abc"]
    bring_in(home, files[0])
    seen: set[frozenset[str]] = set()
    errors: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                seen.add(frozenset(load_layers(home)["workplaces"]["name"]))
        except BaseException as error:
            errors.append(error)

    def change(path: Path) -> None:
        try:
            bring_in(home, path)
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(20)]
    writers = [threading.Thread(target=change, args=(path,)) for path in files[1:]]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert errors == []
    assert seen <= {frozenset("a"), frozenset("b"), frozenset("c")}
    assert len(list_snapshots(home, "workplaces")) == 3


# ---- what is wrong is said, and what is served stays -----------------------------------------------------------


def cut_off(path: Path) -> Path:
    frame = gpd.GeoDataFrame({"workplace_id": ["1"]}, geometry=[shapely.Point(758000, 7088000)], crs=3006)
    frame.to_file(path.with_suffix(".gpkg"), driver="GPKG")
    content = path.with_suffix(".gpkg").read_bytes()
    path.with_suffix(".gpkg").write_bytes(content[: len(content) // 2])
    return path.with_suffix(".gpkg")


def corrupt(path: Path) -> Path:
    path = path.with_suffix(".parquet")
    frame = gpd.GeoDataFrame({"workplace_id": ["1"] * 500}, geometry=[shapely.Point(758000, 7088000)] * 500, crs=3006)
    frame.to_parquet(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 200] = os.urandom(200)
    path.write_bytes(content)
    return path


def nothing_at_all(path: Path) -> Path:
    path = path.with_suffix(".csv.gz")
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(1024):
            file.write(bytes(2**20))
    return path


WRONG: dict[str, tuple[Callable[[Path], Path], str]] = {
    "cut off": (cut_off, "cut off|damaged"),
    "corrupt": (corrupt, r"x\.parquet"),
    "empty": (lambda path: write(path.with_suffix(".csv"), head=[]), r"x\.csv: .*(empty|white space)"),
    "no rows": (lambda path: write(path.with_suffix(".csv")), "holds no rows"),
    "wrong CRS": (lambda path: write(path.with_suffix(".csv"), [*GOOD[:4], "1e9", "1e9"]), "outside Sweden.* — row 1"),
    "swapped row": (
        lambda path: write(path.with_suffix(".csv"), GOOD, ["2", *GOOD[1:]], [*"3", *GOOD[1:4], *GOOD[:3:-1]]),
        "northing before easting.* — row 3",
    ),
    "out of the region": (
        lambda path: write(path.with_suffix(".csv"), [*GOOD[:4], "400000", "6200000"]),
        "outside Region Nord; leave the row out — row 1",
    ),
    "not finite": (
        lambda path: write(path.with_suffix(".csv"), [*GOOD[:4], "nan", "inf"]),
        "no finite number.* — row 1",
    ),
    "ids twice": (
        lambda path: write(path.with_suffix(".csv"), GOOD, ["1", "Firma B", *GOOD[2:]]),
        "the same id stands on several rows; give each record its own — row 1, 2",
    ),
    "1 GB of nothing": (nothing_at_all, r"x\.csv\.gz: "),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_and_what_is_served_stays(tmp_path: Path, what: str) -> None:
    home = tmp_path / "home"
    bring_in(home, write(tmp_path / "first.csv", GOOD))
    before = digest(home)
    make, words = WRONG[what]
    with pytest.raises(NorrsynError, match=words):
        bring_in(home, make(tmp_path / "x"), strict=True)
    assert digest(home) == before


def test_mixed_shapes_wait_row_by_row(tmp_path: Path) -> None:
    shapes = [shapely.Point(758000, 7088000), shapely.box(758000, 7088000, 758100, 7088100), None]
    frame = gpd.GeoDataFrame(
        {"workplace_id": ["1", "2", "3"], "sni": "41200", "employees": 1}, geometry=shapes, crs=3006
    )
    frame.to_file(tmp_path / "x.geojson", driver="GeoJSON")
    (report,) = bring_in(tmp_path / "home", tmp_path / "x.geojson").reports
    assert (report.rows_accepted, report.rows_quarantined) == (1, 2)
    assert {rule.rule for rule in report.broken_rules} == {"must be Point", "is missing or empty"}


# ---- exports, backup -------------------------------------------------------------------------------------------


@given(start=st.sampled_from(list("=+-@\t\r\n'")), rest=st.text(max_size=20))
def test_no_cell_of_a_file_for_spreadsheets_is_a_formula(start: str, rest: str) -> None:
    escaped = escape_formula(start + rest)
    try:
        float((start + rest).replace(",", "."))
    except ValueError:
        assert escaped.startswith("'")
    assert restore_formula(escaped) == start + rest


PARTS = st.lists(st.sampled_from([*"=+-@';,\t\r\n\" 5x", "\r\n", "cmd|' /C calc'!A0"]), max_size=12).map("".join)
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")


@given(cells=st.lists(PARTS, min_size=1, max_size=3))
def test_nor_is_one_where_the_spreadsheet_splits_at_semicolons(cells: list[str]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerow(["a", *map(escape_formula, cells)])
    for row in csv.reader(io.StringIO(written.getvalue(), newline=""), delimiter=";"):
        run = [cell for cell in row if cell.startswith(tuple("=+-@"))]
        assert [cell for cell in run if not NUMBER.fullmatch(cell.split(",")[0])] == [], row
    assert [restore_formula(escape_formula(cell)) for cell in cells] == cells


def test_a_recipient_s_name_runs_nothing() -> None:
    assert escape_formula("Ann;=cmd|' /C calc'!A0;") == "Ann;'=cmd|' /C calc'!A0;"
    assert escape_formula('Ann;"=1+1') == "Ann;'\"=1+1"
    assert escape_formula("5;-3") == "5;-3"


def test_backup_and_restore_are_one_command_each_and_prove_themselves(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    bring_in(home, write(tmp_path / "a.csv", GOOD, ["2", "", "x", *GOOD[3:]]))
    backup(home, tmp_path / "norrsyn.backup")
    restore(tmp_path / "norrsyn.backup", copy)
    assert digest(copy) == digest(home)
    assert load_quarantine(copy, 1) == load_quarantine(home, 1)
    assert not check(copy).problems
    with pytest.raises(NorrsynError):
        load_surface(copy)
