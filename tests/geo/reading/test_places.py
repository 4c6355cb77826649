"""Where rows are: from whatever columns and CRS, to the same spot in EPSG:3006."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geo.errors import CRSError, GeometryError, InputError, SchemaError
from geo.layers.base import Layer
from geo.layers.registry import get_layer
from geo.reading import read_layer_file
from geo.reading.places import find_bad_coordinates
from tests.geo.reading.conftest import LULEA, SKANE, UMEA

Write = Callable[..., Path]
SITE = {"workplace_id": "1", "sni": "41.20", "employees": 3}
CELLS = tuple(SITE.values())
# Umeå by Lantmäteriet's own formulas for SWEREF 99 TM, to the metre
UMEA_M = tuple(round(value) for value in Transformer.from_crs(4326, 3006, always_xy=True).transform(*UMEA))


def place(reading: Any) -> tuple[float, float]:
    return reading.frame.geometry.x[0], reading.frame.geometry.y[0]


@pytest.mark.parametrize(
    ("header", "cells", "options"),
    [
        (("lon", "lat"), UMEA, {}),
        (("Lat", "LON"), UMEA[::-1], {}),
        (("easting", "northing"), UMEA_M, {}),
        (("northing", "easting"), UMEA_M[::-1], {}),
        (("x", "y"), UMEA_M, {"rename": {"x": "easting", "y": "northing"}}),
        (("geometry",), (f"POINT ({UMEA[0]} {UMEA[1]})",), {"crs": "EPSG:4326"}),
        (("wkt",), (f"POINT Z ({UMEA_M[0]} {UMEA_M[1]} 7)",), {"crs": "EPSG:3006", "rename": {"wkt": "geometry"}}),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_columns_lead_to_the_same_spot(
    write_csv: Write, workplaces: Layer, header: tuple[str, ...], cells: tuple[object, ...], options: dict[str, Any],
    delimiter: str,
) -> None:  # fmt: skip
    path = write_csv([*SITE, *header], [*CELLS, *cells], delimiter=delimiter)
    reading = read_layer_file(path, workplaces, **options)
    np.testing.assert_allclose(place(reading), UMEA_M, atol=0.5)
    assert reading.report.unused_columns == ()


@pytest.mark.parametrize("epsg", [4326, 3006, 3857, 3021, 3011, 32634, 4619, 5850])
def test_any_crs_and_axis_order_leads_to_the_same_spot(tmp_path: Path, workplaces: Layer, epsg: int) -> None:
    """EPSG:3006, 4326 and the RT 90 systems name northing first; files hold easting first."""
    frame = gpd.GeoDataFrame([SITE], geometry=[shapely.Point(UMEA)], crs=4326).to_crs(epsg)
    frame.to_file(tmp_path / "sites.gpkg", driver="GPKG")
    np.testing.assert_allclose(place(read_layer_file(tmp_path / "sites.gpkg", workplaces)), UMEA_M, atol=2)


@pytest.mark.parametrize(
    "name",
    ["urn:ogc:def:crs:EPSG::3006", "EPSG:3006", "urn:ogc:def:crs:EPSG:9.8:3006", "urn:x-ogc:def:crs:EPSG::3006"],
)
def test_geojson_with_a_named_crs(write_geojson: Write, workplaces: Layer, name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    reading = read_layer_file(write_geojson([(UMEA_M, SITE)], crs=crs), workplaces)
    np.testing.assert_allclose(place(reading), UMEA_M, atol=1e-6)
    assert reading.report.crs == "EPSG:3006"


@pytest.mark.parametrize(
    "crs",
    [
        None,
        {"type": "link", "properties": {"href": "http://example.org/crs"}},
        {"type": "name", "properties": {"name": "EPSG:999999"}},
        {"type": "name", "properties": {"name": "/etc/passwd"}},
        {"type": "name", "properties": None},
        "EPSG:3006",
    ],
)
def test_geojson_with_a_crs_that_cannot_be_used(write_geojson: Write, workplaces: Layer, crs: object) -> None:
    """What it says is never followed; the coordinates tell where they are, or nothing does."""
    path = write_geojson([(UMEA_M, SITE)], crs=crs)
    reading = read_layer_file(path, workplaces)
    np.testing.assert_allclose(place(reading), UMEA_M, atol=1e-6)
    assert any("its coordinates fit EPSG:3006" in note for note in reading.report.notes)
    assert read_layer_file(path, workplaces, crs="EPSG:3006").report.notes == ()
    elsewhere = write_geojson([((1e8, 1e8), SITE)], crs=crs)
    with pytest.raises(CRSError, match=r"say it with --crs, for instance --crs EPSG:3006"):
        read_layer_file(elsewhere, workplaces)


def test_no_crs_at_all(tmp_path: Path, write_csv: Write, workplaces: Layer) -> None:
    frame = gpd.GeoDataFrame([SITE], geometry=[shapely.Point(UMEA_M)])
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(tmp_path / "bare.gpkg", driver="GPKG")
    wkt = write_csv([*SITE, "geometry"], [*CELLS, "POINT (759000 7088000)"])
    for path in (tmp_path / "bare.gpkg", wkt):
        (note,) = read_layer_file(path, workplaces).report.notes
        assert "does not say which coordinate reference system it is in; its coordinates fit EPSG:3006" in note


def test_a_crs_that_is_told_wins_and_is_noted(write_geojson: Write, workplaces: Layer) -> None:
    reading = read_layer_file(write_geojson([(UMEA_M, SITE)]), workplaces, crs="EPSG:3006")
    assert reading.report.notes == ("The file says OGC:CRS84; it was read as EPSG:3006, as told.",)
    assert read_layer_file(write_geojson([(UMEA, SITE)]), workplaces, crs="EPSG:4326").report.notes == ()


@pytest.mark.parametrize("crs", ["EPSG:1", "nonsense", "EPSG:5613", "http://example.org", ""])
def test_an_unknown_or_unfit_crs_is_refused(write_geojson: Write, workplaces: Layer, crs: str) -> None:
    with pytest.raises(CRSError, match="--crs"):
        read_layer_file(write_geojson([(UMEA, SITE)]), workplaces, crs=crs)


@pytest.mark.parametrize(
    ("coordinates", "kind", "message"),
    [
        (UMEA[::-1], CRSError, "has latitude before longitude; swap them — row 2"),
        (
            UMEA_M,
            CRSError,
            r"holds metres, but its CRS is in degrees \(OGC:CRS84\); say the right one with --crs — row 2",
        ),
        ((62.99, 2.4), GeometryError, "lies outside Sweden; check the coordinates — row 2"),
        ((-20.0, 64.0), GeometryError, "lies outside Sweden"),
        ((float("nan"), 64.0), GeometryError, "has coordinates that are not finite numbers; mend them — row 2"),
        ((20.0, float("inf")), GeometryError, "not finite numbers"),
        (("20", "64"), GeometryError, "cannot be read as GeoJSON; mend its type and coordinates — row 2"),
        (None, GeometryError, r"is missing or empty; give a place — row 2"),
        ((), GeometryError, r"is missing or empty; give a place — row 2"),
    ],
)
def test_wrong_places_in_degrees(
    write_geojson: Write, workplaces: Layer, coordinates: Any, kind: type[InputError], message: str
) -> None:
    path = write_geojson([(UMEA, SITE), (coordinates, SITE | {"workplace_id": "2"})])
    with pytest.raises(kind, match=message):
        read_layer_file(path, workplaces, strict=True)
    reading = read_layer_file(path, workplaces, skip_rows=[2])
    assert (reading.report.rows_skipped, reading.report.rows_accepted) == (1, 1)
    assert reading.report.skipped_rows == (2,)


@pytest.mark.parametrize(
    ("easting", "northing", "kind", "message"),
    [
        (UMEA_M[1], UMEA_M[0], CRSError, r"has northing before easting, unlike the other rows; swap the two — row 2"),
        (UMEA[0], UMEA[1], CRSError, r"looks like degrees, but its CRS is in metres.* — row 2"),
        (1_720_000, 7_090_000, GeometryError, r"lies outside Sweden; check the coordinates — row 2"),
        (
            "758 000",
            7_088_000,
            GeometryError,
            "easting '758 000' is no finite number; write it with a decimal point — row 2",
        ),
        ("758000,5", 7_088_000, GeometryError, "easting '758000,5' is no finite number"),
        ("nan", 7_088_000, GeometryError, "easting 'nan' is no finite number"),
        ("", 7_088_000, GeometryError, "has only one of easting and northing; fill in both — row 2"),
        ("", "", GeometryError, r"is missing or empty; give a place — row 2"),
    ],
)
def test_wrong_places_in_metres(
    write_csv: Write, workplaces: Layer, easting: object, northing: object, kind: type[InputError], message: str
) -> None:
    path = write_csv([*SITE, "easting", "northing"], [*CELLS, *UMEA_M], ["2", "41.20", 1, easting, northing])
    with pytest.raises(kind, match=message):
        read_layer_file(path, workplaces, strict=True)


def test_csv_without_places_says_what_to_call_them(write_csv: Write, workplaces: Layer) -> None:
    path = write_csv([*SITE, "x", "lat"], [*CELLS, 1, 2])
    with pytest.raises(
        GeometryError, match=r"easting and northing.*--rename x=easting.*The file has workplace_id, sni"
    ):
        read_layer_file(path, workplaces)


def test_csv_with_wkt_that_is_none(write_csv: Write, workplaces: Layer) -> None:
    path = write_csv([*SITE, "geometry"], [*CELLS, "POINT (759000 7088000)"], ["2", "41.20", 1, "PUNKT (1 2)"])
    with pytest.raises(GeometryError, match=r"cannot be read as WKT.*row 2"):
        read_layer_file(path, workplaces, crs="EPSG:3006", strict=True)


def test_everything_wrong_is_told_at_once_and_by_row_of_the_file(write_geojson: Write, workplaces: Layer) -> None:
    rows = [
        (SKANE, SITE | {"workplace_id": "a"}),
        (UMEA, SITE | {"workplace_id": "b", "employees": "many"}),
        (None, SITE | {"workplace_id": "c"}),
        (UMEA[::-1], SITE | {"workplace_id": "d"}),
        (LULEA, SITE | {"workplace_id": "e", "sni": "00000"}),
        (LULEA, SITE | {"workplace_id": "e"}),
        (SKANE, SITE | {"workplace_id": "f", "employees": "few"}),
    ]
    with pytest.raises(SchemaError) as caught:
        read_layer_file(write_geojson(rows), workplaces, strict=True)
    text = str(caught.value)
    for part in (
        "sites.geojson: 6 of 7 rows break 5 rule(s) of layer workplaces",
        "latitude before longitude; swap them — row 4",
        "employees: cannot be read as a number (got 'many'); write digits with a decimal point, or leave the cell "
        "empty — row 2",
        "is missing or empty; give a place — row 3",
        "sni: unknown industry code (got 00000 in SNI 2007)",
        "--skip-row NUMBER",
    ):
        assert part in text
    assert "few" not in text, "a row that is not wanted anyway need not be right"


def test_rows_that_are_filtered_out_need_not_be_right(write_geojson: Write, workplaces: Layer) -> None:
    path = write_geojson([(UMEA, SITE | {"ok": 1}), (None, {"ok": 0}), (UMEA[::-1], {"ok": 0})])
    assert read_layer_file(path, workplaces, where={"ok": "1"}).report.rows_filtered_out == 2


def test_all_rows_outside_the_region(write_geojson: Write, workplaces: Layer) -> None:
    with pytest.raises(
        InputError, match=r"1 of 1 rows .* of layer workplaces[^$]*lies more than 15 km outside Region Nord"
    ):
        read_layer_file(write_geojson([(SKANE, SITE)]), workplaces)


def test_areas_are_repaired_and_the_report_says_so(tmp_path: Path) -> None:
    """A bow tie: two triangles that touch in one point."""
    x, y = UMEA_M
    bow_tie = shapely.Polygon([(x, y), (x + 2000, y + 2000), (x + 2000, y), (x, y + 2000)])
    square = shapely.box(x, y, x + 2000, y + 2000)
    frame = gpd.GeoDataFrame(
        {"area_id": ["2480", "2481"], "sector": "construction", "employees": 5}, geometry=[bow_tie, square], crs=3006
    )
    frame.to_file(tmp_path / "areas.gpkg", driver="GPKG")
    reading = read_layer_file(tmp_path / "areas.gpkg", get_layer("sectors"))
    assert reading.frame.geometry.is_valid.all()
    np.testing.assert_allclose(reading.frame.geometry.area, [2e6, 4e6])
    assert reading.report.rows_repaired == 1


@given(st.floats(), st.floats())
def test_any_pair_of_numbers_is_judged(x: float, y: float) -> None:
    """Degrees in Sweden pass; of everything else something is said, without a warning."""
    from pyproj import CRS  # noqa: PLC0415

    shapes = np.array([shapely.Point(x, y)], dtype=object)
    if not shapes[0].is_empty:
        found = find_bad_coordinates(shapes, CRS("EPSG:4326"))
        assert (not found) == (8 <= x <= 26 and 54 <= y <= 71)
