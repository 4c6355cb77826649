"""The brief: what stands on its pages, that names stay text, and that nothing is fetched for it."""

from __future__ import annotations

import logging
import re
import socket
import sys
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import MissingLibraryError, ParameterError
from geo.planning.plan import Answer, Plan
from geo.reference.tables import read_columns
from maps.plan_files import brief
from maps.plan_files.brief import LIBRARIES, MOST_STOPS, load_weasyprint, make_refuser, render_brief, write_pdf
from maps.plan_files.ground import Ground, Locality
from maps.plan_files.sketch import Leg, Mark, draw_map
from maps.plan_files.words import clean_text, shorten
from tests.maps.plan_files.made import ARABIC, EMOJI, HOSTILE, NORTH, STAMP, make_plan

GROUND = Ground(
    shapely.box([600_000, 740_000], [6_900_000, 7_000_000], [740_000, 800_000], [7_100_000, 7_200_000]),
    (Locality("Umeå {{7*7}} <b>", 90_000, 757_000.0, 7_086_000.0),),
    shapely.linestrings([[[740_000, 7_050_000], [790_000, 7_120_000]]]),
)
WORDS = {
    "sv": ("Varför här", "Vem kontrollerar vad", "Stöd till offer"),
    "en": ("Why here", "Who checks what", "Support for victims"),
}
CLASSIFIED = {"sv": "Inte offentlig.", "en": "Not public."}
MARKED = {"sv": "Skapad av Anna Öberg, 15 juli 2026 kl. 11:30", "en": "Made by Anna Öberg, 15 July 2026 at 11:30"}


@lru_cache(maxsize=4)
def make_pages(lang: str, titles: tuple[str, ...]) -> tuple[list[str], bytes]:
    content = write_pdf(make_plan(titles=titles), STAMP, lang, GROUND)
    return read_pages(content), content


def read_pages(content: bytes) -> list[str]:
    """The words of each page."""
    with pypdfium2.PdfDocument(content) as document:
        return [page.get_textpage().get_text_range().replace("\u2068", "").replace("\u2069", "") for page in document]


def parse_svg(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  our own drawing


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


class _Reader(HTMLParser):
    """Elements, and the text of each ``bdi``."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: list[str] = []
        self.within = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.tags.append(tag)
        self.within = tag == "bdi"
        if self.within:
            self.names.append("")

    def handle_endtag(self, tag: str) -> None:
        self.within = self.within and tag != "bdi"

    def handle_data(self, data: str) -> None:
        if self.within:
            self.names[-1] += data.strip("\u2068\u2069")


def read_html(plan: Plan, lang: str = "sv") -> _Reader:
    reader = _Reader()
    reader.feed(render_brief(plan, STAMP, lang, GROUND))
    return reader


@pytest.mark.parametrize("lang", ["sv", "en"])
class TestPages:
    titles = ("Åres Bygg", "Hotell Fjällhöjden", "Skogslaget")

    def test_every_page_says_whom_it_is_for_who_made_it_and_its_number(self, lang: str) -> None:
        pages, _ = make_pages(lang, self.titles)
        for number, text in enumerate(pages, start=1):
            assert CLASSIFIED[lang] in text
            # once in the foot and once across
            assert squeeze(text).count(squeeze(f"{MARKED[lang]} · plan p1, version 3")) == 2
            assert f"{number} / {len(pages)}" in text

    def test_each_stop_has_a_page_of_its_own_with_all_that_is_needed(self, lang: str) -> None:
        pages, _ = make_pages(lang, self.titles)
        plan = make_plan(titles=self.titles)
        # a map for each day, then the times
        assert len(pages) == len(plan.days) + 1 + len(plan.stops)
        for text, title in zip(pages[3:], ("Åres Bygg", "Hotell Fjällhöjden", "Skogslaget"), strict=True):
            assert title in text
            for words in WORDS[lang]:
                assert words in text
            stop = next(stop for stop in plan.stops if stop.title == title)
            assert f"{stop.start_minute // 60:02d}:{stop.start_minute % 60:02d}" in text
            assert ("Polismyndigheten" if lang == "sv" else "Swedish Police Authority") in text
        lots = [("Lottad" in text or "Drawn by lot" in text) for text in pages[3:]]
        assert lots == [False, True, False]

    def test_cover_and_times(self, lang: str) -> None:
        (cover, second_day, times, *_), content = make_pages(lang, self.titles)
        assert "Week 30" in cover
        # the same names of stops and the same lines as on the plan's page, and no two days on one map
        assert ("A1" in cover, "B1" in cover) == (True, True)
        assert ("A1" in second_day, "B1" in second_day) == (True, False)
        assert "Umeå" in times
        with pypdfium2.PdfDocument(content) as document:
            told = document.get_metadata_dict()
            assert document.is_tagged()
        assert (told["Title"], told["Author"]) == ("Week 30", "Anna Öberg")
        assert all(title in times for title in self.titles)
        assert ("fågelvägen" if lang == "sv" else "as the crow flies") in times


def test_the_checklist_shows_what_is_ready() -> None:
    items = [str(item) for (item,) in read_columns("support_checklist", "item")]
    none = render_brief(make_plan(("a",)), STAMP, "sv", GROUND)
    answers = {item: Answer(True, frozenset({"th"}) if item == "interpreters" else frozenset()) for item in items}
    full = render_brief(replace(make_plan(("a",)), checklist=answers), STAMP, "sv", GROUND)
    assert none.count("Inte klart") == len(items)
    assert full.count("Inte klart") == 0
    assert "Thailändska" in full


class TestHostileNames:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.text(st.characters(exclude_categories=()), max_size=60) | st.sampled_from(HOSTILE))
    def test_a_name_is_text_and_adds_no_element(self, name: str) -> None:
        crew = replace(NORTH, name=name)
        plan = make_plan(titles=(name,), name=name, crews=(crew,))
        plan = replace(plan, stops=tuple(replace(s, crew=name, record_id=name) for s in plan.stops))
        calm = make_plan(titles=("calm",), crews=(NORTH,))
        got = read_html(plan)
        assert got.tags == read_html(calm).tags
        expected = {shorten(name), shorten(clean_text(name)) or shorten(name), shorten(name, 40)}
        assert set(got.names) <= expected

    @pytest.mark.long
    def test_all_of_them_make_one_brief(self) -> None:
        pages, content = make_pages("sv", HOSTILE)
        assert len(pages) >= 2 + len(HOSTILE)
        text = squeeze("".join(pages))
        for name in HOSTILE:
            short = shorten(clean_text(name))
            if short.isascii():
                assert squeeze(short) in text
        # no scripts, links, attachments or forms
        with pypdfium2.PdfDocument(content) as document:
            assert document.count_attachments() == 0
            assert document.get_formtype() == pypdfium2.raw.FORMTYPE_NONE
            assert pypdfium2.raw.FPDFDoc_GetJavaScriptActionCount(document) == 0
            assert [pypdfium2.raw.FPDFPage_GetAnnotCount(page) for page in document] == [0] * len(document)

    @pytest.mark.parametrize("name", [ARABIC, "Åre Österåsen", "Łódź", "Ŋuorggu"])
    def test_letters_have_glyphs(self, name: str, caplog: pytest.LogCaptureFixture) -> None:
        """No box stands for a letter where a font of the machine has it."""
        if not list(Path("/usr/share/fonts").rglob("DejaVuSans.ttf")):
            pytest.skip("fonts-dejavu-core is not installed")
        assert list_boxes(name, caplog) == []

    def test_a_letter_that_no_font_has_is_found(self, caplog: pytest.LogCaptureFixture) -> None:
        assert list_boxes("\U000fffff", caplog) != []

    def test_the_log_says_nothing_of_names(self, caplog: pytest.LogCaptureFixture) -> None:
        write_pdf(make_plan(titles=("\U000fffff",), crews=(NORTH,)), STAMP, "sv", GROUND)
        assert caplog.messages == []


def list_boxes(name: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What WeasyPrint has to say of letters without a glyph, in a brief with a name."""
    weasyprint = load_weasyprint()
    html = render_brief(make_plan(titles=(name,), crews=(NORTH,)), STAMP, "sv", GROUND)
    with caplog.at_level(logging.WARNING, "weasyprint"):
        weasyprint.HTML(string=html).write_pdf(stylesheets=[weasyprint.CSS(string=brief._read_style())])
    return [message for message in caplog.messages if ".notdef" in message]


class TestNothingIsFetched:
    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What WeasyPrint's own opener or a socket is asked for."""
        weasyprint, asked = load_weasyprint(), []

        def open_it(_: object, request: object, *_rest: object, **_more: object) -> None:
            asked.append(str(request))
            raise AssertionError

        def connect(_: object, address: object) -> None:
            asked.append(str(address))
            raise AssertionError

        monkeypatch.setattr(weasyprint.URLFetcher, "open", open_it)
        monkeypatch.setattr(socket.socket, "connect", connect)
        return asked

    @pytest.mark.parametrize(
        "address",
        [
            "http://evil.example/x.png",
            "https://evil.example/",
            "file:///etc/passwd",
            "data:text/plain,x",
            "ftp://x/",
            "x.png",
        ],
    )
    def test_the_fetcher_refuses(self, address: str, asked: list[str]) -> None:
        with pytest.raises(ValueError, match="fetches nothing"):
            make_refuser(load_weasyprint()).fetch(address)
        assert asked == []

    def test_not_even_where_a_page_asks_for_it(self, asked: list[str], tmp_path: Path) -> None:
        secret = tmp_path / "secret.svg"
        secret.write_text("<svg xmlns='http://www.w3.org/2000/svg'><text>hemligt</text></svg>")
        refuser, weasyprint = make_refuser(load_weasyprint()), load_weasyprint()
        refused: list[str] = []
        fetch = type(refuser).fetch

        def watch(self: object, url: str, headers: object = None) -> object:
            refused.append(url)
            return fetch(self, url, headers)

        type(refuser).fetch = watch
        at = secret.as_uri()
        page = f"""<link rel=stylesheet href="http://evil.example/a.css"><style>@import "http://evil.example/b.css";
          @font-face {{ font-family: x; src: url(http://evil.example/c.ttf) }} p {{ background: url({at}) }}
          </style><img src="{at}"><p style="font-family: x">a</p><object data="http://evil.example/d.svg"></object>
          <svg xmlns:xlink="http://www.w3.org/1999/xlink"><image href="{at}" width="9" height="9"/></svg>"""
        made = weasyprint.HTML(string=page, url_fetcher=refuser).write_pdf()
        assert len(set(refused)) >= 4
        assert asked == []
        assert "hemligt" not in read_pages(made)[0]

    def test_a_brief_asks_for_nothing_at_all(self, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        refused: list[str] = []
        make = brief.make_refuser

        def make_watched(weasyprint: object) -> object:
            refuser = make(weasyprint)
            monkeypatch.setattr(type(refuser), "fetch", lambda _, url, *_more: refused.append(url))
            return refuser

        monkeypatch.setattr(brief, "make_refuser", make_watched)
        write_pdf(make_plan(titles=HOSTILE[:6]), STAMP, "en", GROUND)
        assert (refused, asked) == ([], [])


class TestWhatIsMissing:
    @pytest.mark.parametrize(
        "failure",
        ["raise OSError(\"cannot load library 'libpango-1.0-0': no such file\")", "import a_module_that_is_not_there"],
    )
    def test_is_said(self, failure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "weasyprint.py").write_text(failure)
        monkeypatch.syspath_prepend(tmp_path)
        for name in [name for name in sys.modules if name.split(".")[0] == "weasyprint"]:
            monkeypatch.delitem(sys.modules, name)
        with pytest.raises(MissingLibraryError, match=r"apt-get install libpango-1\.0-0") as found:
            write_pdf(make_plan(), STAMP, "sv", GROUND)
        assert ("libpango-1.0-0': no such file" if "OSError" in failure else "a_module_that_is_not_there") in str(
            found.value
        )

    def test_the_libraries_are_those_that_ci_and_readme_install(self) -> None:
        root = Path(__file__).resolve().parents[3]
        for page in (".ci/run", "README.md", "docs/planning.md", "docs/dependencies.md"):
            text = (root / page).read_text("utf-8")
            assert [name for name in LIBRARIES.split() if name not in text] == [], page

    def test_too_many_stops_are_refused_before_anything_is_laid_out(self) -> None:
        plan = make_plan(titles=[str(k) for k in range(MOST_STOPS + 1)])
        with pytest.raises(ParameterError, match=f"has {MOST_STOPS + 1} stops, and a brief takes at most {MOST_STOPS}"):
            write_pdf(plan, STAMP, "sv", GROUND)

    def test_nor_are_days_without_end(self) -> None:
        days = tuple(date(2026, 7, 20) + timedelta(days=k) for k in range(101))
        with pytest.raises(ParameterError, match="has 202 days of crews, and a brief takes at most 200"):
            write_pdf(replace(make_plan(titles=()), days=days), STAMP, "sv", GROUND)


class TestMaps:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.floats(340_000, 930_000), st.floats(6_820_000, 7_680_000)), min_size=1, max_size=30))
    def test_every_mark_is_on_the_map_and_nothing_else_is_in_it(self, places: list[tuple[float, float]]) -> None:
        marks = [Mark(x, y, str(k), "#0d4a5c", is_depot=k == 0) for k, (x, y) in enumerate(places)]
        svg = draw_map(GROUND, marks, [Leg(tuple(places), "#0d4a5c")], title="<t>", lang="sv", width=300, height=200)
        root = parse_svg(svg)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "title", "rect", "path", "polyline", "circle", "text"}
        written = [element.text for element in root.iter() if element.tag.endswith("text")]
        assert {mark.text for mark in marks} <= set(written)
        (line,) = (element.get("points", "") for element in root.iter() if element.tag.endswith("polyline"))
        points = [tuple(map(float, pair.split(","))) for pair in line.split()]
        assert len(points) == len(places)
        assert all(0 <= x <= 300 and 0 <= y <= 200 for x, y in points)
        assert not re.search(r"href|url\(|nan|inf", svg)

    def test_north_is_up_and_scale_holds(self) -> None:
        marks = [Mark(700_000, 7_000_000, "a", "#000000"), Mark(710_000, 7_010_000, "b", "#000000")]
        legs = [Leg(((700_000, 7_000_000), (710_000, 7_010_000)), "#000000")]
        svg = draw_map(GROUND, marks, legs, title="t", lang="en", width=300, height=300, span_m=30_000)
        root = parse_svg(svg)
        (line,) = (element.get("points", "") for element in root.iter() if element.tag.endswith("polyline"))
        (ax, ay), (bx, by) = (tuple(map(float, pair.split(","))) for pair in line.split())
        assert bx - ax == pytest.approx(100, abs=0.2)
        assert ay - by == pytest.approx(100, abs=0.2)
        assert "10 km" in svg

    def test_marks_off_the_map_are_left_out(self) -> None:
        marks = [Mark(759_000, 7_088_000, "1", "#000000"), Mark(859_000, 7_088_000, "far", "#000000")]
        svg = draw_map(GROUND, marks, [], title="t", lang="sv", width=300, height=200, focus=[(759_000, 7_088_000)])
        assert ">1<" in svg
        assert "far" not in svg

    def test_roads_are_drawn_where_there_are_some(self) -> None:
        mark = [Mark(759_000, 7_088_000, "1", "#000000")]
        with_roads, without = (
            draw_map(ground, mark, [], title="t", lang="sv", width=300, height=200)
            for ground in (GROUND, replace(GROUND, roads=GROUND.roads[:0]))
        )
        assert "#c9b48f" in with_roads
        assert "#c9b48f" not in without

    def test_marks_at_one_place_do_not_cover_each_other(self) -> None:
        marks = [Mark(759_000, 7_088_000, str(k), "#0d4a5c") for k in range(12)]
        root = parse_svg(draw_map(GROUND, marks, [], title="t", lang="sv", width=600, height=600))
        centres = [
            (float(e.get("cx", 0)), float(e.get("cy", 0)))
            for e in root.iter()
            if e.tag.endswith("circle") and e.get("r") == "6.5"
        ]
        assert len(centres) == 12
        assert all(
            max(abs(ax - bx), abs(ay - by)) >= 12.9 for k, (ax, ay) in enumerate(centres) for bx, by in centres[:k]
        )


def test_emoji_stay_in_the_text() -> None:
    assert shorten(EMOJI) in read_html(make_plan((EMOJI,))).names
