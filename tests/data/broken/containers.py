"""Files that are damaged, empty, no files, not what their name says, or made to harm whoever opens them."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.data.broken.case import (
    HEAD,
    SITE,
    Case,
    Make,
    feature,
    make_csv,
    make_frame,
    make_geojson,
    make_xlsx,
    pack,
    put,
    write_frame,
)

__all__ = ["CASES"]

_VRT = b"""<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://127.0.0.1/x.csv</SrcDataSource>
</OGRVRTLayer></OGRVRTDataSource>"""
_ENDINGS = ("geojson", "gpkg", "fgb", "zip", "parquet", "csv", "csv.gz", "xlsx")
_SHAPE_COLUMN = {"rename": {"wid": "workplace_id"}}


def _sound(path: Path) -> None:
    if path.suffix == ".xlsx":
        make_xlsx(SITE)(path)
    elif path.suffix == ".csv":
        make_csv(SITE)(path)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(",".join(HEAD).encode() + b"\n" + ",".join(SITE).encode() + b"\n" * 200))
    else:
        write_frame(path, make_frame(40))


def _changed(change: Callable[[bytes], bytes]) -> Make:
    def make(path: Path) -> None:
        _sound(path)
        path.write_bytes(change(path.read_bytes()))

    return make


def _cut(share: float) -> Make:
    return _changed(lambda content: content[: int(len(content) * share)])


def _blot(start: float, n_bytes: int = 64) -> Make:
    def change(content: bytes) -> bytes:
        at = int(len(content) * start)
        return content[:at] + b"\xff" * n_bytes + content[at + n_bytes :]

    return _changed(change)


def _blot_page(number: int) -> Make:
    """One of the pages that hold the rows of a GeoPackage, numbered from 1."""

    def make(path: Path) -> None:
        write_frame(path, make_frame(400))
        with closing(sqlite3.connect(path)) as database:
            (size,) = database.execute("PRAGMA page_size").fetchone()
        content = bytearray(path.read_bytes())
        # leaves of tables begin with 13; those of the rows name their industry code
        starts = [
            at
            for at in range(0, len(content), size)
            if content[at] == 13 and content.count(b"41.20", at, at + size) > 9
        ]
        content[starts[number] : starts[number] + 64] = b"\xff" * 64
        path.write_bytes(content)

    return make


def _named(other: str) -> Make:
    """Content of one kind under the name of another."""

    def make(path: Path) -> None:
        real = path.with_name(f"inner.{other}")
        _sound(real)
        real.rename(path)

    return make


def _repack(change: Callable[[dict[str, bytes]], Mapping[str, bytes]]) -> Make:
    def make(path: Path) -> None:
        _sound(path)
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        pack(path, change(members))

    return make


def _run_sql(*statements: str) -> Make:
    def make(path: Path) -> None:
        _sound(path)
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA writable_schema = 1")
            for statement in statements:
                database.execute(statement)
            database.commit()

    return make


def _encrypt(path: Path) -> None:
    _sound(path)
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(mark, at + 4)
    path.write_bytes(content)


def _zeros(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(1024):
            file.write(bytes(2**20))


def _lists(path: Path) -> None:
    table = pa.table({"workplace_id": ["1"], "sni": [["41.20"]], "employees": [5.0], "lon": [20.26], "lat": [63.83]})
    pq.write_table(table, path)


def _geo_metadata(geo: object) -> Make:
    def make(path: Path) -> None:
        _sound(path)
        table = pq.read_table(path)
        metadata = {**(table.schema.metadata or {}), b"geo": json.dumps(geo).encode()}
        pq.write_table(table.replace_schema_metadata(metadata), path)

    return make


def _without_shx(members: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in members.items() if not name.endswith(".shx")}


def _twice(members: dict[str, bytes]) -> dict[str, bytes]:
    return members | {name.replace("sites", "more"): content for name, content in members.items()}


def _make_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE sites (id)")
        database.commit()


_CUT = r"(is cut off|is damaged|is not JSON|is not CSV)"
_AGAIN = r"(copy|export|pack|save) it (again|anew)|(copy|pack|save) or export it again"

_DAMAGED = [
    *(Case(f"empty.{ending}", put(b""), refused=r"is empty; export it again") for ending in _ENDINGS),
    *(
        Case(f"cut-at-{percent}-percent.{ending}", _cut(percent / 100), refused=rf"{_CUT}.*({_AGAIN})")
        for ending in ("geojson", "gpkg", "parquet", "zip", "xlsx", "csv.gz")
        for percent in (30, 95)
    ),
    *(
        Case(f"cut-at-{percent}-percent.fgb", _cut(percent / 100), refused=rf"{_CUT}.*({_AGAIN})")
        for percent in (10, 60, 99)
    ),
    # half a row is a row with too few cells
    Case(
        "cut.csv",
        put("workplace_id,name,sni,employees,lon,lat\n1,Firma A,41.20,5,20.26,63.83\n2,Firma B,41.2"),
        accepted=1,
        quarantined=1,
        rules={2: r"^: has 3 cells, but the header has 6; check"},
    ),
    Case(
        "cut-in-quotes.csv",
        put('workplace_id,name,sni,employees,lon,lat\n1,"Firma A,41.20,5,20.26,63.83\n'),
        refused=r"is not CSV \(.*line \d+\); check its quotation marks and export it again",
    ),
    *(
        Case(f"blotted.{ending}", _blot(start), refused=r"(damaged|cannot be read).*again")
        for ending, start in (("fgb", 0.02), ("parquet", 0.97), ("zip", 0.5), ("xlsx", 0.9), ("csv.gz", 0.5))
    ),
    # whatever page it is: GDAL reads the rows before it and says nothing of those behind
    *(
        Case(f"blotted-page-{number}.gpkg", _blot_page(number), refused=r"damaged.*copy or export it again")
        for number in (1, 2, 3)
    ),
    Case(
        "blotted-start.gpkg", _blot(0.0), refused=r"its name says \.gpkg, but it holds binary data; save it as UTF-8 if"
    ),
    Case("blotted.geojson", _blot(0.5), refused=r"is not UTF-8 text \(byte \d+\); save it as UTF-8"),
    Case("only-blanks.csv", put(" \n\n\t\n"), refused=r"nothing but white space; export it again"),
    Case("only-a-header.csv", make_csv(), refused=r"holds no rows; export it again"),
    Case("only-a-header.xlsx", make_xlsx(), refused=r"holds no rows; export it again"),
    Case("no-cells.xlsx", make_xlsx(head=()), refused=r"no sheet holds any rows; save it again"),
    Case("no-features.geojson", make_geojson(), refused=r"holds no rows; export it again"),
    Case(
        "no-rows.gpkg",
        lambda path: write_frame(path, make_frame(1).iloc[:0]),
        refused=r"holds no rows; export it again",
    ),
    Case(
        "no-rows.parquet",
        lambda path: write_frame(path, make_frame(1).iloc[:0]),
        refused=r"holds no rows; export it again",
    ),
    Case(
        "half-a-feature.geojson",
        put('{"type": "Feature", "properties": {}, "geometry": null}'),
        refused=r"no GeoJSON feature collection \(its type is 'Feature'\)",
    ),
    Case("a-list.json", put("[1, 2]"), refused=r"no GeoJSON feature collection"),
    Case("nan-document.geojson", put("NaN"), refused=r"its name says \.geojson, but it holds text"),
]

_MISNAMED = [
    Case(
        "spreadsheet.csv",
        _named("xlsx"),
        refused=r"its name says \.csv, but it holds a ZIP archive or spreadsheet; name it \.xlsx if",
    ),
    Case("table.xlsx", _named("csv"), refused=r"its name says \.xlsx, but it holds text; name it \.csv if"),
    Case("places.csv", _named("geojson"), refused=r"its name says \.csv, but it holds JSON; name it \.geojson"),
    Case("table.geojson", _named("csv"), refused=r"its name says \.geojson, but it holds text; "),
    Case(
        "package.geojson", _named("gpkg"), refused=r"its name says \.geojson, but it holds a GeoPackage; name it \.gpkg"
    ),
    Case("places.gpkg", _named("geojson"), refused=r"its name says \.gpkg, but it holds JSON; name it \.geojson"),
    Case("flat.parquet", _named("fgb"), refused=r"its name says \.parquet, but it holds FlatGeobuf; name it \.fgb"),
    Case("columns.fgb", _named("parquet"), refused=r"its name says \.fgb, but it holds Parquet; name it \.parquet"),
    Case("plain.csv.gz", _named("csv"), refused=r"its name says \.csv\.gz, but it holds text; "),
    Case(
        "packed.csv",
        _named("csv.gz"),
        refused=r"its name says \.csv, but it holds gzip-packed data; name it \.csv\.gz if",
    ),
    Case("sheet.zip", _named("xlsx"), refused=r"its name says \.zip, but it holds a spreadsheet; name it \.xlsx"),
    Case(
        "shapes.xlsx", _named("zip"), refused=r"its name says \.xlsx, but it holds a ZIP archive that is no spreadsheet"
    ),
    Case(
        "document.csv", put(b"%PDF-1.7\n"), refused=r"its name says \.csv, but it holds a PDF; ask for the table itself"
    ),
    Case(
        "old.xlsx",
        put(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)),
        refused=r"an old or password-protected office document; save it as \.xlsx without",
    ),
    Case(
        "old.xls",
        put(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)),
        refused=r"files ending in '\.xls' are not read; .*\.xlsx",
    ),
    Case("no-ending", make_csv(SITE), refused=r"files ending in '' are not read; the endings that are: "),
    Case(
        "page.csv",
        put("<!DOCTYPE html><html><body>Logga in</body></html>"),
        refused=r"its name says \.csv, but it holds XML or HTML",
    ),
    Case("other.gpkg", _make_database, refused=r"an SQLite database that is no GeoPackage"),
    *(
        Case(f"vrt.{ending}", put(_VRT), refused=r"but it holds XML or HTML, which can make a reader open other files")
        for ending in ("geojson", "gpkg", "fgb", "zip", "parquet", "csv", "xlsx")
    ),
    Case("vsi-text.csv", put("/vsicurl/http://127.0.0.1:1/x.csv\n"), refused=r"holds no rows"),
    Case(
        "vsi-text.geojson",
        put("/vsicurl/http://127.0.0.1:1/x.geojson\n"),
        refused=r"its name says \.geojson, but it holds text",
    ),
]


def _make_folder(path: Path) -> None:
    path.mkdir()


def _make_link(path: Path) -> None:
    real = path.with_name("real.csv")
    make_csv(SITE)(real)
    path.symlink_to(real)


_NO_FILES = [
    Case("folder.gpkg", _make_folder, refused=r"is not a plain file; name a file"),
    Case("pipe.csv", os.mkfifo, refused=r"is not a plain file; name a file"),
    Case(
        "loose-link.csv", lambda path: path.symlink_to("nowhere.csv"), refused=r"there is no such file; check the path"
    ),
    Case("looped-link.csv", lambda path: path.symlink_to(path.name), refused=r"cannot be read: "),
    Case("device-link.csv", lambda path: path.symlink_to("/dev/zero"), refused=r"is not a plain file; name a file"),
    Case("link.csv", _make_link, accepted=1),
    Case("missing.csv", lambda _path: None, refused=r"there is no such file; check the path"),
]

_ARCHIVES = [
    Case("bomb.csv.gz", _zeros, refused=r"more than 200 times its size, as no honest table does; export it unpacked"),
    Case(
        "bomb.zip",
        _repack(lambda members: members | {"sites.prj": b" " * 2**24}),
        refused=r"more than 200 times its size",
    ),
    Case(
        "bomb.xlsx",
        _repack(lambda members: members | {"xl/styles.xml": b" " * 2**24}),
        refused=r"more than 200 times its size",
    ),
    Case(
        "nested.zip",
        _repack(lambda _members: {"inner.zip": b"PK\x03\x04"}),
        refused=r"holds an archive inside \('inner\.zip'\), which is never unpacked",
    ),
    Case(
        "nested.csv.gz",
        lambda path: path.write_bytes(gzip.compress(gzip.compress(b"a,b\n1,2\n"))) and None,
        refused=r"but it holds an archive, packed; ",
    ),
    Case(
        "slip.zip",
        _repack(lambda members: members | {"../../evil.shp": b"x"}),
        refused=r"'\.\./\.\./evil\.shp' in it leads out of the archive's folder",
    ),
    Case(
        "slip.xlsx",
        _repack(lambda members: members | {"/etc/passwd": b"x"}),
        refused=r"leads out of the archive's folder",
    ),
    Case("locked.zip", _encrypt, refused=r"is encrypted; pack it without a password"),
    Case("locked.xlsx", _encrypt, refused=r"is encrypted; pack it without a password"),
    Case("no-index.zip", _repack(_without_shx), refused=r"sites\.shp lacks its \.shx; pack all parts"),
    Case("two-tables.zip", _repack(_twice), refused=r"holds 2 Shapefiles \(sites\.shp, more\.shp\); pack one alone"),
    Case(
        "no-shapes.zip",
        _repack(lambda _members: {"readme.txt": b"x"}),
        refused=r"holds no Shapefile; pack a \.shp with its \.shx and \.dbf",
    ),
    Case(
        "upper-case.zip",
        _repack(lambda members: {name.upper(): content for name, content in members.items()}),
        options=_SHAPE_COLUMN,
        accepted=40,
    ),
    Case(
        "in-a-folder.zip",
        _repack(lambda members: {f"export/{name}": content for name, content in members.items()}),
        options=_SHAPE_COLUMN,
        accepted=40,
    ),
    Case(
        "entities.xlsx",
        _repack(
            lambda members: (
                members | {"xl/workbook.xml": b'<!DOCTYPE w [<!ENTITY a "ha">]>' + members["xl/workbook.xml"]}
            )
        ),
        refused=r"'xl/workbook\.xml' in it .*; save the sheet anew",
    ),
    Case(
        "wide-entities.xlsx",
        _repack(
            lambda members: (
                members
                | {"xl/workbook.xml": '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha">]><w/>'.encode("utf-16")}
            )
        ),
        refused=r"'xl/workbook\.xml' in it .*; save the sheet anew",
    ),
    Case(
        "far-cell.xlsx",
        _repack(
            lambda members: (
                members
                | {
                    "xl/worksheets/sheet1.xml": members["xl/worksheets/sheet1.xml"].replace(
                        b'r="A1"', b'r="XFD1048576"'
                    )
                }
            )
        ),
        refused=r"sheet1\.xml' in it reaches to column XFD and row 1048576, more than the 2000 columns and 30000000 cells that are read; delete .*; save the sheet anew",
    ),
    Case(
        "damaged-sheet.xlsx",
        _repack(lambda members: members | {"xl/worksheets/sheet1.xml": members["xl/worksheets/sheet1.xml"][:200]}),
        refused=r"(damaged|no spreadsheet).*save it again",
    ),
    Case(
        "view.gpkg",
        _run_sql("CREATE VIEW v AS SELECT * FROM workplaces", "UPDATE gpkg_contents SET table_name = 'v'"),
        refused=r"holds views only \(v\), which run code; export the rows as a plain table",
    ),
    Case(
        "virtual.gpkg",
        _run_sql(
            "INSERT INTO sqlite_master VALUES ('table', 'x', 'x', 0, 'CREATE VIRTUAL TABLE x USING VirtualOGR(''a'')')"
        ),
        refused=r"holds virtual tables \(virtualogr\), which can open other files",
    ),
    Case(
        "computed.gpkg",
        _run_sql("ALTER TABLE workplaces ADD COLUMN c GENERATED ALWAYS AS (employees * 2)"),
        refused=r"columns of 'workplaces' are computed when read \(c\)",
    ),
    Case(
        "two-tables.gpkg",
        lambda path: [make_frame().to_file(path, layer=layer) for layer in ("first", "second")] and None,
        refused=r"holds 2 tables \(first, second\); name the right one 'workplaces'",
    ),
    Case(
        "no-places.gpkg",
        _run_sql("UPDATE gpkg_contents SET data_type = 'attributes'"),
        refused=r"holds no table with places; export one as a feature table",
    ),
    Case(
        "odd-metadata.parquet",
        _geo_metadata({"primary_column": "nowhere", "columns": {}}),
        refused=r"its geo metadata does not describe a column of it .*; export it again",
    ),
    Case(
        "odd-encoding.parquet",
        _geo_metadata({"primary_column": "sni", "columns": {"sni": {"encoding": "WKB"}}}),
        refused=r"'sni' holds 'WKB', but it holds .*; export it again with WKB",
    ),
    Case("lists.parquet", _lists, refused=r"sni: the column is missing.*give plain values in sni\."),
    Case(
        "deep.geojson",
        put('{"type": "FeatureCollection", "features": [' + "[" * 200_000),
        refused=r"holds numbers or nesting that no GeoJSON needs|is cut off",
    ),
    Case(
        "deep-geometry.geojson",
        make_geojson(feature(json.loads("[" * 500 + "]" * 500)), feature()),
        accepted=1,
        quarantined=1,
        rules={1: r"geometry that is no object"},
    ),
    Case(
        "wide.csv",
        put(",".join(f"c{number}" for number in range(3000)) + "\n" + "," * 2999 + "1\n"),
        refused=r"has 3000 columns, more than the 2000 that are read; export the ones",
    ),
    Case(
        "wide.geojson",
        make_geojson(feature(**{f"c{number}": 1 for number in range(3000)})),
        refused=r"columns, more than the 2000 that are read",
    ),
    Case(
        "wide.xlsx",
        make_xlsx(range(3000), head=[f"c{number}" for number in range(3000)]),
        refused=r"reaches to column DKJ and row 2, more than the 2000 columns",
    ),
]

CASES = (*_DAMAGED, *_MISNAMED, *_NO_FILES, *_ARCHIVES)
