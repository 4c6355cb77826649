"""Filters over HTTP: the same for tiles and rankings, told in words when wrong, and remembered within bounds."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import geo
from api.surfaces import ServedSurface
from geo.risk.filters import CellFilter
from geo.risk.powers import agencies_on_site
from geo.risk.surface import RiskSurface
from geo.store.files import Provenance, load_layers, publish, save_layer, save_surface
from maps.answers import describe_cell
from maps.record_names import RecordNames
from maps.tiles import EMPTY_TILE
from tests.api.made import HOSTILE
from tests.frames import GRID, SCORING_DAY

TILE = "/tiles/current/8/142/68.png"


def get(client: TestClient, path: str, **params: Any) -> Any:
    response = client.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()


class TestRankings:
    def test_a_filter_narrows_and_ranks_stay(self, client: TestClient, published: RiskSurface) -> None:
        whole = get(client, "/api/top", n=500)["cells"]
        assert [cell["rank_shown"] for cell in whole] == [cell["rank"] for cell in whole]
        for params in (
            {"state": "never_inspected"},
            {"state": "inspected", "min_class": "2"},
            {"municipality": ["2480"], "county": ["24", "25"]},
        ):
            found = get(client, "/api/top", n=500, **params)["cells"]
            ids = {cell["cell_id"] for cell in found}
            expected = [cell for cell in whole if cell["cell_id"] in ids]
            assert 0 < len(found) < len(whole)
            assert [cell["cell_id"] for cell in found] == [cell["cell_id"] for cell in expected]
            # cells of one score, to the digits of a raster, share a rank
            scores = np.array([cell["score"] for cell in whole])
            for cell, same in zip(found, expected, strict=True):
                assert 1 + (scores > cell["score"] + 1e-5).sum() <= cell["rank"] <= same["rank"]
            assert [cell["rank_shown"] for cell in found] == list(range(1, len(found) + 1))
        never = get(client, "/api/top", n=500, state="never_inspected")["cells"]
        assert {cell["cell_id"] for cell in whole if cell["state"] == "never_inspected"} == {
            cell["cell_id"] for cell in never
        }
        places = get(client, "/api/places", state="never_inspected")["places"]
        assert {place["state"] for place in places} == {"never_inspected"}
        assert published.n_ranked == len(whole)

    @pytest.mark.parametrize(
        "params",
        [
            {"state": "never_inspected"},
            {"min_class": "2", "county": "24"},
            {"agency": agencies_on_site()[:1], "municipality": "2480"},
        ],
    )
    def test_the_same_cells_are_counted(self, client: TestClient, params: dict[str, Any]) -> None:
        cells = get(client, "/api/top", n=500, **params)["cells"]
        counts = get(client, "/api/distribution", **params)
        assert 0 < counts["n_ranked"] == len(cells) < get(client, "/api/distribution")["n_ranked"]
        named = [cell["class"]["code"] for cell in cells]
        assert {one["code"]: one["n_cells"] for one in counts["classes"]} == {
            one["code"]: named.count(one["code"]) for one in counts["classes"]
        }
        never = sum(cell["state"] == "never_inspected" for cell in cells)
        assert counts["states"]["never_inspected"] == never
        assert sum(counts["states"].values()) == len(cells)

    def test_what_is_known_at_a_glance(self, client: TestClient, published: RiskSurface) -> None:
        for lang, rows in (
            ("en", get(client, "/api/top", n=20)["cells"]),
            ("sv", get(client, "/api/places", lang="sv")["places"]),
        ):
            for row in rows:
                cell_id = row.get("peak_cell_id") or row["cell_id"]
                found = published.explain(cell_id)
                main = max(found.components, key=lambda one: one.points * one.known_share)
                assert row["main_component"]["code"] == main.name
                assert (row["main_component"]["name"] == main.title) == (lang == "en")
                visits = [
                    (SCORING_DAY - visit["visited_on"].date()).days
                    for visit in published.layers["visits"].to_dict("records")
                    if visit["visited_on"].date() <= SCORING_DAY
                    and np.hypot(visit["geometry"].x - found.easting, visit["geometry"].y - found.northing) <= 2_000
                ]
                assert row["days_since_visit"] == min(visits, default=None)
                groups = {driver.group for one in found.components for driver in one.drivers}
                assert row["main_sector"] is None or row["main_sector"]["code"] in groups

    def test_choices_are_told_in_words(self, client: TestClient) -> None:
        choices = get(client, "/api/filters", lang="sv")
        assert {each["code"] for each in choices["agency"]} == set(agencies_on_site())
        words = {name: [value["name"] for value in values] for name, values in choices.items()}
        english = {name: [v["name"] for v in values] for name, values in get(client, "/api/filters").items()}
        assert {name for name in words if words[name] == english[name]} == {"county", "municipality"}
        for name, values in choices.items():
            for value in values:
                response = client.get("/api/top", params={name: value["code"], "n": 1})
                assert response.status_code in ({200, 503, 422} if name == "certainty" else {200}), response.text


class TestTiles:
    def test_a_tile_shows_what_the_ranking_ranks(self, client: TestClient) -> None:
        for params in ({"county": "22"}, {"municipality": "2580"}, {"min_class": "5", "state": "inspected"}):
            ranked = get(client, "/api/top", **params)["cells"]
            assert (client.get(TILE, params=params).content == EMPTY_TILE) == (not ranked)

    def test_the_address_says_what_is_shown_and_browsers_keep_it(
        self, client: TestClient, published: RiskSurface
    ) -> None:
        path = TILE.replace("current", published.id)
        plain = client.get(path, params={"county": "24"})
        assert "immutable" in plain.headers["cache-control"]
        never = client.get(path, params={"state": "never_inspected"})
        assert never.headers["etag"] != plain.headers["etag"]
        again = client.get(path, params={"state": "never_inspected"}, headers={"if-none-match": never.headers["etag"]})
        assert again.status_code == 304
        powers = client.get(path, params={"agency": "skatteverket"})
        assert powers.headers["cache-control"] == "private, no-cache"


WRONG = [
    ("county=99", "unknown county"),
    ("municipality=0180", "unknown municipality"),
    ("municipality=2480&municipality=", None),
    ("state=outside", "unknown state"),
    ("agency=iom", "unknown agency with powers on site"),
    ("agency=migrationsverket", "unknown agency with powers on site"),
    ("certainty=unlikely", "unknown certainty"),
    ("min_class=6", "unknown class"),
    ("min_class=", None),
]


@pytest.mark.parametrize(("query", "words"), WRONG)
@pytest.mark.parametrize("path", ["/api/top", "/api/places", TILE])
def test_a_value_that_is_none_is_told(client: TestClient, path: str, query: str, words: str | None) -> None:
    response = client.get(f"{path}?{query}")
    if words is None:
        assert response.status_code == 200
        return
    assert response.status_code == 422
    problem = response.json()
    assert words in problem["detail"]
    assert problem["errors"][0]["parameter"] == query.split("=", maxsplit=1)[0]


def test_certainty_is_computed_once_and_nobody_waits_for_it(home: Any, serve: Any) -> None:
    surface = geo.score(load_layers(home), GRID, at=SCORING_DAY)
    save_surface(home, surface)
    publish(home, surface.id)
    client = serve(home)
    assert all(cell["certainty"] is None for cell in get(client, "/api/top")["cells"])

    first = client.get("/api/top", params={"certainty": "could_be"})
    assert first.status_code == 503
    assert first.headers["retry-after"] == "5"
    assert "is being computed" in first.json()["detail"]
    assert client.get("/api/distribution", params={"certainty": "could_be"}).status_code == 503
    give_up_at = time.monotonic() + 60
    while (found := client.get("/api/top", params={"certainty": "could_be", "n": 500})).status_code == 503:
        assert time.monotonic() < give_up_at
        time.sleep(0.05)

    cells = found.json()["cells"]
    assert cells
    assert {cell["certainty"]["code"] for cell in cells} <= {"certain", "likely", "could_be"}
    assert get(client, "/api/distribution", certainty="could_be")["n_ranked"] == len(cells)
    sure = surface.uncertainty(top_k=20)
    expected = {cell["cell_id"] for cell in sure.top(500).to_dict("records") if cell["p_top"] >= 0.05}
    assert {cell["cell_id"] for cell in cells} == expected
    assert get(client, "/api/top", certainty="certain", n=500)["cells"] == [
        {**cell, "rank_shown": rank}
        for rank, cell in enumerate((one for one in cells if one["certainty"]["code"] == "certain"), start=1)
    ]


def test_a_surface_that_the_layers_do_not_give_any_more_says_so(home: Any, serve: Any) -> None:
    save_layer(home, "visits", load_layers(home)["visits"].iloc[:1], Provenance("visits.csv"))
    client = serve(home)
    give_up_at = time.monotonic() + 60
    while (found := client.get("/api/top", params={"certainty": "certain"})).status_code == 503:
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    assert found.status_code == 422
    assert "visits" in found.json()["detail"]
    assert client.get("/api/top", params={"state": "inspected"}).status_code == 200


def test_a_score_of_newer_layers_than_the_published_surface_says_so(home: Any, serve: Any) -> None:
    asked = {"at": "2026-01-15"}
    assert get(serve(home), "/api/score", **asked)["is_newer"] is False
    save_layer(home, "visits", load_layers(home)["visits"].iloc[:1], Provenance("visits.csv"))
    client = serve(home)
    assert get(client, "/api/score", **asked)["is_newer"] is True
    published = get(client, "/api/surfaces/current")
    assert (published["is_newer"], published["is_stale"]) == (False, True)
    # the same day by the records of today says which of them weigh; the published surface no longer can
    fresh = get(client, "/api/score", at=published["at"])
    assert (fresh["is_newer"], fresh["is_stale"], fresh["is_published"]) == (True, False, False)
    assert fresh["id"] != published["id"]
    reasons = {
        surface: get(client, "/api/places", n=1, surface=surface)["places"][0]["reasons"]
        for surface in (published["id"], fresh["id"])
    }
    assert "layers have changed" in reasons[published["id"]][0]
    assert "layers have changed" not in reasons[fresh["id"]][0]


def test_what_is_remembered_is_bounded(app: FastAPI, client: TestClient) -> None:
    assert client.get("/api/top", params={"agency": "polismyndigheten"}).status_code == 200
    served: ServedSurface = app.state.service.snapshot().published
    layers = app.state.service.snapshot().layers
    before = served.n_bytes
    for agency in agencies_on_site():
        chosen = CellFilter(agencies=frozenset({agency}))
        shown = served.show(chosen, layers, app.state.service.drawing, app.state.service.turns)
        assert shown is not None
        served.draw_tile(3, 4, 2, shown, stripes=True)
    assert served.n_bytes - before < 10 * GRID.n_cells
    assert HOSTILE not in str(shown.key)


def test_where_a_visit_is_known_a_cell_is_not_said_to_be_never_inspected(
    client: TestClient, published: RiskSurface
) -> None:
    cell_id = get(client, "/api/top", n=1, state="never_inspected")["cells"][0]["cell_id"]
    said = {
        known: describe_cell(
            "en", published, RecordNames(published.layers), published.explain(cell_id), has_visit=known
        )
        for known in (False, True)
    }
    assert said[False]["reasons"][0].startswith("Never inspected: ")
    assert said[True]["reasons"][0].startswith("Not inspected lately: ")
    assert said[True]["reasons"][1:] == said[False]["reasons"][1:]
    panel = get(client, f"/api/cells/{cell_id}")
    assert panel["reasons"] == said[panel["n_visits"] > 0]["reasons"]
