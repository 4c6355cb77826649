"""The base map: true borders, small, and only what it says."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from geo.errors import CRSError, SchemaError
from geo.reference import county_names, municipality_names
from geo.region import Region
from maps.basemap import build_basemap
from tests.maps.corpus import HOSTILE


def in_metres(collection: dict[str, object]) -> gpd.GeoSeries:
    features = collection["features"]
    assert isinstance(features, list)
    index = [feature["properties"]["code"] for feature in features]
    return gpd.GeoSeries([shape(feature["geometry"]) for feature in features], index, crs="EPSG:4326").to_crs(3006)


def test_borders_lie_where_they_lay(region: Region) -> None:
    basemap = build_basemap(region.municipalities, region.localities, county_names())
    drawn = in_metres(basemap["municipalities"])
    before = region.municipalities.set_index("municipality").geometry
    assert set(drawn.index) == set(municipality_names())
    for code in drawn.index:
        # 40 m of simplification and half of 11 m of rounding, and then some for corners.
        assert shapely.hausdorff_distance(drawn[code].boundary, before[code].boundary) < 60
    assert drawn.area.sum() == pytest.approx(before.area.sum(), rel=1e-3)


def test_counties_are_made_of_their_municipalities(region: Region) -> None:
    basemap = build_basemap(region.municipalities, region.localities, county_names())
    counties, parts = in_metres(basemap["counties"]), in_metres(basemap["municipalities"])
    names = {one["properties"]["code"]: one["properties"]["name"] for one in basemap["counties"]["features"]}
    assert names == dict(county_names())
    for code in counties.index:
        assert counties[code].area == pytest.approx(parts[parts.index.str[:2] == code].area.sum(), rel=1e-3)


def test_it_is_small_and_plain_json(region: Region) -> None:
    basemap = build_basemap(region.municipalities, region.localities, county_names())
    text = json.dumps(basemap, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    assert len(text.encode()) < 100_000
    points = np.array(basemap["counties"]["features"][0]["geometry"]["coordinates"][0][0])
    assert np.array_equal(points, np.round(points, 4))
    assert np.array_equal(points[0], points[-1])


def test_places_come_by_size_and_keep_their_names(region: Region) -> None:
    localities = region.localities.head(30).copy()
    localities.loc[localities.index[3], "name"] = HOSTILE
    places = build_basemap(region.municipalities, localities, county_names())["localities"]
    assert places[3]["name"] == HOSTILE
    populations = [place["population"] for place in places]
    assert populations == sorted(populations, reverse=True)
    umea = next(place for place in places if place["name"] == "Umeå")
    assert (umea["lon"], umea["lat"]) == pytest.approx((20.26, 63.83), abs=0.02)


def test_borders_that_do_not_meet_are_simplified_one_by_one() -> None:
    squares = [shapely.box(700_000, 7_000_000, 710_000, 7_010_000), shapely.box(709_500, 7_000_000, 720_000, 7_010_000)]
    frame = gpd.GeoDataFrame({"municipality": ["2480", "2482"], "name": ["a", "b"]}, geometry=squares, crs=3006)
    places = gpd.GeoDataFrame({"name": [], "population": []}, geometry=[], crs=3006)
    basemap = build_basemap(frame, places, {"24": "Västerbottens län"})
    assert len(basemap["municipalities"]["features"]) == 2
    assert basemap["localities"] == []


def test_a_speck_that_rounding_makes_a_point_is_left_out() -> None:
    speck = shapely.box(700_000, 7_000_000, 700_001, 7_000_001)
    island = shapely.MultiPolygon([speck, shapely.box(705_000, 7_000_000, 710_000, 7_010_000)])
    frame = gpd.GeoDataFrame({"municipality": ["2480"], "name": ["a"]}, geometry=[island], crs=3006)
    places = gpd.GeoDataFrame({"name": [], "population": []}, geometry=[], crs=3006)
    basemap = build_basemap(frame, places, {}, simplify_m=0)
    assert len(basemap["municipalities"]["features"][0]["geometry"]["coordinates"]) == 1
    assert basemap["counties"]["features"][0]["properties"] == {"code": "24", "name": "24"}


def test_wrong_frames_are_refused(region: Region) -> None:
    with pytest.raises(CRSError, match="municipalities must be in EPSG:3006"):
        build_basemap(region.municipalities.to_crs(4326), region.localities, county_names())
    with pytest.raises(SchemaError, match="population"):
        build_basemap(region.municipalities, region.localities.drop(columns="population"), county_names())
