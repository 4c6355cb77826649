"""What a broken or odd file is: how it is made, how it is read, and what must come of it."""

from __future__ import annotations

import csv
import io
import json
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import shapely

from geo.errors import InputError

__all__ = [
    "GEOJSON_SITE",
    "HEAD",
    "LULEA",
    "SITE",
    "UMEA",
    "UMEA_M",
    "Case",
    "Make",
    "feature",
    "make_csv",
    "make_frame",
    "make_geojson",
    "make_xlsx",
    "pack",
    "put",
    "write_bytes",
    "write_frame",
]

Make = Callable[[Path], None]

# longitude and latitude, easting and northing
UMEA, LULEA = (20.26, 63.83), (22.15, 65.58)
UMEA_M = (759_000, 7_088_000)
HEAD = ("workplace_id", "name", "sni", "employees", "lon", "lat")
# a row without fault under HEAD, and the same without its place
SITE = ("1", "Firma A", "41.20", "5", *map(str, UMEA))
GEOJSON_SITE = {"workplace_id": "1", "name": "Firma A", "sni": "41.20", "employees": 5}


@dataclass(frozen=True)
class Case:
    """A file, and what reading it must come to.

    Attributes
    ----------
    name : str, the file's name
    make : writes the file
    layer : str
    options : of `geo.reading.read_layer_file`, and ``shape``, ``is_swapped``, ``pseudonym_key``
    refused : what the message must match where the file as a whole is refused; empty: it is read
    error : class of that error
    accepted, quarantined, duplicate : int, rows of each kind
    rules : row number to what its failures must match, ``column: rule; remedy`` each
    notes : what the report must match
    secrets : texts that no message, report, quarantine or accepted row may hold
    """

    name: str
    make: Make
    layer: str = "workplaces"
    options: Mapping[str, Any] = field(default_factory=dict)
    refused: str = ""
    error: type[InputError] = InputError
    accepted: int = 0
    quarantined: int = 0
    duplicate: int = 0
    rules: Mapping[int, str | Sequence[str]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    secrets: Sequence[str] = ()


def put(content: str | bytes) -> Make:
    """A file of these bytes, text as UTF-8."""
    raw = content.encode() if isinstance(content, str) else content
    return lambda path: write_bytes(path, raw)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file anew."""
    path.write_bytes(content)


def make_csv(
    *rows: Sequence[object], head: Sequence[str] = HEAD, delimiter: str = ",", encoding: str = "utf-8"
) -> Make:
    """A CSV file of a header and rows."""

    def make(path: Path) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([head, *rows])
        path.write_bytes(text.getvalue().encode(encoding))

    return make


def feature(place: object = UMEA, **properties: object) -> dict[str, Any]:
    """A GeoJSON feature; a place is a pair of coordinates, a geometry, or None."""
    geometry = {"type": "Point", "coordinates": list(place)} if isinstance(place, tuple) else place
    return {"type": "Feature", "properties": {**GEOJSON_SITE, **properties}, "geometry": geometry}


def make_geojson(*features: object, **members: object) -> Make:
    """A GeoJSON feature collection."""
    document = {"type": "FeatureCollection", **members, "features": list(features)}
    return put(json.dumps(document, ensure_ascii=False))


def make_xlsx(*rows: Sequence[object], head: Sequence[object] = HEAD) -> Make:
    """A workbook of one sheet."""

    def make(path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        if sheet is None:
            raise AssertionError
        sheet.append(list(head))
        for row in rows:
            sheet.append(list(row))
        book.save(path)

    return make


def make_frame(n_rows: int = 3, crs: int | None = 3006, **columns: Sequence[object]) -> gpd.GeoDataFrame:
    """Sound workplaces near Umeå."""
    return gpd.GeoDataFrame(
        {
            "workplace_id": [str(number) for number in range(1, n_rows + 1)],
            "sni": ["41.20"] * n_rows,
            "employees": [float(number) for number in range(n_rows)],
            **columns,
        },
        geometry=[shapely.Point(UMEA_M[0] + number, UMEA_M[1]) for number in range(n_rows)],
        crs=crs,
    )


def write_frame(path: Path, frame: gpd.GeoDataFrame) -> None:
    """A frame in the format that the path's ending says."""
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".zip":
        folder = path.with_suffix("")
        folder.mkdir()
        frame.rename(columns={"workplace_id": "wid"}).to_file(folder / "sites.shp", engine="pyogrio")
        pack(path, {part.name: part.read_bytes() for part in sorted(folder.iterdir())})
    else:
        with warnings.catch_warnings():
            # a file that says nothing of its CRS is what is wanted
            warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)
            frame.to_file(path, layer="workplaces" if path.suffix == ".gpkg" else None)


def pack(path: Path, members: Mapping[str, bytes]) -> None:
    """A ZIP archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
