"""GDAL with its doors shut. Whatever reads files through GDAL imports this module first; ``import geo`` does.

GDAL looks at content, not at names: a ``.geojson`` that holds OGR-VRT XML reads other files of the machine, and a
file that names a web address in the right place is followed there. So, before anything is read:

- every driver but a few plain file formats is taken out of pyogrio's copy of GDAL, whether pyogrio was imported
  before or not, and whatever drivers a newer GDAL brings;
- HTTP goes to a port where nothing listens, and the ``/vsicurl`` file system is told to accept nothing;
- only bytes reach GDAL, never a path, so that no file beside the one asked for is opened (`read_batches`).

rasterio carries its own copy of GDAL and keeps its drivers: nothing is set through environment variables, which both
copies would read. Norrsyn gives rasterio arrays and files that it wrote itself, never a file from outside.

The drivers left are not all harmless by themselves. GDAL's GeoJSON driver fetches the address that a ``crs`` member
of type ``link`` names, in the collection or in any geometry (seen with GDAL 3.12); GeoJSON is therefore read by
`geo.reading.geojson`, without GDAL. The driver stays for those who write GeoJSON with geopandas.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pyarrow as pa
import pyogrio
import pyogrio.raw

from geo.errors import ConfigError

__all__ = ["ALLOWED_DRIVERS", "list_fields", "read_batches", "shut_doors"]

ALLOWED_DRIVERS = frozenset({"ESRI Shapefile", "FlatGeobuf", "GPKG", "GeoJSON"})
# The driver's own way to Arrow stops at some features without a shape (seen with GDAL 3.12), the general one does not.
_READ_EVERY_FEATURE = {"OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES"}
_NO_NETWORK = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{noext}",
    # tcpmux: nothing listens there, so every connection is refused at once
    "GDAL_HTTP_PROXY": "127.0.0.1:1",
}


def shut_doors() -> frozenset[str]:
    """Take every driver out of pyogrio's GDAL but the allowed ones, and turn its network off.

    Returns
    -------
    frozenset of str
        Drivers that are left although they are not allowed: none, unless pyogrio changed its ways.
    """
    unwanted = _list_unwanted()
    if unwanted:
        skipped = set(filter(None, str(pyogrio.get_gdal_config_option("OGR_SKIP") or "").split(",")))
        pyogrio.set_gdal_config_options(
            {"OGR_SKIP": ",".join(sorted(unwanted | skipped)), **_NO_NETWORK, **_READ_EVERY_FEATURE}
        )
        # GDAL drops the drivers named in OGR_SKIP whenever it registers its drivers, so it must do that once more
        register = getattr(pyogrio._ogr, "_register_drivers", None)
        if register is not None:
            register()
    return _list_unwanted()


def list_fields(content: bytes, table: str | None = None) -> tuple[tuple[str, ...], int]:
    """Names of the attribute columns of one table of a GeoPackage, FlatGeobuf or zipped Shapefile, and its rows.

    Parameters
    ----------
    content : bytes of the file
    table : str, None where the file has but one

    Returns
    -------
    tuple of str
    int, how many rows the file says it has, below 0 where it does not say

    Raises
    ------
    ConfigError
        The drivers of pyogrio's GDAL could not be restricted.
    """
    _check_doors()
    with _unmoved():
        about = pyogrio.read_info(content, layer=table)
    return tuple(map(str, about["fields"])), int(about["features"])


def read_batches(
    content: bytes, columns: tuple[str, ...], rows_per_batch: int, table: str | None = None
) -> Iterator[tuple[pa.RecordBatch, str, str | None]]:
    """Some columns of one table, a run of rows at a time, dates as text and shapes as well-known binary.

    Parameters
    ----------
    content : bytes of the file
    columns : names as `list_fields` gives them; nothing else is read
    rows_per_batch : int
    table : str, None where the file has but one

    Yields
    ------
    RecordBatch, name of the column of shapes, CRS as GDAL writes it or None
        First a batch without rows, which tells types and CRS.

    Raises
    ------
    ConfigError
        The drivers of pyogrio's GDAL could not be restricted.
    """
    _check_doors()
    options = {"columns": list(columns), "batch_size": rows_per_batch, "datetime_as_string": True, "use_pyarrow": True}
    with ExitStack() as opened:
        with _unmoved():
            about, reader = opened.enter_context(pyogrio.raw.open_arrow(content, layer=table, **options))
        shapes = about["geometry_name"] or "wkb_geometry"
        yield pa.RecordBatch.from_pylist([], schema=reader.schema), shapes, about["crs"]
        while True:
            try:
                with _unmoved():
                    batch = reader.read_next_batch()
            except StopIteration:
                return
            yield batch, shapes, about["crs"]


def _list_unwanted() -> frozenset[str]:
    return frozenset(pyogrio.list_drivers()) - ALLOWED_DRIVERS


def _check_doors() -> None:
    if left := shut_doors():
        message = (
            f"GDAL in pyogrio {pyogrio.__version__} keeps drivers that Norrsyn does not allow "
            f"({', '.join(sorted(left))}); install the version of pyogrio that requirements.lock names."
        )
        raise ConfigError(message)


@contextmanager
def _unmoved() -> Iterator[None]:
    with warnings.catch_warnings():
        # bytes have no file ending, which GDAL remarks upon
        warnings.simplefilter("ignore", RuntimeWarning)
        # a fourth number of each position is not read, and a place needs none
        warnings.filterwarnings("ignore", "Measured .* geometry types are not supported", UserWarning)
        yield


shut_doors()
