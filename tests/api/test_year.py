"""A year of scores at a glance, and how the scores of an area are spread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

import geo
from api.seasons import choose_year_grid
from geo.reference import read_table, score_classes
from geo.risk.surface import NEVER_INSPECTED, RiskSurface
from maps.distribution import BIN_POINTS
from maps.palette import classify
from tests.frames import GRID, SCORING_DAY


def count_by_class(surface: RiskSurface, inside: np.ndarray | bool = True) -> list[int]:
    classed = np.where(inside, classify(surface.score, surface.state), 0)
    return [int((classed == code).sum()) for code in range(1, len(score_classes()) + 1)]


class TestSeason:
    def test_months_are_those_of_fresh_scores(self, client: TestClient, published: RiskSurface) -> None:
        answer = client.get("/api/season").json()
        assert (answer["surface"], answer["year"], answer["cell_m"]) == (published.id, 2026, GRID.cell_m)
        assert [month["month"] for month in answer["months"]] == list(range(1, 13))
        for month in answer["months"]:
            fresh = geo.score(published.layers, GRID, date(2026, month["month"], 15))
            assert [one["n_cells"] for one in month["classes"]] == count_by_class(fresh)
            assert month["states"] == fresh.manifest["states"]
            assert month["n_ranked"] == fresh.n_ranked
            assert month["highest"] == float(fresh.score[fresh.ranked].max())

    def test_sectors_and_year_can_be_chosen(self, client: TestClient, published: RiskSurface) -> None:
        answer = client.get("/api/season?sector=green&sector=construction&at=2025-03-01&lang=sv").json()
        assert answer["year"] == 2025
        assert {one["sector"] for one in answer["sectors"]} == {"green", "construction"}
        table = read_table("sector_seasons")
        for one in answer["sectors"]:
            rows = table[table["sector"] == one["sector"]].sort_values("month")
            assert one["factors"] == rows["factor"].tolist()
        fresh = geo.score(published.layers, GRID, "2025-07-15", ["green", "construction"])
        assert [one["n_cells"] for one in answer["months"][6]["classes"]] == count_by_class(fresh)
        assert answer["months"][6]["classes"][0]["name"] == "Låg"

    def test_it_follows_the_weights_of_the_surface(self, client: TestClient, published: RiskSurface) -> None:
        changed = client.get("/api/score?weight=accommodation:90").json()
        answer = client.get(f"/api/season?surface={changed['id']}").json()
        fresh = geo.score(published.layers, GRID, "2026-01-15", weights={"accommodation": 0.9})
        assert answer["months"][0]["highest"] == pytest.approx(float(fresh.score[fresh.ranked].max()), abs=1e-4)

    def test_all_sectors_have_a_year(self, client: TestClient) -> None:
        sectors = {one["sector"] for one in client.get("/api/season").json()["sectors"]}
        assert sectors == set(read_table("sector_seasons")["sector"])

    def test_a_year_is_scored_once(
        self, serve: Callable[..., TestClient], made_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client, made = serve(made_home), []
        varied = RiskSurface.varied
        monkeypatch.setattr(RiskSurface, "varied", lambda *what: made.append(1) or varied(*what))
        first = client.get("/api/season").json()
        assert len(made) == 12
        assert client.get("/api/season").json() == first
        assert len(made) == 12

    def test_a_fine_grid_is_counted_at_1_km(self) -> None:
        assert choose_year_grid(GRID) is GRID
        assert choose_year_grid(geo.region_grid(100)).cell_m == 1000

    def test_nothing_scored_is_told(self, serve: Callable[..., TestClient], tmp_path: Path) -> None:
        client = serve(tmp_path / "none")
        assert client.get("/api/season").status_code == 404
        assert client.get("/api/distribution").status_code == 404


class TestDistribution:
    def test_classes_fit_into_bins(self) -> None:
        assert all(one.low % BIN_POINTS == 0 and one.high % BIN_POINTS == 0 for one in score_classes())

    @pytest.mark.parametrize(
        ("query", "code"), [("", ""), ("?county=24", "24"), ("?municipality=2480", "2480"), ("?county=22", "22")]
    )
    def test_counts_are_those_of_the_cells(
        self, client: TestClient, published: RiskSurface, query: str, code: str
    ) -> None:
        codes = np.append(np.array(published.region.codes, dtype=object), "")
        where = codes[published.region.municipality_raster(GRID)].astype(str)
        inside = (np.char.startswith(where, code)) & (where != "")
        answer = client.get(f"/api/distribution{query}").json()
        assert [one["n_cells"] for one in answer["classes"]] == count_by_class(published, inside)
        scores = published.score[inside & (published.state >= NEVER_INSPECTED)].astype(float).tolist()
        for one in answer["bins"]:
            expected = sum(one["low"] <= score < one["high"] or score == one["high"] == 100 for score in scores)
            assert one["n_cells"] == expected
        assert answer["n_ranked"] == len(scores) == sum(one["n_cells"] for one in answer["bins"])
        assert sum(answer["states"].values()) == int(inside.sum())

    def test_a_cell_stands_among_those_shown(self, client: TestClient, published: RiskSurface) -> None:
        top = published.top(3)["cell_id"]
        best = client.get(f"/api/distribution?cell_id={top[0]}").json()
        assert best["cell"]["share_below"] == pytest.approx(1 - 1 / best["n_ranked"])
        assert best["cell"]["score"] == pytest.approx(published.explain(top[0]).score, abs=1e-4)
        third = client.get(f"/api/distribution?cell_id={top[2]}").json()
        assert third["cell"]["share_below"] == pytest.approx(1 - 3 / third["n_ranked"])
        unranked = np.argwhere(published.state == 1)[0]
        nothing = client.get(f"/api/distribution?cell_id={GRID.cell_id(*map(int, unranked))}").json()
        assert nothing["cell"]["share_below"] is None

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("municipality=0180", 422),
            ("municipality=2480&county=22", 422),
            ("county=01", 422),
            ("cell_id=abc", 422),
            ("cell_id=CRS3006RES2000mN1000000E100000", 404),
            ("surface=0000000000000000", 404),
        ],
    )
    def test_what_is_not_there_is_told(self, client: TestClient, query: str, status: int) -> None:
        answer = client.get(f"/api/distribution?{query}")
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_published_day_is_one_of_its_months(published: RiskSurface) -> None:
    assert published.at == SCORING_DAY == date(2026, 7, 15)
