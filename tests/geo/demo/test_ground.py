"""Land, roads and placement: points stay dry, roads join, mixes are kept."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.spatial import cKDTree

from geo.demo.land import Land
from geo.demo.placement import SETTINGS, Placed, place_many, share_addresses
from geo.demo.places import Places, make_places
from geo.demo.roads import lay_roads, walk_roads
from geo.demo.streams import make_stream
from geo.demo.workplaces import share_out
from geo.region import load_region, packaged_localities


@pytest.fixture(scope="module")
def places() -> Places:
    return make_places(make_stream(11, "places"), load_region())


@pytest.fixture(scope="module")
def roads() -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    return lay_roads(rng, rng.uniform(0, 400_000, size=(60, 2)))


def distance_to_land(xy: np.ndarray) -> np.ndarray:
    land = shapely.union_all(load_region().municipalities.geometry.to_numpy())
    shapely.prepare(land)
    return np.asarray(shapely.distance(land, shapely.points(xy)))


class TestLand:
    def test_scattered_points_are_dry_even_on_the_shore(self) -> None:
        localities = packaged_localities()
        centres = np.column_stack([localities.geometry.x, localities.geometry.y])
        land = Land(load_region(), centres)
        xy = land.scatter(np.random.default_rng(1), np.repeat(centres, 20, axis=0), np.full(20 * 192, 2_500.0))
        assert land.holds(xy[:, 0], xy[:, 1]).all()
        # half a diagonal of the 250 m cells, or the disc of a locality that the borders leave out
        metres = distance_to_land(xy)
        away = cKDTree(centres).query(xy)[0]
        assert ((metres < 180) | (away < 1_700)).all()

    def test_scatter_has_the_spread_asked_for(self) -> None:
        land = Land(load_region(), np.array([[700_000.0, 7_250_000.0]]))
        inland = np.tile([[700_000.0, 7_250_000.0]], (4_000, 1))
        xy = land.scatter(np.random.default_rng(1), inland, np.full(4_000, 300.0))
        assert xy.std(axis=0) == pytest.approx([300, 300], rel=0.05)

    def test_uniform_draws_stay_in_their_window(self, places: Places) -> None:
        bounds = (600_000.0, 7_000_000.0, 700_000.0, 7_200_000.0)
        xy = places.land.draw_uniform(np.random.default_rng(1), 500, bounds)
        assert (xy.min(axis=0) >= bounds[:2]).all()
        assert (xy.max(axis=0) <= bounds[2:]).all()
        assert places.land.holds(xy[:, 0], xy[:, 1]).all()


class TestRoads:
    def test_every_place_is_joined_to_every_other(self, roads: list[np.ndarray]) -> None:
        # a buffer of a metre melts roads that share an end into one piece
        lines = shapely.union_all([shapely.LineString(road).buffer(1) for road in roads])
        assert shapely.get_num_geometries(lines) == 1

    def test_roads_wind_but_do_not_stray(self, roads: list[np.ndarray]) -> None:
        for road in roads:
            straight = np.hypot(*(road[-1] - road[0]))
            length = np.hypot(*np.diff(road, axis=0).T).sum()
            assert straight < length < 1.6 * straight

    def test_walks_stay_on_the_road(self, roads: list[np.ndarray]) -> None:
        xy, to_end = walk_roads(np.random.default_rng(3), roads, 400)
        lines = gpd.GeoSeries([shapely.LineString(road) for road in roads])
        for point, metres in zip(shapely.points(xy), to_end, strict=True):
            road = lines[lines.distance(point).idxmin()]
            assert road.distance(point) < 1e-3
            along = road.project(point)
            assert min(along, road.length - along) == pytest.approx(metres, abs=1) or road.touches(point)


class TestPlaces:
    def test_parts_share_out_their_towns_inhabitants(self, places: Places) -> None:
        for parts in (places.zones, places.quarters):
            sums = np.bincount(parts.town, parts.weight)
            assert sums == pytest.approx(places.centres.weight)

    def test_inhabitants_add_up_to_the_region(self, places: Places) -> None:
        total = places.centres.weight.sum() + places.hamlets.weight.sum()
        assert total == pytest.approx(893_000, rel=0.03)
        assert 0.1 < places.hamlets.weight.sum() / total < 0.4

    def test_hamlets_are_dry_and_many(self, places: Places) -> None:
        xy = places.hamlets.xy
        assert len(xy) > 2_000
        assert places.land.holds(xy[:, 0], xy[:, 1]).all()


class TestPlacement:
    def test_settings_follow_the_mix(self, places: Places) -> None:
        mix = np.tile([10.0, 20.0, 30.0, 35.0, 5.0], (8_000, 1))
        placed = place_many(np.random.default_rng(1), places, mix, np.ones(8_000))
        share = np.bincount(placed.setting, minlength=len(SETTINGS)) / 8_000
        assert share == pytest.approx([0.1, 0.2, 0.3, 0.35, 0.05], abs=0.02)

    def test_an_exponent_above_one_favours_large_towns(self, places: Places) -> None:
        mix = np.tile([1.0, 0.0, 0.0, 0.0, 0.0], (4_000, 1))

        def share_of_largest(exponent: float) -> float:
            placed = place_many(np.random.default_rng(1), places, mix, np.full(4_000, exponent))
            return float((placed.spot == places.centres.weight.argmax()).mean())

        assert share_of_largest(1.3) > share_of_largest(1.0) > share_of_largest(0.7)
        assert share_of_largest(1.0) == pytest.approx(
            places.centres.weight.max() / places.centres.weight.sum(), abs=0.02
        )

    def test_shared_addresses_stay_in_their_part_of_town(self) -> None:
        rng = np.random.default_rng(4)
        n = 6_000
        spot, setting = rng.integers(0, 30, n), rng.integers(0, 5, n)
        xy = np.column_stack([spot * 1_000.0 + rng.random(n), setting * 1_000.0 + rng.random(n)])
        moved = share_addresses(rng, Placed(xy, setting, spot), 0.3)
        assert (moved.xy // 1_000 == xy // 1_000).all()
        changed = (moved.xy != xy).any(axis=1)
        assert changed[setting <= 1].mean() == pytest.approx(0.3, abs=0.04)
        assert not changed[setting > 1].any()


@pytest.mark.parametrize(("total", "share"), [(10, [1, 1, 1]), (0, [2, 3]), (45_000, [0.1, 0.33, 7.77, 12.0])])
def test_shares_add_up(total: int, share: list[float]) -> None:
    counts = share_out(total, np.array(share, dtype=float))
    assert counts.sum() == total
    exact = total * np.array(share) / np.sum(share)
    assert (np.abs(counts - exact) < 1).all()
