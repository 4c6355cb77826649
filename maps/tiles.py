"""Score classes as XYZ PNG tiles: numpy, pyproj on a coarse lattice, and a palette PNG by Pillow.

A pixel shows the class of the cell that its centre falls in. Where a pixel covers more ground than a cell, a coarser
copy of the raster (an overview) is read instead, whose cells hold the *highest* class of the cells they replace. A mean
or a sample would make a lone red cell fade or flicker as one zooms out, and lone red cells are what the map is for. The
price is that red areas look larger from afar than they are. The overview of a zoom level is the finest one in which
every cell holds at least one pixel centre, so no hot cell is missed at any zoom.
"""

from __future__ import annotations

import io
import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pyproj import Transformer

from geo.errors import NotFoundError, ParameterError, ShapeError
from geo.grid import Grid
from geo.polygons import row_bands
from geo.recent import Recent
from geo.risk.filters import Shown

__all__ = ["EMPTY_TILE", "MAX_ZOOM", "MIN_ZOOM", "TILE_PX", "TileSet"]

TILE_PX = 256
MIN_ZOOM = 3
MAX_ZOOM = 16
# Half the side of the Web Mercator square, m. Source: EPSG:3857, pi times the semi-major axis 6 378 137 m.
WORLD_M = math.pi * 6_378_137.0
# Spacing of exactly projected points, px. Between them we interpolate; over Region Nord the error is 0.08 px at zoom 3
# and halves with every zoom level.
LATTICE_PX = 16
# Stripes of 2 px in 8; divides the tile, so stripes run on from tile to tile.
STRIPE_PERIOD_PX = 8
STRIPE_PX = 2
# What the overviews of filtered cells may take together; at 100 m those of a filter take 17 MB.
FILTERS_KEPT_BYTES = 2**27
# A palette has 256 entries: nothing, the classes, and their stripes.
MAX_CLASSES = 99
ENTRIES_IN_4_BITS = 16
# Between dark and light, 0 to 255: stripes are drawn darker above it, lighter below.
MIDDLE_LIGHTNESS = 110
MAX_IMAGE_PX = 40_000_000

Keys = NDArray[np.uint8]
# Cells of the tiles drawn last, by grid and tile: a quarter of a megabyte each, whatever the surface.
_CELLS: Recent[tuple[Grid, int, int, int, int, int], NDArray[np.int32]] = Recent(64)


class TileSet:
    """Tiles of one classed raster.

    Parameters
    ----------
    grid : Grid
        Any projected CRS.
    classes : (n_rows, n_cols) uint8
        Class of each cell, 0 where nothing is drawn.
    colours : (n_classes + 1, 4) uint8
        RGBA by class; row 0 is not used.
    never : (n_rows, n_cols) bool, optional
        Cells that were never inspected; striped when asked for, so that they differ by more than colour.

    Raises
    ------
    ShapeError
        Arrays do not fit the grid.
    ParameterError
        A class without a colour.
    """

    def __init__(
        self,
        grid: Grid,
        classes: NDArray[np.uint8],
        colours: NDArray[np.uint8],
        never: NDArray[np.bool_] | None = None,
    ) -> None:
        for name, array in (("classes", classes), ("never", never)):
            if array is not None and array.shape != grid.shape:
                message = f"{name} has shape {array.shape}, the grid {grid.shape}; they must be equal."
                raise ShapeError(message)
        if colours.shape[1:] != (4,) or not 1 <= len(colours) - 1 <= MAX_CLASSES:
            message = f"colours must be (n_classes + 1, 4) with 1 to {MAX_CLASSES} classes, got shape {colours.shape}."
            raise ShapeError(message)
        if classes.max() >= len(colours):
            message = f"Class {classes.max()} has no colour; {len(colours) - 1} classes have one."
            raise ParameterError(message)
        self.grid = grid
        self._painter = _Painter(colours.astype(np.uint8))
        self._to_grid = Transformer.from_crs("EPSG:3857", grid.crs, always_xy=True)
        self._world = self._world_bounds()
        self._footprint = self._footprint_at_zoom_0()
        # The raster itself, then its overviews, each with an empty border of one cell.
        self._levels = [_make_keys(classes, never)]
        self._levels += _make_overviews(grid.shape, lambda rows: self.keys[rows], self.level(MIN_ZOOM))
        self._kept: OrderedDict[Hashable, list[Keys]] = OrderedDict()
        self._lock = Lock()

    def render(self, z: int, x: int, y: int, shown: Shown | None = None, *, stripes: bool = True) -> bytes:
        """Draw one tile.

        Parameters
        ----------
        z, x, y : int
            Zoom, column from the west, row from the north.
        shown : Shown, optional
            The cells to draw; all when left out. Equal keys must mean equal cells.
        stripes : bool
            Stripe the never inspected cells.

        Returns
        -------
        bytes, a 256 × 256 palette PNG; `EMPTY_TILE` itself where there is nothing to draw

        Raises
        ------
        ParameterError
            The zoom is outside 3 to 16.
        NotFoundError
            The world has no such tile.
        """
        if not MIN_ZOOM <= z <= MAX_ZOOM:
            message = f"zoom must be from {MIN_ZOOM} to {MAX_ZOOM}, got {z}."
            raise ParameterError(message)
        if not (0 <= x < 2**z and 0 <= y < 2**z):
            message = f"There is no tile {x}/{y} at zoom {z}; columns and rows run from 0 to {2**z - 1}."
            raise NotFoundError(message)
        if not self._touches(z, x, y):
            return EMPTY_TILE
        keys = self._sample(z, x * TILE_PX, y * TILE_PX, TILE_PX, TILE_PX, shown)
        return self._painter.encode(self._painter.paint(keys, 0, 0, stripes=stripes)) if keys.any() else EMPTY_TILE

    def render_image(
        self, zoom: int, shown: Shown | None = None, *, stripes: bool = True
    ) -> tuple[bytes, tuple[float, float, float, float]]:
        """Draw the whole grid as one Web Mercator image.

        Parameters
        ----------
        zoom : int
            Its pixels are those of tiles at this zoom.
        shown, stripes
            As in `render`.

        Returns
        -------
        bytes
            A palette PNG.
        tuple of float
            ``(west, south, east, north)`` of the image's edges, WGS84 degrees.

        Raises
        ------
        ParameterError
            The zoom is out of range, or the image would be larger than 40 million pixels.
        """
        if not MIN_ZOOM <= zoom <= MAX_ZOOM:
            message = f"zoom must be from {MIN_ZOOM} to {MAX_ZOOM}, got {zoom}."
            raise ParameterError(message)
        side = TILE_PX * 2**zoom
        x0, y0, x1, y1 = self._pixel_bounds(zoom)
        width, height = x1 - x0, y1 - y0
        if width * height > MAX_IMAGE_PX:
            message = f"An image of {width} × {height} px is too large; choose a zoom below {zoom}."
            raise ParameterError(message)
        entries = np.empty((height, width), dtype=np.uint8)
        # a strip at a time, because the position of every pixel takes much more than the image
        for top in range(0, height, TILE_PX):
            strip = entries[top : top + TILE_PX]
            keys = self._sample(zoom, x0, y0 + top, width, len(strip), shown)
            strip[:] = self._painter.paint(keys, x0, y0 + top, stripes=stripes)
        return self._painter.encode(entries), (_lon(x0 / side), _lat(y1 / side), _lon(x1 / side), _lat(y0 / side))

    def image_px(self, zoom: int) -> int:
        """Number of pixels of `render_image` at a zoom."""
        x0, y0, x1, y1 = self._pixel_bounds(zoom)
        return (x1 - x0) * (y1 - y0)

    def px_per_cell(self, zoom: int) -> float:
        """Pixels across a cell at a zoom, where pixels are largest on the ground."""
        return 2.0**zoom / self._footprint

    @property
    def keys(self) -> Keys:
        """(n_rows, n_cols) uint8: twice the class, plus one where nobody has inspected; read-only."""
        view = self._levels[0][1:-1, 1:-1]
        view.flags.writeable = False
        return view

    @property
    def n_bytes(self) -> int:
        """Memory that the raster and its overviews take."""
        with self._lock:
            return _count_bytes([self._levels, *self._kept.values()])

    def level(self, zoom: int) -> int:
        """Overview read at a zoom: its cells are 2^level grid cells wide."""
        return max(0, math.ceil(math.log2(self._footprint / 2.0**zoom)))

    def position(
        self, zoom: int, x0: int, y0: int, width: int, height: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the centres of a block of pixels fall on the grid, by interpolation on the lattice.

        Parameters
        ----------
        zoom : int
        x0, y0 : int
            First pixel, counted from the world's north-west corner.
        width, height : int
            Size of the block, px.

        Returns
        -------
        row, col : (height, width) float64
            In cells from the grid's north-west corner; the cell is their floor.
        """
        row, col = self._exact_position(zoom, x0 + _lattice(width), y0 + _lattice(height))
        if not (np.isfinite(row).all() and np.isfinite(col).all()):
            x_px, y_px = np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)
            return self._exact_position(zoom, x_px + (x0 + 0.5), y_px + (y0 + 0.5))
        return _interpolate(row, height, width), _interpolate(col, height, width)

    def _exact_position(
        self, zoom: int, x_px: NDArray[np.float64], y_px: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        metres = 2 * WORLD_M / (TILE_PX * 2**zoom)
        x, y = np.meshgrid(x_px * metres - WORLD_M, WORLD_M - y_px * metres)
        easting, northing = self._to_grid.transform(x, y)
        cell_m = self.grid.cell_m
        return (self.grid.y_max - northing) / cell_m, (easting - self.grid.x_min) / cell_m

    def _sample(self, zoom: int, x0: int, y0: int, width: int, height: int, shown: Shown | None) -> Keys:
        level = self.level(zoom)
        raster = self._levels[level] if shown is None or level == 0 else self._overviews_of(shown)[level - 1]
        block = (self.grid, zoom, x0, y0, width, height)
        cells = _CELLS.get(block)
        if cells is None:
            cells = self._find_cells(*block[1:], raster.shape)
            if width == height == TILE_PX:
                # a slider asks for the same tiles of surface after surface
                _CELLS.put(block, cells)
        keys: Keys = raster.reshape(-1)[cells]
        if shown is not None and level == 0:
            # only what would be drawn is asked about
            drawn = np.nonzero(keys)
            row_at, col_at = np.divmod(cells[drawn].astype(np.intp), raster.shape[1])
            keys[drawn] *= shown.includes((row_at - 1, col_at - 1))
        return keys

    def _find_cells(
        self, zoom: int, x0: int, y0: int, width: int, height: int, shape: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Which cell of the zoom's raster, row by row, holds the centre of each pixel of a block."""
        row, col = self.position(zoom, x0, y0, width, height)
        # The rasters have an empty border; whatever lies outside is moved onto it.
        n_rows, n_cols = shape
        scale = 0.5 ** self.level(zoom)
        row_at = np.clip(np.nan_to_num(np.floor(row * scale) + 1, nan=0), 0, n_rows - 1).astype(np.int32)
        col_at = np.clip(np.nan_to_num(np.floor(col * scale) + 1, nan=0), 0, n_cols - 1).astype(np.int32)
        cells: NDArray[np.int32] = row_at * np.int32(n_cols) + col_at
        return cells

    def _overviews_of(self, shown: Shown) -> list[Keys]:
        """Overviews of the cells that are shown; the raster itself needs no copy."""
        # the tiles of a page come together: one makes the overviews, the others wait for them
        with self._lock:
            if shown.key not in self._kept:
                self._kept[shown.key] = self._make_overviews_of(shown)
            self._kept.move_to_end(shown.key)
            while len(self._kept) > 1 and _count_bytes(self._kept.values()) > FILTERS_KEPT_BYTES:
                self._kept.popitem(last=False)
            return self._kept[shown.key]

    def _make_overviews_of(self, shown: Shown) -> list[Keys]:
        """Overviews of the window that the filter shows cells in, each laid into an empty one of the whole grid."""
        n_levels = self.level(MIN_ZOOM)
        # the window begins where a cell of the coarsest overview does
        step = 2**n_levels
        top, left = (side.start // step * step for side in shown.window)
        bottom, right = (side.stop for side in shown.window)

        def read(rows: slice) -> Keys:
            block = slice(top + rows.start, top + rows.stop), slice(left, right)
            kept: Keys = self.keys[block] * shown.includes(block)
            return kept

        whole: list[Keys] = []
        for level, part in enumerate(_make_overviews((bottom - top, right - left), read, n_levels), start=1):
            keys = np.zeros(self._levels[level].shape, dtype=np.uint8)
            row, col = top >> level, left >> level
            keys[row : row + part.shape[0], col : col + part.shape[1]] = part
            whole.append(keys)
        return whole

    def _pixel_bounds(self, zoom: int) -> tuple[int, int, int, int]:
        left, top, right, bottom = (edge * TILE_PX * 2**zoom for edge in self._world)
        return math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)

    def _touches(self, z: int, x: int, y: int) -> bool:
        left, top, right, bottom = (edge * 2**z for edge in self._world)
        return bool(x < right and x + 1 > left and y < bottom and y + 1 > top)

    def _world_bounds(self) -> tuple[float, float, float, float]:
        """West, north, east and south edge of the grid as shares of the world's width from its north-west corner."""
        to_world = Transformer.from_crs(self.grid.crs, "EPSG:3857", always_xy=True)
        west, south, east, north = to_world.transform_bounds(*self.grid.bounds, densify_pts=101)
        span = 2 * WORLD_M
        return (west + WORLD_M) / span, (WORLD_M - north) / span, (east + WORLD_M) / span, (WORLD_M - south) / span

    def _footprint_at_zoom_0(self) -> float:
        """Widest extent of a pixel along the grid's axes, over the whole grid, in cells, at zoom 0."""
        west, north, east, south = self._world
        # Differences over a pixel of a deep zoom, where the projection is straight.
        zoom = 20
        side = TILE_PX * 2.0**zoom
        x, y = np.linspace(west, east, 9) * side, np.linspace(north, south, 9) * side
        row, col = self._exact_position(zoom, x, y)
        row_right, col_right = self._exact_position(zoom, x + 1, y)
        row_down, col_down = self._exact_position(zoom, x, y + 1)
        across = np.abs(col_right - col) + np.abs(col_down - col)
        along = np.abs(row_right - row) + np.abs(row_down - row)
        return float(np.nanmax(np.maximum(across, along))) * 2.0**zoom


def _make_keys(classes: NDArray[np.uint8], never: NDArray[np.bool_] | None) -> Keys:
    """Both facts in one raster, with an empty border, so that an overview keeps the stripes of the class it shows.

    Of equal classes, the never inspected cell wins: nobody has looked there.
    """
    n_rows, n_cols = classes.shape
    keys = np.zeros((n_rows + 2, n_cols + 2), dtype=np.uint8)
    inner = keys[1:-1, 1:-1]
    np.multiply(classes, 2, out=inner)
    if never is not None:
        for rows in row_bands(slice(0, n_rows), n_cols):
            inner[rows] += never[rows] & (classes[rows] > 0)
    return keys


def _make_overviews(shape: tuple[int, int], read: Callable[[slice], Keys], n_levels: int) -> list[Keys]:
    """Ever coarser copies of a raster that is read some rows at a time.

    A small raster is a single cell long before the lowest zoom; that cell still doubles with every level.
    """
    levels: list[Keys] = []
    for _ in range(n_levels):
        levels.append(_halve(shape, read))
        inner = levels[-1][1:-1, 1:-1]
        shape, read = inner.shape, inner.__getitem__
    return levels


def _count_bytes(pyramids: Iterable[list[Keys]]) -> int:
    return sum(level.nbytes for levels in pyramids for level in levels)


def _halve(shape: tuple[int, int], read: Callable[[slice], Keys]) -> Keys:
    """Highest key of each block of 2 × 2 cells, from the north-west corner, with an empty border."""
    n_rows, n_cols = shape
    halved = np.zeros((-(-n_rows // 2) + 2, -(-n_cols // 2) + 2), dtype=np.uint8)
    inner = halved[1:-1, 1:-1]
    for rows in row_bands(slice(0, len(inner)), 2 * n_cols):
        keys = read(slice(2 * rows.start, min(2 * rows.stop, n_rows)))
        across = keys[:, ::2].copy()
        np.maximum(across[:, : n_cols // 2], keys[:, 1::2], out=across[:, : n_cols // 2])
        part = inner[rows]
        part[:] = across[::2]
        # an odd last row or column stands alone
        pairs = len(keys) // 2
        np.maximum(part[:pairs], across[1::2], out=part[:pairs])
    return halved


class _Painter:
    """Keys to PNG: palette entry 0 is clear, then come the classes, then their stripes."""

    def __init__(self, colours: NDArray[np.uint8]) -> None:
        n_classes = len(colours) - 1
        stripes = np.array([_stripe_colour(colour) for colour in colours[1:]], dtype=np.uint8).reshape(-1, 4)
        palette = np.vstack([np.zeros((1, 4), np.uint8), colours[1:], stripes])
        self._rgb = palette[:, :3].tobytes()
        self._alpha = palette[:, 3].tobytes()
        self._bits = 4 if len(palette) <= ENTRIES_IN_4_BITS else 8
        keys = np.arange(2 * (n_classes + 1))
        self._plain = (keys // 2).astype(np.uint8)
        self._stripe = np.where((keys % 2 == 1) & (keys > 1), keys // 2 + n_classes, keys // 2).astype(np.uint8)

    def paint(self, keys: Keys, x0: int, y0: int, *, stripes: bool) -> NDArray[np.uint8]:
        """Palette entries of a block of pixels, the first of which is `x0`, `y0`."""
        entries: NDArray[np.uint8] = self._plain[keys]
        if stripes:
            height, width = keys.shape
            diagonal = (np.arange(height)[:, None] + y0 + np.arange(width) + x0) % STRIPE_PERIOD_PX
            entries = np.where(diagonal < STRIPE_PX, self._stripe[keys], entries)
        return entries

    def encode(self, entries: NDArray[np.uint8]) -> bytes:
        """A palette PNG."""
        image = Image.frombytes("P", (entries.shape[1], entries.shape[0]), entries.tobytes())
        image.putpalette(self._rgb)
        file = io.BytesIO()
        image.save(file, "PNG", transparency=self._alpha, bits=self._bits)
        return file.getvalue()


def _stripe_colour(colour: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Colour of the stripes over a class: darker over light classes, lighter over dark ones."""
    red, green, blue, alpha = (int(value) for value in colour)
    # Rec. 709 weights on the encoded values: good enough to tell light from dark.
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > MIDDLE_LIGHTNESS
    target, share = (40, 0.45) if light else (255, 0.5)
    red, green, blue = (round(value + (target - value) * share) for value in (red, green, blue))
    return red, green, blue, alpha


def _lattice(n_px: int) -> NDArray[np.float64]:
    """(n_nodes,) float64, px: where one side is projected exactly; the last node lies on or past its end."""
    return np.arange(0, n_px + LATTICE_PX, LATTICE_PX, dtype=np.float64)


def _interpolate(nodes: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """(height, width) float64: values at pixel centres, linear between the nodes of the lattice.

    Written out rather than as a product of matrices: BLAS would start threads of its own, which in a server that
    draws many tiles at once cost more than they bring.
    """
    low, share = _between(height)
    columns = nodes[low] + share[:, None] * (nodes[low + 1] - nodes[low])
    low, share = _between(width)
    step = np.diff(columns, axis=1)
    values: NDArray[np.float64] = columns[:, low] + share * step[:, low]
    return values


def _between(n_px: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Node before each pixel centre, and the share of the way to the next one."""
    at = (np.arange(n_px) + 0.5) / LATTICE_PX
    low = at.astype(np.intp)
    return low, at - low


def _lon(x: float) -> float:
    return x * 360 - 180


def _lat(y: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y))))


def _empty_tile() -> bytes:
    image = Image.new("P", (TILE_PX, TILE_PX), 0)
    image.putpalette(bytes(3))
    file = io.BytesIO()
    image.save(file, "PNG", transparency=bytes(1), bits=1, optimize=False)
    return file.getvalue()


EMPTY_TILE = _empty_tile()
