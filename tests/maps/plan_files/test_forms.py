"""What each form of a plan's files holds, read back by a reader that is not ours."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import gpxpy
import openpyxl
import pyogrio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from geo.planning.plan import Answer, Plan
from geo.reading.formulas import escape_formula, restore_formula
from geo.reference.tables import read_columns
from maps.i18n import format_date
from maps.plan_files import FORMS, name_file
from maps.plan_files.geopackage import write_geopackage
from maps.plan_files.gpx import write_gpx
from maps.plan_files.ics import write_ics
from maps.plan_files.sheets import say_clock, to_moment
from maps.plan_files.spreadsheet import write_csv, write_xlsx
from maps.plan_files.words import clean_text, shorten
from tests.geo.planning.plan.made import DAYS, make_stop
from tests.maps.plan_files.made import HOSTILE, NORTH, STAMP, make_plan

LANGS = ("sv", "en")
CLASSIFIED = {"sv": "Inte offentlig", "en": "Not public"}
MARKED = {"sv": "Skapad av Anna Öberg, 15 juli 2026 kl. 11:30", "en": "Made by Anna Öberg, 15 July 2026 at 11:30"}
NAMES = st.text(st.characters(exclude_categories=()), max_size=60) | st.sampled_from(HOSTILE)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_rows(content: bytes, sheet: int = 0) -> list[dict[str, object]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    rows = list(book.worksheets[sheet].iter_rows(min_row=2, values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def read_layer(content: bytes, layer: str, folder: Path) -> gpd.GeoDataFrame:
    path = folder / "plan.gpkg"
    path.write_bytes(content)
    return pyogrio.read_dataframe(path, layer=layer)


def list_events(content: bytes) -> list[dict[str, object]]:
    return [dict(event) for event in Calendar.from_ical(content).walk("VEVENT")]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("plan", [make_plan(), make_plan(titles=())], ids=["stops", "none"])
class TestEveryForm:
    def test_says_whom_it_is_for_and_who_made_it_when(self, plan: Plan, lang: str, tmp_path: Path) -> None:
        def check(told: str) -> None:
            assert CLASSIFIED[lang] in told
            assert MARKED[lang] in told
            assert "plan p1, version 3" in told

        check(gpxpy.parse(write_gpx(plan, STAMP, lang).decode()).description)
        check(str(Calendar.from_ical(write_ics(plan, STAMP, lang))["x-wr-caldesc"]))
        for row in read_csv(write_csv(plan, STAMP, lang)):
            check(f"{row['classification']} {row['watermark']}")
            assert row["made_at"] == "2026-07-15T09:30:12+00:00"
        book = openpyxl.load_workbook(io.BytesIO(write_xlsx(plan, STAMP, lang)))
        assert len(book.worksheets) == 4
        for sheet in book:
            check(str(sheet["A1"].value))
        about = read_layer(write_geopackage(plan, STAMP, lang), "metadata", tmp_path)
        values = dict(zip(about["name"], about["value"], strict=True))
        check(f"{values['classification']} {values['watermark']}")
        assert values["plan_id"] == "p1"
        assert values["made_at"] == "2026-07-15T09:30:12+00:00"

    def test_is_the_same_for_the_same_plan(self, plan: Plan, lang: str) -> None:
        for write in (write_gpx, write_ics, write_csv, write_xlsx):
            assert write(plan, STAMP, lang) == write(plan, STAMP, lang)


def test_a_made_up_plan_says_so() -> None:
    plan = replace(make_plan(), stops=(make_stop(crew="north", synthetic=True),))
    assert read_csv(write_csv(plan, STAMP, "sv"))[0]["classification"].startswith("Syntetiska data. ")
    assert read_csv(write_csv(make_plan(), STAMP, "sv"))[0]["classification"].startswith("Inte offentlig")


class TestTables:
    def test_rows_are_the_plan_s_stops(self) -> None:
        plan = make_plan(titles=tuple("abcdefg"))
        # days are counted on from the day of the scores to that of the stop
        scored = min(plan.days) - timedelta(5)
        plan = replace(plan, manifest={**plan.manifest, "at": scored.isoformat()})
        rows = read_csv(write_csv(plan, STAMP, "en"))
        ordered = sorted(
            plan.stops, key=lambda stop: (stop.on, [c.name for c in plan.crews].index(stop.crew), stop.order)
        )
        assert [row["site"] for row in rows] == [stop.title for stop in ordered]
        assert [int(row["number"]) for row in rows] == list(range(1, 8))
        letters = {crew.name: letter for crew, letter in zip(plan.crews, "ABC", strict=False)}
        assert [row["label"] for row in rows] == [f"{letters[stop.crew]}{stop.order}" for stop in ordered]
        for row, stop in zip(rows, ordered, strict=True):
            assert (row["day"], row["crew"], row["record_id"]) == (stop.on.isoformat(), stop.crew, stop.record_id)
            assert row["start"] == f"{stop.start_minute // 60:02d}:{stop.start_minute % 60:02d}"
            assert float(row["easting"]) == stop.easting
            assert row["expected"] == ("" if stop.expected is None else str(stop.expected))
            days = None if stop.days_since_visit is None else stop.days_since_visit + (stop.on - scored).days
            assert row["days_since_visit"] == ("" if days is None else str(days))
        lots = {row["site"]: row["how"] for row in rows if "lot" in row["how"]}
        assert list(lots) == ["b"]
        assert "1.2 %" in lots["b"]

    def test_the_workbook_holds_the_same_with_numbers_as_numbers(self) -> None:
        plan = make_plan(titles=tuple("abc"))
        rows = read_rows(write_xlsx(plan, STAMP, "en"))
        assert [row["Site"] for row in rows] == [row["site"] for row in read_csv(write_csv(plan, STAMP, "en"))]
        assert all(isinstance(row["Easting, m (SWEREF 99 TM)"], (int, float)) for row in rows)

    def test_crews_and_checklist(self) -> None:
        answers = {"interpreters": Answer(is_ready=True, languages=frozenset({"th", "uk"}))}
        content = write_xlsx(replace(make_plan(), checklist=answers), STAMP, "en")
        crews = read_rows(content, 1)
        assert [(row["Day"], row["Crew"], row["People"], row["Seats"]) for row in crews] == [
            (day.isoformat(), name, 11, seats) for day in DAYS for name, seats in (("north", 14), ("south", 12))
        ]
        assert "Swedish Migration Agency (From the desk)" in crews[1]["Agencies"]
        items = read_rows(content, 2)
        assert len(items) == len(list(read_columns("support_checklist", "item")))
        assert [row["Languages"] for row in items if row["Ready"] == "Yes"] == ["Thai, Ukrainian"]

    @pytest.mark.parametrize("name", HOSTILE)
    def test_no_cell_is_a_formula_and_every_name_comes_back(self, name: str) -> None:
        plan = make_plan(titles=(name,), name=name, crews=(NORTH,))
        book = openpyxl.load_workbook(io.BytesIO(write_xlsx(plan, STAMP, "sv")))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} <= {"s", "n", "b"}
        assert not any(cell.hyperlink for cell in cells)
        expected = clean_text(name) or "w0"
        assert escape_formula(expected) in {cell.value for cell in cells}
        (row,) = read_csv(write_csv(plan, STAMP, "sv"))
        assert not any(value.startswith(tuple("=+-@\t\r\n")) for value in row.values() if not _is_number(value))
        assert (row["site"] if row["site"] == expected else restore_formula(row["site"])) == expected

    @FEW
    @given(NAMES)
    def test_any_name(self, name: str) -> None:
        plan = make_plan(titles=(name,), crews=(NORTH,))
        expected = escape_formula(clean_text(name) or "w0")
        assert read_csv(write_csv(plan, STAMP, "en"))[0]["site"] == expected
        assert len(read_csv(write_csv(plan, STAMP, "en"))) == 1
        cell = openpyxl.load_workbook(io.BytesIO(write_xlsx(plan, STAMP, "en"))).worksheets[0]["F3"]
        assert cell.data_type == "s"
        assert cell.value == expected


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", text) is not None


class TestGpx:
    def test_waypoints_and_a_route_for_each_crew_and_day(self) -> None:
        plan = make_plan(titles=tuple("abcdef"))
        read = gpxpy.parse(write_gpx(plan, STAMP, "en").decode())
        assert read.version == "1.1"
        assert read.time == datetime(2026, 7, 15, 9, 30, 12, tzinfo=UTC)
        assert len(read.waypoints) == len(plan.crews) + len(plan.stops)
        shifts = {(stop.crew, stop.on) for stop in plan.stops}
        assert {route.name for route in read.routes} == {f"{crew}, {format_date('en', on)}" for crew, on in shifts}
        for route in read.routes:
            n = sum(f"{stop.crew}, {format_date('en', stop.on)}" == route.name for stop in plan.stops)
            assert len(route.points) == n + 2
            assert (route.points[0].latitude, route.points[0].name) == (
                route.points[-1].latitude,
                route.points[-1].name,
            )

    def test_places_are_where_they_are(self) -> None:
        plan = make_plan(titles=("one",))
        (point,) = (p for p in gpxpy.parse(write_gpx(plan, STAMP, "en").decode()).waypoints if p.name == "A1 one")
        there = gpd.GeoSeries.from_xy([point.longitude], [point.latitude], crs=4326).to_crs(3006)
        assert abs(there.x[0] - plan.stops[0].easting) < 0.5
        assert abs(there.y[0] - plan.stops[0].northing) < 0.5

    @FEW
    @given(NAMES)
    def test_any_name(self, name: str) -> None:
        plan = make_plan(titles=(name,), name=name, crews=(replace(NORTH, name="north"),))
        read = gpxpy.parse(write_gpx(plan, STAMP, "sv").decode())
        assert [point.name for point in read.waypoints][1:] == [f"A1 {shorten(clean_text(name) or 'w0')}".strip()]
        assert len(read.routes) == 1
        assert len(read.routes[0].points) == 3


class TestIcs:
    def test_an_event_for_each_stop_and_each_drive(self) -> None:
        plan = make_plan(titles=tuple("abcd"))
        events = list_events(write_ics(plan, STAMP, "en"))
        stops = [event for event in events if "GEO" in event]
        assert len(stops) == 4
        shifts = {(stop.crew, stop.on) for stop in plan.stops}
        assert len(events) == 2 * 4 + len(shifts)
        by_title = {str(event["SUMMARY"]).split(" ")[1][0]: event for event in stops}
        for stop in plan.stops:
            begin = by_title[stop.title]["DTSTART"].dt
            assert begin.date() == stop.on
            assert begin.hour * 60 + begin.minute == stop.start_minute
            assert begin.utcoffset() == timedelta(hours=2)
            assert by_title[stop.title]["DTSTART"].params["TZID"] == "Europe/Stockholm"

    def test_winter_and_the_end_of_a_day(self) -> None:
        day = date(2026, 12, 31)
        stop = make_stop(on=day, crew="north", start_minute=1_380, end_minute=1_440, arrive_minute=1_380)
        plan = replace(make_plan(), days=(day,), stops=(stop,))
        event = next(one for one in list_events(write_ics(plan, STAMP, "en")) if "GEO" in one)
        assert event["DTSTART"].dt == datetime(2026, 12, 31, 23, tzinfo=ZoneInfo("Europe/Stockholm"))
        assert event["DTEND"].dt.astimezone(UTC) == datetime(2026, 12, 31, 23, tzinfo=UTC)

    def test_a_changed_plan_keeps_its_ids_and_counts_up(self) -> None:
        plan = make_plan(titles=tuple("abcd"))
        moved = replace(
            plan,
            name="Other",
            stops=tuple(replace(s, title="new", start_minute=s.start_minute + 5, order=s.order) for s in plan.stops),
        )
        before, after = (
            {str(event["UID"]): event for event in list_events(write_ics(one, stamp, lang))}
            for one, stamp, lang in ((plan, STAMP, "en"), (moved, replace(STAMP, version=4), "sv"))
        )
        assert before.keys() == after.keys()
        assert len(before) == len(list_events(write_ics(plan, STAMP, "en")))
        assert {int(event["SEQUENCE"]) for event in before.values()} == {3}
        assert {int(event["SEQUENCE"]) for event in after.values()} == {4}
        other = list_events(write_ics(replace(plan, plan_id="p2"), STAMP, "en"))
        assert not before.keys() & {str(event["UID"]) for event in other}

    @pytest.mark.parametrize(
        ("state", "status"), [("draft", "TENTATIVE"), ("approved", "CONFIRMED"), ("cancelled", "CANCELLED")]
    )
    def test_the_state_shows(self, state: str, status: str) -> None:
        events = list_events(write_ics(replace(make_plan(), state=state), STAMP, "en"))
        assert {str(event["STATUS"]) for event in events} == {status}
        assert {str(event["CLASS"]) for event in events} == {"CONFIDENTIAL"}

    def test_nobody_is_named_in_events(self) -> None:
        text = write_ics(make_plan(), STAMP, "en").decode()
        assert not re.search("^(ORGANIZER|ATTENDEE|CONTACT)", text, re.MULTILINE)
        for event in list_events(write_ics(make_plan(), STAMP, "en")):
            assert "Anna" not in " ".join(str(value) for value in event.values())
            assert "Not public" in str(event["DESCRIPTION"])

    @FEW
    @given(NAMES)
    def test_any_name(self, name: str) -> None:
        plan = make_plan(titles=(name,), name=name)
        content = write_ics(plan, STAMP, "sv")
        calendar = Calendar.from_ical(content)
        assert {one.name for one in calendar.walk()} == {"VCALENDAR", "VEVENT", "VTIMEZONE", "STANDARD", "DAYLIGHT"}
        events = list_events(content)
        assert len(events) == 3
        stop = next(event for event in events if "GEO" in event)
        assert str(stop["SUMMARY"]) == f"A1 {shorten(clean_text(name) or 'w0')} (north)"
        assert "ATTENDEE" not in stop
        assert all(len(line) <= 75 for line in content.split(b"\r\n"))


class TestGeoPackage:
    def test_layers(self, tmp_path: Path) -> None:
        plan = make_plan(titles=tuple("abcdef"))
        content = write_geopackage(plan, STAMP, "en")
        stops = read_layer(content, "stops", tmp_path)
        assert {str(name) for name, _ in pyogrio.list_layers(tmp_path / "plan.gpkg")} == {
            "stops", "routes", "crews", "metadata"
        }  # fmt: skip
        assert stops.crs.to_epsg() == 3006
        assert dict(zip(stops["site"], zip(stops.geometry.x, stops.geometry.y, strict=True), strict=True)) == {
            stop.title: (stop.easting, stop.northing) for stop in plan.stops
        }
        crews = read_layer(content, "crews", tmp_path)
        assert {(p.x, p.y) for p in crews.geometry} == {crew.depot for crew in plan.crews}
        routes = read_layer(content, "routes", tmp_path)
        assert set(routes.geometry.geom_type) == {"LineString"}
        for row in routes.itertuples():
            mine = [s for s in plan.stops if (s.crew, s.on.isoformat()) == (row.crew, row.day)]
            depot = next(crew.depot for crew in plan.crews if crew.name == row.crew)
            expected = [depot, *((s.easting, s.northing) for s in sorted(mine, key=lambda s: s.order)), depot]
            assert list(row.geometry.coords) == expected

    def test_a_plan_without_stops_has_all_layers(self, tmp_path: Path) -> None:
        content = write_geopackage(make_plan(titles=()), STAMP, "sv")
        assert len(read_layer(content, "stops", tmp_path)) == 0
        assert len(read_layer(content, "routes", tmp_path)) == 0
        assert len(read_layer(content, "crews", tmp_path)) == 4

    def test_every_hostile_name(self, tmp_path: Path) -> None:
        plan = make_plan(titles=HOSTILE, name=HOSTILE[0])
        stops = read_layer(write_geopackage(plan, STAMP, "sv"), "stops", tmp_path)
        got = dict(zip(stops["record_id"], stops["site"], strict=True))
        assert got == {f"w{k}": clean_text(name) or f"w{k}" for k, name in enumerate(HOSTILE)}


@pytest.mark.parametrize(
    ("minute", "said"),
    [(0, "00:00"), (485, "08:05"), (1_439, "23:59"), (1_440, "24:00"), (1_510, "01:10 (+1)"), (-50, "23:10 (-1)")],
)
def test_clocks(minute: int, said: str) -> None:
    assert say_clock(minute) == said
    assert to_moment(DAYS[0], minute) - to_moment(DAYS[0], 0) == timedelta(minutes=minute)


class TestFileNames:
    @given(NAMES)
    def test_are_plain_whatever_the_plan_is_called(self, name: str) -> None:
        for form in FORMS.values():
            made = name_file(make_plan(name=name), form)
            assert re.fullmatch(r"[a-z0-9-]{1,80}\.[a-z]+", made)
            assert made.endswith(f"-2026-07-20{form.suffix}")

    def test_swedish_letters_keep_their_base(self) -> None:
        assert name_file(make_plan(name="Vecka 30, Åre & Östersund"), FORMS["pdf"]) == (
            "vecka-30-are-ostersund-2026-07-20.pdf"
        )


@pytest.mark.parametrize("lang", LANGS)
def test_forms_have_titles_and_write(lang: str) -> None:
    assert len({form.say(lang) for form in FORMS.values()}) == len(FORMS)
    assert all(name == form.name and form.suffix == f".{name}" for name, form in FORMS.items())


class TestWords:
    @given(NAMES, st.integers(2, 200))
    def test_shortened_text_is_one_line_that_can_be_written(self, name: str, most: int) -> None:
        short = shorten(name, most)
        assert len(short) <= most
        assert len(short.splitlines()) <= 1
        short.encode("utf-8")
        assert not re.search("[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", short)
        if len(clean_text(name)) <= most:
            assert short == clean_text(name)

    @pytest.mark.parametrize("name", ["Åre", "مطعم", "🫐 👩‍🌾", "Ørsted ᏣᎳᎩ"])
    def test_letters_of_any_script_stay(self, name: str) -> None:
        assert clean_text(name) == name
