"""Visits and findings as points of the map, and sites told together where they lie close."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.site_groups import group_sites
from geo.risk.surface import RiskSurface
from tests.api.test_sites import make_site

EVERYWHERE = "/api/sites?bbox=0,0,40,80&limit=20000"


def ask(client: TestClient, query: str) -> dict[str, Any]:
    answer = client.get(f"{EVERYWHERE}&{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(("layer", "day"), [("visits", "visited_on"), ("findings", "observed_on")])
def test_what_has_happened_by_the_day_is_there_when_it_is_asked_for(
    client: TestClient, published: RiskSurface, layer: str, day: str
) -> None:
    rows = published.layers[layer]
    there = rows[(rows[day] <= pd.Timestamp(published.at)).to_numpy(dtype=bool)]
    if layer == "findings":
        there = there[~(there["retain_until"] < pd.Timestamp(published.at)).to_numpy(dtype=bool)]
    found = ask(client, f"layer={layer}")["sites"]
    assert len(found) == len(there) > 0
    assert {site["layer"] for site in found} == {layer}
    assert Counter(site["on"] for site in found) == Counter(there[day].dt.strftime("%Y-%m-%d"))
    assert all(site["on"] <= published.at.isoformat() for site in found)
    assert ask(client, f"layer={layer}&at=1995-01-01")["sites"] == []
    # unasked, they are not there
    assert layer not in {site["layer"] for site in ask(client, "lang=sv")["sites"]}


def test_a_visit_tells_when_who_and_what_came_of_it_and_no_more(client: TestClient) -> None:
    english, swedish = (ask(client, f"layer=visits&lang={lang}")["sites"] for lang in ("en", "sv"))
    assert "Nothing found" in {visit["title"] for visit in english}
    assert {visit["title"] for visit in english}.isdisjoint(visit["title"] for visit in swedish)
    assert any(visit["agencies"] for visit in english)
    visit = english[0]
    panel = client.get(f"/api/sites/visits/{visit['id']}?lang=en").json()
    assert panel["title"] == visit["title"]
    told = {field["name"]: field["value"] for field in panel["groups"][0]}
    assert {"visited_on", "outcome"} <= set(told) <= {"visited_on", "outcome", "agencies", "persons_met", "precision"}


def test_groups_and_single_sites_are_all_there_is(client: TestClient) -> None:
    plain = ask(client, "lang=en")
    grouped = ask(client, "group_m=2000")
    assert plain["groups"] == []
    assert grouped["groups"]
    assert grouped["total"] == plain["total"] == len(grouped["sites"]) + sum(one["n"] for one in grouped["groups"])
    assert not grouped["truncated"]
    few = client.get("/api/sites?bbox=0,0,40,80&limit=1&group_m=2000").json()
    assert few["truncated"]
    assert len(few["groups"]) + len(few["sites"]) == 1
    assert client.get(f"{EVERYWHERE}&group_m=0").status_code == 422


kilometres = st.integers(-3_000, 3_000).map(float)
layers = st.sampled_from(["workplaces", "visits"])


@given(st.lists(st.tuples(kilometres, kilometres, layers), max_size=30), st.sampled_from([50.0, 1000.0]))
def test_a_square_of_several_sites_is_one_group(places: list[tuple[float, float, str]], side_m: float) -> None:
    sites = [make_site(str(i), x, y, layer=layer) for i, (x, y, layer) in enumerate(places)]
    groups, alone = group_sites(sites, side_m)
    squares = Counter((layer, x // side_m, y // side_m) for x, y, layer in places)
    assert Counter((group["layer"], group["n"]) for group in groups) == Counter(
        (layer, n) for (layer, *_), n in squares.items() if n > 1
    )
    assert len(alone) == sum(n == 1 for n in squares.values())
