"""Areas over HTTP: the contract, the words, and who may ask."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.api.made import WRITING
from tests.geo.risk.test_area import AREAS, CROSSED, polygon


def test_an_area_is_told_in_the_language_asked_for(client: TestClient) -> None:
    for name, drawn in AREAS.items():
        answers = {}
        for lang in ("en", "sv"):
            response = client.post("/api/area", params={"lang": lang}, json=drawn, headers=WRITING)
            assert response.status_code == 200, f"{name}: {response.text}"
            answers[lang] = response.json()
        assert answers["en"]["n_cells"] == answers["sv"]["n_cells"] == sum(answers["en"]["states"].values())
        assert sum(one["share"] for one in answers["sv"]["municipalities"]) == pytest.approx(1)
        visits = answers["sv"]["visits"]
        assert visits["n"] == visits["with_findings"] + visits["nothing_found"]
        for en, sv in zip(answers["en"]["classes"], answers["sv"]["classes"], strict=True):
            assert en["name"] != sv["name"]


def test_what_is_wrong_is_a_problem(client: TestClient) -> None:
    crossed = client.post("/api/area", json=polygon(CROSSED), headers=WRITING)
    assert (crossed.status_code, crossed.json()["type"]) == (422, "urn:norrsyn:problem:geometry")
    assert "lines cross" in crossed.json()["detail"]
    nan = client.post("/api/area", content='{"type":"Polygon","coordinates":[[[NaN,63]]]}', headers=WRITING)
    assert nan.status_code == 422
    large = client.post("/api/area", content=b"[" * 200_000, headers=WRITING)
    assert large.status_code == 413
    assert client.post("/api/area", json=[1], headers=WRITING).status_code == 422


def test_a_page_of_another_site_cannot_ask(client: TestClient) -> None:
    assert client.post("/api/area", json=AREAS["a square"]).status_code == 403
    assert client.get("/api/area").status_code == 405
