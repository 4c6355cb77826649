"""Files whose rows lie in the wrong place, in the wrong system, or nowhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import shapely

from geo.errors import CRSError, GeometryError
from tests.data.broken.case import (
    HEAD,
    LULEA,
    SITE,
    UMEA,
    UMEA_M,
    Case,
    Make,
    feature,
    make_csv,
    make_frame,
    make_geojson,
    pack,
    put,
    write_frame,
)

__all__ = ["CASES"]

_METRES = ("workplace_id", "sni", "employees", "easting", "northing")
_WKT = ("workplace_id", "sni", "employees", "geometry")
_X_Y = ("workplace_id", "sni", "employees", "x", "y")
_SKANE = (13.5, 55.8)
_TM = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3006"}}


def _in(crs: int, said: int | None, *, swap: bool = False) -> Make:
    """Sound workplaces projected to one system, in a file that says another."""

    def make(path: Path) -> None:
        frame = make_frame(5).to_crs(crs)
        shapes = (
            shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1]) if swap else frame.geometry.to_numpy()
        )
        frame = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=said)
        write_frame(path, frame)

    return make


def _with_shapes(shapes: Sequence[object]) -> Make:
    def make(path: Path) -> None:
        frame = make_frame(len(shapes))
        write_frame(path, gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=list(shapes), crs=3006))

    return make


def _no_prj(path: Path) -> None:
    folder = path.with_suffix("")
    folder.mkdir()
    make_frame(3).rename(columns={"workplace_id": "wid"}).to_file(folder / "sites.shp")
    pack(path, {part.name: part.read_bytes() for part in folder.iterdir() if part.suffix != ".prj"})


def _points(*places: tuple[object, object], head: Sequence[str] = HEAD) -> Make:
    rows = [[str(number), *SITE[1:4], *place] for number, place in enumerate(places, start=1)]
    if head != HEAD:
        rows = [[row[0], row[2], row[3], *row[4:]] for row in rows]
    return make_csv(*rows, head=head)


def _shapes(*wkts: str) -> Make:
    return make_csv(*[[str(number), "41.20", 5, wkt] for number, wkt in enumerate(wkts, start=1)], head=_WKT)


def _areas(*wkts: str) -> Make:
    rows = [[f"area-{number}", "construction", 5, wkt] for number, wkt in enumerate(wkts, start=1)]
    return make_csv(*rows, head=("area_id", "sector", "employees", "geometry"))


def _raw_points(*coordinates: str) -> Make:
    """GeoJSON with coordinates as no writer would write them."""
    place = json.dumps({"type": "Point", "coordinates": "HERE"})
    features = [json.dumps(feature(workplace_id=str(n))) for n in range(1, len(coordinates) + 1)]
    plain = json.dumps({"type": "Point", "coordinates": list(UMEA)})
    rows = [each.replace(plain, place.replace('"HERE"', xy)) for each, xy in zip(features, coordinates, strict=True)]
    return put('{"type": "FeatureCollection", "features": [' + ", ".join(rows) + "]}")


_SOUND = f"{UMEA[0]}, {UMEA[1]}"
_SQUARE = "((759000 7088000, 759100 7088000, 759100 7088100, 759000 7088100, 759000 7088000))"
_BOW_TIE = "POLYGON ((759000 7088000, 759100 7088100, 759100 7088000, 759000 7088100, 759000 7088000))"
_TO_TM = {"crs": "EPSG:3006"}
_FINITE = r"^geometry: has coordinates that are not finite numbers; mend them"

_SYSTEMS = [
    Case(
        "metres-said-degrees.gpkg",
        _in(3006, 4326),
        quarantined=5,
        rules=dict.fromkeys(
            range(1, 6),
            r"^geometry: holds metres, but its CRS is in degrees \(EPSG:4326\); say the right one with --crs",
        ),
    ),
    Case(
        "degrees-said-metres.gpkg",
        _in(4326, 3006),
        quarantined=5,
        rules=dict.fromkeys(
            range(1, 6),
            r"^geometry: looks like degrees, but its CRS is in metres \(EPSG:3006\); say the right one with --crs",
        ),
    ),
    Case(
        "metres-said-degrees-and-told.gpkg",
        _in(3006, 4326),
        options=_TO_TM,
        accepted=5,
        notes=(r"The file says EPSG:4326; it was read as EPSG:3006, as told",),
    ),
    Case(
        "rt90-said-sweref.gpkg",
        _in(3021, 3006),
        quarantined=5,
        rules=dict.fromkeys(range(1, 6), r"^geometry: lies outside Sweden; check"),
    ),
    Case(
        "no-crs.gpkg",
        _in(3006, None),
        accepted=5,
        notes=(
            r"does not say which coordinate reference system it is in; its coordinates fit EPSG:3006 \(SWEREF 99 TM\) only",
        ),
    ),
    Case("no-crs-degrees.parquet", _in(4326, None), accepted=5, notes=(r"fit EPSG:4326 \(WGS 84, degrees\) only",)),
    Case("no-crs-rt90.gpkg", _in(3021, None), accepted=5, notes=(r"fit EPSG:3021 \(RT90 2\.5 gon V\) only",)),
    Case("no-crs-swapped.gpkg", _in(3006, None, swap=True), accepted=5, notes=(r"with northing before easting",)),
    Case("no-prj.zip", _no_prj, options={"rename": {"wid": "workplace_id"}}, accepted=3, notes=(r"fit EPSG:3006",)),
    Case("utm-zone-34.gpkg", _in(32634, 32634), accepted=5),
    Case("web-mercator.gpkg", _in(3857, 3857), accepted=5),
    Case(
        "unknown-crs.geojson",
        make_geojson(feature(UMEA_M), crs={"type": "name", "properties": {"name": "EPSG:999999"}}),
        accepted=1,
        notes=(r"Its crs member names EPSG:999999, which PROJ does not know\.", r"fit EPSG:3006"),
    ),
    Case(
        "link-crs.geojson",
        make_geojson(feature(UMEA_M), crs={"type": "link", "properties": {"href": "http://127.0.0.1:1/"}}),
        accepted=1,
        notes=(r"Its crs member is not a plain name such as EPSG:3006, and is never followed\.", r"fit EPSG:3006"),
    ),
    Case(
        "unknown-crs-and-nowhere.geojson",
        make_geojson(feature((1, 2)), crs={"type": "name", "properties": {"name": "EPSG:999999"}}),
        refused=r"^\S+: its crs member names EPSG:999999, which PROJ does not know\. It does not.*say it with --crs",
        error=CRSError,
    ),
    Case(
        "crs-nonsense-told.csv",
        _points(UMEA),
        options={"crs": "sweref-ish"},
        refused=r"--crs sweref-ish: is no coordinate reference system that PROJ knows; write one such as EPSG:3006",
        error=CRSError,
    ),
    Case("metres-in-degree-columns.csv", _points(UMEA_M, (759_100, 7_088_000)), accepted=2, notes=(r"fit EPSG:3006",)),
    Case("x-and-y.csv", _points(UMEA_M, (759_100, 7_088_000), head=_X_Y), accepted=2, notes=()),
    Case(
        "swapped.csv",
        _points(UMEA[::-1], LULEA[::-1]),
        accepted=2,
        notes=(r"The file has latitude before longitude; the two were swapped in all rows",),
    ),
    Case(
        "swapped-metres.csv",
        _points(UMEA_M[::-1], (7_088_000, 759_100), head=_METRES),
        accepted=2,
        notes=(r"northing before easting",),
    ),
    Case(
        "one-row-swapped.csv",
        _points(*[(20.26 + n / 100, 63.83) for n in range(30)], LULEA[::-1]),
        accepted=30,
        quarantined=1,
        rules={31: r"^geometry: has latitude before longitude; swap them"},
    ),
    Case(
        "one-row-swapped-metres.csv",
        _points(*[(759_000 + n, 7_088_000) for n in range(30)], UMEA_M[::-1], head=_METRES),
        accepted=30,
        quarantined=1,
        rules={31: r"^geometry: has northing before easting, unlike the other rows; swap the two"},
    ),
    Case(
        "one-row-degrees.csv",
        _points(*[(759_000 + n, 7_088_000) for n in range(30)], UMEA, head=_METRES),
        accepted=30,
        quarantined=1,
        rules={31: r"^geometry: looks like degrees, but its CRS is in metres"},
    ),
    Case(
        "swapped.geojson",
        make_geojson(feature(UMEA[::-1])),
        accepted=1,
        notes=(r"latitude before longitude; the two were swapped",),
    ),
    Case(
        "metres-said-nothing.geojson",
        make_geojson(feature(UMEA_M)),
        quarantined=1,
        rules={1: r"^geometry: holds metres, but its CRS is in degrees \(OGC:CRS84\); say the right one with --crs"},
    ),
]

_COORDINATES = [
    Case(
        "elsewhere.csv",
        _points(UMEA, _SKANE, (2.35, 48.85), (0, 0)),
        accepted=1,
        quarantined=3,
        rules={
            2: r"^geometry: lies more than 15 km outside Region Nord",
            3: r"^geometry: lies outside Sweden; check the coordinates",
            4: r"^geometry: lies outside Sweden; check",
        },
    ),
    Case(
        "all-in-skane.csv",
        _points(_SKANE, (13.6, 55.8)),
        quarantined=2,
        rules=dict.fromkeys((1, 2), r"outside Region Nord"),
    ),
    Case(
        "not-numbers.csv",
        _points(
            UMEA, ("nan", "63.8"), ("inf", "63.8"), ("1e999", "63.8"), ("20,26", "63,83"), ("öst", ""), ("20.26", "")
        ),
        accepted=1,
        quarantined=6,
        rules={
            2: r"lon 'nan' is no finite number",
            3: r"lon 'inf' is no finite number; write it with a decimal point",
            4: r"lon '1e999' is no finite number",
            5: r"lon '20,26' is no finite number; write it with a decimal point",
            6: r"lon 'öst' is no finite number",
            7: r"has only one of lon and lat; fill in both",
        },
    ),
    Case(
        "not-numbers.geojson",
        _raw_points(
            f"[{_SOUND}]",
            "[NaN, 63.83]",
            "[Infinity, 63.83]",
            "[1e999, 63.83]",
            '["20.26", "63.83"]',
            "[20.26]",
            "[]",
            "[null, null]",
            "20.26",
        ),
        accepted=1,
        quarantined=8,
        rules={
            2: _FINITE,
            3: _FINITE,
            4: _FINITE,
            5: r"^geometry: cannot be read as GeoJSON; mend",
            6: r"^geometry: cannot be read as GeoJSON; mend",
            7: r"^geometry: is missing or empty; give a place",
            8: r"^geometry: cannot be read as GeoJSON; mend",
            9: r"^geometry: cannot be read as GeoJSON; mend",
        },
    ),
    Case(
        "huge-numbers.geojson",
        _raw_points(f"[{_SOUND}]", "[1e308, 1e308]", "[" + "9" * 400 + ", 63.83]"),
        accepted=1,
        quarantined=2,
        rules={2: r"^geometry: holds metres|outside Sweden", 3: r"^geometry: "},
    ),
    Case(
        "deep-wkt.csv",
        _shapes("POINT (759000 7088000)", "GEOMETRYCOLLECTION (" * 100_000 + "POINT (1 1)" + ")" * 100_000),
        options=_TO_TM,
        accepted=1,
        quarantined=1,
        rules={2: r"^geometry: cannot be read as WKT; write for instance POINT"},
    ),
    Case(
        "wkt.csv",
        _shapes(
            "POINT (759000 7088000)",
            "POINT EMPTY",
            "POINT (1)",
            "POINT (nan nan)",
            "here",
            "",
            "POINT Z (759001 7088000 12)",
            "SRID=3006;POINT (759002 7088000)",
        ),
        options=_TO_TM,
        accepted=2,
        quarantined=6,
        rules={
            2: r"^geometry: is missing or empty; give a place",
            3: r"cannot be read as WKT",
            4: r"^geometry: is missing or empty|not finite",
            5: r"cannot be read as WKT",
            6: r"^geometry: is missing or empty; give a place",
            8: r"cannot be read as WKT",
        },
    ),
    Case(
        "no-places.csv",
        make_csv(["1", "41.20", 5], head=("workplace_id", "sni", "employees")),
        refused=r"no columns say where its rows are\. They are called easting and northing.*rename them.*The file has workplace_id, sni, employees",
        error=GeometryError,
    ),
    Case(
        "half-a-place.csv",
        make_csv(["1", "41.20", 5, 20.26], head=("workplace_id", "sni", "employees", "lon")),
        refused=r"no columns say where its rows are.*so a title above it must go",
        error=GeometryError,
    ),
]

_POINT, _LINE, _AREA = (
    shapely.Point(759_000, 7_088_000),
    shapely.LineString([(759_000, 7_088_000), (759_100, 7_088_000)]),
    shapely.box(759_000, 7_088_000, 759_100, 7_088_100),
)
_MUST_BE_POINT = r"^geometry: must be Point; export the shapes that the layer holds <{}>"

_SHAPES = [
    *(
        Case(
            f"mixed-shapes.{ending}",
            _with_shapes(
                [
                    _POINT,
                    _LINE,
                    _AREA,
                    shapely.MultiPoint([_POINT]),
                    shapely.GeometryCollection([_POINT]),
                    None,
                    shapely.Point(),
                ]
            ),
            accepted=1,
            quarantined=6,
            rules={
                2: _MUST_BE_POINT.format("LineString"),
                3: _MUST_BE_POINT.format("Polygon"),
                4: _MUST_BE_POINT.format("MultiPoint"),
                5: _MUST_BE_POINT.format("GeometryCollection"),
                6: r"is missing or empty",
                7: r"is missing or empty",
            },
        )
        for ending in ("gpkg", "parquet", "geojson")
    ),
    Case(
        "no-geometry.geojson",
        make_geojson(feature(None), feature(workplace_id="2")),
        accepted=1,
        quarantined=1,
        rules={1: r"^geometry: is missing or empty; give a place"},
    ),
    Case(
        "three-dimensions.gpkg",
        _with_shapes([shapely.Point(759_000, 7_088_000, 12), shapely.Point(759_001, 7_088_000, float("nan"))]),
        accepted=2,
    ),
    Case(
        "odd-geometry.geojson",
        make_geojson(
            *[
                feature({"type": kind, "coordinates": list(UMEA)}, workplace_id=str(number))
                for number, kind in enumerate(("Point", "point", "Circle", "Polygon", ""), start=1)
            ]
        ),
        accepted=1,
        quarantined=4,
        rules=dict.fromkeys(range(2, 6), r"^geometry: cannot be read as GeoJSON; mend its type and coordinates"),
    ),
    Case(
        "bow-tie.csv",
        _areas(f"POLYGON {_SQUARE}", _BOW_TIE),
        layer="sectors",
        options=_TO_TM,
        accepted=2,
        notes=(r'"rows_repaired": 1',),
    ),
    Case(
        "flat-areas.csv",
        _areas(
            f"POLYGON {_SQUARE}",
            "POLYGON ((759000 7088000, 759100 7088000, 759000 7088000))",
            "POLYGON ((759000 7088000, 759000 7088000, 759000 7088000, 759000 7088000))",
        ),
        layer="sectors",
        options=_TO_TM,
        accepted=1,
        quarantined=2,
        rules={2: r"^geometry: encloses no area; draw it anew", 3: r"^geometry: encloses no area"},
    ),
    Case(
        "open-areas.csv",
        _areas(
            f"POLYGON {_SQUARE}",
            "POLYGON ((759000 7088000, 759100 7088000, 759100 7088100))",
            "POLYGON EMPTY",
            "MULTIPOLYGON EMPTY",
        ),
        layer="sectors",
        options=_TO_TM,
        accepted=1,
        quarantined=3,
        rules={2: r"^geometry: cannot be read as WKT", 3: r"is missing or empty", 4: r"is missing or empty"},
    ),
    Case(
        "open-area.geojson",
        make_geojson(
            {
                "type": "Feature",
                "properties": {"area_id": "1", "sector": "construction", "employees": 1},
                "geometry": {"type": "Polygon", "coordinates": [[[20, 64], [20.1, 64], [20.1, 64.1]]]},
            }
        ),
        layer="sectors",
        quarantined=1,
        rules={1: r"^geometry: cannot be read as GeoJSON; mend"},
    ),
    Case(
        "one-corner-in-the-sea.csv",
        _areas(f"POLYGON {_SQUARE}", "POLYGON ((759000 7088000, 759100 7088000, 0 0, 759000 7088000))"),
        layer="sectors",
        options=_TO_TM,
        accepted=1,
        quarantined=1,
        rules={2: r"^geometry: lies outside Sweden"},
    ),
]

CASES = (*_SYSTEMS, *_COORDINATES, *_SHAPES)
