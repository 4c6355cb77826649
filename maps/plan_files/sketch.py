"""Small maps as SVG, drawn here from what the data folder holds: nothing is fetched, and no picture is linked.

A crew has a colour, a day a kind of line, and every stop a number: nothing is told by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

import shapely

from maps.charts.style import ink_on
from maps.i18n import format_number
from maps.plan_files.ground import Ground, clip
from maps.plan_files.words import shorten

__all__ = ["CREW_COLOURS", "CREW_DASHES", "Leg", "Mark", "draw_map"]

# told apart by people who see colours otherwise, and dark enough to be printed in grey (after Okabe and Ito)
CREW_COLOURS = ("#0d4a5c", "#b3470b", "#7a2d6e", "#2f6b1f", "#8a6a00", "#4a4a4a", "#1f4fa3", "#a3243b")
# and by these, as on the plan's page
CREW_DASHES = ("", "7 3", "2 2.5", "9 3 2 3", "4 4", "1.5 3")
_SVG = "http://www.w3.org/2000/svg"
_FONT = "DejaVu Sans, sans-serif"
_SEA, _LAND, _BORDER, _ROAD, _INK = "#dfe9ee", "#fbfaf5", "#a9b3b3", "#c9b48f", "#26363d"
_MARGIN = 0.09
_SCALES_M = (500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000)
_LETTER_PX, _LINE_PX = 5.6, 11.0
_KM = 1_000
_MOST_TRIES = 60
_MOST_NAMES = 28
# where a name may stand, px to the right of its place (0: over it) and down
_NAME_PLACES = (
    (4, 0),
    (-4, 0),
    (0, 10),
    (0, -10),
    (12, 12),
    (-12, 12),
    (12, -12),
    (-12, -12),
    (26, 0),
    (-26, 0),
    (0, 24),
    (0, -24),
)


@dataclass(frozen=True)
class Mark:
    """A place on a map, m, EPSG:3006, with one or two characters in it; a depot is square, a stop round."""

    easting: float
    northing: float
    text: str
    colour: str
    is_depot: bool = False
    is_main: bool = False


@dataclass(frozen=True)
class Leg:
    """A line between places, m, EPSG:3006."""

    points: tuple[tuple[float, float], ...]
    colour: str
    dash: str = ""


@dataclass
class _Paper:
    """A drawing under way: the box of metres that it shows, and what is taken on it, px."""

    width: float
    height: float
    box: tuple[float, float, float, float]
    root: ElementTree.Element
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    @property
    def m_per_px(self) -> float:
        """Metres to a px."""
        return (self.box[2] - self.box[0]) / self.width

    def at(self, easting: float, northing: float) -> tuple[float, float]:
        """A place in px from the top left corner."""
        return (easting - self.box[0]) / self.m_per_px, (self.box[3] - northing) / self.m_per_px

    def add(self, tag: str, **attributes: object) -> ElementTree.Element:
        """An element, its attributes with hyphens for underscores."""
        named = {name.replace("_", "-"): _write(value) for name, value in attributes.items()}
        return ElementTree.SubElement(self.root, f"{{{_SVG}}}{tag}", named)

    def write(self, x: float, y: float, text: str, **attributes: object) -> None:
        """Words at a place."""
        given = {"font_family": _FONT, "font_size": 9, "fill": _INK, **attributes}
        self.add("text", x=x, y=y, **given).text = text

    def take(self, x: float, y: float, width: float, height: float) -> bool:
        """Whether there was room for a rectangle, which is taken from now on."""
        mine = (x, y, x + width, y + height)
        if mine[0] < 0 or mine[1] < 0 or mine[2] > self.width or mine[3] > self.height:
            return False
        if any(a < mine[2] and mine[0] < c and b < mine[3] and mine[1] < d for a, b, c, d in self.taken):
            return False
        self.taken.append(mine)
        return True


def draw_map(  # noqa: PLR0913
    ground: Ground,
    marks: Sequence[Mark],
    legs: Iterable[Leg],
    *,
    title: str,
    lang: str,
    width: float,
    height: float,
    span_m: float = 12_000.0,
    focus: Sequence[tuple[float, float]] = (),
) -> str:
    """Draw a map of marks and the lines between them.

    Parameters
    ----------
    ground : Ground
    marks, legs
    title : read aloud in place of the drawing
    lang : str
    width, height : px
    span_m : float, m, that the map shows at least
    focus : places that must be on it, m, EPSG:3006; the marks where left out

    Returns
    -------
    str
        One ``svg`` element.
    """
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.Element(
        f"{{{_SVG}}}svg",
        {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}", "role": "img"},
    )
    ElementTree.SubElement(root, f"{{{_SVG}}}title").text = shorten(title)
    places = list(focus) or [(mark.easting, mark.northing) for mark in marks]
    paper = _Paper(width, height, _find_box(places, width / height, span_m), root)
    _draw_ground(paper, ground)
    for leg in legs:
        line = " ".join("{:.1f},{:.1f}".format(*paper.at(*point)) for point in leg.points)
        dash = {"stroke_dasharray": leg.dash} if leg.dash else {}
        paper.add("polyline", points=line, fill="none", stroke=leg.colour, stroke_width=1.8, **dash)
    _draw_scale(paper, lang)
    _draw_marks(paper, marks)
    _draw_names(paper, ground)
    paper.add("rect", x=0.5, y=0.5, width=width - 1, height=height - 1, fill="none", stroke=_BORDER)
    return ElementTree.tostring(root, encoding="unicode")


def _find_box(places: Sequence[tuple[float, float]], ratio: float, span_m: float) -> tuple[float, float, float, float]:
    """The box of metres with the drawing's shape that holds all places and a margin."""
    xs, ys = [x for x, _ in places], [y for _, y in places]
    middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    grow = 1 + 2 * _MARGIN
    wide = max(span_m, grow * (max(xs) - min(xs)), grow * (max(ys) - min(ys)) * ratio)
    tall = wide / ratio
    return middle[0] - wide / 2, middle[1] - tall / 2, middle[0] + wide / 2, middle[1] + tall / 2


def _draw_ground(paper: _Paper, ground: Ground) -> None:
    paper.add("rect", x=0, y=0, width=paper.width, height=paper.height, fill=_SEA)
    step = 0.7 * paper.m_per_px
    for shape in clip(ground.municipalities, paper.box, step):
        path = "".join(_write_path(paper, ring) for ring in _list_rings(shape))
        paper.add("path", d=path, fill=_LAND, stroke=_BORDER, stroke_width=0.6, fill_rule="evenodd")
    lines = (line for shape in clip(ground.roads, paper.box, step) for line in shapely.get_parts(shape).tolist())
    path = "".join(_write_path(paper, line, close=False) for line in lines)
    if path:
        paper.add("path", d=path, fill="none", stroke=_ROAD, stroke_width=0.7)


def _list_rings(shape: shapely.Geometry) -> list[shapely.Geometry]:
    polygons = [part for part in shapely.get_parts(shape).tolist() if isinstance(part, shapely.Polygon)]
    return [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]


def _write_path(paper: _Paper, line: shapely.Geometry, *, close: bool = True) -> str:
    points = (paper.at(x, y) for x, y in shapely.get_coordinates(line).tolist())
    text = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f"M{text}{'Z' if close else ''}" if text else ""


def _draw_scale(paper: _Paper, lang: str) -> None:
    """A bar of a round length, and an arrow to the north."""
    fitting = [length for length in _SCALES_M if length / paper.m_per_px <= paper.width / 3]
    length = fitting[-1] if fitting else _SCALES_M[0]
    px = length / paper.m_per_px
    x, y = 8.0, paper.height - 8.0
    said = f"{format_number(lang, length / _KM)} km" if length >= _KM else f"{format_number(lang, length)} m"
    paper.take(x - 3, y - 16, px + 8, 20)
    paper.add("rect", x=x - 3, y=y - 16, width=max(px + 8, 36), height=21, fill=_LAND, fill_opacity=0.85)
    paper.add("path", d=f"M{x:.1f} {y - 4:.1f}V{y:.1f}H{x + px:.1f}V{y - 4:.1f}", fill="none", stroke=_INK)
    paper.write(x, y - 6, said, font_size=8)
    tip = paper.width - 14
    paper.take(tip - 7, 4, 14, 26)
    paper.add("path", d=f"M{tip:.1f} 6L{tip + 5:.1f} 20L{tip:.1f} 16L{tip - 5:.1f} 20Z", fill=_INK)
    paper.write(tip, 29, "N", font_size=8, text_anchor="middle")


def _draw_marks(paper: _Paper, marks: Sequence[Mark]) -> None:
    """Numbers where there is room for them, with a line to their place where that is elsewhere."""
    low_x, low_y, high_x, high_y = paper.box
    there = (mark for mark in marks if low_x <= mark.easting <= high_x and low_y <= mark.northing <= high_y)
    ordered = sorted(there, key=lambda mark: (not mark.is_main, not mark.is_depot))
    for mark in ordered:
        x, y = paper.at(mark.easting, mark.northing)
        radius = 9.0 if mark.is_main else 6.5
        cx, cy = _find_room(paper, x, y, radius)
        if (cx, cy) != (x, y):
            paper.add("path", d=f"M{x:.1f} {y:.1f}L{cx:.1f} {cy:.1f}", stroke=mark.colour, stroke_width=0.7)
            paper.add("circle", cx=x, cy=y, r=1.6, fill=mark.colour)
        outline = {"fill": mark.colour, "stroke": "#ffffff", "stroke_width": 1}
        if mark.is_depot:
            paper.add("rect", x=cx - radius, y=cy - radius, width=2 * radius, height=2 * radius, **outline)
        else:
            paper.add("circle", cx=cx, cy=cy, r=radius, **outline)
        size = 10 if mark.is_main else 7.5
        style = {"text_anchor": "middle", "font_weight": "bold", "font_size": size, "fill": ink_on(mark.colour)}
        paper.write(cx, cy + 0.36 * size, mark.text, **style)


def _find_room(paper: _Paper, x: float, y: float, radius: float) -> tuple[float, float]:
    """The place itself, or the nearest on a spiral around it where nothing stands yet."""
    for step in range(_MOST_TRIES):
        away, angle = (0.0, 0.0) if step == 0 else (1.4 * radius + 1.1 * step, 2.4 * step)
        cx, cy = x + away * math.cos(angle), y + away * math.sin(angle)
        if paper.take(cx - radius, cy - radius, 2 * radius, 2 * radius):
            return cx, cy
    return x, y


def _draw_names(paper: _Paper, ground: Ground) -> None:
    """Names of the largest places that there is room for."""
    low_x, low_y, high_x, high_y = paper.box
    room = _MOST_NAMES
    for place in ground.localities:
        if not room:
            break
        if not (low_x < place.easting < high_x and low_y < place.northing < high_y):
            continue
        x, y = paper.at(place.easting, place.northing)
        name = shorten(place.name, 40)
        long = _LETTER_PX * len(name)
        for right, down in _NAME_PLACES:
            left = x - long / 2 if right == 0 else x + right if right > 0 else x + right - long
            if paper.take(left, y + down - _LINE_PX / 2, long, _LINE_PX):
                paper.add("circle", cx=x, cy=y, r=1.3, fill=_INK)
                paper.write(left + long / 2, y + down + 3, name, font_size=8.5, text_anchor="middle")
                room -= 1
                break


def _write(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
