"""What each route answers, compared with the library that it answers from."""

from __future__ import annotations

import io
import json
import math
import re

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

import geo
from api.records import build_sites
from geo.crs import SWEREF99_TM, WGS84, project
from geo.reference import list_tables, read_table, score_classes
from geo.risk.surface import RiskSurface
from maps.tiles import EMPTY_TILE
from tests.frames import TOWN


def get(client: TestClient, path: str, **query: object) -> dict:
    response = client.get(path, params=query)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()


def tile_at(zoom: int, lon: float, lat: float) -> tuple[int, int]:
    """Column and row of the tile over a place, by the definition of XYZ tiles."""
    n = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * n), int(y * n)


class TestSurfaces:
    def test_the_published_one_is_the_current_one(self, client: TestClient, published: RiskSurface) -> None:
        answer = get(client, "/api/surfaces")
        assert answer["current"] == published.id
        assert answer["surfaces"][0]["id"] == published.id

    def test_figures_are_those_of_the_surface(self, client: TestClient, published: RiskSurface) -> None:
        info = get(client, f"/api/surfaces/{published.id}")
        lows = [one.low for one in score_classes()]
        drawn = published.score[published.state >= 2]
        by_hand = [
            int(((drawn >= low) & (drawn < high)).sum()) for low, high in zip(lows, [*lows[1:], 101], strict=True)
        ]
        assert [one["n_cells"] for one in info["classes"]] == by_hand
        assert info["n_scored"] == sum(by_hand) == len(drawn)
        assert info["states"]["never_inspected"] == int((published.state == 2).sum())
        assert info["comparison"] == published.manifest["comparison"]
        assert info["weights"] == published.model.weights
        assert info["synthetic"] is False
        assert {one["name"]: one["rows"] for one in info["layers"]} == {
            name: len(frame) for name, frame in published.layers.items() if len(frame)
        }

    def test_bounds_hold_every_corner_of_the_grid(self, client: TestClient, published: RiskSurface) -> None:
        west, south, east, north = get(client, f"/api/surfaces/{published.id}")["bounds"]
        x_min, y_min, x_max, y_max = published.grid.bounds
        lon, lat = project(
            np.array([x_min, x_max, x_min, x_max]), np.array([y_min, y_min, y_max, y_max]), SWEREF99_TM, WGS84
        )
        assert west <= lon.min() <= lon.max() <= east
        assert south <= lat.min() <= lat.max() <= north
        assert east - west < (lon.max() - lon.min()) + 0.01

    def test_current_and_the_id_are_the_same(self, client: TestClient, published: RiskSurface) -> None:
        assert get(client, "/api/surfaces/current") == get(client, f"/api/surfaces/{published.id}")

    def test_words_follow_the_language(self, client: TestClient) -> None:
        names = {lang: get(client, "/api/surfaces/current", lang=lang)["classes"][-1]["name"] for lang in ("en", "sv")}
        assert names == {"en": score_classes()[-1].name, "sv": score_classes()[-1].name_sv}


class TestScore:
    def test_another_date_is_what_the_library_scores(self, client: TestClient, published: RiskSurface) -> None:
        info = get(client, "/api/score", at="2026-01-15", sector=["construction", "cleaning"])
        expected = geo.score(published.layers, published.grid, "2026-01-15", ["cleaning", "construction"])
        assert info["id"] == expected.id
        assert info["sectors"] == ["cleaning", "construction"]
        assert get(client, "/api/top", surface=info["id"], n=3)["cells"][0]["cell_id"] == expected.top(1)["cell_id"][0]

    def test_the_published_date_is_the_published_surface(self, client: TestClient, published: RiskSurface) -> None:
        assert get(client, "/api/score", at=published.at)["id"] == published.id
        assert get(client, "/api/score")["id"] == published.id

    def test_a_new_surface_is_listed_and_drawn(self, client: TestClient) -> None:
        info = get(client, "/api/score", at="2026-02-01")
        assert info["id"] in [one["id"] for one in get(client, "/api/surfaces")["surfaces"]]
        x, y = tile_at(8, 20.26, 63.82)
        assert client.get(f"/tiles/{info['id']}/8/{x}/{y}.png").status_code == 200
        assert client.get(f"/surfaces/{info['id']}").status_code == 200


class TestTiles:
    @pytest.mark.parametrize("zoom", [3, 7, 11, 16])
    def test_the_town_is_drawn_in_the_colour_of_its_class(
        self, client: TestClient, published: RiskSurface, zoom: int
    ) -> None:
        lon, lat = (float(v[0]) for v in project(np.array([TOWN[0]]), np.array([TOWN[1]]), SWEREF99_TM, WGS84))
        x, y = tile_at(zoom, lon, lat)
        response = client.get(f"/tiles/{published.id}/{zoom}/{x}/{y}.png?never=0")
        assert response.headers["content-type"] == "image/png"
        image = Image.open(io.BytesIO(response.content)).convert("RGBA")
        assert image.size == (256, 256)
        colours = {f"#{r:02X}{g:02X}{b:02X}" for r, g, b, a in set(image.get_flattened_data()) if a}
        assert colours
        assert colours <= {one.colour for one in score_classes()}

    def test_another_county_is_clear(self, client: TestClient, published: RiskSurface) -> None:
        x, y = tile_at(8, 20.26, 63.82)
        path = f"/tiles/{published.id}/8/{x}/{y}.png"
        assert client.get(path, params={"county": "22"}).content == EMPTY_TILE
        assert client.get(path, params={"county": "24"}).content == client.get(path, params={"county": ""}).content

    def test_stripes_are_asked_for(self, client: TestClient, published: RiskSurface) -> None:
        x, y = tile_at(10, 20.26, 63.82)
        path = f"/tiles/{published.id}/10/{x}/{y}.png"
        assert client.get(path, params={"never": 0}).content != client.get(path, params={"never": 1}).content


class TestCells:
    def test_contributions_add_up_and_are_the_library_s(self, client: TestClient, published: RiskSurface) -> None:
        cell_id = published.top(1)["cell_id"][0]
        answer, expected = get(client, f"/api/cells/{cell_id}"), published.explain(cell_id)
        assert math.fsum(answer["contributions"].values()) == pytest.approx(answer["score"], abs=1e-9)
        assert answer["contributions"] == expected.contributions
        assert (answer["rank"], answer["n_ranked"]) == (expected.rank, expected.n_ranked)
        assert [one["points"] for one in answer["components"]] == list(answer["contributions"].values())
        assert answer["class"]["code"] == max(
            (one.code for one in score_classes() if one.low <= answer["score"]), key=int
        )
        assert answer["reasons"]

    def test_every_name_of_a_cell_finds_it(self, client: TestClient, published: RiskSurface) -> None:
        row, col = (int(v[0]) for v in published.grid.cell_at([TOWN[0]], [TOWN[1]]))
        lon, lat = (float(v[0]) for v in project(np.array([TOWN[0]]), np.array([TOWN[1]]), SWEREF99_TM, WGS84))
        cell_id, scb_id = published.grid.cell_id(row, col), published.grid.scb_id(row, col)
        answers = [
            get(client, f"/api/cells/{cell_id}"),
            get(client, f"/api/cells/SE_{cell_id}"),
            get(client, f"/api/cells/{scb_id}"),
            get(client, "/api/cells/at", easting=TOWN[0], northing=TOWN[1]),
            get(client, "/api/cells/at", lon=lon, lat=lat),
        ]
        assert {one["cell_id"] for one in answers} == {cell_id}
        assert all(one == answers[0] for one in answers)

    def test_corners_lie_around_the_centre(self, client: TestClient) -> None:
        cell = get(client, "/api/cells/at", easting=TOWN[0], northing=TOWN[1])
        lats, lons = zip(*cell["bounds"], strict=True)
        x, y = project(np.array(lons), np.array(lats), WGS84, SWEREF99_TM)
        assert x - cell["easting"] == pytest.approx([-1000, 1000, 1000, -1000], abs=0.01)
        assert y - cell["northing"] == pytest.approx([-1000, -1000, 1000, 1000], abs=0.01)
        assert min(lats) < cell["lat"] < max(lats)

    def test_nothing_known_has_no_class_and_no_rank(self, client: TestClient, published: RiskSurface) -> None:
        row, col = (int(v) for v in np.argwhere(published.state == 1)[0])
        cell = get(client, f"/api/cells/{published.grid.cell_id(row, col)}")
        assert (cell["state"], cell["class"], cell["rank"]) == ("nothing_known", None, None)

    def test_sentences_are_whole_in_both_languages(self, client: TestClient, published: RiskSurface) -> None:
        cell_id = published.top(1)["cell_id"][0]
        spoken = {lang: get(client, f"/api/cells/{cell_id}", lang=lang) for lang in ("sv", "en")}
        for cell in spoken.values():
            texts = [*cell["reasons"], *(one["title"] for one in cell["components"])]
            assert not any("{" in text.replace("{{ 7*7 }}", "") for text in texts)
        assert spoken["sv"]["reasons"] != spoken["en"]["reasons"]
        assert spoken["sv"]["contributions"] == spoken["en"]["contributions"]


class TestRanking:
    def test_top_is_the_library_s(self, client: TestClient, published: RiskSurface) -> None:
        cells, frame = get(client, "/api/top", n=25)["cells"], published.top(25)
        assert [one["cell_id"] for one in cells] == list(frame["cell_id"])
        assert [one["score"] for one in cells] == list(frame["score"])
        for one in cells:
            assert math.fsum(one["contributions"].values()) == pytest.approx(one["score"], abs=1e-9)

    def test_places_hold_their_peak(self, client: TestClient, published: RiskSurface) -> None:
        places = get(client, "/api/places", n=5, lang="en")["places"]
        assert [one["peak_cell_id"] for one in places] == [one.place_id for one in published.places(5)]
        for place in places:
            west, south, east, north = place["bounds"]
            assert west <= place["lon"] <= east
            assert south <= place["lat"] <= north
            assert place["reason"]
            assert not place["reason"].startswith("Never inspected")

    def test_county_narrows(self, client: TestClient) -> None:
        assert {one["county"] for one in get(client, "/api/top", county="24")["cells"]} == {"24"}
        assert get(client, "/api/top", county="22")["cells"] == []
        assert get(client, "/api/places", county="22")["places"] == []


class TestSites:
    def test_a_window_of_metres_holds_what_lies_in_it(self, client: TestClient, published: RiskSurface) -> None:
        box = (TOWN[0] - 4_000, TOWN[1] - 4_000, TOWN[0] + 4_000, TOWN[1] + 4_000)
        expected = {
            (site.layer, site.id)
            for site in build_sites(published.layers)
            if box[0] <= site.easting <= box[2] and box[1] <= site.northing <= box[3] and site.is_active(published.at)
        }
        answer = get(client, "/api/sites", bbox=",".join(map(str, box)), crs="EPSG:3006")
        assert {(one["layer"], one["id"]) for one in answer["sites"]} == expected
        assert answer["total"] == len(expected) > 5
        assert answer["truncated"] is False

    def test_a_window_of_degrees_holds_what_lies_in_it(self, client: TestClient, published: RiskSurface) -> None:
        west, south, east, north = 20.1, 63.78, 20.4, 63.9
        expected = {
            (site.layer, site.id)
            for site in build_sites(published.layers)
            if west <= site.lon <= east and south <= site.lat <= north and site.is_active(published.at)
        }
        answer = get(client, "/api/sites", bbox=f"{west},{south},{east},{north}")
        assert {(one["layer"], one["id"]) for one in answer["sites"]} == expected

    @pytest.mark.parametrize("bbox", ["-180,-90,180,90", "0,0,40,80"])
    def test_the_whole_world_holds_every_active_site(
        self, client: TestClient, published: RiskSurface, bbox: str
    ) -> None:
        n_active = sum(site.is_active(published.at) for site in build_sites(published.layers))
        assert get(client, "/api/sites", bbox=bbox)["total"] == n_active

    def test_elsewhere_is_empty(self, client: TestClient) -> None:
        assert get(client, "/api/sites", bbox="-70,-40,-60,-30") == {
            "total": 0, "truncated": False, "sites": [], "groups": []
        }  # fmt: skip

    def test_the_limit_keeps_risk_sectors_and_the_largest(self, client: TestClient) -> None:
        world = {"bbox": "0,0,40,80"}
        everything, few = get(client, "/api/sites", **world), get(client, "/api/sites", **world, limit=4)
        assert few["sites"] == everything["sites"][:4]
        assert few["truncated"] is True
        assert few["total"] == everything["total"]
        sizes = [one["size"] for one in everything["sites"] if one["sector_code"] != "other"]
        assert sizes == sorted(sizes, reverse=True)
        assert [one["sector_code"] for one in everything["sites"]].index("other") >= len(sizes)

    def test_layer_and_sector_narrow(self, client: TestClient) -> None:
        world = {"bbox": "0,0,40,80"}
        assert {one["layer"] for one in get(client, "/api/sites", **world, layer="accommodation")["sites"]} == {
            "accommodation"
        }
        green = get(client, "/api/sites", **world, sector="green", lang="sv")["sites"]
        assert {one["sector"] for one in green} == {"Gröna näringar"}

    def test_a_day_decides_who_is_there(self, client: TestClient) -> None:
        def phases(at: str) -> set[tuple[str, str]]:
            found = get(client, "/api/sites", bbox="0,0,40,80", layer="establishments", at=at)["sites"]
            return {(one["id"], one["kind"]) for one in found}

        assert ("e001", "Construction peak") in phases("2026-12-31")
        assert ("e001", "Operation") in phases("2027-01-01")
        assert "e001" not in {one[0] for one in phases("2024-12-31")}

    def test_nearest_come_in_order_of_distance(self, client: TestClient, published: RiskSurface) -> None:
        near = get(client, "/api/sites/nearest", easting=TOWN[0], northing=TOWN[1], n=7)["sites"]
        by_hand = sorted(
            math.hypot(site.easting - TOWN[0], site.northing - TOWN[1])
            for site in build_sites(published.layers)
            if site.is_active(published.at)
        )[:7]
        assert [one["distance_m"] for one in near] == pytest.approx(by_hand)


class TestTheRest:
    def test_every_reference_table_is_served_whole(self, client: TestClient) -> None:
        listed = get(client, "/api/reference")["tables"]
        assert [one["table"] for one in listed] == list(list_tables())
        for one in listed:
            answer, frame = get(client, f"/api/reference/{one['table']}"), read_table(one["table"])
            assert len(answer["rows"]) == one["rows"] == len(frame)
            assert answer["columns"] == one["columns"] == list(frame.columns)

    def test_base_map_has_four_counties(self, client: TestClient) -> None:
        answer = get(client, "/api/basemap")
        assert [one["properties"]["code"] for one in answer["counties"]["features"]] == ["22", "23", "24", "25"]
        assert len(answer["municipalities"]["features"]) == 44

    def test_layers_say_where_they_come_from(self, client: TestClient, published: RiskSurface) -> None:
        layers = {one["name"]: one for one in get(client, "/api/layers", lang="sv")["layers"]}
        assert layers["borders"]["rows"] == 0
        assert layers["workplaces"]["rows"] == len(published.layers["workplaces"])
        assert layers["workplaces"]["source"].endswith(".geojson")
        assert layers["workplaces"]["title"] == "Arbetsställen"

    def test_health(self, client: TestClient) -> None:
        health = get(client, "/healthz")
        assert (health["status"], health["is_scored"], health["problem"]) == ("ok", True, None)
        assert set(health) == {"status", "is_scored", "version", "problem"}

    def test_texts_of_a_language(self, client: TestClient) -> None:
        assert get(client, "/i18n/en.json") == {}
        assert get(client, "/i18n/sv.json")["Construction"] == "Bygg och anläggning"

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/", "text/html"),
            ("/surfaces/current", "text/html"),
            ("/map/skeleton.js", "text/javascript"),
            ("/map/skeleton.css", "text/css"),
            ("/static/leaflet/leaflet.js", "text/javascript"),
            ("/static/leaflet/leaflet.css", "text/css"),
            ("/static/js/main.js", "text/javascript"),
            ("/static/css/norrsyn.css", "text/css"),
            ("/openapi.json", "application/json"),
        ],
    )
    def test_page_and_parts(self, client: TestClient, path: str, kind: str) -> None:
        response = client.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"].split(";")[0] == kind

    @pytest.mark.parametrize(
        ("query", "lang"), [("", "sv"), ("?lang=sv", "sv"), ("?lang=en", "en"), ("?lang=xx", "sv")]
    )
    def test_pages_are_swedish_unless_english_is_asked_for(self, client: TestClient, query: str, lang: str) -> None:
        for path in ("/", "/surfaces/current"):
            assert f'<html lang="{lang}">' in client.get(path + query).text

    def test_everything_that_the_pages_refer_to_is_there(self, client: TestClient) -> None:
        for page in ("/", "/surfaces/current"):
            for link in re.findall(r'(?:src|href)="([^"#?]+)', client.get(page).text):
                assert client.get(str(client.base_url.join(page).join(link))).status_code == 200, link

    def test_the_manifest_is_on_the_information_page(self, client: TestClient, published: RiskSurface) -> None:
        page = client.get("/surfaces/current?lang=en").text
        digest = published.manifest["layers"]["workplaces"]["sha256"]
        assert f"&#34;sha256&#34;: &#34;{digest}&#34;" in page

    def test_json_holds_no_nan(self, client: TestClient) -> None:
        for path in ("/api/surfaces", "/api/top", "/api/reference/sectors", "/api/sites?bbox=0,0,40,80"):
            json.loads(client.get(path).text, parse_constant=pytest.fail)
