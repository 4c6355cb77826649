"""The cell panel's visits and establishments, in words of the language."""

from __future__ import annotations

from fastapi.testclient import TestClient

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
