"""Comparisons over HTTP: the contract, the words and the tiles."""

from __future__ import annotations

from fastapi.testclient import TestClient

from geo.reference import difference_classes
from geo.risk.surface import RiskSurface
from maps.tiles import EMPTY_TILE


def test_two_dates_are_compared(client: TestClient, published: RiskSurface) -> None:
    other = client.get("/api/score?at=2026-01-20").json()["id"]
    answers = {}
    for lang in ("en", "sv"):
        response = client.get("/api/compare", params={"other": other, "lang": lang, "n": 3})
        assert response.status_code == 200, response.text
        answers[lang] = response.json()
    found = answers["en"]
    assert (found["surface"], found["other"]) == (published.id, other)
    assert (found["at"], found["other_at"]) == ("2026-07-15", "2026-01-20")
    assert sum(move["n_cells"] for move in found["matrix"]) == sum(one["n_cells"] for one in found["legend"])
    assert {move[side] for move in found["matrix"] for side in ("before", "after")} <= {
        one["code"] for one in found["classes"]
    }
    assert [one["code"] for one in found["legend"]] == [one.code for one in difference_classes()]
    assert [one["striped"] for one in found["legend"]] == [True] * 3 + [False] * 4
    assert len(found["falls"]) == 3
    for one in found["falls"]:
        cell = client.get(f"/api/cells/{one['cell_id']}", params={"surface": other}).json()
        assert abs(cell["score"] - one["after"]) < 1e-4
    for en, sv in zip(answers["en"]["legend"], answers["sv"]["legend"], strict=True):
        assert en["name"] != sv["name"]

    tile = client.get(f"/tiles/compare/{published.id}/{other}/8/142/68.png")
    assert tile.status_code == 200
    assert "immutable" in tile.headers["cache-control"]
    assert tile.content != EMPTY_TILE
    back = client.get(f"/tiles/compare/{other}/{published.id}/8/142/68.png")
    assert back.content != tile.content


def test_what_cannot_be_compared_is_told(client: TestClient) -> None:
    assert client.get("/api/compare").status_code == 422
    gone = client.get("/api/compare", params={"other": "0" * 16})
    assert gone.status_code == 404
    assert "reload the page" in gone.json()["detail"]
    assert client.get("/api/compare?other=current&n=1000").status_code == 422
    same = client.get("/api/compare?other=current").json()
    assert same["rank_correlation"] > 0.999
    assert same["rises"] == same["falls"] == []
