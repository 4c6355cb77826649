"""The table of who may do what, walked route by route and role by role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from api import create_app
from api.auth.permissions import PERMISSIONS, PUBLIC, SIGNED_IN, is_allowed
from api.settings import Settings
from geo.store.people.users import ROLES
from tests.accounts import cheap_passwords, enter
from tests.api.made import BASE_URL

ALONE = ("nobody", "no role", *ROLES)
# a file of each mounted folder
FILES = {"/static": "/js/main.js", "/static/leaflet": "/leaflet.js"}
PAGE = {"accept": "text/html"}
# what each role may do, by the first part of the path; written apart from the table, as somebody would say it
SAID = {
    "planner": {"map", "plan"},
    "analyst": {"map", "imports"},
    "coordinator": {"map", "plan", "links seen", "links kept", "links made"},
    "admin": {"imports", "admin", "audit", "links seen", "links kept"},
    "auditor": {"audit", "links seen"},
    "no role": set(),
    "nobody": set(),
}
OWN = {"/account", "/account/password", "/account/sessions", "/api/me", "/signed-in", "/openapi.json"}
# a share link is its own permission
OPEN = ("/healthz", "/sw.js", "/i18n", "/static", "/sign-in", "/sign-out", "/welcome", "/s/", "/share")


def group(path: str, method: str = "GET") -> str:  # noqa: PLR0911  one for each part
    """Which part of the program a path belongs to."""
    if path.startswith(OPEN):
        return "open"
    if path in OWN:
        return "own"
    if path.startswith("/help"):
        return "open" if path == "/help/accessibility" else "own"
    if path.startswith("/admin"):
        return "admin"
    if path.startswith(("/links", "/api/links")):
        if path == "/links/new" or path.endswith("/issue") or (method, path) == ("POST", "/api/links"):
            return "links made"
        return "links seen" if method == "GET" else "links kept"
    if path.startswith("/audit"):
        return "audit"
    if path == "/plans/new":
        return "plan"
    if path.startswith("/api/plans"):
        return "map" if method == "GET" else "plan"
    return "imports" if path.startswith(("/import", "/api/imports")) else "map"


def list_routes(app: FastAPI) -> list[tuple[str, str]]:
    found = []
    for route in iter_route_contexts(app.routes):
        methods = set(getattr(route, "methods", None) or {"GET"}) - {"HEAD", "OPTIONS"}
        found += [(method, route.path) for method in sorted(methods)]
    return found


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(Settings(home=tmp_path_factory.mktemp("doors")), passwords=cheap_passwords())


@pytest.fixture(scope="module")
def clients(app: FastAPI) -> Iterator[dict[str, TestClient]]:
    """One client for each role by itself, for somebody without any, and for nobody."""
    with TestClient(app, base_url=BASE_URL, raise_server_exceptions=False) as nobody:
        roles = {"no role": (), **{role: (role,) for role in ROLES}}
        entered = {
            name: enter(app, name, has, base_url=BASE_URL, raise_server_exceptions=False) for name, has in roles.items()
        }
        yield {"nobody": nobody, **entered}


def test_every_route_has_a_row_and_every_row_a_route(app: FastAPI) -> None:
    assert set(list_routes(app)) == set(PERMISSIONS), "add the route to api/auth/permissions.py, or take the row away"


def test_every_row_is_a_rule() -> None:
    for route, rule in PERMISSIONS.items():
        assert rule is PUBLIC or rule is SIGNED_IN or rule <= set(ROLES), route


@pytest.mark.parametrize("who", ALONE)
def test_every_route_lets_in_whom_it_should_and_nobody_else(
    app: FastAPI, clients: dict[str, TestClient], who: str
) -> None:
    for method, path in list_routes(app):
        if path == "/sign-out":
            continue
        address = re.sub(r"\{\w+\}", "1", path) + FILES.get(path, "")
        headers = {"origin": BASE_URL}
        response = clients[who].request(method, address, headers=headers, follow_redirects=False)
        part = group(path, method)
        may = part == "open" or (part == "own" and who != "nobody") or part in SAID[who]
        assert is_allowed(None if who == "nobody" else {who} - {"no role"}, PERMISSIONS[method, path]) is may
        refused = {"nobody": 401}.get(who, 403)
        # what is let in may still have nothing to answer with: nothing is scored here
        kind = response.headers.get("content-type", "")
        problem = response.json()["type"] if kind == "application/problem+json" else ""
        is_refused = problem in {"urn:norrsyn:problem:sign-in", "urn:norrsyn:problem:role"}
        assert is_refused is not may, f"{who}: {method} {path} gave {response.status_code}"
        if not may:
            assert response.status_code == refused


def test_a_route_without_a_row_is_there_for_nobody(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path), passwords=cheap_passwords())
    called = []
    app.add_api_route("/api/forgotten", lambda: called.append(1), methods=["GET", "POST"])
    app.mount("/folder", app=lambda *_: called.append(1))
    with enter(app, base_url=BASE_URL) as client:
        for method, path in (("GET", "/api/forgotten"), ("POST", "/api/forgotten"), ("GET", "/folder/a")):
            response = client.request(method, path, headers={"origin": BASE_URL})
            assert response.status_code == 404
    assert called == []


@pytest.mark.parametrize("path", ["/", "/import", "/surfaces/current", "/import/3?known=1&lang=en", "/account"])
def test_a_browser_is_led_to_the_sign_in_page(clients: dict[str, TestClient], path: str) -> None:
    response = clients["nobody"].get(path, headers=PAGE, follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["location"].startswith("/sign-in?next=%2F")
    assert response.headers["location"].endswith("&lang=en") is ("lang=en" in path)


def test_somebody_without_the_role_reads_a_page(clients: dict[str, TestClient]) -> None:
    response = clients["auditor"].get("/charts", headers=PAGE)
    assert response.status_code == 403
    assert "inte för din roll" in response.text
    assert "/audit?lang=sv" in response.text


@pytest.mark.parametrize(("who", "page"), [("admin", "/admin"), ("auditor", "/audit"), ("no role", None)])
def test_whoever_has_no_map_is_led_to_a_page_of_theirs(
    clients: dict[str, TestClient], who: str, page: str | None
) -> None:
    response = clients[who].get("/?lang=en", headers=PAGE, follow_redirects=False)
    if page is None:
        assert response.status_code == 403
    else:
        assert (response.status_code, response.headers["location"]) == (303, f"{page}?lang=en")
        assert clients[who].get(page, headers=PAGE).status_code == 200


def test_head_and_strange_methods_are_no_way_in(clients: dict[str, TestClient]) -> None:
    nobody = clients["nobody"]
    assert nobody.head("/api/top").status_code == 401
    for method in ("OPTIONS", "TRACE"):
        assert nobody.request(method, "/api/top").status_code == 405
    assert nobody.request("PURGE", "/api/top", headers={"origin": BASE_URL}).status_code == 405


STRANGE = ["/api//top", "/api/top/", "//api/top", "/API/top", "/api/top%2f", "/./api/top", "/static/../api/top"]


@pytest.mark.parametrize("path", STRANGE)
def test_other_ways_to_write_an_address_are_no_way_in(clients: dict[str, TestClient], path: str) -> None:
    assert clients["nobody"].get(path).status_code in {401, 404}


@pytest.mark.parametrize("role", ["no role", *ROLES])
def test_pages_lead_only_to_pages_that_the_role_may_open(clients: dict[str, TestClient], role: str) -> None:
    """Of the folder without scores that this is, the page of charts is not found, which is no refusal."""
    led_to = set()
    for page in ("/help/glossary?lang=en", "/help/model?lang=en"):
        text = clients[role].get(page, headers=PAGE).text
        led_to |= {urljoin(f"{BASE_URL}{page}", link) for link in re.findall(r'href="([^"#]+)', text)}
    paths = {urlsplit(link).path for link in led_to if link.startswith(BASE_URL)}
    assert {path for path in paths if clients[role].get(path, headers=PAGE).status_code == 403} <= {"/"}
    assert ("/charts" in paths) == ("map" in SAID[role])
    assert ("/admin" in paths) == ("admin" in SAID[role])
