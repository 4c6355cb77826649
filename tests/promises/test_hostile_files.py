"""Promise: a file from outside costs its reader a message, never the process, the memory, or an afternoon.

Each of these once ended the process, ran on without end, or was taken in.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.errors import GeometryError, InputError
from geo.layers.registry import get_layer
from geo.reading import read_layer_file
from geo.reading.table import MAX_COLUMNS

UMEA = "POINT (759000 7088000)"
WORKPLACES = get_layer("workplaces")
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "sites.gpkg"
    frame = gpd.GeoDataFrame(
        {"workplace_id": ["1"], "sni": ["41.20"], "employees": [5]}, geometry=[shapely.from_wkt(UMEA)], crs=3006
    )
    frame.to_file(path, layer="workplaces", driver="GPKG")
    return path


def write_feature(path: Path, properties: dict[str, object]) -> Path:
    feature = {
        "type": "Feature",
        "properties": {"workplace_id": "1", "sni": "41.20", "employees": 5, **properties},
        "geometry": {"type": "Point", "coordinates": [20.26, 63.83]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    return path


def test_shapes_inside_shapes_end_the_row_not_the_process(tmp_path: Path) -> None:
    depth = 200_000
    wkt = "GEOMETRYCOLLECTION (" * depth + UMEA + ")" * depth
    path = tmp_path / "deep.csv"
    path.write_text(f"workplace_id,sni,employees,geometry\n1,41.20,5,{wkt}\n2,41.20,5,{UMEA}\n", "utf-8")
    with pytest.raises(GeometryError, match=r"cannot be read as WKT.* — row 1"):
        read_layer_file(path, WORKPLACES, crs="EPSG:3006", strict=True)
    assert len(read_layer_file(path, WORKPLACES, crs="EPSG:3006", skip_rows=[1]).frame) == 1


def test_shapes_of_many_parts_are_not_deep(tmp_path: Path) -> None:
    square = "((759000 7088000, 759100 7088000, 759100 7088100, 759000 7088000))"
    path = tmp_path / "areas.csv"
    path.write_text(
        f'area_id,sector,employees,geometry\n1,green,5,"MULTIPOLYGON ({", ".join([square] * 200)})"\n', "utf-8"
    )
    assert len(read_layer_file(path, get_layer("sectors"), crs="EPSG:3006").frame) == 1


@pytest.mark.parametrize("ending", ["csv", "geojson"])
def test_a_table_too_wide_is_refused_at_once(tmp_path: Path, ending: str) -> None:
    n_columns = 200_000
    path = tmp_path / f"wide.{ending}"
    if ending == "csv":
        header = ",".join(f"c{number}" for number in range(n_columns))
        path.write_text(f"{header}\n{',' * (n_columns - 1)}\n", "utf-8")
    else:
        write_feature(path, {f"c{number}": 1 for number in range(n_columns)})
    with pytest.raises(InputError, match=f"wide.{ending}: has 2000.. columns, more than the {MAX_COLUMNS}"):
        read_layer_file(path, WORKPLACES)


@pytest.mark.parametrize("table", ["gpkg_contents", "gpkg_extensions", "gpkg_ogr_contents"])
def test_the_formats_own_tables_are_tables(package: Path, table: str) -> None:
    """A view in the place of one would be computed by whoever opens the file, without end here."""
    with closing(sqlite3.connect(package)) as database:
        database.execute(f"DROP TABLE IF EXISTS {table}")
        database.execute(f"CREATE VIEW {table} AS {ENDLESS} SELECT x AS table_name, 'features' AS data_type FROM n")  # noqa: S608  ours
        database.commit()
    with pytest.raises(InputError, match=rf"views in place of the format's own tables \({table}\), which run code"):
        read_layer_file(package, WORKPLACES)


@pytest.mark.parametrize("name", ['"a-- b"', '"a USING rtree b"', "[a /* b]", "`a using fts5`", "'a USING rtree'"])
def test_virtual_tables_do_not_hide_behind_their_name(package: Path, name: str) -> None:
    statement = f"CREATE VIRTUAL TABLE {name} USING VirtualOGR('secret.geojson')"
    with closing(sqlite3.connect(package)) as database:
        database.execute("PRAGMA writable_schema = 1")
        database.execute(
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', ?1, ?1, 0, ?2)",
            (name[1:-1], statement),
        )
        database.commit()
    with pytest.raises(InputError, match=r"virtual tables \(virtualogr\)"):
        read_layer_file(package, WORKPLACES)


@pytest.mark.parametrize(
    "mark", ["\N{RIGHT-TO-LEFT OVERRIDE}", "\N{FIRST STRONG ISOLATE}", "\N{LINE SEPARATOR}", "\x1b[2J"]
)
def test_no_text_turns_or_erases_what_stands_beside_it(tmp_path: Path, mark: str) -> None:
    path = write_feature(tmp_path / "turned.geojson", {"workplace_id": f"{mark}1", "name": f"Bygg{mark}AB"})
    frame = read_layer_file(path, WORKPLACES).frame
    for text in (frame["workplace_id"][0], frame["name"][0]):
        assert mark[0] not in text
    assert frame["name"][0].startswith("Bygg ")
