"""A plan for satellite navigators: GPX 1.1, a waypoint for each stop and depot, and a route for each crew and day.

Source: Topografix, GPX 1.1 schema
"""

from __future__ import annotations

from xml.etree import ElementTree

from geo.planning.plan import Plan
from maps.degrees import to_degrees
from maps.i18n import format_date, translate
from maps.plan_files.sheets import ShiftSheet, StopSheet, lay_out, say_clock
from maps.plan_files.stamp import Stamp, say_classification, say_watermark
from maps.plan_files.words import shorten

__all__ = ["write_gpx"]

_NAMESPACE = "http://www.topografix.com/GPX/1/1"
_DECIMALS = 6


def write_gpx(plan: Plan, stamp: Stamp, lang: str) -> bytes:
    """A plan as GPX.

    Routes are the order of stops, not the roads between them: a navigator finds those itself.
    """
    sheets = lay_out(plan, lang)
    classification, watermark = say_classification(plan, lang), say_watermark(plan, stamp, lang)
    root = ElementTree.Element("gpx", {"xmlns": _NAMESPACE, "version": "1.1", "creator": "Norrsyn"})
    about = ElementTree.SubElement(root, "metadata")
    _add(about, "name", shorten(sheets.name))
    _add(about, "desc", f"{classification} {watermark}")
    _add(about, "time", f"{stamp.made_utc:%Y-%m-%dT%H:%M:%SZ}")
    _add(about, "keywords", classification)
    # the schema has waypoints before routes
    for name, place in {shift.name: shift.crew.depot for shift in sheets.shifts}.items():
        depot = _add_point(root, "wpt", *to_degrees(*place))
        _add(depot, "name", translate(lang, "Depot of {crew}", crew=shorten(name)))
        _add(depot, "cmt", classification)
    for shift in sheets.shifts:
        for sheet in shift.stops:
            _fill_stop(_add_point(root, "wpt", sheet.lon, sheet.lat), shift, sheet, classification, lang)
    for number, shift in enumerate((one for one in sheets.shifts if one.stops), start=1):
        _add_route(root, number, shift, f"{classification} {watermark}", lang)
    ElementTree.indent(root)
    made: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def _add_route(root: ElementTree.Element, number: int, shift: ShiftSheet, told: str, lang: str) -> None:
    route = ElementTree.SubElement(root, "rte")
    _add(route, "name", f"{shorten(shift.name)}, {format_date(lang, shift.on)}")
    _add(route, "desc", told)
    _add(route, "number", str(number))
    depot = translate(lang, "Depot of {crew}", crew=shorten(shift.name))
    home = to_degrees(*shift.crew.depot)
    _add(_add_point(route, "rtept", *home), "name", depot)
    for sheet in shift.stops:
        _add(_add_point(route, "rtept", sheet.lon, sheet.lat), "name", f"{sheet.label} {shorten(sheet.title)}")
    _add(_add_point(route, "rtept", *home), "name", depot)


def _fill_stop(point: ElementTree.Element, shift: ShiftSheet, sheet: StopSheet, classification: str, lang: str) -> None:
    _add(point, "name", f"{sheet.label} {shorten(sheet.title)}")
    _add(point, "cmt", classification)
    times = f"{say_clock(sheet.stop.start_minute)}–{say_clock(sheet.stop.end_minute)}"
    when = f"{format_date(lang, shift.on)} {times}"
    _add(point, "desc", f"{when} · {shorten(shift.name)} · {sheet.kind}")
    _add(point, "type", sheet.kind)


def _add_point(parent: ElementTree.Element, tag: str, lon: float, lat: float) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, {"lat": f"{lat:.{_DECIMALS}f}", "lon": f"{lon:.{_DECIMALS}f}"})


def _add(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text
