"""A file is what its ending says and whole, or it is refused with a message that says what to do."""

import errno
import gzip
import hashlib
import os
import re
import sqlite3
import subprocess
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputError
from geo.layers.registry import get_layer
from geo.reading import read_layer_file
from geo.reading import source as source_module
from geo.reading.limits import Limits
from geo.reading.source import open_source


def read(path: Path) -> None:
    read_layer_file(path, get_layer("workplaces"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.geojson", b"", "a.geojson: is empty; export it again"),
        ("a.csv", b" \n\n", "holds nothing but white space"),
        ("a.geojson", b"<html><body>sign in</body></html>", "it holds XML or HTML"),
        ("a.geojson", b"name,lon,lat\n", "it holds text; name it .csv if it is a table"),
        ("a.csv", b'{"type": "FeatureCollection"}', "it holds JSON"),
        ("a.csv", b"PK\x03\x04rest", "it holds a ZIP archive or spreadsheet"),
        ("a.csv", gzip.compress(b"name", mtime=0), "it holds gzip-packed data"),
        ("a.geojson", '{"a": 1}'.encode("utf-16"), "UTF-16 text; save it as UTF-8"),
        ("a.csv", "name,lon\n".encode("utf-16")[:-1], "is no whole UTF-16 text"),
        ("a.csv", b"name\0lon\n", "it holds binary data"),
        ("a.gpkg", b"SQLite format 3\0" + bytes(100), "an SQLite database that is no GeoPackage"),
        ("a.gpkg", b"name,lon,lat\n", "it holds text"),
        ("a.geojson", bytes(1000), "it holds binary data"),
        ("a.xlsx", b"PK\x03\x04", "is damaged or cut off, and no ZIP archive"),
        ("a.ods", b"PK\x03\x04", "files ending in '.ods' are not read; the endings that are: .csv, .csv.gz, .fgb"),
        ("a", b"x", "files ending in '' are not read"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [', "is cut off: line 1, column 44"),
        ("a.geojson", b'{"type": "FeatureCollection", features: []}', "is not JSON: line 1, column 31"),
        ("a.geojson", b'{"type": "Feature"}', "no GeoJSON feature collection (its type is 'Feature')"),
        ("a.geojson", b"[1, 2]", "no GeoJSON feature collection (its type is 'list')"),
        ("a.geojson", b'{"type": "FeatureCollection"}', "has no list of features"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}', "holds no rows"),
        ("a.geojson", b'{"type": "F\xe5"}', "is not UTF-8 text (byte 12)"),
        ("a.geojson", b'{"a":' * 100_000, "nesting that no GeoJSON needs"),
        ("a.geojson", b'{"a":' + b"9" * 10_000 + b"}", "numbers or nesting that no GeoJSON needs"),
        ("a.csv", b"name,lon,lat\n", "a.csv: holds no rows"),
        ("a.csv", b'name,lon,lat\n"a"b,1,2\n', "is not CSV"),
        ("a.csv", b"name,lon\n\x81\xff\x8d,2\n", "is neither UTF-8 nor Windows-1252 text (byte 10)"),
    ],
)
def test_broken_files_say_what_is_wrong(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read(path)
    assert str(tmp_path) not in str(caught.value), "folders are nobody's business"


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file; check the path"):
        read(tmp_path / "gone.geojson")
    (tmp_path / "folder.gpkg").mkdir()
    with pytest.raises(InputError, match="is not a plain file"):
        read(tmp_path / "folder.gpkg")
    with pytest.raises(InputError, match="cannot be read"):
        read(Path("a\0.csv"))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="is not a plain file"):
        read(tmp_path / "pipe.csv")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text("name,lon,lat\n")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="permission denied; check who may read it"):
        read(path)


def test_a_gigabyte_of_nothing_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.geojson"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(InputError, match=r"holds 1024 MiB, more than the 256 MiB"):
        read(path)


def test_a_file_that_grows_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"name,lon,lat\n" * 10)
    monkeypatch.setattr(source_module, "_check_outside", lambda *_: ".csv")
    with pytest.raises(InputError, match="grew while it was read"):
        open_source(path, Limits(file_bytes=100))


def test_name_size_and_hash_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "sites.CSV"
    path.write_bytes(b"name,lon,lat\na,20,64\n")
    source = open_source(path)
    by_tool = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]  # noqa: S603, S607
    assert (source.name, source.kind, source.size, source.sha256) == ("sites.CSV", "csv", 21, by_tool)


@given(st.binary(max_size=300), st.sampled_from(["geojson", "gpkg", "csv"]))
def test_any_bytes_at_all_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, ending: str
) -> None:
    """Never another exception, whatever a file holds."""
    path = tmp_path_factory.mktemp("any") / f"any.{ending}"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read(path)


class TestGeoPackage:
    @pytest.fixture
    def package(self, tmp_path: Path) -> Path:
        path = tmp_path / "sites.gpkg"
        frame = gpd.GeoDataFrame(
            {"workplace_id": [f"{i:08d}" for i in range(400)], "sni": "41.20", "employees": 1},
            geometry=[shapely.Point(759_000 + i, 7_088_000) for i in range(400)],
            crs="EPSG:3006",
        )
        frame.to_file(path, driver="GPKG", layer="sites")
        return path

    def test_is_read(self, package: Path) -> None:
        frame = read_layer_file(package, get_layer("workplaces")).frame
        assert frame["workplace_id"].tolist() == [f"{i:08d}" for i in range(400)]
        assert frame.geometry.x.tolist() == [759_000.0 + i for i in range(400)]

    @pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999])
    def test_cut_off_is_noticed(self, package: Path, share: float) -> None:
        content = package.read_bytes()
        package.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(InputError, match=r"sites\.gpkg: (is cut off|its name says)"):
            read(package)

    def test_garbled_inside_is_noticed(self, package: Path) -> None:
        content = bytearray(package.read_bytes())
        content[4096:] = hashlib.shake_256(b"noise").digest(len(content) - 4096)
        package.write_bytes(content)
        with pytest.raises(InputError, match=r"sites\.gpkg: (is damaged|table)"):
            read(package)

    def test_open_in_another_program_is_noticed(self, package: Path) -> None:
        """What a program has not yet written into the file itself would silently be missing."""
        (package.parent / "sites.gpkg-wal").write_bytes(b"pages")
        with pytest.raises(InputError, match=r"unsaved changes in sites\.gpkg-wal; close the program"):
            read(package)

    def test_last_written_with_a_log_is_read(self, package: Path) -> None:
        with sqlite3.connect(package) as database:
            assert database.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        database.close()
        assert package.read_bytes()[18:20] == b"\x02\x02"
        assert len(read_layer_file(package, get_layer("workplaces")).frame) == 400
        assert [path.name for path in package.parent.iterdir()] == ["sites.gpkg"], "nothing is left beside it"

    def test_the_table_with_the_layers_name_wins(self, package: Path) -> None:
        frame = gpd.read_file(package).iloc[:3]
        frame.to_file(package, driver="GPKG", layer="offices")
        with pytest.raises(InputError, match=r"holds 2 tables \(offices, sites\); name the right one 'workplaces'"):
            read(package)
        frame.iloc[:2].to_file(package, driver="GPKG", layer="workplaces")
        assert len(read_layer_file(package, get_layer("workplaces")).frame) == 2

    def test_without_a_table_of_places(self, package: Path) -> None:
        change(package, "UPDATE gpkg_contents SET data_type = 'attributes'")
        with pytest.raises(InputError, match="holds no table with places"):
            read(package)

    @pytest.mark.parametrize(
        ("statements", "message"),
        [
            (
                [
                    "ALTER TABLE sites RENAME TO hidden",
                    "CREATE VIEW sites AS SELECT * FROM hidden",
                    "UPDATE gpkg_contents SET table_name = 'sites'",
                ],
                r"holds views only \(sites\), which run code",
            ),
            (["ALTER TABLE sites ADD COLUMN twice AS (employees * 2)"], r"columns of 'sites' are computed .*twice"),
            (["CREATE VIRTUAL TABLE words USING fts5(x)"], None),
        ],
        ids=["view", "computed column", "harmless index"],
    )
    def test_parts_that_run_code_are_refused(self, package: Path, statements: list[str], message: str | None) -> None:
        change(package, *statements)
        if message is None:
            assert len(read_layer_file(package, get_layer("workplaces")).frame) == 400
            return
        with pytest.raises(InputError, match=message):
            read(package)

    @pytest.mark.parametrize("start", ["CREATE VIRTUAL TABLE", "create/* a */virtual -- b\ntable"])
    def test_virtual_tables_that_open_files_are_refused(self, package: Path, start: str) -> None:
        schema = "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', 'v', 'v', 0, '{}')"
        change(
            package,
            "PRAGMA writable_schema = 1",
            schema.format(f"{start} v USING \"VirtualOGR\"(''secret.geojson'')"),
        )
        with pytest.raises(InputError, match=r"virtual tables \(virtualogr\), which can open other files"):
            read(package)


def change(package: Path, *statements: str) -> None:
    database = sqlite3.connect(package)
    for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
        database.create_function(name, 1, lambda _: 0)
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()
