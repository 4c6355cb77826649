"""The planted truth: apart from the layers, at the known scale, and not where the experts look."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

from geo.demo import Demo
from geo.reference import read_table, risk_weights, sectors_of
from geo.region import load_region

AT = pd.Timestamp(2026, 7, 15)
COLUMNS = [
    "truth_id",
    "site_id",
    "site_layer",
    "sector",
    "active_from",
    "active_to",
    "n_victims",
    "environment",
    "synthetic",
    "geometry",
]


def on(truth: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    return truth[(truth["active_from"] <= last) & (truth["active_to"] >= first)]


def test_form(demo: Demo) -> None:
    truth = demo.truth
    assert list(truth.columns) == COLUMNS
    assert truth.crs.to_epsg() == 3006
    assert truth["truth_id"].is_unique
    assert truth["site_id"].is_unique
    assert set(truth["environment"]) == {"known", "new"}
    assert set(truth["sector"]) <= set(read_table("sectors")["sector"])
    assert truth["n_victims"].between(1, 30).all()


def test_scale(demo: Demo) -> None:
    truth = demo.truth
    assert 60 <= len(truth) <= 120
    for year in (2024, 2025):
        in_year = on(truth, pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31))
        # 26 potential victims identified in a year: several times as many must be there to be found
        assert 70 <= in_year["n_victims"].sum() <= 300


def test_identified_are_a_fraction_at_the_known_scale(demo: Demo, other_demo: Demo) -> None:
    for made in (demo, other_demo):
        per_year = made.manifest["truth"]["identified_by_visits"] / 3
        past = on(made.truth, AT - pd.DateOffset(years=3), AT)
        assert 8 <= per_year <= 50
        assert per_year * 3 < 0.7 * past["n_victims"].sum()
    assert demo.manifest["truth"]["identified_by_visits"] / 3 == pytest.approx(26, abs=8)


def test_months_lie_in_the_window(demo: Demo) -> None:
    truth = demo.truth
    assert truth["active_from"].dt.is_month_start.all()
    assert truth["active_to"].dt.is_month_end.all()
    assert (truth["active_from"] < truth["active_to"]).all()
    assert truth["active_from"].min() >= pd.Timestamp(2023, 7, 1)
    assert truth["active_to"].max() <= pd.Timestamp(2028, 6, 30)
    # it goes on: some is still to begin
    assert (truth["active_from"] > AT).sum() > 10


def test_sites_exist_in_those_months(demo: Demo, sites: pd.DataFrame) -> None:
    truth = demo.truth
    site = sites.loc[truth["site_id"]].reset_index()
    assert (site["site_layer"] == truth["site_layer"]).all()
    assert (truth.geometry.x.to_numpy() == site["geometry"].map(lambda p: p.x).to_numpy()).all()
    from_month = site["active_from"].dt.to_period("M").dt.start_time
    to_month = site["active_to"].dt.to_period("M").dt.start_time
    assert (site["active_from"].isna() | (from_month <= truth["active_from"])).all()
    assert (site["active_to"].isna() | (to_month + pd.offsets.MonthEnd() >= truth["active_to"])).all()


def test_a_third_or_more_is_in_new_environments(demo: Demo, other_demo: Demo) -> None:
    for made in (demo, other_demo):
        assert (made.truth["environment"] == "new").mean() >= 1 / 3


def test_new_environments_are_of_low_weight_themselves(demo: Demo) -> None:
    """Sector of low weight, or lodging that is meant for living; cleaning is there for small places only."""
    new = demo.truth[demo.truth["environment"] == "new"]
    weight = risk_weights(new["sector"].to_numpy(dtype=object))
    assert ((weight == 0) | (new["sector"] == "cleaning")).all()
    accommodation = demo.layers["accommodation"].set_index("accommodation_id")
    lodging = accommodation.loc[new.loc[new["site_layer"] == "accommodation", "site_id"], "housing_type"]
    types = read_table("housing_types").set_index("housing_type")
    assert types.loc[lodging, "meant_for_living"].all()


def test_a_third_or_more_lies_where_the_experts_would_not_look(demo: Demo, other_demo: Demo) -> None:
    """Few risk-weighted employees around, measured here with the weights that the generator never reads."""
    for made in (demo, other_demo):
        workplaces = made.layers["workplaces"].query("kind == 'registered'")
        weight = workplaces["employees"].to_numpy() * risk_weights(
            sectors_of(workplaces["sni"], workplaces["sni_version"])
        )
        xy = np.column_stack([workplaces.geometry.x, workplaces.geometry.y])
        tree = cKDTree(xy)

        def exposure(points: np.ndarray, tree: cKDTree = tree, weight: np.ndarray = weight) -> np.ndarray:
            return np.array([weight[near].sum() for near in tree.query_ball_point(points, 3_000)])

        rng = np.random.default_rng(0)
        usual = np.median(exposure(xy[rng.choice(len(xy), 1_500, p=weight / weight.sum())]))
        around_truth = exposure(np.column_stack([made.truth.geometry.x, made.truth.geometry.y]))
        assert (around_truth < usual / 20).mean() >= 1 / 3
        new = (made.truth["environment"] == "new").to_numpy()
        assert np.median(around_truth[new]) < np.median(around_truth[~new]) / 5


def test_truth_is_spread_over_the_region(demo: Demo) -> None:
    codes = load_region().municipality_at(demo.truth.geometry.x, demo.truth.geometry.y)
    assert len(set(codes)) >= 20
    assert {code[:2] for code in codes} == {"22", "23", "24", "25"}


def test_layers_hold_no_trace_of_the_truth(demo: Demo) -> None:
    for name, frame in demo.layers.items():
        columns = " ".join(frame.columns)
        assert not any(word in columns for word in ("truth", "victim", "environment", "conduct", "profile")), name
        text = frame.select_dtypes(include="str")
        assert not text.apply(lambda column: column.str.startswith("demo-t").any()).any(), name


def test_truth_cannot_be_told_from_attributes(demo: Demo) -> None:
    """Sites with truth look like their kind: neither ids nor names bunch."""
    ids = demo.truth.loc[demo.truth["site_layer"] == "workplaces", "site_id"].astype(int)
    registered = np.sort(ids[ids < 99_800_000].to_numpy() - 99_000_000) / 57_000
    # Kolmogorov–Smirnov distance to the uniform distribution, 0.1 % level
    steps = np.arange(1, len(registered) + 1) / len(registered)
    assert np.abs(registered - steps).max() < 1.95 / np.sqrt(len(registered)) + 1 / len(registered)


def test_visits_see_only_part_of_it(demo: Demo) -> None:
    visits = demo.layers["visits"]
    past = on(demo.truth, AT - pd.DateOffset(years=3), AT)
    signs = set(visits.loc[visits["outcome"] == "trafficking_indicator", "site_id"])
    seen = past["site_id"].isin(signs)
    assert 0.05 < seen.mean() < 0.6
    known = past["environment"] == "known"
    assert seen[known].mean() > seen[~known].mean()
    # false alarms there are, too
    assert signs - set(past["site_id"])
