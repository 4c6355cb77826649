"""What browsers keep, what they ask after, and what goes over the wire."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from geo.risk.surface import RiskSurface
from tests.accounts import enter
from tests.api.made import BASE_URL

REVALIDATED = [
    "/api/basemap",
    "/i18n/sv.json",
    "/map/skeleton.js",
    "/map/skeleton.css",
    "/static/js/main.js",
    "/static/leaflet/leaflet.js",
]
NEVER_STORED = ["/api/top", "/api/sites?bbox=20,63,21,64", "/api/surfaces", "/api/search?q=um", "/healthz", "/nowhere"]


@pytest.mark.parametrize("path", REVALIDATED)
def test_asked_after_and_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "content-security-policy" in again.headers
    assert client.get(path, headers={"if-none-match": '"another"'}).status_code == 200


@pytest.mark.parametrize("path", NEVER_STORED)
def test_answers_with_records_are_never_stored(client: TestClient, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "no-store"


def test_tiles_of_an_id_are_kept_and_those_of_current_are_not(client: TestClient, published: RiskSurface) -> None:
    kept = client.get(f"/tiles/{published.id}/8/142/68.png")
    assert kept.headers["cache-control"] == "private, max-age=604800, immutable"
    asked = client.get("/tiles/current/8/142/68.png")
    assert asked.headers["cache-control"] == "private, no-cache"
    assert asked.content == kept.content
    tag = kept.headers["etag"]
    for header in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
        assert client.get(f"/tiles/{published.id}/8/142/68.png", headers={"if-none-match": header}).status_code == 304


def test_what_has_ones_own_weights_is_asked_after_each_time(
    app: FastAPI, client: TestClient, published: RiskSurface
) -> None:
    own = client.get("/api/score", params={"at": "2026-07-15", "weight": "findings:80"})
    assert own.headers["cache-control"] == "no-store"
    name = own.json()["id"]
    for path in (
        f"/tiles/{name}/8/142/68.png",
        f"/tiles/compare/{published.id}/{name}/8/142/68.png",
        f"/tiles/compare/{name}/{published.id}/8/142/68.png",
    ):
        tile = client.get(path)
        assert (tile.status_code, tile.headers["cache-control"]) == (200, "private, no-cache")
        again = {"if-none-match": tile.headers["etag"]}
        assert client.get(path, headers=again).status_code == 304
        # what the browser has is not good for whoever is signed out, or is somebody else
        assert TestClient(app, base_url=BASE_URL).get(path, headers=again).status_code == 401
        assert enter(app, "Somebody else", base_url=BASE_URL).get(path, headers=again).status_code == 404


@pytest.mark.parametrize(
    "path", ["/api/basemap", "/api/surfaces", "/static/leaflet/leaflet.js", "/static/css/map.css", "/"]
)
def test_text_is_compressed(client: TestClient, path: str) -> None:
    packed = client.get(path, headers={"accept-encoding": "gzip"})
    plain = client.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert packed.num_bytes_downloaded < len(plain.content) / 2


def test_tiles_are_not_compressed_twice(client: TestClient) -> None:
    assert "content-encoding" not in client.get("/tiles/current/8/142/68.png").headers


@pytest.mark.parametrize(
    "path", ["/", "/api/top", "/tiles/current/8/142/68.png", "/static/js/main.js", "/nowhere", "/api/top?n=0"]
)
def test_head_is_get_without_its_body(client: TestClient, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert head.status_code == get.status_code
    assert head.content == b""
    varying = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in varying} == {
        k: v for k, v in get.headers.items() if k not in varying
    }
