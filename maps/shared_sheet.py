"""A shared map as one drawing for paper, in SWEREF 99 TM: squares, borders, names, a scale, and north above."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from markupsafe import Markup, escape

from geo.disclosure.release.rows import ReleaseRow
from geo.reference import score_classes
from geo.region import REGION_BOUNDS_M, load_region
from maps.shared_tiles import ENDS_AT_BORDER_M, find_outlines

__all__ = ["draw_sheet"]

# of the drawing, in its own units; the page decides how large they are
_LONGEST = 1_000.0
_SIMPLIFY_M = 400.0
_PAD = 0.03
_WIDE = 1.06
# smaller squares have no edge, which would be all that is seen of them
_EDGE_FROM = 5.0
_LEAST_M = 40_000.0
_SCALES_KM = (1, 2, 5, 10, 20, 50, 100, 200)
_MOST_NAMES = 24
_LETTER, _LINE = 8.5, 18.0
# of the mark: letters on a line, and of a name
_LETTERS_ACROSS, _MOST_LETTERS = 50, 90
_MARK_SIZE, _MARK_LINE = 30, 38.0


@dataclass(frozen=True)
class _Frame:
    """What of the ground is drawn, and how: metres to the drawing's units."""

    west: float
    south: float
    east: float
    north: float

    @property
    def scale(self) -> float:
        return _LONGEST / max(self.east - self.west, self.north - self.south)

    @property
    def width(self) -> float:
        return (self.east - self.west) * self.scale

    @property
    def height(self) -> float:
        return (self.north - self.south) * self.scale

    def place(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) float64 metres to units from the upper left corner."""
        return (points - (self.west, self.north)) * (self.scale, -self.scale)


def draw_sheet(rows: Sequence[ReleaseRow], title: str, mark: str) -> Markup:
    """Draw rows of one sector and layer.

    Parameters
    ----------
    rows : sequence of ReleaseRow
    title : str, read aloud in place of the drawing
    mark : str, who it is for, across the map

    Returns
    -------
    Markup, an SVG element without style or script
    """
    frame = _choose_frame(rows)
    parts = [
        f'<rect width="{frame.width:.1f}" height="{frame.height:.1f}" fill="#dde4e7"/>',
        *_draw_land(frame),
        *_draw_squares(frame, rows),
        *_draw_lines(frame),
        *_draw_names(frame),
        *_draw_scale(frame),
        *_draw_mark(frame, mark),
    ]
    head = (
        f'<svg class="share-sheet" viewBox="0 0 {frame.width:.1f} {frame.height:.1f}" role="img" '
        f'aria-label="{escape(title)}" font-size="14" xmlns="http://www.w3.org/2000/svg">'
        '<defs><pattern id="no-class" width="7" height="7" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(-45)"><path d="M0 3.5H7" stroke="#15242b" stroke-width="0.9"/></pattern>'
        f'<clipPath id="region"><path d="{_write_outline(frame)}"/></clipPath></defs>'
    )
    # numbers, our own words, and names that are escaped one by one
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704


def _choose_frame(rows: Sequence[ReleaseRow]) -> _Frame:
    west, south, east, north = REGION_BOUNDS_M
    if rows:
        boxes = np.array([row.cell.bounds for row in rows], dtype=np.float64)
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        west, south = max(west, low[0]), max(south, low[1])
        east, north = min(east, high[0]), min(north, high[1])
    # a little wider than high, as the sheet has room for
    along = max((east - west) / _WIDE, north - south, _LEAST_M) * (1 + 2 * _PAD)
    x, y = (west + east) / 2, (south + north) / 2
    return _Frame(x - along * _WIDE / 2, y - along / 2, x + along * _WIDE / 2, y + along / 2)


@lru_cache(maxsize=1)
def _read_ground() -> tuple[tuple[str, shapely.Geometry], ...]:
    """Municipalities by code, simplified together, so that their lines stay on each other."""
    frame = load_region().municipalities
    shapes = frame.geometry.to_numpy()
    if shapely.coverage_is_valid(shapes):
        shapes = shapely.coverage_simplify(shapes, _SIMPLIFY_M)
    else:
        shapes = shapely.simplify(shapes, _SIMPLIFY_M)
    return tuple(zip(frame["municipality"].astype(str), shapes, strict=True))


def _draw_land(frame: _Frame) -> list[str]:
    path = "".join(_write_path(frame, shape) for _, shape in _read_ground())
    return [f'<path d="{path}" fill="#fbfaf6"/>']


def _draw_lines(frame: _Frame) -> list[str]:
    ground = _read_ground()
    towns = "".join(_write_path(frame, shape) for _, shape in ground)
    counties = {code[:2] for code, _ in ground}
    unions = (shapely.union_all([shape for code, shape in ground if code[:2] == county]) for county in sorted(counties))
    outer = "".join(_write_path(frame, shape) for shape in unions)
    return [
        f'<path d="{towns}" fill="none" stroke="#7f8f96" stroke-width="0.6"/>',
        f'<path d="{outer}" fill="none" stroke="#4c5f68" stroke-width="1.4"/>',
    ]


def _write_path(frame: _Frame, shape: shapely.Geometry) -> str:
    shape = shapely.clip_by_rect(shape, frame.west, frame.south, frame.east, frame.north)
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    texts = []
    for ring in rings:
        points = frame.place(shapely.get_coordinates(ring))
        texts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z")
    return "".join(texts)


def _write_outline(frame: _Frame) -> str:
    return "".join(_write_path(frame, shapely.Polygon(ring)) for ring in find_outlines())


def _draw_squares(frame: _Frame, rows: Sequence[ReleaseRow]) -> list[str]:
    colours = {int(one.code): one.colour for one in score_classes()}
    parts = []
    for row in sorted(rows, key=lambda row: (-row.cell.size_m, row.score_class or 0, row.cell)):
        (x, y) = frame.place(np.array([[row.cell.easting, row.cell.northing + row.cell.size_m]]))[0]
        side = row.cell.size_m * frame.scale
        box = f'x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}"'
        if row.cell.size_m >= ENDS_AT_BORDER_M:
            box += ' clip-path="url(#region)"'
        if row.score_class is None:
            # what a larger square of a class has below it is not this one's
            parts.append(f'<rect {box} fill="#fbfaf6" fill-opacity="0.8"/>')
        fill = colours.get(row.score_class or 0, "url(#no-class)")
        edge = ' stroke="#15242b" stroke-width="0.4"' if side >= _EDGE_FROM else ""
        parts.append(f'<rect {box} fill="{fill}" fill-opacity="0.85"{edge}/>')
    return parts


def _draw_names(frame: _Frame) -> list[str]:
    """Places, the one with most inhabitants first, where there is room."""
    places = load_region().localities.sort_values(["population", "name"], ascending=[False, True])
    points = frame.place(shapely.get_coordinates(places.geometry.to_numpy()))
    taken: list[tuple[float, float, float, float]] = []
    parts = []
    for name, (x, y) in zip(places["name"], points, strict=True):
        box = (x - 3, y - _LINE / 2, x + 10 + len(name) * _LETTER, y + _LINE / 2)
        inside = box[0] > 0 and box[1] > 0 and box[2] < frame.width and box[3] < frame.height
        if not inside or any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="#22323a" stroke="#ffffff"/>'
            f'<text x="{x + 7:.1f}" y="{y + 5:.1f}" fill="#22323a" stroke="#ffffff" stroke-width="3" '
            f'stroke-linejoin="round" paint-order="stroke">{escape(name)}</text>'
        )
        if len(taken) >= _MOST_NAMES:
            break
    return parts


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _draw_scale(frame: _Frame) -> list[str]:
    """A bar of a round length, at most a quarter of the width."""
    km = max((km for km in _SCALES_KM if km * 1000 * frame.scale <= frame.width / 4), default=_SCALES_KM[0])
    length, x, y = km * 1000 * frame.scale, 16.0, frame.height - 18
    return [
        f'<rect x="6" y="{y - 24:.1f}" width="{length + 34:.1f}" height="36" fill="#ffffff" fill-opacity="0.9"/>'
        f'<path d="M{x} {y - 6:.1f}V{y:.1f}H{x + length:.1f}V{y - 6:.1f}" fill="none" stroke="#15242b"/>'
        f'<text x="{x}" y="{y - 9:.1f}" fill="#15242b">{km} km</text>'
    ]


def _draw_mark(frame: _Frame, mark: str) -> list[str]:
    """Across the middle, in letters of one size: a long name is cut, the time and the link never."""
    who, *rest = mark.rsplit(" · ", 2)
    if len(who) > _MOST_LETTERS:
        who = who[: _MOST_LETTERS - 1].rstrip() + "…"
    lines = [*textwrap.wrap(who, _LETTERS_ACROSS), " · ".join(rest)]
    lines = [line for line in lines if line]
    x, y = frame.width / 2, frame.height / 2
    top = y - (len(lines) - 1) * _MARK_LINE / 2
    texts = "".join(
        f'<text x="{x:.1f}" y="{top + at * _MARK_LINE:.1f}">{escape(line)}</text>' for at, line in enumerate(lines)
    )
    return [
        f'<g font-size="{_MARK_SIZE}" text-anchor="middle" fill="#15242b" fill-opacity="0.55" '
        f'stroke="#ffffff" stroke-opacity="0.5" stroke-width="4" stroke-linejoin="round" paint-order="stroke" '
        f'transform="rotate(-24 {x:.1f} {y:.1f})">{texts}</g>'
    ]
