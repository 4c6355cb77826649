"""A plan as a printed brief (PDF): overview and times, then a page for each stop, with fields to fill in by hand.

WeasyPrint is imported when the first brief is made: it needs Pango, which is no Python package, and everything else
works without it. It fetches nothing: whatever an address in the brief would lead to is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from functools import lru_cache, partial
from typing import Any
from xml.etree import ElementTree

from geo.errors import MissingLibraryError, ParameterError
from geo.planning.plan import Plan
from geo.planning.plan.value import EXPLORATION
from geo.reference.tables import read_columns
from maps.i18n import format_date, format_number, translate
from maps.pages.base import TEMPLATES_FOLDER, environment
from maps.plan_files.ground import Ground, packaged_ground
from maps.plan_files.sheets import PlanSheets, ShiftSheet, StopSheet, lay_out, list_people, say_clock
from maps.plan_files.sketch import CREW_COLOURS, CREW_DASHES, Leg, Mark, draw_map
from maps.plan_files.stamp import Stamp, say_classification, say_watermark
from maps.plan_files.words import shorten

__all__ = ["LIBRARIES", "MOST_STOPS", "load_weasyprint", "render_brief", "write_pdf"]

# a page each; more take minutes to lay out
MOST_STOPS = 120
# a line each at least
_MOST_SHIFTS = 200
# what Debian 12 calls the libraries that WeasyPrint opens
LIBRARIES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
_OVERVIEW_PX, _STOP_PX = (680.0, 690.0), (318.0, 190.0)
_OVERVIEW_SPAN_M, _STOP_SPAN_M = 40_000.0, 9_000.0
_MOST_IN_REASON, _MOST_REASONS, _MOST_NOTES = 220, 8, 40


def write_pdf(plan: Plan, stamp: Stamp, lang: str, ground: Ground | None = None) -> bytes:
    """A plan as PDF, A4, tagged for screen readers.

    Parameters
    ----------
    plan : Plan
    stamp : Stamp
    lang : str
    ground : what maps are drawn on; the packaged borders and places where left out

    Raises
    ------
    MissingLibraryError
        WeasyPrint or a library of the system that it needs is not there; the message says which and what to do.
    ParameterError
        The plan has more stops than a brief takes.
    """
    weasyprint = load_weasyprint()
    html = render_brief(plan, stamp, lang, packaged_ground() if ground is None else ground)
    refuse = make_refuser(weasyprint)
    style = weasyprint.CSS(string=_read_style(), url_fetcher=refuse)
    document = weasyprint.HTML(string=html, url_fetcher=refuse, base_url=None)
    made: bytes = document.write_pdf(stylesheets=[style], pdf_tags=True)
    return made


def load_weasyprint() -> Any:
    """WeasyPrint, with the libraries of the system that it needs.

    Raises
    ------
    MissingLibraryError
    """
    try:
        import weasyprint  # noqa: PLC0415  a second, and Pango, for briefs only
    except (ImportError, OSError) as error:
        missing = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = (
            f"Briefs as PDF cannot be made on this server: a library is missing ({missing}). On Debian 12: apt-get "
            f"install {LIBRARIES}, then start the server again. All other forms work."
        )
        raise MissingLibraryError(message) from error
    # it would write into the server's log which letters of names no font has
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return weasyprint


def make_refuser(weasyprint: Any) -> Any:
    """A fetcher of addresses that fetches none."""

    class Refuser(weasyprint.URLFetcher):  # type: ignore[misc]
        """See `make_refuser`."""

        def fetch(self, url: str, headers: object = None) -> Any:  # noqa: ARG002
            message = f"A brief fetches nothing, and this was asked for: {shorten(url)}."
            raise ValueError(message)

    return Refuser()


def render_brief(plan: Plan, stamp: Stamp, lang: str, ground: Ground) -> str:
    """The brief as HTML for print.

    Raises
    ------
    ParameterError
    """
    if len(plan.stops) > MOST_STOPS:
        message = (
            f"The plan has {len(plan.stops)} stops, and a brief takes at most {MOST_STOPS}; choose another form, or "
            "make several plans."
        )
        raise ParameterError(message)
    n_shifts = len(plan.days) * len(plan.crews)
    if n_shifts > _MOST_SHIFTS:
        message = (
            f"The plan has {n_shifts} days of crews, and a brief takes at most {_MOST_SHIFTS}; choose another form, or "
            "make several plans."
        )
        raise ParameterError(message)
    sheets = lay_out(plan, lang, stamp.now)
    colours = {crew.name: CREW_COLOURS[k % len(CREW_COLOURS)] for k, crew in enumerate(plan.crews)}
    dashes = {crew.name: CREW_DASHES[k % len(CREW_DASHES)] for k, crew in enumerate(plan.crews)}
    look = _Look(ground, colours, dashes, lang)
    return (
        environment()
        .get_template("brief.html")
        .render(
            _=partial(translate, lang),
            lang=lang,
            sheets=sheets,
            name=shorten(sheets.name),
            maker=shorten(stamp.made_by),
            made_at=stamp.made_utc.isoformat(),
            version=str(stamp.version),
            classification=say_classification(plan, lang),
            watermark=say_watermark(plan, stamp, lang),
            days=[format_date(lang, day) for day in plan.days],
            crews=[_describe_crew(sheets, look, name) for name in colours],
            overviews=[_draw_overview(sheets, day, look) for day in _list_days(plan)],
            synthetic=plan.is_synthetic,
            estimated=_is_estimated(plan),
            stops=[_describe_stop(shift, sheet, look) for shift in sheets.shifts for sheet in shift.stops],
            problems=[shorten(one, _MOST_IN_REASON) for one in sheets.problems[:_MOST_NOTES]],
            notes=[shorten(one, _MOST_IN_REASON) for one in sheets.notes[:_MOST_NOTES]],
            **_say_choices(lang),
        )
    )


class _Look:
    """How crews look, by letters and dashes as on the plan's page, and what maps are drawn on."""

    def __init__(
        self,
        ground: Ground,
        colours: Mapping[str, str],
        dashes: Mapping[str, str],
        lang: str,
    ) -> None:
        self.ground, self.colours, self.dashes, self.lang = ground, colours, dashes, lang

    def depot(self, shift: ShiftSheet) -> Mark:
        """The depot of a crew."""
        name = shift.crew.name
        return Mark(*shift.crew.depot, shift.letter, self.colours[name], is_depot=True)

    def leg(self, shift: ShiftSheet) -> Leg:
        """The way of a crew's day."""
        places = [(one.stop.easting, one.stop.northing) for one in shift.stops]
        depot = shift.crew.depot
        return Leg((depot, *places, depot), self.colours[shift.crew.name], self.dashes[shift.crew.name])

    def mark(self, shift: ShiftSheet, sheet: StopSheet, *, is_main: bool = False) -> Mark:
        """A stop."""
        colour = self.colours[shift.crew.name]
        return Mark(sheet.stop.easting, sheet.stop.northing, sheet.label, colour, is_main=is_main)


def _list_days(plan: Plan) -> list[date]:
    """Days that have stops; the first where none has."""
    there = {stop.on for stop in plan.stops}
    return [day for day in plan.days if day in there] or list(plan.days[:1])


def _draw_overview(sheets: PlanSheets, day: date, look: _Look) -> dict[str, str]:
    """One day's routes: those of two days on one map could not be told apart."""
    shifts = [shift for shift in sheets.shifts if shift.on == day]
    depots = {shift.crew.name: look.depot(shift) for shift in shifts}
    stops = [look.mark(shift, sheet) for shift in shifts for sheet in shift.stops]
    legs = [look.leg(shift) for shift in shifts if shift.stops]
    said = format_date(look.lang, day)
    title = f"{translate(look.lang, 'Overview of routes and stops')}, {said}"
    width, height = _OVERVIEW_PX
    marks = [*depots.values(), *stops]
    drawn = draw_map(
        look.ground, marks, legs, title=title, lang=look.lang, width=width, height=height, span_m=_OVERVIEW_SPAN_M
    )
    return {"day": said, "map": drawn}


def _draw_stop(shift: ShiftSheet, sheet: StopSheet, look: _Look) -> str:
    """The stop, and where the crew comes from."""
    position = shift.stops.index(sheet)
    here = (sheet.stop.easting, sheet.stop.northing)
    before = shift.stops[position - 1].stop if position else None
    origin = shift.crew.depot if before is None else (before.easting, before.northing)
    marks = [look.depot(shift), *(look.mark(shift, one, is_main=one is sheet) for one in shift.stops)]
    title = translate(look.lang, "Map of the stop and the drive there")
    width, height = _STOP_PX
    return draw_map(
        look.ground,
        marks,
        [look.leg(shift)],
        title=title,
        lang=look.lang,
        width=width,
        height=height,
        span_m=_STOP_SPAN_M,
        focus=(here, origin),
    )


def _describe_crew(sheets: PlanSheets, look: _Look, name: str) -> dict[str, Any]:
    shifts = [shift for shift in sheets.shifts if shift.crew.name == name]
    crew = shifts[0].crew
    return {
        "name": shorten(name),
        "colour": look.colours[name],
        "letter": shifts[0].letter,
        "line": _draw_line(look.colours[name], look.dashes[name]),
        "people": crew.n_people,
        "seats": sum(crew.car_seats),
        "cars": len(crew.car_seats),
        "agencies": list_people(crew, look.lang),
        "shifts": [_describe_shift(shift, look) for shift in shifts],
    }


def _describe_shift(shift: ShiftSheet, look: _Look) -> dict[str, Any]:
    rows = [
        {
            "label": sheet.label,
            "title": shorten(sheet.title),
            "kind": _say_where(sheet),
            "by_lot": sheet.stop.how == EXPLORATION,
            "drive": sheet.stop.drive_minutes,
            "start": say_clock(sheet.stop.start_minute),
            "end": say_clock(sheet.stop.end_minute),
        }
        for sheet in shift.stops
    ]
    return {
        "day": format_date(look.lang, shift.on),
        "rows": rows,
        "leaves": "" if shift.depart_minute is None else say_clock(shift.depart_minute),
        "back": "" if shift.return_minute is None else say_clock(shift.return_minute),
        "minutes": sum(sheet.stop.drive_minutes for sheet in shift.stops) + shift.back_minutes,
    }


def _describe_stop(shift: ShiftSheet, sheet: StopSheet, look: _Look) -> dict[str, Any]:
    stop, lang = sheet.stop, look.lang
    return {
        "label": sheet.label,
        "title": shorten(sheet.title),
        "record_id": shorten(stop.record_id, 40),
        "kind": _say_where(sheet),
        "crew": shorten(shift.name),
        "colour": look.colours[shift.crew.name],
        "day": format_date(lang, shift.on),
        "arrive": say_clock(stop.arrive_minute),
        "start": say_clock(stop.start_minute),
        "end": say_clock(stop.end_minute),
        "drive": stop.drive_minutes,
        "by_lot": stop.how == EXPLORATION,
        "how": sheet.how,
        "since": sheet.since,
        "why": sheet.why,
        "reasons": [shorten(one, _MOST_IN_REASON) for one in sheet.reasons[:_MOST_REASONS]],
        "agencies": sheet.agencies,
        "problems": [shorten(one, _MOST_IN_REASON) for one in sheet.problems],
        "priority": format_number(lang, stop.priority, 1),
        "expected": None if stop.expected is None else f"{format_number(lang, 100 * stop.expected, 0)} %",
        "degrees": f"{sheet.lat:.5f}, {sheet.lon:.5f}",
        "metres": f"{stop.northing:.0f}, {stop.easting:.0f}",
        "map": _draw_stop(shift, sheet, look),
    }


def _say_choices(lang: str) -> dict[str, list[str]]:
    """What is ticked by hand."""
    return {
        "results": [
            translate(lang, "Visited"),
            translate(lang, "Not reached"),
            translate(lang, "Nobody there, or closed"),
        ],
        "outcomes": [translate(lang, str(title)) for (title,) in read_columns("visit_outcomes", "title")],
        "bands": [str(band) for (band,) in read_columns("persons_bands", "band")],
    }


def _is_estimated(plan: Plan) -> bool:
    drive = (plan.manifest.get("arranged") or {}).get("drive") or plan.manifest.get("drive") or {}
    return bool(drive.get("provider", "estimate") == "estimate")


def _say_where(sheet: StopSheet) -> str:
    return " · ".join(part for part in (sheet.kind, sheet.place) if part)


def _draw_line(colour: str, dash: str) -> str:
    svg = ElementTree.Element("svg", {"width": "44", "height": "8", "viewBox": "0 0 44 8", "role": "presentation"})
    line = {"x1": "0", "y1": "4", "x2": "44", "y2": "4", "stroke": colour, "stroke-width": "1.8"}
    ElementTree.SubElement(svg, "line", line | ({"stroke-dasharray": dash} if dash else {}))
    return ElementTree.tostring(svg, encoding="unicode")


@lru_cache(maxsize=1)
def _read_style() -> str:
    return (TEMPLATES_FOLDER / "brief.css").read_text("utf-8")
