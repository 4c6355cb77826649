"""Coordinates into their reference system: the system guessed where none is stated, swapped axes put right or told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import SWEREF99_TM, classify_sweref, project
from geo.reading.crs_guess import guess_crs
from geo.reading.places import describe_crs, find_bad_coordinates

__all__ = ["Placement", "place_in"]

# of the rows that can be in Sweden one way round or the other
_NEARLY_ALL = 0.95
_RT90_DATUM = 4124


@dataclass(frozen=True, eq=False)
class Placement:
    """Where the rows of a file, or of its first chunk, are.

    Attributes
    ----------
    shapes : (n,) shapely objects in `crs`, x is easting or longitude
    crs : CRS
    is_swapped : bool, whether the file had northing (latitude) first, which `shapes` has no more
    problems : row position to (what is wrong with its coordinates, whether it is about the CRS)
    notes : sentences for the report
    """

    shapes: NDArray[np.object_]
    crs: CRS
    is_swapped: bool
    problems: Mapping[int, tuple[str, bool]]
    notes: tuple[str, ...]


def place_in(
    source_name: str, shapes: NDArray[np.object_], crs: CRS | None, *, is_swapped: bool | None = None
) -> Placement:
    """Read coordinates in a reference system, guessing it where there is none, and put swapped axes right.

    A file that has nearly all of its rows the wrong way round is turned as a whole. A single row that differs from the
    others is a problem of that row.

    Parameters
    ----------
    source_name : str
    shapes : (n,) shapely objects as they stand in the file, None where there is none
    crs : CRS that is stated or given; None to guess it
    is_swapped : whether the file has northing first; None to find out. Later chunks of a file take it, and the CRS,
        from the first one.

    Returns
    -------
    Placement

    Raises
    ------
    CRSError
        There is no CRS and the coordinates do not leave exactly one.
    """
    notes: tuple[str, ...] = ()
    if crs is None:
        corners = shapely.bounds(shapes)
        guess = guess_crs(source_name, corners[:, 0], corners[:, 1])
        crs, notes = guess.crs, (guess.note,)
        is_swapped = guess.is_swapped if is_swapped is None else is_swapped
    straight, turned = _lie_in_sweden(shapes, crs), _lie_in_sweden(shapes, crs, is_swapped=True)
    if is_swapped is None:
        n_straight, n_turned = int(straight.sum()), int(turned.sum())
        is_swapped = n_turned > 0 and n_turned >= _NEARLY_ALL * (n_straight + n_turned)
        if is_swapped:
            first = "latitude before longitude" if crs.is_geographic else "northing before easting"
            notes += (f"The file has {first}; the two were swapped in all rows.",)
    if is_swapped:
        shapes, straight, turned = _turn(shapes), turned, straight
    if crs.geodetic_crs is not None and crs.geodetic_crs.to_epsg() == _RT90_DATUM:
        notes += (
            f"{describe_crs(crs)} was turned into SWEREF 99 TM by the seven parameters that PROJ has for RT90, without "
            "a correction grid: right to a few decimetres.",
        )
    return Placement(shapes, crs, is_swapped, _find_problems(shapes, crs, straight, turned), notes)


def _find_problems(
    shapes: NDArray[np.object_], crs: CRS, straight: NDArray[np.bool_], turned: NDArray[np.bool_]
) -> dict[int, tuple[str, bool]]:
    problems = find_bad_coordinates(shapes, crs)
    if not crs.is_projected:
        return problems
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes)) & ~straight
    bounds = np.abs(shapely.bounds(shapes))
    degrees = there & (bounds <= [180, 90, 180, 90]).all(axis=1)
    unit = f"looks like degrees, but its CRS is in metres ({describe_crs(crs)}); say the right one with --crs"
    for what, about_crs, rows in (
        (unit, True, degrees),
        ("has northing before easting, unlike the other rows; swap the two", True, there & turned & ~degrees),
        ("lies outside Sweden; check the coordinates", False, there & ~turned & ~degrees),
    ):
        for row in np.flatnonzero(rows).tolist():
            problems.setdefault(row, (what, about_crs))
    return problems


def _lie_in_sweden(shapes: NDArray[np.object_], crs: CRS, *, is_swapped: bool = False) -> NDArray[np.bool_]:
    """Which shapes lie in Sweden when their coordinates are read in a CRS, straight or the other way round."""
    bounds = shapely.bounds(shapes)
    if is_swapped:
        bounds = bounds[:, [1, 0, 3, 2]]
    inside: NDArray[np.bool_] = np.isfinite(bounds).all(axis=1)
    rows = np.flatnonzero(inside)
    for corner in (slice(0, 2), slice(2, 4)):
        easting, northing = project(bounds[rows, corner][:, 0], bounds[rows, corner][:, 1], crs.to_wkt(), SWEREF99_TM)
        inside[rows] &= classify_sweref(easting, northing) == "inside"
    return inside


def _turn(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    turned: NDArray[np.object_] = shapely.transform(shapes, lambda coordinates: coordinates[:, ::-1])
    return turned
