"""Promise: data is never run. A name in a layer comes back as exactly that text, and stands in no page or script.

Folium renders what it is given as a template a second time; here no data reaches it. The browser's side of the promise
is tested with a real browser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.settings import Settings
from tests.accounts import enter
from tests.api.made import BASE_URL, HOSTILE, fill_home

WORLD = "bbox=0,0,40,80"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home: Path = tmp_path_factory.mktemp("home")
    fill_home(home)
    with enter(create_app(Settings(home=home)), base_url=BASE_URL, raise_server_exceptions=False) as started:
        yield started


@pytest.fixture(scope="module")
def best_cell(client: TestClient) -> str:
    return client.get("/api/top?n=1").json()["cells"][0]["cell_id"]


def find_texts(value: object) -> Iterator[str]:
    """Every text in an answer."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from find_texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from find_texts(one)


@pytest.mark.parametrize("lang", ["sv", "en"])
class TestJson:
    def check(self, client: TestClient, address: str) -> list[str]:
        """The hostile name is there, whole, every time that a part of it is."""
        response = client.get(address)
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        touched = [text for text in find_texts(response.json()) if "onerror" in text or "7*7" in text]
        assert touched, address
        assert all(HOSTILE in text for text in touched)
        return touched

    @pytest.mark.parametrize("layer", ["workplaces", "accommodation", "establishments"])
    def test_sites(self, client: TestClient, lang: str, layer: str) -> None:
        assert HOSTILE in self.check(client, f"/api/sites?{WORLD}&layer={layer}&lang={lang}")

    def test_nearest(self, client: TestClient, lang: str) -> None:
        assert HOSTILE in self.check(client, f"/api/sites/nearest?easting=758600&northing=7088600&lang={lang}")

    def test_explanations(self, client: TestClient, lang: str) -> None:
        at = "/api/cells/at?easting=758600&northing=7088600"
        cell = client.get(f"{at}&lang={lang}").json()
        assert cell["place"] == HOSTILE
        assert HOSTILE in {driver["title"] for one in cell["components"] for driver in one["drivers"]}
        self.check(client, f"{at}&lang={lang}")

    def test_places(self, client: TestClient, lang: str) -> None:
        self.check(client, f"/api/places?n=100&lang={lang}")

    def test_file_names(self, client: TestClient, lang: str) -> None:
        self.check(client, f"/api/layers?lang={lang}")
        self.check(client, f"/api/surfaces?lang={lang}")

    def test_search_and_base_map(self, client: TestClient, lang: str) -> None:
        assert HOSTILE in self.check(client, f"/api/search?q={quote('{{ 7*7')}&lang={lang}")
        assert HOSTILE in self.check(client, f"/api/basemap?lang={lang}")


class TestPagesAndScripts:
    PARTS = ("/", "/map/skeleton.js", "/map/skeleton.css", "/i18n/sv.json", "/static/js/main.js")

    @pytest.mark.parametrize("address", PARTS)
    def test_no_record_stands_in_the_page_or_its_scripts(self, client: TestClient, address: str) -> None:
        text = client.get(address).text
        for part in ("7*7", "onerror", "img src=x", "Firma"):
            assert part not in text

    def test_a_file_name_on_the_information_page_is_text(self, client: TestClient) -> None:
        page = client.get("/surfaces/current").text
        assert "{{ 7*7 }}&lt;img src=x onerror=alert(1)&gt;.geojson" in page
        assert "<img" not in page

    def test_the_map_is_the_same_for_other_data(self, client: TestClient, tmp_path: Path) -> None:
        """Nothing of the layers is in the skeleton: one over an empty folder has the same bytes."""
        with enter(create_app(Settings(home=tmp_path)), base_url=BASE_URL) as empty:
            for address in ("/map/skeleton.js", "/map/skeleton.css"):
                assert empty.get(address).content == client.get(address).content

    @pytest.mark.parametrize("address", ["/", "/surfaces/current"])
    def test_what_the_address_brings_stays_in_quotes(self, client: TestClient, address: str) -> None:
        hostile = '"><script>alert(1)</script>' + HOSTILE
        for name, value in (("county", hostile), (hostile, "1"), ("lang", hostile)):
            response = client.get(address, params={name: value})
            assert response.status_code == 200
            assert "<script>alert" not in response.text
            assert "<img" not in response.text
            assert "{{" not in response.text.replace("{{ 7*7 }}&lt;img", "")

    @pytest.mark.parametrize("address", ["/", "/surfaces/current", "/nowhere"])
    def test_pages_have_no_inline_script_style_or_handler(self, client: TestClient, address: str) -> None:
        page = client.get(address, headers={"accept": "text/html"}).text
        assert all(re.search(r'\ssrc="', tag) for tag in re.findall(r"<script\b[^>]*>", page))
        assert "<style" not in page
        assert not re.search(r"<[^>]+\son[a-z]+\s*=", page)
        assert "javascript:" not in page


class TestProblems:
    def test_hostile_parameters_come_back_as_json_text_only(self, client: TestClient, best_cell: str) -> None:
        for address in (
            f"/api/cells/{quote(HOSTILE, safe='')}",
            f"/api/top?county={quote(HOSTILE)}",
            f"/api/cells/{best_cell}?surface={quote(HOSTILE)}",
            f"/api/reference/{quote(HOSTILE, safe='')}",
            f"/api/top?{quote(HOSTILE)}=1",
        ):
            response = client.get(address)
            assert response.status_code in {404, 422}, address
            assert response.headers["content-type"] == "application/problem+json"
            assert response.headers["x-content-type-options"] == "nosniff"
            assert HOSTILE in json.loads(response.content)["detail"], address
            assert "49" not in response.text

    @pytest.mark.parametrize("address", ["/" + quote(HOSTILE, safe=""), "/surfaces/" + quote(HOSTILE, safe="")])
    def test_error_pages_repeat_nothing(self, client: TestClient, address: str) -> None:
        page = client.get(address, headers={"accept": "text/html"}).text
        # the id of who asks is drawn at random
        page = re.sub(r'data-user="[0-9a-f]{32}"', "", page)
        assert "onerror" not in page
        assert "49" not in page
