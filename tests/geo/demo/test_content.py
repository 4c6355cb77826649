"""What stands in the layers: as many as the calibration says, where such things are, sized as in life."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

from geo.demo import Demo
from geo.reference import establishments, read_table, sectors_of
from geo.region import load_region, packaged_localities

AT = pd.Timestamp(2026, 7, 15)
# industry codes of each calibrated group, written down apart from the generator's tables
GROUPS = {
    "construction": ("412", "41000", "42", "43"),
    "forestry": ("0210", "0240"),
    "berries": ("0230", "1039"),
    "horticulture": ("0113", "0125"),
    "restaurants": ("561",),
    "hotels_lodging": ("55",),
    "cleaning": ("812",),
    "vehicle_service": ("452", "9531"),
    "beauty_hair": ("9602", "9622"),
    "transport_parcel": ("49410", "5320"),
    "recycling_laundry": ("38", "9601", "9610"),
    "staffing": ("782",),
}


def calibrated(subject: str) -> dict[str, float]:
    table = read_table("calibration")
    table = table[table["subject"] == subject]
    return dict(zip(table["item"], table["low"], strict=True))


def xy(frame: gpd.GeoDataFrame) -> np.ndarray:
    return np.column_stack([frame.geometry.x, frame.geometry.y])


def near(frame: gpd.GeoDataFrame, point: tuple[float, float], metres: float) -> gpd.GeoDataFrame:
    return frame[np.hypot(frame.geometry.x - point[0], frame.geometry.y - point[1]) < metres]


def test_who_may_see_what_is_as_in_life(demo: Demo) -> None:
    """Registers of workplaces are open; the municipality knows what it gives permits to; the rest is the agencies'."""
    workplaces = demo.layers["workplaces"]
    assert set(workplaces.loc[workplaces["kind"] == "registered", "circle"]) == {"public"}
    temporary = workplaces[workplaces["kind"] == "temporary"]
    titles = temporary["name"].str.replace("Synthetic ", "").str.replace(r" \d+$", "", regex=True)
    seen = {title: set(some) for title, some in temporary["circle"].groupby(titles)}
    assert seen == {
        "building site": {"municipality"},
        "groundworks site": {"municipality"},
        "wind or power line site": {"municipality"},
        "road work": {"public"},
        "felling": {"public"},
        "project site": {"joint-inspection"},
        "planting or clearing": {"joint-inspection"},
        "berry picking": {"joint-inspection"},
    }
    for name in ("accommodation", "visits", "reported"):
        assert set(demo.layers[name]["circle"]) == {"joint-inspection"}
    assert "public" not in set(demo.layers["findings"]["circle"])
    for name in ("sectors", "establishments", "localities"):
        assert set(demo.layers[name]["circle"]) == {"public"}


def test_workplaces_per_group_are_as_calibrated(registered: gpd.GeoDataFrame) -> None:
    expected = calibrated("workplaces")
    counted = {name: int(registered["sni"].str.startswith(codes).sum()) for name, codes in GROUPS.items()}
    assert counted == {name: expected[name] for name in GROUPS}
    assert len(registered) - sum(counted.values()) == expected["other"]
    assert len(registered) == pytest.approx(57_000, rel=0.02)


def test_sizes_are_heavy_tailed(registered: gpd.GeoDataFrame) -> None:
    employees = registered["employees"]
    assert employees.min() == 1
    assert (employees % 1 == 0).all()
    assert employees.sum() == pytest.approx(400_000, rel=0.07)
    assert (employees <= 4).mean() > 0.55
    assert 20 < (employees >= 200).sum() < 300
    # the largest hundredth employ a fifth or more
    assert employees.nlargest(len(employees) // 100).sum() > 0.15 * employees.sum()


def test_both_editions_of_industry_codes_are_there(registered: gpd.GeoDataFrame) -> None:
    assert 0.02 < (registered["sni_version"] == "2025").mean() < 0.3


def test_people_work_where_people_live(registered: gpd.GeoDataFrame) -> None:
    codes = load_region().municipality_at(registered.geometry.x, registered.geometry.y)
    per_county = pd.Series(codes).str[:2].value_counts(normalize=True)
    # inhabitants 2022: 27 %, 15 %, 31 %, 28 %
    assert per_county.reindex(["22", "23", "24", "25"]).tolist() == pytest.approx([0.27, 0.15, 0.31, 0.28], abs=0.03)
    assert set(codes) == set(read_table("municipalities")["municipality"])


def test_coast_towns_are_dense_and_the_forest_is_empty(registered: gpd.GeoDataFrame) -> None:
    cells = pd.Series(registered.geometry.x // 10_000 * 1_000 + registered.geometry.y // 10_000).value_counts()
    area_km2 = load_region().municipalities.area.sum() / 1e6
    assert len(cells) * 100 < 0.55 * area_km2
    localities = packaged_localities().set_index("name")
    umea = localities.loc["Umeå"].geometry
    assert len(near(registered, (umea.x, umea.y), 5_000)) > 5_000
    # Sarek: no road, no village
    assert len(near(registered, (610_000, 7_475_000), 15_000)) == 0


def test_farms_lie_outside_towns_and_shops_inside(registered: gpd.GeoDataFrame) -> None:
    metres, _ = cKDTree(xy(packaged_localities())).query(xy(registered))
    farm = registered["sni"].str.startswith(("0141", "0150")).to_numpy()
    shop = registered["sni"].str.startswith("477").to_numpy()
    assert np.median(metres[farm]) > 3 * np.median(metres[shop])


def test_hotels_gather_in_tourist_places(registered: gpd.GeoDataFrame, demo: Demo) -> None:
    hotels = demo.layers["accommodation"].query("housing_type == 'hotel'")
    for name, point in {"Åre": (404_200, 7_031_500), "Hemavan": (504_000, 7_299_000)}.items():
        share_of_hotels = len(near(hotels, point, 4_000)) / len(hotels)
        assert share_of_hotels > 4 * len(near(registered, point, 4_000)) / len(registered), name


def test_temporary_workplaces_have_their_time(demo: Demo) -> None:
    temporary = demo.layers["workplaces"].query("kind == 'temporary'")
    assert 600 <= len(temporary) <= 900
    assert temporary["active_from"].notna().all()
    assert temporary["active_to"].notna().all()
    assert temporary["active_from"].min() >= AT - pd.DateOffset(years=3, months=1)
    assert temporary["active_from"].max() <= AT + pd.DateOffset(months=13)
    now = (temporary["active_from"] <= AT) & (temporary["active_to"] >= AT)
    assert 100 < now.sum() < 400
    sectors = set(sectors_of(temporary["sni"], temporary["sni_version"]))
    assert sectors == {"construction", "green"}


def test_berry_picking_is_in_season(demo: Demo) -> None:
    workplaces = demo.layers["workplaces"]
    picking = workplaces[(workplaces["kind"] == "temporary") & workplaces["sni"].str.startswith("0230")]
    assert len(picking)
    assert picking["active_from"].dt.month.isin([7, 8, 9]).all()


def test_some_temporary_work_is_far_out_and_some_at_establishments(demo: Demo, registered: gpd.GeoDataFrame) -> None:
    temporary = demo.layers["workplaces"].query("kind == 'temporary'")
    metres, _ = cKDTree(xy(registered)).query(xy(temporary))
    assert (metres > 5_000).mean() > 0.1
    sites = gpd.GeoSeries.from_wkt(establishments()["geometry"].drop_duplicates(), crs=3006)
    assert (temporary.distance(sites.union_all()) < 3_000).sum() > 80


def test_registered_workplaces_start_and_end_before_the_date(registered: gpd.GeoDataFrame) -> None:
    assert registered["active_from"].max() <= AT
    assert registered["active_to"].max() <= AT
    assert registered["active_to"].notna().mean() < 0.05


def test_accommodation_is_as_calibrated(demo: Demo) -> None:
    counted = demo.layers["accommodation"]["housing_type"].value_counts()
    expected = calibrated("accommodation")
    assert {name: counted[name] for name in expected} == expected
    assert set(counted.index) == set(read_table("housing_types")["housing_type"])
    assert counted.sum() == pytest.approx(1_000, rel=0.05)
    assert demo.layers["accommodation"]["beds"].between(1, 1_000).all()


def test_hotels_stand_where_their_workplace_stands(demo: Demo, registered: gpd.GeoDataFrame) -> None:
    hotels = (
        demo.layers["accommodation"]
        .query("housing_type == 'hotel'")
        .merge(pd.DataFrame(registered[["name", "employees", "geometry"]]), on="name", suffixes=("", "_work"))
    )
    assert len(hotels) == 300
    assert gpd.GeoSeries(hotels.geometry).geom_equals(gpd.GeoSeries(hotels["geometry_work"], crs=3006)).all()
    assert hotels["beds"].corr(hotels["employees"], method="spearman") > 0.6


def test_industrial_premises_are_beside_risk_workplaces(demo: Demo, registered: gpd.GeoDataFrame) -> None:
    sector = sectors_of(registered["sni"], registered["sni_version"])
    premises = demo.layers["accommodation"].query("housing_type == 'industrial_premises'")
    metres, _ = cKDTree(xy(registered[sector != "other"])).query(xy(premises))
    assert (metres < 300).mean() > 0.9


def test_most_camps_are_near_establishments_and_have_their_time(demo: Demo) -> None:
    camps = demo.layers["accommodation"].query("housing_type == 'work_camp'")
    sites = gpd.GeoSeries.from_wkt(establishments()["geometry"].drop_duplicates(), crs=3006).union_all()
    assert (camps.distance(sites) < 15_000).mean() > 0.6
    assert camps["active_from"].notna().all()


def test_seasonal_housing_is_within_a_drive_of_green_work(demo: Demo, registered: gpd.GeoDataFrame) -> None:
    green = registered[sectors_of(registered["sni"], registered["sni_version"]) == "green"]
    houses = demo.layers["accommodation"].query("housing_type == 'seasonal_worker_housing'")
    metres, _ = cKDTree(xy(green)).query(xy(houses))
    assert metres.max() < 40_000
    assert 0 < houses["active_to"].notna().sum() < len(houses)


def test_establishments_are_the_reference_tables(demo: Demo) -> None:
    known = establishments()
    frame = demo.layers["establishments"]
    assert len(frame) == len(known)
    assert frame["workforce"].sum() == known["workforce"].sum()
    assert set(frame.geometry.geom_type) == {"Point", "LineString"}


@pytest.fixture(scope="module")
def counted(registered: gpd.GeoDataFrame) -> pd.DataFrame:
    """The sums before rounding, counted again from the layer."""
    day = pd.Timestamp(2025, 12, 31)
    there = registered[~(registered["active_from"] > day) & ~(registered["active_to"] < day)]
    area = load_region().municipality_at(there.geometry.x, there.geometry.y)
    sector = sectors_of(there["sni"], there["sni_version"])
    sums = pd.DataFrame({"area_id": area, "sector": sector, "employees": there["employees"].to_numpy()})
    return sums.groupby(["area_id", "sector"])["employees"].agg(["sum", "size"])


class TestSectorStatistics:
    def test_every_municipality_has_every_sector(self, demo: Demo) -> None:
        frame = demo.layers["sectors"]
        assert len(frame) == 44 * len(read_table("sectors"))
        assert frame["year"].unique().tolist() == ["2025"]
        assert frame["level"].unique().tolist() == ["municipality"]

    def test_numbers_are_rounded_to_threes_near_the_truth(self, demo: Demo, counted: pd.DataFrame) -> None:
        frame = demo.layers["sectors"].set_index(["area_id", "sector"])
        exact = counted.reindex(frame.index).fillna(0)
        for column, sums in (("employees", "sum"), ("workplaces", "size")):
            assert (frame[column] % 3 == 0).all()
            assert (frame[column] - exact[sums]).abs().max() < 3
            assert frame[column].sum() == pytest.approx(exact[sums].sum(), rel=0.005)
            assert (frame.loc[exact[sums] == 0, column] == 0).all()

    def test_polygons_are_the_municipalities(self, demo: Demo) -> None:
        frame = demo.layers["sectors"].drop_duplicates("area_id")
        borders = load_region().municipalities.set_index("municipality").geometry
        assert frame.set_index("area_id").geometry.geom_equals(borders.loc[frame["area_id"]]).all()
