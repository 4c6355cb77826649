"""Squares of a release as XYZ PNG tiles: larger ones first, finer ones above, with their edges and the link's mark.

Nothing but the rows that are given is drawn. What is withheld and what has no data are no rows, and are clear alike. A
row without a class is hatched: it has no colour that a class could have.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pyproj import Transformer

from geo.disclosure.release.rows import ReleaseRow
from geo.errors import NotFoundError
from geo.region import load_region
from maps.palette import class_colours
from maps.tiles import EMPTY_TILE, MAX_ZOOM, MIN_ZOOM, TILE_PX, WORLD_M

__all__ = ["ENDS_AT_BORDER_M", "SharedSquares", "find_outlines"]

# Sides are bent in Web Mercator: over 8 km by less than a pixel at any zoom at which one sees more than a side.
_STEP_M = 8_000.0
# squares from this side on are drawn as far as the region reaches, with islands and a strip of water
ENDS_AT_BORDER_M = 16_000
_COAST_M = 4_000.0
_SMALLEST_PX = 2.0
# smaller squares have no edges, which would be all that is seen of them
_EDGE_FROM_PX = 6.0
_HATCH_PERIOD_PX = 9
_HATCH_PX = 1
# Where there is colour, lines are thinner colour: black over it would look like another class, on a dark ground above
# all, where the theme turns the colours of classes around. Elsewhere they are black, of which it makes white.
_EDGE_COVER, _HATCH_COVER, _SPECK_COVER, _MARK_COVER = 0.5, 0.75, 0.4, 0.3
_MARK_PX = 12


class SharedSquares:
    """Tiles of the rows of one sector and layer.

    Parameters
    ----------
    rows : sequence of ReleaseRow
        Of one sector and layer; of two that lie in each other the finer one is drawn above.
    """

    def __init__(self, rows: Sequence[ReleaseRow]) -> None:
        # of equal sides the highest class last, so that it is seen from afar
        ordered = sorted(rows, key=lambda row: (-row.cell.size_m, row.score_class or 0, row.cell))
        self._codes = np.array([0, *(row.score_class or -1 for row in ordered)], dtype=np.int64)
        self._ends_at_border = np.array([False, *(row.cell.size_m >= ENDS_AT_BORDER_M for row in ordered)])
        self._rings = _project([shapely.box(*row.cell.bounds) for row in ordered])
        corners = [(*ring.min(axis=0), *ring.max(axis=0)) for ring in self._rings]
        self._bounds = np.array(corners, dtype=np.float64).reshape(-1, 4)

    def render(self, z: int, x: int, y: int, mark: str = "") -> bytes:
        """Draw one tile.

        Parameters
        ----------
        z, x, y : int
            Zoom, column from the west, row from the north.
        mark : str
            Written faintly on every tile that holds a square.

        Returns
        -------
        bytes, a 256 × 256 PNG; `EMPTY_TILE` itself where there is nothing to draw

        Raises
        ------
        NotFoundError
            The world has no such tile, or none is drawn at this zoom.
        """
        if not (MIN_ZOOM <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
            message = f"There is no tile {z}/{x}/{y}."
            raise NotFoundError(message)
        numbers, sides = self._draw_numbers(z, x, y)
        if not numbers[1:, 1:].any():
            return EMPTY_TILE
        image = self._colour(numbers, sides, x * TILE_PX, y * TILE_PX)
        if mark:
            image = _draw_over(image, np.asarray(_draw_mark(mark), dtype=np.float64) / 255 * _MARK_COVER)
        file = io.BytesIO()
        Image.fromarray(image, "RGBA").save(file, "PNG")
        return file.getvalue()

    def _draw_numbers(self, z: int, x: int, y: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Number of the square that each pixel shows, with a row above and a column before; and every side in px."""
        scale = TILE_PX * 2.0**z
        left, top = x * TILE_PX - 1, y * TILE_PX - 1
        box = self._bounds * scale
        width = box[:, 2] - box[:, 0] if len(box) else np.zeros(0)
        margin = TILE_PX + 1 + _SMALLEST_PX
        seen = (box[:, 0] < left + margin) & (box[:, 2] > left - _SMALLEST_PX)
        seen &= (box[:, 1] < top + margin) & (box[:, 3] > top - _SMALLEST_PX)
        image = Image.new("I", (TILE_PX + 1, TILE_PX + 1), 0)
        draw = ImageDraw.Draw(image)
        for at in np.flatnonzero(seen):
            number = int(at) + 1
            if width[at] < _SMALLEST_PX:
                x0, y0 = np.floor(box[at, :2] - (left, top))
                draw.rectangle((x0, y0, x0 + 1, y0 + 1), fill=number)
            else:
                points = self._rings[at] * scale - (left, top) - 0.5
                draw.polygon([(float(px), float(py)) for px, py in points], fill=number)
        numbers = np.array(image, dtype=np.int32)
        large = self._ends_at_border[numbers]
        if large.any():
            numbers[large & ~_draw_region(scale, left, top)] = 0
        return numbers, np.concatenate([[0.0], width])

    def _colour(self, numbers: NDArray[np.int32], sides: NDArray[np.float64], x0: int, y0: int) -> NDArray[np.uint8]:
        here = numbers[1:, 1:]
        code = self._codes[here]
        image = np.zeros((TILE_PX, TILE_PX, 4), dtype=np.uint8)
        image[code > 0] = class_colours()[code[code > 0]]
        edge = np.zeros(here.shape, dtype=bool)
        for other in (numbers[:-1, 1:], numbers[1:, :-1]):
            wide = (sides[here] >= _EDGE_FROM_PX) | (sides[other] >= _EDGE_FROM_PX)
            edge |= (here != other) & wide
        rows, cols = np.arange(TILE_PX)[:, None] + y0, np.arange(TILE_PX) + x0
        hatch = (code < 0) & ((rows + cols) % _HATCH_PERIOD_PX < _HATCH_PX)
        speck = (code < 0) & (sides[here] < _EDGE_FROM_PX)
        return _draw_over(image, np.select([speck, hatch, edge], [_SPECK_COVER, _HATCH_COVER, _EDGE_COVER], 0.0))


def find_outlines() -> list[shapely.LinearRing]:
    """Where the region ends, EPSG:3006, with its coast: where large squares end as well, which have nothing beyond."""
    around = shapely.union_all(load_region().municipalities.geometry.to_numpy()).buffer(_COAST_M).simplify(_COAST_M / 8)
    return [part.exterior for part in shapely.get_parts(around)]


@lru_cache(maxsize=1)
def _find_region() -> list[NDArray[np.float64]]:
    return _project(find_outlines())


def _draw_region(scale: float, left: int, top: int) -> NDArray[np.bool_]:
    """Pixels that lie in the region."""
    image = Image.new("L", (TILE_PX + 1, TILE_PX + 1), 0)
    draw = ImageDraw.Draw(image)
    for ring in _find_region():
        points = ring * scale - (left, top) - 0.5
        draw.polygon([(float(px), float(py)) for px, py in points], fill=1)
    return np.asarray(image) > 0


def _project(shapes: Sequence[shapely.Geometry]) -> list[NDArray[np.float64]]:
    """Rings as shares of the world's width from its north-west corner."""
    if not len(shapes):
        return []
    to_world = Transformer.from_crs("EPSG:3006", "EPSG:3857", always_xy=True)
    rings = shapely.segmentize(np.asarray(shapes, dtype=object), _STEP_M)
    points, owner = shapely.get_coordinates(rings, return_index=True)
    easting, northing = to_world.transform(points[:, 0], points[:, 1])
    shares = np.column_stack([easting + WORLD_M, WORLD_M - northing]) / (2 * WORLD_M)
    return np.split(shares, np.flatnonzero(np.diff(owner)) + 1)


def _draw_over(image: NDArray[np.uint8], cover: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Lines over an image, as much of them as `cover` says (0 to 1)."""
    alpha = image[..., 3] / 255.0
    is_coloured = image[..., :3].any(axis=2)
    alpha = np.where(is_coloured, alpha * (1 - cover), alpha + cover * (1 - alpha))
    return np.dstack([image[..., :3], np.rint(alpha * 255).astype(np.uint8)])


@lru_cache(maxsize=64)
def _draw_mark(text: str) -> Image.Image:
    image = Image.new("L", (TILE_PX, TILE_PX), 0)
    font = ImageFont.load_default(_MARK_PX)
    ImageDraw.Draw(image).text((TILE_PX / 2, TILE_PX / 2), text, fill=255, font=font, anchor="mm")
    return image.rotate(24)
