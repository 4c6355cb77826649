"""Pairs of sites that are likely one place, against every pair looked at by itself."""

from __future__ import annotations

import itertools
import math
import time
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from geo.errors import ParameterError, SchemaError
from geo.layers.duplicates import COLUMNS, compare_names, find_duplicates, fold_site_name
from geo.layers.registry import LAYERS
from geo.layers.validate import empty_frame, validate
from tests.frames import make_accommodation, make_frame, make_visit, make_workplace, near_town

NAMES = (
    "Åkeri Norr AB",
    "AKERI NORR Aktiebolag",
    "Norr & Åkeri",
    "Åkeri Nord",
    "Hotell Älven",
    "hotell alven hb",
    "AB",
    "",
)
EMPLOYERS = ("5560000001", "5560000019", None)

places = st.tuples(st.sampled_from([0.0, 30.0, 250.0, 251.0, 900.0, 5_000.0]), st.sampled_from([0.0, 40.0, 3_000.0]))
spreads = st.sampled_from([0.0, 0.0, 120.0, 4_000.0])
records = st.tuples(st.sampled_from(NAMES), places, spreads, st.sampled_from(EMPLOYERS))


def make_workplaces(*rows: tuple[str, tuple[float, float], float, str | None]) -> gpd.GeoDataFrame:
    """Workplaces of these names, places (m from the town), spreads and employers."""
    made = [
        make_workplace(n, name=name, spread_m=spread, employer_id=employer, **near_town(*place))
        for n, (name, place, spread, employer) in enumerate(rows)
    ]
    return validate(LAYERS["workplaces"], make_frame(made)) if made else empty_frame(LAYERS["workplaces"])


def make_lodgings(*rows: tuple[str, tuple[float, float], float, str | None]) -> gpd.GeoDataFrame:
    made = [
        make_accommodation(n, name=name, spread_m=spread, **near_town(*place))
        for n, (name, place, spread, _) in enumerate(rows)
    ]
    return validate(LAYERS["accommodation"], make_frame(made)) if made else empty_frame(LAYERS["accommodation"])


def look_at_every_pair(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame | None, limit_m: float, least: float
) -> set[Any]:
    """The rule itself, in plain loops."""
    pairs = (
        itertools.combinations(list_sites(left), 2)
        if right is None
        else itertools.product(list_sites(left), list_sites(right))
    )
    found = set()
    for one, two in pairs:
        names = fold_site_name(one["name"]), fold_site_name(two["name"])
        same_employer = bool(one["employer"]) and one["employer"] == two["employer"]
        apart = math.hypot(one["x"] - two["x"], one["y"] - two["y"])
        nearest = max(0.0, apart - one["spread"] - two["spread"])
        alike = fuzz.token_sort_ratio(*names) if all(names) else 0.0
        if nearest <= limit_m and alike >= least - 15 * same_employer and one["id"] != two["id"]:
            found.add((one["id"], two["id"], round(apart, 6), round(nearest, 6), round(alike, 6), same_employer))
    return found


def list_sites(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    id_column = frame.columns[0]
    return [
        {
            "id": row[id_column],
            "name": row["name"] if isinstance(row["name"], str) else "",
            "employer": row["employer_id"] if isinstance(row.get("employer_id"), str) else "",
            "x": row["geometry"].x,
            "y": row["geometry"].y,
            "spread": row["spread_m"],
        }
        for _, row in frame.iterrows()
    ]


def as_set(table: Any) -> set[Any]:
    columns = ["id", "other_id", "distance_m", "nearest_m", "similarity", "same_employer"]
    rows = [
        tuple(round(cell, 6) if isinstance(cell, float) else cell for cell in row) for row in table[columns].to_numpy()
    ]
    assert len(set(rows)) == len(rows), "no pair stands twice"
    return set(rows)


class TestAgainstEveryPair:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(records, max_size=9), st.sampled_from([0.0, 250.0]), st.sampled_from([60.0, 85.0, 100.0]))
    def test_within_one_layer(self, rows: list[Any], limit_m: float, least: float) -> None:
        frame = make_workplaces(*rows)
        found = find_duplicates(frame, max_distance_m=limit_m, min_similarity=least)
        assert as_set(found) == look_at_every_pair(frame, None, limit_m, least)
        assert tuple(found.columns) == COLUMNS
        assert found["likeliness"].is_monotonic_decreasing
        assert found["likeliness"].between(0, 1).all()

    @settings(max_examples=40, deadline=None)
    @given(st.lists(records, max_size=6), st.lists(records, max_size=6), st.sampled_from([0.0, 250.0]))
    def test_across_two_layers(self, rows: list[Any], others: list[Any], limit_m: float) -> None:
        frame, other = make_workplaces(*rows), make_lodgings(*others)
        found = find_duplicates(frame, other, max_distance_m=limit_m)
        assert as_set(found) == look_at_every_pair(frame, other, limit_m, 85.0)
        if len(found):
            assert set(found["layer"]) == {"workplaces"}
            assert set(found["other_layer"]) == {"accommodation"}
        turned = find_duplicates(other, frame, max_distance_m=limit_m)
        assert {(b, a, *rest) for a, b, *rest in as_set(turned)} == as_set(found)

    def test_two_sources_of_one_layer(self) -> None:
        one, two = (
            make_workplaces(("Bygg AB", (0, 0), 0, None)),
            make_workplaces(("Bygg", (5, 0), 0, None), ("Bygg AB", (9, 0), 0, None)),
        )
        # w000 stands in both, and is the same by its id
        assert find_duplicates(one, two)[["id", "other_id"]].to_numpy().tolist() == [["w000", "w001"]]


class TestNames:
    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ("Åkeri & Bygg i Umeå AB", "UMEÅ bygg-åkeri i, Aktiebolag (publ)"),
            ("Hotell Älven HB", "hotell   alven"),
            ("Straße 1", "STRASSE 1"),
            ("AB", "ab"),
        ],
    )
    def test_what_makes_no_difference(self, one: str, two: str) -> None:
        assert compare_names(one, two) == 100

    def test_what_does(self) -> None:
        assert compare_names("Hotell Älven", "Hotell Elven") == pytest.approx(100 * 22 / 24)
        assert compare_names("Bygg AB", "") == compare_names("", "") == 0

    @given(st.text(max_size=30))
    def test_folding_again_changes_nothing(self, name: str) -> None:
        assert compare_names(fold_site_name(name), name) == (100 if fold_site_name(name) else 0)


class TestOrder:
    def test_near_and_alike_goes_first(self) -> None:
        frame = make_workplaces(
            ("Hotell Älven", (0, 0), 0, None),
            ("Hotell Alven", (10, 0), 0, None),
            ("Hotell Elven", (200, 0), 0, "5560000001"),
        )
        found = find_duplicates(frame)
        assert found[["id", "other_id"]].to_numpy().tolist()[0] == ["w000", "w001"]
        assert found["why"][0] == "equal names, 10 m apart"
        assert found["why"][1] == "names 92 % alike, 190 m apart"

    def test_one_employer_speaks_for_it(self) -> None:
        pair = [("Hotell Älven", (0, 0), 0), ("Hotell Elven", (9, 0), 0)]
        apart = find_duplicates(make_workplaces(*((*each, None) for each in pair)))
        together = find_duplicates(make_workplaces(*((*each, "5560000001") for each in pair)))
        assert together["likeliness"][0] > apart["likeliness"][0]
        assert together["why"][0].endswith("one employer")

    def test_a_rough_place_is_said(self) -> None:
        frame = make_workplaces(("Bygg", (0, 0), 4_000, None), ("Bygg", (3_000, 0), 0, None))
        assert find_duplicates(frame)["why"].tolist() == ["equal names, 3000 m apart, known roughly: maybe 0 m"]


class TestLimits:
    @pytest.mark.parametrize("limits", [{"max_distance_m": -1.0}, {"min_similarity": 101.0}, {"min_similarity": 15.0}])
    def test_outside_their_range(self, limits: dict[str, float]) -> None:
        with pytest.raises(ParameterError, match="max_distance_m must be 0 or more and min_similarity above 15"):
            find_duplicates(make_workplaces(), **limits)

    def test_layers_without_sites(self) -> None:
        visits = validate(LAYERS["visits"], make_frame([make_visit(1)]))
        with pytest.raises(SchemaError, match="among workplaces or accommodation; the frame has the columns visit_id"):
            find_duplicates(visits)

    def test_sixty_thousand_take_seconds(self) -> None:
        """Two, and twenty on a machine that does much other work."""
        random = np.random.default_rng(1)
        words = np.array(["bygg", "norr", "åkeri", "städ", "skog", "service", "hotell", "plåt", "tak", "el"])
        n = 60_000
        frame = gpd.GeoDataFrame(
            {
                "workplace_id": [f"w{i}" for i in range(n)],
                "name": [f"{' '.join(chosen)} {i % 3000}" for i, chosen in enumerate(random.choice(words, (n, 3)))],
                "employer_id": None,
                "spread_m": np.where(random.random(n) < 0.01, 3_000.0, 0.0),
            },
            geometry=gpd.points_from_xy(random.normal(758_600, 15_000, n), random.normal(7_088_600, 15_000, n)),
            crs=3006,
        )
        begun = time.monotonic()
        found = find_duplicates(frame)
        assert time.monotonic() - begun < 20
        assert len(found) > 100
