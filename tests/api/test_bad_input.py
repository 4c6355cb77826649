"""Every way to ask wrongly gets a problem that says what to do; nothing is answered with a guess."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from api.errors import Problem
from tests.api.made import HOSTILE

UMEA = "easting=758600&northing=7088600"

BAD = [
    # a window
    ("/api/sites", 422, "bbox"),
    ("/api/sites?bbox=a,b,c,d", 422, "four numbers"),
    ("/api/sites?bbox=1,2,3", 422, "four numbers"),
    ("/api/sites?bbox=1,2,3,4,5", 422, "four numbers"),
    ("/api/sites?bbox=", 422, "four numbers"),
    ("/api/sites?bbox=21,63,20,64", 422, "west <= east"),
    ("/api/sites?bbox=20,64,21,63", 422, "south <= north"),
    ("/api/sites?bbox=nan,63,21,64", 422, "finite"),
    ("/api/sites?bbox=20,63,inf,64", 422, "finite"),
    ("/api/sites?bbox=758000,7088000,759000,7089000", 422, "crs=EPSG:3006"),
    ("/api/sites?bbox=20,63,21,91", 422, "degrees"),
    ("/api/sites?bbox=20,63,21,64&crs=EPSG:3006", 422, "degrees"),
    ("/api/sites?bbox=63,20,64,21", 422, "latitude before longitude"),
    ("/api/sites?bbox=7088000,758000,7089000,759000&crs=EPSG:3006", 422, "northing before easting"),
    ("/api/sites?bbox=20,63,21,64&crs=EPSG:3857", 422, "crs"),
    ("/api/sites?bbox=20,63,21,64&layer=roads", 422, "unknown layer of sites"),
    ("/api/sites?bbox=20,63,21,64&sector=mining", 422, "unknown sector group"),
    ("/api/sites?bbox=20,63,21,64&limit=0", 422, "limit"),
    ("/api/sites?bbox=20,63,21,64&limit=99999999", 422, "limit"),
    # a point
    ("/api/sites/nearest", 422, "easting and northing"),
    ("/api/cells/at", 422, "easting and northing"),
    ("/api/cells/at?easting=758600", 422, "easting and northing"),
    ("/api/cells/at?easting=758600&lat=63.8", 422, "easting and northing"),
    (f"/api/cells/at?{UMEA}&lon=20&lat=63", 422, "easting and northing"),
    ("/api/cells/at?easting=nan&northing=7088600", 422, "easting"),
    ("/api/cells/at?easting=inf&northing=7088600", 422, "easting"),
    ("/api/cells/at?easting=x&northing=y", 422, "northing"),
    ("/api/cells/at?easting=20.26&northing=63.82", 422, "look like degrees"),
    ("/api/cells/at?easting=7088600&northing=758600", 422, "swapped"),
    ("/api/cells/at?lon=63.82&lat=20.26", 422, "swapped"),
    ("/api/cells/at?lon=200&lat=63", 422, "-180 to 180"),
    ("/api/cells/at?lon=20&lat=95", 422, "-90 to 90"),
    ("/api/cells/at?lon=0&lat=0", 404, "outside Sweden"),
    ("/api/cells/at?easting=500000&northing=6500000", 404, "off the grid"),
    (f"/api/sites/nearest?{UMEA}&n=0", 422, "n"),
    (f"/api/sites/nearest?{UMEA}&n=1000000", 422, "n"),
    # a cell
    ("/api/cells/abc", 422, "not a cell id"),
    ("/api/cells/12345", 422, "not a cell id"),
    ("/api/cells/CRS3006RES1000mN7088000E758000", 422, "cell of 1000 m"),
    ("/api/cells/CRS3006RES2000mN7088001E758000", 422, "lower left corner"),
    ("/api/cells/CRS3006RES2000mN7000000E500000", 404, "off the grid"),
    ("/api/cells/5000007000000", 404, "off the grid"),
    # a tile
    ("/tiles/current/2/1/1.png", 422, "zoom must be from 3 to 16"),
    ("/tiles/current/17/1/1.png", 422, "zoom must be from 3 to 16"),
    ("/tiles/current/-1/0/0.png", 422, "zoom"),
    ("/tiles/current/3/8/0.png", 404, "0 to 7"),
    ("/tiles/current/3/0/-1.png", 404, "0 to 7"),
    ("/tiles/current/3/99999999999999999999/0.png", 404, "no tile"),
    ("/tiles/current/a/b/c.png", 422, "whole number"),
    ("/tiles/current/3/1.5/1.png", 422, "whole number"),
    ("/tiles/current/8/142/68.png?county=99", 422, "unknown county"),
    ("/tiles/current/8/142/68.png?never=perhaps", 422, "never"),
    ("/tiles/0123456789abcdef/8/142/68.png", 404, "reload"),
    # a surface
    ("/api/surfaces/0123456789abcdef", 404, "reload"),
    ("/api/surfaces/nonsense", 404, "reload"),
    ("/api/surfaces/..%2f..%2fetc", 404, ""),
    ("/surfaces/0123456789abcdef", 404, "reload"),
    ("/api/top?surface=0123456789abcdef", 404, "reload"),
    ("/api/places?surface=../current", 404, "reload"),
    # a date, a choice
    ("/api/score?at=tomorrow", 422, "YYYY-MM-DD"),
    ("/api/score?at=2026-02-30", 422, "YYYY-MM-DD"),
    ("/api/score?at=0001-01-01", 422, "between"),
    ("/api/score?sector=mining", 422, "unknown sector group"),
    ("/api/score?sector=", 422, "unknown sector group"),
    ("/api/top?n=0", 422, "n"),
    ("/api/top?n=501", 422, "n"),
    ("/api/top?n=many", 422, "n"),
    ("/api/top?county=stockholm", 422, "unknown county"),
    ("/api/places?county=01", 422, "unknown county"),
    ("/api/places?lang=de", 422, "lang"),
    # names
    ("/api/reference/secrets", 404, "no reference table"),
    ("/api/reference/..%2f..%2fpyproject", 404, ""),
    ("/i18n/de.json", 404, "no language"),
    ("/api/search", 422, "q"),
    ("/api/search?q=" + "x" * 201, 422, "q"),
    # misspelled filters
    ("/api/top?countys=24", 422, "no such parameter"),
    ("/api/sites?bbox=20,63,21,64&layers=workplaces", 422, "no such parameter"),
    ("/api/top?state=inspected&state=never_inspected", 422, "several times"),
    ("/tiles/current/8/142/68.png?country=24", 422, "no such parameter"),
    # addresses that are none
    ("/api", 404, "openapi.json"),
    ("/api/top/", 404, "openapi.json"),
    ("/nowhere", 404, "openapi.json"),
    ("/docs", 404, "openapi.json"),
    ("/redoc", 404, "openapi.json"),
    ("/static/../pyproject.toml", 404, ""),
    ("/static/%2e%2e/%2e%2e/pyproject.toml", 404, ""),
    ("/static/nothing.js", 404, ""),
    ("/static/", 404, ""),
    ("/static/leaflet/..%2f..%2f__init__.py", 404, ""),
]


@pytest.mark.parametrize(("path", "status", "words"), BAD, ids=[path for path, *_ in BAD])
def test_problem_says_what_is_wrong(client: TestClient, path: str, status: int, words: str) -> None:
    response = client.get(path)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate(response.json())
    assert problem.status == status
    assert problem.type.startswith("urn:norrsyn:problem:")
    assert problem.title
    assert words in problem.detail
    assert "Traceback" not in response.text


def test_all_wrong_parameters_are_named_at_once(client: TestClient) -> None:
    errors = client.get("/api/top?n=0&county=99&lang=de").json()["errors"]
    assert {one["parameter"] for one in errors} == {"n", "county", "lang"}
    assert all(one["where"] == "query" and one["detail"] for one in errors)


def test_known_codes_are_listed(client: TestClient) -> None:
    assert "22, 23, 24, 25" in client.get("/api/top?county=99").json()["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/api/top", "/static/js/main.js", "/healthz"])
def test_nothing_can_be_changed(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path, headers={"x-requested-with": "norrsyn"})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert Problem.model_validate(response.json()).status == 405


@pytest.mark.parametrize("path", ["/api/cells/", "/api/surfaces/", "/i18n/", "/tiles/"])
def test_hostile_path_comes_back_encoded(client: TestClient, path: str) -> None:
    response = client.get(path + quote(HOSTILE, safe=""))
    assert response.status_code in {404, 422}
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["instance"] == path + quote(HOSTILE)
    assert "49" not in response.text


HTML = {"accept": "text/html,application/xhtml+xml"}


class TestPagesForPeople:
    @pytest.mark.parametrize("path", ["/nowhere", "/surfaces/0123456789abcdef", "/surfaces/%3Cscript%3E"])
    def test_a_browser_gets_a_page(self, client: TestClient, path: str) -> None:
        response = client.get(path, headers=HTML)
        assert response.status_code == 404
        assert response.headers["content-type"].startswith("text/html")
        assert "Sidan finns inte" in response.text
        assert "Page not found" in client.get(path + "?lang=en", headers=HTML).text

    def test_the_page_repeats_nothing_of_the_request(self, client: TestClient) -> None:
        response = client.get("/surfaces/hostile123?x=hostile456", headers=HTML)
        assert "hostile123" not in response.text

    @pytest.mark.parametrize("path", ["/api/nowhere", "/tiles/current/99/0/0.png", "/static/nothing.js"])
    def test_programs_get_a_problem_whatever_they_accept(self, client: TestClient, path: str) -> None:
        assert client.get(path, headers=HTML).headers["content-type"] == "application/problem+json"
