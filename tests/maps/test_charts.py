"""Charts: right counts, words that are read aloud, and SVG that is small, the same each time, and harmless."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pytest

import geo
from geo.layers.bundle import Layers
from geo.reference import read_table, score_classes
from geo.risk.surface import RiskSurface
from maps.charts.base import Question, format_cell
from maps.charts.canvas import Labels, Sheet, clean_text, render
from maps.charts.registry import CHARTS
from maps.charts.style import ROLES, ink_on
from maps.charts.timeline import Establishment, Phase, TimelineFigures, draw_timeline
from tests.frames import GRID, SCORING_DAY, make_establishment, make_finding, make_frame, make_visit, near_town
from tests.maps.corpus import HOSTILE, PAYLOADS

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
TEXT_CONTRAST, PART_CONTRAST = 4.5, 3.0


@pytest.fixture(scope="module")
def question(surface: RiskSurface) -> Question:
    top = surface.top(1)["cell_id"][0]
    return Question(surface, surface.layers, None, surface.grid.parse_cell_id(top))


def read_svg(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314  our own drawing


def list_words(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# ---- every chart ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "lang"), list(zip(CHARTS, ["sv", "en", "sv", "en"], strict=True)))
class TestEveryDrawing:
    def test_it_holds_nothing_but_shapes_and_words(self, question: Question, name: str, lang: str) -> None:
        chart = CHARTS[name]
        figures = chart.collect(question)
        for size in ("wide", "narrow"):
            text = chart.draw(lang, figures, size, "light")
            root = read_svg(text)
            assert {element.tag for element in root.iter()} == {
                f"{SVG}{tag}" for tag in ("svg", "title", "desc", "rect", "path", "text")
            }
            assert len(text.encode()) < 30_000
            assert not re.search(r"<style|<script|href|url\(|http(?!://www\.w3\.org/2000/svg)|nan", text)
            ids = [element.get("id") for element in root.iter() if element.get("id")]
            assert len(ids) == len(set(ids)) == 2

    def test_it_says_what_it_shows(self, question: Question, name: str, lang: str) -> None:
        chart = CHARTS[name]
        figures = chart.collect(question)
        words = chart.describe(lang, figures)
        root = read_svg(chart.draw(lang, figures, "wide", "light"))
        assert root.get("role") == "img"
        assert root.get("lang") == lang
        said = [root.find(f".//*[@id='{one}']").text for one in root.get("aria-labelledby").split()]
        assert said == [words.title, words.summary]
        assert words.table.rows
        assert all(len(row) == len(words.table.columns) for row in words.table.rows)

    def test_it_is_the_same_each_time_and_from_several_threads(self, question: Question, name: str, lang: str) -> None:
        chart = CHARTS[name]
        figures = chart.collect(question)
        once = chart.draw(lang, figures, "narrow", "dark")
        with ThreadPoolExecutor(3) as pool:
            again = list(pool.map(lambda _: chart.draw(lang, figures, "narrow", "dark"), range(3)))
        assert again == [once] * 3

    def test_both_themes_draw_the_same_in_other_colours(self, question: Question, name: str, lang: str) -> None:
        chart = CHARTS[name]
        figures = chart.collect(question)
        light, dark = (chart.draw(lang, figures, "wide", theme) for theme in ("light", "dark"))
        assert light != dark
        without = [re.sub(r"var\(--chart-(\w+), #[0-9a-f]{6}\)", r"\1", one) for one in (light, dark)]
        assert without[0] == without[1]

    def test_nothing_known_is_drawn_and_said_too(self, surface: RiskSurface, name: str, lang: str) -> None:
        nothing = Question(surface, Layers({}), "25")
        figures = CHARTS[name].collect(nothing)
        assert CHARTS[name].describe(lang, figures).summary
        read_svg(CHARTS[name].draw(lang, figures, "wide", "light"))


@pytest.mark.long
def test_nothing_is_paid_for_charts_before_the_first_one() -> None:
    code = "import sys, api.app; sys.exit(any(name.startswith('matplotlib') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0  # noqa: S603


def test_drawings_do_not_touch_anybody_elses_settings(question: Question) -> None:
    import matplotlib as mpl  # noqa: PLC0415

    before = dict(mpl.rcParams)
    CHARTS["season"].draw("sv", CHARTS["season"].collect(question), "wide", "light")
    assert dict(mpl.rcParams) == before


def test_swedish_words_and_numbers(question: Question) -> None:
    figures = CHARTS["distribution"].collect(question)
    words = " ".join(list_words(read_svg(CHARTS["distribution"].draw("sv", figures, "wide", "light"))))
    assert "Riskpoäng" in words
    assert re.search(r"Den valda rutan: \d+,\d", words)
    months = list_words(read_svg(CHARTS["season"].draw("sv", CHARTS["season"].collect(question), "wide", "light")))
    assert {"maj", "okt", "Gröna näringar", "15 juli 2026"} <= set(months)


# ---- colours -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_parts_stand_out_in_colour_and_in_grey(theme: str) -> None:
    colours = {name: getattr(role, theme) for name, role in ROLES.items()}
    for name in ("ink", "soft", "mark"):
        assert contrast(colours[name], colours["paper"]) >= TEXT_CONTRAST, name
    # contrast is of lightness alone: what differs here differs in grey and for every kind of colour vision
    assert contrast(colours["main"], colours["muted"]) >= PART_CONTRAST
    assert contrast(colours["main"], colours["paper"]) >= PART_CONTRAST
    assert contrast(colours["soft"], colours["muted"]) >= PART_CONTRAST


def test_roles_have_colours_of_their_own() -> None:
    light = [role.light for role in ROLES.values()]
    assert len(set(light)) == len(light)
    classes = {one.colour.lower() for one in score_classes()}
    assert classes.isdisjoint(light)


@pytest.mark.parametrize("fill", [*(one.colour for one in score_classes()), "#104b5d", "#5b93a5", "#f2c879", "#c3d5db"])
def test_words_on_a_fill_can_be_read(fill: str) -> None:
    assert contrast(ink_on(fill), fill) >= TEXT_CONTRAST


# ---- figures -------------------------------------------------------------------------------------------------------


def test_season_is_the_reference_table(question: Question) -> None:
    table = read_table("sector_seasons")
    figures = CHARTS["season"].collect(question)
    assert "other" not in figures.factors
    for sector, factors in figures.factors.items():
        rows = table[table["sector"] == sector]
        assert factors == tuple(rows.sort_values("month")["factor"])


def test_visits_and_findings_are_counted_in_their_month_and_county(surface: RiskSurface) -> None:
    frames = {
        "visits": make_frame(
            [
                make_visit(1, visited_on="2026-07-01"),
                make_visit(2, visited_on="2026-07-15", outcome="deficiency"),
                make_visit(3, visited_on="2026-07-16", outcome="deficiency"),
                make_visit(4, visited_on="2023-08-01", outcome="ban"),
                make_visit(5, visited_on="2023-07-31", outcome="ban"),
                make_visit(6, visited_on="2026-06-30", easting=807_000.0, northing=7_322_000.0),
            ]
        ),
        "findings": make_frame(
            [
                make_finding(1, observed_on="2026-06-02"),
                make_finding(2, observed_on="2026-06-03", verification="dismissed"),
            ]
        ),
    }
    figures = CHARTS["activity"].collect(Question(surface, geo.Layers(frames), "24"))
    assert len(figures.months) == 36
    assert figures.months[0] == (2023, 8)
    assert figures.months[-1] == (2026, 7)
    assert figures.found == (1, *[0] * 34, 1)
    assert figures.nothing_found == (*[0] * 35, 1)
    assert figures.findings == (*[0] * 34, 1, 0)
    everywhere = CHARTS["activity"].collect(Question(surface, geo.Layers(frames)))
    assert everywhere.nothing_found == (*[0] * 34, 1, 1)


def test_made_up_records_stay_marked(question: Question) -> None:
    chart = CHARTS["activity"]
    figures = replace(chart.collect(question), synthetic=True)
    assert "Synthetic data" in list_words(read_svg(chart.draw("en", figures, "wide", "light")))
    assert any(note.startswith("Syntetiska data") for note in chart.describe("sv", figures).notes)
    honest = replace(figures, synthetic=False)
    assert "Synthetic data" not in list_words(read_svg(chart.draw("en", honest, "wide", "light")))


@pytest.mark.parametrize("county", [None, "24"])
def test_every_ranked_cell_is_counted_once(question: Question, county: str | None) -> None:
    surface = question.surface
    figures = CHARTS["distribution"].collect(replace(question, county=county))
    kept = surface.ranked if county is None else surface.ranked & surface.county_mask(county)
    scores = surface.score[kept]
    assert figures.n_ranked == sum(figures.counts) == kept.sum()
    for low, high, count in zip(figures.edges[:-1], figures.edges[1:], figures.counts, strict=True):
        assert count == sum(low <= score < high or score == high == 100 for score in scores.tolist())
    assert figures.score == surface.score[question.cell]
    assert figures.n_higher == sum(score > figures.score for score in scores)


def test_a_cell_that_is_not_ranked_is_not_marked(question: Question) -> None:
    surface = question.surface
    row, col = np.argwhere(~surface.ranked)[0]
    assert CHARTS["distribution"].collect(replace(question, cell=(int(row), int(col)))).score is None


def test_breaks_of_the_classes_are_edges(question: Question) -> None:
    edges = CHARTS["distribution"].collect(question).edges
    assert {one.low for one in score_classes()} <= set(edges)


def test_establishments_near_a_cell_come_nearest_first(surface: RiskSurface) -> None:
    sites = make_frame(
        [make_establishment(number, **near_town(number * -8_000, number * 8_000)) for number in range(8, 0, -1)]
    )
    question = Question(surface, geo.Layers({"establishments": sites}), None, (5, 9))
    figures = CHARTS["establishments"].collect(question)
    distances = [one.distance_km for one in figures.establishments]
    point = surface.grid.centre(5, 9)
    oracle = sorted(
        float(np.hypot(x - point[0], y - point[1])) / 1_000
        for x, y in zip(sites.geometry.x, sites.geometry.y, strict=True)
    )
    assert distances == pytest.approx(oracle[:5])
    assert figures.n_all == 8


def test_establishments_of_a_county_are_those_in_it(surface: RiskSurface) -> None:
    umea = make_establishment(1, name="Here", **near_town(0, 0))
    boden = make_establishment(2, name="There", easting=807_000.0, northing=7_322_000.0)
    layers = geo.Layers({"establishments": make_frame([umea, boden])})
    for county, name in (("24", "Here"), ("25", "There")):
        figures = CHARTS["establishments"].collect(Question(surface, layers, county))
        assert [one.name for one in figures.establishments] == [name]


# ---- hostile words -------------------------------------------------------------------------------------------------


def test_names_show_as_themselves() -> None:
    phases = (Phase("construction_peak", None, None, 1.0, 0.0), Phase("unheard_of", date(2026, 1, 1), None, 1.0, 0.0))
    for payload in PAYLOADS:
        figures = TimelineFigures(SCORING_DAY, None, False, (Establishment(payload, None, phases),), 1, False)
        text = draw_timeline("sv", figures)
        root = read_svg(text)
        assert {element.tag for element in root.iter()} == {
            f"{SVG}{tag}" for tag in ("svg", "title", "desc", "rect", "path", "text")
        }
        assert clean_text(payload) in list_words(root)
        row = CHARTS["establishments"].describe("sv", figures).table.rows[0]
        assert row[0] == payload


@pytest.mark.parametrize(
    "name", ["a" * 10_000, "\u202egnp.exe", "שלום עולם", "🫐" * 50, "@0@", "$x^2$", "", "\x00\ud800"]
)
def test_odd_names_are_drawn_too(name: str) -> None:
    phases = (Phase("operation", date(2030, 1, 1), date(2020, 1, 1), 1.0, 0.0),)
    figures = TimelineFigures(SCORING_DAY, "24", True, (Establishment(name, 3.0, phases),), 1, True)
    text = draw_timeline("en", figures, "narrow")
    read_svg(text)
    assert len(text.encode()) < 30_000
    assert "\u202e" not in text


def test_a_hostile_layer_gives_harmless_pictures(hostile_surface: RiskSurface) -> None:
    figures = CHARTS["establishments"].collect(Question(hostile_surface, hostile_surface.layers))
    text = CHARTS["establishments"].draw("sv", figures, "wide", "light")
    assert "<img" not in text
    assert HOSTILE in list_words(read_svg(text))


def test_what_would_be_lost_is_refused() -> None:
    def paint(sheet: Sheet) -> None:
        sheet.overlay().plot([0, 1], [0, 1], marker="o")

    with pytest.raises(geo.errors.ConfigError, match="drew a use"):
        render(paint, Labels("x", "en", "title", "description"), 100, 100)


def test_cells_of_a_table() -> None:
    columns = (
        CHARTS["establishments"].describe("sv", TimelineFigures(SCORING_DAY, None, False, (), 0, False)).table.columns
    )
    values = [
        format_cell("sv", value, column)
        for value, column in zip(("A", "B", date(2026, 7, 15), None, 1200.0, 0.0), columns, strict=True)
    ]
    assert values == ["A", "B", "15 juli 2026", "–", "1\u202f200", "0"]


def test_the_page_counts_on_no_frame_of_its_own(frames: dict[str, gpd.GeoDataFrame]) -> None:
    """Collecting changes no layer."""
    layers = geo.Layers(frames)
    before = layers.hashes
    question = Question(geo.score(layers, GRID, at=SCORING_DAY), layers)
    for chart in CHARTS.values():
        chart.collect(question)
    assert geo.Layers(dict(layers)).hashes == before
