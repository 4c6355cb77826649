"""Promise: one strict policy on every answer, nobody else's host name, and no need for any other server."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import geo
from api import create_app
from api.middleware import check_host, is_shared
from api.settings import Settings
from geo.layers.circles import VISIBLE
from geo.store.files import load_layers, publish, save_surface
from geo.store.people.management import By
from geo.store.people.shares.life import create_share
from tests.accounts import allow_routes, enter, make_account
from tests.api.made import BASE_URL, WRITING, fill_home, import_workplaces
from tests.api.plans import ask
from tests.frames import GRID, SCORING_DAY
from tests.shares import make_new, put_release

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "style-src-attr": "'unsafe-inline'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# A value for every parameter of a path.
EXAMPLES = {
    "surface": "current",
    "other": "current",
    "z": "8",
    "x": "142",
    "y": "68",
    "cell_id": "7580007088000",
    "table": "sectors",
    "lang": "sv",
    "import_id": "1",
    "name": "season",
    "chart": "month",
    "form": "csv",
    "layer": "workplaces",
    "record_id:path": "w001",
    "token:path": "nsl_whatever",
    "square_id": "RES4000mN7084000E756000",
}
# What is shared asks for less, and has its own test (test_share_links.py).
SHARED_POLICY = {name: value for name, value in POLICY.items() if name != "worker-src"}
QUERIES = {
    "/api/cells/at": "?easting=758600&northing=7088600",
    "/api/sites": "?bbox=20,63,21,64",
    "/api/sites/nearest": "?lon=20.26&lat=63.82",
    "/api/search": "?q=umea",
    "/api/compare": "?other=current",
}
FILES = {"/static": "/js/main.js", "/static/leaflet": "/leaflet.js"}
FAILING = [
    "/nowhere",
    "/api/top?n=0",
    "/api/cells/abc",
    "/tiles/current/99/0/0.png",
    "/static/nothing",
    "/crash",
    "/api/crash",
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    home = tmp_path_factory.mktemp("home")
    fill_home(home)
    return create_app(Settings(home=home, check_seconds=0))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    def crash() -> None:
        message = "unforeseen"
        raise RuntimeError(message)

    app.add_api_route("/crash", crash, include_in_schema=False)
    app.add_api_route("/api/crash", crash, include_in_schema=False)
    with (
        allow_routes("GET /crash", "GET /api/crash"),
        enter(app, base_url=BASE_URL, raise_server_exceptions=False) as started,
    ):
        accounts = app.state.accounts
        EXAMPLES["user_id"] = make_account(app.state.service.settings.home)
        EXAMPLES["token"] = accounts.make_link(EXAMPLES["user_id"])
        EXAMPLES["job_id"] = import_workplaces(started)["id"]
        # how sure a score is can be told only of one that the layers still give
        home = app.state.service.settings.home
        surface = geo.score(load_layers(home), GRID, at=SCORING_DAY)
        save_surface(home, surface)
        publish(home, surface.id)
        EXAMPLES["surface_id"] = surface.id
        EXAMPLES["plan_id"] = ask(started, explores=False)["plan_id"]
        EXAMPLES["link_id"] = open_share_link(started, home, EXAMPLES["user_id"])
        yield started


def open_share_link(client: TestClient, home: Path, user_id: str) -> str:
    """Id of a share link that the client has open beside its session."""
    put_release(home)
    made = create_share(home, make_new(time.time()), By(user_id, time.time()), among=VISIBLE)
    opened = client.post(f"/s/{made.token}", data={"code": ""}, headers={"origin": BASE_URL}, follow_redirects=False)
    assert opened.status_code == 303
    return made.link.link_id


def list_addresses(app: FastAPI, examples: Mapping[str, str] = EXAMPLES) -> list[str]:
    """An address for every route that can be read, mounted folders by one of their files."""
    addresses = []
    for route in iter_route_contexts(app.routes):
        path = route.path
        if "GET" not in (getattr(route, "methods", None) or {"GET"}):
            continue
        for name, value in examples.items():
            path = path.replace(f"{{{name}}}", value)
        addresses.append(path + FILES.get(path, "") + QUERIES.get(path, ""))
    return addresses


def check_headers(headers: object, *, locates: bool = False, shared: bool = False) -> None:
    got = dict(headers)  # type: ignore[call-overload]
    # only the map may ask where its reader is, and only on a click there
    where = "(self)" if locates else "()"
    assert got["permissions-policy"] == f"camera=(), geolocation={where}, microphone=()"
    policy = dict(part.strip().split(" ", 1) for part in got["content-security-policy"].split(";"))
    assert policy == (SHARED_POLICY if shared else POLICY)
    assert got["x-content-type-options"] == "nosniff"
    assert got["referrer-policy"] == "no-referrer"
    assert got["cross-origin-resource-policy"] == "same-origin"
    assert got["x-frame-options"] == "DENY"
    assert got["cache-control"].startswith(("private", "no-store"))
    assert "server" not in got
    assert not any(name.startswith("access-control") for name in got)
    assert "set-cookie" not in got


class TestEveryAnswer:
    def test_every_route_works_and_carries_the_headers(self, app: FastAPI, client: TestClient) -> None:
        addresses = [one for one in list_addresses(app) if "crash" not in one]
        assert len(addresses) >= 20
        for address in addresses:
            response = client.get(address)
            assert response.status_code == 200, f"{address}: {response.text[:300]}"
            # whoever is signed in is led from the sign-in page to the map
            check_headers(response.headers, locates=response.url.path == "/", shared=is_shared(response.url.path))

    def test_a_what_if_does_too(self, client: TestClient) -> None:
        change = {"kind": "add_accommodation", "easting": 758_600, "northing": 7_088_600, "beds": 40}
        response = client.post("/api/what-if", json={"changes": [change]}, headers=WRITING)
        assert response.status_code == 200
        check_headers(response.headers)

    def test_an_area_does_too(self, client: TestClient) -> None:
        ring = [[20.1, 63.7], [20.4, 63.7], [20.4, 63.9], [20.1, 63.7]]
        response = client.post("/api/area", json={"type": "Polygon", "coordinates": [ring]}, headers=WRITING)
        assert response.status_code == 200
        check_headers(response.headers)

    @pytest.mark.parametrize("address", FAILING)
    @pytest.mark.parametrize("accept", ["*/*", "text/html"])
    def test_failures_carry_them_too(self, client: TestClient, address: str, accept: str) -> None:
        response = client.get(address, headers={"accept": accept})
        assert response.status_code >= 400
        check_headers(response.headers)

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "DELETE", "TRACE"])
    def test_whatever_the_method(self, client: TestClient, method: str) -> None:
        check_headers(client.request(method, "/api/top").headers)

    def test_a_page_of_another_site_is_told_nothing(self, client: TestClient) -> None:
        foreign = {"origin": "https://elsewhere.example", "access-control-request-method": "GET"}
        for response in (client.get("/api/top", headers=foreign), client.options("/api/top", headers=foreign)):
            check_headers(response.headers)

    @pytest.mark.parametrize("address", ["/api/score?at=2026-07-15", "/tiles/current/8/142/68.png", "/map/skeleton.js"])
    def test_a_page_of_another_site_cannot_make_us_work(self, client: TestClient, address: str) -> None:
        """An image tag elsewhere may name our address; browsers say that it does."""
        errand = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
        refused = client.get(address, headers=errand)
        assert refused.status_code == 403
        assert refused.headers["content-type"] == "application/problem+json"
        check_headers(refused.headers)
        for site in ("same-origin", "same-site", "none"):
            assert client.get(address, headers={**errand, "sec-fetch-site": site}).status_code == 200

    def test_a_link_elsewhere_may_lead_here(self, client: TestClient) -> None:
        link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        assert client.get("/", headers=link).status_code == 200

    def test_before_anything_is_scored(self, tmp_path: Path) -> None:
        with enter(create_app(Settings(home=tmp_path / "none")), base_url=BASE_URL) as empty:
            for address in ("/", "/healthz", "/api/surfaces", "/surfaces/current", "/tiles/current/8/142/68.png"):
                check_headers(empty.get(address).headers)


class TestHosts:
    @pytest.mark.parametrize(
        "host",
        ["127.0.0.1", "127.0.0.1:8000", "localhost", "LocalHost:1", "[::1]", "[::1]:8000", "[0:0:0:0:0:0:0:1]:80"],
    )
    def test_this_machine_is_served(self, client: TestClient, host: str) -> None:
        assert client.get("/healthz", headers={"host": host}).status_code == 200

    @pytest.mark.parametrize(
        ("host", "status"),
        [
            ("evil.example", 421),
            ("evil.example:8000", 421),
            ("127.0.0.1.evil.example", 421),
            ("localhost.evil.example", 421),
            ("evil.example#localhost", 421),
            ("localhost.", 421),
            ("0.0.0.0", 421),  # noqa: S104
            ("192.168.0.7:8000", 421),
            ("127.0.0.2", 421),
            ("[::2]", 421),
            ("[::ffff:127.0.0.1]", 421),
            ("testserver", 421),
            ("", 400),
            (":8000", 400),
            ("localhost:port", 400),
            ("localhost:99999", 400),
            ("localhost:8000:8000", 400),
            ("[::1", 400),
            ("[localhost]", 400),
            ("::1", 400),
        ],
    )
    @pytest.mark.parametrize("path", ["/", "/api/top", "/static/js/main.js", "/nowhere"])
    def test_any_other_name_is_refused(self, client: TestClient, host: str, status: int, path: str) -> None:
        response = client.get(path, headers={"host": host})
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"] == "urn:norrsyn:problem:host"
        check_headers(response.headers)

    @pytest.mark.parametrize("host", ["evil.example", "localhost"])
    def test_no_socket_is_opened_for_anyone(self, client: TestClient, host: str) -> None:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/", headers={"host": host}):
            pass

    @pytest.mark.parametrize("hosts", [[], ["localhost", "evil.example"], ["localhost", "localhost"]])
    def test_none_or_several_are_refused(self, hosts: list[str]) -> None:
        assert check_host(hosts) == 400


class TestNoNetwork:
    def test_no_route_looks_anything_up_or_leaves_the_machine(
        self, app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[object] = []

        def refuse(*what: object, **_: object) -> None:
            asked.append(what)
            message = "no network here"
            raise OSError(message)

        for name in ("connect", "connect_ex", "sendto"):
            monkeypatch.setattr(socket.socket, name, refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        for address in list_addresses(app):
            client.get(address)
        client.get("/api/score?at=2026-11-11")
        assert asked == []

    def test_pages_and_what_they_load_name_no_other_server(self, app: FastAPI, client: TestClient) -> None:
        """Whatever a browser could fetch: addresses in our own files must be names of schemas or licences only."""
        allowed = {"http://www.w3.org/", "http://127.0.0.1"}
        for address in list_addresses(app):
            response = client.get(address)
            if response.headers["content-type"].startswith(("text/html", "text/css")):
                found = set(re.findall(r"""(?:https?:)?//[a-z0-9.-]+/?""", response.text))
                assert {one for one in found if not one.startswith(tuple(allowed))} == set(), address
