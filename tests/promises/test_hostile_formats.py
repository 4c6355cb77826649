"""Promise: no archive, sheet or table from outside unpacks, nests, lies or points its way past the reader.

Every one of these is refused, or its rows are, with a message that names the file and says what to do.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.layers.registry import get_layer
from geo.reading.formats import read_chunks
from geo.reading.limits import Limits
from geo.reading.source import ENDINGS, open_source
from geo.reading.table import RawTable, join_tables

WORKPLACES = get_layer("workplaces")
VRT = b"""<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://127.0.0.1/x.csv</SrcDataSource>
</OGRVRTLayer></OGRVRTDataSource>"""
DTD = b"""<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>"""


def read(path: Path, limits: Limits | None = None) -> RawTable:
    return join_tables(list(read_chunks(open_source(path, limits or Limits()), WORKPLACES, 2)))


def pack(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"code": [f"{number:04d}" for number in range(50)], "employees": range(50), "share": 0.5},
        geometry=[shapely.Point(759_000 + number, 7_088_000) for number in range(50)],
        crs=3006,
    )


@pytest.fixture
def shapefile(frame: gpd.GeoDataFrame, tmp_path: Path) -> dict[str, bytes]:
    folder = tmp_path / "parts"
    folder.mkdir()
    frame.to_file(folder / "sites.shp")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def sheet(frame: gpd.GeoDataFrame) -> dict[str, bytes]:
    packed = io.BytesIO()
    frame.drop(columns="geometry").to_excel(packed, index=False)
    with zipfile.ZipFile(packed) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def whole(frame: gpd.GeoDataFrame, shapefile: dict[str, bytes], sheet: dict[str, bytes], tmp_path: Path) -> list[Path]:
    """One sound file of each kind."""
    folder = tmp_path / "whole"
    folder.mkdir()
    cells = frame.drop(columns="geometry")
    frame.to_file(folder / "a.gpkg")
    frame.to_file(folder / "a.fgb")
    frame.to_file(folder / "a.geojson")
    frame.to_parquet(folder / "a.parquet")
    cells.to_csv(folder / "a.csv", index=False)
    cells.to_csv(folder / "a.csv.gz", index=False)
    pack(folder / "a.zip", shapefile)
    pack(folder / "a.xlsx", sheet)
    return sorted(folder.iterdir())


# ---- archives --------------------------------------------------------------------------------------------------


def test_a_gigabyte_of_zeros_packed_to_a_megabyte(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        for _ in range(1024):
            file.write(bytes(2**20))
    assert path.stat().st_size < 2**21
    with pytest.raises(InputError, match=r"bomb\.csv\.gz: .*(more than 200 times its size|binary data)"):
        read(path)


@pytest.mark.parametrize("ending", ["csv.gz", "zip", "xlsx"])
def test_what_unpacks_to_far_too_much(
    tmp_path: Path, shapefile: dict[str, bytes], sheet: dict[str, bytes], ending: str
) -> None:
    path = tmp_path / f"bomb.{ending}"
    blanks = b" " * (20 * 2**20)
    if ending == "csv.gz":
        path.write_bytes(gzip.compress(b"a,b\n" + blanks))
    elif ending == "zip":
        pack(path, shapefile | {"sites.prj": blanks})
    else:
        pack(path, sheet | {"xl/sharedStrings.xml": blanks})
    with pytest.raises(InputError, match=rf"bomb\.{ending}: unpacks to more than 200 times its size"):
        read(path)
    with pytest.raises(InputError, match=rf"bomb\.{ending}: unpacks to more than 10 MiB"):
        read(path, Limits(ratio=10**9, unpacked_bytes=10 * 2**20))


@pytest.mark.parametrize("ending", ["zip", "xlsx"])
def test_a_member_that_lies_about_its_size(
    tmp_path: Path, shapefile: dict[str, bytes], sheet: dict[str, bytes], ending: str
) -> None:
    """It says ten bytes in both places and unpacks to millions: no more than ten are unpacked, and they are wrong."""
    name = {"zip": "sites.prj", "xlsx": "xl/workbook.xml"}[ending]
    members = (shapefile if ending == "zip" else sheet) | {name: b"A" * 5_000_000}
    content = bytearray(pack(tmp_path / "x", members).read_bytes())
    size = struct.pack("<I", 5_000_000)
    while (found := content.find(size)) >= 0:
        content[found : found + 4] = struct.pack("<I", 10)
    path = tmp_path / f"liar.{ending}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"liar\.{ending}: '{name}' in it is damaged"):
        read(path)


@pytest.mark.parametrize("ending", ["zip", "xlsx"])
def test_members_without_number(
    tmp_path: Path, shapefile: dict[str, bytes], sheet: dict[str, bytes], ending: str
) -> None:
    members = (shapefile if ending == "zip" else sheet) | {f"{number}.txt": b"" for number in range(1500)}
    path = pack(tmp_path / f"many.{ending}", members)
    with pytest.raises(InputError, match=rf"many\.{ending}: holds more than 1000 members"):
        read(path)
    content = bytearray(path.read_bytes())
    end = content.rfind(b"PK\x05\x06")
    content[end + 8 : end + 12] = struct.pack("<HH", 3, 3)
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"many\.{ending}: (holds more than 1000 members|is damaged)"):
        read(path)


@pytest.mark.parametrize("ending", ["zip", "xlsx"])
@pytest.mark.parametrize("name", ["inner.zip", "inner.dat"])
def test_archives_inside_archives(
    tmp_path: Path, shapefile: dict[str, bytes], sheet: dict[str, bytes], ending: str, name: str
) -> None:
    inner = pack(tmp_path / "inner", {"a": b"a"}).read_bytes()
    if ending == "zip":
        name = name.replace("inner.dat", "sites.cpg")
        members = {each: part for each, part in shapefile.items() if each != name} | {name: inner}
    else:
        members = sheet | {f"xl/embeddings/{name}": inner}
    with pytest.raises(InputError, match=rf"nested\.{ending}: holds an archive inside .*, which is never unpacked"):
        read(pack(tmp_path / f"nested.{ending}", members))


@pytest.mark.parametrize("ending", ["zip", "xlsx"])
@pytest.mark.parametrize("name", ["../sites.shp", "/etc/passwd", "a/../../b.txt", "C:\\b.txt", "..\\b.txt"])
def test_members_that_lead_out(
    tmp_path: Path, shapefile: dict[str, bytes], sheet: dict[str, bytes], ending: str, name: str
) -> None:
    members = (shapefile if ending == "zip" else sheet) | {name: b"x"}
    with pytest.raises(InputError, match=rf"out\.{ending}: .* leads out of the archive's folder"):
        read(pack(tmp_path / f"out.{ending}", members))


def test_two_members_of_one_name(tmp_path: Path, shapefile: dict[str, bytes]) -> None:
    path = pack(tmp_path / "twice.zip", shapefile)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("sites.prj", b"x")
    with pytest.raises(InputError, match=r"twice\.zip: has several members of one name"):
        read(path)


def test_members_that_lie_on_each_other(tmp_path: Path) -> None:
    """One packed run of bytes, listed many times over, unpacks to many times what the archive's size tells."""
    content = bytearray(pack(tmp_path / "x", {"00.shp": bytes(10**6)}).read_bytes())
    start = content.find(b"PK\x01\x02")
    end = content.rfind(b"PK\x05\x06")
    listed = bytes(content[start:end])
    n_times = 50
    listing = b"".join(listed.replace(b"00.shp", b"%02d.shp" % number) for number in range(n_times))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, n_times, n_times, len(listing), start, 0)
    path = tmp_path / "overlap.zip"
    path.write_bytes(bytes(content[:start]) + listing + tail)
    with pytest.raises(InputError, match=r"overlap\.zip: has members that lie on each other"):
        read(path)


@pytest.mark.parametrize("ending", ["zip", "xlsx"])
def test_encrypted_members(tmp_path: Path, shapefile: dict[str, bytes], sheet: dict[str, bytes], ending: str) -> None:
    path = pack(tmp_path / f"locked.{ending}", shapefile if ending == "zip" else sheet)
    content = bytearray(path.read_bytes())
    position = content.find(b"PK\x01\x02")
    content[position + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"locked\.{ending}: .* is encrypted; pack it without a password"):
        read(path)


# ---- sheets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "member", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "docProps/core.xml"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_and_entities(tmp_path: Path, sheet: dict[str, bytes], member: str, encoding: str) -> None:
    content = (DTD + sheet[member]).decode().encode(encoding)
    with pytest.raises(
        InputError, match=rf"dtd\.xlsx: '.*{re.escape(Path(member).name)}' in it (declares|is not UTF-8)"
    ):
        read(pack(tmp_path / "dtd.xlsx", sheet | {member: content}))


def test_a_sheet_of_two_cells_a_billion_apart(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "a"
    book.active["XFD1048576"] = "b"
    book.save(tmp_path / "wide.xlsx")
    with pytest.raises(InputError, match=r"wide\.xlsx: .* reaches to column XFD and row 1048576"):
        read(tmp_path / "wide.xlsx")


@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="1"><c r="A1"><v>1</v></c></row><row><c foo=">" r = \'XFD1048576\'><v>1</v></c></row>',
        b'<row r="1"><c r="A1"><v>1</v></c><c r="ZZ1"><v>1</v></c></row><row r="1048576"><c><v>1</v></c></row>',
    ],
)
@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "elsewhere/sheet1.xml"])
def test_a_sheet_in_disguise_is_measured(tmp_path: Path, sheet: dict[str, bytes], cells: bytes, member: str) -> None:
    content = sheet.pop("xl/worksheets/sheet1.xml")
    start, end = content.index(b"<sheetData>") + len(b"<sheetData>"), content.index(b"</sheetData>")
    members = sheet | {member: content[:start] + cells + content[end:]}
    relations = members["xl/_rels/workbook.xml.rels"].replace(b"/xl/worksheets/sheet1.xml", f"/{member}".encode())
    with pytest.raises(InputError, match=r"wide\.xlsx: .* reaches to column (XFD|ZZ) and row 1048576"):
        read(pack(tmp_path / "wide.xlsx", members | {"xl/_rels/workbook.xml.rels": relations}))


# ---- Parquet ---------------------------------------------------------------------------------------------------


def change_geo(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    table = pq.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    metadata = {**table.schema.metadata, b"geo": json.dumps(change(geo) or geo).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda geo: geo.update(primary_column="gone"), "does not describe a column"),
        (lambda geo: geo.update(columns={}), "does not describe a column"),
        (lambda geo: [geo], "does not describe a column"),
        (lambda geo: geo.update(primary_column=["a"]), "does not describe a column"),
        (lambda geo: geo["columns"]["geometry"].update(encoding="point"), "holds 'point', but it holds binary"),
        (lambda geo: geo["columns"]["geometry"].update(encoding=17), "holds '17', but it holds binary"),
        (
            lambda geo: geo.update(primary_column="code", columns={"code": {"encoding": "WKB"}}),
            "but it holds",
        ),
    ],
)
def test_geo_metadata_that_lies(
    frame: gpd.GeoDataFrame, tmp_path: Path, change: Callable[[dict[str, object]], object], message: str
) -> None:
    path = tmp_path / "liar.parquet"
    frame.to_parquet(path)
    change_geo(path, change)
    with pytest.raises(InputError, match=rf"liar\.parquet: its geo metadata .*{message}"):
        read(path)


@pytest.mark.parametrize(
    "crs", ["+proj=longlat +nadgrids=/etc/passwd", "+init=/etc/passwd:1", {"type": "x"}, [1], 4326.5, "Umeå"]
)
def test_a_coordinate_system_is_a_code_or_a_description(frame: gpd.GeoDataFrame, tmp_path: Path, crs: object) -> None:
    path = tmp_path / "liar.parquet"
    frame.to_parquet(path)
    change_geo(path, lambda geo: geo["columns"]["geometry"].update(crs=crs))  # type: ignore[index]
    table = read(path)
    assert table.crs is None
    assert "PROJ does not know" in table.crs_problem


def test_bytes_that_are_no_shapes_cost_their_row(tmp_path: Path) -> None:
    deep = struct.pack("<BII", 1, 7, 1) * 200_000 + struct.pack("<BIdd", 1, 1, 0, 0)
    hidden = struct.pack("<BII", 1, 6, 2) + struct.pack("<BII", 1, 3, 0) + struct.pack("<BII", 1, 6, 1) * 200_000
    endless = struct.pack("<BII", 1, 2, 2**32 - 1) + bytes(16)
    point = shapely.to_wkb(shapely.Point(1, 2))
    lines = shapely.to_wkb(shapely.MultiLineString([[(0, 0), (1, n)] for n in range(500)]))
    values = [point, deep, hidden, endless, b"nonsense", b"", None, lines]
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "crs": None}}}
    table = pa.table({"geometry": pa.array(values, pa.binary())}).replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(table, tmp_path / "shapes.parquet")
    got = read(tmp_path / "shapes.parquet")
    assert set(got.bad_geometry or {}) == {1, 2, 3, 4}
    assert got.geometry is not None
    assert [shape is None for shape in got.geometry] == [False, True, True, True, True, True, True, False]
    assert shapely.get_num_geometries(got.geometry[7]) == 500


def test_text_that_is_no_text(tmp_path: Path) -> None:
    raw = pa.array([b"a\xff", "å".encode(), b" ", None], pa.binary())
    table = pa.table({"name": pa.Array.from_buffers(pa.string(), 4, raw.buffers(), raw.null_count)})
    pq.write_table(table, tmp_path / "a.parquet", store_schema=False)
    assert read(tmp_path / "a.parquet").columns["name"].tolist() == ["a\N{REPLACEMENT CHARACTER}", "å", None, None]


def test_a_long_text_that_repeats_is_refused(tmp_path: Path) -> None:
    """A few bytes of Parquet say a text of a megabyte over and over."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 5_000, pa.int32()), pa.array(["x" * 2**20]))
    pq.write_table(pa.table({"name": texts}), tmp_path / "long.parquet")
    assert (tmp_path / "long.parquet").stat().st_size < 200_000
    with pytest.raises(InputError, match=r"long\.parquet: column 'name' holds a cell of more than 1000000 characters"):
        read(tmp_path / "long.parquet", Limits(cell_characters=1_000_000))
    chunks = read_chunks(open_source(tmp_path / "long.parquet"), WORKPLACES)
    assert len({id(cell) for chunk in chunks for cell in chunk.columns["name"]}) == 1, "there once in memory"


def test_rows_beyond_the_limit(whole: list[Path]) -> None:
    for path in whole:
        with pytest.raises(InputError, match=rf"{path.name}: has more than the 49 rows"):
            read(path, Limits(rows=49))
        assert len(read(path, Limits(rows=50))) == 50


def test_columns_beyond_the_limit(whole: list[Path]) -> None:
    for path in whole:
        with pytest.raises(InputError, match=rf"{path.name}: (has \d columns, more than the 2 |.*to column C)"):
            read(path, Limits(columns=2))


# ---- any kind --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "content", [VRT, DTD + VRT, b"/vsicurl/http://127.0.0.1/x", b"/vsizip//etc/x", b"\xef\xbb\xbf" + VRT]
)
def test_other_drivers_content_under_every_ending(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"innocent{ending}"
    path.write_bytes(gzip.compress(content) if ending.endswith(".gz") else content)
    if content.startswith(b"/vsi") and ending in {".csv", ".tsv", ".txt", ".csv.gz"}:
        # a line of text is a header without rows, and nothing more
        assert len(read(path)) == 0
        return
    with pytest.raises(InputError, match=rf"innocent{ending}: its name says {ending}, but it holds"):
        read(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95, 0.999])
def test_cut_off_files_of_every_kind(whole: list[Path], share: float) -> None:
    """Refused, or for a table of text the last row is missed: a CSV does not say how long it is."""
    for path in whole:
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        if path.suffix == ".csv":
            assert len(read(path)) <= 50
            continue
        with pytest.raises(InputError, match=rf"^{path.name}: "):
            read(path)


@pytest.mark.parametrize("kind", ["fgb", "geojson", "gpkg", "parquet", "csv", "csv.gz", "zip", "xlsx"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_bytes_never_raise_anything_else(whole: list[Path], kind: str, data: st.DataObject) -> None:
    """Read or refused, whatever bytes are changed; a crash would end this very process."""
    path = next(each for each in whole if each.name == f"a.{kind}")
    original = path.read_bytes()
    content = bytearray(original)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    broken = path.with_name(f"broken.{kind}")
    broken.write_bytes(content)
    with suppress(InputError):
        assert len(read(broken, Limits(rows=1000))) <= 1000


def test_packed_text_that_is_damaged(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(b"a,b\n" + bytes(range(48, 58)) * 1000))
    content[-6] ^= 1
    (tmp_path / "a.csv.gz").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.csv\.gz: is damaged or cut off"):
        read(tmp_path / "a.csv.gz")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(gzip.compress(b"a,b\n1,2\n")))
    with pytest.raises(InputError, match=r"b\.csv\.gz: .*holds an archive, packed"):
        read(tmp_path / "b.csv.gz")
    (tmp_path / "c.csv.gz").write_bytes(b"\x1f\x8b" + zlib.compress(b"a,b"))
    with pytest.raises(InputError, match=r"c\.csv\.gz: is damaged"):
        read(tmp_path / "c.csv.gz")
