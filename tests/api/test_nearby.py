"""The cell panel's visits and establishments, in words of the language."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from geo.layers.registry import LAYERS
from geo.risk.surface import RiskSurface
from maps.site_panel import PANEL_LAYERS
from tests.frames import TOWN


def test_a_cell_tells_what_is_near_it(client: TestClient) -> None:
    path = f"/api/cells/at?easting={TOWN[0]:.0f}&northing={TOWN[1]:.0f}"
    english, swedish = (client.get(f"{path}&lang={lang}").json() for lang in ("en", "sv"))
    assert english["n_visits"] == len(english["visits"]) > 0
    outcomes = {visit["outcome"]["code"] for visit in english["visits"]}
    assert "nothing_found" in outcomes
    for en, sv in zip(english["visits"], swedish["visits"], strict=True):
        assert en["outcome"]["code"] == sv["outcome"]["code"]
        assert en["outcome"]["name"] != sv["outcome"]["name"]
    assert english["establishments"]
    for en, sv in zip(english["establishments"], swedish["establishments"], strict=True):
        assert en["phase"]["name"] != sv["phase"]["name"]
        assert en["distance_m"] <= 50_000
    for component in english["components"]:
        assert all(driver["layer"] and driver["id"] for driver in component["drivers"])


@pytest.mark.parametrize("layer", PANEL_LAYERS)
def test_every_record_of_a_layer_has_its_panel(client: TestClient, published: RiskSurface, layer: str) -> None:
    ids = published.layers[layer][LAYERS[layer].id_columns[0]].unique()
    assert len(ids)
    for record_id in ids:
        path = f"/api/sites/{layer}/{quote(record_id, safe='')}"
        answers = {}
        for lang in ("en", "sv"):
            response = client.get(path, params={"lang": lang})
            assert response.status_code == 200, response.text
            answers[lang] = response.json()
        panel = answers["en"]
        assert panel["id"] == record_id
        assert panel["cell_id"] is None or client.get(f"/api/cells/{panel['cell_id']}").status_code in {200, 404}
        for en, sv in zip(panel["groups"], answers["sv"]["groups"], strict=True):
            assert [field["name"] for field in en] == [field["name"] for field in sv]
            labels = [(a["label"], b["label"]) for a, b in zip(en, sv, strict=True)]
            assert all(a != b for a, b in labels), labels
            assert not {"employer_id", "circle"} & {field["name"] for field in en}
        if layer == "visits":
            assert record_id in {visit["id"] for visit in panel["visits"]} or record_id == "v003"


def test_a_record_that_is_gone_is_told(client: TestClient) -> None:
    assert client.get("/api/sites/workplaces/nothing").status_code == 404
    assert client.get("/api/sites/roads/1").status_code == 422
