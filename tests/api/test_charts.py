"""Charts over HTTP: pictures that browsers keep, the same numbers as JSON, and a page without scripts."""

from __future__ import annotations

import re
import threading
import time
from html import escape, unescape
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from geo.risk.surface import RiskSurface
from maps.charts.registry import CHARTS
from tests.accounts import enter
from tests.api.made import BASE_URL, HOSTILE


@pytest.mark.parametrize("name", CHARTS)
def test_a_picture_is_kept_until_it_changes(client: TestClient, name: str) -> None:
    first = client.get(f"/charts/{name}.svg?lang=sv")
    assert first.status_code == 200
    assert first.headers["content-type"].startswith("image/svg+xml")
    ElementTree.fromstring(first.text)  # noqa: S314  our own drawing
    again = client.get(f"/charts/{name}.svg?lang=sv", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    other = client.get(f"/charts/{name}.svg?lang=en", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


@pytest.mark.parametrize("name", CHARTS)
def test_numbers_are_those_of_the_table(client: TestClient, name: str) -> None:
    swedish, english = (client.get(f"/api/charts/{name}?lang={lang}").json() for lang in ("sv", "en"))
    names = [column["name"] for column in english["columns"]]
    assert [column["name"] for column in swedish["columns"]] == names
    assert swedish["title"] != english["title"]
    assert english["rows"]
    assert all(list(row) == names for row in english["rows"])


def test_county_and_cell_are_looked_at(client: TestClient, published: RiskSurface) -> None:
    cell = published.top(1)["cell_id"][0]
    told = client.get("/api/charts/distribution", params={"cell": cell}).json()
    assert "0 of" in told["summary"]
    near = client.get("/api/charts/establishments", params={"cell": cell}).json()
    assert "distance_km" in near["rows"][0]
    north = client.get("/api/charts/distribution", params={"county": "25"}).json()
    assert north["rows"] == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/charts/nothing.svg", 404),
        ("/api/charts/nothing", 404),
        ("/charts/season.svg?county=99", 422),
        ("/charts/season.svg?theme=pink", 422),
        ("/charts/season.svg?colour=red", 422),
        ("/api/charts/distribution?cell=abc", 422),
        ("/api/charts/distribution?cell=1000001000000", 404),
        ("/api/charts/season?surface=gone", 404),
    ],
)
def test_what_cannot_be_drawn_says_why(client: TestClient, address: str, status: int) -> None:
    response = client.get(address)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_the_page_shows_every_chart_with_its_table(client: TestClient, lang: str) -> None:
    page = client.get(f"/charts?lang={lang}&county=24").text
    for name in CHARTS:
        assert f'id="{name}"' in page
        assert f"charts/{name}.svg?surface=" in page
    assert page.count("<table") == len(CHARTS)
    assert 'value="24" selected' in page
    assert HOSTILE not in page
    assert "&lt;img src=x" in page


def test_a_hostile_name_is_words_in_the_picture(client: TestClient) -> None:
    picture = client.get("/charts/establishments.svg").text
    assert "<img" not in picture
    assert "&lt;img src=x onerror=alert(1)&gt;" in picture


def test_before_anything_is_scored(serve: object, tmp_path: object) -> None:
    empty = serve(tmp_path / "none")  # type: ignore[operator]
    assert empty.get("/charts").status_code == 404
    assert empty.get("/charts/season.svg").status_code == 404


class TestTheMapsChoice:
    """The charts page takes the map's address, shows what the map shows, and says so."""

    def test_date_sectors_weights_and_filters_are_carried_over(self, client: TestClient) -> None:
        query = (
            "at=2026-01-15&sector=green&sector=construction&weight=findings:60&county=24&municipality=2480"
            "&state=never_inspected&min_class=2&lat=63.8&lon=20.3&z=9&off=names&list=cells"
        )
        page = client.get(f"/charts?lang=en&{query}").text
        told = page[page.index('<dl class="chosen">') : page.index("</dl>")]
        for words in ("Green industries", "Construction", "60 (published", "Never inspected", "Lowest class"):
            assert words in told, words
        assert "Umeå, scoring date 15 January 2026; not the published scores" in page

        # the numbers are those of the surface that the map shows, and of the cells that it shows
        asked = {"at": "2026-01-15", "sector": ["green", "construction"], "weight": "findings:60"}
        surface = client.get("/api/score", params=asked).json()["id"]
        where = {"surface": surface, "county": "24", "municipality": "2480"}
        narrow = {**where, "state": "never_inspected", "min_class": "2"}
        numbers = {
            name: client.get(f"/api/charts/{name}", params=narrow if name == "distribution" else where).json()
            for name in CHARTS
            if name != "season"
        }
        season = client.get("/api/charts/season", params={"surface": surface}).json()
        assert len(season["rows"]) == 2
        for told_of in (*numbers.values(), season):
            assert escape(told_of["summary"]) in page
        cells = client.get("/api/distribution", params=narrow).json()["classes"]
        assert sum(row["cells"] for row in numbers["distribution"]["rows"]) == sum(one["n_cells"] for one in cells)
        assert client.get("/api/charts/distribution", params=where).json()["rows"] != numbers["distribution"]["rows"]

        # its pictures are of the same
        for address in re.findall(r'srcset="([^"]+)"', page):
            assert client.get(f"/{unescape(address)}").status_code == 200
            assert surface in address
        # and the way back, the other language and the form keep the rest
        back = re.search(r'<p class="eyebrow"><a href="\?([^"]+)"', page)
        assert back is not None
        assert parse_qs(unescape(back[1])) == parse_qs(f"lang=en&{query}")

    def test_what_does_not_follow_the_choice_says_so(self, client: TestClient) -> None:
        plain = client.get("/charts?lang=en").text
        for words in ("neither the choice of sectors nor weights", "the other filters do not", 'class="chosen"'):
            assert words not in plain
        page = client.get("/charts?lang=en&sector=green&state=inspected").text
        # visits and establishments
        assert page.count("neither the choice of sectors nor weights") == 2
        assert page.count("the other filters do not") == 2

    def test_a_municipality_of_another_county_is_left_out_as_on_the_map(self, client: TestClient) -> None:
        assert "Norrbotten" in client.get("/charts?lang=sv&county=25&municipality=2480").text

    def test_weights_are_for_those_who_may_change_them(self, app: FastAPI) -> None:
        looking = enter(app, "auditing-charts", ["coordinator"], base_url=BASE_URL)
        page = looking.get("/charts?lang=en&weight=findings:60").text
        assert "Your own weights" not in page
        assert "not the published scores" not in page

    def test_certainty_that_is_not_drawn_yet_leaves_the_rest(self, serve: object, made_home: object) -> None:
        client = serve(made_home)  # type: ignore[operator]
        service, may_end = client.app.state.service, threading.Event()
        service.drawing.submit(may_end.wait)
        try:
            page = client.get("/charts?lang=en&certainty=likely")
            assert page.status_code == 200
            assert "How sure the scores are is being computed" in page.text
        finally:
            may_end.set()
        until = time.monotonic() + 60
        while time.monotonic() < until and client.get("/api/top?certainty=likely").status_code != 200:
            time.sleep(0.1)
        page = client.get("/charts?lang=en&certainty=likely")
        assert "How sure the scores are is being computed" not in page.text
        assert "Among the 20 highest" in page.text
