"""Guards for EPSG:3006 (SWEREF 99 TM): extent, units, axis order.

Source for the extent: EPSG registry, area of use of EPSG:3006 (10.03–24.17° E, 54.96–69.07° N), as metres.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError as ProjCRSError

from geo.errors import CRSError

SWEREF99_TM = "EPSG:3006"
SWEREF99_TM_EPSG = 3006
WGS84 = "EPSG:4326"

# No longitude or latitude is larger.
DEGREES_MAX = 180.0
# Sweden with a margin, m: easting, northing
SWEDEN_EASTING_M = (250_000.0, 930_000.0)
SWEDEN_NORTHING_M = (6_090_000.0, 7_690_000.0)


def parse_metric_crs(crs: str) -> CRS:
    """Read a CRS and insist that it is projected and in metres.

    Parameters
    ----------
    crs : str
        Anything pyproj reads, for instance ``"EPSG:3006"``.

    Returns
    -------
    pyproj.CRS

    Raises
    ------
    CRSError
    """
    try:
        parsed = _read_crs(crs)
    except (ProjCRSError, TypeError) as error:
        message = f"{crs!r} is not a coordinate reference system that PROJ knows; give one such as 'EPSG:3006'."
        raise CRSError(message) from error
    if not parsed.is_projected:
        message = f"{crs!r} is not projected (its unit is not the metre); project to EPSG:3006 first."
        raise CRSError(message)
    units = {axis.unit_name for axis in parsed.axis_info}
    if units != {"metre"}:
        message = f"{crs!r} is measured in {', '.join(sorted(units))}; a metric CRS such as EPSG:3006 is needed."
        raise CRSError(message)
    return parsed


def name_crs(crs: str) -> str:
    """One name for a metric CRS, however it was written: ``EPSG:<code>`` where it has a code.

    Parameters
    ----------
    crs : str
        Anything pyproj reads.

    Returns
    -------
    str

    Raises
    ------
    CRSError
    """
    parsed = parse_metric_crs(crs)
    code = parsed.to_epsg()
    return str(parsed.to_string()) if code is None else f"EPSG:{code}"


@lru_cache(maxsize=64)
def _read_crs(crs: str) -> CRS:
    return CRS.from_user_input(crs)


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def project(
    x: NDArray[np.float64], y: NDArray[np.float64], source: str, target: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Transform coordinates, always in (x, y) = (easting, northing) = (lon, lat) order.

    Parameters
    ----------
    x, y : (n,) float64, in `source` units
    source, target : str

    Returns
    -------
    tuple of (n,) float64, in `target` units; ``inf`` where the transformation is undefined
    """
    out_x, out_y = _transformer(source, target).transform(x, y)
    return np.asarray(out_x, dtype=np.float64), np.asarray(out_y, dtype=np.float64)


def classify_sweref(easting: NDArray[np.float64], northing: NDArray[np.float64]) -> NDArray[np.str_]:
    """Say of each coordinate pair whether it can be SWEREF 99 TM in Sweden, and if not, why.

    Parameters
    ----------
    easting, northing : (n,) float64, m, EPSG:3006

    Returns
    -------
    (n,) str, one of ``inside``, ``non-finite``, ``degrees``, ``swapped axes``, ``outside Sweden``
    """
    easting = np.asarray(easting, dtype=np.float64)
    northing = np.asarray(northing, dtype=np.float64)
    finite = np.isfinite(easting) & np.isfinite(northing)
    degrees = (np.abs(easting) <= DEGREES_MAX) & (np.abs(northing) <= DEGREES_MAX)
    return np.select(
        [
            ~finite,
            degrees,
            _in_sweden(easting, northing),
            _in_sweden(northing, easting),
        ],
        ["non-finite", "degrees", "inside", "swapped axes"],
        default="outside Sweden",
    )


def _in_sweden(easting: NDArray[np.float64], northing: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (
        (easting >= SWEDEN_EASTING_M[0])
        & (easting <= SWEDEN_EASTING_M[1])
        & (northing >= SWEDEN_NORTHING_M[0])
        & (northing <= SWEDEN_NORTHING_M[1])
    )
