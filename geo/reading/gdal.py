"""GDAL with its doors shut. Whatever reads files through GDAL imports this module first; ``import geo`` does.

GDAL looks at content, not at names: a ``.geojson`` that holds OGR-VRT XML reads other files of the machine, and a
file that names a web address in the right place is followed there. So, before anything is read:

- every driver but a few plain file formats is taken out of pyogrio's copy of GDAL, whether pyogrio was imported
  before or not, and whatever drivers a newer GDAL brings;
- HTTP goes to a port where nothing listens, and the ``/vsicurl`` file system is told to accept nothing;
- only bytes reach GDAL, never a path, so that no file beside the one asked for is opened (`read_geopackage`).

rasterio carries its own copy of GDAL and keeps its drivers: nothing is set through environment variables, which both
copies would read. Norrsyn gives rasterio arrays and files that it wrote itself, never a file from outside.

The drivers left are not all harmless by themselves. GDAL's GeoJSON driver fetches the address that a ``crs`` member
of type ``link`` names, in the collection or in any geometry (seen with GDAL 3.12); GeoJSON is therefore read by
`geo.reading.geojson`, without GDAL. The driver stays for those who write GeoJSON with geopandas.
"""

from __future__ import annotations

import warnings
from typing import Any

import geopandas as gpd
import pyogrio

from geo.errors import ConfigError

__all__ = ["ALLOWED_DRIVERS", "list_geopackage_columns", "read_geopackage", "shut_doors"]

ALLOWED_DRIVERS = frozenset({"ESRI Shapefile", "FlatGeobuf", "GPKG", "GeoJSON"})
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
        pyogrio.set_gdal_config_options({"OGR_SKIP": ",".join(sorted(unwanted | skipped)), **_NO_NETWORK})
        # GDAL drops the drivers named in OGR_SKIP whenever it registers its drivers, so it must do that once more
        register = getattr(pyogrio._ogr, "_register_drivers", None)
        if register is not None:
            register()
    return _list_unwanted()


def list_geopackage_columns(content: bytes, table: str) -> tuple[str, ...]:
    """Names of the attribute columns of one table of a GeoPackage.

    Parameters
    ----------
    content : bytes of the file
    table : str

    Returns
    -------
    tuple of str

    Raises
    ------
    ConfigError
        The drivers of pyogrio's GDAL could not be restricted.
    """
    return tuple(map(str, _call(pyogrio.read_info, content, layer=table)["fields"]))


def read_geopackage(content: bytes, table: str, columns: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Some columns of one table of a GeoPackage, dates as text, geometries in two dimensions.

    Parameters
    ----------
    content : bytes of the file
    table : str
    columns : names as `list_geopackage_columns` gives them; nothing else is read

    Returns
    -------
    GeoDataFrame
        In the table's CRS; None where a geometry is missing or cannot be read.

    Raises
    ------
    ConfigError
        The drivers of pyogrio's GDAL could not be restricted.
    """
    frame: gpd.GeoDataFrame = _call(
        pyogrio.read_dataframe,
        content,
        layer=table,
        columns=list(columns),
        force_2d=True,
        on_invalid="ignore",
        datetime_as_string=True,
        use_arrow=False,
    )
    return frame


def _list_unwanted() -> frozenset[str]:
    return frozenset(pyogrio.list_drivers()) - ALLOWED_DRIVERS


def _call(function: Any, content: bytes, **arguments: Any) -> Any:
    if left := shut_doors():
        message = (
            f"GDAL in pyogrio {pyogrio.__version__} keeps drivers that Norrsyn does not allow "
            f"({', '.join(sorted(left))}); install the version of pyogrio that requirements.lock names."
        )
        raise ConfigError(message)
    with warnings.catch_warnings():
        # bytes have no file ending, which GDAL remarks upon
        warnings.simplefilter("ignore", RuntimeWarning)
        return function(content, **arguments)


shut_doors()
