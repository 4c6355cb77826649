"""Charts over HTTP: pictures that browsers keep, the same numbers as JSON, and a page without scripts."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from geo.risk.surface import RiskSurface
from maps.charts.registry import CHARTS
from tests.api.made import HOSTILE


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
