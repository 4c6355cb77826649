"""Drawing with matplotlib, and its SVG made small, self-contained and harmless.

What matplotlib writes has a style element (which our policy forbids), metadata, ids by the hundred and its own fonts.
What leaves here has a title and a description, text as text in the page's font, style attributes only, and no ids but
two. Words never pass through matplotlib: it places stand-ins, so that no name is read as mathematics, measured in a
font that lacks its letters, or found in markup.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from geo.errors import ConfigError
from maps.charts.style import LABEL_PX, ROLES, SMALL_PX, Theme, role_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Labels", "Sheet", "clean_text", "render"]

_SVG = "http://www.w3.org/2000/svg"
_FONT = "var(--font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif)"
# Settings of matplotlib that decide what is written; everything else is its default, whatever this machine's file says.
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "norrsyn",
    "path.simplify": False,
    "text.parse_math": False,
}
# What drawings are made of, and what else could be seen in one.
_KEPT_TAGS = frozenset({"path", "text"})
_UNKNOWN_TAGS = frozenset({"use", "image", "pattern", "filter", "foreignObject", "tspan", "circle", "line", "script"})
_KEPT_STYLE = re.compile(r"^(?:fill|stroke|opacity|font-size|font-weight|text-anchor)[a-z-]*$")
_NUMBER = re.compile(r"-?\d+\.\d+")
_STAND_IN = re.compile(r"@(\d+)@")
# Characters that XML 1.0 has no way to write, and those that only steer a terminal or the direction of text around.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_MAX_TITLE = 200
# matplotlib's settings are the process's own: one drawing at a time
_drawing = Lock()


@dataclass(frozen=True)
class Labels:
    """What a drawing says of itself.

    Attributes
    ----------
    name : id of the chart, ASCII
    lang : str
    title, description : read aloud instead of the drawing
    """

    name: str
    lang: str
    title: str
    description: str


@dataclass
class Sheet:
    """A drawing under way, measured in px from the top left corner.

    Attributes
    ----------
    figure : matplotlib's
    width, height : px
    """

    figure: Figure
    width: float
    height: float
    words: list[str] = field(default_factory=list)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes without frame, ticks and background at a place on the sheet, px."""
        w, h = self.width, self.height
        axes = self.figure.add_axes((left / w, 1 - (top + height) / h, width / w, height / h))
        axes.set_frame_on(False)
        axes.tick_params(
            left=False, bottom=False, labelsize=SMALL_PX, labelcolor=role_colour("soft"), pad=4, which="both"
        )
        axes.set_axisbelow(True)
        return axes

    def overlay(self) -> Axes:
        """Axes over the whole sheet, in px from the top left corner."""
        axes = self.axes(0, 0, self.width, self.height)
        axes.set_axis_off()
        axes.set_xlim(0, self.width)
        axes.set_ylim(self.height, 0)
        return axes

    def say(self, text: str) -> str:
        """Stand-in for words, to hand to matplotlib in their place."""
        self.words.append(clean_text(text))
        return f"@{len(self.words) - 1}@"

    def write(self, axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
        """Words at a place in the units of the axes."""
        given = {"fontsize": LABEL_PX, "color": role_colour("ink"), "va": "center", "clip_on": False, **style}
        axes.text(x, y, self.say(text), **given)

    def box(self, axes: Axes, x: tuple[float, float], y: tuple[float, float], fill: str, **style: Any) -> None:
        """A filled rectangle with a thin outline, in the units of the axes."""
        outline: dict[str, Any] = {"edgecolor": role_colour("soft"), "linewidth": 0.8, "clip_on": False}
        axes.bar(x[0], y[1] - y[0], width=x[1] - x[0], bottom=y[0], align="edge", color=fill, **outline, **style)

    def mark_day(self, axes: Axes, x: float, text: str | None = None, *, ha: str = "center") -> None:
        """A dashed line across the axes where the scoring date is, with its name above."""
        axes.axvline(x, color=role_colour("mark"), linewidth=1.6, linestyle=(0, (4, 3)), clip_on=False, zorder=4)
        if text is not None:
            place = {"transform": axes.get_xaxis_transform(), "color": role_colour("mark"), "fontsize": SMALL_PX}
            self.write(axes, x, 1.0, f"{text}\u00a0" if ha == "right" else text, va="bottom", ha=ha, **place)


def render(paint: Callable[[Sheet], None], labels: Labels, width: float, height: float, theme: Theme = "light") -> str:
    """Draw, and write the drawing as SVG.

    Parameters
    ----------
    paint : called with the sheet to draw on
    labels : Labels
    width, height : px
    theme : colours of the drawing where no page sets others

    Returns
    -------
    str
        One ``svg`` element: the same bytes for the same input.
    """
    with _plain_matplotlib() as new_figure:
        sheet = Sheet(new_figure(width, height), width, height)
        paint(sheet)
        stream = io.StringIO()
        sheet.figure.savefig(stream, format="svg", metadata={"Date": None})
    return _write(ElementTree.fromstring(stream.getvalue()), sheet, labels, theme)  # noqa: S314  our own drawing


def clean_text(text: str) -> str:
    """Text as XML can hold it: what cannot be written, or would turn its surroundings around, becomes a space."""
    return _UNWRITABLE.sub(" ", text)


@contextmanager
def _plain_matplotlib() -> Iterator[Callable[[float, float], Figure]]:
    """A maker of figures, with matplotlib's own defaults and ours; imported when the first chart is drawn."""
    import matplotlib as mpl  # noqa: PLC0415  most of a second, for charts only
    from matplotlib.figure import Figure  # noqa: PLC0415

    with _drawing, mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        # 72 dots an inch: a px of ours is a unit of the SVG
        yield lambda width, height: Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="none")


def _write(drawn: ElementTree.Element, sheet: Sheet, labels: Labels, theme: Theme) -> str:
    ElementTree.register_namespace("", _SVG)
    width, height = f"{sheet.width:g}", f"{sheet.height:g}"
    title_id, description_id = f"chart-{labels.name}-{width}-title", f"chart-{labels.name}-{width}-description"
    root = ElementTree.Element(
        f"{{{_SVG}}}svg",
        {
            "viewBox": f"0 0 {width} {height}",
            "width": width,
            "height": height,
            "role": "img",
            "lang": labels.lang,
            "aria-labelledby": f"{title_id} {description_id}",
            "style": f"font-family: {_FONT}; stroke-linejoin: round",
        },
    )
    for tag, name, text in (("title", title_id, labels.title), ("desc", description_id, labels.description)):
        ElementTree.SubElement(root, f"{{{_SVG}}}{tag}", {"id": name}).text = clean_text(text)
    paper = {"width": width, "height": height, "style": f"fill: {role_colour('paper')}"}
    ElementTree.SubElement(root, f"{{{_SVG}}}rect", paper)
    for element in _walk(drawn):
        tag = element.tag.rpartition("}")[2]
        if tag in _UNKNOWN_TAGS:
            message = f"matplotlib drew a {tag}, which would be lost; draw with paths and words only."
            raise ConfigError(message)
        if tag in _KEPT_TAGS and element.get("d") != "":
            _append(root, _clean(element, tag, sheet.words))
    for element in root.iter():
        if "style" in element.attrib:
            element.set("style", _themed(element.get("style", ""), theme))
    return ElementTree.tostring(root, encoding="unicode")


def _walk(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """What is drawn, in its order; definitions are not."""
    for child in element:
        if child.tag.rpartition("}")[2] not in {"defs", "metadata"}:
            yield child
            yield from _walk(child)


def _append(root: ElementTree.Element, element: ElementTree.Element) -> None:
    """Put an element at the end; a path that looks like the one before it becomes part of that one."""
    before = root[-1]
    if element.get("d") and before.get("d") and element.get("style") == before.get("style"):
        before.set("d", f"{before.get('d')} {element.get('d')}")
    else:
        root.append(element)


def _clean(element: ElementTree.Element, tag: str, words: list[str]) -> ElementTree.Element:
    """A path or a text with geometry and style alone; a text with its words instead of their stand-in."""
    kept = ElementTree.Element(f"{{{_SVG}}}{tag}")
    for name in ("x", "y", "d", "transform"):
        value = element.get(name)
        if value is not None and not value.startswith("rotate(-0 "):
            kept.set(name, _NUMBER.sub(_round, " ".join(value.split())))
    pairs = (part.partition(":") for part in element.get("style", "").split(";"))
    style = [
        (name.strip(), " ".join(value.split())) for name, _, value in pairs if _KEPT_STYLE.match(name.strip() or "?")
    ]
    kept.set("style", "; ".join(f"{name}: {value}" for name, value in style))
    if tag == "text":
        kept.text = _STAND_IN.sub(lambda match: words[int(match[1])], element.text or "")
        if len(kept.text) > _MAX_TITLE:
            kept.text = f"{kept.text[:_MAX_TITLE]}…"
    return kept


def _round(match: re.Match[str]) -> str:
    return f"{float(match[0]):.1f}".removesuffix(".0")


def _themed(style: str, theme: Theme) -> str:
    for name, role in ROLES.items():
        own = role.light if theme == "light" else role.dark
        style = re.sub(f"{role.light}(?![0-9a-f])", f"var(--chart-{name}, {own})", style, flags=re.IGNORECASE)
    return style
