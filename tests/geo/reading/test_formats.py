"""What another program wrote is read as it was written, whatever the format, and however many rows at a time."""

import datetime as dt
import gzip
import io
import json
import string
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError, ParameterError, SchemaError
from geo.layers.base import Layer
from geo.layers.registry import get_layer
from geo.reading import read_layer_file
from geo.reading.formats import read_chunks, read_table
from geo.reading.source import open_source
from geo.reading.table import RawTable, join_tables
from tests.geo.reading.conftest import LULEA, UMEA

WORKPLACES = get_layer("workplaces")
LETTERS = string.ascii_letters + string.digits + "åäöÅÄÖéßł€,;|\"'&<>=+-@ {}%$\\/\N{SNOWMAN}\N{GRINNING FACE}"
quick = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])

rows_of_a_table = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.text("0123456789", min_size=1, max_size=6),
            "name": st.none() | st.text(LETTERS, min_size=1, max_size=12).map(str.strip).map(lambda text: text or None),
            "number": st.none() | st.integers(-(2**31), 2**31 - 1),
            "share": st.none() | st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 3)),
            "yes": st.booleans(),
            "place": st.none() | st.tuples(st.integers(500_000, 900_000), st.integers(6_900_000, 7_600_000)),
        }
    ),
    min_size=1,
    max_size=7,
)
Row = dict[str, Any]


def make_frame(rows: list[Row]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(
        {
            "code": [row["code"] for row in rows],
            "name": pd.Series([row["name"] for row in rows], dtype="str"),
            "number": pd.array([row["number"] for row in rows], dtype="Int64"),
            "share": pd.Series([row["share"] for row in rows], dtype="float64"),
            "yes": [row["yes"] for row in rows],
        }
    )
    shapes = [None if row["place"] is None else shapely.Point(row["place"]) for row in rows]
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=3006)


def write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.to_file(path, driver="GeoJSON", RFC7946="NO", COORDINATE_PRECISION=9)


def write_geopackage(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.to_file(path, driver="GPKG")


def write_flatgeobuf(frame: gpd.GeoDataFrame, path: Path) -> None:
    # its index would change the order of rows, and has no place for a row without a shape
    frame.to_file(path, driver="FlatGeobuf", SPATIAL_INDEX="NO")


def write_shapefile(frame: gpd.GeoDataFrame, path: Path) -> None:
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    frame.to_file(folder / "sites.shp", driver="ESRI Shapefile", encoding="UTF-8")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, f"export/{part.name}")


def write_parquet(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.to_parquet(path, row_group_size=3)


def write_native_points(frame: gpd.GeoDataFrame, path: Path) -> None:
    # geopandas cannot write a column without any shape so
    encoding = "geoarrow" if frame.geometry.notna().any() else "WKB"
    frame.to_parquet(path, geometry_encoding=encoding, schema_version="1.1.0")


def write_plain_parquet(frame: gpd.GeoDataFrame, path: Path) -> None:
    pd.DataFrame(frame.drop(columns="geometry")).to_parquet(path)


def write_csv(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.drop(columns="geometry").to_csv(path, index=False)


def write_tsv(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.drop(columns="geometry").to_csv(path, index=False, sep="\t", encoding="utf-16")


def write_semicolons(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.drop(columns="geometry").to_csv(path, index=False, sep=";", decimal=",", encoding="utf-8-sig")


def write_sheet(frame: gpd.GeoDataFrame, path: Path) -> None:
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        frame.drop(columns="geometry").to_excel(writer, index=False)
        for row in writer.sheets["Sheet1"].iter_rows():
            for cell in row:
                # openpyxl takes a text such as =0 for a formula, whose value nobody has computed
                cell.data_type = "s" if cell.data_type == "f" else cell.data_type


# how each is written, and whether its cells keep their kind and its shapes are there
FORMATS: dict[str, tuple[str, Callable[[gpd.GeoDataFrame, Path], None], bool, bool]] = {
    "geojson": ("geojson", write_geojson, True, True),
    "gpkg": ("gpkg", write_geopackage, True, True),
    "fgb": ("fgb", write_flatgeobuf, True, True),
    "shapefile": ("zip", write_shapefile, True, True),
    "geoparquet": ("parquet", write_parquet, True, True),
    "native points": ("geoparquet", write_native_points, True, True),
    "parquet": ("parquet", write_plain_parquet, True, False),
    "csv": ("csv", write_csv, False, False),
    "csv.gz": ("csv.gz", write_csv, False, False),
    "tsv": ("tsv", write_tsv, False, False),
    "semicolons": ("txt", write_semicolons, False, False),
    "xlsx": ("xlsx", write_sheet, True, False),
}


def same(got: object, wanted: object, *, typed: bool) -> bool:
    if wanted is None or got is None:
        return got is wanted
    if typed or not isinstance(wanted, int | float):
        return bool(got == wanted) if typed else got == str(wanted)
    return str(wanted) == got if isinstance(wanted, bool) else float(str(got)) == wanted


@pytest.mark.parametrize("form", FORMATS)
@quick
@given(rows=rows_of_a_table)
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, form: str, rows: list[Row]) -> None:
    ending, write, typed, has_shapes = FORMATS[form]
    path = tmp_path_factory.mktemp("form") / f"sites.{ending}"
    write(make_frame(rows), path)
    table = read_table(open_source(path), WORKPLACES)
    assert len(table) == len(rows)
    for name in ("code", "name", "number", "share", "yes"):
        wanted = [row[name] for row in rows]
        got = table.columns[name].tolist()
        assert all(same(one, other, typed=typed) for one, other in zip(got, wanted, strict=True)), (name, got, wanted)
    if not has_shapes:
        assert table.geometry is None
        return
    assert table.geometry is not None
    assert table.crs is not None
    assert table.crs.to_epsg() == 3006
    assert table.bad_geometry == {}
    wanted_shapes = [None if row["place"] is None else shapely.Point(row["place"]) for row in rows]
    if form == "shapefile" and not any(wanted_shapes):
        return  # a Shapefile without any shape is a table without a kind of shape
    assert table.geometry.tolist() == wanted_shapes


def compare(one: RawTable, other: RawTable) -> None:
    pd.testing.assert_frame_equal(one.columns, other.columns)
    assert [type(cell) for cell in one.columns.to_numpy().ravel()] == [
        type(cell) for cell in other.columns.to_numpy().ravel()
    ]
    assert (one.geometry is None) == (other.geometry is None)
    if one.geometry is not None and other.geometry is not None:
        assert one.geometry.tolist() == other.geometry.tolist()
    for name in ("refused", "left_out", "crs", "crs_problem", "notes", "bad_geometry", "bad_rows"):
        assert getattr(one, name) == getattr(other, name), name


@pytest.mark.parametrize("form", FORMATS)
@quick
@given(rows=rows_of_a_table, rows_per_chunk=st.sampled_from([1, 2, 3, 7]))
def test_runs_of_any_length_hold_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, form: str, rows: list[Row], rows_per_chunk: int
) -> None:
    ending, write, *_ = FORMATS[form]
    path = tmp_path_factory.mktemp("form") / f"sites.{ending}"
    write(make_frame(rows), path)
    source = open_source(path)
    chunks = list(read_chunks(source, WORKPLACES, rows_per_chunk))
    starts = np.cumsum([0, *map(len, chunks)])
    assert [chunk.first_row for chunk in chunks] == starts[:-1].tolist()
    assert all(0 < len(chunk) <= rows_per_chunk for chunk in chunks)
    compare(join_tables(chunks), read_table(source, WORKPLACES))


@pytest.mark.parametrize("form", FORMATS)
def test_no_rows_are_one_empty_table(tmp_path: Path, form: str) -> None:
    ending, write, _, has_shapes = FORMATS[form]
    path = tmp_path / f"sites.{ending}"
    write(
        make_frame([{"code": "1", "name": "a", "number": 1, "share": 1.5, "yes": True, "place": (5e5, 7e6)}])[:0], path
    )
    chunks = list(read_chunks(open_source(path), WORKPLACES, 5))
    assert [(len(chunk), chunk.first_row) for chunk in chunks] == [(0, 0)]
    assert (chunks[0].geometry is not None) == has_shapes
    if form != "geojson":
        assert list(chunks[0].columns.columns) == ["code", "name", "number", "share", "yes"]


def test_at_least_one_row_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ParameterError, match="at least one row"):
        read_chunks(open_source(tmp_path / "a.csv"), WORKPLACES, 0)


@pytest.mark.parametrize("form", [form for form, (*_, has_shapes) in FORMATS.items() if has_shapes])
def test_refused_columns_are_in_no_table(tmp_path: Path, form: str) -> None:
    ending, write, *_ = FORMATS[form]
    frame = make_frame(
        [{"code": "1", "name": "a", "number": 1, "share": 1.5, "yes": True, "place": (759_000, 7_088_000)}]
    )
    path = tmp_path / f"sites.{ending}"
    write(frame.assign(personnr="19121212-1212"), path)
    for chunk in read_chunks(open_source(path), WORKPLACES, 1):
        assert set(chunk.refused) == {"personnr"}
        assert "personnr" not in chunk.columns
        assert "19121212" not in chunk.columns.to_csv()


class TestCsv:
    @staticmethod
    def read(tmp_path: Path, content: str | bytes, name: str = "a.csv", rows_per_chunk: int = 2) -> RawTable:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return join_tables(list(read_chunks(open_source(path), WORKPLACES, rows_per_chunk)))

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_delimiters(self, tmp_path: Path, delimiter: str) -> None:
        text = f'a{delimiter}"b, c; d | e\tf"{delimiter}g\n1{delimiter}"x{delimiter}y"{delimiter}3\n'
        table = self.read(tmp_path, text)
        assert list(table.columns.columns) == ["a", "b, c; d | e\tf", "g"]
        assert table.columns.iloc[0].tolist() == ["1", f"x{delimiter}y", "3"]

    def test_rows_decide_where_the_header_leaves_a_doubt(self, tmp_path: Path) -> None:
        table = self.read(tmp_path, "kommun, län;antal\nUmeå;1,5\nLuleå;2,25\n")
        assert list(table.columns.columns) == ["kommun, län", "antal"]
        assert table.columns["antal"].tolist() == ["1.5", "2.25"]

    @pytest.mark.parametrize("start", ["sep=|\n", "\ufeffsep=|\r\n", '"sep=|"\n'])
    def test_a_spreadsheets_own_word_on_the_delimiter(self, tmp_path: Path, start: str) -> None:
        table = self.read(tmp_path, start + "a;b|c\n1;2|3\n")
        assert table.columns.to_dict("list") == {"a;b": ["1;2"], "c": ["3"]}

    def test_decimal_commas(self, tmp_path: Path) -> None:
        table = self.read(
            tmp_path,
            "x;n;sni;namn;e\n759 000,5;1\u00a0234;01,13;a, b;1,5e3\n759000;-2\u202f000,5;41,20;1,5;\n;;;;,5\n",
        )
        assert table.columns["x"].tolist() == ["759000.5", "759000", None]
        assert table.columns["n"].tolist() == ["1234", "-2000.5", None]
        assert table.columns["sni"].tolist() == ["01.13", "41.20", None]
        assert table.columns["namn"].tolist() == ["a, b", "1,5", None]
        assert table.columns["e"].tolist() == ["1.5e3", None, ".5"]
        assert table.notes == ("Numbers with a decimal comma or parted thousands were read as such: x, n, sni, e.",)

    @given(numbers=st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=5))
    def test_decimal_commas_mean_what_they_meant(
        self, tmp_path_factory: pytest.TempPathFactory, numbers: list[Any]
    ) -> None:
        lines = "\n".join(f"a;{number:,}".translate(str.maketrans(",.", "\u00a0,")) for number in numbers)
        table = self.read(tmp_path_factory.mktemp("csv"), f"name;n\n{lines}\n")
        assert table.columns["n"].map(float).tolist() == list(map(float, numbers))

    def test_a_comma_that_may_part_thousands_stays(self, tmp_path: Path) -> None:
        table = self.read(tmp_path, "n\tm\n1,500\t1,500\n2,250\t0,250\n")
        assert table.columns["n"].tolist() == ["1,500", "2,250"]
        assert table.columns["m"].tolist() == ["1.500", "0.250"]
        assert any("A comma in n may part thousands or decimals" in note for note in table.notes)

    def test_codes_and_postcodes_are_no_numbers_with_blanks(self, tmp_path: Path) -> None:
        table = self.read(tmp_path, "postnr;cfar;tel\n903 25;0123 456;090-12 34\n973 42;12345678;+46 90\n")
        assert table.columns["postnr"].tolist() == ["903 25", "973 42"]
        assert table.columns["cfar"].tolist() == ["0123 456", "12345678"]
        assert table.notes == ()

    @pytest.mark.parametrize(
        ("encoding", "note"),
        [
            ("utf-8", ()),
            ("utf-8-sig", ()),
            ("utf-16", ("The text was read as UTF-16.",)),
            ("cp1252", ("The text was read as Windows-1252, because it is not UTF-8.",)),
        ],
    )
    def test_letters(self, tmp_path: Path, encoding: str, note: tuple[str, ...]) -> None:
        table = self.read(tmp_path, "\r\n\r\nnamn;ort\r\nÅsele såg – ”A”;Ö\r\n".encode(encoding))
        assert table.columns.to_dict("list") == {"namn": ["Åsele såg – ”A”"], "ort": ["Ö"]}
        assert table.notes == note

    def test_letters_far_into_the_file_count(self, tmp_path: Path) -> None:
        content = b"a,b\n" + b"1,2\n" * 600_000 + b"\xe5,3\n"
        table = self.read(tmp_path, content, rows_per_chunk=10**6)
        assert table.columns["a"].iloc[-1] == "å"
        content = b"a,b\n" + b"1,2\n" * 600_000 + b"\xe5,\x81\n"
        with pytest.raises(InputError, match=r"neither UTF-8 nor Windows-1252 text \(byte 2400007\)"):
            self.read(tmp_path, content)

    def test_crooked_rows_are_marked_and_kept(self, tmp_path: Path) -> None:
        table = self.read(tmp_path, "a,b,c\n1,2,3\n4\n5,6,7,8\n9,10,11\n,\n")
        assert table.bad_rows == {
            1: "has 1 cell, but the header has 3; check its quotation marks",
            2: "has 4 cells, but the header has 3; check its quotation marks",
        }
        assert table.columns["a"].tolist() == ["1", "4", "5", "9"]
        assert table.columns["c"].tolist() == ["3", None, "7", "11"]

    def test_formulas_are_text(self, tmp_path: Path) -> None:
        cells = ["=1+1", "+1", "-1", "@x", "\tx", "=cmd|'/c calc'!A0"]
        table = self.read(tmp_path, "a,b\n" + "".join(f'"{cell}",1\n' for cell in cells))
        assert table.columns["a"].tolist() == cells

    def test_columns_without_name_and_content_do_no_harm(self, tmp_path: Path) -> None:
        table = self.read(tmp_path, "a;b;;\n1;2;;\n3;4;;\n")
        assert table.columns.to_dict("list") == {"a": ["1", "3"], "b": ["2", "4"]}
        assert table.bad_rows == {}

    def test_packed_and_plain_are_the_same(self, tmp_path: Path) -> None:
        text = "namn;x\nÅ;1,5\nB;2\n"
        plain = self.read(tmp_path, text)
        packed = self.read(tmp_path, gzip.compress(text[:9].encode()) + gzip.compress(text[9:].encode()), "a.csv.gz")
        compare(plain, packed)


class TestGeoJson:
    def test_members_that_are_no_features_are_marked(self, tmp_path: Path) -> None:
        good = {"type": "Feature", "properties": {"a": 1}, "geometry": {"type": "Point", "coordinates": UMEA}}
        features = [good, 1, {"type": "Point"}, good | {"properties": [1]}, good | {"properties": None}]
        path = tmp_path / "a.geojson"
        path.write_text(json.dumps({"features": features, "type": "FeatureCollection"}))
        for size in (1, 2, 9):
            table = join_tables(list(read_chunks(open_source(path), WORKPLACES, size)))
            assert set(table.bad_rows) == {1, 2, 3}
            assert table.columns["a"].tolist() == [1, None, None, None, None]
            assert table.bad_geometry == {}

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=3),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=8,
        ),
        st.integers(0, 40),
    )
    def test_documents_are_parsed_as_json_is(
        self, tmp_path_factory: pytest.TempPathFactory, value: Any, cut: int
    ) -> None:
        """Going through it member by member finds the same mistakes as parsing it at once."""
        text = json.dumps({"features": [value, {"type": "Feature"}], "type": "FeatureCollection", "x": value}, indent=1)
        path = tmp_path_factory.mktemp("json") / "a.geojson"
        for each in (text, text[:-cut] if cut else text, text[:cut] + "," + text[cut:], text + "}"):
            path.write_text(each)
            try:
                document = json.loads(each)
            except json.JSONDecodeError as error:
                where = rf"line {error.lineno}, column {error.colno}|nothing but|it holds"
                with pytest.raises(InputError, match=where):
                    list(read_chunks(open_source(path), WORKPLACES))
                continue
            if isinstance(document.get("features"), list) and document.get("type") == "FeatureCollection":
                table = join_tables(list(read_chunks(open_source(path), WORKPLACES, 1)))
                assert len(table) == len(document["features"])
            else:
                with pytest.raises(InputError, match=r"no list of features|no GeoJSON feature collection"):
                    list(read_chunks(open_source(path), WORKPLACES))


class TestParquet:
    def test_dates_decimals_and_large_numbers_are_text(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        day = dt.datetime(2026, 1, 31)
        columns = {
            "day": pa.array([dt.date(2026, 1, 31), None]),
            "time": pa.array([day, dt.datetime(2026, 1, 31, 7, 5, 9, 250_000)], pa.timestamp("us")),
            "zone": pa.array(
                [dt.datetime(2026, 1, 30, 23, tzinfo=dt.UTC), None], pa.timestamp("ms", "Europe/Stockholm")
            ),
            "year": pa.array([2**62, 0], pa.timestamp("us")),
            "nano": pa.array([day, None], pa.timestamp("ns")),
            "price": pa.array(["1.50", None]).cast(pa.decimal128(9, 2)),
            "big": pa.array([2**64 - 1, 7], pa.uint64()),
            "small": pa.array([1, None], pa.int8()),
            "half": pa.array([1.5, float("nan")], pa.float32()),
            "class": pa.array(["a", " "]).dictionary_encode(),
            "list": pa.array([[1], None]),
            "bytes": pa.array([b"\0", None]),
            "none": pa.nulls(2),
            "text": pa.array(["\u2003", "x\0y"], pa.large_string()),
        }
        pq.write_table(pa.table(columns), path)
        for size in (1, 2):
            table = join_tables(list(read_chunks(open_source(path), WORKPLACES, size)))
            assert table.left_out == ("list", "bytes")
            assert table.columns.to_dict("list") == {
                "day": ["2026-01-31", None],
                "time": ["2026-01-31", "2026-01-31T07:05:09"],
                "zone": ["2026-01-31", None],
                "year": [str(2**62), "1970-01-01"],
                "nano": ["2026-01-31", None],
                "price": ["1.50", None],
                "big": [str(2**64 - 1), 7],
                "small": [1, None],
                "half": [1.5, None],
                "class": ["a", None],
                "none": [None, None],
                "text": [None, "x\0y"],
            }

    def test_a_coordinate_system_of_its_own(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(*LULEA)])
        frame.set_crs(4326).to_parquet(path)
        assert next(read_chunks(open_source(path), WORKPLACES)).crs == "EPSG:4326"
        described = pq.read_table(path)
        geo = json.loads(described.schema.metadata[b"geo"])
        del geo["columns"]["geometry"]["crs"]
        pq.write_table(described.replace_schema_metadata({"geo": json.dumps(geo)}), path)
        assert next(read_chunks(open_source(path), WORKPLACES)).crs == "OGC:CRS84"
        frame.to_parquet(path)
        assert next(read_chunks(open_source(path), WORKPLACES)).crs is None


class TestShapefile:
    @pytest.fixture
    def parts(self, tmp_path: Path) -> dict[str, bytes]:
        frame = gpd.GeoDataFrame({"name": ["Åsele", "Ö"]}, geometry=[shapely.Point(1, 2), None], crs=3006)
        frame.to_file(tmp_path / "sites.shp", encoding="UTF-8")
        return {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    @staticmethod
    def pack(path: Path, parts: dict[str, bytes]) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, part)
        return path

    def test_letters_without_a_code_page(self, tmp_path: Path, parts: dict[str, bytes]) -> None:
        table = bytearray(parts["sites.dbf"])
        table[29] = 0
        plain = {"sites.shp": parts["sites.shp"], "sites.shx": parts["sites.shx"], "sites.dbf": bytes(table)}
        got = next(read_chunks(open_source(self.pack(tmp_path / "a.zip", plain)), WORKPLACES))
        assert got.columns["name"].tolist() == ["Åsele", "Ö"]
        assert got.crs is None
        assert "read as UTF-8" in got.notes[0]
        plain["sites.dbf"] = plain["sites.dbf"].replace("Å".encode(), b"\xc5 ").replace("Ö".encode(), b"\xd6 ")
        got = next(read_chunks(open_source(self.pack(tmp_path / "a.zip", plain)), WORKPLACES))
        assert got.columns["name"].tolist() == ["Å sele", "Ö"]
        assert "read as Windows-1252" in got.notes[0]

    def test_what_lies_beside_it_does_no_harm(self, tmp_path: Path, parts: dict[str, bytes]) -> None:
        beside = {"__MACOSX/._sites.shp": b"\0", "readme.pdf": b"%PDF", "sites.sbn": b"x"}
        got = next(read_chunks(open_source(self.pack(tmp_path / "a.zip", parts | beside)), WORKPLACES))
        assert len(got) == 2

    def test_one_alone_and_whole(self, tmp_path: Path, parts: dict[str, bytes]) -> None:
        def read(changed: dict[str, bytes]) -> None:
            list(read_chunks(open_source(self.pack(tmp_path / "a.zip", changed)), WORKPLACES))

        others = {name.replace("sites", "roads"): part for name, part in parts.items()}
        with pytest.raises(
            InputError, match=r"holds 2 Shapefiles \(sites\.shp, roads\.shp|roads\.shp, sites\.shp\); pack one"
        ):
            read(parts | others)
        with pytest.raises(InputError, match="holds no Shapefile"):
            read({"a.txt": b"x"})
        for ending in ("shx", "dbf"):
            with pytest.raises(InputError, match=rf"sites\.shp lacks its \.{ending}; pack all parts"):
                read({name: part for name, part in parts.items() if not name.endswith(ending)})
        for ending in ("shp", "shx", "dbf"):
            with pytest.raises(InputError, match=rf"its \.{ending}.*cut off"):
                read({name: part[:-20] if name.endswith(ending) else part for name, part in parts.items()})


class TestSheet:
    @staticmethod
    def write(path: Path, **sheets: list[list[object]]) -> Path:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(path)
        return path

    def test_kinds_of_cells(self, tmp_path: Path) -> None:
        cells: dict[str, tuple[object, object]] = {
            "whole": (12.0, 12),
            "part": (1.25, 1.25),
            "code": ("0012", "0012"),
            "day": (dt.date(2026, 1, 31), "2026-01-31"),
            "time": (dt.datetime(2026, 1, 31, 7, 5), "2026-01-31T07:05:00"),
            "yes": (True, True),
            "error": ("#N/A", None),
            "blank": ("  ", None),
            "formula": ("'=1+1", "'=1+1"),
            "big": (5_590_000_000, 5_590_000_000),
        }
        path = self.write(tmp_path / "a.xlsx", Blad1=[list(cells), [cell for cell, _ in cells.values()]])
        table = read_table(open_source(path), WORKPLACES)
        assert {name: table.columns[name][0] for name in cells} == {name: wanted for name, (_, wanted) in cells.items()}
        assert {type(table.columns[name][0]) for name in ("whole", "big")} == {int}
        assert table.notes == ("Sheet 'Blad1' was read.", "Cells with an error value (#N/A) were read as empty.")

    def test_header_below_a_title_and_blank_rows(self, tmp_path: Path) -> None:
        rows = [["Arbetsställen 2026"], [], [None, "a", "b"], [], [None, 1, 2], [None, None], [None, 3, None, "stray"]]
        table = read_table(open_source(self.write(tmp_path / "a.xlsx", X=rows)), WORKPLACES)
        assert table.columns.to_dict("list") == {"a": [1, 3], "b": [2, None]}
        assert "Columns without a name were left out: D." in table.notes

    def test_the_sheet_with_the_layers_name_wins(self, tmp_path: Path) -> None:
        rows = {title: [["a", "b"], [title, 1]] for title in ("Info", "Arbetsställen", "Y")}
        table = read_table(open_source(self.write(tmp_path / "a.xlsx", **rows)), WORKPLACES)
        assert table.columns["a"].tolist() == ["Arbetsställen"]
        assert table.notes == ("Sheet 'Arbetsställen' was read, and not 'Info', 'Y'.",)

    def test_the_first_sheet_with_rows_is_read(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "a.xlsx", Tom=[[]], Data=[["a", "b"], [1, 2]])
        assert read_table(open_source(path), WORKPLACES).columns["b"].tolist() == [2]
        with pytest.raises(InputError, match="no sheet holds any rows"):
            read_table(open_source(self.write(tmp_path / "b.xlsx", Tom=[[]])), WORKPLACES)

    def test_a_name_twice_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match="header: a stands more than once"):
            read_table(open_source(self.write(tmp_path / "a.xlsx", X=[["a", "a"], [1, 2]])), WORKPLACES)

    def test_a_layer_comes_through(self, tmp_path: Path, workplaces: Layer) -> None:
        header = ["workplace_id", "sni", "employees", "active_from", "lon", "lat"]
        rows = [["00012", "02.300", 5, dt.date(2026, 1, 31), *UMEA], ["00013", "41.20", 2.5, None, *LULEA]]
        reading = read_layer_file(self.write(tmp_path / "a.xlsx", Workplaces=[header, *rows]), workplaces)
        assert reading.frame["workplace_id"].tolist() == ["00012", "00013"]
        assert reading.frame["employees"].tolist() == [5, 2.5]
        assert reading.frame["active_from"].tolist() == [pd.Timestamp("2026-01-31"), pd.NaT]


def test_packed_bytes_are_the_files_own(tmp_path: Path) -> None:
    content = gzip.compress(b"a,b\n1,2\n")
    (tmp_path / "a.csv.gz").write_bytes(content)
    source = open_source(tmp_path / "a.csv.gz")
    assert (source.content, source.size, source.kind) == (content, len(content), "csv")
    assert io.BytesIO(source.open().read()).getvalue() == b"a,b\n1,2\n"
