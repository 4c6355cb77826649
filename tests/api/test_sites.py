"""The R-tree against looking at every site, whatever was inserted, moved and deleted before."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import replace
from datetime import date
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from api import sites as module
from api.routes.sites import say_box
from api.sites import Bounds, Key, Site, SiteIndex
from geo.errors import NotFoundError, ParameterError
from maps.degrees import bounds_in_metres

# Whole metres, few of them: equal places and equal distances come up often.
metres = st.integers(0, 40).map(float)
ids = st.integers(0, 25).map(str)
LAYERS = ("workplaces", "accommodation")


def make_site(number: str, easting: float, northing: float, **changes: object) -> Site:
    values: dict[str, object] = {
        "layer": "workplaces",
        "id": number,
        "easting": easting,
        "northing": northing,
        "lon": 20.0,
        "lat": 64.0,
        "title": f"site {number}",
        "kind": "registered",
        "sector": "construction",
        "size": 10.0,
        "is_risk": True,
        "synthetic": True,
    }
    return Site(**{**values, **changes})  # type: ignore[arg-type]


sites = st.builds(make_site, ids, metres, metres)
site_lists = st.lists(sites, max_size=40, unique_by=lambda site: site.key)


def window_by_hand(known: list[Site], bounds: Bounds) -> set[Key]:
    x_min, y_min, x_max, y_max = bounds
    return {one.key for one in known if x_min <= one.easting <= x_max and y_min <= one.northing <= y_max}


def nearest_by_hand(known: list[Site], easting: float, northing: float, n: int) -> list[tuple[float, Key]]:
    return sorted((math.hypot(one.easting - easting, one.northing - northing), one.key) for one in known)[:n]


class Updates(RuleBasedStateMachine):
    """Any order of updates; the model is a plain dictionary."""

    @initialize(first=site_lists)
    def build(self, first: list[Site]) -> None:
        self.index = SiteIndex(first)
        self.model = {site.key: site for site in first}

    @rule(site=sites)
    def insert(self, site: Site) -> None:
        if site.key in self.model:
            with pytest.raises(ParameterError, match="already"):
                self.index.insert(site)
        else:
            self.index.insert(site)
            self.model[site.key] = site

    @rule(number=ids)
    def delete(self, number: str) -> None:
        key = ("workplaces", number, "")
        if key in self.model:
            assert self.index.delete(key) == self.model.pop(key)
        else:
            with pytest.raises(NotFoundError):
                self.index.delete(key)

    @rule(number=ids, easting=metres, northing=metres)
    def move(self, number: str, easting: float, northing: float) -> None:
        key = ("workplaces", number, "")
        if key in self.model:
            moved = self.index.move(key, easting, northing)
            assert (moved.key, moved.easting, moved.northing) == (key, easting, northing)
            self.model[key] = moved
        else:
            with pytest.raises(NotFoundError):
                self.index.move(key, easting, northing)

    @rule(following=site_lists)
    def replace(self, following: list[Site]) -> None:
        self.index.replace(following)
        self.model = {site.key: site for site in following}

    @rule(number=ids, size=st.floats(0, 100))
    def replace_one(self, number: str, size: float) -> None:
        changed = {**self.model, ("workplaces", number, ""): make_site(number, 5.0, 5.0, size=size)}
        self.index.replace(changed.values())
        self.model = changed

    @rule(x=metres, y=metres, width=metres, height=metres)
    def look_through_a_window(self, x: float, y: float, width: float, height: float) -> None:
        bounds = (x, y, x + width, y + height)
        found = self.index.window(bounds, LAYERS)
        assert {site.key for site in found} == window_by_hand(list(self.model.values()), bounds)
        assert len(found) == len({site.key for site in found})

    @rule(x=metres, y=metres, n=st.integers(1, 30))
    def look_around(self, x: float, y: float, n: int) -> None:
        found = [(distance, site.key) for distance, site in self.index.nearest(x, y, n)]
        assert found == nearest_by_hand(list(self.model.values()), x, y, n)

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert len(self.index) == len(self.model)
        assert {site.key: site for site in self.index} == self.model


TestUpdates = Updates.TestCase
TestUpdates.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("few", [0, 3_000], ids=["by the tree", "one by one"])
@given(known=site_lists, where=st.tuples(metres, metres, metres, metres), layers=st.sets(st.sampled_from(LAYERS)))
def test_a_window_of_some_layers(
    few: int, known: list[Site], where: tuple[float, float, float, float], layers: set[str]
) -> None:
    sites = [replace(site, layer=LAYERS[int(site.id) % 2]) for site in known]
    x, y, width, height = where
    bounds = (x, y, x + width, y + height)
    with mock.patch.object(module, "_FEW", few):
        index = SiteIndex(sites)
        found = index.window(bounds, layers)
        assert {site.key for site in found} == window_by_hand([site for site in sites if site.layer in layers], bounds)
        for site in sites:
            index.delete(site.key)
        assert index.window(bounds, layers) == []


@given(site_lists, metres, metres, st.integers(1, 10))
def test_nearest_of_those_to_keep(known: list[Site], x: float, y: float, n: int) -> None:
    def keep(site: Site) -> bool:
        return int(site.id) % 3 == 0

    found = [(distance, site.key) for distance, site in SiteIndex(known).nearest(x, y, n, keep)]
    assert found == nearest_by_hand([site for site in known if keep(site)], x, y, n)


def test_phases_of_one_establishment_stand_side_by_side() -> None:
    phases = [
        make_site("e1", 1, 1, active_from=date(2025, 1, 1), active_to=date(2025, 12, 31)),
        make_site("e1", 1, 1, active_from=date(2026, 1, 1)),
    ]
    index = SiteIndex(phases)
    assert len(index.window((0, 0, 2, 2), LAYERS)) == 2
    assert [one.is_active(date(2025, 12, 31)) for one in phases] == [True, False]
    assert [one.is_active(date(2026, 1, 1)) for one in phases] == [False, True]


def test_two_sites_of_one_key_are_refused() -> None:
    with pytest.raises(ParameterError, match="key"):
        SiteIndex([make_site("1", 0, 0), make_site("1", 1, 1)])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_places_that_are_none_are_refused_and_change_nothing(bad: float) -> None:
    index = SiteIndex([make_site("1", 0, 0)])
    with pytest.raises(ParameterError, match="finite"):
        index.insert(make_site("2", bad, 0))
    with pytest.raises(ParameterError, match="finite"):
        index.move(("workplaces", "1", ""), 0, bad)
    with pytest.raises(ParameterError, match="finite"):
        index.nearest(bad, 0, 1)
    with pytest.raises(ParameterError, match="finite"):
        index.window((0, 0, bad, 1), LAYERS)
    assert [site.key for site in index.window((0, 0, 0, 0), LAYERS)] == [("workplaces", "1", "")]


@pytest.mark.parametrize("bounds", [(1, 0, 0, 1), (0, 1, 1, 0)])
def test_windows_turned_over_are_refused(bounds: Bounds) -> None:
    with pytest.raises(ParameterError, match="min <= max"):
        SiteIndex().window(bounds, LAYERS)


def test_an_empty_index_answers() -> None:
    assert SiteIndex().window((0, 0, 1, 1), LAYERS) == []
    assert SiteIndex().nearest(0, 0, 3) == []


def test_readers_see_whole_states_while_a_writer_moves_everything() -> None:
    """Two states, each with all its sites in one corner; no reader may see a site in both, or none."""
    corners = [[make_site(str(i), x, x) for i in range(300)] for x in (10.0, 30.0)]
    index = SiteIndex(corners[0])
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            found = index.window((0, 0, 40, 40), LAYERS)
            if len(found) != 300 or len({site.easting for site in found}) != 1:
                wrong.append(len(found))
            index.nearest(20, 20, 5)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(30):
        index.replace(corners[(turn + 1) % 2])
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


class TestSayBox:
    def test_it_holds_what_was_looked_at_and_little_more(self) -> None:
        rng = np.random.default_rng(1)
        for _ in range(300):
            side = 10 ** rng.uniform(0, 6)
            west, south = rng.uniform(2e5, 9e5), rng.uniform(6.8e6, 7.6e6)
            box = (west, south, west + side, south + side * rng.uniform(0.2, 1))
            text = say_box(box, "EPSG:3006")
            low_n, high_n, low_e, high_e = (1000 * int(number) for number in re.findall(r"\d+", text.replace("–", " ")))
            assert low_e <= box[0] <= box[2] <= high_e
            assert low_n <= box[1] <= box[3] <= high_n
            assert max(high_e - low_e, high_n - low_n) <= max(4 * side, 2000)
            assert len(text) < 50

    def test_degrees_are_told_in_metres_and_what_is_far_off_is_told_shortly(self) -> None:
        west, south, east, north = bounds_in_metres((20.0, 63.7, 20.4, 63.9))
        assert say_box((20.0, 63.7, 20.4, 63.9), "EPSG:4326") == say_box((west, south, east, north), "EPSG:3006")
        for box, crs in (((-180.0, -90.0, 180.0, 90.0), "EPSG:4326"), ((0.0, 0.0, 1e300, 1e300), "EPSG:3006")):
            assert len(say_box(box, crs)) < 60
        assert say_box((100.0, 10.0, 110.0, 20.0), "EPSG:4326").startswith("N ")
